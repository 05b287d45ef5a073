"""What the band adds to a tune, as notation: chord symbols, and the notes of those who play along.

The same chords and strokes that `stage` lets sound, in written time. Knows nothing of sound and of
files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from genui.music.midi import Note, Part
from genui.music.tune import Bar, Key, Section, Tune
from genui.synth import band
from genui.synth.harmony import Chord, Harmony, chord_of

QUIET = 0.75  # how loud the band is beside the melody, at most
HIT = 6  # ticks that a drum is written with
NAMES = {"chord": "Chords", "bass": "Bass", "drum": "Drums"}


def arranged(
    tune: Tune, instrument: str, accompaniment: str, *, whole: bool = True
) -> tuple[Tune, tuple[Part, ...]]:
    """The tune with its chords, and who plays along; as it is and nobody where accompaniment is
    "none". instrument, accompaniment: as `Stage` takes them. whole: see `harmonised`."""
    if accompaniment == "none":
        return tune, ()
    tune = harmonised(tune, whole=whole)
    return tune, parts(tune, instrument=instrument, full=accompaniment == "full")


def harmonised(tune: Tune, *, whole: bool = True) -> Tune:
    """The tune with the chords in its bars that are played to it. whole: its last section goes to
    that section's end, so that it may come home there."""
    harmony = Harmony(tune.key, tune.metre)

    def section(found: Section, last: bool) -> Section:
        bars = list[Bar]()
        for number, bar in enumerate(found.bars):
            opens = number == 0 and not found.pickup.events
            closes = number == len(found.bars) - 1 and (whole or not last)
            chords = harmony.bar(bar, opens=opens, closes=closes)
            bars.append(replace(bar, chords=tuple((at, _name(c, tune.key)) for at, c in chords)))
        return replace(found, bars=tuple(bars))

    *others, end = tune.sections
    return replace(tune, sections=(*(section(s, False) for s in others), section(end, True)))


def _name(chord: Chord, key: Key) -> str:
    return key.spell(chord.root) + "m" * chord.minor


def parts(tune: Tune, *, instrument: str, full: bool) -> tuple[Part, ...]:
    """Who plays along with a tune that is `harmonised`, repeats twice. instrument: that of the
    melody. full: with bass and drums."""
    players = {"chord": band.BACKING.get(instrument, band.OTHERWISE), "bass": "bass", "drum": ""}
    found = defaultdict[str, list[Note]](list)
    for part, note in _strokes(tune, full):
        found[part].append(note)
    return tuple(Part(NAMES[part], players[part], tuple(notes)) for part, notes in found.items())


def _strokes(tune: Tune, full: bool) -> Iterator[tuple[str, Note]]:
    at = 0
    for section in tune.sections:
        for bar in (section.pickup, *section.bars) * (1 + section.repeat):
            if bar is section.pickup:
                at += bar.ticks
                continue
            chords = [(tick, chord_of(name)) for tick, name in bar.chords]
            for stroke in band.strokes(chords, bar.ticks, tune.metre, tune.kind, full=full):
                note = at + stroke.tick, stroke.ticks or HIT, stroke.sound, QUIET * stroke.strength
                yield stroke.part, note
            at += bar.ticks
