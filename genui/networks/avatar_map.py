"""The map of a latent space: two dimensions in which every place, old or new, has a spot.

Knows nothing of what lies at a place, of training or of files."""

from __future__ import annotations

import torch
from torch import Tensor, nn

NEAR = 8  # stored places that say what lies at a spot


class Embedding(nn.Module):
    """A small network that puts places (B, latent) where their neighbours are, (B, 2), about 0..1:
    parametric UMAP's (Sainburg et al. 2021, 2009.12981). `mean` and `spread` (latent) make the
    dimensions alike; `low` and `high` (2) bring what it finds to 0..1."""

    mean: Tensor
    spread: Tensor
    low: Tensor
    high: Tensor

    def __init__(self, latent: int, width: int = 128) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(latent, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(),
            nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 2),
        )  # fmt: skip
        for name, value in (("mean", 0.0), ("spread", 1.0)):
            self.register_buffer(name, torch.full((latent,), value))
        for name, value in (("low", 0.0), ("high", 1.0)):
            self.register_buffer(name, torch.full((2,), value))

    def raw(self, places: Tensor) -> Tensor:
        """(B, latent) → (B, 2) before it is brought to 0..1."""
        found: Tensor = self.layers((places - self.mean) / self.spread)
        return found

    def forward(self, places: Tensor) -> Tensor:
        """(B, latent) → (B, 2), 0..1 for most of the data."""
        return (self.raw(places) - self.low) / (self.high - self.low)


def interpolate(spots: Tensor, places: Tensor, at: Tensor) -> Tensor:
    """What lies at spots `at` (B, 2) of a map: the mean of the places (N, latent) whose own spots
    (N, 2) are nearest, weighted by closeness (Shepard 1968), so that a stored spot gives its own
    place. `at` (B, 2) → (B, latent)."""
    near = torch.cdist(at, spots).topk(min(NEAR, len(spots)), 1, largest=False)
    weight = 1 / (near.values + 1e-6).square()
    weight = weight / weight.sum(1, keepdim=True)
    return (weight[:, :, None] * places[near.indices]).sum(1)
