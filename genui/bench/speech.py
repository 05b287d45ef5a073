"""Speech: seconds for a paragraph through the studio against bare hibari."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

from genui.bench import Row
from genui.bench.rig import in_turns, run, studio, weights_of
from genui.records import Request

PARAGRAPH = (
    "The harbour was quiet when the first boats came in. Nobody had slept, and nobody spoke of "
    "it. They tied the ropes, counted the boxes, and waited for the light. By seven the fog had "
    "lifted from the water, and the gulls were back on the roofs. A child asked what the lamp on "
    "the hill was for. It is there so that people find their way home, said the old man, even "
    "those who have never been here before."
)


def bench_speech(repeat: int) -> list[Row]:
    """A paragraph from text to a WAV file on disk, both sides."""
    import hibari

    with studio() as made, tempfile.TemporaryDirectory() as folder:
        model, weights = weights_of(made, "speech")
        voice = hibari.Hibari(voice=model, model=str(weights))
        path = Path(folder) / "bare.wav"

        def bare(number: int) -> float:
            began = time.perf_counter()
            voice.save(PARAGRAPH, str(path), seed=number)
            return time.perf_counter() - began

        def ours(number: int) -> float:
            request = Request(
                kind="speech", model=model, inputs={"text": PARAGRAPH}, seed=number
            )  # fmt: skip
            return run(made, "visitor", request)[1]

        pairs = in_turns(repeat, bare, ours)
    usual = statistics.median(b for b, _ in pairs)
    ratio = statistics.median(o / b for b, o in pairs)
    return [Row("speech, a paragraph: seconds against bare", ratio, 1.1, "", False,
                f"bare {usual:.2f} s")]  # fmt: skip
