"""What can be said of a tune by looking at it alone, without any model: its key by ear, whether its
bars add up, where it ends, what its rhythm is like, what repeats, and what it shares with others.

These are independent of what the models are asked and trained on, so they can check them."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from genui.music.tune import SCALES, TRIPLET, Key, Tune

# how well each semitone above the tonic fits a key, by listeners' ratings (Krumhansl and Kessler
# 1982, table in Krumhansl 1990, "Cognitive Foundations of Musical Pitch", chapter 2)
RATED = {
    "major": (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
    "minor": (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17),
}


def _swapped(profile: Sequence[float], a: int, b: int) -> tuple[float, ...]:
    values = list(profile)
    values[a], values[b] = values[b], values[a]
    return tuple(values)


# nobody rated the two modes; they are taken for major with a low seventh, minor with a high sixth
PROFILES = RATED | {
    "mixolydian": _swapped(RATED["major"], 10, 11),
    "dorian": _swapped(RATED["minor"], 8, 9),
}


def _correlation(a: Sequence[float], b: Sequence[float]) -> float:
    x, y = sum(a) / len(a), sum(b) / len(b)
    above = sum((i - x) * (j - y) for i, j in zip(a, b, strict=True))
    below = math.sqrt(sum((i - x) ** 2 for i in a) * sum((j - y) ** 2 for j in b))
    return above / below if below else 0.0


def heard_key(notes: Iterable[tuple[int | None, int]]) -> Key:
    """The key that the notes (pitch, ticks) fit best: the highest correlation of how long each
    pitch class sounds with the key's profile (Krumhansl and Schmuckler)."""
    heard = [0.0] * 12
    for pitch, ticks in notes:
        if pitch is not None:
            heard[pitch % 12] += ticks
    fits = {
        Key(tonic, mode): _correlation(heard[tonic:] + heard[:tonic], profile)
        for tonic in range(12)
        for mode, profile in PROFILES.items()
    }
    return max(fits, key=fits.__getitem__)


def in_key(tune: Tune) -> bool:
    """Whether the key that is heard has the signature of the key that is written: the relative
    minor and the modes of the same seven notes count as the same, since a melody alone often does
    not tell them apart."""
    return heard_key(tune.notes()).signature == tune.key.signature


def in_scale(tune: Tune) -> float:
    """Share of the sounding time that lies on the key's seven notes."""
    scale = {(tune.key.tonic + step) % 12 for step in SCALES[tune.key.mode]}
    notes = [(pitch, ticks) for pitch, ticks in tune.notes() if pitch is not None]
    inside = sum(ticks for pitch, ticks in notes if pitch % 12 in scale)
    return inside / max(1, sum(ticks for _, ticks in notes))


def ends_on_tonic(tune: Tune) -> bool:
    """Whether the last note is the tonic."""
    pitches = [pitch for pitch, _ in tune.notes() if pitch is not None]
    return bool(pitches) and pitches[-1] % 12 == tune.key.tonic


def right_bars(tune: Tune) -> tuple[int, int]:
    """How many bars add up, and how many there are. The last bar of a section is shorter by the
    pickup; a triplet that is not whole makes its bar wrong."""
    right = count = 0
    for section in tune.sections:
        pickup = tune.sections[0].pickup.ticks
        for i, bar in enumerate(section.bars, 1):
            short = pickup if i == len(section.bars) else 0
            thirds = sum(event.ticks for event in bar.events if event.ticks in TRIPLET)
            right += bar.ticks == tune.metre.ticks - short and thirds % 12 == 0
            count += 1
    return right, count


def repeated_bars(tune: Tune) -> float:
    """Share of bars that stand in the tune before, note for note."""
    seen = set[tuple[object, ...]]()
    again = count = 0
    for section in tune.sections:
        for bar in section.bars:
            key = bar.events
            again += key in seen
            seen.add(key)
            count += 1
    return again / max(1, count)


def rhyming_sections(tune: Tune) -> float | None:
    """Share of the sections after the first whose last five notes are those of an earlier one.
    None for a single section."""
    ends = [
        [e.pitch for bar in section.bars[-2:] for e in bar.events if e.pitch is not None][-5:]
        for section in tune.sections
    ]
    if len(ends) < 2:
        return None
    return sum(end in ends[:i] for i, end in enumerate(ends) if i) / (len(ends) - 1)


