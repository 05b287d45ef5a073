"""`python -m genui.training tunes-all`: every step of the music models in its order.

Started again after a stop, it goes on: steps that are done are passed over or end at once."""

from __future__ import annotations

from pathlib import Path

from genui.training.steps import Step, follow, options
from genui.training.tunes.data import FILE
from genui.training.tunes.scales import SCALES
from genui.training.tunes.train import FOLDER


def steps(data: Path, out: Path, scale: str) -> list[Step]:
    """What each step leaves behind, where it is, and its arguments. A file that is there means
    that the step is done, as each writes its result only at the end."""
    sized = ["--data", str(data), "--out", str(out), "--scale", scale]
    folders = {name: out / FOLDER.format(name) for name in ("transformer", "lstm")}
    return [
        (data / FILE, "data", ["--out", str(data)]),
        *((folder / "model.safetensors", f"train:{name}", sized)
          for name, folder in folders.items()),
        (out / "evaluation" / "metrics.json", "evaluate", sized),
        (folders["lstm"] / "README.md", "modelcard", ["--out", str(out)]),
    ]  # fmt: skip


def main(arguments: list[str]) -> int:
    """Run what is not done yet; returns 0, or the status of the step that stopped early."""
    chosen = options("tunes-all", __doc__, "tunes", SCALES).parse_args(arguments)
    found = steps(chosen.data, chosen.out, chosen.scale)
    return follow(found, "genui.training.tunes", ("train",), chosen.minutes)
