"""`python -m genui.training distill`: from twenty guided steps to four plain ones or fewer.

Latent consistency distillation (Luo et al. 2023, 2310.04378): the student learns to jump from any
noisy latent to the clean one so that two neighbouring points of the guided teacher's path land on
the same picture. The guidance scale is an input of the student, so its slider stays."""

from __future__ import annotations

import argparse
import copy
from pathlib import Path

import numpy as np
import torch
from diffusers import LCMScheduler, UNet2DConditionModel
from torch import Tensor, nn

from genui.training.autoencoder import grid
from genui.training.diffusion import PROMPTS, Batch, Pairs, pipeline, plain_attention, scheduler
from genui.training.loop import Loop
from genui.training.scales import SCALES
from genui.training.text import encode

WIDTH = 256  # of the guidance embedding
STRIDE = 20  # training timesteps between two points of the teacher's path: 50 DDIM steps
GUIDANCE = (1.0, 7.0)
HUBER = 1e-3
SIGMA_DATA, TIME_SCALE = 0.5, 10.0  # of LCMScheduler's boundary scalings
EMA = 0.95  # of the target network


def guidance_embedding(w: Tensor, width: int = WIDTH) -> Tensor:
    """Sinusoids of `w` = guidance scale - 1, (B, `width`), as the pipeline computes them."""
    half = width // 2
    frequency = torch.exp(torch.arange(half, device=w.device) * -(np.log(10_000.0) / (half - 1)))
    angles = 1000.0 * w[:, None] * frequency[None]
    return torch.cat([angles.sin(), angles.cos()], 1)


def student_of(teacher: UNet2DConditionModel) -> UNet2DConditionModel:
    """The teacher with a guidance input that has no effect yet."""
    student = UNet2DConditionModel.from_config(dict(teacher.config), time_cond_proj_dim=WIDTH)
    student.load_state_dict(teacher.state_dict(), strict=False)
    nn.init.zeros_(student.time_embedding.cond_proj.weight)
    return student


