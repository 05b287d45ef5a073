"""Plays a tune, bar by bar: takes written bars, gives the sound that is final so far.

Performs what is written: repeats are heard twice, tied notes once, beats lilt or swing by the kind
of tune, chords, bass and drums join in by rule, and every note is a little early, late, loud or
soft, always the same way. Knows nothing of models and of files."""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np

from genui.music.tune import Bar, Event, Key, Metre
from genui.synth import band
from genui.synth.bank import bank, drums
from genui.synth.harmony import Chord, Harmony
from genui.synth.mixer import RATE, Mixer, Samples
from genui.synth.rhythm import accent, swung

LEAD = 0.08  # seconds of silence before the first note; nothing begins earlier before its time
TAIL = 1.8  # seconds of ring and room after the last note
LOOSE = 0.005  # seconds that a note may be early or late
TOUCH = 0.96  # of its length a melody note is held; the rest is its release


@dataclass(frozen=True)
class Place:
    """Where a part stands in the sound. level: 1 leaves the samples as they are. pan: -1 (left) to
    1 (right). room: how much the room hears of it."""

    level: float
    pan: float
    room: float


MELODY = Place(1.0, -0.08, 0.16)
# levels of melody instruments: struck and piercing ones are heard without being loud
LEVELS = {"whistle": 1.25, "harp": 1.15, "piano": 1.3, "guitar": 1.3, "music-box": 1.1}
LEVEL = 1.6
PLACES = {
    "chord": Place(0.5, 0.32, 0.16), "bass": Place(0.8, 0.05, 0.05), "drum": Place(0.27, -0.3, 0.1),
}  # fmt: skip


@dataclass(frozen=True)
class Played:
    """A melody note in the sound. event: which written event (the first of tied ones), counted
    from 0 with rests. pitch: MIDI number. start, seconds: where in the sound."""

    event: int
    pitch: int
    start: float
    seconds: float


@dataclass(frozen=True)
class Step:
    """A written bar, to be performed once or twice. first: number of its first event. phase: ticks
    of a whole bar that are over when it begins. harmony: its chords as (tick, chord)."""

    bar: Bar
    first: int
    phase: int
    harmony: list[tuple[int, Chord]]


@dataclass
class Held:
    """A note whose end is not known yet. Seconds."""

    event: int
    pitch: int
    start: float
    end: float
    strength: float


class Stage:
    """One performance. tempo: felt beats (`Metre.beat`) a minute. instrument: one of
    `INSTRUMENTS`. accompaniment: "none", "chords" or "full". pickup: ticks before the first bar of
    each section."""

    def __init__(
        self, metre: Metre, key: Key, kind: str, *, tempo: float, instrument: str,
        accompaniment: str, pickup: int = 0,
    ) -> None:  # fmt: skip
        self.metre, self.key, self.kind = metre, key, kind
        self.tick = 60 / tempo / metre.beat  # seconds
        self.accompaniment, self.pickup = accompaniment, pickup
        self.bank, self.level = bank(instrument), LEVELS.get(instrument, LEVEL)
        self.banks = {"chord": bank(band.BACKING.get(instrument, band.OTHERWISE)),
                      "bass": bank("bass")}  # fmt: skip
        self.mixer = Mixer()
        self.now = LEAD  # where the next bar begins, in seconds
        self.written = 0  # events so far
        self.section: list[Step] = []
        self.harmony = Harmony(key, metre)
        self.held: Held | None = None
        # each part has its own chances, so that the melody is the same whoever joins in
        self.chance, self.chances = random.Random(0), random.Random(1)

    def bar(
        self, bar: Bar, *, pickup: bool = False, opens: bool = False, repeat: bool = False,
        closes: bool = False,
    ) -> tuple[list[Played], bytes]:  # fmt: skip
        """Perform the next written bar. pickup: it is the notes before a section's first bar.
        opens, closes: it is the first or last of its section. repeat: that section is played
        twice; its second pass follows at once when it closes.

        Returns the melody notes that are complete now, and the sound that is final."""
        if opens:
            self.section = []
        self.section.append(self._step(bar, pickup, opens, closes))
        self.written += len(bar.events)
        played, sound = self._perform(self.section[-1])
        for step in self.section if closes and repeat else ():
            more, further = self._perform(step)
            played, sound = played + more, sound + further
        return played, sound

    def end(self) -> tuple[list[Played], bytes]:
        """The last note, if it was to go on in a bar that did not come; and the rest of the sound,
        with its ring."""
        played = self._release()
        return played, self.mixer.take(round((self.now + TAIL) * RATE))

    def _step(self, bar: Bar, pickup: bool, opens: bool, closes: bool) -> Step:
        if pickup or self.accompaniment == "none":
            return Step(bar, self.written, self.metre.ticks - self.pickup if pickup else 0, [])
        found = self.harmony.bar(bar, opens=opens, closes=closes)
        return Step(bar, self.written, 0, found)

    def _perform(self, step: Step) -> tuple[list[Played], bytes]:
        played, at = list[Played](), 0
        for number, event in enumerate(step.bar.events, step.first):
            played += self._event(number, event, step, at)
            at += event.ticks
        if step.harmony:
            self._accompany(step)
        self.now += self._passed(step, at)
        settled = min(self.now, self.held.start if self.held else self.now) - LEAD
        return played, self.mixer.take(int(settled * RATE))

    def _passed(self, step: Step, tick: int) -> float:
        """Seconds from the beginning of a bar to a tick of it."""
        ticks = swung(self.kind, self.metre, step.phase + tick)
        return (ticks - swung(self.kind, self.metre, step.phase)) * self.tick

    def _event(self, number: int, event: Event, step: Step, at: int) -> list[Played]:
        start = self.now + self._passed(step, at)
        end = self.now + self._passed(step, at + event.ticks)
        done = list[Played]()
        if self.held and self.held.pitch == event.pitch:
            self.held.end = end
        else:
            done = self._release()
            if event.pitch is not None:
                start += self.chance.uniform(-LOOSE, LOOSE)
                strength = accent(self.metre, step.phase + at) * self.chance.uniform(0.93, 1)
                self.held = Held(number, event.pitch, start, end, strength)
        return done if event.tie else done + self._release()

    def _release(self) -> list[Played]:
        """Sound the note that is held, now that its end is known."""
        held, self.held = self.held, None
        if held is None:
            return []
        seconds = held.end - held.start
        sound, lead = self.bank.note(held.pitch, seconds * TOUCH)
        self._place(MELODY, sound, held.start, lead, self.level * held.strength)
        return [Played(held.event, held.pitch, held.start, seconds)]

    def _accompany(self, step: Step) -> None:
        full = self.accompaniment == "full"
        ticks = step.bar.ticks
        for stroke in band.strokes(step.harmony, ticks, self.metre, self.kind, full=full):
            start = self.now + self._passed(step, stroke.tick) + stroke.late
            start += self.chances.uniform(-LOOSE, LOOSE)
            strength = stroke.strength * self.chances.uniform(0.9, 1)
            if isinstance(stroke.sound, str):
                sound, lead = drums()[stroke.sound], 0
            else:
                sound, lead = self.banks[stroke.part].note(stroke.sound, stroke.ticks * self.tick)
            self._place(PLACES[stroke.part], sound, start, lead, strength)

    def _place(
        self, place: Place, sound: Samples, start: float, lead: int, strength: float
    ) -> None:
        at = round(start * RATE) - lead
        self.mixer.add(
            sound * np.float32(place.level * strength), at, pan=place.pan, room=place.room
        )
