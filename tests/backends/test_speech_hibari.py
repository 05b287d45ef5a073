"""The hibari engine on its real voice."""

from __future__ import annotations

import time
import wave
from collections.abc import Iterator
from pathlib import Path
from threading import Event as Flag

import numpy as np
import pytest

from genui.backends.base import Output, Placement
from genui.backends.speech import pieces
from genui.backends.speech_hibari import LONGEST, Hibari
from genui.errors import BadInput, Unavailable
from genui.records import Segment
from tests.backends.conftest import Run, request

TEXT = "Hello there. How are you today? I paid $9.99 for it!"


@pytest.fixture(scope="module")
def voice(heart: Path) -> Iterator[Hibari]:
    made = Hibari(heart, Placement())
    made.load()
    yield made
    made.unload()


def sound(output: Output) -> np.ndarray:
    with wave.open(str(output.files[0].path)) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
        assert file.getframerate() == output.files[0].meta["sample_rate"] == 24_000
        return np.frombuffer(file.readframes(file.getnframes()), "<i2")


def test_it_speaks(voice: Hibari, run: Run) -> None:
    events, output = run(voice, {"text": TEXT})
    samples = sound(output)
    assert output.usage["seconds"] == pytest.approx(len(samples) / 24_000, abs=1e-3)
    assert 0.05 < np.abs(samples).max() / 32767 < 0.99  # neither silent nor clipped
    assert [event.text for event in events if isinstance(event, Segment)] == [
        "Hello there.", "How are you today?", "I paid $9.99 for it!",
    ]  # fmt: skip
    assert output.text == TEXT


def test_segments_tile_the_sound_and_the_growing_file(voice: Hibari, tmp_path: Path) -> None:
    expected = 0.0
    for event in voice.generate(request({"text": TEXT}, {}), Flag(), tmp_path):
        if isinstance(event, Segment):
            assert event.start == pytest.approx(expected, abs=1e-3)
            expected = event.start + event.seconds
            size = (tmp_path / "audio.pcm").stat().st_size
            assert size == pytest.approx(expected * 48_000, abs=100)  # on disk when announced
            assert event.seconds > 0.3
    assert (tmp_path / "audio.wav").exists()


def test_words_are_timed_where_they_sound(voice: Hibari, run: Run) -> None:
    text = "It is the 3rd — yes. " + "We wait here, and we wait there, " * 30 + "until six."
    events, output = run(voice, {"text": text})
    samples = np.abs(sound(output).astype(float))
    before = 0.0
    for event in events:
        if not isinstance(event, Segment):
            continue
        written = [word for word in event.text.split() if word != "—"]
        assert [word for word, _, _ in event.words] == written
        for word, start, seconds in event.words:
            assert before <= start + 2e-3, word
            assert 0.03 < seconds < 1.2, word
            before = start + seconds
            heard = samples[round(start * 24_000) : round(before * 24_000)]
            assert heard.max() > 600, word  # something sounds in every word
        assert before < event.start + event.seconds + 1e-3
    fast = [e for e in run(voice, {"text": text}, speed=2.0)[0] if isinstance(e, Segment)]
    length = sum(seconds for event in fast for _, _, seconds in event.words)
    assert length < 0.7 * sum(
        seconds for e in events if isinstance(e, Segment) for _, _, seconds in e.words
    )


def test_a_voice_that_tells_no_times_still_speaks(voice: Hibari, run: Run) -> None:
    told, silent = voice._session, voice._voice.sess
    voice._session = silent
    try:
        events, output = run(voice, {"text": TEXT}, seed=5)
    finally:
        voice._session = told
    assert all(event.words == () for event in events if isinstance(event, Segment))
    assert output.content_sha256 == run(voice, {"text": TEXT}, seed=5)[1].content_sha256


def test_same_seed_same_bytes(voice: Hibari, run: Run) -> None:
    one, two, other = (run(voice, {"text": TEXT}, seed=seed)[1] for seed in (5, 5, 6))
    assert one.content_sha256 == two.content_sha256 != other.content_sha256


