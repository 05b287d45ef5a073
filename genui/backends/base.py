"""The one interface every engine implements, and the small types around it.

A backend is constructed cheaply, imports heavy libraries inside `load`, and yields events.
It knows nothing of jobs, sessions, the store or the page.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event as Flag
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError

from genui.errors import BadInput
from genui.records import Event, Request


class Schema(BaseModel):
    """Base of every engine's inputs and options: unknown names and NaN are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


@dataclass(frozen=True)
class OutputFile:
    """A file a backend wrote into its scratch folder, to be kept under `name`."""

    name: str
    path: Path
    mime: str
    meta: dict[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True)
class Output:
    """What a run made; the last thing `generate` yields, also after a cancel.

    `text` is the written or spoken text. `content_sha256` says whether two runs are identical
    (defaults to that of `text`). A run that makes several things yields one `Output` each, as
    soon as it is whole: `index` counts them from 0 to `total` - 1, and `request` is the request
    that makes exactly this one alone, None where only the whole run makes it again."""

    text: str | None = None
    files: tuple[OutputFile, ...] = ()
    usage: dict[str, JsonValue] = field(default_factory=dict)
    content_sha256: str | None = None
    index: int = 0
    total: int = 1
    request: Request | None = None


@dataclass(frozen=True)
class Placement:
    """Where a model runs: "cpu", "cuda" or "mps", and how many threads it may take.

    attention, compile: see `Settings`; only image models look at them."""

    device: str = "cpu"
    threads: int = 2
    context_tokens: int = 2048
    slots: int = 4
    attention: str = "default"
    compile: bool = False


InputsT = TypeVar("InputsT", bound=Schema)
OptionsT = TypeVar("OptionsT", bound=Schema)


class Backend(ABC, Generic[InputsT, OptionsT]):
    """One loaded (or loadable) model.

    kind: what it makes ("text", "speech"). engine: its name in the catalog.
    Inputs, Options: the pydantic models of a request; the page draws its controls from the
    bounds of `Options`. slots: how many requests it serves at once. attachments: the names of
    `Inputs` that hold the sha256 of a file; the file lies under that name in `scratch`.
    """

    kind: ClassVar[str]
    engine: ClassVar[str]
    Inputs: ClassVar[type[Any]]
    Options: ClassVar[type[Any]]
    slots: int = 1
    attachments: ClassVar[tuple[str, ...]] = ()

    def __init__(self, weights: Path, placement: Placement) -> None:
        """`weights` is the model's file or folder, already fetched and checked."""
        self.weights = weights
        self.placement = placement

    @abstractmethod
    def load(self) -> None:
        """Read the weights; called once before the first `generate`, from a worker thread.

        Raises `Unavailable` when the file is corrupt or does not fit."""

    @abstractmethod
    def unload(self) -> None:
        """Free everything `load` took."""

    @abstractmethod
    def generate(self, request: Request, cancel: Flag, scratch: Path) -> Iterator[Event | Output]:
        """Run one request: yield events as they happen, then one `Output` for each result.

        `cancel` is looked at before every token, step or sentence; once set, the generator
        yields the `Output` of what exists so far and returns. Files go into `scratch`.
        `request.seed` is concrete. Same seed and same machine give the same bytes."""

    @abstractmethod
    def versions(self) -> dict[str, str]:
        """Versions of the libraries whose change can change the output."""

    @classmethod
    def check(cls, request: Request) -> tuple[InputsT, OptionsT]:
        """The validated inputs and options of a request; raises `BadInput`. Needs no weights."""
        return parse(cls.Inputs, request.inputs), parse(cls.Options, request.options)


SchemaT = TypeVar("SchemaT", bound=BaseModel)


def parse(schema: type[SchemaT], values: dict[str, Any]) -> SchemaT:
    """`schema(**values)`, with the first complaint turned into one sentence (`BadInput`)."""
    try:
        return schema.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"]) or "The request"
        if first["type"] == "extra_forbidden":
            known = ", ".join(schema.model_fields)
            raise BadInput(f"“{name}” is not an option here; use one of: {known}.") from None
        message = str(first["msg"]).removeprefix("Value error, ").rstrip(".")
        if first["type"] in ("too_short", "too_long"):  # pydantic talks of tuples here
            side, bound = ("least", "min") if first["type"] == "too_short" else ("most", "max")
            message = f"give at {side} {first['ctx'][f'{bound}_length']}"
        if first["type"] == "value_error":
            raise BadInput(f"{message}.") from None
        raise BadInput(f"{name.capitalize()}: {message}.") from None
