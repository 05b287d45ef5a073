"""`python -m genui.training avatar-map`: the map of a latent space and what is known of its data.

Chooses places (where a VAE sees training avatars, styles in turn; samples of a GAN), finds two
dimensions for them (PCA, and neighbours), draws the atlas of thumbnails, and counts what
`statistics.json` says."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from genui.networks import avatar_folder as files
from genui.networks.avatar_folder import ATLAS, ATLAS_COLUMNS, ATLAS_SIDE, Quantiles, Statistics
from genui.training.latent import album, embedding
from genui.training.latent.album import Album, Pictures
from genui.training.latent.scales import SCALES, Scale
from genui.training.latent.specs import CLASSES
from genui.training.latent.subject import Subject, answered
from genui.training.latent.vae import divergence

QUALITY = 80  # of the atlas, WebP
TRUSTED = 2_000  # places by which the maps are compared


def principal(places: Tensor) -> tuple[Tensor, Tensor]:
    """The two axes (2, D) along which places (N, D) differ most, and their mean (D,)."""
    mean = places.mean(0)
    _, _, axes = torch.linalg.svd(places - mean, full_matrices=False)
    return axes[:2], mean


def chart(places: Tensor, columns: dict[str, Tensor], steps: int) -> files.Map:
    """The map of places (N, latent) whose answers are `columns`."""
    axes, mean = principal(places)
    raw = (places - mean) @ axes.T
    low, high = raw.amin(0), raw.amax(0)
    network = embedding.train(places, steps)
    attributes = {head: (CLASSES[head], columns[head].tolist()) for head in CLASSES}
    return files.Map(
        places, (raw - low) / (high - low), network(places), axes, mean, low, high, network,
        attributes,
    )  # fmt: skip


def atlas(pictures: Pictures, path: Path) -> None:
    """Write thumbnails of pictures (N, 64, 64, 3), row by row."""
    side, columns = ATLAS_SIDE, ATLAS_COLUMNS
    rows = -(-len(pictures) // columns)
    canvas = np.full((rows * columns, side, side, 3), 255, np.uint8)
    for i, picture in enumerate(pictures):
        canvas[i] = np.asarray(Image.fromarray(picture).reduce(picture.shape[0] // side))
    grid = canvas.reshape(rows, columns, side, side, 3).swapaxes(1, 2)
    Image.fromarray(grid.reshape(rows * side, columns * side, 3)).save(path, quality=QUALITY)


def statistics(
    subject: Subject, train: Album, held: Album, stored: Tensor, scale: Scale
) -> Statistics:
    """What is known of the data and of the latent space; `stored` are the map's places."""
    shares, pictures = train.shares(), len(train)
    if subject.config.kind == "gan":
        spread, news = stored.std(0), subject.prior(scale.samples, seed=22)
        return Statistics(
            spread.tolist(), [], shares, pictures,
            Quantiles.measure(files.distance(news, stored, spread)),
            scores=Quantiles.measure(subject.score(train.pictures[: scale.samples])),
        )  # fmt: skip
    mean, log_variance = subject.encode(train.pictures[: len(stored)])
    # of sampled places, as the decoder learned them: silent dimensions have about deviation 1
    spread = (mean.var(0) + log_variance.exp().mean(0)).sqrt()
    centre, doubt = subject.encode(held.pictures)
    noise = torch.randn(centre.shape, generator=torch.Generator().manual_seed(22))
    news = centre + (doubt / 2).exp() * noise
    away = subject.draw(centre).astype(np.float32) - held.pictures
    errors = torch.from_numpy(np.abs(away).mean((1, 2, 3)) / 127.5)
    return Statistics(
        spread.tolist(), divergence(mean, log_variance).mean(0).tolist(), shares, pictures,
        Quantiles.measure(files.distance(news, stored, spread)),
        errors=Quantiles.measure(errors),
    )  # fmt: skip


def main(arguments: list[str]) -> int:
    """Write the map, the atlas and the statistics into the model's folder, and how well the maps
    keep neighbours into `training/NAME/map.json`; returns 0."""
    parser = argparse.ArgumentParser(
        prog="python -m genui.training avatar-map", description=__doc__
    )
    parser.add_argument("--data", type=Path, default=Path("data/avatars"), help="the albums")
    parser.add_argument("--out", type=Path, default=Path("runs/avatars"), help="the run's folder")
    parser.add_argument("--scale", choices=SCALES, default="gpu")
    parser.add_argument("--name", default="avatars-vae", help="the model's folder in --out")
    parser.add_argument("--data-set", choices=("train", "skewed"), default="train")
    chosen = parser.parse_args(arguments)
    scale, folder = SCALES[chosen.scale], chosen.out / chosen.name
    subject = Subject.open(folder, chosen.out / "judge")
    train, held = album.read(chosen.data / chosen.data_set), album.read(chosen.data / "held")
    places = subject.data(train, min(scale.places, len(train)), seed=21)
    pictures = subject.draw(places)
    if subject.config.kind == "vae":
        columns = {head: train.column(head)[: len(places)] for head in CLASSES}
    else:
        columns = answered(subject.judge.look(pictures))
    found = chart(places, columns, scale.embed_steps)
    files.write_map(folder, found)
    files.write_judge(folder, subject.judge.network, CLASSES)
    atlas(pictures, folder / ATLAS)
    files.write_statistics(folder, statistics(subject, train, held, places, scale))
    some = slice(0, TRUSTED)
    fresh = subject.data(held, min(len(held), TRUSTED), seed=23)
    spots = found.spots(fresh)
    k = min(embedding.NEIGHBOURS, len(fresh) // 3)
    measured = {
        "pca": embedding.kept(places[some], found.pca[some], k),
        "neighbours": embedding.kept(places[some], found.neighbours[some], k),
        "pca, new places": embedding.kept(fresh, spots[:, 0], k),
        "neighbours, new places": embedding.kept(fresh, spots[:, 1], k),
    }
    (chosen.out / "training" / chosen.name / "map.json").write_text(json.dumps(measured), "utf-8")
    print(f"Trustworthiness: {measured}")
    return 0
