"""VibeVoice with random weights: parts, voice, Stop, and what it refuses."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from threading import Event as Flag
from typing import Any

import numpy as np
import pytest
import soundfile

from genui.backends import speech_transformers
from genui.backends.base import Output, Placement
from genui.backends.speech_transformers import VibeVoice, parts
from genui.errors import BadInput, Unavailable
from genui.records import Event, Request, Segment
from tests import tiny_sounds
from tests.tiny_sounds import RATE

HELLO = "Hello you."


@pytest.fixture(scope="module")
def voice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VibeVoice]:
    made = VibeVoice(
        tiny_sounds.vibevoice(tmp_path_factory.mktemp("vibevoice")), Placement(threads=1)
    )
    made.load()
    yield made
    made.unload()


def asking(text: str, seed: int = 1, **inputs: Any) -> Request:
    speed = inputs.pop("speed", 1.0)
    return Request(kind="speech", model="m", inputs={"text": text} | inputs,
                   options={"speed": speed}, seed=seed)  # fmt: skip


def speak(
    voice: VibeVoice, scratch: Path, request: Request, cancel: Flag | None = None
) -> tuple[list[Event], Output]:
    *events, output = voice.generate(request, cancel or Flag(), scratch)
    assert isinstance(output, Output)
    return [event for event in events if isinstance(event, Event)], output


def test_a_text_is_spoken_and_repeats(voice: VibeVoice, tmp_path: Path) -> None:
    (segment,), output = speak(voice, tmp_path, asking(HELLO))
    assert isinstance(segment, Segment)
    assert (segment.index, segment.text, segment.phonemes, segment.start) == (0, HELLO, "", 0)
    audio = output.files[0]
    assert audio.meta == {"sample_rate": RATE, "channels": 1, "seconds": segment.seconds}
    sound, rate = soundfile.read(audio.path)
    assert rate == RATE
    assert 0 < np.abs(sound).max() < 0.99
    pcm = (tmp_path / "audio.pcm").read_bytes()
    assert len(pcm) == 2 * len(sound)
    assert output.content_sha256 == hashlib.sha256(pcm).hexdigest()
    assert output.text == HELLO
    again = speak(voice, tmp_path, asking(HELLO))[1]
    assert again.content_sha256 == output.content_sha256
    other = speak(voice, tmp_path, asking(HELLO, seed=2))[1]
    assert other.content_sha256 != output.content_sha256


def test_torch_draws_as_before_for_everybody_else(voice: VibeVoice, tmp_path: Path) -> None:
    import torch

    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    speak(voice, tmp_path, asking("Hi."))
    assert torch.rand(1) == expected


def test_what_was_said_first_is_the_example_for_the_rest(
    voice: VibeVoice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speech_transformers, "PART", 12)
    monkeypatch.setattr(speech_transformers, "EXAMPLE", 1.0)
    given: list[int] = []
    say = voice._say

    def listen(part: str, example: Any, seed: int, cancel: Flag) -> Any:
        given.append(len(example))
        return say(part, example, seed, cancel)

    monkeypatch.setattr(voice, "_say", listen)
    events, output = speak(voice, tmp_path, asking("Hello you. Hello me."))
    assert given == [0, RATE]
    segments = [event for event in events if isinstance(event, Segment)]
    assert [segment.text for segment in segments] == ["Hello you.", "Hello me."]
    assert segments[1].start == segments[0].seconds
    assert output.usage["sentences"] == 2
    alone = speak(voice, tmp_path, asking("Hello me."))[0][0]
    assert isinstance(alone, Segment)
    assert alone.seconds == segments[1].seconds


def test_stop_keeps_what_was_said(voice: VibeVoice, tmp_path: Path) -> None:
    cancel = Flag()
    heard = 0

    def count(*_: Any) -> None:
        nonlocal heard
        heard += 1
        if heard == 5:
            cancel.set()

    hook = voice._model.model.diffusion_head.register_forward_hook(count)
    events, output = speak(voice, tmp_path, asking("Hello " * 2000), cancel)
    hook.remove()
    assert len(events) == 1
    assert 0 < float(str(output.usage["seconds"])) < 1
    assert len(str(output.text)) <= speech_transformers.PART


def test_stopped_before_the_start_says_nothing(voice: VibeVoice, tmp_path: Path) -> None:
    cancel = Flag()
    cancel.set()
    assert speak(voice, tmp_path, asking(HELLO), cancel) == ([], Output())


def test_what_it_does_not_do_is_said(voice: VibeVoice, tmp_path: Path) -> None:
    assert speak(voice, tmp_path, asking("Hi.", speed=1.5))[1].usage["ignored"] == ["speed"]
    with pytest.raises(BadInput, match="reads the text by itself"):
        speak(voice, tmp_path, asking("Hi.", phonemes=["haɪ"]))
    with pytest.raises(BadInput, match="nothing to say"):
        speak(voice, tmp_path, asking("… ?! \n --"))


def test_a_full_gpu_is_one_sentence(voice: VibeVoice, tmp_path: Path) -> None:
    import torch

    def full(*_: Any) -> None:
        raise torch.OutOfMemoryError

    hook = voice._model.model.diffusion_head.register_forward_pre_hook(full)
    with pytest.raises(Unavailable, match="memory is full"):
        speak(voice, tmp_path, asking(HELLO))
    hook.remove()


def test_ten_thousand_characters_become_parts_that_lose_nothing() -> None:
    text = ("It was late, and nobody came; so we left! " * 240)[:10_000]
    made = list(parts(text))
    assert all(len(part) <= speech_transformers.PART for part in made)
    assert len(made) < 60
    assert " ".join(made).split() == text.split()
    assert all(part.endswith("!") for part in made[:-1])


def test_a_word_without_end_is_cut() -> None:
    made = list(parts("a" * 1000))
    assert "".join(made) == "a" * 1000
    assert max(map(len, made)) <= speech_transformers.PART


def test_another_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "musicgen"}')
    with pytest.raises(Unavailable, match="another kind"):
        VibeVoice(tmp_path, Placement(threads=1)).load()
