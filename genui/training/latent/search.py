"""`python -m genui.training avatar-search`: how near a search in a GAN comes to held-out avatars.

A GAN has no encoder, so what a visitor's picture is measured by is the playground's own search, run
here for avatars that the GAN never saw. Writes the errors into the model's `statistics.json`."""

from __future__ import annotations

import argparse
import dataclasses
import json
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from genui.backends.latent import LatentOptions
from genui.backends.latent_search import STARTS, Search, Thumbnails
from genui.backends.latent_space import Space
from genui.networks import avatar_folder as files
from genui.training.autoencoder import to_network
from genui.training.latent import album
from genui.training.latent.album import Pictures
from genui.training.latent.scales import SCALES

AT_ONCE = 16  # pictures


def errors(space: Space, pictures: Pictures, steps: int) -> Tensor:
    """The mean absolute error, 0–2, of the best place found for each of pictures (N, 64, 64, 3)
    after as many steps: (N,)."""
    thumbnails, found = Thumbnails(space), []
    for begin in range(0, len(pictures), AT_ONCE):
        some = pictures[begin : begin + AT_ONCE]
        starts = [thumbnails.nearest(Image.fromarray(picture), STARTS) for picture in some]
        each = len(starts[0])
        targets = to_network(some).repeat_interleave(each, 0)
        search = Search(space, targets, torch.cat(starts), steps)
        for _ in range(steps):
            search.step()
        found.append(search.distance.view(-1, each).amin(1))
    return torch.cat(found)


def main(arguments: list[str]) -> int:
    """Add the errors to `statistics.json`, and say what they are in `training/NAME/search.json`;
    returns 0."""
    parser = argparse.ArgumentParser(
        prog="python -m genui.training avatar-search", description=__doc__
    )
    parser.add_argument("--data", type=Path, default=Path("data/avatars"), help="the albums")
    parser.add_argument("--out", type=Path, default=Path("runs/avatars"), help="the run's folder")
    parser.add_argument("--scale", choices=SCALES, default="gpu")
    parser.add_argument("--name", default="avatars-gan", help="the model's folder in --out")
    chosen = parser.parse_args(arguments)
    folder, held = chosen.out / chosen.name, album.read(chosen.data / "held")
    model = files.read(folder)
    space = Space(model)
    count = max(4, SCALES[chosen.scale].samples // 10)
    steps = LatentOptions().steps if chosen.scale != "tiny" else 2
    away = errors(space, held.pictures[:count], steps)
    space.close()
    measured = files.Quantiles.measure(away)
    files.write_statistics(folder, dataclasses.replace(model.statistics, errors=measured))
    said = {"mean": round(float(away.mean()), 4), "n": len(away), "steps": steps}
    (chosen.out / "training" / chosen.name / "search.json").write_text(json.dumps(said), "utf-8")
    print(f"Held-out avatars are found up to {said}")
    return 0
