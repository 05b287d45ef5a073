"""`python -m genui.training tunes-all`: every step of the music models in its order.

Started again after a stop, it goes on: steps that are done are passed over or end at once."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

from genui.training.tunes.data import FILE
from genui.training.tunes.scales import SCALES
from genui.training.tunes.train import FOLDER

Step = Callable[[list[str]], int]


def steps(data: Path, out: Path, scale: str) -> list[tuple[Path, str, list[str]]]:
    """What each step leaves behind, where it is, and its arguments. A file that is there means
    that the step is done, as each writes its result only at the end."""
    sized = ["--data", str(data), "--out", str(out), "--scale", scale]
    folders = {name: out / FOLDER.format(name) for name in ("transformer", "lstm")}
    return [
        (data / FILE, "data:main", ["--out", str(data)]),
        *((folder / "model.safetensors", f"train:{name}", sized)
          for name, folder in folders.items()),
        (out / "evaluation" / "metrics.json", "evaluate:main", sized),
        (folders["lstm"] / "README.md", "modelcard:main", ["--out", str(out)]),
    ]  # fmt: skip


def main(arguments: list[str]) -> int:
    """Run what is not done yet; returns 0, or the status of the step that stopped early."""
    from importlib import import_module

    parser = argparse.ArgumentParser(prog="python -m genui.training tunes-all",
                                     description=__doc__)  # fmt: skip
    parser.add_argument("--data", type=Path, default=Path("data/tunes"), help="the tunes")
    parser.add_argument("--out", type=Path, default=Path("runs/tunes"), help="folder to fill")
    parser.add_argument("--scale", choices=SCALES, default="gpu")
    parser.add_argument("--minutes", type=float, default=1e9, help="stop training after so long")
    chosen = parser.parse_args(arguments)
    until = time.monotonic() + chosen.minutes * 60
    for result, place, given in steps(chosen.data, chosen.out, chosen.scale):
        if result.exists():
            continue
        left = (until - time.monotonic()) / 60
        if left <= 0:
            return 3
        print(f"— {place}", flush=True)
        module, _, function = place.partition(":")
        step: Step = getattr(import_module(f"genui.training.tunes.{module}"), function)
        timed = ["--minutes", str(left)] if module == "train" else []
        status = step([*given, *timed])
        if status:
            return status
    return 0
