"""Looking inside a tiny image model, and drawing what was changed there."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from genui.backends.latent_edits import Edit, Swap, edited, packed, unpacked
from genui.errors import BadInput
from tests import tiny
from tests.backends.test_image_diffusers import CAT, DOG, Easel, pixels

KEPT: dict[str, Any] = {"edit": {}}


@pytest.fixture(scope="module", params=[8, 4])
def easel(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Easel]:
    """Models whose latents have cells of 8 and of 4 pixels."""
    folder = tiny.stickers(tmp_path_factory.mktemp("model"), few_steps=True, factor=request.param)
    made = Easel(folder, tmp_path_factory.mktemp("scratch"))
    yield made
    made.backend.unload()


def ask(easel: Easel, name: str, **fields: Any) -> dict[str, Any]:
    answer = easel.backend.explore({"ask": name, **fields})
    json.dumps(answer, allow_nan=False)  # everything goes to a browser
    return answer


def one(prompt: str, weight: float = 1.0) -> dict[str, Any]:
    return {"prompt": prompt, "weight": weight}


def image(url: str) -> np.ndarray:
    data = base64.b64decode(url.partition(",")[2])
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), dtype=int)


# --- words ------------------------------------------------------------------------------------


def test_the_words_come_with_both_maps(easel: Easel) -> None:
    told = ask(easel, "words")
    for name in ("pca", "neighbours"):
        spots = np.frombuffer(base64.b64decode(told[name]), "<f4").reshape(-1, 2)
        assert len(spots) == len(told["words"]) == len(told["of"])
    assert told["dimensions"] == 32
    assert told["channels"] == 4
    assert ask(easel, "words") == told


def test_a_text_is_placed_beside_its_like(easel: Easel) -> None:
    told = ask(easel, "words")
    at = told["words"].index("cat")
    spots = np.frombuffer(base64.b64decode(told["pca"]), "<f4").reshape(-1, 2)
    found = ask(easel, "locate", mix=[one("cat")])
    assert found["pca"] == pytest.approx(spots[at].tolist(), abs=0.001)
    assert "cat" not in [word for word, _ in found["nearest"]]  # not its own neighbour
    cosines = [cosine for _, cosine in found["nearest"]]
    assert cosines == sorted(cosines, reverse=True)
    same = ask(easel, "locate", mix=[one("cat"), one("dog", -0.5), one("dog", 0.5)])
    assert same["pca"] == pytest.approx(found["pca"], abs=0.001)


def test_a_place_of_the_map_says_what_is_drawn_there(easel: Easel) -> None:
    found = ask(easel, "spot", xy=[0.4, 0.6], map="neighbours")
    assert sum(part["weight"] for part in found["mix"]) == pytest.approx(1)
    (drawn,) = easel.draw({"prompt": "here", "mix": found["mix"]})
    assert pixels(drawn).std() > 1


# --- drawing ----------------------------------------------------------------------------------


def drawn_as(easel: Easel, inputs: dict[str, Any]) -> np.ndarray:
    """The pixels of one picture, read before the next takes its file."""
    return pixels(easel.one(inputs))


def away(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one - other).mean())


def test_a_sum_of_prompts_is_read_as_one(easel: Easel) -> None:
    cat, dog = drawn_as(easel, CAT), drawn_as(easel, DOG)
    alone = {"prompt": "called so", "mix": [one(CAT["prompt"])]}
    assert away(drawn_as(easel, alone), cat) == 0
    half = {"prompt": "half", "mix": [one(CAT["prompt"], 0.5), one(DOG["prompt"], 0.5)]}
    between = drawn_as(easel, half)
    morph = pixels(easel.draw(CAT | {"to": DOG["prompt"]}, count=3)[1])
    assert away(between, morph) < 0.5  # but for the order of additions
    assert min(away(between, cat), away(between, dog)) > 2
    same = {"prompt": "a − b + b", "mix": [one(CAT["prompt"]), one("dog", -1), one("dog")]}
    assert away(drawn_as(easel, same), cat) < 0.5


def test_the_latent_is_told_and_decodes_to_the_picture(easel: Easel) -> None:
    plain, drawn = easel.one(CAT), easel.one(CAT | KEPT)
    assert drawn.content_sha256 == plain.content_sha256  # looking changes nothing
    assert "latent" not in plain.usage
    latent: Any = drawn.usage["latent"]
    side = easel.backend._pipe.unet.config.sample_size
    assert latent["shape"] == [4, side, side]
    told = ask(easel, "decode", **latent)
    shown = image(told["picture"])  # lossy, of noise, from half precision
    assert away(shown, pixels(drawn)) < 7
    assert away(shown, drawn_as(easel, DOG)) > 8
    assert [image(face).shape for face in told["channels"]] == [(side, side, 3)] * 4


def test_an_edit_draws_what_was_seen_live(easel: Easel) -> None:
    latent: Any = easel.one(CAT | KEPT).usage["latent"]
    edit = {
        "channels": [{"number": 1, "shift": 1.5}, {"number": 3, "scale": -1}],
        "swaps": [{"one": [0.2, 0.2], "other": [0.8, 0.7]}],
    }
    told = ask(easel, "decode", **latent, edit=edit)
    kept = easel.one(CAT | {"edit": edit})
    assert away(image(told["picture"]), pixels(kept)) < 7
    assert away(image(told["picture"]), drawn_as(easel, CAT)) > 8
    assert kept.content_sha256 != easel.one(CAT).content_sha256
    assert kept.usage["latent"] == latent  # as it was before the edit
    before = ask(easel, "decode", **latent)["means"]
    assert told["means"][1] - before[1] == pytest.approx(1.5, abs=0.01)


def test_questions_do_not_meet_a_job_that_edits(easel: Easel) -> None:
    latent: Any = easel.one(CAT | KEPT).usage["latent"]
    before = ask(easel, "decode", **latent)
    edit = {"edit": {"channels": [{"number": 0, "shift": 3}]}}
    with ThreadPoolExecutor(2) as pool:
        job = pool.submit(easel.one, CAT | edit, 1, steps=8)
        while not job.done():
            assert ask(easel, "decode", **latent) == before
    assert job.result().usage["latent"] != latent  # eight steps, another picture


def test_a_patch_takes_its_cells_along() -> None:
    code = torch.arange(64.0).reshape(1, 1, 8, 8)
    swap = Swap(one=(0.0, 0.0), other=(1.0, 1.0), size=0.25)
    found = edited(code, Edit(swaps=(swap,)))
    assert torch.equal(found[..., :2, :2], code[..., 6:, 6:])
    assert torch.equal(found[..., 6:, 6:], code[..., :2, :2])
    assert (found != code).sum() == 8
    assert torch.equal(edited(found, Edit(swaps=(swap,))), code)
    assert torch.equal(edited(code, Edit()), code)


def test_a_latent_goes_and_comes_back_as_text() -> None:
    code = torch.randn(1, 4, 6, 5, generator=torch.Generator().manual_seed(0)).half().float()
    told = packed(code)
    assert torch.equal(unpacked(tuple(told["shape"]), told["values"]), code)


# --- bad input --------------------------------------------------------------------------------

FLAT = {"shape": [4, 2, 2], "values": base64.b64encode(bytes(32)).decode()}
NAN = base64.b64encode(np.full(16, np.nan, "<f2").tobytes()).decode()


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ({}, "Ask an image model one of"),
        ({"ask": "sing"}, "Ask an image model one of"),
        ({"ask": "locate", "mix": []}, "at least 1"),
        ({"ask": "locate", "mix": [one("")]}, "at least 1 character"),
        ({"ask": "spot", "xy": [float("nan"), 0]}, "finite"),
        ({"ask": "spot", "xy": [9, 0]}, "beyond the map"),
        ({"ask": "decode"} | FLAT | {"values": "§"}, "damaged"),
        ({"ask": "decode"} | FLAT | {"values": "AAAA"}, "damaged"),
        ({"ask": "decode"} | FLAT | {"values": NAN}, "damaged"),
        ({"ask": "decode"} | FLAT | {"shape": [2, 4, 2]}, "another model"),
        ({"ask": "decode"} | FLAT | {"edit": {"channels": [{"number": 9}]}}, "channels 0 to 3"),
        ({"ask": "decode"} | FLAT | {"edit": {"swaps": [{"one": [2, 0], "other": [0, 0]}]}}, "1"),
    ],
)
def test_bad_questions_are_one_sentence(
    easel: Easel, question: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(BadInput, match=sentence):
        easel.backend.explore(question)


@pytest.mark.parametrize(
    ("inputs", "options", "sentence"),
    [
        ({"mix": [one("cat", 0.5)]}, {}, "add up to 1"),
        ({"mix": [one("cat")], "to": "dog"}, {"count": 3}, "neither a picture nor a morph"),
        ({"edit": {}}, {"count": 2}, "ask for one picture"),
        ({"edit": {"channels": [{"number": 9, "shift": 1}]}}, {}, "channels 0 to 3"),
    ],
)
def test_what_does_not_go_together_is_refused(
    easel: Easel, inputs: dict[str, Any], options: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(BadInput, match=sentence):
        easel.draw(CAT | inputs, **options)


def test_a_model_of_another_kind_reads_sums_too(
    pipeline_folder: Callable[[str], Path], tmp_path: Path
) -> None:
    easel = Easel(pipeline_folder("sdxl"), tmp_path)
    try:
        told = easel.one(CAT | KEPT | {"mix": [one("cat", 0.5), one("dog", 0.5)]})
        assert ask(easel, "decode", **told.usage["latent"])["picture"]  # type: ignore[arg-type]
        assert ask(easel, "locate", mix=[one("cat")])["nearest"]
    finally:
        easel.backend.unload()
