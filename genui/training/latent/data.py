"""`python -m genui.training avatars`: draw the avatars that the latent models learn from.

`train` and `skewed` (the same art with lopsided shares, to show how bias is learned), `held` (hair
of a style in a colour that training never shows) and `pairs`: avatars before and after a single
attribute changed. Knows nothing of networks."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import chain
from pathlib import Path

import numpy as np

from genui.training.avatars import draw
from genui.training.cutouts import render
from genui.training.latent import album
from genui.training.latent.album import SIDE, Pictures
from genui.training.latent.scales import SCALES
from genui.training.latent.specs import CONTRASTS, SKEWED, Sampler, Spec, held_out
from genui.training.sources import install

FINER = 2  # drawn so many times larger, then averaged: smooth edges
CHUNK = 200  # avatars that Node.js draws at once


def _draw(folder: Path, specs: Sequence[Spec]) -> list[Pictures]:
    drawn = draw(folder, [spec.request() for spec in specs])
    pictures = (render(row["svg"], SIDE * FINER, 0).convert("RGB") for row in drawn)
    return [np.asarray(picture.reduce(FINER)) for picture in pictures]


def drawings(folder: Path, specs: Sequence[Spec]) -> Iterator[Pictures]:
    """The picture of each spec, (64, 64, 3), drawn on every core; `folder` has the packages."""
    with ProcessPoolExecutor() as pool:
        chunks = [specs[i : i + CHUNK] for i in range(0, len(specs), CHUNK)]
        for i, made in enumerate(pool.map(partial(_draw, folder), chunks)):
            yield from made
            if i % 10 == 9:
                print(f"Drew {(i + 1) * CHUNK} of {len(specs)}.", flush=True)


def main(arguments: list[str]) -> int:
    """Draw what is not there yet into the folder; returns 0."""
    parser = argparse.ArgumentParser(prog="python -m genui.training avatars", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("data/avatars"), help="folder to fill")
    parser.add_argument("--scale", choices=SCALES, default="gpu")
    chosen = parser.parse_args(arguments)
    scale, held = SCALES[chosen.scale], held_out()
    npm = install(chosen.out / "npm").parent

    def make(name: str, specs: Sequence[Spec]) -> None:
        if not (chosen.out / name / "answers.json").exists():
            print(f"Drawing {len(specs)} avatars: {name} ...", flush=True)
            pictures = list(drawings(npm, specs))
            album.write(chosen.out / name, pictures, [spec.answers() for spec in specs])

    make("train", list(Sampler(1).specs(scale.train, held)))
    make("skewed", list(Sampler(2, SKEWED).specs(scale.train, held)))
    make("held", list(Sampler(3).specs(scale.held, held, wanted=True)))
    sampler = Sampler(4)
    pairs = {c.head: list(sampler.pairs(c, scale.pairs, held)) for c in CONTRASTS}
    (chosen.out / "pairs").mkdir(exist_ok=True)
    names = [head for head, found in pairs.items() for _ in found]
    (chosen.out / "pairs" / "contrasts.json").write_text(json.dumps(names), "utf-8")
    make("pairs", list(chain.from_iterable(chain.from_iterable(pairs.values()))))
    print(f"The avatars are in {chosen.out}.")
    return 0
