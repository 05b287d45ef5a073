"""`python -m genui.training data`: fetch the art, draw it, split it, write it with its data
card."""

from __future__ import annotations

import argparse
from pathlib import Path

from genui.training.avatars import avatar_drawings
from genui.training.cutouts import SIZE, Cutouts, balance, cut_all
from genui.training.sources import emoji_drawings, install

AVATARS = 1600  # of each style
FILE = "cutouts.parquet"


def main(arguments: list[str]) -> int:
    """Make `cutouts.parquet` in the given folder; returns 0."""
    parser = argparse.ArgumentParser(prog="python -m genui.training data", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("data/stickers"), help="folder to fill")
    parser.add_argument("--size", type=int, default=SIZE, help="pixels to a side")
    parser.add_argument("--avatars", type=int, default=AVATARS, help="avatars of each style")
    chosen = parser.parse_args(arguments)
    modules = install(chosen.out / "npm")
    drawings = balance([*emoji_drawings(modules), *avatar_drawings(modules.parent, chosen.avatars)])
    cutouts = Cutouts(cut_all(drawings, chosen.size))
    cutouts.write(chosen.out / FILE)
    print(f"{len(cutouts)} cutouts are in {chosen.out / FILE}.")
    return 0
