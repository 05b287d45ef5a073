"""A tune as data: metre, key, kind of tune, and sections of bars of notes.

A tune is one melody. Time is counted in ticks, 24 to a quarter note, so that sixteenths, dots and
triplets are whole numbers. Knows nothing of notation files, of tokens or of sound."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

QUARTER = 24  # ticks
WHOLE = 4 * QUARTER
PLAIN = (3, 6, 9, 12, 18, 24, 36, 48, 72, 96)  # lengths of single notes, thirty-second to whole
TRIPLET = {4: 12, 8: 24, 16: 24}  # length of a note in a triplet → ticks of the whole group
LENGTHS = tuple(sorted((*PLAIN, *TRIPLET)))
# modes by how many fifths their signature lies from that of the major key on the same tonic
MODES = {
    "major": 0, "minor": -3, "dorian": -2, "mixolydian": -1, "lydian": 1, "phrygian": -4,
}  # fmt: skip
SCALES = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
}
KINDS = ("reel", "jig", "slip jig", "hornpipe", "strathspey", "march", "air", "tune")
LETTERS = "FCGDAEB"  # on the line of fifths, F at -1


def spelled(fifths: int) -> str:
    """The name of a place on the line of fifths: 0 is C, 6 is F#, -2 is Bb."""
    sharps, letter = divmod(fifths + 1, 7)
    return LETTERS[letter] + ("#" * sharps if sharps > 0 else "b" * -sharps)


@dataclass(frozen=True)
class Metre:
    """Beats in a bar and the note that is one beat, as in 6/8."""

    beats: int
    unit: int

    def __str__(self) -> str:
        return f"{self.beats}/{self.unit}"

    @property
    def ticks(self) -> int:
        """Length of a bar."""
        return self.beats * WHOLE // self.unit

    @property
    def beat(self) -> int:
        """Ticks of a felt beat: three units in compound metres such as 6/8."""
        unit = WHOLE // self.unit
        return 3 * unit if self.beats % 3 == 0 and self.beats > 3 else unit


@dataclass(frozen=True)
class Key:
    """tonic: 0 (C) to 11 (B). mode: one of `MODES`."""

    tonic: int
    mode: str

    @property
    def signature(self) -> int:
        """Sharps (positive) or flats (negative) of the key signature, -5 to 6."""
        return (self.tonic * 7 + MODES[self.mode] + 5) % 12 - 5

    @property
    def name(self) -> str:
        """As in "Bb"."""
        return spelled(self.signature - MODES[self.mode])

    def __str__(self) -> str:
        return f"{self.name} {self.mode}"

    def spell(self, pitch: int) -> str:
        """The usual name of a pitch in this key: notes of the scale as the signature has them, the
        others with the nearest accidental (in C: C#, Eb, F#, G#, Bb)."""
        low = self.signature - 3
        return spelled(low + (pitch * 7 - low) % 12)


@dataclass(frozen=True)
class Event:
    """A note or a rest. pitch: MIDI number, None for a rest. ticks: how long. tie: whether it
    goes on in the next event, which then has the same pitch."""

    pitch: int | None
    ticks: int
    tie: bool = False


@dataclass(frozen=True)
class Bar:
    """Events in a row. chords: chord symbols as (ticks from the bar's start, name)."""

    events: tuple[Event, ...]
    chords: tuple[tuple[int, str], ...] = ()

    @cached_property
    def ticks(self) -> int:
        """How long its events last together."""
        return sum(event.ticks for event in self.events)


@dataclass(frozen=True)
class Section:
    """Bars between two double bar lines, played twice if `repeat`. pickup: the notes before the
    first bar; its `ticks` may be 0."""

    bars: tuple[Bar, ...]
    pickup: Bar = Bar(())
    repeat: bool = False


@dataclass(frozen=True)
class Tune:
    """A whole tune. kind: one of `KINDS`; "tune" says nothing of its rhythm. tempo: quarter notes a
    minute, None when unsaid."""

    metre: Metre
    key: Key
    kind: str
    sections: tuple[Section, ...]
    title: str = ""
    tempo: float | None = None

    @property
    def bars(self) -> int:
        """Bars as written, without pickups."""
        return sum(len(section.bars) for section in self.sections)

    def written(self) -> Iterator[Bar]:
        """Pickups and bars in the order in which they stand."""
        for section in self.sections:
            if section.pickup.events:
                yield section.pickup
            yield from section.bars

    def events(self) -> Iterator[Event]:
        """All events in the order in which they stand, repeats once."""
        for bar in self.written():
            yield from bar.events

    def notes(self) -> Iterator[tuple[int | None, int]]:
        """Pitch and ticks of what is heard: tied events are one note. Repeats once."""
        pitch: int | None = None
        held = 0
        for event in self.events():
            if held and event.pitch == pitch:
                held += event.ticks
            else:
                if held:  # tied to another pitch: a slur
                    yield pitch, held
                pitch, held = event.pitch, event.ticks
            if not event.tie:
                yield pitch, held
                held = 0
        if held:
            yield pitch, held
