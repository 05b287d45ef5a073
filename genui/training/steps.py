"""Follows a recipe: runs the steps whose result is not there yet, one after another, until the time
is up. Started again, it goes on. Knows nothing of what the steps make."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Collection, Sequence
from importlib import import_module
from pathlib import Path

# what a step leaves behind; its "module:function" in the recipe's package; its arguments
Step = tuple[Path, str, list[str]]


def options(
    name: str, about: str | None, kind: str, scales: Collection[str]
) -> argparse.ArgumentParser:
    """The arguments of a whole recipe: --data, --out, --scale and --minutes."""
    parser = argparse.ArgumentParser(prog=f"python -m genui.training {name}", description=about)
    parser.add_argument("--data", type=Path, default=Path("data", kind), help="what it learns from")
    parser.add_argument("--out", type=Path, default=Path("runs", kind), help="folder to fill")
    parser.add_argument("--scale", choices=scales, default="gpu")
    parser.add_argument("--minutes", type=float, default=1e9, help="stop training after so long")
    return parser


def follow(steps: Sequence[Step], package: str, timed: Collection[str], minutes: float) -> int:
    """Run what is not done; returns 0, or the status of the step that stopped early (3: time).

    Steps of the modules in `timed` are told how many minutes are left. A step whose result is
    named "done" leaves no file that says so, so the mark is made here."""
    until = time.monotonic() + minutes * 60
    for result, place, given in steps:
        if result.exists():
            continue
        left = (until - time.monotonic()) / 60
        if left <= 0:
            return 3
        print(f"— {place} {result.parent.name}", flush=True)
        module, _, function = place.partition(":")
        step: Callable[[list[str]], int] = getattr(
            import_module(f"{package}.{module}"), function or "main"
        )
        status = step([*given, *(["--minutes", str(left)] if module in timed else [])])
        if status:
            return status
        if result.name == "done":
            result.touch()
    return 0
