"""Make the tunes of the collections alike: what kind each is, the metre it is written in, which are
the same tune. Knows nothing of files or of models."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from genui.errors import BadInput
from genui.music import grammar, tokens
from genui.music.facts import Step, steps
from genui.music.shape import regular
from genui.music.tune import Bar, Metre, Section, Tune
from genui.training.tunes.sources import Found

LONGEST = 640  # tokens of a tune
SPOKEN = {
    "reel": "reel", "jig": "jig", "double jig": "jig", "single jig": "jig", "slide": "jig",
    "slip jig": "slip jig", "slipjig": "slip jig", "hornpipe": "hornpipe", "clog": "hornpipe",
    "strathspey": "strathspey", "highland fling": "strathspey", "fling": "strathspey",
    "march": "march", "air": "air", "waltz": "tune", "polka": "tune",
}  # fmt: skip
TITLED = (
    ("strathspey", r"strathspey"), ("hornpipe", r"hornpipe|clog\b"), ("slip jig", r"slip jig"),
    ("jig", r"\bjigg?\b|\bgigg?\b"), ("march", r"\bmarch\b|quick ?step|\btroop\b"),
    ("tune", r"\bminuet|\bwalt[zs]|\bpol[kc]a"),
    ("reel", r"\breel\b"), ("air", r"\bair\b"),
)  # fmt: skip
# what O'Neill's book has where, by tune number: the first of each part
ONEILL = ((1851, ""), (1801, "march"), (1781, "tune"), (1556, "hornpipe"), (1176, "reel"),
          (1116, "slip jig"), (701, "jig"), (626, "tune"), (1, "air"))  # fmt: skip
# metres in which a kind is danced; a tune that claims to be one in another metre is just a tune
DANCED = {
    "reel": ("4/4", "2/4"), "jig": ("6/8", "12/8"), "slip jig": ("9/8",),
    "hornpipe": ("4/4", "3/2"), "strathspey": ("4/4",), "march": ("4/4", "2/4", "6/8"),
}  # fmt: skip


def kind_of(found: Found) -> str:
    """The kind by what the file says, else by its title, else by its place in the book."""
    kind = SPOKEN.get(found.rhythm, "")
    if not kind:
        title = found.title.lower()  # too few waltzes, minuets and polkas to learn: just tunes
        kind = next((kind for kind, words in TITLED if re.search(words, title)), "")
    if not kind and found.collection == "oneill" and found.number.isdigit():
        number = int(found.number)
        kind = next((kind for first, kind in ONEILL if number >= first), "")
    return kind or "tune"


def _doubled(tune: Tune) -> Tune:
    """A tune in 2/4 written twice as slow, in 4/4."""

    def slower(bar: Bar) -> Bar:
        return Bar(tuple(replace(event, ticks=2 * event.ticks) for event in bar.events))

    sections = tuple(
        Section(tuple(map(slower, s.bars)), slower(s.pickup), s.repeat) for s in tune.sections
    )
    return replace(tune, metre=Metre(4, 4), sections=sections)


def clean(found: Found) -> Tune:
    """The tune, regular and of a known kind, reels and hornpipes in 4/4 as most books write them.
    Raises BadInput when it cannot be read, does not add up, is too long or in a rare mode."""
    if isinstance(found.tune, BadInput):
        raise found.tune
    tune = replace(found.tune, kind=kind_of(found), title=found.title)
    if tune.kind in ("reel", "hornpipe") and tune.metre == Metre(2, 4):
        tune = _doubled(tune)
    if tune.key.mode not in tokens.MODES:
        raise BadInput("This tune is in a rare mode.")
    if tune.bars < 8:
        raise BadInput("This tune is very short.")
    tune = regular(tune)
    if str(tune.metre) not in DANCED.get(tune.kind, (str(tune.metre),)):
        tune = replace(tune, kind="tune")
    ids = tokens.encode(tune)
    if len(ids) > LONGEST:
        raise BadInput("This tune is very long.")
    grammar.follow(ids)
    return tune


GRAM = 5  # notes of a shingle
HASHES, ROWS = 128, 2
ALIKE = 0.3  # shared shingles of two settings of one tune
NAMED = 0.12  # the same, where the titles are equal too
SAME = 0.8  # more than that adds nothing to learn
COMMON_TITLES = frozenset(("", "untitled", "minuet", "march", "quickstep", "reel", "jig", "air"))


def shingles(tune: Tune) -> frozenset[tuple[Step, ...]]:
    """All runs of five steps of the melody, in any key."""
    melody = steps(tune)[1:]
    return frozenset(tuple(melody[i : i + GRAM]) for i in range(len(melody) - GRAM + 1))


def likeness(a: frozenset[object], b: frozenset[object]) -> float:
    """Shared over all (Jaccard)."""
    return len(a & b) / max(1, len(a | b))


def _signatures(sets: Sequence[frozenset[tuple[Step, ...]]]) -> NDArray[np.uint64]:
    """MinHash (Broder 1997) of each set, (N, HASHES)."""
    rng = np.random.default_rng(0)
    prime = (1 << 31) - 1
    a = rng.integers(1, prime, HASHES, dtype=np.uint64)
    b = rng.integers(0, prime, HASHES, dtype=np.uint64)
    numbers: dict[tuple[Step, ...], int] = {}
    for found in sets:
        for shingle in sorted(found, key=repr):
            numbers.setdefault(shingle, len(numbers))
    scattered = rng.permutation(prime >> 8)[: len(numbers)].astype(np.uint64)
    rows = [
        ((scattered[[numbers[s] for s in found], None] * a + b) % prime).min(0)
        if found else np.zeros(HASHES, np.uint64)
        for found in sets
    ]  # fmt: skip
    return np.stack(rows)


def _plain(title: str) -> list[str]:
    """Titles without articles, kinds and punctuation."""
    plain = []
    for one in title.lower().split(" / "):
        words = re.sub(r"--.*|[^a-z ]", "", one).split()
        plain.append("".join(word for word in words if word not in ("the", "a", "an")))
    return plain


@dataclass(frozen=True)
class Clusters:
    """of: number of each tune's cluster. copies: tunes that repeat an earlier one."""

    of: list[int]
    copies: frozenset[int]


def clusters(tunes: Sequence[Tune]) -> Clusters:
    """Group settings of the same tune: those that share enough of their melody, or less of it and
    their title. Candidates come from MinHash bands, and the true likeness decides."""
    sets = [shingles(tune) for tune in tunes]
    titles = defaultdict[str, list[int]](list)
    bands = defaultdict[tuple[int, bytes], list[int]](list)
    for i, row in enumerate(_signatures(sets)):
        for band in range(0, HASHES, ROWS):
            bands[band, row[band : band + ROWS].tobytes()].append(i)
        for title in _plain(tunes[i].title):
            if title not in COMMON_TITLES:
                titles[title].append(i)
    named = _pairs(titles.values())
    parent = list(range(len(tunes)))
    copies = set[int]()

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for i, j in sorted(named | _pairs(bands.values())):
        alike = likeness(sets[i], sets[j])
        if alike >= (NAMED if (i, j) in named else ALIKE):
            parent[root(j)] = root(i)
        if alike >= SAME:
            copies.add(j)
    return Clusters([root(i) for i in range(len(tunes))], frozenset(copies))


def _pairs(groups: Iterable[list[int]]) -> set[tuple[int, int]]:
    found = set[tuple[int, int]]()
    for group in groups:
        found.update(combinations(sorted(set(group)), 2))
    return found
