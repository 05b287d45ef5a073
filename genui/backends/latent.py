"""What latent engines share: places, requests for things one keeps, and questions to play with.

A place is a vector of the model's latent space: z of a VAE, w of a GAN. Jobs ("picture", "walk",
"sheet", "invert") leave files with records. Questions (`explore`) leave nothing: they are asked
while a slider moves and answered at once, outside the job queue. Knows no engine, page or store.

Questions and answers, as JSON
==============================
A question is {"ask": name, …}; unknown names and fields, NaN, and values out of range raise
`BadInput` with one sentence. `latent_questions` holds the fields with their bounds.

Place
  {"at": [D floats, -20..20], "moves": {direction name: amount -6..6}, "locked": [direction names],
  "mix": {"with": [D floats], "from_layer": int} | null}; only "at" must be given. Amount 1 is one
  step: a standard deviation of the data along that direction, or more where an attribute needs
  more to change; a move leaves `locked` directions as they
  are. "mix" is for a GAN: from that layer on the picture follows "with" (coarse layers come first).
  Places in answers are {"at"} or {"at", "mix"}: moves are carried out in them. Coordinates in
  answers are whole thousandths, so that two bytes each hold them exactly.

describe {}
  → {"model": {"kind": "vae" | "gan", "latent": D, "layers": int (0: no mixing), "size": 64,
               "trained_on": str},
     "way": "spherical" | "linear" (which interpolation is right here), "mean": Place,
     "directions": as in directions.json, [{"name", "title", "kind": "attribute" | "found", "low",
               "high", "accuracy", "leakage", "effect", "range"}],
     "statistics": {"spread": [D], "kl": [D] or [], "shares": {head: {answer: pictures}},
             "pictures": int, "apart", "scores" | null, "errors" | null: each {"values": quantiles
             at equal shares from 0 to 1}}, "metrics": as in metrics.json,
     "map": {"count": N, "columns": int, "thumb": int (pixels a side in the atlas), "pca" and
             "neighbours": base64 of N × 2 little-endian float32 in 0..1,
             "attributes": {head: {"answers": [str], "of": base64 of N bytes, 255: unknown}}},
     "atlas": {"name", "sha256", "token", "mime", "size"}: all thumbnails row by row, in the order
             of the map; its address is that of any artifact}
look {"places": 1..64 Places, "truncation": 0..1.5 = 1, "scale": 1..8 = 1, "details": bool = true}
  → {"looks": one a place, in order: {"picture": data URL of 64 × scale pixels a side} and with
     details {"at": [D] the place after moves and truncation, "pca": [x, y], "neighbours": [x, y]
     (0..1 on the map, a little beyond at its rim), "far": 0..1, the share of the data's own places
     that lie nearer to their nearest neighbour than this one, "score": float | null, the
     discriminator's opinion, "attributes": {head: [answer, probability]}}}
sample {"count": 1..64 = 1, "seed": int = 0}
  → {"places": [Place]}, from the prior. Truncation is `look`'s business.
place {"xy": [x, y], "map": "pca" | "neighbours"} or {"index": 0..N-1}
  → {"place": Place} at that point of the map, or that very thumbnail's
mean {} → {"place": Place}
between {"places": 2..4 Places, "weights": as many numbers ≥ 0, "path": "linear" | "spherical"}
  → {"place": Place}
add {"a": Place, "minus": Place, "plus": Place} → {"place": Place}, a - minus + plus
near {"place": Place, "radius": 0..3 = 0.5, "count": 1..64 = 8, "seed": int = 0}
  → {"places": [Place]}; radius counts in standard deviations of the data
traverse {"place": Place, "rows": 1..64 of dimension (int) or direction (name), "amounts": 1..9
  numbers -6..6, "truncation": 0..1.5 = 1}
  → {"sheet": data URL, row i and column j at (64 j, 64 i), "side": 64, "rows": [str]}
encode {"picture": sha256 of a kept picture, "token": its media token}
  → {"place": Place, "picture": data URL of its reconstruction, "original": data URL of what the
     model was shown, both 64 pixels, "distance": mean absolute error, 0..2, "far": 0..1 | null, the
     share of held-out avatars that are given back better, "exact": false for a GAN, which has no
     encoder and answers with the map's most similar place: start the task "invert" from there}
shares {"count": 1..1000 = 200, "seed": int = 0, "truncation": 0..1.5 = 1}
  → {"count": n, "heads": {head: [{"answer", "count": int, "share", "low", "high": 95 % Wilson
     interval, "data": share in the training data | null}]}}
"""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from genui.backends.base import Backend, Schema
from genui.errors import BadInput
from genui.records import Request

