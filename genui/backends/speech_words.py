"""When each word of a spoken sentence is heard.

Knows texts, phonemes and the network's frames; knows no audio library.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

Word = tuple[str, float, float]  # the word as written, its start and its length in seconds
DURATIONS = "/CumSum_output_0"  # hibari's own count: the frame at which each symbol ends


def with_output(model: bytes, name: str) -> bytes:
    """An ONNX model that also gives the value called `name` (at most 100 ASCII characters).

    Two protocol buffers in a row are read as one merged message, so what is missing (ModelProto's
    field 7, in it GraphProto's field 12, in it ValueInfoProto's field 1) is put behind."""
    message = name.encode("ascii")
    for field in (1, 12, 7):
        message = bytes([field << 3 | 2, len(message)]) + message
    return model + message


def spans(phonemes: str, edges: Sequence[float]) -> list[tuple[float, float]]:
    """Start and length of each word of a phoneme string; symbol i sounds from `edges[i]` to
    `edges[i + 1]`. Signs around a word are not part of it, and signs alone are none."""
    found = []
    for match in re.finditer(r"\S+", phonemes):
        said = [i for i in range(match.start(), match.end()) if re.match(r"\w", phonemes[i])]
        if said:
            start = edges[said[0]]
            found.append((start, edges[said[-1] + 1] - start))
    return found


def timed(
    text: str, times: Sequence[tuple[float, float]], count: Callable[[str], int]
) -> tuple[Word, ...]:
    """The words of a text with their times. `count(word)` says how many words a written one is
    spoken as ("$9.99" is four), asked only where the numbers differ; without a match, nothing."""
    words = [word for word in text.split() if re.search(r"\w", word)]
    spoken = [1] * len(words)
    if len(words) != len(times):
        spoken = [count(word) for word in words]
    if sum(spoken) != len(times):
        return ()
    found, at = [], 0
    for word, n in zip(words, spoken, strict=True):
        if n:
            (start, _), (last, length) = times[at], times[at + n - 1]
            found.append((word, round(start, 3), round(last + length - start, 3)))
        at += n
    return tuple(found)
