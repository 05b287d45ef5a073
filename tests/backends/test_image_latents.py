"""The arithmetic under the pictures: previews, noises, and what schedulers expect."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from diffusers.configuration_utils import FrozenDict
from torch.nn import functional

from genui.backends import latents, schedulers, taps
from genui.errors import BadInput

FLOW = {"num_train_timesteps": 1000, "shift": 3.0}
NOISE = {
    "beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012,
    "timestep_spacing": "trailing", "steps_offset": 1, "clip_sample": False,
}  # fmt: skip


class Linear(torch.nn.Module):
    """An autoencoder whose encoder averages patches and mixes their colours: what a linear map
    can undo, so that previews can be checked against the truth."""

    def __init__(self, channels: int, **config: Any) -> None:
        super().__init__()
        draw = torch.Generator().manual_seed(1)
        self.mix = torch.nn.Parameter(torch.randn(channels, 3, generator=draw))
        self.device = torch.device("cpu")
        self.config = FrozenDict(
            {"block_out_channels": (1, 1, 1, 1), "latent_channels": channels} | config
        )
        self.factor = 2 ** (len(self.config.block_out_channels) - 1)

    def encode(self, picture: Any) -> Any:
        small = functional.avg_pool2d(picture, self.factor)
        code = torch.einsum("ck,bkhw->bchw", self.mix, small)
        return SimpleNamespace(latent_dist=SimpleNamespace(mode=lambda: code))


@pytest.mark.parametrize(
    ("channels", "packed", "config"),
    [
        (4, False, {"scaling_factor": 0.18215}),
        (4, False, {"scaling_factor": 0.9, "block_out_channels": (1, 1, 1)}),  # f4
        (16, False, {"scaling_factor": 0.36, "shift_factor": 0.12}),
        (16, True, {"scaling_factor": 0.36, "shift_factor": 0.12}),
        (4, False, {"latents_mean": [0.1, 0.2, 0.3, 0.4], "latents_std": [1, 2, 3, 4.0]}),
    ],
)
def test_a_preview_looks_like_the_picture(
    channels: int, packed: bool, config: dict[str, Any]
) -> None:
    vae = Linear(channels, **config)
    wide = channels * (4 if packed else 1)
    colours = latents.Colours(vae, wide)
    draw = torch.Generator().manual_seed(7)
    soft = functional.interpolate(torch.rand(1, 3, 4, 4, generator=draw), (128, 128)) * 1.6 - 0.8
    code = latents.encode(vae, soft, wide)
    if packed:
        tokens = code.flatten(2).transpose(1, 2)  # the layout of FLUX's loop
        assert torch.equal(latents.grid(tokens, 128, 128), code)
    seen = colours.paint(code)[0].astype(float)
    wanted = (soft[0].permute(1, 2, 0).numpy() + 1) * 127.5
    wanted = functional.interpolate(
        torch.tensor(wanted).permute(2, 0, 1)[None], size=seen.shape[:2], mode="area"
    )[0].permute(1, 2, 0).numpy()  # fmt: skip
    assert np.abs(seen - wanted).mean() < 8
    assert np.corrcoef(seen.ravel(), wanted.ravel())[0, 1] > 0.95


def test_previews_keep_the_shape_and_stay_small() -> None:
    colours = latents.Colours(Linear(4, scaling_factor=1.0), 4)
    assert colours.paint(torch.zeros(2, 4, 8, 16)).shape == (2, 32, 64, 3)
    assert colours.paint(torch.zeros(1, 4, 128, 96)).shape == (1, 128, 96, 3)


def test_packed_latents_are_laid_out_by_the_pictures_shape() -> None:
    tokens = torch.arange(24.0).reshape(1, 24, 1)
    found = latents.grid(tokens, 96, 64)
    assert found.shape == (1, 1, 4, 6)
    assert found[0, 0, 1, 0] == 6
    assert latents.grid(torch.zeros(1, 7, 3), 64, 64) is None
    assert latents.grid(torch.zeros(1, 2, 3, 4, 5), 64, 64) is None


def test_noises_mix_on_the_sphere() -> None:
    one, other = torch.randn(2, 3, 4, 16, 16)
    assert torch.equal(latents.slerp(one, other, 0.0), one)
    assert torch.equal(latents.slerp(one, other, 1.0), other)
    half = latents.slerp(one, other, 0.5)
    assert half.std() == pytest.approx(1, abs=0.05)  # where the plain mean has 0.71
    assert (half * one).mean() == pytest.approx(float((half * other).mean()), abs=0.02)
    near = latents.slerp(one, one + 1e-5, 0.5)
    assert torch.allclose(near, one, atol=1e-3)


def test_readings_mix_exactly_and_only_with_their_like() -> None:
    one = [torch.ones(2, 3), (torch.zeros(1), None), torch.tensor([4])]
    other = [torch.zeros(2, 3), (torch.ones(1), None), torch.tensor([5])]
    mixed = taps.blend(one, other, 0.25)
    assert mixed[0].mean() == 0.75
    assert mixed[1][0].item() == 0.25
    assert mixed[2].item() == 4
    assert torch.equal(taps.blend(one, other, 1.0)[0], other[0])
    with pytest.raises(BadInput, match="different lengths"):
        taps.blend(torch.zeros(1, 3), torch.zeros(1, 4), 0.5)


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction"])
@pytest.mark.parametrize("name", ["ddim", "euler", "euler-a", "dpm++", "unipc", "lcm"])
def test_a_perfect_network_is_seen_through_at_every_step(name: str, prediction: str) -> None:
    """Fed with the true answer, every scheduler's expectation is the true picture."""
    from diffusers import DDIMScheduler

    scheduler = schedulers.build(name, DDIMScheduler(**NOISE, prediction_type=prediction), 8)
    scheduler.set_timesteps(8)
    draw = torch.Generator().manual_seed(0)
    truth, noise = torch.randn(2, 1, 4, 8, 8, generator=draw)
    seen = []
    for step, timestep in enumerate(scheduler.timesteps[:-1]):
        alpha, sigma = schedulers.levels(scheduler, float(timestep))
        assert alpha**2 + sigma**2 == pytest.approx(1)
        if step == 0:
            sample = alpha * truth + sigma * noise
            if scheduler.init_noise_sigma > 1.01:  # Euler's latents are not scaled down
                sample = truth + sigma / alpha * noise
        scaled = scheduler.scale_model_input(sample, timestep)
        found = (scaled - alpha * truth) / sigma
        answer = found if prediction == "epsilon" else alpha * found - sigma * truth
        result = scheduler.step(answer, timestep, sample)
        clean = schedulers.clean(scheduler, result, answer, timestep, sample)
        seen.append(float((clean - truth).abs().mean()))
        sample = result.prev_sample
    # LCM adds a share of the sample near the end (its boundary condition)
    assert max(seen[:-2]) < (0.02 if name != "lcm" else 0.1)


