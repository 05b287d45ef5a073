"""`python -m genui.training data`: fetch the art, draw it, split it, write it with its data
card."""

from __future__ import annotations

import argparse
from pathlib import Path

from genui.training.avatars import avatar_drawings
from genui.training.card import card
from genui.training.cutouts import SIZE, Cutouts, balance, cut_all
from genui.training.sources import emoji_drawings, icon_counts, install

AVATARS = 6000  # of each style
FILE = "cutouts.parquet"
CARD = "data-stickers.md"


def main(arguments: list[str]) -> int:
    """Make `cutouts.parquet` and its card in the given folder; returns 0."""
    parser = argparse.ArgumentParser(prog="python -m genui.training data", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("data/stickers"), help="folder to fill")
    parser.add_argument("--size", type=int, default=SIZE, help="pixels to a side")
    parser.add_argument("--avatars", type=int, default=AVATARS, help="avatars of each style")
    chosen = parser.parse_args(arguments)
    print("Fetching the art ...", flush=True)
    modules = install(chosen.out / "npm")
    drawn = [*emoji_drawings(modules), *avatar_drawings(modules.parent, chosen.avatars)]
    kept = balance(drawn)
    made = []
    for cutout in cut_all(kept, chosen.size):
        made.append(cutout)
        if len(made) % 1000 == 0:
            print(f"Drew {len(made)} of {len(kept)}.", flush=True)
    cutouts = Cutouts(made)
    cutouts.write(chosen.out / FILE)
    words = card(cutouts, icon_counts(modules), drawn, chosen.size)
    (chosen.out / CARD).write_text(words, "utf-8")
    print(f"{len(cutouts)} cutouts are in {chosen.out / FILE}, counted in {CARD}.")
    return 0