def rhythm(tune: Tune) -> list[str]:
    """The rhythm, beat by beat: where in the beat notes begin, such as "0 12 24"; and how the bar
    is divided into beats."""
    beat, found = tune.metre.beat, [f"{tune.metre.ticks} in {tune.metre.beat}"]
    for section in tune.sections:
        for bar in section.bars:
            starts, at = defaultdict[int, list[int]](list), 0
            for event in bar.events:
                starts[at // beat].append(at % beat)
                at += event.ticks
            found += [" ".join(map(str, starts[i])) for i in range(-(-at // beat))]
    return found


@dataclass
class Ear:
    """Tells a tune's kind from its rhythm: naive Bayes on `rhythm`, each beat counted by the root
    of how often it occurs, as beats of one tune are far from independent."""

    beats: dict[str, Counter[str]] = field(default_factory=dict)
    tunes: Counter[str] = field(default_factory=Counter)

    @staticmethod
    def _weights(tune: Tune) -> dict[str, float]:
        return {beat: math.sqrt(n) for beat, n in Counter(rhythm(tune)).items()}

    def learn(self, tune: Tune) -> None:
        """Count one tune of a known kind."""
        self.tunes[tune.kind] += 1
        counts = self.beats.setdefault(tune.kind, Counter())
        for beat, weight in self._weights(tune).items():
            counts[beat] += weight  # type: ignore[assignment]

    def kind(self, tune: Tune) -> str:
        """The kind whose tunes move most like this one. All kinds are held equally likely."""
        known = len({beat for counts in self.beats.values() for beat in counts}) + 1
        weights = self._weights(tune)

        def fit(kind: str) -> float:
            counts, total = self.beats[kind], sum(self.beats[kind].values())
            return sum(
                weight * math.log((counts[beat] + 0.5) / (total + 0.5 * known))
                for beat, weight in weights.items()
            )

        return max(self.beats, key=fit)


Step = tuple[int | None, int]
GRAM = 8  # notes of the shortest run that is looked for


def steps(tune: Tune) -> list[Step]:
    """The melody without its key: semitones from the note before (None around rests) and ticks."""
    notes = list(tune.notes())
    before = [None, *(pitch for pitch, _ in notes)]
    return [
        (pitch - last if pitch is not None and last is not None else None, ticks)
        for (pitch, ticks), last in zip(notes, before, strict=False)
    ]


@dataclass(frozen=True)
class Run:
    """A stretch that two tunes share. notes: how many. bars: how long, in bars of the tune that
    was looked at. of: number of the other tune, -1 when there is no run."""

    notes: int
    bars: float
    of: int


class Known:
    """Tunes in which runs are looked up, in any key."""

    def __init__(self, tunes: Iterable[Tune]) -> None:
        self.melodies = [steps(tune) for tune in tunes]
        self.places = defaultdict[tuple[Step, ...], list[tuple[int, int]]](list)
        for number, melody in enumerate(self.melodies):
            for at in range(1, len(melody) - GRAM + 1):
                self.places[tuple(melody[at : at + GRAM])].append((number, at))

    def longest(self, tune: Tune) -> Run:
        """The longest run of the tune that stands in one of the known ones, note for note, up to
        transposition. Shorter than `GRAM` notes counts as none."""
        melody = steps(tune)
        best = (0, 0, -1)
        for at in range(1, len(melody) - GRAM + 1):
            for number, place in self.places.get(tuple(melody[at : at + GRAM]), ()):
                other = self.melodies[number]
                if at > 1 and place > 1 and melody[at - 1] == other[place - 1]:
                    continue  # a longer run, found before
                n = GRAM
                while (at + n < len(melody) and place + n < len(other)
                       and melody[at + n] == other[place + n]):  # fmt: skip
                    n += 1
                best = max(best, (n, at, number))
        n, at, number = best
        ticks = sum(length for _, length in melody[at : at + n])
        return Run(n, ticks / tune.metre.ticks, number)
