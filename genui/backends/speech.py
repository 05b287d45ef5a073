"""What every speech engine shares: the inputs and options of a request to speak.

Knows the meaning of sentences and phonemes; knows no engine.
"""

from __future__ import annotations

from abc import abstractmethod

from pydantic import Field, model_validator

from genui.backends.base import Backend, Schema

MAX_CHARS = 100_000


class SpeechInputs(Schema):
    """A text to say. `phonemes`, where given, say how: one string a sentence, in the alphabet
    that the engine's `phonemize` gives; they replace the engine's own reading of the text."""

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

    @abstractmethod
    def phonemize(self, text: str) -> list[tuple[str, str]]:
        """The text as (sentence, phonemes) pairs, in order."""
