"""Engines for sound on tiny real models of each class: what a request makes, and makes again."""

from __future__ import annotations

import hashlib
import shutil
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from threading import Event as Flag
from typing import Any

import numpy as np
import pytest
import soundfile

from genui.backends import sound_transformers
from genui.backends.base import Output, Placement
from genui.backends.sound import SoundBackend
from genui.backends.sound_diffusers import DiffusedSound
from genui.backends.sound_melody import MelodyGen, chroma
from genui.backends.sound_transformers import MusicGen
from genui.catalog import Catalog, operator_model
from genui.errors import BadInput, Unavailable
from genui.records import Event, Progress, Request
from tests import tiny_sounds
from tests.tiny_sounds import RATE

CAT, DOG = {"prompt": "a red cat"}, {"prompt": "a blue dog"}
MODELS: dict[str, tuple[type[SoundBackend], Callable[[Path], Path]]] = {
    "musicgen": (MusicGen, tiny_sounds.musicgen),
    "stereo": (MusicGen, partial(tiny_sounds.musicgen, channels=2)),
    "melody": (MelodyGen, tiny_sounds.musicgen_melody),
    "stable-audio": (DiffusedSound, tiny_sounds.stable_audio),
    "ace-step": (DiffusedSound, tiny_sounds.ace_step),
    "ace-step-base": (DiffusedSound, partial(tiny_sounds.ace_step, turbo=False, covers=False)),
}
EVERY = tuple(MODELS)


class Studio:
    """A loaded model and a scratch folder."""

    def __init__(self, name: str, folder: Path, scratch: Path) -> None:
        engine, make = MODELS[name]
        self.backend = engine(make(folder), Placement(threads=1))
        self.backend.load()
        self.scratch = scratch

    def run(
        self, inputs: dict[str, Any], seed: int = 1, cancel: Flag | None = None, **options: Any
    ) -> tuple[list[Event], list[Output]]:
        request = asking(inputs, seed, **options)
        made = list(self.backend.generate(request, cancel or Flag(), self.scratch))
        outputs = [item for item in made if isinstance(item, Output)]
        return [item for item in made if isinstance(item, Event)], outputs

    def one(self, inputs: dict[str, Any], seed: int = 1, **options: Any) -> Output:
        (output,) = self.run(inputs, seed, **options)[1]
        return output

    def give(self, seconds: float = 0.5, pitch: float = 300, rate: int = RATE) -> str:
        """Puts a sound where the studio would, and returns its name."""
        path = self.scratch / "given.wav"
        soundfile.write(path, 0.5 * np.sin(np.arange(int(seconds * rate)) * pitch / rate), rate)
        name = hashlib.sha256(path.read_bytes()).hexdigest()
        shutil.move(path, self.scratch / name)
        return name


def asking(inputs: dict[str, Any], seed: int = 1, **options: Any) -> Request:
    small = {"seconds": 0.6, "steps": 2}
    return Request(kind="sound", model="m", inputs=inputs, options=small | options, seed=seed)


def heard(output: Output) -> np.ndarray:
    """The samples of an output, (time, channels)."""
    return soundfile.read(output.files[0].path, always_2d=True)[0]


@pytest.fixture(scope="module")
def studios(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Studio]]:
    made: dict[str, Studio] = {}

    def studio(name: str) -> Studio:
        if name not in made:
            folder, scratch = (tmp_path_factory.mktemp(part) for part in (name, "scratch"))
            made[name] = Studio(name, folder, scratch)
        return made[name]

    yield studio
    for used in made.values():
        used.backend.unload()
    assert not [t for t in threading.enumerate() if t.name.startswith("sound")]


