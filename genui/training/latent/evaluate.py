"""`python -m genui.training avatar-evaluate`: how good an avatar model is, in numbers and sheets.

How well a VAE gives held-out avatars back; how far samples of the prior are from held-out art,
beside training art, which is as near as can be; how smooth, separable and disentangled the latent
space is; which attributes samples have; which training avatars they resemble. Writes `metrics.json`
into the model's folder. The same on a GPU and on a CPU, up to rounding."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from genui.networks.avatar_gan import Generator
from genui.training.evaluate import sheet
from genui.training.judge import stranger, to_judge
from genui.training.latent import album
from genui.training.latent.album import Album, Pictures, counted
from genui.training.latent.disentangle import dci, mig, separability
from genui.training.latent.scales import SCALES
from genui.training.latent.specs import CLASSES
from genui.training.latent.subject import BATCH, Subject, answered
from genui.training.marking import Space
from genui.training.metrics import (
    Bank,
    Ruler,
    alignment,
    copies,
    nearest,
    precision_recall,
    rate,
)

EPSILON = 1e-2  # step of the path length, as a share of a path
SHOWN = 32  # samples on the sheet beside their nearest training avatars
SURE = 0.5  # share of places, those answered most surely, by which separability is measured


def reconstruction(subject: Subject, held: Album) -> dict[str, float]:
    """How well a VAE gives held-out avatars back: PSNR in dB (mean over pictures), mean absolute
    error in 0–1, and how well edges fit (`metrics.alignment`, 1: the same drawing)."""
    made = subject.draw(subject.encode(held.pictures)[0])
    away = (made.astype(np.float64) - held.pictures) / 255
    ratios = -10 * np.log10(np.square(away).mean((1, 2, 3)) + 1e-10)
    fit = alignment(to_judge(made), to_judge(np.array(held.pictures)))
    return {
        "psnr_db": round(float(ratios.mean()), 3), "l1": round(float(np.abs(away).mean()), 5),
        "edges": round(float(fit.mean()), 4), "n": len(held),
    }  # fmt: skip


def kept_answers(subject: Subject, held: Album) -> dict[str, Any]:
    """Head → how often the judge reads the right answer off what a VAE gives back, as rates."""
    said = answered(subject.look(subject.encode(held.pictures)[0]))
    return {head: rate(int((said[head] == held.column(head)).sum()), len(held)) for head in CLASSES}


def distances(subject: Subject, made: Pictures, train: Album, held: Album) -> dict[str, Any]:
    """Samples, and training avatars in their place, against held-out avatars: KID, FID, density and
    coverage, precision and recall, in the judge's features and in those of a network that learned
    nothing."""
    count = min(len(made), len(held))
    real, floor = np.array(held.pictures[:count]), np.array(train.pictures[:count])
    found: dict[str, Any] = {}
    for name, judge in (("judge", subject.judge), ("random", stranger(subject.device))):
        space = Space.of(judge, real, floor)
        for who, features in (
            ("samples", space.features(made[:count])), ("training avatars", space.floor)
        ):  # fmt: skip
            measured = space.compare(features) | precision_recall(space.reference, features)
            found.setdefault(who, {})[name] = measured
    return found | {"n": count}


def lengths(subject: Subject, ruler: Ruler, paths: int, seed: int = 31) -> dict[str, float]:
    """Perceptual path length (Karras et al. 2019, 1812.04948, section 4.1) over whole paths: mean
    squared distance, in the judge's features instead of VGG's, of pictures a small share of a path
    apart, over that share squared; without the longest and shortest hundredth, as there. Paths are
    straight in w, and along the sphere for a VAE's prior."""
    a, b = subject.prior(paths, seed), subject.prior(paths, seed + 1)
    at = torch.rand(paths, 1, generator=torch.Generator().manual_seed(seed))
    between = torch.lerp if isinstance(subject.network, Generator) else slerp

    def features(share: Tensor) -> Tensor:
        # not through rounded pixels, which would drown so small a step
        at = torch.split(between(a, b, share), BATCH)
        with torch.no_grad():
            parts = [subject.judge.network.features(subject.images(some)).cpu() for some in at]
        return ruler(torch.cat(parts))

    away = (features(at + EPSILON) - features(at)).square().sum(1) / EPSILON**2
    low, high = away.quantile(0.01), away.quantile(0.99)
    kept = away[(away >= low) & (away <= high)]
    return {"mean": round(float(kept.mean()), 4), "median": round(float(away.median()), 4)}


def slerp(a: Tensor, b: Tensor, share: Tensor) -> Tensor:
    """Spherical interpolation of rows (N, D) by shares (N, 1) (Shoemake 1985)."""
    lengths = a.norm(dim=1, keepdim=True), b.norm(dim=1, keepdim=True)
    cosine = ((a / lengths[0]) * (b / lengths[1])).sum(1, keepdim=True).clamp(-0.9999, 0.9999)
    angle = cosine.acos()
    found: Tensor = (((1 - share) * angle).sin() * a + (share * angle).sin() * b) / angle.sin()
    return found