SIDE = 64  # pixels a side of what the models draw
LATENT_MAX = 512  # coordinates of a place
WALK_MAX = 64_000_000  # pixels of all frames of a walk together
SLOW = ("shares", "traverse")  # questions that take seconds and may keep others waiting

Coordinate = Annotated[float, Field(ge=-20.0, le=20.0)]
At = Annotated[tuple[Coordinate, ...], Field(min_length=1, max_length=LATENT_MAX)]
Name = Annotated[str, Field(min_length=1, max_length=80)]
Amount = Annotated[float, Field(ge=-6.0, le=6.0)]
Way = Literal["linear", "spherical"]
Format = Literal["webp", "gif", "mp4"]


class Mix(Schema):
    """Another place that the layers from `from_layer` on follow."""

    other: At = Field(alias="with")
    from_layer: int = Field(ge=0, le=64)


class Place(Schema):
    """A point of the latent space, with what was done to it (see the module)."""

    at: At
    moves: dict[Name, Amount] = Field(default_factory=dict, max_length=64)
    locked: tuple[Name, ...] = Field(default=(), max_length=64)
    mix: Mix | None = None


class LatentInputs(Schema):
    """What to make: a picture of each place ("picture"; without places one from the prior), a
    film along them ("walk"), all of them on one sheet ("sheet"), or the place that comes nearest to
    `picture`, the sha256 of a kept picture ("invert")."""

    task: Literal["picture", "walk", "sheet", "invert"] = "picture"
    places: tuple[Place, ...] = Field(default=(), max_length=32)
    picture: str = Field("", pattern=r"^([0-9a-f]{64})?$")

    @model_validator(mode="after")
    def _goes_together(self) -> LatentInputs:
        if self.task == "invert" and not self.picture:
            raise ValueError("Add the picture to look for first")
        if self.task != "invert" and self.picture:
            raise ValueError("Only the search for a picture starts from one; take it away")
        if self.task == "invert" and len(self.places) > 1:
            raise ValueError("A search starts from one place at most")
        if self.task == "walk" and len(self.places) < 2:
            raise ValueError("A walk needs at least two places; add another one")
        if self.task == "sheet" and not self.places:
            raise ValueError("A sheet needs at least one place; add one")
        return self


class LatentOptions(Schema):
    """How to make it. `path` and the four after it are for walks, `steps` for searches."""

    truncation: float = Field(
        1.0, ge=0.0, le=1.5, title="Truncation",
        description="Below 1 nearer to the average: cleaner, less varied.",
    )  # fmt: skip
    path: Way = Field("linear", title="Path")
    frames: int = Field(120, ge=2, le=480, title="Frames")
    per_second: int = Field(30, ge=1, le=60, title="Frames a second")
    loop: bool = Field(True, title="Loop", description="The end leads back to the start.")
    format: Format = Field("mp4", title="File")
    scale: int = Field(4, ge=1, le=16, title="Size", description="Times 64 pixels.")
    steps: int = Field(120, ge=1, le=400, title="Steps", description="Of the search.")


class LatentBackend(Backend[LatentInputs, LatentOptions]):
    """A model whose latent space one walks in.

    Every job yields the file "picture" (PNG): of the place, the sheet, the first frame of a walk or
    what a search ended with. A walk adds "walk-webp", "walk-gif" or "walk-mp4" (`meta` frames,
    per_second, width, height). `usage.places` has the places as they were drawn, after moves and
    truncation: [{"at"}], and of a walk the frame at which each is reached. Searches add `distance`
    and `far` as in `encode`, and `distances`: how near the search had come, one a step."""

    kind = "latent"
    Inputs = LatentInputs
    Options = LatentOptions
    attachments = ("picture",)

    @classmethod
    def check(cls, request: Request) -> tuple[LatentInputs, LatentOptions]:
        """As in `Backend`; also refuses a walk that takes too much memory."""
        inputs, options = super().check(request)
        if inputs.task == "walk" and options.frames * (SIDE * options.scale) ** 2 > WALK_MAX:
            raise BadInput("That walk is too large; choose fewer frames or a smaller size.")
        return inputs, options

    @property
    @abstractmethod
    def atlas(self) -> Path:
        """The WebP file with the thumbnails of the map."""

    @abstractmethod
    def explore(self, question: dict[str, Any], picture: Path | None = None) -> dict[str, Any]:
        """The answer to a question (see the module); called from several threads. `picture` is the
        file that "encode" asks about. Raises `BadInput`."""