# --- every class ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", EVERY)
def test_every_class_makes_a_sound_step_by_step(
    studios: Callable[[str], Studio], name: str
) -> None:
    studio = studios(name)
    events, (output,) = studio.run(CAT)
    assert all(isinstance(event, Progress) for event in events)
    seen = [(event.step, event.total) for event in events if isinstance(event, Progress)]
    assert seen == ([(10, 30), (20, 30), (30, 30)] if isinstance(studio.backend, MusicGen)
                    else [(1, 2), (2, 2)])  # fmt: skip
    channels = 1 if name in ("musicgen", "melody") else 2
    audio = output.files[0]
    assert (audio.name, audio.mime) == ("audio", "audio/wav")
    assert audio.meta == {"sample_rate": RATE, "channels": channels, "seconds": 0.6}
    sound = heard(output)
    assert sound.shape == (round(0.6 * RATE), channels)
    assert 0 < np.abs(sound).max() < 0.99
    pcm = (studio.scratch / "audio.pcm").read_bytes()
    assert audio.path.read_bytes().endswith(pcm)
    assert hashlib.sha256(pcm).hexdigest() == output.content_sha256


@pytest.mark.parametrize("name", EVERY)
def test_every_class_repeats_itself_and_hears_seed_and_prompt(
    studios: Callable[[str], Studio], name: str
) -> None:
    studio = studios(name)
    first = studio.one(CAT).content_sha256
    assert studio.one(CAT).content_sha256 == first
    others = {studio.one(DOG).content_sha256, studio.one(CAT, 2).content_sha256}
    assert len({first, *others}) == 3


@pytest.mark.parametrize("name", EVERY)
def test_what_a_long_prompt_loses_is_said(studios: Callable[[str], Studio], name: str) -> None:
    long = "a red cat and a blue dog " * 20
    output = studios(name).one({"prompt": long}, steps=1)
    rest = str(output.usage["cut"])
    assert long.endswith(rest)
    kept = studios(name).one({"prompt": long.removesuffix(rest)}, steps=1)
    assert "cut" not in kept.usage


@pytest.mark.parametrize(
    ("name", "ignored"),
    [
        ("musicgen", ["negative", "lyrics"]), ("stable-audio", ["lyrics"]),
        ("ace-step", ["negative", "guidance"]), ("ace-step-base", ["negative"]),
    ],
)  # fmt: skip
def test_what_has_no_effect_is_said(
    studios: Callable[[str], Studio], name: str, ignored: list[str]
) -> None:
    studio, plain = studios(name), studios(name).one(CAT)
    full = studio.one(CAT | {"negative": "dog", "lyrics": "[verse] cat"})
    assert full.usage["ignored"] == ignored
    assert (full.content_sha256 == plain.content_sha256) == (name == "musicgen")
    stronger = studio.one(CAT, guidance=9.0)
    assert (stronger.content_sha256 == plain.content_sha256) == ("guidance" in ignored)


def test_without_guidance_a_negative_prompt_does_nothing(
    studios: Callable[[str], Studio],
) -> None:
    output = studios("stable-audio").one(CAT | {"negative": "dog"}, guidance=1.0)
    assert output.usage["ignored"] == ["negative"]


OTHER: dict[str, Any] = {"steps": 3, "guidance": 9.0, "temperature": 0.4}
USES = ("continue", "repaint", "vary", "timbre", "melody")


@pytest.mark.parametrize("name", EVERY)
def test_the_page_shows_what_a_model_takes_and_no_more(
    studios: Callable[[str], Studio], name: str
) -> None:
    studio = studios(name)
    takes = set(operator_model(str(studio.backend.weights)).takes)
    if name == "ace-step":  # a folder does not tell at once that it is turbo
        takes.remove("guidance")
    plain = studio.one(CAT).content_sha256
    heard_words = {
        word for word in ("lyrics", "negative")
        if studio.one(CAT | {word: "[verse] blue dog"}, guidance=4.0).content_sha256 != plain
    }  # fmt: skip
    heard_options = {
        option for option, value in OTHER.items()
        if studio.one(CAT, **{option: value}).content_sha256 != plain
    }  # fmt: skip
    uses = set(USES)
    for use in USES:
        try:
            studio.one(CAT | {"sound": studio.give(1.0)}, use=use, end=0.5)
        except BadInput:
            uses.remove(use)
    assert takes == heard_words | heard_options | uses


