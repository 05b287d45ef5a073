"""The parameter text that programs for pictures write into their files, written and read.

One convention, begun by stable-diffusion-webui: the prompt, a line "Negative prompt: …", and a
last line of "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 512x512, …". It says less
than a record, and nothing in it is believed: what does not look right is left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import genui
from genui.records import SEED_MAX, Generation

TEXT_MAX = 64 * 1024  # characters looked at
LINE_MAX = 4000
SETTING = re.compile(r'\s*([\w /-]{1,40}):\s*("(?:\\.|[^\\"])*"|[^,]*)(?:,|$)')
NEGATIVE = "Negative prompt:"
USUAL = {"steps", "sampler", "cfg scale", "seed", "size", "model"}
SAMPLERS = {  # our name -> the one that other programs show
    "ddim": "DDIM", "euler": "Euler", "euler-a": "Euler a", "dpm++": "DPM++ 2M",
    "unipc": "UniPC", "lcm": "LCM",
}  # fmt: skip


def written(generation: Generation, width: int, height: int) -> str:
    """The text for a picture of this size in pixels; empty for what is no picture."""
    request = generation.request
    prompt = request.inputs.get("prompt")
    if request.kind != "image" or not isinstance(prompt, str):
        return ""
    lines = [prompt]
    if negative := request.inputs.get("negative"):
        lines.append(f"{NEGATIVE} {negative}")
    options = request.options
    settings: dict[str, object] = {
        "Steps": options.get("steps"),
        "Sampler": SAMPLERS.get(str(options.get("scheduler"))),
        "CFG scale": options.get("guidance"),
        "Seed": generation.usage.get("seed", request.seed),  # of a batch each has its own
        "Size": f"{width}x{height}",
        "Model hash": (generation.model.sha256 or "")[:10] or None,
        "Model": generation.model.id,
        "Denoising strength": options.get("strength") if request.inputs.get("image") else None,
        "Version": f"genui {genui.__version__}",
    }
    shown = {name: value for name, value in settings.items() if value is not None}
    lines.append(", ".join(f"{name}: {_quoted(str(value))}" for name, value in shown.items()))
    return "\n".join(lines)


def _quoted(value: str) -> str:
    """JSON where a comma, a colon or a line break would end the value too early."""
    return json.dumps(value, ensure_ascii=False) if re.search(r"[,:\n\"]", value) else value


def understood(text: str) -> dict[str, Any] | None:
    """A partial request for the same picture: "inputs" (prompt, negative), "options" (steps,
    guidance, scheduler, width, height, strength) and "seed", each only where the text tells it;
    None when it tells nothing."""
    lines = text[:TEXT_MAX].replace("\0", "").strip().split("\n")
    settings: dict[str, str] = {}
    pairs = SETTING.findall(lines[-1][:LINE_MAX])
    last = {name.strip().lower(): _unquoted(value.strip()) for name, value in pairs}
    if len(last.keys() & USUAL) >= 2:  # otherwise it is part of the prompt
        settings = last
        lines.pop()
    prompt, mark, negative = "\n".join(lines).partition(f"\n{NEGATIVE}")
    if not mark and prompt.startswith(NEGATIVE):
        prompt, negative = "", prompt.removeprefix(NEGATIVE)
    options = {
        name: value
        for name, key, convert in OPTIONS
        if (value := convert(settings.get(key, ""))) is not None
    }
    if size := re.fullmatch(r"(\d{1,5})\s*[x×]\s*(\d{1,5})", settings.get("size", "")):
        options |= {"width": int(size[1]), "height": int(size[2])}
    return request(prompt, negative, options, _whole(settings.get("seed", "")))


def request(
    prompt: str, negative: str, options: dict[str, Any], seed: int | None
) -> dict[str, Any] | None:
    """The partial request of what is known; None when nothing is."""
    inputs = {"prompt": prompt.strip(), "negative": negative.strip()}
    inputs = {name: value for name, value in inputs.items() if value}
    if seed is not None and seed > SEED_MAX:
        seed = None
    if not inputs and not options and seed is None:
        return None
    return {"inputs": inputs, "options": options} | ({} if seed is None else {"seed": seed})


def _unquoted(value: str) -> str:
    if value[:1] != '"':
        return value
    try:
        return str(json.loads(value))
    except ValueError:
        return value.strip('"')


def _whole(value: str) -> int | None:
    return int(value) if re.fullmatch(r"\d{1,10}", value, re.A) else None


def _number(value: str) -> float | None:
    return float(value) if re.fullmatch(r"\d{1,4}(\.\d{1,9})?", value, re.A) else None


def _sampler(value: str) -> str | None:
    """Our name of a sampler; what others append to its name (a schedule) does not matter."""
    for ours, theirs in sorted(SAMPLERS.items(), key=lambda pair: -len(pair[1])):
        if value.lower().startswith(theirs.lower()):
            return ours
    return None


OPTIONS: tuple[tuple[str, str, Callable[[str], int | float | str | None]], ...] = (
    ("steps", "steps", _whole),
    ("guidance", "cfg scale", _number),
    ("scheduler", "sampler", _sampler),
    ("strength", "denoising strength", _number),
)
