"""Chords for a melody, by rule: for each half bar the chord that its notes fit best and that
follows well from the chord before.

The best way through one bar is found by dynamic programming (Viterbi) over the chords of the key; a
bar sees itself and what was before, never what comes, so that music can sound while it is written.
Chords that a tune brings along are taken as they are. Knows nothing of sound."""

from __future__ import annotations

import re
from dataclasses import dataclass

from genui.music.tune import SCALES, Bar, Key, Metre
from genui.synth.rhythm import accent

# how willingly each degree of the scale is taken for a chord, when nothing else decides
LIKED_MAJOR = (0.45, 0.0, -0.3, 0.25, 0.35, 0.05, 0.3)
LIKED_MINOR = (0.45, -0.1, 0.1, 0.15, 0.0, 0.1, 0.35)
OUTSIDE = -0.8  # what a note outside the chord adds; one inside it adds 1, 0.85 or 0.8
STAYS, FALLS, OPENS, CLOSES = 0.12, 0.12, 0.3, 0.5
NAME = re.compile(r"([A-G])([#b]?)(m(?!aj)|min|dim)?")
LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


@dataclass(frozen=True)
class Chord:
    """A triad. root: 0 (C) to 11 (B)."""

    root: int
    minor: bool = False

    @property
    def notes(self) -> tuple[int, int, int]:
        """Root, third and fifth as pitch classes."""
        return self.root, (self.root + (3 if self.minor else 4)) % 12, (self.root + 7) % 12


def chords(
    bar: Bar, key: Key, metre: Metre, *, before: Chord | None = None, opens: bool = False,
    closes: bool = False,
) -> list[tuple[int, Chord]]:  # fmt: skip
    """The chords of a bar as (tick, chord). before: the chord that sounds when it begins. opens,
    closes: it is the first or last bar of a section, where the key's own chord is at home."""
    if bar.chords and (named := [(tick, chord_of(name)) for tick, name in bar.chords]):
        return named if named[0][0] == 0 else [(0, before or named[0][1]), *named]
    home = Chord(key.tonic, SCALES[key.mode][2] == 3)
    choice = candidates(key)
    slots = _slots(bar, metre)
    best = {before: (0.0, list[Chord]())}
    for number, notes in enumerate(slots):
        fits = {chord: liked + _fit(chord, notes) for chord, liked in choice.items()}
        if opens and number == 0:
            fits[home] += OPENS
        if closes and number == len(slots) - 1 and notes and notes[-1][0] in home.notes:
            fits[home] += CLOSES
        best = {
            chord: max(
                ((score + fit + _follows(last, chord, number), [*way, chord])
                 for last, (score, way) in best.items()),
                key=lambda found: found[0],
            )
            for chord, fit in fits.items()
        }  # fmt: skip
    _, way = max(best.values(), key=lambda found: found[0])
    size = slot(metre)
    return [
        (number * size, chord)
        for number, chord in enumerate(way)
        if number == 0 or chord != way[number - 1]
    ]


class Harmony:
    """The chords of a tune, whose bars come in the order in which they are written."""

    def __init__(self, key: Key, metre: Metre) -> None:
        self.key, self.metre = key, metre
        self.last: Chord | None = None  # what sounds at the end of the newest bar

    def bar(self, bar: Bar, *, opens: bool, closes: bool) -> list[tuple[int, Chord]]:
        """The chords of the next bar, as `chords` has them. A pickup has none."""
        opens = opens or not self.last
        found = chords(bar, self.key, self.metre, before=self.last, opens=opens, closes=closes)
        self.last = found[-1][1]
        return found


def slot(metre: Metre) -> int:
    """Ticks that a chord lasts at least."""
    if metre.beats == 3:
        return metre.ticks
    beats = metre.ticks // metre.beat
    return metre.beat * (2 if beats % 2 == 0 and metre.beats != 6 else 1)


def candidates(key: Key) -> dict[Chord, float]:
    """The major and minor triads on the scale, and how willingly each is taken; in minor also the
    major chord on the fifth degree, which leads home."""
    scale = SCALES[key.mode]
    liked = LIKED_MINOR if scale[2] == 3 else LIKED_MAJOR
    found = dict[Chord, float]()
    for degree, step in enumerate(scale):
        third = (scale[(degree + 2) % 7] - step) % 12
        if (scale[(degree + 4) % 7] - step) % 12 == 7:
            found[Chord((key.tonic + step) % 12, third == 3)] = liked[degree]
    if key.mode == "minor":
        found[Chord((key.tonic + 7) % 12)] = 0.15
    return found


def chord_of(name: str) -> Chord:
    """The triad of a chord symbol such as "Em" or "D7"; C for what is none."""
    found = NAME.match(name)
    if not found:
        return Chord(0)
    letter, sign, minor = found.groups()
    return Chord((LETTERS[letter] + {"#": 1, "b": -1, "": 0}[sign]) % 12, minor is not None)


def _slots(bar: Bar, metre: Metre) -> list[list[tuple[int, float]]]:
    """For each slot of the bar its notes as (pitch class, weight); one across slots is in both."""
    size = slot(metre)
    found: list[list[tuple[int, float]]] = [[] for _ in range(-(-bar.ticks // size))]
    at = 0
    for event in bar.events:
        end = at + event.ticks
        for number in range(at // size, -(-end // size)):
            inside = min(end, (number + 1) * size) - max(at, number * size)
            if event.pitch is not None:
                heavy = 1.5 if at % metre.beat == 0 else accent(metre, at)
                found[number].append((event.pitch % 12, inside * heavy))
        at = end
    return found


def _fit(chord: Chord, notes: list[tuple[int, float]]) -> float:
    """How well notes fit a chord, 1 at best; 0 without notes."""
    worth = dict(zip(chord.notes, (1.0, 0.85, 0.8), strict=True))
    total = sum(weight for _, weight in notes)
    found = sum(worth.get(pitch, OUTSIDE) * weight for pitch, weight in notes)
    return 1.5 * found / total if total else 0.0


def _follows(last: Chord | None, chord: Chord, number: int) -> float:
    """How well a chord follows another: staying within a bar, or falling a fifth."""
    if last is None:
        return 0.0
    if last == chord:
        return STAYS if number else 0.0
    return FALLS if (last.root - chord.root) % 12 == 7 else 0.0