def test_every_class_of_the_catalog_is_proved_here(studios: Callable[[str], Studio]) -> None:
    tried = {
        "ace-step-1.5": "ace-step-base", "stable-audio-open-1.0": "stable-audio",
        "musicgen-small": "musicgen",
    }  # fmt: skip
    listed = {model.id: model for model in Catalog.read().of_kind("sound")}
    assert listed.keys() == tried.keys()
    for model_id, name in tried.items():
        found = operator_model(str(studios(name).backend.weights))
        turbo = {"guidance"} if model_id == "ace-step-1.5" else set()
        assert (listed[model_id].backend, set(listed[model_id].takes)) == (
            found.backend, set(found.takes) - turbo,
        )  # fmt: skip


# --- from a sound ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["musicgen", "stereo", "melody", "ace-step", "ace-step-base"])
def test_a_sound_is_continued(studios: Callable[[str], Studio], name: str) -> None:
    studio = studios(name)
    low, high = (CAT | {"sound": studio.give(0.5, pitch)} for pitch in (200, 900))
    one = studio.one(low)
    assert one.files[0].meta["seconds"] == pytest.approx(1.1, abs=0.03)
    first = heard(one)
    assert studio.one(low).content_sha256 == one.content_sha256
    apart = np.abs(first - heard(studio.one(high)))
    assert apart[: RATE // 2].max() > 0
    assert apart[RATE // 2 :].max() > 0


@pytest.mark.parametrize("name", ["stable-audio", "ace-step"])
def test_a_sound_is_varied(studios: Callable[[str], Studio], name: str) -> None:
    studio = studios(name)
    low, high = (CAT | {"sound": studio.give(1.6, pitch)} for pitch in (200, 900))
    ask = partial(studio.one, use="vary", steps=4, seconds=1.4)
    one, other = ask(low), ask(high)
    assert one.content_sha256 != other.content_sha256
    assert one.files[0].meta["seconds"] == 1.4  # no longer than was asked
    assert ask(low, strength=0.05).content_sha256 != one.content_sha256
    assert ask(low).content_sha256 == one.content_sha256


def test_a_part_of_a_sound_is_made_anew(studios: Callable[[str], Studio]) -> None:
    studio = studios("ace-step")
    given = CAT | {"sound": studio.give(1.6)}
    ask = partial(studio.one, given, use="repaint")
    whole = ask(start=0, end=300)  # to the end, however far it is
    assert whole.files[0].meta["seconds"] == 1.6
    part = ask(start=0.5, end=1.0)
    assert part.files[0].meta["seconds"] == 1.6
    assert part.content_sha256 not in (whole.content_sha256, ask(start=0, end=0.5).content_sha256)
    assert ask(start=0.5, end=1.0).content_sha256 == part.content_sha256
    with pytest.raises(BadInput, match=r"ends after 1\.6 seconds"):
        ask(start=2, end=3)


def test_how_a_sound_sounds_is_taken_over(studios: Callable[[str], Studio]) -> None:
    studio = studios("ace-step-base")
    low, high = (CAT | {"sound": studio.give(0.5, pitch)} for pitch in (200, 900))
    one = studio.one(low, use="timbre")
    assert one.files[0].meta["seconds"] == 0.6  # as long as was asked, not as the sound
    others = {studio.one(high, use="timbre").content_sha256, studio.one(CAT).content_sha256}
    assert len({one.content_sha256, *others}) == 3
    assert studio.one(low, use="timbre").content_sha256 == one.content_sha256


def test_a_melody_is_followed(studios: Callable[[str], Studio]) -> None:
    studio = studios("melody")
    low, high = (CAT | {"sound": studio.give(4.2, pitch)} for pitch in (440, 523.25))
    one = studio.one(low, use="melody")
    assert one.files[0].meta["seconds"] == 0.6
    others = {studio.one(high, use="melody").content_sha256, studio.one(CAT).content_sha256}
    assert len({one.content_sha256, *others}) == 3
    assert studio.one(low, use="melody").content_sha256 == one.content_sha256


def test_the_notes_of_a_sound_are_heard() -> None:
    rate, time = 32_000, np.arange(32_000) / 32_000
    for place, pitch in ((9, 440.0), (0, 523.25), (4, 329.63)):  # A, C, E
        heard = chroma(np.sin(2 * np.pi * pitch * time).astype("f4"), rate)
        assert heard.shape == (1, 1 + rate // 4096, 12)
        assert heard.argmax(-1).unique().tolist() == [place]
    assert chroma(np.zeros(100, "f4"), rate).argmax(-1).unique().tolist() == [0]


def test_a_sound_of_another_rate_is_fitted(studios: Callable[[str], Studio]) -> None:
    studio = studios("ace-step")
    output = studio.one(CAT | {"sound": studio.give(0.5, rate=2 * RATE)})
    assert output.files[0].meta["seconds"] == pytest.approx(1.1, abs=0.03)


@pytest.mark.parametrize(
    ("name", "use", "says"),
    [
        ("musicgen", "vary", "cannot vary a sound; choose continue"),
        ("stable-audio", "continue", "cannot continue a sound; choose vary"),
        ("ace-step-base", "vary", "cannot vary a sound; choose continue, repaint, timbre or"),
        ("musicgen", "melody", "cannot follow a melody; choose continue"),
        ("melody", "timbre", "cannot take over how a sound sounds; choose melody, continue"),
    ],
)
def test_what_a_model_cannot_do_with_a_sound(
    studios: Callable[[str], Studio], name: str, use: str, says: str
) -> None:
    studio = studios(name)
    with pytest.raises(BadInput, match=says):
        studio.one(CAT | {"sound": studio.give()}, use=use)


def test_a_file_that_is_no_sound(studios: Callable[[str], Studio]) -> None:
    for name in ("musicgen", "ace-step"):
        (studios(name).scratch / ("0" * 64)).write_bytes(b"RIFF and then nothing")
        with pytest.raises(BadInput, match="no sound that can be read"):
            studios(name).one(CAT | {"sound": "0" * 64})


# --- MusicGen's loop ------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["musicgen", "stereo", "melody"])
def test_the_loop_is_that_of_transformers(
    studios: Callable[[str], Studio], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Always the likeliest code: the same sound as `generate` of the library."""
    studio: Any = studios(name)
    monkeypatch.setattr(sound_transformers, "TOP_K", 1)
    words = studio.backend._tokenizer(CAT["prompt"], return_tensors="pt")
    expected = studio.backend._model.generate(
        input_ids=words.input_ids, attention_mask=words.attention_mask,
        max_new_tokens=32, do_sample=False, guidance_scale=3.0,
    )[0].numpy()  # fmt: skip
    frames = expected.shape[1] * 50 // RATE
    assert frames >= 30
    made = heard(studio.one(CAT, guidance=3.0, seconds=frames / 50)).T
    assert made.shape == expected.shape
    assert np.abs(made - expected).max() < 1e-4


def test_a_melody_goes_on_with_the_library(
    studios: Callable[[str], Studio], monkeypatch: pytest.MonkeyPatch
) -> None:
    studio: Any = studios("melody")
    monkeypatch.setattr(sound_transformers, "TOP_K", 1)
    name = studio.give(4.2, 440)
    words = studio.backend._tokenizer(CAT["prompt"], return_tensors="pt")
    expected = studio.backend._model.generate(
        input_ids=words.input_ids, attention_mask=words.attention_mask,
        input_features=studio.backend._tune(studio.scratch / name),
        max_new_tokens=32, do_sample=False, guidance_scale=3.0,
    )[0].numpy()  # fmt: skip
    seconds = expected.shape[1] / RATE
    made = studio.one(CAT | {"sound": name}, use="melody", guidance=3.0, seconds=seconds)
    assert np.abs(heard(made).T - expected).max() < 1e-4


def test_music_longer_than_the_model_learned_goes_on(
    studios: Callable[[str], Studio], monkeypatch: pytest.MonkeyPatch
) -> None:
    studio, looked = studios("musicgen"), []
    hook = studio.backend._music.register_forward_pre_hook(  # type: ignore[attr-defined]
        lambda _, given, named: looked.append(named["past_key_values"] is None), with_kwargs=True
    )
    monkeypatch.setattr(sound_transformers, "WINDOW", 0.3)
    monkeypatch.setattr(sound_transformers, "CONTEXT", 0.1)
    whole = studio.one(CAT, seconds=0.7)
    hook.remove()
    assert whole.files[0].meta["seconds"] == 0.7
    assert sum(looked) == 3  # 15 frames, then 10 and 10 more, each after the last 5


# --- stopping and failing -------------------------------------------------------------------


def test_stop_keeps_the_frames_of_music(studios: Callable[[str], Studio]) -> None:
    studio, cancel = studios("musicgen"), Flag()
    outputs = []
    for event in studio.backend.generate(asking(CAT, seconds=60), cancel, studio.scratch):
        if isinstance(event, Progress) and event.step == 20:
            cancel.set()
        if isinstance(event, Output):
            outputs.append(event)
    (output,) = outputs
    assert output.files[0].meta["seconds"] == 0.4
    begun = heard(output)[: RATE // 4]
    assert np.abs(begun).max() > 0.03
    assert np.abs(begun - heard(studio.one(CAT))[: RATE // 4]).max() < 0.02


@pytest.mark.parametrize("name", ["stable-audio", "ace-step"])
def test_stop_leaves_nothing_of_half_a_diffusion(
    studios: Callable[[str], Studio], name: str
) -> None:
    studio, cancel, steps = studios(name), Flag(), []
    for event in studio.backend.generate(asking(CAT, steps=50), cancel, studio.scratch):
        assert isinstance(event, Progress)
        steps.append(event.step)
        cancel.set()
    assert len(steps) < 10
    assert studio.one(CAT).usage["steps"] == 2  # and it goes on as if nothing had been


@pytest.mark.parametrize("name", ["musicgen", "ace-step"])
def test_stopped_before_the_start_makes_nothing(
    studios: Callable[[str], Studio], name: str
) -> None:
    cancel = Flag()
    cancel.set()
    assert studios(name).run(CAT, cancel=cancel) == ([], [])


@pytest.mark.parametrize("name", ["musicgen", "stable-audio"])
def test_a_full_gpu_is_one_sentence(studios: Callable[[str], Studio], name: str) -> None:
    import torch

    def full(*_: Any) -> None:
        raise torch.OutOfMemoryError

    backend: Any = studios(name).backend
    body = backend._music if name == "musicgen" else backend._pipe.transformer
    hook = body.register_forward_pre_hook(full)
    with pytest.raises(Unavailable, match="memory is full; ask for"):
        studios(name).one(CAT)
    hook.remove()
    assert studios(name).one(CAT).files


def test_sound_that_is_no_number_is_one_sentence(studios: Callable[[str], Studio]) -> None:
    backend: Any = studios("ace-step").backend
    hook = backend._pipe.transformer.register_forward_hook(
        lambda _module, _given, out: (out[0] * float("nan"),)
    )
    with pytest.raises(Unavailable, match="another seed"):
        studios("ace-step").one(CAT)
    hook.remove()


# --- bad input ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("inputs", "options", "says"),
    [
        ({}, {}, "Write what you want to hear"),
        ({"prompt": " \n"}, {}, "Write what you want to hear"),
        ({"prompt": "a" * 2001}, {}, "2000"),
        (CAT | {"sound": "../../etc/passwd"}, {}, "Sound"),
        (CAT | {"image": ""}, {}, "not an option here"),
        (CAT, {"seconds": 0.4}, "Seconds"),
        (CAT, {"seconds": 241}, "Seconds"),
        (CAT, {"seconds": float("nan")}, "Seconds"),
        (CAT, {"steps": 0}, "Steps"),
        (CAT, {"temperature": 0}, "Temperature"),
        (CAT, {"use": "steal"}, "Use"),
        (CAT, {"use": "repaint", "start": 3, "end": 3}, "from which second to which later one"),
        (CAT, {"start": -1}, "Start"),
    ],
)
def test_bad_input_is_one_sentence(
    inputs: dict[str, Any], options: dict[str, Any], says: str
) -> None:
    request = Request.model_construct(
        kind="sound", model="m", inputs=inputs, options=options, seed=1, parents=()
    )
    for engine in (MusicGen, DiffusedSound):
        with pytest.raises(BadInput) as caught:
            engine.check(request)
        assert says in caught.value.message
        assert caught.value.message.endswith(".")


def test_more_than_the_model_can_make(studios: Callable[[str], Studio]) -> None:
    with pytest.raises(BadInput, match="at most 2 seconds"):
        studios("stable-audio").one(CAT, seconds=3)
