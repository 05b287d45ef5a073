"""`python -m genui.training avatar-vae`: train the VAE whose latent space is explored.

The loss is an error of the picture (absolute and squared, and of its edges at three scales, as flat
art is all edges) plus `--beta` times the KL divergence, in nats a picture, warmed up over the first
fifth (Higgins et al. 2017; Bowman et al. 2016, 1511.06349). Dimensions that do not pay for
themselves fall silent, which `statistics.json` shows. `--data-set skewed` trains on the lopsided
album, all else equal."""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genui.networks import avatar_folder as files
from genui.networks.avatar_vae import AvatarVAE
from genui.training.autoencoder import EDGES, edge_loss, grid, to_network, to_pixels
from genui.training.latent import album
from genui.training.latent.scales import SCALES, VAE_LATENT
from genui.training.loop import Loop

BETA = 5e-4
WARM = 0.2  # share of the training in which beta rises
SHOWN = 12


def divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL divergence of N(mean, variance) from N(0, 1) for each number, in nats."""
    return (mean.square() + log_variance.exp() - 1 - log_variance) / 2


class Repeating:
    """The loss of the VAE; `loop` says how far the training is."""

    def __init__(self, loop: Loop, beta: float) -> None:
        self.loop, self.beta = loop, beta

    def __call__(self, network: nn.Module, images: Tensor) -> dict[str, Tensor]:
        noise = torch.randn(len(images), VAE_LATENT, device=images.device)
        made, mean, log_variance = network(images, noise)
        made = made.float()
        pixels, edges = (made - images).abs().mean(), edge_loss(made, images)
        squares = (made - images).square().mean()
        kl = divergence(mean.float(), log_variance.float()).sum(1).mean()
        beta = self.beta * min(1.0, self.loop.seen / (WARM * self.loop.images))
        return {
            "loss": pixels + squares + EDGES * edges + beta * kl,
            "l1": pixels, "l2": squares, "edges": edges, "kl": kl,
        }  # fmt: skip


def main(arguments: list[str]) -> int:
    """Train, then write the model's folder (config and weights); returns 0, or 3 when time ended
    it early."""
    parser = argparse.ArgumentParser(
        prog="python -m genui.training avatar-vae", description=__doc__
    )
    parser.add_argument("--data", type=Path, default=Path("data/avatars"), help="the albums")
    parser.add_argument("--out", type=Path, default=Path("runs/avatars"), help="the run's folder")
    parser.add_argument("--scale", choices=SCALES, default="gpu")
    parser.add_argument("--minutes", type=float, default=1e9, help="stop after so long")
    parser.add_argument("--data-set", choices=("train", "skewed"), default="train")
    parser.add_argument("--beta", type=float, default=BETA, help="weight of the KL divergence")
    parser.add_argument("--name", help="the model's folder; default: avatars-vae, or -vae-skewed")
    chosen = parser.parse_args(arguments)
    scale = SCALES[chosen.scale]
    skewed = chosen.data_set == "skewed"
    name = chosen.name or ("avatars-vae-skewed" if skewed else "avatars-vae")
    train, held = album.read(chosen.data / chosen.data_set), album.read(chosen.data / "held")
    torch.manual_seed(0)
    folder = chosen.out / "training" / name
    loop = Loop(
        AvatarVAE(VAE_LATENT, scale.vae_width), folder, images=scale.vae_images,
        batch=scale.vae_batch, lr=1e-3, minutes=chosen.minutes, decay=0.999, weight_decay=0.0,
    )  # fmt: skip
    shown = to_network(held.pictures[:96]).to(loop.device)
    prior = torch.randn(SHOWN, VAE_LATENT, generator=torch.Generator().manual_seed(0))

    def report() -> dict[str, float]:
        network = loop.accelerator.unwrap_model(loop.network)
        made = network.decode(network.encode(shown)[0]).clamp(-1, 1)
        sampled = network.decode(prior.to(loop.device))
        rows = [to_pixels(some[:SHOWN]) for some in (shown, made, sampled)]
        grid(rows, folder / f"{loop.step:06}.png")
        return {"held psnr dB": float(-10 * torch.log10(F.mse_loss(made, shown) / 4))}

    stream = train.batches(scale.vae_batch, loop.step, loop.device)
    every = max(100, scale.vae_images // scale.vae_batch // 20)
    loop.run(stream, Repeating(loop, chosen.beta), report, every)
    told = f"{len(train)} avatars, {chosen.data_set}, beta {chosen.beta:g}"
    config = files.Config("vae", VAE_LATENT, scale.vae_width, told)
    files.write_network(chosen.out / name, config, loop.averaged())
    return 0 if loop.done else 3
