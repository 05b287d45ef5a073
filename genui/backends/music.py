"""What every music engine shares: the inputs and options of a request for a tune, and its files.

While a tune is made, its sound grows in `audio.pcm` (16-bit little-endian, both channels in turn).
A job tells one `Token` for each token that the model said, and one `Bars` after each whole bar.
`Token.index` is the token's place in the row of tokens that is the whole tune so far (a gap is
filled where it lies), so that "another note here, and on from there" is the request with
`tokens` = row[:index] + [id of the other]. Knows no engine, page or store.

Files of a result
=================
audio  a WAV file; `meta` sample_rate, channels, seconds
score  JSON: {"abc": the tune, "tokens": the row, "names": its tokens as text, "notes": every melody
  note that is heard, as in `Bars`, "tempo": beats a minute, "metre", "key", "kind", "bars",
  "instrument", "accompaniment", "asked": what was understood, as [name, text] pairs such as
  ["rhythm", "jig"], in the order to show them, "closed": false when it was stopped before its end}
`usage` has the same "asked", "tempo", "instrument", "bars", and "tokens", how many were said.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from genui.backends.base import Backend, Schema
from genui.errors import BadInput
from genui.music import words
from genui.music.shape import MOST
from genui.music.words import FASTEST, FEWEST, SLOWEST
from genui.synth import INSTRUMENTS

PROMPT_MAX = 500  # characters
TUNE_MAX = 100_000  # characters of ABC
ROW_MAX = 4_000  # tokens to go on from

Mode = Literal["write", "continue", "fill", "vary", "morph"]
Rhythm = Literal["any", "reel", "jig", "slip jig", "hornpipe", "strathspey", "march", "air", "tune"]
Metres = Literal["any", "2/4", "3/4", "4/4", "3/8", "6/8", "9/8", "12/8", "3/2", "6/4"]
Accompaniment = Literal["any", "none", "chords", "full"]


class MusicInputs(Schema):
    """What to play. prompt: in words, may be empty. mode: "write" a new tune, or with the melody
    `start` (ABC) "continue" it, "fill" its bars `first` to `first` + `count` - 1 (from 0) anew,
    "vary" it, or "morph": from it over new bars to the melody `to`. tokens: a row to go on from, as
    a result's score has it, in mode "write"; it says key, metre, rhythm and bars then."""

    prompt: str = Field("", max_length=PROMPT_MAX)
    mode: Mode = "write"
    start: str = Field("", max_length=TUNE_MAX)
    to: str = Field("", max_length=TUNE_MAX)
    first: int = Field(0, ge=0, lt=MOST)
    count: int = Field(1, ge=1, le=MOST)
    tokens: tuple[int, ...] = Field(default=(), max_length=ROW_MAX)

    @model_validator(mode="after")
    def _goes_together(self) -> MusicInputs:
        if self.mode == "write" and (self.start.strip() or self.to.strip()):
            raise ValueError("Say what to do with the melody: continue, fill, vary or morph")
        if self.mode != "write" and self.tokens:
            raise ValueError("Tokens are only for the mode “write”; leave them out")
        if self.mode != "write" and not self.start.strip():
            raise ValueError("Add a melody to start from first")
        if self.mode == "morph" and not self.to.strip():
            raise ValueError("Add a second melody to arrive at")
        if self.mode != "morph" and self.to.strip():
            raise ValueError("Only a morph takes a second melody; take it away")
        return self


class MusicOptions(Schema):
    """How to play it. "any" and 0 leave it to the words, and what they leave open to the model."""

    rhythm: Rhythm = Field("any", title="Rhythm")
    key: str = Field("any", max_length=20, title="Key", description="Such as D major or E dorian.")
    metre: Metres = Field("any", title="Metre")
    bars: int = Field(
        0, ge=0, le=MOST, title="Bars",
        description="0 leaves it open; to continue or morph, how many new ones.",
    )  # fmt: skip
    tempo: int = Field(
        0, ge=0, le=FASTEST, title="Tempo", description="Beats a minute; 0 is the usual."
    )
    instrument: str = Field("any", max_length=40, title="Instrument")
    accompaniment: Accompaniment = Field("any", title="Accompaniment")
    temperature: float = Field(
        1.0, ge=0.1, le=2.0, title="Surprise", description="Low is tame, high is wild."
    )
    top_p: float = Field(
        0.9, ge=0.1, le=1.0, title="Choice",
        description="Only the likeliest notes, up to this share.",
    )  # fmt: skip

    @field_validator("key")
    @classmethod
    def _is_a_key(cls, key: str) -> str:
        try:
            return key if key == "any" else str(words.key(key))
        except BadInput as error:
            raise ValueError(error.message) from None

    @field_validator("instrument")
    @classmethod
    def _is_there(cls, instrument: str) -> str:
        if instrument not in ("any", *INSTRUMENTS):
            raise ValueError(f"The instrument is one of any, {', '.join(INSTRUMENTS)}")
        return instrument

    @field_validator("bars")
    @classmethod
    def _enough(cls, bars: int) -> int:
        if 0 < bars < FEWEST:
            raise ValueError(f"A tune here has {FEWEST} to {MOST} bars; ask for as many")
        return bars

    @field_validator("tempo")
    @classmethod
    def _playable(cls, tempo: int) -> int:
        if 0 < tempo < SLOWEST:
            raise ValueError(f"The tempo lies between {SLOWEST} and {FASTEST} beats a minute")
        return tempo


class MusicBackend(Backend[MusicInputs, MusicOptions]):
    """A model that writes tunes."""

    kind = "music"
    Inputs = MusicInputs
    Options = MusicOptions

    @abstractmethod
    def look(self, row: tuple[int, ...]) -> dict[str, Any]:
        """What the model has in mind while it reads a tune (a row of tokens): {"kind": "attention",
        "notes": how many, "matrix": for each note how much its place looks back at each note, rows
        that add up to at most 1} or {"kind": "state", "notes", "norms": how strongly the memory
        changes at each note, 0 to 1, one row a layer}. Raises `BadInput` for no tune."""
