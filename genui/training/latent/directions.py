"""`python -m genui.training avatar-directions`: directions in a latent space that mean something.

Named ones lead from one answer to another. A VAE's come from counterfactual pairs: the mean change
of the place when only this attribute changes. A GAN's come from the judge's answers on samples: the
normal of a logistic regression in w (Shen et al. 2020, 1907.10786). All are made orthogonal to each
other at once, each moved as little as possible (Löwdin 1950), and measured. One step is a standard
deviation of the data along the direction, or half the mean change of the pairs if that is more.
Unnamed ones are the principal components of the data's places (Härkönen et al. 2020, 2004.02546),
ordered by how much they change a picture; the judge says what one of them mostly changes."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from genui.networks import avatar_folder as files
from genui.networks.avatar_folder import Direction
from genui.training.judge import Seen
from genui.training.latent import album, linear
from genui.training.latent.album import Album
from genui.training.latent.scales import SCALES
from genui.training.latent.specs import CLASSES, CONTRASTS, Contrast
from genui.training.latent.subject import Subject, answered
from genui.training.metrics import rate

FOUND = 12  # unnamed directions that are offered
FEW = 10  # samples of each answer without which no direction is fitted
STEPS = 2.0  # steps of a slider after which an attribute shall have changed
TELLING = 0.15  # rise of an answer's probability that gives an unnamed direction its name
RANGE = (-3.0, 3.0)


def unit(vectors: Tensor) -> Tensor:
    """Rows of length 1."""
    found: Tensor = vectors / vectors.norm(dim=-1, keepdim=True)
    return found


def orthogonal(vectors: Tensor) -> Tensor:
    """The orthonormal rows nearest to rows (k, D) of unit length, by symmetric orthogonalisation
    (Löwdin 1950): none comes first, so none is favoured. Rows must be independent."""
    u, _, v = torch.linalg.svd(vectors, full_matrices=False)
    found: Tensor = u @ v
    return found


def from_pairs(
    subject: Subject, pairs: Mapping[str, tuple[Album, Album]]
) -> dict[Contrast, Tensor]:
    """Contrast → the mean change of a VAE's place."""
    found = {}
    for contrast in CONTRASTS:
        before, after = (subject.encode(a.pictures)[0] for a in pairs[contrast.head])
        found[contrast] = (after - before).mean(0)
    return found


def from_answers(places: Tensor, said: Mapping[str, Tensor]) -> dict[Contrast, Tensor]:
    """Contrast → the normal between its two answers among places (N, latent), as a unit vector;
    contrasts of which too few samples show an end are left out."""
    found = {}
    for contrast in CONTRASTS:
        low, high = ends(contrast)
        column = said[contrast.head]
        rows = (column == low) | (column == high)
        right = (column[rows] == high).long()
        if min(int(right.sum()), int((1 - right).sum())) < FEW:
            print(f"Too few samples show {contrast.low} or {contrast.high}: no {contrast.title}.")
            continue
        found[contrast] = unit(linear.fit(places[rows], right, 2).normal(0, 1))
    return found


def ends(contrast: Contrast) -> tuple[int, int]:
    """The numbers of its two answers."""
    names = CLASSES[contrast.head]
    return names.index(contrast.low), names.index(contrast.high)


def scaled(vectors: Tensor, places: Tensor) -> Tensor:
    """Unit rows (k, D) as long as the deviation of places (N, D) along them."""
    return vectors * ((places - places.mean(0)) @ vectors.T).std(0)[:, None]


def reaching(vectors: Tensor, changes: Tensor) -> Tensor:
    """Rows (k, D), made longer where `STEPS` of them would not reach as far as the mean changes
    (k, D) of the pairs go along them."""
    straight = unit(vectors)
    far = (changes * straight).sum(1) / STEPS
    return straight * torch.maximum(vectors.norm(dim=1), far)[:, None]


def effect(subject: Subject, places: Tensor, vector: Tensor) -> float:
    """Mean absolute change of pictures, 0–2 a pixel and channel, for one step."""
    before, after = subject.images(places), subject.images(places + vector)
    return round(float((after - before).abs().mean()), 5)


def changed(before: Seen, after: Seen) -> dict[str, float]:
    """Head → share of pictures whose answer is another."""
    one, other = answered(before), answered(after)
    return {head: round(float((one[head] != other[head]).double().mean()), 4) for head in one}


def trial(
    subject: Subject, places: Tensor, before: Seen, contrast: Contrast, vector: Tensor
) -> dict[str, Any]:
    """Move every place that shows one end of a contrast `STEPS` steps towards the other.
    before: what the judge saw at the places. accuracy: how often it then holds the other answer for
    likelier (a rate); leakage: other head → share of pictures whose answer changed."""
    low, high = ends(contrast)
    column = answered(before)[contrast.head]
    rows = torch.nonzero((column == low) | (column == high))[:, 0]
    if not len(rows):
        return {"accuracy": rate(0, 0), "leakage": {}}
    up = (column[rows] == low).float() * 2 - 1
    after = subject.look(places[rows] + STEPS * up[:, None] * vector)
    scores = after.scores[contrast.head]
    lead = (scores[:, high] - scores[:, low]) * up
    moved = changed(before.of(rows.tolist()), after)
    del moved[contrast.head]
    return {"accuracy": rate(int((lead > 0).sum()), len(rows)), "leakage": moved}


