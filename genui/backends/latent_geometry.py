"""Vectors between vectors: straight and round ways, moves that leave others alone, walks.

Knows tensors; knows no model, no request and no file. "Round" is about a centre: 0 for a prior
N(0, I), whose draws all lie about √D away from it, so that a straight way would lead through a
middle that the model never saw.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from genui.errors import BadInput

if TYPE_CHECKING:
    from torch import Tensor

FLAT = 1e-4  # sine of the angle below which a round way is a straight one


def linear(a: Tensor, b: Tensor, t: float) -> Tensor:
    """(1 - t) a + t b."""
    return a + t * (b - a)


def spherical(a: Tensor, b: Tensor, t: float, centre: Tensor) -> Tensor:
    """Between vectors (…, D) about `centre` (D,) at a steady angle (Shoemake 1985, slerp); straight
    where the two point the same or opposite ways, or one is the centre."""
    import torch

    x, y = a - centre, b - centre
    length = (x.norm(dim=-1) * y.norm(dim=-1))[..., None]
    angle = ((x * y).sum(-1, keepdim=True) / length.clamp_min(1e-12)).clamp(-1, 1).acos()
    sine = angle.sin()
    flat = (sine < FLAT) | (length < 1e-12)  # the centre itself lies in no direction
    safe = torch.where(flat, torch.ones_like(sine), sine)
    round_way = (((1 - t) * angle).sin() * x + (t * angle).sin() * y) / safe
    return centre + torch.where(flat, linear(x, y, t), round_way)


def blend(
    places: Sequence[Tensor], weights: Sequence[float], centre: Tensor | None = None
) -> Tensor:
    """The mean of vectors by weights (of any sum above 0). With a centre: between two as
    `spherical`; between more the mean direction at the mean distance from it, which is the same
    for two of equal weight."""
    import torch

    total = sum(weights)
    shares = [weight / total for weight in weights]
    mean: Tensor = torch.stack([s * p for s, p in zip(shares, places, strict=True)]).sum(0)
    if centre is None:
        return mean
    if len(places) == 2:
        return spherical(places[0], places[1], shares[1], centre)
    away = [place - centre for place in places]
    lengths = [vector.norm(dim=-1, keepdim=True) for vector in away]
    units = [vector / length.clamp_min(1e-12) for vector, length in zip(away, lengths, strict=True)]
    direction = torch.stack([s * u for s, u in zip(shares, units, strict=True)]).sum(0)
    length = torch.stack([s * n for s, n in zip(shares, lengths, strict=True)]).sum(0)
    norm = direction.norm(dim=-1, keepdim=True)
    round_mean = centre + direction / norm.clamp_min(1e-12) * length
    return torch.where(norm > FLAT, round_mean, mean)  # they point every way: no direction


def orthogonal(vector: Tensor, against: Sequence[Tensor]) -> Tensor:
    """The part of a vector (D,) along which none of the others moves: without its projection on
    what they span (found by QR, so they need not be orthogonal to each other)."""
    import torch

    if not against:
        return vector
    basis = torch.linalg.qr(torch.stack(list(against), 1)).Q
    left: Tensor = vector - basis @ (basis.T @ vector)
    return left


@dataclass(frozen=True)
class Trail:
    """Through stops (n, …, D), n of 2 or more, at a steady pace; with `loop` back to the first.
    `centre`: round between stops about it, else straight. Raises `BadInput` where all stops are
    the same."""

    stops: Tensor
    loop: bool
    centre: Tensor | None = None

    def __post_init__(self) -> None:
        if not self._lengths() or sum(self._lengths()) < 1e-6:
            raise BadInput("All places of this walk are the same; move one of them.")

    def _ends(self) -> list[tuple[Tensor, Tensor]]:
        stops = list(self.stops)
        return list(zip(stops, [*stops[1:], stops[0]] if self.loop else stops[1:], strict=False))

    def _lengths(self) -> list[float]:
        return [float((b - a).norm()) for a, b in self._ends()]

    def marks(self, frames: int) -> list[int]:
        """The frame at which each stop is reached, from 0 on."""
        lengths, steps = self._lengths(), frames if self.loop else frames - 1
        gone = [sum(lengths[:i]) / sum(lengths) for i in range(len(self.stops))]
        return [min(frames - 1, round(share * steps)) for share in gone]

    def at(self, frame: int, frames: int) -> Tensor:
        """Where frame `frame` of `frames` (2 or more) lies. Of a loop the one after the last would
        be the first again, so no frame is shown twice and none is skipped."""
        lengths = self._lengths()
        left = frame / (frames if self.loop else frames - 1) * sum(lengths)
        for (a, b), length in zip(self._ends(), lengths, strict=True):
            if left <= length and length > 0:
                t = left / length
                return linear(a, b, t) if self.centre is None else spherical(a, b, t, self.centre)
            left -= length
        return self.stops[0] if self.loop else self.stops[-1]  # past the end by a rounding
