"""The data card: what the tunes are, where from, why they may be used, how they were cleaned and
split. The same tunes give the same words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from genui.training.card import table
from genui.training.tunes.clean import ALIKE, NAMED, SAME
from genui.training.tunes.sources import COLLECTIONS, LEFT_OUT, WHEEL

if TYPE_CHECKING:
    from genui.training.tunes.data import Piece

HEAD = """# Tune data

What the music models learn from: {count} tunes from four printed collections that are out of
copyright. The command below writes this page too.

```
pip install -r requirements-train.txt
python -m genui.training tunes-data --out data/tunes
```

It fetches the wheel {wheel} (checked by hash, never installed), unpacks four collections of its
corpus, and writes `tunes.json.gz`: every tune as tokens in its own key, with its title, source,
cluster and split.

## Sources

The books are in the public domain. The ABC files are plain transcriptions by volunteers and carry
no licence or terms of their own; music21 distributes its corpus "with the permission of the
encoders" and names restrictions where there are any, as it does for Essen. Nobody has granted a
licence in writing, which is all that can be said. Thanks to all of them. No chords are in any of
these files, so the models know none.
"""
CLEANING = """## Cleaning

One melody each: grace notes, ornaments, slurs, words and fingerings go, of a chord the top note
stays, of two endings the second. 2/2 is 4/4, and reels and hornpipes in 2/4 are written in 4/4 as
most books have them. Bars must add up, parts must share one pickup, triplets must be whole; what
does not fit is left out, below by reason. The kind comes from the file's R: field, else from the
title, else from the part of O'Neill's book; most of Aird's tunes say nothing, and are just "tune".
There are too few waltzes, polkas and minuets to learn; they are "tune" in their metre.
"""
SPLIT = """## Split

Books print the same tunes, under other titles and in other settings. Two tunes belong to one
cluster when they share {alike:.0%} of their runs of five notes (interval and length, any key), or
{named:.0%} and a title; candidates come from MinHash. Of tunes that share {same:.0%} one stays. A
whole cluster goes by hash into one split.
"""


def _reason(message: str) -> str:
    """One reason for all tunes that failed for it: without numbers and without its advice."""
    plain = re.split(r"[;:(]| has “", message)[0].rstrip(".")
    return re.sub(r"\b\d+\b", "n", plain)


def card(kept: Sequence[Piece], read: Counter[str], clean: Counter[str], why: Counter[str]) -> str:
    """The whole card as Markdown. read, clean: tunes of each collection before and after cleaning.
    why: messages of those left out."""
    of = Counter(piece.source.split("/")[0] for piece in kept)
    sources = table(
        ("collection", "printed", "typed in by", "tunes", "clean", "kept"),
        [(c.book, c.year, c.encoded, read[c.name], clean[c.name], of[c.name])
         for c in COLLECTIONS],
    )  # fmt: skip
    left = table(("left out", "because"), LEFT_OUT.items())
    reasons = Counter[str]()
    for message, n in why.items():
        reasons[_reason(message)] += n
    splits = Counter(piece.split for piece in kept)
    clusters = {name: len({p.cluster for p in kept if p.split == name}) for name in splits}
    tunes = [piece.tune for piece in kept]

    def count(title: str, values: Sequence[str]) -> str:
        return table((title, "tunes"), Counter(values).most_common())

    return "\n".join(
        (
            HEAD.format(count=len(kept), wheel=WHEEL),
            sources,
            left,
            CLEANING,
            table(("reason", "tunes"), reasons.most_common(12)),
            SPLIT.format(alike=ALIKE, named=NAMED, same=SAME),
            table(
                ("split", "tunes", "clusters"),
                [(name, n, clusters[name]) for name, n in splits.most_common()],
            ),
            "## Content\n",
            count("kind", [tune.kind for tune in tunes]),
            count("metre", [str(tune.metre) for tune in tunes]),
            count("key", [str(tune.key) for tune in tunes]),
            "In training a tune appears in every key that keeps it between G3 and E6, chosen anew\n"
            "each time, so keys are balanced there.\n",
        )
    )
