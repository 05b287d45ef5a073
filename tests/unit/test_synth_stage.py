"""A stage plays what is written: notes where they belong, the same bytes each time, no clipping and
no clicks, and never takes back what it gave."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from genui.music import abc
from genui.music.shape import METRES, regular
from genui.music.tune import KINDS, Bar, Metre, Tune
from genui.synth import CHANNELS, INSTRUMENTS, RATE, Played, Stage, usual_tempo

JIG = (
    "X:1\nR:jig\nM:6/8\nL:1/8\nK:G\n"
    "|:D|G3 GAB|A3 ABd|edd gdd|edB dB>A|G3- GAB|A3 z3|edd gdB|AGF G2:|\n"
)
LONG = "X:1\nR:air\nM:4/4\nL:1/8\nK:C\nC8-|C8-|C8|z8|c4- c4|G8|]\n"


def bars(tune: Tune) -> Iterator[tuple[Bar, dict[str, Any]]]:
    for section in tune.sections:
        row = [(section.pickup, True)] * bool(section.pickup.events)
        row += [(bar, False) for bar in section.bars]
        for i, (bar, pickup) in enumerate(row):
            yield bar, {
                "pickup": pickup, "opens": i == 0, "closes": i == len(row) - 1,
                "repeat": section.repeat,
            }  # fmt: skip


def stage(tune: Tune, instrument: str = "fiddle", accompaniment: str = "full") -> Stage:
    return Stage(
        tune.metre, tune.key, tune.kind, tempo=usual_tempo(tune.kind, tune.metre),
        instrument=instrument, accompaniment=accompaniment, pickup=tune.sections[0].pickup.ticks,
    )  # fmt: skip


def play(tune: Tune, *how: str) -> tuple[list[Played], list[bytes]]:
    playing, played, sound = stage(tune, *how), list[Played](), list[bytes]()
    for bar, place in bars(tune):
        notes, more = playing.bar(bar, **place)
        played += notes
        sound.append(more)
    held, rest = playing.end()
    return played + held, [*sound, rest]


def samples(sound: list[bytes]) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.frombuffer(b"".join(sound), "<i2").reshape(-1, CHANNELS) / 32768


@pytest.fixture(scope="module")
def jig() -> Tune:
    return regular(abc.read(JIG))


@pytest.fixture(scope="module")
def heard(jig: Tune) -> tuple[list[Played], list[bytes]]:
    return play(jig)


def test_what_is_written_is_heard_repeats_twice_ties_once(
    jig: Tune, heard: tuple[list[Played], list[bytes]]
) -> None:
    played, _ = heard
    events = list(jig.events())
    # an event that goes on in the next is told once; in the second pass all come again
    starts = [
        i for i, event in enumerate(events)
        if event.pitch is not None and not (i and events[i - 1].tie)
    ]  # fmt: skip
    assert [note.event for note in played] == starts * 2
    assert [note.pitch for note in played] == [events[i].pitch for i in starts] * 2
    tie = next(i for i, event in enumerate(events) if event.tie)
    beat = 60 / usual_tempo("jig", jig.metre)
    tied = next(note for note in played if note.event == tie)
    assert tied.seconds == pytest.approx(beat * 4 / 3, abs=0.05)


def test_time_goes_on_evenly_through_both_passes(
    jig: Tune, heard: tuple[list[Played], list[bytes]]
) -> None:
    played, sound = heard
    assert all(a.start < b.start for a, b in pairwise(played))
    beat = 60 / usual_tempo("jig", jig.metre)
    half = len(played) // 2
    for first, second in zip(played[:half], played[half:], strict=True):
        assert second.start - first.start == pytest.approx(16 * beat, abs=0.03)
    # the second eighth of a beat of a jig comes late, the third nearly on time
    pickup, one, two, three = (played[i] for i in (0, 2, 3, 4))
    assert two.start - one.start > beat / 3
    assert pickup.start < 0.12
    assert three.start - one.start == pytest.approx(0.685 * beat, abs=0.03)
    seconds = len(b"".join(sound)) / RATE / CHANNELS / 2
    assert 32 * beat < seconds < 32 * beat + 2.5


def test_the_same_bars_give_the_same_bytes(
    jig: Tune, heard: tuple[list[Played], list[bytes]]
) -> None:
    assert play(jig) == heard


def test_sound_comes_while_bars_come_and_depends_on_nothing_later(
    jig: Tune, heard: tuple[list[Played], list[bytes]]
) -> None:
    _, sound = heard
    bar = 2 * 60 / usual_tempo("jig", jig.metre)
    for count in range(3, 9):
        so_far = len(b"".join(sound[:count])) / RATE / CHANNELS / 2
        assert so_far > (count - 2) * bar - 0.6
    other = replace(jig, sections=(replace(jig.sections[0], bars=jig.sections[0].bars[:4]),))
    assert play(other)[1][:4] == sound[:4]


@pytest.mark.parametrize("instrument", INSTRUMENTS)
def test_no_instrument_clips_or_clicks(jig: Tune, instrument: str) -> None:
    _, sound = play(jig, instrument, "full")
    found = samples(sound)
    assert 0.2 < np.abs(found).max() < 0.98
    assert 0.03 < np.sqrt((found**2).mean()) < 0.25
    assert np.abs(found[:300]).max() < 0.02
    assert np.abs(found[-2000:]).max() < 0.01
    # a click is bent far more sharply than the sound around it ever is, between attacks
    bend = np.abs(np.diff(found, 2, axis=0)).max(axis=1)
    usual = np.sort(bend)[-len(bend) // 1000]
    assert bend.max() < 8 * usual


def test_a_long_note_sounds_to_its_end_and_loops_without_a_seam() -> None:
    tune = abc.read(LONG)
    beat = 60 / usual_tempo("air", tune.metre)
    for instrument in ("fiddle", "flute", "whistle", "accordion"):
        played, sound = play(tune, instrument, "none")
        assert played[0].seconds == pytest.approx(12 * beat, abs=0.02)
        found = samples(sound).mean(axis=1)[: round(12 * beat * RATE)]
        power = np.cumsum(found**2)[::1600]
        level = np.sqrt(np.diff(power[::2]))[2:-4]  # of each tenth of a second
        assert level.min() > 0.25 * level.max()
        bend = np.abs(np.diff(found, 2))
        assert bend[3200:].max() < 6 * np.sort(bend)[-len(bend) // 1000]


def test_whoever_joins_in_leaves_the_melody_alone(jig: Tune) -> None:
    alone, first = play(jig, "flute", "none")
    chords, second = play(jig, "flute", "chords")
    full, third = play(jig, "flute", "full")
    assert alone == chords == full
    sizes = [np.sqrt((samples(sound) ** 2).mean()) for sound in (first, second, third)]
    assert sizes[0] < sizes[1] < sizes[2] < 1.8 * sizes[0]


@pytest.mark.parametrize("metre", METRES)
@pytest.mark.parametrize("kind", ["reel", "air", "tune"])
def test_every_metre_is_played(metre: str, kind: str) -> None:
    beats, unit = map(int, metre.split("/"))
    notes = "".join("GABd"[i % 4] for i in range(beats))
    tune = abc.read(f"X:1\nR:{kind}\nM:{metre}\nL:1/{unit}\nK:G\n{notes}|{notes}|]\n")
    played, sound = play(tune)
    assert len(played) == 2 * beats
    length = tune.metre.ticks / tune.metre.beat * 60 / usual_tempo(kind, tune.metre)
    assert played[beats].start - played[0].start == pytest.approx(length, abs=0.02)
    assert np.abs(samples(sound)).max() < 0.98


def test_usual_tempos_are_playable() -> None:
    for metre in METRES:
        beats, unit = map(int, metre.split("/"))
        for kind in KINDS:
            assert 40 <= usual_tempo(kind, Metre(beats, unit)) <= 240
