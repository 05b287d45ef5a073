"""`python -m genui.training avatar-gan`: train the GAN whose space of styles is explored.

A small StyleGAN2 against a discriminator without batch statistics, by `loop.Duel`. Half of what the
discriminator sees is moved a little; nothing is mirrored, as two of the three styles look to one
side."""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from torch import Tensor

from genui.networks import avatar_folder as files
from genui.networks.avatar_gan import Discriminator, Generator
from genui.training.autoencoder import grid, to_pixels
from genui.training.latent import album
from genui.training.latent.scales import GAN_LATENT, SCALES
from genui.training.loop import Duel

GAMMA = 1.0
SHIFT = 4  # pixels, at most
LEARNING = 2e-3
MEAN_OF = 20_000  # z whose w are averaged for truncation
SHOWN = (4, 12)  # rows and columns of the grid


def moved(images: Tensor) -> Tensor:
    """Half of the pictures (N, 3, H, W), moved by up to SHIFT pixels; their edges fill the gap."""
    n, _, height, width = images.shape
    by = torch.randint(-SHIFT, SHIFT + 1, (2, n, 1), device=images.device)
    by = by * torch.randint(2, (n, 1), device=images.device)
    rows = (torch.arange(height, device=images.device) + by[0]).clamp(0, height - 1)
    columns = (torch.arange(width, device=images.device) + by[1]).clamp(0, width - 1)
    images = images.gather(2, rows[:, None, :, None].expand_as(images))
    return images.gather(3, columns[:, None, None, :].expand_as(images))


@torch.no_grad()
def mean_w(generator: Generator, count: int = MEAN_OF) -> Tensor:
    """The mean of w over `count` z, (latent,), the same each time."""
    rng = torch.Generator().manual_seed(1)
    device = generator.mean_w.device
    z = torch.randn(count, generator.latent, generator=rng).to(device)
    return generator.map(z).mean(0)


def main(arguments: list[str]) -> int:
    """Train, then write the folder `avatars-gan` (config and weights); returns 0, or 3 when time
    ended it early."""
    parser = argparse.ArgumentParser(
        prog="python -m genui.training avatar-gan", description=__doc__
    )
    parser.add_argument("--data", type=Path, default=Path("data/avatars"), help="the albums")
    parser.add_argument("--out", type=Path, default=Path("runs/avatars"), help="the run's folder")
    parser.add_argument("--scale", choices=SCALES, default="gpu")
    parser.add_argument("--minutes", type=float, default=1e9, help="stop after so long")
    parser.add_argument("--gamma", type=float, default=GAMMA, help="weight of gradient penalties")
    chosen = parser.parse_args(arguments)
    scale, folder = SCALES[chosen.scale], chosen.out / "training" / "avatars-gan"
    train = album.read(chosen.data / "train")
    torch.manual_seed(0)
    discriminator = Discriminator(scale.gan_width)
    loop = Duel(
        Generator(GAN_LATENT, scale.gan_width), discriminator, folder, latent=GAN_LATENT,
        gamma=chosen.gamma, lr=LEARNING, augment=moved, images=scale.gan_images,
        batch=scale.gan_batch, minutes=chosen.minutes, decay=0.999,
    )  # fmt: skip
    rows, columns = SHOWN
    noise = torch.randn(rows * columns, GAN_LATENT, generator=torch.Generator().manual_seed(0)).to(
        loop.device
    )

    def report() -> dict[str, float]:
        made = loop.network(noise)
        shown = to_pixels(made)
        grid([shown[i * columns : (i + 1) * columns] for i in range(rows)],
             folder / f"{loop.step:06}.png")  # fmt: skip
        return {"deviation": float(made.std(0).mean())}

    every = max(100, scale.gan_images // scale.gan_batch // 40)
    loop.play(train.batches(scale.gan_batch, loop.step, loop.device), report, every)
    generator = loop.averaged()
    assert isinstance(generator, Generator)
    generator.mean_w.copy_(mean_w(generator))
    rival = loop.accelerator.unwrap_model(loop.rival).to("cpu").eval()
    told = f"{len(train)} avatars, train, gamma {chosen.gamma:g}"
    config = files.Config("gan", GAN_LATENT, scale.gan_width, told, generator.layers)
    files.write_network(chosen.out / "avatars-gan", config, generator, rival)
    return 0 if loop.done else 3
