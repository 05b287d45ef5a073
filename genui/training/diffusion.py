"""`python -m genui.training diffusion`: the denoiser, from text vectors to latents.

A UNet2DConditionModel that predicts v (Salimans and Ho 2022, 2202.00512) under a schedule with
zero terminal signal-to-noise ratio (Lin et al. 2023, 2305.08891), with less weight above a ratio of
5 (after Hang et al. 2023, 2303.09556), with a tenth of the captions left out for guidance without a
classifier (Ho and Salimans 2022, 2207.12598)."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    StableDiffusionPipeline,
    UNet2DConditionModel,
)
from diffusers.models.attention_processor import AttnProcessor
from safetensors import safe_open
from safetensors.torch import load_file
from torch import Tensor, nn
from transformers import BertConfig

from genui.training.autoencoder import grid
from genui.training.grow import grow
from genui.training.loop import Loop
from genui.training.scales import SCALES, Scale
from genui.training.text import encode, read

DROPPED = 0.1  # share of captions left out
GAMMA = 5.0  # signal-to-noise ratio above which a step counts less
PROMPTS = (
    "a red apple, 3d style", "a cat face", "a purple heart, flat style", "pizza, noto style",
    "a blue car, twemoji style", "a smiling face with sunglasses",
    "a rocket on a dark blue background", "a person with curly red hair and glasses, toon style",
    "a happy person with black hair, big smile style", "two cherries", "kitty", "a birthday cake",
)  # fmt: skip


def scheduler() -> DDIMScheduler:
    """The noise schedule that is trained, sampled and shipped."""
    return DDIMScheduler(
        num_train_timesteps=1000, beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear",
        prediction_type="v_prediction", rescale_betas_zero_snr=True, timestep_spacing="trailing",
        clip_sample=False, set_alpha_to_one=True, steps_offset=1,
    )  # fmt: skip


def build(scale: Scale, side: int, width: int) -> UNet2DConditionModel:
    """The untrained denoiser for 4 × `side` × `side` latents and text vectors of `width`."""
    return UNet2DConditionModel(
        sample_size=side, in_channels=4, out_channels=4, cross_attention_dim=width,
        block_out_channels=scale.unet, layers_per_block=1, attention_head_dim=4, norm_num_groups=16,
        time_embedding_dim=scale.unet[-1],
        down_block_types=tuple(
            "CrossAttnDownBlock2D" if seen else "DownBlock2D" for seen in scale.attention
        ),
        up_block_types=tuple(
            "CrossAttnUpBlock2D" if seen else "UpBlock2D" for seen in reversed(scale.attention)
        ),
    )  # fmt: skip


def plain_attention(unet: UNet2DConditionModel, device: torch.device) -> None:
    """On a CPU, attend by two matrix products: over so few tokens the fused kernel's backward pass
    takes twice as long."""
    if device.type == "cpu":
        unet.set_attn_processor(AttnProcessor())


@dataclass(frozen=True)
class Batch:
    """latents (B, 4, h, w) and texts (B, 32, 384), float32 on the device."""

    latents: Tensor
    texts: Tensor


class Pairs:
    """Latents with their text vectors, held in memory; `empty` is the vector of no caption."""

    def __init__(self, file: Path, empty: Tensor, device: torch.device) -> None:
        found = load_file(file)
        cuda = device.type == "cuda"
        self.latents = found["latents"].to(device if cuda else "cpu")
        self.texts = found["texts"].to(device if cuda else "cpu")
        self.empty, self.device = empty.to(self.latents.device), device

    def batches(self, size: int, seed: int, dropped: float = DROPPED) -> Iterator[Batch]:
        """Random pairs without end, some of them without their caption."""
        rng = torch.Generator(self.latents.device).manual_seed(seed)
        device = self.latents.device
        while True:
            rows = torch.randint(len(self.latents), (size,), generator=rng, device=device)
            bare = torch.rand(size, generator=rng, device=device) < dropped
            texts = torch.where(bare[:, None, None], self.empty, self.texts[rows])
            yield Batch(
                self.latents[rows].to(self.device, torch.float32),
                texts.to(self.device, torch.float32),
            )


class Denoising:
    """The loss of v-prediction over the schedule's timesteps."""

    def __init__(self, device: torch.device) -> None:
        self.noise = scheduler()
        self.alphas = self.noise.alphas_cumprod.to(device)

    def __call__(self, network: nn.Module, batch: Batch) -> dict[str, Tensor]:
        steps = torch.randint(1000, (len(batch.latents),), device=batch.latents.device)
        noise = torch.randn_like(batch.latents)
        return {"loss": self.of(network, batch, steps, noise)}

    def of(self, network: nn.Module, batch: Batch, steps: Tensor, noise: Tensor) -> Tensor:
        """The weighted error at the given timesteps and noise."""
        noisy = self.noise.add_noise(batch.latents, noise, steps)
        target = self.noise.get_velocity(batch.latents, noise, steps)
        made = network(noisy, steps, batch.texts).sample.float()
        snr: Tensor = self.alphas[steps] / (1 - self.alphas[steps])
        # Min-SNR's own weight for v would all but switch off the noisiest steps, and it is there
        # that words become shapes: only nearly clean latents count less.
        weight = (GAMMA / snr).clamp(max=1)
        errors: Tensor = (made - target).pow(2).mean((1, 2, 3))
        return (weight * errors).mean()


