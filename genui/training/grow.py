"""A larger denoiser that begins with what a smaller one knows. Knows nothing of training."""

from __future__ import annotations

import re

import torch
from diffusers import UNet2DConditionModel
from torch import Tensor

STEPS = 1000  # timesteps that both embed
CALM = 1.0  # weight of the ridge


@torch.no_grad()
def grow(small: UNet2DConditionModel, large: UNet2DConditionModel) -> None:
    """Give the untrained `large` the weights of `small`, whose resolutions are its inner ones: it
    has one finer resolution around them, for latents of twice the side. What changes its width is
    copied as far as it reaches; the layers that touch latents stay new."""
    old, new = small.state_dict(), large.state_dict()
    for name, weight in new.items():
        source = re.sub(r"^down_blocks\.(\d+)", lambda m: f"down_blocks.{int(m[1]) - 1}", name)
        if source in old and not name.startswith(("conv_in", "conv_out", "conv_norm_out")):
            shapes = zip(old[source].shape, weight.shape, strict=True)
            reach = tuple(slice(min(lengths)) for lengths in shapes)
            weight[reach] = old[source][reach]
    _embed_time_alike(small, large)


def _embed_time_alike(small: UNet2DConditionModel, large: UNet2DConditionModel) -> None:
    """Fit the first layer of the time embedding to what it was on other sinusoids, by ridge
    regression: these are so alike that plain least squares answers with weights of millions, which
    half precision turns into noise."""
    steps = torch.arange(STEPS)
    first = small.time_embedding.linear_1
    wanted = first(small.time_proj(steps).to(first.weight.dtype)).double()
    waves: Tensor = large.time_proj(steps).double()
    waves = torch.cat([waves, torch.ones(STEPS, 1, dtype=torch.double)], 1)
    calm = CALM * torch.eye(waves.shape[1], dtype=torch.double)
    found = torch.linalg.solve(waves.T @ waves + calm, waves.T @ wanted)
    large.time_embedding.linear_1.weight.copy_(found[:-1].T)
    large.time_embedding.linear_1.bias.copy_(found[-1])
