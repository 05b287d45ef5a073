"""Looks for the place whose picture comes nearest to a given one, by gradient descent.

A GAN has no encoder, so its search starts from the most similar thumbnails of the map; a VAE's
starts where its encoder points. Knows the space; knows no job and no file.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from genui.backends.latent_space import Space

if TYPE_CHECKING:
    from torch import Tensor

STARTS = 4  # drawn at once they take hardly longer than one, and some lead to dead ends
THUMB = 16  # pixels a side at which thumbnails are compared
RATE = 0.1  # standard deviations a step (Adam), falling to nothing
PULL = 2e-4  # how much a place is drawn toward the data's middle, against places nobody came from


class Thumbnails:
    """The pictures of the map's places, small enough to compare with all at once."""

    def __init__(self, space: Space) -> None:
        import torch

        from genui.networks.avatar_folder import ATLAS_COLUMNS, ATLAS_SIDE

        with Image.open(space.model.atlas) as atlas:
            small = np.asarray(atlas.convert("RGB").reduce(ATLAS_SIDE // THUMB), dtype=np.float32)
        rows = small.shape[0] // THUMB
        tiles = small.reshape(rows, THUMB, ATLAS_COLUMNS, THUMB, 3).transpose(0, 2, 1, 3, 4)
        flat = tiles.reshape(rows * ATLAS_COLUMNS, -1)[: len(space.model.map.places)]
        self._pictures = torch.from_numpy(np.ascontiguousarray(flat))
        self._places = space.model.map.places

    def nearest(self, image: Image.Image, count: int) -> Tensor:
        """The places (count, D) of the thumbnails most like a picture of 64 × 64 pixels, best
        first; fewer where there are no more."""
        import torch

        small = np.asarray(image.resize((THUMB, THUMB), Image.Resampling.BOX), dtype=np.float32)
        away = torch.cdist(torch.from_numpy(small.reshape(1, -1)), self._pictures)[0]
        return self._places[away.topk(min(count, len(away)), largest=False).indices]


class Search:
    """Adam (Kingma and Ba 2015, 1412.6980) on places, in standard deviations of the data, for
    pixels, their means over 4 × 4 pixels (so that a shifted edge still pulls) and edges. A place
    stays one vector: one for each layer would fit any picture, and no longer be an avatar's.

    Rows are searched side by side and do not touch each other: one picture from several starts, or
    several pictures. `best` (B, D) are the best places so far and `distance` (B,) how far they are
    off: the mean absolute error, 0..2."""

    def __init__(self, space: Space, targets: Tensor, starts: Tensor, steps: int) -> None:
        """targets: (1 or B, 3, 64, 64) in -1..1; starts: (B, D)."""
        import torch

        self.space, self.targets, self.steps = space, targets, steps
        self._spread = space.spread.clamp_min(1e-3)
        self._away = ((starts - space.centre) / self._spread).clone().requires_grad_(True)
        self._adam = torch.optim.Adam([self._away], lr=RATE, betas=(0.9, 0.99))
        self._step = 0
        self.best, self.distance = starts.clone(), torch.full((len(starts),), math.inf)

    def step(self) -> Tensor:
        """One step more, in the thread of the networks; the pictures (B, 3, 64, 64) before it."""
        return self.space.run(self._advance)

    def _advance(self) -> Tensor:
        import torch

        for group in self._adam.param_groups:
            group["lr"] = RATE * math.cos(math.pi / 2 * self._step / self.steps)
        with torch.enable_grad():
            at = self.space.centre + self._spread * self._away
            seen = self._draw(at)
            self._adam.zero_grad()
            self._loss(seen - self.targets).backward()  # type: ignore[no-untyped-call]
        drawn = seen.detach().clamp(-1, 1)
        distance = (drawn - self.targets).abs().mean((1, 2, 3))
        better = distance < self.distance
        self.best = torch.where(better[:, None], at.detach(), self.best)
        self.distance = torch.where(better, distance, self.distance)
        self._adam.step()
        self._step += 1
        return drawn

    def _loss(self, gap: Tensor) -> Tensor:
        """The sum over rows, so that a row's gradient does not depend on how many there are."""
        import torch.nn.functional as F

        wide, high = gap.diff(dim=3), gap.diff(dim=2)
        parts = [part.abs().mean((1, 2, 3)) for part in (gap, F.avg_pool2d(gap, 4), wide, high)]
        pull: Tensor = PULL * self._away.square().mean(1)
        return sum(parts, pull).sum()

    def _draw(self, places: Tensor) -> Tensor:
        """As `Avatars.draw`, with gradients and unclamped."""
        if self.space.generator:
            return self.space.generator.synthesis(places)
        network: Any = self.space.model.network
        decoded: Tensor = network.decode(places)
        return decoded
