"""What every engine for sound from words shares: inputs and options of a request for music,
songs or noises.

Knows the meaning of prompts and of a sound to start from; knows no engine.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from pydantic import Field, JsonValue, model_validator

from genui import sounds
from genui.backends.base import Backend, Output, OutputFile, Schema
from genui.backends.image import Sha256
from genui.errors import BadInput

Use = Literal["continue", "vary", "repaint", "melody", "timbre"]
DOES: dict[str, str] = {
    "continue": "continue a sound", "vary": "vary a sound", "repaint": "make a part anew",
    "melody": "follow a melody", "timbre": "take over how a sound sounds",
}  # fmt: skip


class SoundInputs(Schema):
    """What to hear. `lyrics` are sung by models that sing. With `sound` (sha256 of a kept sound)
    the model starts from it: see `SoundOptions.use`."""

    prompt: str = Field("", max_length=2000)
    negative: str = Field("", max_length=2000)
    lyrics: str = Field("", max_length=5000)
    sound: Sha256 = ""

    @model_validator(mode="after")
    def _says_something(self) -> SoundInputs:
        if not self.prompt.strip():
            raise ValueError("Write what you want to hear first")
        return self


class SoundOptions(Schema):
    """How to make it. What a sound to start from is used for: "continue" goes on after it for
    `seconds`; "vary" plays it in another way, as long as it is, but at most `seconds`; "repaint"
    makes it anew from `start` to `end`; "melody" follows its tune, "timbre" sounds like it."""

    seconds: float = Field(10.0, ge=0.5, le=240.0, title="Seconds")
    steps: int = Field(
        50, ge=1, le=200, title="Steps", description="More steps, cleaner sound, longer wait."
    )
    guidance: float = Field(
        4.0, ge=0.0, le=20.0, title="Guidance", description="How closely to follow the prompt."
    )
    temperature: float = Field(
        1.0, ge=0.1, le=2.0, title="Temperature",
        description="Lower is safer, higher is more surprising.",
    )  # fmt: skip
    use: Use = Field("continue", title="With the sound")
    strength: float = Field(
        0.6, ge=0.05, le=1.0, title="Strength", description="1 forgets the sound to vary."
    )
    start: float = Field(0.0, ge=0.0, le=300.0, title="From second")
    end: float = Field(0.0, ge=0.0, le=300.0, title="To second")

    @model_validator(mode="after")
    def _names_a_part(self) -> SoundOptions:
        if self.use == "repaint" and self.end <= self.start:
            raise ValueError("Say from which second to which later one the sound is made anew")
        return self


class SoundBackend(Backend[SoundInputs, SoundOptions]):
    """A model that makes sound. Its one `Output` has the file "audio": a 16-bit WAV (`meta`
    sample_rate, channels, seconds). Options and inputs that have no effect on the model are named
    in `usage.ignored`, the end of a prompt that it did not read stands in `usage.cut`."""

    kind = "sound"
    Inputs = SoundInputs
    Options = SoundOptions
    attachments = ("sound",)


def cannot(use: str, others: Iterable[str]) -> BadInput:
    """The refusal of a use that a model has not, naming those it has."""
    known = ", ".join(others)
    other = f"choose {known} or another model" if known else "choose another model"
    return BadInput(f"This model cannot {DOES[use]}; {other}.")


def written(
    sound: sounds.Samples, rate: int, scratch: Path, usage: dict[str, JsonValue]
) -> Output:  # fmt: skip
    """The output for float samples (channels, time): writes audio.pcm and audio.wav in `scratch`.

    Raises `Unavailable` for samples that are no numbers."""
    pcm = sounds.pcm(sound)
    raw, path = scratch / "audio.pcm", scratch / "audio.wav"
    raw.write_bytes(pcm)
    sounds.write_wav(raw, path, rate, len(sound))
    seconds = round(sound.shape[1] / rate, 3)
    meta: dict[str, JsonValue] = {
        "sample_rate": rate, "channels": len(sound), "seconds": seconds
    }  # fmt: skip
    return Output(
        files=(OutputFile("audio", path, "audio/wav", meta),),
        usage={"seconds": seconds} | usage,
        content_sha256=hashlib.sha256(pcm).hexdigest(),
    )
