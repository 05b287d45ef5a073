"""Frozen records: what was asked, what came out, what people thought of it.

This module knows nothing of torch, gradio or SQL. Records are written once; a correction
is a new record. Events are what a running job tells its followers.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

Thumb = Literal["up", "down"]
Status = Literal["done", "stopped"]
SEED_MAX = 2**32 - 2  # llama.cpp reads 2**32 - 1 as "draw one for me"


def now() -> str:
    """The time as records hold it: ISO 8601 in UTC, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class Record(BaseModel):
    """Base of all records: immutable, unknown fields refused, NaN and infinity refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Request(Record):
    """What a visitor or a program asked for.

    `inputs` and `options` are validated by the backend that serves `model` (its `Inputs` and
    `Options`); here they are plain JSON so that a record outlives the code that made it.
    `seed` is None until the studio draws one. `parents` are ids of the generations this one
    branches from or repeats.
    """

    kind: str = Field(min_length=1, max_length=20, pattern=r"^[a-z]+$")
    model: str = Field(min_length=1, max_length=200)
    inputs: dict[str, JsonValue]
    options: dict[str, JsonValue] = Field(default_factory=dict)
    seed: int | None = Field(default=None, ge=0, le=SEED_MAX)
    parents: tuple[str, ...] = Field(default=(), max_length=8)


class Artifact(Record):
    """A file that belongs to a generation, kept by the sha256 of its bytes."""

    name: str = Field(pattern=r"^[a-z0-9_-]{1,40}$")  # "audio", "tokens"
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    mime: str
    size: int = Field(ge=0)  # bytes
    meta: dict[str, JsonValue] = Field(default_factory=dict)  # sample_rate in Hz, seconds, ...


class ModelStamp(Record):
    """Which weights made an output: enough to find the same bytes again."""

    id: str
    title: str
    backend: str
    revision: str | None = None
    sha256: str | None = None
    license: str = ""


class Timings(Record):
    """Seconds, measured on the machine that ran the job."""

    queued: float = 0.0
    load: float = 0.0
    first: float | None = None  # from the start of the run to its first token or sound
    run: float = 0.0


class Generation(Record):
    """One finished (or stopped) piece of work, with everything needed to repeat it."""

    id: str = Field(pattern=r"^[0-9a-f]{32}$")
    created: str  # ISO 8601, UTC
    status: Status
    request: Request  # with a concrete seed
    model: ModelStamp
    device: str
    versions: dict[str, str]
    timings: Timings
    text: str | None = None  # what was written (text kinds) or said (speech)
    usage: dict[str, JsonValue] = Field(default_factory=dict)  # prompt_tokens, tokens, seconds ...
    output_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    artifacts: tuple[Artifact, ...] = ()

    def artifact(self, name: str) -> Artifact | None:
        """The artifact called `name`, or None."""
        return next((a for a in self.artifacts if a.name == name), None)


Comment = Annotated[str, Field(max_length=2000)]
Reason = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,40}$")]


class Rating(Record):
    """One rating event. The newest event of a rater on a generation is the one that counts.

    `withdrawn` marks an event that takes the earlier one back.
    """

    id: str = Field(pattern=r"^[0-9a-f]{32}$")
    generation_id: str
    rater: str  # keyed hash of the rater's session, never an address or a name
    created: str
    thumb: Thumb | None = None
    stars: int | None = Field(default=None, ge=1, le=5)
    reasons: tuple[Reason, ...] = Field(default=(), max_length=12)
    comment: Comment = ""
    withdrawn: bool = False
    sharing: Literal["local", "shared"] = "local"


Outcome = Literal["first", "second", "tie", "neither"]


class Comparison(Record):
    """One judgement of two generations, as an event: the newest of a rater on the same two (in
    either order) is the one that counts, and `withdrawn` takes the earlier one back.

    `context`: "batch" when the best of several was picked (one row for each other picture),
    "side" when two stood side by side, "arena" when it was blind."""

    id: str = Field(pattern=r"^[0-9a-f]{32}$")
    first: str  # generation id
    second: str
    outcome: Outcome
    rater: str
    created: str
    context: Literal["batch", "side", "arena"] = "batch"
    reasons: tuple[Reason, ...] = Field(default=(), max_length=12)
    withdrawn: bool = False
    sharing: Literal["local", "shared"] = "local"

    @property
    def winner(self) -> str | None:
        """The id of the better one; None for a tie or neither."""
        return {"first": self.first, "second": self.second}.get(self.outcome)

    @property
    def loser(self) -> str | None:
        """The id of the other one; None for a tie or neither."""
        return {"first": self.second, "second": self.first}.get(self.outcome)


# --- events ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Event:
    """Base of what a job tells. `type` names the event in JSON."""

    type: ClassVar[str] = "event"

    def as_json(self) -> dict[str, Any]:
        """A JSON-ready dict with the event's type."""
        return {"type": self.type, **asdict(self)}


