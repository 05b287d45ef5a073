"""The questions a latent engine answers at once: their fields and bounds.

`latent` says what each means and what the answer holds. Knows no engine.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from genui.backends.base import Schema, parse
from genui.backends.latent import Amount, Name, Place, Way
from genui.errors import BadInput
from genui.records import SEED_MAX

Seed = Annotated[int, Field(ge=0, le=SEED_MAX)]
Truncation = Annotated[float, Field(ge=0.0, le=1.5)]
Count = Annotated[int, Field(ge=1, le=64)]


class Describe(Schema):
    """Everything about the model that never changes."""


class Mean(Schema):
    """The place of the average picture."""


class Look(Schema):
    """What the places look like."""

    places: tuple[Place, ...] = Field(min_length=1, max_length=64)
    truncation: Truncation = 1.0
    scale: int = Field(1, ge=1, le=8)
    details: bool = True


class Sample(Schema):
    """Places from the prior."""

    count: Count = 1
    seed: Seed = 0


class Spot(Schema):
    """The place at a point of the map, or of one of its thumbnails."""

    xy: tuple[float, float] | None = None
    map: Literal["pca", "neighbours"] = "pca"
    index: int | None = Field(None, ge=0)

    @model_validator(mode="after")
    def _one_of_both(self) -> Spot:
        if (self.xy is None) == (self.index is None):
            raise ValueError("Give a point of the map (xy) or the number of a thumbnail (index)")
        if self.xy and not all(-1 <= value <= 2 for value in self.xy):
            raise ValueError("That point lies beyond the map; choose one on it")
        return self


class Between(Schema):
    """A place between two to four others."""

    places: tuple[Place, ...] = Field(min_length=2, max_length=4)
    weights: tuple[Annotated[float, Field(ge=0.0, le=1000.0)], ...]
    path: Way = "linear"

    @model_validator(mode="after")
    def _weighted(self) -> Between:
        if len(self.weights) != len(self.places):
            raise ValueError("Give each place one weight")
        if not sum(self.weights) > 0:
            raise ValueError("At least one place needs a weight above 0")
        return self


class Add(Schema):
    """Arithmetic: a - minus + plus."""

    a: Place
    minus: Place
    plus: Place


class Near(Schema):
    """Places around one."""

    place: Place
    radius: float = Field(0.5, ge=0.0, le=3.0)
    count: Count = 8
    seed: Seed = 0


class Traverse(Schema):
    """A sheet that changes one dimension or direction in each row."""

    place: Place
    rows: tuple[Annotated[int, Field(ge=0)] | Name, ...] = Field(min_length=1, max_length=64)
    amounts: tuple[Amount, ...] = Field(min_length=1, max_length=9)
    truncation: Truncation = 1.0


class Encode(Schema):
    """Where a picture lies; the file comes beside the question."""


class Shares(Schema):
    """How often samples show each answer of each attribute."""

    count: int = Field(200, ge=1, le=1000)
    seed: Seed = 0
    truncation: Truncation = 1.0


QUESTIONS: dict[str, type[Schema]] = {
    "describe": Describe, "look": Look, "sample": Sample, "place": Spot, "mean": Mean,
    "between": Between, "add": Add, "near": Near, "traverse": Traverse, "encode": Encode,
    "shares": Shares,
}  # fmt: skip


def understood(question: dict[str, Any]) -> tuple[str, Schema]:
    """The name of a question and its checked fields; raises `BadInput`."""
    name = question.get("ask")
    if not isinstance(name, str) or name not in QUESTIONS:
        raise BadInput(f"Ask one of: {', '.join(QUESTIONS)}.")
    return name, parse(QUESTIONS[name], {k: v for k, v in question.items() if k != "ask"})
