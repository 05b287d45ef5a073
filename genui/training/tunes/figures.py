"""Numbers about many tunes at once, each with an interval, so that made tunes can stand beside
real ones. Knows nothing of models."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Any

import numpy as np

from genui.music import facts
from genui.music.tune import Tune
from genui.training.metrics import rate

COPIED = 8  # bars in a row that are a copy
RESAMPLED = 2000


def mean(values: Sequence[float], weights: Sequence[float] | None = None) -> dict[str, float]:
    """Weighted mean with its 95 % bootstrap interval over the values. NaN for none."""
    if not values:
        return {"mean": float("nan"), "low": float("nan"), "high": float("nan"), "n": 0}
    x = np.asarray(values, float)
    w = np.ones_like(x) if weights is None else np.asarray(weights, float)
    rows = np.random.default_rng(0).integers(0, len(x), (RESAMPLED, len(x)))
    found = (x * w)[rows].sum(1) / w[rows].sum(1)
    low, high = np.percentile(found, (2.5, 97.5))
    middle = float((x * w).sum() / w.sum())
    return {"mean": round(middle, 4), "low": round(float(low), 4), "high": round(float(high), 4),
            "n": len(x)}  # fmt: skip


def notes_of(tune: Tune) -> int:
    """How many notes sound; tied ones are one."""
    return sum(pitch is not None for pitch, _ in tune.notes())


def figures(
    tunes: Sequence[Tune], asked: Sequence[Tune], ear: facts.Ear, known: facts.Known
) -> dict[str, Any]:
    """What tunes are like. asked: for each, a tune of the kind, key and number of bars that it
    should have had. known: those it could have been copied from."""
    pairs = list(zip(tunes, asked, strict=True))
    bars = [facts.right_bars(tune) for tune in tunes]
    whole = [
        right == count == wanted.bars for (right, count), wanted in zip(bars, asked, strict=True)
    ]
    runs = [known.longest(tune) for tune in tunes]
    rhymes = [r for tune in tunes if (r := facts.rhyming_sections(tune)) is not None]
    named = [(tune, wanted.kind) for tune, wanted in pairs if wanted.kind in ear.tunes]
    return {
        "bars that add up": rate(sum(r for r, _ in bars), sum(n for _, n in bars)),
        "tunes whose bars all add up, as many as asked": rate(sum(whole), len(tunes)),
        "ends on the tonic": rate(sum(map(facts.ends_on_tonic, tunes)), len(tunes)),
        "sounds in the key asked for": rate(sum(map(facts.in_key, tunes)), len(tunes)),
        "time on the notes of the key": mean([facts.in_scale(tune) for tune in tunes]),
        "moves like the kind asked for": rate(
            sum(ear.kind(tune) == kind for tune, kind in named), len(named)
        ),
        "bars heard before in the tune": mean([facts.repeated_bars(tune) for tune in tunes]),
        "parts that end like an earlier one": mean(rhymes),
        "longest run copied, bars": mean([run.bars for run in runs])
        | {"median": round(median(run.bars for run in runs), 2),
           "most": round(max(run.bars for run in runs), 2)},
        f"tunes with {COPIED} bars or more copied": rate(
            sum(run.bars >= COPIED for run in runs), len(tunes)
        ),
    }  # fmt: skip
