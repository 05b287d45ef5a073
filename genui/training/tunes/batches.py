"""What the music models learn from, batch by batch, and what each tune may be turned into: another
key, an unnamed kind, its later parts only, or a tune with a gap to fill.

Knows nothing of networks."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from genui.music import tokens

IGNORED = -100  # as label: not learned
UNNAMED, SHORTENED, HOLED = 0.1, 0.1, 0.15  # shares of the tunes shown
POOL = 16  # batches drawn at once, so that each can hold tunes of like length
LENGTHS = (2, 4, 8)  # bars of a gap
Ids = tuple[int, ...]


def _later(ids: Sequence[int], rng: random.Random) -> list[int]:
    """The tune from one of its later sections on, which ends as it did."""
    starts = [at for at, i in enumerate(ids) if i in (tokens.ONCE, tokens.TWICE)]
    begin = rng.choice(starts)
    bars = sum(i in tokens.LEFT for i in ids[begin:])
    return [*ids[:4], tokens.ID[f"bars:{bars}"], ids[5], *ids[begin:]]


def _holed(ids: Sequence[int], rng: random.Random) -> list[int] | None:
    """The tune with a gap of whole bars and what belongs there; None where none fits."""
    starts = tokens.bar_starts(ids)
    first = rng.randrange(len(starts))
    fits = [n for n in LENGTHS if n <= tokens.LEFT[ids[starts[first]]]]
    if not fits:
        return None
    asked, missing = tokens.with_hole(ids, first, rng.choice(fits))
    return asked + missing


def varied(ids: Ids, rng: random.Random) -> list[int]:
    """One showing of a tune: in a key chosen evenly among those in which it can be played, and now
    and then without its kind, without its beginning, or with a gap."""
    moved = [m for shift in range(-6, 6) if (m := tokens.transposed(ids, shift))]
    found = rng.choice(moved)
    if rng.random() < UNNAMED:
        found[0] = tokens.ID["kind:tune"]
    chance = rng.random()
    if chance < SHORTENED:
        return _later(found, rng)
    if chance < SHORTENED + HOLED:
        return _holed(found, rng) or found
    return found


def stacked(rows: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Rows of tokens → inputs (B, T), padded, and what comes after each (B, T), `IGNORED` where
    there is nothing to learn: padding, and that there is a gap."""
    longest = max(map(len, rows)) - 1
    inputs = torch.full((len(rows), longest), tokens.PAD)
    labels = torch.full((len(rows), longest), IGNORED)
    for i, row in enumerate(rows):
        inputs[i, : len(row) - 1] = torch.tensor(row[:-1])
        labels[i, : len(row) - 1] = torch.tensor(row[1:])
    labels[(labels == tokens.HOLE) | (labels == tokens.FILL)] = IGNORED
    return inputs, labels


def batches(
    tunes: Sequence[Ids], size: int, start: int, device: torch.device
) -> Iterator[tuple[Tensor, Tensor]]:
    """Endless batches of `size` varied tunes, as `stacked` gives them; from step `start` on, the
    same ones again only after a stop at the same step."""
    rng = random.Random(start)
    while True:
        drawn = sorted((varied(rng.choice(tunes), rng) for _ in range(POOL * size)), key=len)
        groups = [drawn[i : i + size] for i in range(0, len(drawn), size)]
        rng.shuffle(groups)
        for group in groups:
            inputs, labels = stacked(group)
            yield inputs.to(device), labels.to(device)
