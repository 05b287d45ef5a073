"""`python -m genui.training all`: every step of the image model in its order, from art to card.

Started again after a stop, it goes on: steps that are done are passed over or end at once."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

from genui.training.scales import SCALES

Step = Callable[[list[str]], int]


def steps(data: Path, out: Path, scale: str) -> list[tuple[Path, str, list[str]]]:
    """What each step leaves behind, its module and its arguments. A file that is there means that
    the step is done, as training writes its result only at the end."""
    sized = ["--out", str(out), "--scale", scale]
    read = ["--data", str(data)]
    return [
        (data / "cutouts.parquet", "data", ["--out", str(data)]),
        (out / "held" / "captions.json", "pictures", [*read, *sized]),
        (out / "autoencoder" / "done", "autoencoder", sized),
        (out / "held" / "latents.safetensors", "latents", ["--out", str(out)]),
        (out / "diffusion" / "done", "diffusion", sized),
        (out / "distill" / "done", "distill", sized),
        (out / "judge" / "done", "judge", [*read, *sized]),
        (out / "evaluation" / "metrics.json", "evaluate", [*read, *sized]),
        *(
            (out / name / "README.md", "modelcard",
             [*read, "--out", str(out), "--model", str(out / name)])
            for name in ("base", "fast")
        ),
    ]  # fmt: skip


TIMED = ("autoencoder", "diffusion", "distill", "judge")


def main(arguments: list[str]) -> int:
    """Run what is not done yet; returns 0, or the status of the step that stopped early."""
    from importlib import import_module

    parser = argparse.ArgumentParser(prog="python -m genui.training all", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data/stickers"), help="the cutouts")
    parser.add_argument("--out", type=Path, default=Path("runs/stickers"), help="folder to fill")
    parser.add_argument("--scale", choices=SCALES, default="gpu")
    parser.add_argument("--minutes", type=float, default=1e9, help="stop training after so long")
    chosen = parser.parse_args(arguments)
    until = time.monotonic() + chosen.minutes * 60
    for result, name, given in steps(chosen.data, chosen.out, chosen.scale):
        if result.exists():
            continue
        left = (until - time.monotonic()) / 60
        if left <= 0:
            return 3
        print(f"— {name}", flush=True)
        step: Step = import_module(f"genui.training.{name}").main
        status = step([*given, *(["--minutes", str(left)] if name in TIMED else [])])
        if status:
            return status
        if result.name == "done":
            result.touch()
    return 0
