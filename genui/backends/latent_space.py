"""An avatar model with its latent space: requests become tensors here, and tensors pictures.

Knows the networks and the meaning of a place; knows no job, no file format and no page.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from PIL import Image

from genui.backends.latent import SIDE, Mix, Place, Way
from genui.backends.latent_geometry import blend, orthogonal
from genui.errors import BadInput
from genui.pictures import Pixels

if TYPE_CHECKING:
    from torch import Tensor

    from genui.networks.avatar_folder import Avatars

T = TypeVar("T")
LIMIT = 20.0  # as `latent.Coordinate`
CHUNK = 32  # pictures drawn at a time, so that others wait a fraction of a second


@dataclass(frozen=True)
class Seen:
    """What places look like, one entry each: pixels (n, 64, 64, 3), places (n, D), spots on both
    maps (n, 2, 2), how far from the data, the discriminator's scores (None without one), and
    head → (answer, probability)."""

    pixels: Pixels
    places: Tensor
    spots: Tensor
    far: list[float]
    scores: list[float] | None
    attributes: list[dict[str, tuple[str, float]]]


class Space:
    """The latent space of a model.

    A place is resolved to (layers, D), one vector for each layer; a VAE has one layer. Networks run
    in a single thread, in turn for whoever asks: two at once would only share the same cores."""

    def __init__(self, model: Avatars) -> None:
        import torch

        from genui.networks.avatar_gan import Generator

        self.model = model
        self.size, self.layers = model.config.latent, max(1, model.config.layers)
        network = model.network
        self.generator = network if isinstance(network, Generator) else None
        # where the prior of a VAE and the truncation of a GAN have their middle
        self.centre: Tensor = self.generator.mean_w if self.generator else torch.zeros(self.size)
        self.spread = torch.tensor(model.statistics.spread)
        self.vectors = {direction.name: direction.vector for direction in model.directions}
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="latent")

    def close(self) -> None:
        """End the thread."""
        self._worker.shutdown()

    def run(self, work: Callable[[], T]) -> T:
        """`work` in the thread of the networks, after what others asked before."""
        return self._worker.submit(work).result()

    # --- places -----------------------------------------------------------------------------

    def vector(self, at: Sequence[float]) -> Tensor:
        """Coordinates as (D,); raises `BadInput` for another number of them."""
        import torch

        if len(at) != self.size:
            raise BadInput(f"A place of this model has {self.size} coordinates, not {len(at)}.")
        return torch.tensor(at, dtype=torch.float32)

    def direction(self, name: str) -> Tensor:
        """The vector (D,) of a direction; raises `BadInput` naming the known ones."""
        if name not in self.vectors:
            known = ", ".join(self.vectors)
            raise BadInput(f"There is no direction “{name}” here; use one of: {known}.")
        return self.vectors[name]

    def where(self, place: Place, truncation: float = 1.0) -> Tensor:
        """A place with its moves and mix carried out, and drawn toward the centre: (layers, D)."""
        at = self.vector(place.at).expand(self.layers, -1).clone()
        if place.mix:
            at[self._first_mixed(place.mix) :] = self.vector(place.mix.other)
        held = [self.direction(name) for name in place.locked]
        for name, amount in place.moves.items():
            vector = self.direction(name)
            # a direction that is locked itself may still be moved: the others must not touch it
            at += amount * (vector if name in place.locked else orthogonal(vector, held))
        return self.centre + truncation * (at - self.centre)

    def _first_mixed(self, mix: Mix) -> int:
        if not self.generator:
            raise BadInput("Only a GAN mixes styles by layer; choose one, or take the mix away.")
        if mix.from_layer >= self.layers:
            raise BadInput(f"Mixing starts at one of the layers 0 to {self.layers - 1}.")
        return mix.from_layer

    def said(self, at: Tensor, other: Tensor | None = None, from_layer: int = 0) -> dict[str, Any]:
        """A place as JSON: coordinates (D,) in whole thousandths, as `latent` promises."""
        place: dict[str, Any] = {"at": thousandths(at)}
        if other is not None:
            place["mix"] = {"with": thousandths(other), "from_layer": from_layer}
        return place

    def between(
        self, places: Sequence[Place], weights: Sequence[float], way: Way
    ) -> dict[str, Any]:
        """The place at the weighted mean of others. Raises `BadInput` where they mix at different
        layers, since then no one mix lies between them."""
        starts = {place.mix.from_layer for place in places if place.mix}
        if len(starts) > 1:
            raise BadInput("These places mix styles from different layers on; use the same layer.")
        first = starts.pop() if starts else None
        found = [self.where(place) for place in places]
        mean = blend(found, weights, self.centre if way == "spherical" else None)
        if first is None:
            return self.said(mean[0])
        if first == 0:
            return self.said(mean[-1])
        return self.said(mean[0], mean[-1], first)

    def prior(self, count: int, seed: int) -> Tensor:
        """Places (count, D) drawn from the prior; fewer from one seed are the first of more."""
        import torch

        drawn = np.random.default_rng(seed).standard_normal((count, self.size), dtype=np.float32)
        z = torch.from_numpy(drawn)
        if not self.generator:
            return z
        # alone each, or the same seed would give another last digit in a larger batch
        return torch.cat([self.generator.map(one[None]) for one in z])

    # --- pictures ---------------------------------------------------------------------------

    def draw(self, places: Tensor) -> Pixels:
        """Resolved places (n, layers, D) → RGB bytes (n, 64, 64, 3); n alone gives other last
        digits than n at once, so what must repeat is always drawn in the same company."""
        return self.run(lambda: to_pixels(self._images(places)))

    def see(self, places: Tensor) -> Seen:
        """Draw resolved places (n, layers, D) and look at them in every way."""
        return self.run(lambda: self._see(places))

    def _images(self, places: Tensor) -> Tensor:
        return self.model.draw(places if self.generator else places[:, 0])

    def _see(self, places: Tensor) -> Seen:
        import torch

        with torch.no_grad():
            images, at = self._images(places), places[:, 0]
            critic = self.model.discriminator
            return Seen(
                to_pixels(images), at, self.model.map.spots(at), self.model.far(at),
                critic(images).tolist() if critic else None, self._attributes(images),
            )  # fmt: skip

    def _attributes(self, images: Tensor) -> list[dict[str, tuple[str, float]]]:
        named: list[dict[str, tuple[str, float]]] = [{} for _ in images]
        for head, scores in self.model.judge(images).items():
            best = scores.softmax(1).max(1)
            for one, share, number in zip(named, *(b.tolist() for b in best), strict=True):
                one[head] = (self.model.classes[head][number], round(share, 3))
        return named


def thousandths(vector: Tensor) -> list[float]:
    """Coordinates as JSON: whole thousandths within the bounds of a place."""
    return [round(value, 3) for value in vector.clamp(-LIMIT, LIMIT).tolist()]


def to_pixels(images: Tensor) -> Pixels:
    """(n, 3, H, W) in -1..1 → bytes (n, H, W, 3)."""
    import torch

    bytes_ = ((images + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
    found: Pixels = bytes_.permute(0, 2, 3, 1).contiguous().numpy()
    return found


def to_tensor(image: Image.Image) -> Tensor:
    """An RGB picture of 64 × 64 pixels → (1, 3, 64, 64) in -1..1."""
    import torch

    pixels = torch.from_numpy(np.array(image, dtype=np.float32))
    return (pixels / 127.5 - 1).permute(2, 0, 1)[None].contiguous()


def enlarged(pixels: Pixels, scale: int) -> Image.Image:
    """Bytes (64, 64, 3) as a picture of 64 × scale pixels a side."""
    image = Image.fromarray(pixels)
    if scale == 1:
        return image
    return image.resize((SIDE * scale, SIDE * scale), Image.Resampling.BICUBIC)
