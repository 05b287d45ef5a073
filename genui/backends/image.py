"""What every image engine shares: the inputs and options of a request for pictures.

Knows the meaning of prompts, source pictures, masks, morphs and grids; knows no engine.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from genui.backends.base import Backend, Schema, parse
from genui.backends.latent_edits import Edit, Mix, balanced
from genui.errors import BadInput
from genui.records import SEED_MAX, Request

Sha256 = Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")]
Scheduler = Literal["default", "ddim", "euler", "euler-a", "dpm++", "unipc", "lcm"]
CELLS_MAX = 36


class ImageInputs(Schema):
    """What to draw. With `image` (sha256 of a kept picture) the model starts from that picture,
    with `mask` too it redraws only where the mask is white. With `to` it makes `count` pictures
    on the way from `prompt` to `to`, all from the same noise. With `mix` it reads, instead of
    `prompt`, the weighted sum of those prompts, and `prompt` only says what that is called. With
    `edit`, even an empty one, the latent of the finished picture is told in `usage.latent`, and
    what the edit says is done to it before it is decoded."""

    prompt: str = Field("", max_length=2000)
    negative: str = Field("", max_length=2000)
    image: Sha256 = ""
    mask: Sha256 = ""
    to: str = Field("", max_length=2000)
    mix: Mix = ()
    edit: Edit | None = None

    @model_validator(mode="after")
    def _goes_together(self) -> ImageInputs:
        if not self.prompt.strip() and not self.image:
            raise ValueError("Write what you want to see first")
        if self.mask and not self.image:
            raise ValueError("A mask needs the picture it belongs to")
        if self.to and self.image:
            raise ValueError("A morph goes between two prompts; take the picture away")
        if self.mix and (self.to or self.image):
            raise ValueError("A sum of prompts takes neither a picture nor a morph; take it away")
        balanced(self.mix)
        return self


class Seed(Schema):
    """A seed among the values of a grid."""

    seed: int = Field(ge=0, le=SEED_MAX)


class Axis(Schema):
    """One direction of a grid: the option to vary, and its values. Besides options: "prompt",
    "negative", "seed", "style" (words that the prompt ends with) and "size" ("128 × 96")."""

    name: Literal[
        "prompt", "negative", "style", "seed", "steps", "guidance", "scheduler", "size",
        "strength", "variation", "transparent", "clean",
    ]  # fmt: skip
    values: tuple[str | int | float, ...] = Field(min_length=1, max_length=12)


class ImageOptions(Schema):
    """How to draw it. Pictures of a batch take the seeds `seed`, `seed + 1`, …; `variation`
    mixes that much noise of another seed into the first one (spherically), so that 0 gives the
    same picture and 1 another one: then all pictures keep `seed` and vary toward
    `variation_seed`, `variation_seed + 1`, … In a morph it grows from picture to picture, from 0 to
    `variation`, so that 1 leads from seed to seed as well. A `draft` is shown once, in a `Preview`
    after its last step, and not kept: no `Output` comes of it."""

    steps: int = Field(
        4, ge=1, le=100, title="Steps", description="More steps, cleaner picture, longer wait."
    )
    guidance: float = Field(
        4.0, ge=0.0, le=20.0, title="Guidance", description="How closely to follow the prompt."
    )
    scheduler: Scheduler = Field("default", title="Scheduler")
    width: int = Field(128, ge=64, le=2048, multiple_of=8, title="Width")
    height: int = Field(128, ge=64, le=2048, multiple_of=8, title="Height")
    count: int = Field(4, ge=1, le=9, title="Pictures")
    strength: float = Field(
        0.6, ge=0.05, le=1.0, title="Strength", description="1 forgets the source picture."
    )
    variation: float = Field(0.0, ge=0.0, le=1.0, title="Variation")
    variation_seed: int = Field(0, ge=0, le=SEED_MAX, title="Variation seed")
    transparent: bool = Field(False, title="Transparent background")
    clean: bool = Field(
        False, title="Clean background", description="One colour instead of faint stains."
    )
    preview: bool = Field(True, title="Show every step")
    draft: bool = Field(False, title="Draft")
    x: Axis | None = None
    y: Axis | None = None

    @model_validator(mode="after")
    def _grid_fits(self) -> ImageOptions:
        if self.y and not self.x:
            raise ValueError("A grid needs its columns (x) before its rows (y)")
        if self.x and self.y and self.x.name == self.y.name:
            raise ValueError("The columns and rows of a grid must vary different things")
        if self.x and len(self.x.values) * len(self.y.values if self.y else (0,)) > CELLS_MAX:
            raise ValueError(f"A grid may have at most {CELLS_MAX} pictures")
        return self


class ImageBackend(Backend[ImageInputs, ImageOptions]):
    """A model that makes pictures. Every picture is one `Output` with the file "picture" (PNG,
    `meta` width and height in pixels) and, where previews were wanted, "film": all previews as
    one WebP side by side (`meta` frames, width, height, and `noise` as in `Preview`)."""

    kind = "image"
    Inputs = ImageInputs
    Options = ImageOptions
    attachments = ("image", "mask")

    @classmethod
    def check(cls, request: Request) -> tuple[ImageInputs, ImageOptions]:
        """As in `Backend`; also refuses what does not go together, and a grid with a value that
        its option does not take."""
        inputs, options = super().check(request)
        if inputs.to and (options.x or options.count < 2):
            raise BadInput("A morph needs at least two pictures, and no grid.")
        if inputs.edit is not None and (options.x or options.count > 1):
            raise BadInput("An edit belongs to one latent; ask for one picture.")
        if inputs.image and options.variation:
            raise BadInput("Variations start from noise; take the source picture away, or change "
                           "the strength or the seed instead.")  # fmt: skip
        for axis in filter(None, (options.x, options.y)):
            for value in axis.values:
                super().check(cell(request, {axis.name: value}))
        return inputs, options

    @abstractmethod
    def explore(self, question: dict[str, Any]) -> dict[str, Any]:
        """The answer to a question about the model's text vectors and latents (see
        `latent_inside`), beside its jobs; called from several threads. Raises `BadInput`."""


def cell(request: Request, values: dict[str, str | int | float]) -> Request:
    """The request for the one picture of a grid at `values` (axis name -> value)."""
    options = {k: v for k, v in request.options.items() if k not in ("x", "y")} | {"count": 1}
    inputs, seed = dict(request.inputs), request.seed
    for name, value in values.items():
        if name in ("prompt", "negative"):
            inputs[name] = value
        elif name == "size":
            options |= sides(str(value))
        elif name == "seed":
            seed = parse(Seed, {"seed": value}).seed
        elif name != "style":
            options[name] = value
    if style := values.get("style"):  # after the prompt, which may be a value too
        inputs["prompt"] = f"{inputs.get('prompt', '')}, {style}".strip(", ")
    return request.model_copy(update={"inputs": inputs, "options": options, "seed": seed})


def sides(size: str) -> dict[str, int]:
    """Width and height of a size such as "128 × 96"; raises `BadInput` for anything else."""
    if not (found := re.fullmatch(r"\s*(\d{2,5})\s*[x×]\s*(\d{2,5})\s*", size)):
        raise BadInput(f"“{size[:40]}” is no size; write two numbers, such as 128 × 96.")
    return {"width": int(found[1]), "height": int(found[2])}
