"""Looks for the place whose picture comes nearest to a given one, by gradient descent.

A GAN has no encoder, so its search starts from the most similar thumbnail of the map; a VAE's
starts where its encoder points. Knows the space; knows no job and no file.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from genui.backends.latent_space import Space, to_pixels, to_tensor
from genui.pictures import Pixels

if TYPE_CHECKING:
    from torch import Tensor

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

    def nearest(self, image: Image.Image) -> Tensor:
        """The place (D,) of the thumbnail most like a picture of 64 × 64 pixels."""
        import torch

        small = np.asarray(image.resize((THUMB, THUMB), Image.Resampling.BOX), dtype=np.float32)
        away = torch.cdist(torch.from_numpy(small.reshape(1, -1)), self._pictures)
        return self._places[int(away.argmin())]


class Search:
    """Adam (Kingma and Ba 2015, 1412.6980) on one place, in standard deviations of the data, for
    pixels, their means over 4 × 4 pixels (so that a shifted edge still pulls) and edges. The place
    stays one vector: one for each layer would fit any picture, and no longer be an avatar's."""

    def __init__(self, space: Space, target: Image.Image, start: Tensor, steps: int) -> None:
        import torch

        self.space, self.steps = space, steps
        self.target = to_tensor(target)
        self.spread = space.spread.clamp_min(1e-3)
        self._away = ((start - space.centre) / self.spread).detach().clone().requires_grad_(True)
        self._adam = torch.optim.Adam([self._away], lr=RATE, betas=(0.9, 0.99))
        self._step = 0
        self.best, self.distance = start, math.inf
        self.distances: list[float] = []

    def step(self) -> Pixels:
        """One step more; the picture before it as bytes (64, 64, 3). Updates `best` and
        `distance`, the mean absolute error (0..2) there."""
        pixels: Pixels = to_pixels(self.space.run(self._advance))[0]
        return pixels

    def _advance(self) -> Tensor:
        import torch
        import torch.nn.functional as F

        turn = math.cos(math.pi / 2 * self._step / self.steps)
        for group in self._adam.param_groups:
            group["lr"] = RATE * turn
        with torch.enable_grad():
            at = self.space.centre + self.spread * self._away
            seen = self._draw(at[None])
            gap = seen - self.target
            pixels = gap.abs().mean()
            coarse = F.avg_pool2d(gap, 4).abs().mean()
            edges = gap.diff(dim=2).abs().mean() + gap.diff(dim=3).abs().mean()
            loss = pixels + coarse + edges + PULL * self._away.square().mean()
            self._adam.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
        drawn = seen.detach().clamp(-1, 1)
        distance = float((drawn - self.target).abs().mean())
        self.distances.append(round(distance, 4))
        if distance < self.distance:
            self.best, self.distance = at.detach().clone(), distance
        self._adam.step()
        self._step += 1
        return drawn

    def _draw(self, places: Tensor) -> Tensor:
        """As `Avatars.draw`, with gradients."""
        network = self.space.model.network
        if self.space.generator:
            return self.space.generator.synthesis(places)
        decoded: Tensor = network.decode(places)  # type: ignore[operator]
        return decoded
