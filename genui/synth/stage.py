"""Plays a tune, bar by bar: hands in written bars, gets the sound that is final so far.

Performs what is written: repeats are heard twice, tied notes once, beats lilt or swing by the kind
of tune, and every note is a little early, late, loud or soft, always the same way. Knows nothing of
models and of files."""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np

from genui.music.tune import Bar, Event, Key, Metre
from genui.synth.bank import Bank
from genui.synth.mixer import RATE, Mixer
from genui.synth.rhythm import accent, swung

LEAD = 0.08  # seconds of silence before the first note; no note begins earlier than this before
TAIL = 1.6  # seconds of ring and room after the last note
LOOSE = 0.006  # seconds that a note may be early or late


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
    of a whole bar that are over when it begins."""

    bar: Bar
    first: int
    phase: int


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
        self.pickup = pickup
        self.bank = Bank(instrument)
        self.mixer = Mixer()
        self.now = LEAD  # where the next bar begins, in seconds
        self.written = 0  # events so far
        self.section: list[Step] = []
        self.held: Held | None = None
        self.chance = random.Random(0)

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
        phase = self.metre.ticks - self.pickup if pickup else 0
        self.section.append(Step(bar, self.written, phase))
        self.written += len(bar.events)
        played, sound = self._perform(self.section[-1])
        for step in self.section if closes and repeat else ():
            more, further = self._perform(step)
            played, sound = played + more, sound + further
        return played, sound

    def end(self) -> bytes:
        """The rest of the sound, with its ring."""
        self._release()
        return self.mixer.take(round((self.now + TAIL) * RATE))

    def _perform(self, step: Step) -> tuple[list[Played], bytes]:
        played, at = list[Played](), 0
        for number, event in enumerate(step.bar.events, step.first):
            played += self._event(number, event, step, at)
            at += event.ticks
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
        if self.held and self.held.pitch == event.pitch:
            self.held.end = end
        else:
            done = self._release()
            if event.pitch is None:
                return done
            start += self.chance.uniform(-LOOSE, LOOSE)
            strength = accent(self.metre, step.phase + at) * self.chance.uniform(0.94, 1)
            self.held = Held(number, event.pitch, start, end, strength)
            return done + ([] if event.tie else self._release())
        return [] if event.tie else self._release()

    def _release(self) -> list[Played]:
        """Sound the note that is held, now that its end is known."""
        held, self.held = self.held, None
        if held is None:
            return []
        seconds = held.end - held.start
        size, fade = round(seconds * RATE), round(0.05 * RATE)
        sound = self.bank.sound(held.pitch, size + fade) * np.float32(held.strength)
        sound[size:] *= np.cos(np.linspace(0, np.pi / 2, fade)) ** 2
        self.mixer.add(sound, round(held.start * RATE) - self.bank.lead, pan=-0.1, room=0.15)
        return [Played(held.event, held.pitch, held.start, seconds)]