def pipeline(folder: Path, unet: UNet2DConditionModel) -> StableDiffusionPipeline:
    """The standard pipeline around a denoiser and the run's other parts, in fp32."""
    tokenizer, encoder = read(folder)
    vae = AutoencoderKL.from_pretrained(folder / "vae")
    for part, name in ((vae, "vae"), (unet, "unet")):  # or the folder they came from is kept
        part.register_to_config(_name_or_path=name)
    return StableDiffusionPipeline(
        vae=vae,
        text_encoder=encoder, tokenizer=tokenizer, unet=unet, scheduler=scheduler(),
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    )  # fmt: skip


def main(arguments: list[str]) -> int:
    """Train, then write the diffusers folder `base`; returns 0, or 3 when time ended it early."""
    parser = argparse.ArgumentParser(prog="python -m genui.training diffusion", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("runs/stickers"), help="the run's folder")
    parser.add_argument("--scale", choices=SCALES, default="gpu")
    parser.add_argument("--minutes", type=float, default=1e9, help="stop after so long")
    parser.add_argument("--lr", type=float, help="learning rate at its peak; default: the scale's")
    parser.add_argument("--start", type=Path, help="weights to start from: a folder like `unet`")
    parser.add_argument("--grow", type=Path, help="a denoiser of one resolution less to start from")
    chosen = parser.parse_args(arguments)
    scale, folder = SCALES[chosen.scale], chosen.out / "diffusion"
    torch.manual_seed(0)
    with safe_open(chosen.out / "train" / "latents.safetensors", "pt") as file:
        side = file.get_slice("latents").get_shape()[-1]
    width = BertConfig.from_pretrained(chosen.out / "text_encoder").hidden_size
    start = (
        UNet2DConditionModel.from_pretrained(chosen.start, torch_dtype=torch.float32)
        if chosen.start
        else build(scale, side, width)
    )
    if chosen.grow:
        grow(UNet2DConditionModel.from_pretrained(chosen.grow, torch_dtype=torch.float32), start)
    loop = Loop(
        start, folder, images=scale.unet_images, batch=scale.unet_batch,
        lr=chosen.lr or scale.unet_lr, minutes=chosen.minutes,
    )  # fmt: skip
    network = loop.accelerator.unwrap_model(loop.network)
    plain_attention(network, loop.device)
    drawing = pipeline(chosen.out, network)
    drawing.set_progress_bar_config(disable=True)
    drawing.to(loop.device)
    empty = encode(drawing.tokenizer, drawing.text_encoder, [""])[0]
    train = Pairs(chosen.out / "train" / "latents.safetensors", empty, loop.device)
    held = Pairs(chosen.out / "held" / "latents.safetensors", empty, loop.device)
    denoising = Denoising(loop.device)

    def report() -> dict[str, float]:
        losses = {}
        for name, pairs in (("train loss", train), ("held loss", held)):
            fixed = torch.Generator(loop.device).manual_seed(1)
            batch = next(pairs.batches(256, 1, dropped=0))
            steps = torch.randint(1000, (256,), generator=fixed, device=loop.device)
            noise = torch.randn(batch.latents.shape, generator=fixed, device=loop.device)
            losses[name] = float(denoising.of(network, batch, steps, noise))
        made = drawing(
            list(PROMPTS), num_inference_steps=20, guidance_scale=4.0, output_type="np",
            generator=[torch.Generator().manual_seed(i) for i in range(len(PROMPTS))],
        ).images  # fmt: skip
        shown = (made * 255).round().astype(np.uint8)
        grid([shown[:6], shown[6:]], folder / f"{loop.step:06}.png")
        return losses

    every = max(200, scale.unet_images // scale.unet_batch // 10)
    loop.run(train.batches(loop.part, loop.seed), denoising, report, every=every)
    if not loop.accelerator.is_main_process:
        return 0
    unet = loop.averaged()
    done = pipeline(chosen.out, unet).to(torch.float16)
    done.save_pretrained(chosen.out / "base")
    return 0 if loop.done else 3
