"""Who plays along: a guitar, piano or harp that alternates bass and chord, a double bass, and the
soft drums of a session, by the rhythm of the tune.

Makes a list of strokes for one bar from its chords; knows nothing of what comes later, and nothing
of samples."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from genui.music.tune import Metre
from genui.synth.harmony import Chord

BACKING = {"piano": "piano", "harp": "harp", "music-box": "harp"}  # by melody instrument
OTHERWISE = "guitar"
LOWEST = {"bass": 36, "low": 41, "chord": 53}  # each part's notes lie in the octave from here up
STRUM = 0.011  # seconds from string to string


@dataclass(frozen=True)
class Stroke:
    """One note of the band. part: "chord", "bass" or "drum". sound: a MIDI number, or the name of a
    drum. tick: where in the bar. ticks: how long. strength: 0 to 1. late: seconds on top."""

    part: str
    sound: int | str
    tick: int
    ticks: int
    strength: float
    late: float = 0.0


def strokes(
    found: list[tuple[int, Chord]], ticks: int, metre: Metre, kind: str, *, full: bool
) -> Iterator[Stroke]:
    """What the band plays in a bar of `ticks`. found: its chords as (tick, chord). full: with bass
    and drums."""
    pulses = [pulse for pulse in _pulses(metre, kind) if pulse[0] < ticks]
    again = 0  # how often this chord's bass note was played
    last: Chord | None = None
    for (tick, heavy), (after, _) in pairwise([*pulses, (ticks, True)]):
        chord = [chord for at, chord in found if at <= tick][-1]
        if heavy:
            again = again + 1 if chord == last else 0
            last = chord
            # root and fifth take turns
            root = chord.notes[2 if again % 2 else 0]
            until = min((at for at, other in pulses if other and at > tick), default=ticks)
            strong = 1.0 if tick == 0 else 0.85
            if full:
                yield Stroke("bass", _from(LOWEST["bass"], root), tick, until - tick, strong)
            yield Stroke("chord", _from(LOWEST["low"], root), tick, until - tick, 0.8 * strong)
        if kind == "air":
            yield from _arpeggio(chord, tick, ticks if heavy else after)
        elif not heavy:
            yield from _chick(chord, tick, after - tick)
    if full:
        for tick, drum, strength in _drums(metre, kind):
            if tick < ticks:
                yield Stroke("drum", drum, tick, 0, strength)


def _pulses(metre: Metre, kind: str) -> list[tuple[int, bool]]:
    """Where something is played, and whether it is a bass note."""
    beat = metre.beat
    if kind == "air":
        slow = metre.ticks // 2 if metre.beats % 2 == 0 else metre.ticks
        steps = range(0, metre.ticks, beat // 3 if _compound(metre) else beat)
        return [(tick, tick % slow == 0) for tick in steps]
    if _compound(metre):
        thirds = range(0, metre.ticks, beat // 3)
        return [(tick, tick % beat == 0) for tick in thirds if tick % beat != beat // 3]
    if metre.beats == 3:
        return [(tick, tick == 0) for tick in range(0, metre.ticks, beat)]
    half = metre.ticks // 4
    return [(tick, tick % (2 * half) == 0) for tick in range(0, metre.ticks, half)]


def _compound(metre: Metre) -> bool:
    return metre.beats % 3 == 0 and metre.beats > 3


def _chick(chord: Chord, tick: int, ticks: int) -> Iterator[Stroke]:
    """A short chord, strummed upwards."""
    pitches = sorted(_from(LOWEST["chord"], note) for note in chord.notes)
    for string, pitch in enumerate([*pitches, pitches[0] + 12]):
        yield Stroke("chord", pitch, tick, ticks * 2 // 3, 0.62, string * STRUM)


def _arpeggio(chord: Chord, tick: int, until: int) -> Iterator[Stroke]:
    """One note of the chord that rings; which one goes by the place in the bar."""
    pitches = sorted(_from(LOWEST["chord"], note) for note in chord.notes)
    yield Stroke("chord", pitches[tick // 12 % 3], tick, until - tick, 0.7)


def _drums(metre: Metre, kind: str) -> Iterator[tuple[int, str, float]]:
    """(tick, drum, strength): a frame drum on the beats, lighter between them, and a shaker."""
    if kind == "air":
        yield 0, "low", 0.4
        return
    if _compound(metre):
        third = metre.beat // 3
        for beat in range(0, metre.ticks, metre.beat):
            yield beat, "low", 1.0 if beat == 0 else 0.75
            yield beat + third, "high", 0.3
            yield beat + 2 * third, "high", 0.5
            yield beat + 2 * third, "shaker", 0.5
        return
    quarter = metre.ticks // 4 if metre.beats % 2 == 0 else metre.beat
    for number, tick in enumerate(range(0, metre.ticks, quarter)):
        low = number == 0 if metre.beats == 3 else number % 2 == 0
        yield tick, "low" if low else "high", 1.0 if tick == 0 else 0.75 if low else 0.55
        if kind == "hornpipe" and not low:
            yield tick, "block", 0.4
        yield tick + quarter // 2, "shaker", 0.5
        if kind == "reel":
            yield tick + quarter // 2, "high", 0.28


def _from(lowest: int, note: int) -> int:
    """The pitch of a pitch class in the octave that begins at `lowest`."""
    return lowest + (note - lowest) % 12
