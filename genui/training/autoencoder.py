"""`python -m genui.training autoencoder`: the autoencoder whose latents the image model draws in.

A small AutoencoderKL trained on the drawn scenes with an L1 and a squared error on pixels (the
median alone is content with brown for a long time), an L1 error on their edges at three scales
(flat art is all edges) and a KL weight of 1e-6 (Rombach et al. 2022, 2112.10752)."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL
from diffusers.models.resnet import ResnetBlock2D
from PIL import Image
from torch import Tensor, nn

from genui.training import pictures
from genui.training.loop import Loop
from genui.training.scales import SCALES, Scale

KL = 1e-6
EDGES = 1.0  # weight of the edge losses
SURE = -5.0  # log variance of a latent at the start


def build(scale: Scale) -> AutoencoderKL:
    """The untrained autoencoder of a scale: RGB in -1..1, 4 latent channels.

    It starts almost linear (the second convolution of each residual is zero) and almost sure of
    its latents, since learning under unit noise wastes the first thousands of steps. Few groups
    in the norms: one of two channels would leave of a flat colour nothing but a sign."""
    network = AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * len(scale.vae),
        up_block_types=("UpDecoderBlock2D",) * len(scale.vae),
        block_out_channels=scale.vae,
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=2,
        mid_block_add_attention=False,
        sample_size=128,
    )
    for module in network.modules():
        if isinstance(module, ResnetBlock2D):
            nn.init.zeros_(module.conv2.weight)
    with torch.no_grad():
        network.quant_conv.bias[4:] = SURE
    return network


def to_network(rgb: np.ndarray) -> Tensor:
    """uint8 (N, H, W, 3) → float (N, 3, H, W) in -1..1."""
    return torch.from_numpy(np.array(rgb)).permute(0, 3, 1, 2).float() / 127.5 - 1


def to_pixels(images: Tensor) -> np.ndarray:
    """float (N, 3, H, W) in -1..1 → uint8 (N, H, W, 3)."""
    scaled = (images.float().clamp(-1, 1) + 1) * 127.5
    return scaled.round().byte().permute(0, 2, 3, 1).cpu().numpy()


def edge_loss(made: Tensor, real: Tensor) -> Tensor:
    """Mean absolute difference of horizontal and vertical gradients at scales 1, 1/2 and 1/4."""
    total = made.new_zeros(())
    for _ in range(3):
        for dim in (-1, -2):
            total = total + (made.diff(dim=dim) - real.diff(dim=dim)).abs().mean()
        made, real = F.avg_pool2d(made, 2), F.avg_pool2d(real, 2)
    return total


def loss(network: Any, images: Tensor) -> dict[str, Tensor]:
    """Reconstruction through a sampled latent, plus the KL divergence per picture."""
    posterior = network.encode(images).latent_dist
    made = network.decode(posterior.sample()).sample.float()
    pixels, edges = (made - images).abs().mean(), edge_loss(made, images)
    squares, kl = (made - images).square().mean(), posterior.kl().mean()
    return {
        "loss": pixels + squares + EDGES * edges + KL * kl,
        "l1": pixels, "l2": squares, "edges": edges, "kl": kl,
    }  # fmt: skip


def batches(
    drawn: pictures.Drawn, scale: Scale, seed: int, device: torch.device
) -> Iterator[Tensor]:
    """Random pictures without end. Most batches are cut to windows of `scale.crop` pixels: an edge
    is learnt as well from a part, at a fraction of the cost; every eighth batch is whole, and
    as much smaller."""
    rng = np.random.default_rng(seed)
    side, turn = drawn.pictures.shape[1], 0
    while True:
        turn += 1
        crop = scale.crop if turn % 8 else side
        size = max(1, scale.vae_batch * scale.crop**2 // crop**2)
        chosen = np.sort(rng.integers(0, len(drawn.pictures), size))
        corners = rng.integers(0, side - crop + 1, (size, 2))
        windows = [
            drawn.pictures[row, y : y + crop, x : x + crop]
            for row, (y, x) in zip(chosen, corners, strict=True)
        ]
        yield to_network(np.stack(windows)).to(device, memory_format=torch.channels_last)


def grid(rows: list[np.ndarray], path: Path) -> None:
    """Write rows of pictures (each (N, H, W, 3) uint8) as one PNG."""
    Image.fromarray(np.concatenate([np.concatenate(list(row), 1) for row in rows], 0)).save(path)


def main(arguments: list[str]) -> int:
    """Train, then write the diffusers folder `vae`; returns 0, or 3 when time ended it early."""
    parser = argparse.ArgumentParser(
        prog="python -m genui.training autoencoder", description=__doc__
    )
    parser.add_argument("--out", type=Path, default=Path("runs/stickers"), help="the run's folder")
    parser.add_argument("--scale", choices=SCALES, default="gpu")
    parser.add_argument("--minutes", type=float, default=1e9, help="stop after so long")
    parser.add_argument("--start", type=Path, help="weights to start from: a folder like `vae`")
    parser.add_argument("--lr", type=float, default=1.2e-3, help="learning rate at its peak")
    parser.add_argument(
        "--decoder", action="store_true",
        help="with --start: teach the decoder alone, so that a trained denoiser still fits",
    )  # fmt: skip
    chosen = parser.parse_args(arguments)
    if chosen.decoder and not chosen.start:
        parser.error("--decoder goes on from weights; name them with --start")
    scale, folder = SCALES[chosen.scale], chosen.out / "autoencoder"
    torch.manual_seed(0)
    train, held = pictures.read(chosen.out / "train"), pictures.read(chosen.out / "held")
    start = AutoencoderKL.from_pretrained(chosen.start) if chosen.start else build(scale)
    if chosen.decoder:
        start.encoder.requires_grad_(False)
        start.quant_conv.requires_grad_(False)
    loop = Loop(
        start, folder, images=scale.vae_images, batch=scale.vae_batch, lr=chosen.lr,
        minutes=chosen.minutes, decay=0.999, weight_decay=0.0,
    )  # fmt: skip
    shown = to_network(held.pictures[:64]).to(loop.device)

    def report() -> dict[str, float]:
        made = loop.network.decode(loop.network.encode(shown).latent_dist.mode()).sample
        grid([to_pixels(shown[:12]), to_pixels(made[:12])], folder / f"{loop.step:06}.png")
        mse = F.mse_loss(made.float().clamp(-1, 1), shown) / 4
        return {"held psnr dB": float(-10 * torch.log10(mse))}

    loop.run(batches(train, scale, loop.step, loop.device), loss, report, every=500)
    network = loop.averaged()
    assert isinstance(network, AutoencoderKL)
    if not chosen.decoder:
        with torch.no_grad():
            latents = network.encode(to_network(train.pictures[:256])).latent_dist.mode()
        network.register_to_config(scaling_factor=float(1 / latents.std()))
    network.save_pretrained(chosen.out / "vae")
    return 0 if loop.done else 3