def test_flow_matching_is_seen_through_as_well() -> None:
    from diffusers import FlowMatchEulerDiscreteScheduler

    scheduler = schedulers.build("default", FlowMatchEulerDiscreteScheduler(**FLOW), 5)
    scheduler.set_timesteps(5)
    truth, noise = torch.randn(2, 1, 4, 8, 8)
    sample = noise
    for timestep in scheduler.timesteps:
        alpha, sigma = schedulers.levels(scheduler, float(timestep))
        assert alpha + sigma == pytest.approx(1)
        result = scheduler.step(noise - truth, timestep, sample)
        clean = schedulers.clean(scheduler, result, noise - truth, timestep, sample)
        assert torch.allclose(clean, truth, atol=1e-4)
        sample = result.prev_sample
    assert torch.allclose(sample, truth, atol=1e-4)


def test_what_does_not_fit_says_what_does() -> None:
    from diffusers import DPMSolverMultistepScheduler, FlowMatchEulerDiscreteScheduler

    with pytest.raises(BadInput, match="choose default"):
        schedulers.build("ddim", FlowMatchEulerDiscreteScheduler(**FLOW), 5)
    flow = DPMSolverMultistepScheduler(use_flow_sigmas=True, prediction_type="flow_prediction")
    assert schedulers.fitting(flow) == ("default", "dpm++", "unipc")
    assert schedulers.build("unipc", flow, 5).config.use_flow_sigmas
