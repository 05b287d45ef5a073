"""A start that spares the GAN most of its way: its synthesis network first learns to draw, as the
decoder of a VAE (the two share a network in Larsen et al. 2016, 1512.09300), and its mapping
network begins as the identity, so that the first pictures are already faces. What the encoder
learned is thrown away. Knows nothing of discriminators."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from genui.networks.avatar_gan import CALM, GAIN, Generator, Linear, Styled
from genui.networks.avatar_vae import AvatarVAE
from genui.training.latent.album import Album
from genui.training.latent.vae import BETA, Repeating
from genui.training.loop import Loop

AWAY = 4.0  # deviations from where the mapping's activations bend: within them it is linear


class Drawing(nn.Module):
    """An encoder and the generator's synthesis network: a VAE over w - `AWAY`."""

    def __init__(self, generator: Generator, width: int) -> None:
        super().__init__()
        self.eye, self.generator = AvatarVAE(generator.latent, width), generator
        del self.eye.decoder, self.eye.from_latent

    def forward(self, images: Tensor, noise: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """As `AvatarVAE.forward`: pictures (B, 3, 64, 64) and noise (B, latent) → what is drawn,
        mean, log variance."""
        mean, log_variance = self.eye.encode(images)
        place = mean + (log_variance / 2).exp() * noise
        return self.generator.synthesis(place + AWAY), mean, log_variance


@torch.no_grad()
def straighten(generator: Generator) -> None:
    """Make w = z + `AWAY` (z of length √latent), and styles that start as if w were z."""
    for i, layer in enumerate(generator.mapping):
        assert isinstance(layer, Linear)
        layer.weight.copy_(torch.eye(generator.latent) / (layer.gain * GAIN))
        layer.bias.fill_(AWAY / (CALM * GAIN) if i == 0 else 0.0)
    for module in generator.modules():
        if isinstance(module, Styled):
            style = module.style
            style.bias -= AWAY * style.gain / style.speed * style.weight.sum(1)


def warm(generator: Generator, train: Album, folder: Path, width: int, **settings: Any) -> bool:
    """Teach a fresh generator to draw; goes on from the checkpoint in `folder`. width: of the
    encoder; settings: as of `Loop` (images, batch, minutes). Returns whether all were seen."""
    straighten(generator)
    drawing = Drawing(generator, width)
    loop = Loop(drawing, folder, lr=2e-3, decay=0.99, weight_decay=0.0, **settings)
    stream = train.batches(loop.batch, loop.step, loop.device)
    loop.run(stream, Repeating(loop, BETA, generator.latent))
    loop.averaged()  # leaves its weights in the generator
    return loop.done
