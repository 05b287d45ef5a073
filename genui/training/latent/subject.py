"""A trained model as its examiners see it: places in its latent space, the pictures there, and what
the judge says of them. The same for a VAE and a GAN. Knows nothing of files beyond opening them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from genui.networks import avatar_folder as files
from genui.networks.avatar_gan import Discriminator, Generator
from genui.networks.avatar_vae import AvatarVAE
from genui.training.autoencoder import to_network, to_pixels
from genui.training.judge import Seen, Trained
from genui.training.latent import judge as judging
from genui.training.latent.album import Album, Pictures

BATCH = 250


@dataclass(frozen=True)
class Subject:
    """The networks on one device, with the judge. Places are (N, latent) on the CPU."""

    config: files.Config
    network: AvatarVAE | Generator
    discriminator: Discriminator | None
    judge: Trained
    device: torch.device

    @classmethod
    def open(cls, folder: Path, judge: Path) -> Subject:
        """From a model's folder and the judge's."""
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        config, network, discriminator = files.read_network(folder)
        rival = discriminator.to(device) if discriminator else None
        return cls(config, network.to(device), rival, judging.load(judge, device), device)

    @torch.no_grad()
    def prior(self, count: int, seed: int) -> Tensor:
        """Places sampled as the model samples them: z of a VAE, w of a GAN."""
        rng = torch.Generator().manual_seed(seed)
        z = torch.randn(count, self.config.latent, generator=rng)
        if isinstance(self.network, Generator):
            return self.network.map(z.to(self.device)).cpu()
        return z

    def data(self, album: Album, count: int, seed: int) -> Tensor:
        """Places of the data: where a VAE sees the first `count` avatars; of a GAN, which cannot
        see, places of its prior."""
        if isinstance(self.network, Generator):
            return self.prior(count, seed)
        return self.encode(album.pictures[:count])[0]

    @torch.no_grad()
    def encode(self, pictures: Pictures) -> tuple[Tensor, Tensor]:
        """Means and log variances (N, latent) of a VAE for pictures (N, 64, 64, 3)."""
        assert isinstance(self.network, AvatarVAE)
        parts = [
            self.network.encode(to_network(pictures[i : i + BATCH]).to(self.device))
            for i in range(0, len(pictures), BATCH)
        ]
        means, variances = zip(*parts, strict=True)
        return torch.cat(means).cpu(), torch.cat(variances).cpu()

    @torch.no_grad()
    def images(self, places: Tensor) -> Tensor:
        """What lies at a few places (N, latent): (N, 3, 64, 64) in -1..1, on the device."""
        places = places.to(self.device)
        if isinstance(self.network, Generator):
            return self.network.synthesis(places).clamp(-1, 1)
        return self.network.decode(places).clamp(-1, 1)

    def draw(self, places: Tensor) -> Pictures:
        """What lies at places (N, latent): (N, 64, 64, 3)."""
        return np.concatenate([to_pixels(self.images(some)) for some in torch.split(places, BATCH)])

    def look(self, places: Tensor) -> Seen:
        """What the judge says of the pictures at places."""
        return self.judge.look(self.draw(places))

    @torch.no_grad()
    def score(self, pictures: Pictures) -> Tensor:
        """The discriminator's scores (N,) of pictures (N, 64, 64, 3)."""
        assert self.discriminator is not None
        parts = [
            self.discriminator(to_network(pictures[i : i + BATCH]).to(self.device))
            for i in range(0, len(pictures), BATCH)
        ]
        return torch.cat(parts).cpu()


def answered(seen: Seen) -> dict[str, Tensor]:
    """Head → the number of the judge's answer (N,)."""
    return {head: scores.argmax(1) for head, scores in seen.scores.items()}
