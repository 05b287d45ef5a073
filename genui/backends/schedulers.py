"""The schedulers a visitor may choose, made to fit a pipeline's own, and what they do.

Knows diffusers' schedulers; knows no pipeline.
"""

from __future__ import annotations

from typing import Any, get_args

from genui.backends.image import Scheduler
from genui.errors import BadInput

NAMES: tuple[str, ...] = get_args(Scheduler)
# name -> (class in diffusers, settings on top of the pipeline's own)
CLASSES: dict[str, tuple[str, dict[str, Any]]] = {
    "ddim": ("DDIMScheduler", {}),
    "euler": ("EulerDiscreteScheduler", {}),
    "euler-a": ("EulerAncestralDiscreteScheduler", {}),
    "dpm++": ("DPMSolverMultistepScheduler", {"algorithm_type": "dpmsolver++"}),
    "unipc": ("UniPCMultistepScheduler", {}),
    "lcm": ("LCMScheduler", {}),
}


def fitting(own: Any) -> tuple[str, ...]:
    """The names of the schedulers that can run what the scheduler `own` was trained with."""
    if own.config.get("use_flow_sigmas"):
        return ("default", "dpm++", "unipc")
    if not hasattr(own, "alphas_cumprod"):  # flow matching, or a scheduler of its own kind
        return ("default",)
    return NAMES


def build(name: str, own: Any, steps: int) -> Any:
    """A fresh scheduler called `name` with the settings of the pipeline's `own`.

    Raises `BadInput` when it does not fit the model or cannot take that many steps."""
    import diffusers

    works = fitting(own)
    if name not in works:
        raise BadInput(
            f"The scheduler “{name}” does not fit this model, which was trained in another way; "
            f"choose {' or '.join(works)}."
        )
    if name == "default":
        made = type(own).from_config(own.config)
    else:
        class_name, settings = CLASSES[name]
        made = getattr(diffusers, class_name).from_config(own.config, **settings)
    most = made.config.get("original_inference_steps") or made.config.get("num_train_timesteps")
    if most and steps > most:
        raise BadInput(f"This scheduler takes at most {most} steps; choose fewer or another one.")
    return made


def levels(scheduler: Any, timestep: float) -> tuple[float, float]:
    """(alpha, sigma) at a timestep: the share of picture and of noise in the latents.

    alpha² + sigma² = 1 for diffusion, alpha + sigma = 1 for flow matching."""
    steps = scheduler.config.num_train_timesteps
    if not hasattr(scheduler, "alphas_cumprod") or scheduler.config.get("use_flow_sigmas"):
        sigma = min(max(timestep / steps, 0.0), 1.0)
        return 1 - sigma, sigma
    kept = float(scheduler.alphas_cumprod[min(max(round(timestep), 0), steps - 1)])
    return kept**0.5, (1 - kept) ** 0.5


def clean(scheduler: Any, result: Any, output: Any, timestep: Any, sample: Any) -> Any | None:
    """The clean latents that a step predicted: what the scheduler says itself, else from its
    memory (DPM-Solver++, UniPC) or from the velocity (flow matching). None where unknown.

    result: what `step` returned. output, timestep, sample: what it was given."""
    for name in ("pred_original_sample", "denoised"):
        if (found := getattr(result, name, None)) is not None:
            return found
    if (outputs := getattr(scheduler, "model_outputs", None)) and outputs[-1] is not None:
        return outputs[-1]  # both keep predictions of the clean sample
    if not hasattr(scheduler, "alphas_cumprod"):
        _, sigma = levels(scheduler, float(timestep))
        return sample.float() - sigma * output.float()
    return None
