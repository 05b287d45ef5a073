"""`python -m genui.training avatars-all`: every step of the avatar models in its order.

Started again after a stop, it goes on: steps that are done are passed over or go on where they
were."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from genui.training.latent.scales import SCALES

Step = Callable[[list[str]], int]
# model folder → the step that trains it, the album that it learns from
MODELS = {
    "avatars-vae": ("vae", "train"),
    "avatars-vae-skewed": ("vae", "skewed"),
    "avatars-gan": ("gan", "train"),
}
TIMED = ("judge", "vae", "gan")


def steps(data: Path, out: Path, scale: str) -> list[tuple[Path, str, list[str]]]:
    """What each step leaves behind, its module and its arguments."""
    read = ["--data", str(data), "--out", str(out), "--scale", scale]
    found = [
        (data / "pairs" / "answers.json", "data", ["--out", str(data), "--scale", scale]),
        (out / "judge" / "done", "judge", read),
    ]
    for name, (step, album) in MODELS.items():
        learned = ["--data-set", album]
        found += [
            (out / "training" / name / "done", step, [*read, *(learned if step == "vae" else [])]),
            (out / name / "directions.json", "directions", [*read, "--name", name]),
            (out / name / "statistics.json", "map", [*read, *learned, "--name", name]),
            (out / name / "metrics.json", "evaluate", [*read, *learned, "--name", name]),
        ]
        if step == "gan":
            measured = out / "training" / name / "search.json"
            found.append((measured, "search", [*read, "--name", name]))
        found += [
            (out / name / "README.md", "card", ["--out", str(out), "--name", name]),
        ]
    return found


def main(arguments: list[str]) -> int:
    """Run what is not done yet; returns 0, or the status of the step that stopped early."""
    parser = argparse.ArgumentParser(
        prog="python -m genui.training avatars-all", description=__doc__
    )
    parser.add_argument("--data", type=Path, default=Path("data/avatars"), help="the albums")
    parser.add_argument("--out", type=Path, default=Path("runs/avatars"), help="folder to fill")
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
        print(f"— {name} {result.parent.name}", flush=True)
        step: Step = import_module(f"genui.training.latent.{name}").main
        status = step([*given, *(["--minutes", str(left)] if name in TIMED else [])])
        if status:
            return status
        if result.name == "done":
            result.touch()
    return 0
