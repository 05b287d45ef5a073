"""What every speech engine shares: the inputs and options of a request to speak, cut texts.

Knows the meaning of sentences and phonemes; knows no engine.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydantic import Field, model_validator

from genui.backends.base import Backend, Schema

MAX_CHARS = 100_000


class SpeechInputs(Schema):
    """A text to say. `phonemes`, where given, say how: one string a sentence, in the alphabet of
    the `Segment` events; they replace the engine's own reading of the text. An engine whose
    segments have none refuses them."""

    text: str = Field(max_length=MAX_CHARS)
    phonemes: tuple[str, ...] = Field(default=(), max_length=2000)

    @model_validator(mode="after")
    def _says_something(self) -> SpeechInputs:
        if not self.text.strip():
            raise ValueError("Write something to say first")
        return self


class SpeechOptions(Schema):
    """How to say it."""

    speed: float = Field(
        1.0, ge=0.5, le=2.0, title="Speed", description="1 is the voice's own pace."
    )


class SpeechBackend(Backend[SpeechInputs, SpeechOptions]):
    """A voice."""

    kind = "speech"
    Inputs = SpeechInputs
    Options = SpeechOptions


def pieces(text: str, longest: int) -> Iterator[str]:
    """The text in parts of at most `longest` characters, cut after a clause or else a word."""
    while len(text) > longest:
        cuts = [match.end() for match in re.finditer(r"[,;:—]\s+", text[:longest])]
        cut = cuts[-1] if cuts else text.rfind(" ", 1, longest) + 1 or longest
        yield text[:cut].strip()
        text = text[cut:]
    if text.strip():
        yield text.strip()
