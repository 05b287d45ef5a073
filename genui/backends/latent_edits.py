"""What a visitor changes inside an image model: sums of prompts, and the latent of a finished
picture before the autoencoder decodes it.

A latent is a small picture of its own: (batch, channels, rows, columns), normalised as the
denoising loop has it, about one standard deviation wide. Places are shares of the picture's sides,
so that an edit means the same at every size. Knows no pipeline and no request.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from PIL import Image
from pydantic import Field

from genui import pictures
from genui.backends.base import Schema
from genui.errors import BadInput

if TYPE_CHECKING:
    from torch import Tensor

Share = Annotated[float, Field(ge=0.0, le=1.0)]
Spot = tuple[Share, Share]
WIDE = 3.0  # values of a latent that are drawn black and white, in standard deviations
MIX_MAX = 8  # prompts of a sum
VALUES_MAX = 1 << 18  # numbers of a latent that a visitor may send


class Part(Schema):
    """A prompt and how much of it there is in a sum."""

    prompt: str = Field(min_length=1, max_length=400)
    weight: float = Field(ge=-3.0, le=3.0)


Mix = Annotated[tuple[Part, ...], Field(max_length=MIX_MAX)]


def balanced(mix: Sequence[Part]) -> None:
    """Raise `ValueError` where the weights do not sum to one: a reading twice as long as any that
    the network knows means nothing to it."""
    if mix and abs(sum(part.weight for part in mix) - 1) > 0.005:
        raise ValueError("The weights of the prompts must add up to 1")


class Channel(Schema):
    """One channel: its differences from its own mean times `scale`, all of it up by `shift`."""

    number: int = Field(ge=0, le=63)
    scale: float = Field(1.0, ge=-4.0, le=4.0)
    shift: float = Field(0.0, ge=-4.0, le=4.0)


class Swap(Schema):
    """Two square patches that change places, by their middles; `size` is a share of a side."""

    one: Spot
    other: Spot
    size: float = Field(0.25, ge=0.02, le=0.5)


class Edit(Schema):
    """What is done to a latent: swaps first, in their order, then the channels."""

    channels: tuple[Channel, ...] = Field(default=(), max_length=64)
    swaps: tuple[Swap, ...] = Field(default=(), max_length=32)


def edited(code: Tensor, edit: Edit) -> Tensor:
    """A changed copy of a latent (batch, channels, rows, columns); an empty edit gives its numbers
    back exactly. Raises `BadInput` for a channel that is not there."""
    code = code.clone()
    for swap in edit.swaps:
        here, there = (_patch(at, swap.size, *code.shape[-2:]) for at in (swap.one, swap.other))
        kept = code[..., *here].clone()
        code[..., *here] = code[..., *there]
        code[..., *there] = kept
    for channel in edit.channels:
        if channel.number >= code.shape[1]:
            raise BadInput(f"This model's latent has the channels 0 to {code.shape[1] - 1}.")
        part = code[:, channel.number]
        mean = part.mean((-2, -1), keepdim=True)
        if channel.scale != 1:
            part = mean + channel.scale * (part - mean)
        code[:, channel.number] = part + channel.shift
    return code


def _patch(middle: Spot, size: float, rows: int, columns: int) -> tuple[slice, slice]:
    """The cells of a square around a place, moved inward at the rim: (rows, columns)."""
    side = max(1, round(size * min(rows, columns)))
    top, left = (
        min(max(0, round(share * cells - side / 2)), cells - side)
        for share, cells in zip(reversed(middle), (rows, columns), strict=True)
    )
    return slice(top, top + side), slice(left, left + side)


def packed(code: Tensor) -> dict[str, Any]:
    """One latent (1, channels, rows, columns) as JSON: `shape`, and `values` as base64 of
    little-endian float16."""
    values = code[0].float().cpu().numpy().astype("<f2")
    return {"shape": list(values.shape), "values": base64.b64encode(values.tobytes()).decode()}


def unpacked(shape: tuple[int, int, int], values: str) -> Tensor:
    """What `packed` wrote, as a latent of one; raises `BadInput` for anything else."""
    import torch

    try:
        numbers = np.frombuffer(base64.b64decode(values, validate=True), "<f2")
    except (binascii.Error, ValueError) as error:
        raise BadInput("This latent is damaged; draw the picture again.") from error
    if numbers.size != np.prod(shape) or not np.isfinite(numbers).all():
        raise BadInput("This latent is damaged; draw the picture again.")
    return torch.from_numpy(numbers.astype(np.float32)).reshape(1, *shape)


def faces(code: Tensor) -> list[str]:
    """Each channel of one latent as a small grey picture (data URL): grey is 0, white and black
    are `WIDE` standard deviations to either side."""
    grey = ((code[0].float().cpu() / WIDE + 1) * 127.5).round().clamp(0, 255).byte().numpy()
    return [pictures.data_url(Image.fromarray(face).convert("RGB")) for face in grey]
