"""The diffusers engine on tiny real pipelines: what a request makes, and makes again."""

from __future__ import annotations

import base64
import hashlib
import io
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event as Flag
from typing import Any

import numpy as np
import pytest
from PIL import Image

from genui import pictures
from genui.backends.base import Output, Placement
from genui.backends.image_diffusers import Diffusers
from genui.errors import BadInput, Unavailable
from genui.records import Event, Preview, Progress, Request

CAT, DOG = {"prompt": "a red cat"}, {"prompt": "a blue dog"}
SMALL = {"width": 64, "height": 64, "steps": 3, "count": 1}


class Easel:
    """A loaded pipeline and a scratch folder."""

    def __init__(self, folder: Path, scratch: Path) -> None:
        self.backend = Diffusers(folder, Placement(threads=1))
        self.backend.load()
        self.scratch = scratch

    def run(self, request: Request, cancel: Flag | None = None) -> tuple[list[Event], list[Output]]:
        made = list(self.backend.generate(request, cancel or Flag(), self.scratch))
        outputs = [item for item in made if isinstance(item, Output)]
        return [item for item in made if isinstance(item, Event)], outputs

    def draw(self, inputs: dict[str, Any], seed: int = 1, **options: Any) -> list[Output]:
        return self.run(asking(inputs, seed, **options))[1]

    def one(self, inputs: dict[str, Any], seed: int = 1, **options: Any) -> Output:
        (output,) = self.draw(inputs, seed, **options)
        return output

    def give(self, image: Image.Image) -> str:
        """Puts a picture where the studio would, and returns its name."""
        path = self.scratch / "given.png"
        image.save(path)
        name = hashlib.sha256(path.read_bytes()).hexdigest()
        shutil.move(path, self.scratch / name)
        return name


def asking(inputs: dict[str, Any], seed: int = 1, **options: Any) -> Request:
    return Request(kind="image", model="m", inputs=inputs, options=SMALL | options, seed=seed)


def picture(output: Output) -> Image.Image:
    return Image.open(output.files[0].path)


def pixels(output: Output) -> np.ndarray:
    return np.asarray(picture(output).convert("RGB"), dtype=int)


@pytest.fixture(scope="module")
def easels(
    pipeline_folder: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Easel]]:
    made: dict[str, Easel] = {}

    def easel(name: str) -> Easel:
        if name not in made:
            made[name] = Easel(pipeline_folder(name), tmp_path_factory.mktemp("scratch"))
        return made[name]

    yield easel
    for used in made.values():
        used.backend.unload()
    assert not [t for t in threading.enumerate() if t.name.startswith("diffusers")]


@pytest.fixture
def easel(easels: Callable[[str], Easel]) -> Easel:
    return easels("stickers")


@pytest.fixture
def source(easel: Easel) -> str:
    image = Image.new("RGB", (64, 64), "orange")
    image.paste("navy", (16, 16, 48, 48))
    return easel.give(image)


# "f4" has latents of 4 × 4 pixels, where the other autoencoders have 8 × 8
EVERY = ("stickers", "few-steps", "f4", "clip", "sdxl", "flux2", "z-image")
FEW = ("few-steps", "f4")


# --- every class of the catalog -------------------------------------------------------------


@pytest.mark.parametrize("name", EVERY)
def test_every_class_draws_with_previews(easels: Callable[[str], Easel], name: str) -> None:
    easel = easels(name)
    events, (output,) = easel.run(asking(CAT))
    steps = [event for event in events if isinstance(event, Progress)]
    seen = [event for event in events if isinstance(event, Preview)]
    assert [(event.step, event.total) for event in steps] == [(1, 3), (2, 3), (3, 3)]
    assert [event.step for event in seen] == [1, 2, 3]
    assert all(event.image.startswith("data:image/jpeg;base64,") for event in seen)
    noise = [event.noise for event in seen]
    assert noise == sorted(noise, reverse=True)
    assert noise[-1] == 0
    assert picture(output).size == (64, 64)
    assert pictures.content_hash(picture(output)) == output.content_sha256
    film = output.files[1]
    meta, (wide, high) = film.meta, Image.open(film.path).size
    assert meta["frames"] == len(meta["noise"]) == 3
    assert (wide, high) == (3 * meta["width"], meta["height"])
    assert 8 <= meta["width"] == meta["height"] <= 64
    schedule = np.array(output.usage["schedule"])
    assert schedule.shape == (3, 3)
    assert (np.diff(schedule[:, 0]) < 0).all()
    assert (np.diff(schedule[:, 2]) < 0).all()


