"""`python -m genui.training pictures`: draw the training scenes once, with captions and facts.

Writes `pictures.npy` (N, 128, 128, 3) uint8, `captions.json` (N strings) and `facts.json` (what is
true of each), for training and for held-out pairs. Knows nothing of networks."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from genui.training.captions import caption
from genui.training.cutouts import Cutouts
from genui.training.data import FILE
from genui.training.scales import SCALES
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


def facts(scene: Scene) -> dict[str, Any]:
    """What a judge may check: layout, keys, sets and concepts of the things in it (in the order of
    `Scene.subjects`), paint, count, side, background, and the attributes of an avatar."""
    things = scene.subjects
    return {
        "layout": scene.layout,
        "keys": [thing.key for thing in things],
        "sets": [thing.set for thing in things],
        "concepts": [thing.concept for thing in things],
        "paint": scene.paint,
        "count": scene.count,
        "side": scene.side,
        "background": scene.background,
        "attributes": dict(things[0].attributes),
    }


@cache
def _opened(file: Path) -> Cutouts:
    """The cutouts, read once in each worker process."""
    return Cutouts.read(file)


def _draw(file: Path, reduce: int, scene: Scene) -> NDArray[np.uint8]:
    return np.asarray(Image.fromarray(draw(scene, _opened(file))).reduce(reduce))


def drawings(file: Path, scenes: Sequence[Scene], reduce: int = 1) -> Iterator[NDArray[np.uint8]]:
    """The picture of each scene, (128 / reduce, 128 / reduce, 3), drawn from the cutouts in `file`
    on every core."""
    with ProcessPoolExecutor() as pool:
        yield from pool.map(partial(_draw, file, reduce), scenes, chunksize=64)


def write(file: Path, scenes: Sequence[Scene], out: Path, reduce: int = 1) -> None:
    """Draw scenes into the folder `out`, with captions and facts."""
    out.mkdir(parents=True, exist_ok=True)
    side = SIZE // reduce
    shape = (len(scenes), side, side, 3)
    pictures = np.lib.format.open_memmap(out / "pictures.npy", "w+", np.uint8, shape)
    for i, picture in enumerate(drawings(file, scenes, reduce)):
        pictures[i] = picture
    pictures.flush()
    rng = np.random.default_rng(len(scenes))
    captions = [caption(scene, rng) for scene in scenes]
    (out / "captions.json").write_text(json.dumps(captions), "utf-8")
    (out / "facts.json").write_text(json.dumps([facts(scene) for scene in scenes]), "utf-8")


def main(arguments: list[str]) -> int:
    """Draw the scenes; returns 0."""
    parser = argparse.ArgumentParser(prog="python -m genui.training pictures", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data/stickers"), help="the cutouts")
    parser.add_argument("--out", type=Path, default=Path("runs/stickers"), help="folder to fill")
    parser.add_argument("--scale", choices=SCALES, default="gpu")
    chosen = parser.parse_args(arguments)
    scale = SCALES[chosen.scale]
    cutouts = Cutouts.read(chosen.data / FILE, scale.everyday)
    for split, n, name in (("train", scale.scenes, "train"), ("pair", HELD, "held")):
        scenes = sample_scenes(cutouts, len(split), n, split, scale.mixture or MIXTURE)
        write(chosen.data / FILE, scenes, chosen.out / name)
    return 0