def named(
    subject: Subject, vectors: dict[Contrast, Tensor], places: Tensor, tried: Tensor
) -> tuple[list[Direction], dict[str, Any]]:
    """The named directions, orthogonal, scaled by `places` (and a VAE's by its pairs) and measured
    on `tried`; and the same measures before they were made orthogonal."""
    if not vectors:
        return [], {}
    contrasts, changes = list(vectors), torch.stack(list(vectors.values()))
    directions, measures = [], {}
    raw = unit(changes)
    straight, skewed = scaled(orthogonal(raw), places), scaled(raw, places)
    if subject.config.kind == "vae":
        straight, skewed = reaching(straight, changes), reaching(skewed, changes)
    before = subject.look(tried)
    for contrast, vector, skew in zip(contrasts, straight, skewed, strict=True):
        found = trial(subject, tried, before, contrast, vector)
        share = found["accuracy"]["share"] if found["accuracy"]["n"] else None
        directions.append(
            Direction(
                contrast.head, contrast.title, "attribute", contrast.low, contrast.high, share,
                found["leakage"], effect(subject, tried[:64], vector), RANGE, vector,
            )
        )  # fmt: skip
        measures[contrast.head] = {
            "orthogonal": found,
            "as fitted": trial(subject, tried, before, contrast, skew),
        }
    return directions, measures


def describe(subject: Subject, places: Tensor, direction: Direction) -> Direction:
    """An unnamed direction with the words that the judge has for its ends, if it has any, and the
    share of pictures in which each attribute changes between them."""
    low = subject.look(places - STEPS * direction.vector)
    high = subject.look(places + STEPS * direction.vector)
    rises = {
        head: (high.scores[head].softmax(1) - low.scores[head].softmax(1)).mean(0)
        for head in CLASSES
    }
    leakage = changed(low, high)
    head = max(rises, key=lambda head: float(rises[head].max()))
    rise = rises[head]
    if float(rise.max()) < TELLING:
        return replace(direction, leakage=leakage)
    return replace(
        direction,
        title=f"{direction.title}: {head.replace('_', ' ')}",
        low=CLASSES[head][int(rise.argmin())], high=CLASSES[head][int(rise.argmax())],
        leakage=leakage,
    )  # fmt: skip


def found(subject: Subject, places: Tensor, tried: Tensor, count: int = FOUND) -> list[Direction]:
    """The principal components of places (N, latent) that change pictures most."""
    _, _, axes = torch.linalg.svd(places - places.mean(0), full_matrices=False)
    axes = axes[: 2 * count]
    # a component has no sign of its own: its largest number shall be positive
    axes = axes * axes.gather(1, axes.abs().argmax(1, keepdim=True)).sign()
    moves = [(effect(subject, tried[:64], v), v) for v in scaled(axes, places)]
    moves = sorted(moves, key=lambda move: -move[0])[:count]
    return [
        describe(
            subject, tried[:64],
            Direction(f"found-{i}", f"Found {i}", "found", "less", "more", None, {}, much, RANGE,
                      vector),
        )
        for i, (much, vector) in enumerate(moves, 1)
    ]  # fmt: skip


def main(arguments: list[str]) -> int:
    """Write the directions into the model's folder, and how well they were measured into
    `training/NAME/directions.json`; returns 0."""
    parser = argparse.ArgumentParser(
        prog="python -m genui.training avatar-directions", description=__doc__
    )
    parser.add_argument("--data", type=Path, default=Path("data/avatars"), help="the albums")
    parser.add_argument("--out", type=Path, default=Path("runs/avatars"), help="the run's folder")
    parser.add_argument("--scale", choices=SCALES, default="gpu")
    parser.add_argument("--name", default="avatars-vae", help="the model's folder in --out")
    chosen = parser.parse_args(arguments)
    scale, folder = SCALES[chosen.scale], chosen.out / chosen.name
    subject = Subject.open(folder, chosen.out / "judge")
    train, held = album.read(chosen.data / "train"), album.read(chosen.data / "held")
    places = subject.data(train, scale.labelled, seed=11)
    tried = subject.data(held, min(len(held), scale.samples), seed=12)
    if subject.config.kind == "vae":
        vectors = from_pairs(subject, album.read_pairs(chosen.data / "pairs"))
    else:
        vectors = from_answers(places, answered(subject.look(places)))
    directions, measures = named(subject, vectors, places, tried)
    files.write_directions(folder, [*directions, *found(subject, places, tried)])
    (chosen.out / "training" / chosen.name / "directions.json").write_text(
        json.dumps(measures, indent=1), "utf-8"
    )
    for direction in directions:
        leaks = max(direction.leakage.values(), default=0)
        print(f"{direction.title}: right {direction.accuracy}, leaks at most {leaks}")
    return 0
