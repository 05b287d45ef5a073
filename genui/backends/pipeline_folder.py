"""A folder in diffusers' layout: looked at before anything is loaded, then opened and placed.

Loads no pickled weights and runs no code that comes with a model. Knows no request.
"""

from __future__ import annotations

import inspect
import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from genui.backends import weight_files
from genui.backends.base import Placement
from genui.errors import Unavailable

log = logging.getLogger(__name__)

# (class of the pipeline, folder, settings of from_pretrained) -> the pipeline
Load = Callable[[Any, Path, dict[str, Any]], Any]

INDEX = "model_index.json"
# what pipelines for sound call its length in seconds
LENGTHS = ("audio_end_in_s", "audio_duration", "duration")
FOREIGN = (
    "This model needs code of its own, which is not run here; ask the operator for a model "
    "that diffusers knows."
)


def read_index(folder: Path) -> dict[str, Any]:
    """The folder's model_index.json, once every part it names is there, whole and unpickled.

    Raises `Unavailable` with one sentence that says what is wrong."""
    try:
        index: dict[str, Any] = json.loads((folder / INDEX).read_text(encoding="utf-8"))
        if not isinstance(index["_class_name"], str):
            raise Unavailable(FOREIGN)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Unavailable(
            "This is no diffusers model, or not all of it: model_index.json is missing or broken; "
            "ask the operator to fetch it again."
        ) from error
    for name, value in index.items():
        if isinstance(value, list) and name != "safety_checker" and all(value):
            library, _ = value
            if library not in ("diffusers", "transformers") and not _shipped(str(library)):
                raise Unavailable(FOREIGN)
            _check_part(folder / name)
    return index


def _shipped(library: str) -> bool:
    """True for a pipeline module of diffusers itself, which older folders name instead."""
    return library in (
        "stable_diffusion", "stable_diffusion_xl", "flux", "stable_audio", "ace_step",
        "stable_audio_3",
    )  # fmt: skip


def _check_part(part: Path) -> None:
    if not part.is_dir() or not any(part.iterdir()):
        raise Unavailable(
            f"The part “{part.name}” of this model is missing; ask the operator to fetch it again."
        )
    if not (part / "config.json").exists():  # a tokenizer, a scheduler, an image processor
        return
    weight_files.check(part, f"“{part.name}”")


def open_pipeline(folder: Path, placement: Placement) -> Any:
    """The text-to-image pipeline in `folder` on its device, silent and without a safety checker.

    Raises `Unavailable` with one sentence when it cannot be had here."""
    return _open(folder, placement, _to_pictures)


def open_sound_pipeline(folder: Path, placement: Placement) -> Any:
    """The text-to-sound pipeline in `folder` on its device; raises as `open_pipeline`."""
    return _open(folder, placement, _to_sound)


def _open(folder: Path, placement: Placement, load: Load) -> Any:
    index = read_index(folder)
    import diffusers
    import torch

    kind: Any = getattr(diffusers, index["_class_name"], None)
    if not (inspect.isclass(kind) and issubclass(kind, diffusers.DiffusionPipeline)):
        raise Unavailable(FOREIGN)
    settings: dict[str, Any] = {
        "dtype": dtype_for(placement), "use_safetensors": True, "local_files_only": True
    }  # fmt: skip
    if "safety_checker" in index:
        settings |= {"safety_checker": None, "feature_extractor": None}
    diffusers.utils.logging.set_verbosity_error()  # a cut prompt goes into the record instead
    diffusers.utils.logging.disable_progress_bar()
    try:
        pipe = load(kind, folder, settings)
        _place(pipe, placement)
    except torch.OutOfMemoryError as error:
        raise Unavailable(
            "This model does not fit into the GPU's memory; choose a smaller one."
        ) from error
    except Unavailable:
        raise
    except Exception as error:  # each damaged file has its own exception type
        log.warning("%s: %s", folder, error)
        raise Unavailable(
            "This model's files are damaged, or of a kind that diffusers cannot load without "
            "foreign code; ask the operator to fetch it again."
        ) from error
    _speed_up(pipe, placement)
    pipe.set_progress_bar_config(disable=True)
    if getattr(pipe, "watermark", None) is not None:
        pipe.watermark = None  # the record inside each file says that a machine made it
    return pipe


def _to_pictures(kind: Any, folder: Path, settings: dict[str, Any]) -> Any:
    from diffusers import AutoPipelineForText2Image

    auto: Any = AutoPipelineForText2Image
    try:
        return auto.from_pretrained(folder, **settings)
    except ValueError:  # a class that diffusers lists under no task
        takes = inspect.signature(kind.__call__).parameters
        if not {"prompt", "width"} <= set(takes) or "num_frames" in takes:
            raise Unavailable(
                "This model makes no pictures from words; ask the operator for one that does."
            ) from None
        return kind.from_pretrained(folder, **settings)


def _to_sound(kind: Any, folder: Path, settings: dict[str, Any]) -> Any:
    takes = set(inspect.signature(kind.__call__).parameters)
    if "prompt" not in takes or not takes & set(LENGTHS):
        raise Unavailable(
            "This model makes no sound from words; ask the operator for one that does."
        )
    return kind.from_pretrained(folder, **settings)


def body_of(pipe: Any) -> Any:
    """The network that denoises; raises `Unavailable` for pipelines of several stages."""
    body = getattr(pipe, "unet", None) or getattr(pipe, "transformer", None)
    if body is None:
        raise Unavailable(
            "This model draws in several stages, which is not done here; ask the operator for "
            "another model."
        )
    return body


def _speed_up(pipe: Any, placement: Placement) -> None:
    """What the operator asked for: another way to compute attention, compiled blocks."""
    body = body_of(pipe)
    if placement.attention != "default":
        try:
            body.set_attention_backend(
                {"sdpa": "native"}.get(placement.attention, placement.attention)
            )
        except (ImportError, RuntimeError, ValueError) as error:
            log.warning("attention %s is not to be had here: %s", placement.attention, error)
    if placement.compile:
        if getattr(body, "_repeated_blocks", None):
            body.compile_repeated_blocks()
        else:
            body.compile()


def dtype_for(placement: Placement) -> Any:
    """The precision that a device computes in: float32 on a CPU."""
    import torch

    if placement.device == "cpu":
        return torch.float32
    if placement.device == "cuda" and torch.cuda.is_bf16_supported():
        return torch.bfloat16
    return torch.float16


def _place(pipe: Any, placement: Placement) -> None:
    """Onto the device: whole where it fits, else part by part, else layer by layer (accelerate's
    offloading)."""
    import torch

    if placement.device != "cuda":
        pipe.to(placement.device)
        return
    parts = [
        sum(weight.numel() * weight.element_size() for weight in part.parameters())
        for part in pipe.components.values() if isinstance(part, torch.nn.Module)
    ]  # fmt: skip
    free, _ = torch.cuda.mem_get_info()
    if 1.25 * sum(parts) < free:
        pipe.to("cuda")
    elif 1.25 * max(parts) < free:
        pipe.enable_model_cpu_offload()
    else:
        pipe.enable_sequential_cpu_offload()
