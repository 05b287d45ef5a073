"""`python -m genui.training pictures`: draw the training scenes once, with their captions.

Writes `pictures.npy` (N, 128, 128, 3) uint8 and `captions.json` (N strings), for training and for
each held-out split. Knows nothing of networks."""

from __future__ import annotations

import argparse
import json
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genui.training.captions import caption
from genui.training.cutouts import Cutouts
from genui.training.data import FILE
from genui.training.scales import SCALES, Scale
from genui.training.scenes import MIXTURE, SIZE, Scene, draw, sample_scenes

HELD = 600  # scenes drawn of the held-out pairs


@dataclass(frozen=True)
class Drawn:
    """Pictures (N, 128, 128, 3) uint8, mapped from disk, and what each is called."""

    pictures: NDArray[np.uint8]
    captions: list[str]


def read(folder: Path) -> Drawn:
    """Open what `main` wrote into `folder`; raises FileNotFoundError when it did not."""
    captions = json.loads((folder / "captions.json").read_text("utf-8"))
    return Drawn(np.load(folder / "pictures.npy", mmap_mode="r"), captions)


_cutouts: Cutouts  # of a worker process, set once by `_open`


def _open(path: Path) -> None:
    global _cutouts
    _cutouts = Cutouts.read(path)


def _draw(scene: Scene) -> NDArray[np.uint8]:
    return draw(scene, _cutouts)


def write(data: Path, cutouts: Cutouts, scale: Scale, split: str, n: int, out: Path) -> None:
    """Draw `n` scenes of a split into `out`, on every core."""
    scenes = sample_scenes(cutouts, len(split), n, split, scale.mixture or MIXTURE)
    rng = np.random.default_rng(n)
    out.mkdir(parents=True, exist_ok=True)
    pictures = np.lib.format.open_memmap(out / "pictures.npy", "w+", np.uint8, (n, SIZE, SIZE, 3))
    with ProcessPoolExecutor(initializer=_open, initargs=(data / FILE,)) as pool:
        for i, picture in enumerate(pool.map(_draw, scenes, chunksize=64)):
            pictures[i] = picture
    pictures.flush()
    captions = [caption(scene, rng) for scene in scenes]
    (out / "captions.json").write_text(json.dumps(captions), "utf-8")


def main(arguments: list[str]) -> int:
    """Draw the scenes; returns 0."""
    parser = argparse.ArgumentParser(prog="python -m genui.training pictures", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data/stickers"), help="the cutouts")
    parser.add_argument("--out", type=Path, default=Path("runs/stickers"), help="folder to fill")
    parser.add_argument("--scale", choices=SCALES, default="gpu")
    chosen = parser.parse_args(arguments)
    scale = SCALES[chosen.scale]
    cutouts = Cutouts.read(chosen.data / FILE)
    cutouts = cutouts.common() if scale.common else cutouts
    write(chosen.data, cutouts, scale, "train", scale.scenes, chosen.out / "train")
    write(chosen.data, cutouts, scale, "pair", HELD, chosen.out / "held")
    return 0
