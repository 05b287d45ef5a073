"""What a pipeline's call is given: its arguments by the names that its class takes.

The one place that knows how classes differ. Knows shots; runs nothing.
"""

from __future__ import annotations

import inspect
from typing import Any

from PIL import Image
from pydantic import JsonValue

from genui.backends.image import ImageOptions
from genui.backends.pipeline_folder import body_of
from genui.backends.shots import Shot
from genui.errors import BadInput

NATIVE_MAX = 4  # times the side a network was trained on that it is asked for at most


def size_of(pipe: Any, options: ImageOptions) -> tuple[int, int]:
    """Width and height in pixels that the network can draw, at most the wanted ones.

    Raises `BadInput` far beyond the size that the network was trained on."""
    factor = getattr(pipe, "vae_scale_factor", 8)
    coarse = factor if hasattr(pipe, "unet") else 2 * factor  # transformers take pairs
    native = getattr(body_of(pipe).config, "sample_size", None)
    if hasattr(pipe, "unet") and isinstance(native, int):
        most = NATIVE_MAX * native * factor
        if max(options.width, options.height) > most:
            raise BadInput(f"This model draws at most {most} pixels a side; choose a smaller size.")
    return (
        max(coarse, options.width // coarse * coarse),
        max(coarse, options.height // coarse * coarse),
    )


def generators(seeds: list[int]) -> list[Any]:
    """A generator a picture. They draw on the CPU, so that a seed means the same noise on
    every device."""
    import torch

    return [torch.Generator().manual_seed(seed) for seed in seeds]


def build(
    pipe: Any, shot: Shot, size: tuple[int, int], steps: int, source: Image.Image | None,
    mask: Image.Image | None,
) -> tuple[dict[str, Any], list[JsonValue]]:  # fmt: skip
    """The call's arguments as this class names them, and the options that have no effect on it.

    Guidance is `true_cfg_scale` where a class has it and its network no guidance of its own
    (Qwen-Image), else `guidance_scale`."""
    takes = inspect.signature(pipe.__call__).parameters
    inputs, options, count = shot.inputs, shot.options, len(shot.seeds)
    negative, config = inputs.negative.strip(), body_of(pipe).config
    # without a second pass there is nothing to guide away from
    one_pass = getattr(config, "time_cond_proj_dim", None) or options.guidance <= 1
    wanted: dict[str, Any] = {
        "prompt": [inputs.prompt] * count, "num_inference_steps": steps,
        "width": size[0], "height": size[1], "generator": generators(shot.seeds),
        "guidance_scale": options.guidance,
    }  # fmt: skip
    if negative:
        wanted["negative_prompt"] = [negative] * count
    if "true_cfg_scale" in takes and not getattr(config, "guidance_embeds", False):
        del wanted["guidance_scale"]
        wanted |= {
            "true_cfg_scale": options.guidance,
            "negative_prompt": [negative or " "] * count,
        }
    if source:
        wanted |= {"image": source, "strength": options.strength}
    if mask:
        wanted["mask_image"] = mask
    named = {"negative_prompt": "negative", "strength": "strength"}
    ignored: list[JsonValue] = [
        named[name] for name in wanted if name in named and name not in takes
    ]
    if negative and one_pass and "negative" not in ignored:
        ignored.append("negative")
    return {name: value for name, value in wanted.items() if name in takes}, ignored


def cut(pipe: Any, prompt: str) -> dict[str, JsonValue]:
    """What no text encoder read of a prompt that is too long, under "cut"."""
    takes = inspect.signature(pipe.__call__).parameters
    names = [n for n in ("tokenizer", "tokenizer_2", "tokenizer_3") if getattr(pipe, n, None)]
    lost: list[str] = []
    for name in names:
        tokenizer = getattr(pipe, name)
        if not tokenizer.is_fast:
            continue
        longest = tokenizer.model_max_length
        if "max_sequence_length" in takes and name == names[-1]:  # the limit is of the last one
            longest = min(longest, takes["max_sequence_length"].default)
        rest = unread(tokenizer, prompt, longest)
        if not rest:
            return {}
        lost.append(rest)
    return {"cut": min(lost, key=len)} if lost else {}


def unread(tokenizer: Any, text: str, longest: int) -> str:
    """The end of a text that a fast tokenizer cuts off when it may give `longest` tokens."""
    read = tokenizer(text, return_offsets_mapping=True, truncation=False, verbose=False)
    if len(read.input_ids) <= longest:
        return ""
    spans = [span for span in read.offset_mapping if span[1] > span[0]]
    return text[spans[longest - tokenizer.num_special_tokens_to_add()][0] :]