def test_speed_shortens(voice: Hibari, run: Run) -> None:
    slow, fast = (
        float(str(run(voice, {"text": TEXT}, speed=speed)[1].usage["seconds"]))
        for speed in (0.5, 2.0)
    )
    assert slow > 2 * fast


def test_phonemes_round_trip_and_can_be_edited(voice: Hibari, run: Run) -> None:
    read = [phonemes for _, phonemes in voice.phonemize(TEXT)]
    before, output = run(voice, {"text": TEXT})
    whole = sound(output)
    same = sound(run(voice, {"text": TEXT, "phonemes": read})[1])
    assert np.array_equal(whole, same)
    events, output = run(voice, {"text": TEXT, "phonemes": ["ɡʊdbˈI.", *read[1:]]})
    edited = sound(output)
    after = [
        round(found.seconds * 24_000)
        for found in (events[0], before[0])
        if isinstance(found, Segment)
    ]
    assert np.array_equal(edited[after[0] :], whole[after[1] :])
    assert after[0] != after[1]


def test_strange_phonemes_are_one_sentence(voice: Hibari, run: Run) -> None:
    with pytest.raises(BadInput, match="does not know “7”"):
        run(voice, {"text": "Hi.", "phonemes": ["h7I."]})


@pytest.mark.parametrize("text", ["🙂🙂", "!!!", "...", "你好", "\u202e\x07"])
def test_nothing_to_say_is_one_sentence(voice: Hibari, run: Run, text: str) -> None:
    with pytest.raises(BadInput, match="nothing to say"):
        run(voice, {"text": text})


def test_odd_text_is_spoken_around(voice: Hibari, run: Run) -> None:
    for text in ("\x00\x07 hello \u202e there", "<script>alert(1)</script>", "One 🙂 two 你好."):
        assert run(voice, {"text": text})[1].usage["seconds"] > 0.5


def test_a_word_without_end_does_not_hang(voice: Hibari) -> None:
    began = time.monotonic()
    assert voice.phonemize("x1" * 1000)
    assert time.monotonic() - began < 20


def test_pieces_are_short_and_lose_nothing() -> None:
    text = "word, " * 300 + "x" * 1000
    parts = list(pieces(text, LONGEST))
    assert max(map(len, parts)) <= LONGEST
    assert "".join(parts).replace(" ", "") == text.replace(" ", "")


def test_cancel_ends_after_the_sentence(voice: Hibari, tmp_path: Path) -> None:
    cancel, output, stopped = Flag(), None, 0.0
    for event in voice.generate(request({"text": TEXT * 50}, {}), cancel, tmp_path):
        if isinstance(event, Segment) and not stopped:
            cancel.set()
            stopped = time.monotonic()
        if isinstance(event, Output):
            output = event
    assert time.monotonic() - stopped < 0.5
    assert output is not None
    assert output.text == "Hello there."
    assert len(sound(output)) > 10_000


def test_cancelled_before_the_first_sentence_makes_nothing(voice: Hibari, run: Run) -> None:
    cancel = Flag()
    cancel.set()
    events, output = run(voice, {"text": TEXT}, cancel=cancel)
    assert not events
    assert output == Output()


def test_a_long_text_needs_no_more_memory(voice: Hibari, tmp_path: Path) -> None:
    """What a run holds grows with its longest sentence, not with its length."""
    import tracemalloc

    def peak(times: int) -> int:
        tracemalloc.start()
        for _ in voice.generate(request({"text": "Hello there. " * times}, {}), Flag(), tmp_path):
            pass
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(2)
    assert peak(40) < peak(4) + 1_000_000  # 40 sentences are 2.6 MB of sound


def test_a_damaged_voice_is_one_sentence(heart: Path, tmp_path: Path) -> None:
    for name, content in (("cut", heart.read_bytes()[:100_000]), ("text", b"no voice")):
        path = tmp_path / f"{name}.onnx"
        path.write_bytes(content)
        with pytest.raises(Unavailable, match="damaged"):
            Hibari(path, Placement()).load()