class Consistency:
    """The distillation loss; holds teacher, target network and schedule."""

    def __init__(self, teacher: nn.Module, target: nn.Module, empty: Tensor) -> None:
        self.teacher, self.target = teacher, target
        self.device = next(target.parameters()).device
        self.empty = empty.to(self.device, torch.float32)
        alphas = scheduler().alphas_cumprod.to(self.device)
        self.alpha, self.sigma = alphas.sqrt(), (1 - alphas).sqrt()

    def _scales(self, steps: Tensor) -> tuple[Tensor, Tensor]:
        return self.alpha[steps].view(-1, 1, 1, 1), self.sigma[steps].view(-1, 1, 1, 1)

    def jump(
        self, network: nn.Module, noisy: Tensor, steps: Tensor, texts: Tensor, w: Tensor
    ) -> Tensor:
        """The consistency function: the clean latent that `network` sees behind `noisy`."""
        v = network(noisy, steps, texts, timestep_cond=guidance_embedding(w)).sample.float()
        alpha, sigma = self._scales(steps)
        time = (steps.float() * TIME_SCALE).view(-1, 1, 1, 1)
        skip = SIGMA_DATA**2 / (time**2 + SIGMA_DATA**2)
        out = time / (time**2 + SIGMA_DATA**2).sqrt()
        clean: Tensor = alpha * noisy - sigma * v
        return skip * noisy + out * clean

    @torch.no_grad()
    def back(
        self, noisy: Tensor, steps: Tensor, before: Tensor, texts: Tensor, w: Tensor
    ) -> Tensor:
        """One guided DDIM step of the teacher from `steps` to `before`."""
        empty = self.empty.expand_as(texts)
        both = self.teacher(
            torch.cat([noisy, noisy]), torch.cat([steps, steps]), torch.cat([texts, empty])
        ).sample.float()
        v, bare = both.chunk(2)
        v = v + w.view(-1, 1, 1, 1) * (v - bare)
        alpha, sigma = self._scales(steps)
        clean: Tensor = alpha * noisy - sigma * v
        noise: Tensor = alpha * v + sigma * noisy
        alpha, sigma = self._scales(before)
        return alpha * clean + sigma * noise

    def __call__(self, network: nn.Module, batch: Batch) -> dict[str, Tensor]:
        size = len(batch.latents)
        steps = torch.randint(1, 1000 // STRIDE + 1, (size,), device=self.device) * STRIDE - 1
        before = (steps - STRIDE).clamp(min=0)
        w = torch.empty(size, device=self.device).uniform_(*GUIDANCE) - 1
        alpha, sigma = self._scales(steps)
        noisy = alpha * batch.latents + sigma * torch.randn_like(batch.latents)
        made = self.jump(network, noisy, steps, batch.texts, w)
        with torch.no_grad():
            earlier = self.back(noisy, steps, before, batch.texts, w)
            wanted = self.jump(self.target, earlier, before, batch.texts, w)
            for mine, its in zip(self.target.parameters(), network.parameters(), strict=True):
                mine.lerp_(its.detach(), 1 - EMA)
        return {"loss": ((made - wanted).pow(2) + HUBER**2).sqrt().mean() - HUBER}


def main(arguments: list[str]) -> int:
    """Distil `base`, then write the diffusers folder `fast`; returns 0, or 3 when time ended it."""
    parser = argparse.ArgumentParser(prog="python -m genui.training distill", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("runs/stickers"), help="the run's folder")
    parser.add_argument("--scale", choices=SCALES, default="gpu")
    parser.add_argument("--minutes", type=float, default=1e9, help="stop after so long")
    parser.add_argument("--lr", type=float, default=1e-4, help="learning rate at its peak")
    chosen = parser.parse_args(arguments)
    scale, folder = SCALES[chosen.scale], chosen.out / "distill"
    torch.manual_seed(0)
    teacher = UNet2DConditionModel.from_pretrained(
        chosen.out / "base" / "unet", torch_dtype=torch.float32
    )
    student = student_of(teacher)
    target = copy.deepcopy(student)
    loop = Loop(
        student, folder, images=scale.lcm_images, batch=scale.lcm_batch, lr=chosen.lr,
        minutes=chosen.minutes, decay=0.99, weight_decay=0.0,
    )  # fmt: skip
    teacher = teacher.to(loop.device).eval().requires_grad_(False)
    target.load_state_dict(loop.accelerator.unwrap_model(loop.network).state_dict())
    target = target.to(loop.device).requires_grad_(False)
    for network in (teacher, target, loop.accelerator.unwrap_model(loop.network)):
        plain_attention(network, loop.device)
    drawing = pipeline(chosen.out, loop.accelerator.unwrap_model(loop.network))
    drawing.scheduler = LCMScheduler.from_config(scheduler().config)
    drawing.set_progress_bar_config(disable=True)
    drawing.to(loop.device)
    empty = encode(drawing.tokenizer, drawing.text_encoder, [""])[0]
    pairs = Pairs(chosen.out / "train" / "latents.safetensors", empty, loop.device)

    def report() -> dict[str, float]:
        rows = []
        for steps in (1, 2, 4):
            made = drawing(
                list(PROMPTS), num_inference_steps=steps, guidance_scale=4.0, output_type="np",
                generator=[torch.Generator().manual_seed(i) for i in range(len(PROMPTS))],
            ).images  # fmt: skip
            rows.append((made * 255).round().astype(np.uint8))
        grid(rows, folder / f"{loop.step:06}.png")
        return {}

    every = max(100, scale.lcm_images // scale.lcm_batch // 8)
    consistency = Consistency(teacher, target, empty)
    loop.run(pairs.batches(loop.part, loop.seed, dropped=0.0), consistency, report, every)
    if not loop.accelerator.is_main_process:
        return 0
    done = pipeline(chosen.out, loop.averaged())
    done.scheduler = LCMScheduler.from_config(scheduler().config)
    done.to(torch.float16).save_pretrained(chosen.out / "fast")
    return 0 if loop.done else 3