def latent(subject: Subject, train: Album, count: int) -> dict[str, Any]:
    """Separability for both kinds, from the half of all samples that the judge is surest of; MIG
    and DCI of a VAE by the known answers of training avatars."""
    sizes = {head: len(names) for head, names in CLASSES.items()}
    places = subject.prior(count, seed=41)
    seen = subject.look(places)
    said, told = {}, torch.zeros(len(places))
    for head, scores in seen.scores.items():
        said[head] = scores.argmax(1)
        told += scores.log_softmax(1).amax(1)
    sure = told.argsort(descending=True)[: max(2, int(len(places) * SURE))]
    columns = {head: column[sure] for head, column in said.items()}
    found: dict[str, Any] = {"separability": separability(places[sure], columns, sizes)}
    if subject.config.kind == "vae":
        means = subject.data(train, min(count, len(train)), seed=0)
        known = {head: train.column(head)[: len(means)] for head in CLASSES}
        found["mig"] = mig(means, known, sizes)
        found["dci"] = dci(means, known, sizes)
    return found


def shares(said: Mapping[str, Tensor], count: int) -> dict[str, dict[str, Any]]:
    """Head → answer → how many of `count` samples have it, as rates."""
    return {
        head: {answer: rate(n, count) for answer, n in counts.items()}
        for head, counts in counted(said, CLASSES).items()
    }


def bank(subject: Subject, ruler: Ruler, of: Album) -> Bank:
    """An album to compare with."""
    pictures = np.array(of.pictures)
    parts = [pictures[i : i + 2000] for i in range(0, len(pictures), 2000)]
    features = torch.cat([ruler(subject.judge.look(part).features).float() for part in parts])
    return Bank(features, torch.cat([to_judge(part).half() for part in parts]), [])


def resemblance(
    subject: Subject, made: Pictures, train: Album, held: Album, path: Path
) -> dict[str, Any]:
    """Whether samples are copies of training avatars (`metrics.copies`), calibrated by one half of
    the held-out ones against the other, and a sheet of those nearest to one, it to their right."""
    ruler = Ruler.of(subject.judge.look(np.array(held.pictures)).features)
    known, half = bank(subject, ruler, train), len(held) // 2
    others = bank(subject, ruler, Album(held.pictures[:half], held.marks[:half]))

    def compare(pictures: Pictures) -> Any:
        features = ruler(subject.judge.look(pictures).features).float()
        return nearest(features, to_judge(pictures), known, others)

    found, calm = compare(made), compare(np.array(held.pictures[half:]))
    rows = found.ratio.argsort()[:SHOWN].tolist()
    pairs = [(made[row], train.pictures[int(found.row[row])]) for row in rows]
    labels = [text for row in rows
              for text in ("sample", f"{found.ratio[row]:.2f} {found.fit[row]:.2f}")]  # fmt: skip
    sheet(np.stack([picture for pair in pairs for picture in pair]), labels, 16, path)
    return copies(found, calm)


def evaluate(subject: Subject, train: Album, held: Album, count: int, out: Path) -> dict[str, Any]:
    """All numbers for one model; sheets go to the folder `out`."""
    places = subject.prior(count, seed=51)
    made = subject.draw(places)
    grid = min(96, count)
    sheet(made[:grid], [""] * grid, 16, out / "samples.png")
    ruler = Ruler.of(subject.judge.look(np.array(held.pictures)).features)
    found: dict[str, Any] = {"kind": subject.config.kind}
    if subject.config.kind == "vae":
        found["reconstruction"] = reconstruction(subject, held)
        found["kept"] = kept_answers(subject, held)
    return found | {
        "distance": distances(subject, made, train, held),
        "path_length": lengths(subject, ruler, count // 2),
        **latent(subject, train, 4 * count),
        "copies": resemblance(subject, made, train, held, out / "nearest.png"),
        "shares": {
            "samples": shares(answered(subject.judge.look(made)), count),
            "training": shares({head: train.column(head) for head in CLASSES}, len(train)),
        },
    }


def main(arguments: list[str]) -> int:
    """Write `metrics.json` into the model's folder and sheets into `training/NAME`; returns 0."""
    parser = argparse.ArgumentParser(
        prog="python -m genui.training avatar-evaluate", description=__doc__
    )
    parser.add_argument("--data", type=Path, default=Path("data/avatars"), help="the albums")
    parser.add_argument("--out", type=Path, default=Path("runs/avatars"), help="the run's folder")
    parser.add_argument("--scale", choices=SCALES, default="gpu")
    parser.add_argument("--name", default="avatars-vae", help="the model's folder in --out")
    parser.add_argument("--data-set", choices=("train", "skewed"), default="train")
    chosen = parser.parse_args(arguments)
    folder, logs = chosen.out / chosen.name, chosen.out / "training" / chosen.name
    subject = Subject.open(folder, chosen.out / "judge")
    train, held = album.read(chosen.data / chosen.data_set), album.read(chosen.data / "held")
    scale = SCALES[chosen.scale]
    found = evaluate(subject, train, held, scale.samples, logs)
    for name in ("directions", "map"):
        found[name] = json.loads((logs / f"{name}.json").read_text("utf-8"))
    found["judge"] = json.loads((chosen.out / "judge" / "accuracy.json").read_text("utf-8"))
    found |= {"scale": chosen.scale, "device": subject.device.type, "data_set": chosen.data_set}
    (folder / "metrics.json").write_text(json.dumps(found, indent=1), "utf-8")
    print(json.dumps({k: found[k] for k in ("distance", "path_length", "separability")}, indent=1))
    return 0