@dataclass(frozen=True, slots=True)
class Queued(Event):
    """`place` counts from 1; `wait` is the expected wait in seconds, None if unknown."""

    type: ClassVar[str] = "queued"
    place: int
    wait: float | None = None


@dataclass(frozen=True, slots=True)
class Loading(Event):
    """Weights are fetched or a model is being loaded; `fraction` in 0..1, None if unknown."""

    type: ClassVar[str] = "loading"
    message: str
    fraction: float | None = None


@dataclass(frozen=True, slots=True)
class Started(Event):
    """The backend runs; the concrete seed is known."""

    type: ClassVar[str] = "started"
    seed: int


@dataclass(frozen=True, slots=True)
class Progress(Event):
    """`step` of `total` units called `label` are done (prompt tokens read, sentences ...)."""

    type: ClassVar[str] = "progress"
    step: int
    total: int
    label: str


@dataclass(frozen=True, slots=True)
class Token(Event):
    """One generated token. `logprob` is the natural log of its probability before sampling
    filters; `top` holds the likeliest alternatives as (token id, text, logprob), best first."""

    type: ClassVar[str] = "token"
    index: int
    id: int
    text: str
    logprob: float | None = None
    top: tuple[tuple[int, str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Segment(Event):
    """One spoken sentence: its place in the sound (seconds), its phonemes, and where known its
    words as (word, start, seconds), in the whole sound as well."""

    type: ClassVar[str] = "segment"
    index: int
    text: str
    phonemes: str
    start: float
    seconds: float
    words: tuple[tuple[str, float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Bars(Event):
    """A tune has grown by a whole bar (at its end, by the last one and the ring-out).

    abc: the whole tune so far. notes: melody notes that are newly heard, as (event, token, pitch,
    start, seconds): the event's number in the written tune, rests counted; `index` of the `Token`
    that said it, -1 for a note that was given; MIDI pitch; place in the sound. bars: written so
    far, of `total`. seconds: of sound in `audio.pcm`. tempo: beats a minute. metre, key: as in
    "6/8", "D major"."""

    type: ClassVar[str] = "bars"
    abc: str
    notes: tuple[tuple[int, int, int, float, float], ...]
    bars: int
    total: int
    seconds: float
    tempo: float
    metre: str
    key: str


@dataclass(frozen=True, slots=True)
class Preview(Event):
    """What picture `index` looks like after `step` of `total` denoising steps: a small picture as
    a data URL. `noise` is the share of noise left in it, sigma / (alpha + sigma), in 0..1."""

    type: ClassVar[str] = "preview"
    index: int
    step: int
    total: int
    noise: float
    image: str


@dataclass(frozen=True, slots=True)
class Made(Event):
    """One of the `total` results of a job is stored; only jobs with several results tell it.

    `generation` is the JSON form of the stored `Generation`."""

    type: ClassVar[str] = "made"
    index: int
    total: int
    generation: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Finished(Event):
    """The last event of a job that ran to its end or was stopped with something to keep.

    `generation` is the JSON form of the stored `Generation`, the last one where there are
    several."""

    type: ClassVar[str] = "finished"
    generation: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Stopped(Event):
    """The last event of a job with nothing to keep: it was stopped before it made anything, or
    was asked for a draft."""

    type: ClassVar[str] = "stopped"


@dataclass(frozen=True, slots=True)
class Failed(Event):
    """The last event of a job that failed; `message` is one sentence for the visitor."""

    type: ClassVar[str] = "failed"
    message: str
    code: str = "error"


def canonical_json(value: object) -> str:
    """JSON with sorted keys and no spaces: the same value always gives the same bytes."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