@pytest.mark.parametrize("name", EVERY)
def test_every_class_repeats_itself_and_hears_seed_and_prompt(
    easels: Callable[[str], Easel], name: str
) -> None:
    easel = easels(name)
    whole = easel.draw(CAT, count=3)
    assert [output.usage["seed"] for output in whole] == [1, 2, 3]
    assert [(output.index, output.total) for output in whole] == [(0, 3), (1, 3), (2, 3)]
    assert len({output.content_sha256 for output in whole}) == 3
    assert whole[2].request
    (alone,) = easel.run(whole[2].request)[1]
    assert alone.content_sha256 == whole[2].content_sha256
    assert easel.one(DOG).content_sha256 != whole[0].content_sha256


@pytest.mark.parametrize("name", EVERY)
def test_a_batch_in_one_pass_is_the_same_to_the_eye(
    easels: Callable[[str], Easel], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a GPU does, on the CPU: the weights stay, only the plan is another."""
    easel = easels(name)
    looks = [pixels(easel.one(CAT, seed)) for seed in (1, 2, 3)]
    monkeypatch.setattr(easel.backend, "placement", Placement(device="mps", threads=1))
    events, whole = easel.run(asking(CAT, count=3))
    seen = [(event.index, event.step) for event in events if isinstance(event, Preview)]
    assert sorted(seen) == [(i, step) for i in range(3) for step in (1, 2, 3)]
    assert len([event for event in events if isinstance(event, Progress)]) == 3
    assert [output.usage["seed"] for output in whole] == [1, 2, 3]
    for output, look in zip(whole, looks, strict=True):
        assert output.request is None
        assert output.files[1].meta["frames"] == 3
        assert np.abs(pixels(output) - look).mean() < 2


@pytest.mark.parametrize("name", EVERY)
def test_every_class_mixes_two_noises(easels: Callable[[str], Easel], name: str) -> None:
    easel = easels(name)
    here, there = easel.one(CAT, 1), easel.one(CAT, 9)
    ways = [easel.one(CAT, 1, variation=v, variation_seed=9) for v in (0.0, 0.4, 1.0)]
    assert ways[0].content_sha256 == here.content_sha256
    assert ways[1].content_sha256 not in (here.content_sha256, there.content_sha256)
    if name not in FEW:  # which draw more noise at each step, from the first seed
        assert ways[2].content_sha256 == there.content_sha256


@pytest.mark.parametrize("name", ["stickers", "few-steps", "f4", "clip", "sdxl", "flux2"])
def test_a_morph_ends_at_both_prompts(easels: Callable[[str], Easel], name: str) -> None:
    easel = easels(name)
    frames = easel.draw(CAT | {"to": DOG["prompt"]}, count=3)
    assert [frame.usage["morph"] for frame in frames] == [0.0, 0.5, 1.0]
    assert frames[0].content_sha256 == easel.one(CAT).content_sha256
    assert frames[2].content_sha256 == easel.one(DOG).content_sha256
    assert frames[1].content_sha256 not in (frames[0].content_sha256, frames[2].content_sha256)
    assert frames[1].request is None


@pytest.mark.parametrize("name", ["stickers", "clip"])
def test_a_morph_goes_from_seed_to_seed_too(easels: Callable[[str], Easel], name: str) -> None:
    easel = easels(name)
    toward = {"count": 3, "seed": 3, "variation": 1.0, "variation_seed": 9}
    frames = easel.draw(CAT | {"to": CAT["prompt"]}, **toward)
    ends = [easel.one(CAT, seed=seed).content_sha256 for seed in (3, 9)]
    assert [frames[0].content_sha256, frames[2].content_sha256] == ends
    assert frames[1].content_sha256 not in ends
    both = easel.draw(CAT | {"to": DOG["prompt"]}, **toward)
    assert both[0].content_sha256 == ends[0]
    assert both[2].content_sha256 == easel.one(DOG, seed=9).content_sha256


def test_a_morph_between_uneven_readings_is_one_sentence(easels: Callable[[str], Easel]) -> None:
    with pytest.raises(BadInput, match="different lengths"):
        easels("z-image").draw(CAT | {"to": "a very big blue dog on a house"}, count=2)


@pytest.mark.parametrize("name", EVERY)
def test_a_picture_to_start_from_changes_the_result(
    easels: Callable[[str], Easel], name: str
) -> None:
    easel = easels(name)
    orange, blue = (easel.give(Image.new("RGB", (64, 64), c)) for c in ("orange", "blue"))
    one, two = (
        easel.one(CAT | {"image": given}, strength=0.5, steps=4) for given in (orange, blue)
    )
    assert one.content_sha256 != two.content_sha256
    assert one.usage["steps"] == (4 if name == "flux2" else 2)
    assert one.usage.get("ignored") == (["strength"] if name == "flux2" else None)


@pytest.mark.parametrize("name", ["stickers", "few-steps", "f4", "sdxl", "z-image"])
def test_only_what_is_marked_is_drawn_again(easels: Callable[[str], Easel], name: str) -> None:
    easel = easels(name)
    image = Image.radial_gradient("L").resize((64, 64)).convert("RGB")
    mask = Image.new("L", (64, 64))
    mask.paste(255, (0, 0, 32, 64))
    given = {"image": easel.give(image), "mask": easel.give(mask)}
    made, before = pixels(easel.one(CAT | given, strength=1)), np.asarray(image, dtype=int)
    assert (made[:, 32:] == before[:, 32:]).all()
    assert np.abs(made[:, :24] - before[:, :24]).mean() > 5


def test_a_class_without_inpainting_says_so(easels: Callable[[str], Easel]) -> None:
    easel = easels("flux2")
    white = easel.give(Image.new("RGB", (64, 64), "white"))
    with pytest.raises(BadInput, match="cannot redraw a part"):
        easel.one(CAT | {"image": white, "mask": white})


# --- options --------------------------------------------------------------------------------


def test_a_negative_prompt_counts_where_guidance_is(easels: Callable[[str], Easel]) -> None:
    easel, without = easels("stickers"), CAT | {"negative": "dog"}
    assert easel.one(without).content_sha256 != easel.one(CAT).content_sha256
    ignored = easels("flux2").one(without)
    assert ignored.content_sha256 == easels("flux2").one(CAT).content_sha256
    assert ignored.usage["ignored"] == ["negative"]
    assert easels("few-steps").one(without).usage["ignored"] == ["negative"]
    assert easel.one(without, guidance=1.0).usage["ignored"] == ["negative"]


def test_guidance_of_the_fast_model_is_no_second_pass(easels: Callable[[str], Easel]) -> None:
    """The network sees the prompt alone, once a step, whatever the guidance."""
    easel, sizes = easels("few-steps"), []
    hook = easel.backend._pipe.unet.register_forward_pre_hook(
        lambda _, given: sizes.append(len(given[0]))
    )
    weak, strong = (easel.one(CAT, guidance=value) for value in (1.0, 8.0))
    hook.remove()
    assert sizes == [1] * 6
    assert weak.content_sha256 != strong.content_sha256


def test_every_scheduler_draws_its_own_picture(easel: Easel) -> None:
    names = ["default", "ddim", "euler", "euler-a", "dpm++", "unipc", "lcm"]
    made = {name: easel.one(CAT, scheduler=name, steps=6) for name in names}
    assert made["default"].content_sha256 == made["ddim"].content_sha256
    assert len({output.content_sha256 for output in made.values()}) >= 5
    assert all(output.files[1].meta["frames"] == 6 for output in made.values())
    assert easel.one(CAT, steps=6).content_sha256 == made["default"].content_sha256


@pytest.mark.parametrize("name", ["flux2", "z-image"])
def test_flow_matching_refuses_other_schedulers(easels: Callable[[str], Easel], name: str) -> None:
    with pytest.raises(BadInput, match=r"does not fit this model, .* choose default"):
        easels(name).one(CAT, scheduler="euler")


def test_too_many_steps_for_a_scheduler(easels: Callable[[str], Easel]) -> None:
    with pytest.raises(BadInput, match="at most 50 steps"):
        easels("few-steps").one(CAT, steps=51)


def test_a_size_far_beyond_the_training_is_refused(easel: Easel) -> None:
    assert picture(easel.one(CAT, width=128, height=72, steps=1)).size == (128, 72)
    with pytest.raises(BadInput, match="at most 256 pixels"):
        easel.one(CAT, width=264)


def test_sizes_and_previews_follow_the_autoencoder(easels: Callable[[str], Easel]) -> None:
    """Nothing takes a latent for 8 pixels: sizes beside the native one, their masks and films."""
    for name in FEW:
        output = easels(name).one(CAT, width=88, height=72)
        film = output.files[1].meta
        assert picture(output).size == (88, 72)
        assert film["width"] * 72 == film["height"] * 88
        with pytest.raises(BadInput, match="at most 256 pixels"):
            easels(name).one(CAT, width=264)
    easel = easels("f4")
    assert easel.one(CAT).files[1].meta["width"] == 64  # a preview's pixel is one of the picture
    image = Image.radial_gradient("L").resize((88, 72)).convert("RGB")
    mask = Image.new("L", (88, 72))
    mask.paste(255, (0, 0, 44, 72))
    given = {"image": easel.give(image), "mask": easel.give(mask)}
    made = pixels(easel.one(CAT | given, strength=1, width=88, height=72))
    before = np.asarray(image, dtype=int)
    assert (made[:, 44:] == before[:, 44:]).all()
    assert np.abs(made[:, :34] - before[:, :34]).mean() > 5


def test_packed_latents_round_the_size_down(easels: Callable[[str], Easel]) -> None:
    output = easels("flux2").one(CAT, width=96, height=72)
    assert picture(output).size == (96, 64)
    film = output.files[1].meta
    assert (film["width"], film["height"]) == (12, 8)  # of the latents


def test_what_is_cut_from_a_long_prompt_is_said(easels: Callable[[str], Easel]) -> None:
    long = "a red cat with a big star on the head and a tree house and two dogs on a boat"
    for name in ("stickers", "sdxl"):
        output = easels(name).one({"prompt": long}, steps=1)
        cut = str(output.usage["cut"])
        assert long.endswith(cut)
        kept = {"prompt": long.removesuffix(cut)}
        assert "cut" not in easels(name).one(kept, steps=1).usage
        assert easels(name).one(kept, steps=1).content_sha256 == output.content_sha256
    assert "cut" not in easels("flux2").one({"prompt": long}, steps=1).usage


def test_a_grid_is_made_of_single_requests(easel: Easel) -> None:
    axes = {"x": {"name": "guidance", "values": [1.5, 6]}, "y": {"name": "seed", "values": [3, 4]}}
    cells = easel.draw(CAT, **axes)
    assert [cell.index for cell in cells] == [0, 1, 2, 3]
    assert [cell.usage["cell"] for cell in cells] == [
        {"guidance": 1.5, "seed": 3}, {"guidance": 6, "seed": 3},
        {"guidance": 1.5, "seed": 4}, {"guidance": 6, "seed": 4},
    ]  # fmt: skip
    assert [cell.usage["grid"] for cell in cells] == [axes | {"at": at} for at in range(4)]
    assert len({cell.content_sha256 for cell in cells}) == 4
    assert cells[2].request
    assert cells[2].content_sha256 == easel.run(cells[2].request)[1][0].content_sha256
    assert cells[2].content_sha256 == easel.one(CAT, 4, guidance=1.5).content_sha256


def test_a_grid_varies_words_styles_sizes_and_switches(easel: Easel) -> None:
    def cells(x: list[Any], y: list[Any]) -> list[Output]:
        axes = {"x": {"name": x[0], "values": x[1:]}, "y": {"name": y[0], "values": y[1:]}}
        return easel.draw(CAT, steps=1, **axes)

    made = cells(["style", "big", "flat"], ["prompt", "a dog", "a star"])
    asked = [cell.request.inputs["prompt"] for cell in made if cell.request]
    assert asked == ["a dog, big", "a dog, flat", "a star, big", "a star, flat"]
    made = cells(["size", "64 × 72", "96x64"], ["transparent", "off", "on"])
    assert [picture(cell).size for cell in made] == [(64, 72), (96, 64)] * 2
    assert [picture(cell).mode for cell in made] == ["RGB"] * 2 + ["RGBA"] * 2
    made = cells(["negative", "", "dog"], ["clean", "off", "on"])
    assert made[0].content_sha256 != made[1].content_sha256
    assert made[3].request
    assert easel.run(made[3].request)[1][0].content_sha256 == made[3].content_sha256


@pytest.mark.parametrize("transparent", [False, True])
def test_a_draft_is_shown_once_and_not_kept(easel: Easel, transparent: bool) -> None:
    kept = picture(easel.one(CAT, transparent=transparent))
    files = set(easel.scratch.iterdir())
    events, outputs = easel.run(asking(CAT, draft=True, transparent=transparent))
    assert not outputs
    assert set(easel.scratch.iterdir()) == files
    (shown,) = [event for event in events if isinstance(event, Preview)]
    assert (shown.step, shown.noise) == (shown.total, 0)
    drawn = Image.open(io.BytesIO(base64.b64decode(shown.image.partition(",")[2])))
    assert drawn.size == kept.size
    assert shown.image.startswith(f"data:image/{'webp' if transparent else 'jpeg'};")
    seen, wanted = (np.asarray(pictures.on_white(each), int) for each in (drawn, kept))
    assert np.abs(seen - wanted).mean() < 12
    stopped = Flag()
    stopped.set()
    assert easel.run(asking(CAT, draft=True), stopped) == ([], [])


def test_variations_keep_the_seed(easel: Easel) -> None:
    made = easel.draw(CAT, 5, variation=0.3, variation_seed=9, count=2)
    assert [output.usage["seed"] for output in made] == [5, 5]
    assert made[0].content_sha256 != made[1].content_sha256
    assert made[1].request
    assert easel.run(made[1].request)[1][0].content_sha256 == made[1].content_sha256


def test_seeds_wrap_at_their_end(easel: Easel) -> None:
    from genui.records import SEED_MAX

    assert [o.usage["seed"] for o in easel.draw(CAT, SEED_MAX, count=2)] == [SEED_MAX, 0]


def test_previews_can_be_left_out_and_change_nothing(easel: Easel) -> None:
    events, (plain,) = easel.run(asking(CAT, preview=False))
    assert [file.name for file in plain.files] == ["picture"]
    assert not [event for event in events if isinstance(event, Preview)]
    assert len([event for event in events if isinstance(event, Progress)]) == 3
    assert plain.content_sha256 == easel.one(CAT).content_sha256


def test_a_sticker_is_cut_out(easel: Easel) -> None:
    output = easel.one(CAT, transparent=True)
    assert picture(output).mode == "RGBA"


def test_a_small_strength_still_makes_a_step(easel: Easel, source: str) -> None:
    near, far = (easel.one(CAT | {"image": source}, strength=s) for s in (0.05, 1.0))
    assert near.usage["steps"] == 1
    assert far.usage["steps"] == 3
    assert near.content_sha256 != far.content_sha256


def test_a_picture_of_another_size_is_fitted(easel: Easel) -> None:
    large = easel.give(Image.new("RGBA", (300, 200), (255, 0, 0, 128)))
    assert picture(easel.one({"image": large})).size == (64, 64)


# --- stopping -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EVERY)
def test_stop_keeps_the_last_preview(easels: Callable[[str], Easel], name: str) -> None:
    easel, cancel = easels(name), Flag()
    request = asking(CAT, steps=40 if name in FEW else 60, count=4)
    outputs, began = [], 0.0
    for event in easel.backend.generate(request, cancel, easel.scratch):
        if isinstance(event, Preview) and event.step == 2:
            cancel.set()
            began = time.monotonic()
        if isinstance(event, Output):
            outputs.append(event)
    assert began
    assert len(outputs) == 1
    assert outputs[0].total == 4
    assert int(str(outputs[0].usage["steps"])) < 10
    assert picture(outputs[0]).size == (64, 64)
    assert pixels(outputs[0]).std() > 0
    assert easel.one(CAT).usage["steps"] == 3  # and it goes on as if nothing had been


def test_stopped_before_the_start_makes_nothing(easel: Easel) -> None:
    cancel = Flag()
    cancel.set()
    assert easel.run(asking(CAT), cancel) == ([], [])


def test_closing_the_generator_ends_the_run(easel: Easel) -> None:
    cancel = Flag()
    running = easel.backend.generate(asking(CAT, steps=100), cancel, easel.scratch)
    next(event for event in running if isinstance(event, Progress))
    running.close()  # type: ignore[attr-defined]
    assert cancel.is_set()
    assert easel.one(CAT).usage["steps"] == 3


def test_a_full_gpu_offers_a_smaller_batch(easel: Easel) -> None:
    import torch

    def full(*_: Any) -> None:
        raise torch.OutOfMemoryError

    hook = easel.backend._pipe.unet.register_forward_pre_hook(full)
    with pytest.raises(Unavailable, match="fewer or smaller pictures"):
        easel.one(CAT)
    hook.remove()
    assert easel.one(CAT).usage["steps"] == 3


# --- bad input ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("inputs", "options", "says"),
    [
        ({}, {}, "Write what you want"),
        (CAT | {"mask": "0" * 64}, {}, "mask needs the picture"),
        (CAT | {"to": "b"}, {"count": 1}, "at least two"),
        (CAT | {"to": "b"}, {"count": 2, "x": {"name": "seed", "values": [1]}}, "no grid"),
        (CAT | {"image": "0" * 64}, {"variation": 0.5}, "Variations start from noise"),
        (CAT, {"steps": 0}, "Steps"),
        (CAT, {"width": 10_000}, "Width"),
        (CAT, {"width": 65}, "Width"),
        (CAT, {"count": 10}, "Count"),
        (CAT, {"scheduler": "magic"}, "Scheduler"),
        (CAT, {"x": {"name": "steps", "values": [1, 1000]}}, "Steps"),
        (CAT, {"x": {"name": "size", "values": ["64 × 64", "huge"]}}, "is no size"),
        (CAT, {"x": {"name": "clean", "values": ["perhaps"]}}, "Clean"),
        (CAT, {"colour": "red"}, "not an option"),
    ],
)
def test_bad_requests_are_one_sentence(
    inputs: dict[str, Any], options: dict[str, Any], says: str
) -> None:
    with pytest.raises(BadInput) as caught:
        Diffusers.check(asking(inputs, **options))
    assert says.lower() in caught.value.message.lower()
    assert caught.value.message.endswith(".")
    assert "\n" not in caught.value.message


def test_a_mask_of_another_shape_is_one_sentence(easel: Easel, source: str) -> None:
    wide = easel.give(Image.new("L", (300, 40), 255))
    with pytest.raises(BadInput, match="another shape"):
        easel.one(CAT | {"image": source, "mask": wide})


def test_a_damaged_source_is_one_sentence(easel: Easel) -> None:
    name = "0" * 64
    (easel.scratch / name).write_bytes(b"\x89PNG\r\n\x1a\nnonsense")
    with pytest.raises(BadInput, match="picture"):
        easel.one(CAT | {"image": name})
