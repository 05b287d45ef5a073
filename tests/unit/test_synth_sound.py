"""Samples, chords, room and ceiling: what a stage is made of."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from genui.music import abc
from genui.music.tune import Bar, Event, Key, Metre
from genui.synth import INSTRUMENTS, RATE, band
from genui.synth.bank import FOLDER, bank, drums, index
from genui.synth.harmony import Chord, candidates, chords
from genui.synth.mixer import BLOCK, CEILING, KNEE, Mixer, limited
from genui.synth.rhythm import swung

G, C, D, EM = Chord(7), Chord(0), Chord(2), Chord(4, True)


def cents_off(sound: np.ndarray[Any, Any], pitch: int) -> float:
    """How far the sound lies from the pitch: the mean frequency around its strongest partial."""
    power = np.abs(np.fft.rfft(sound * np.hanning(len(sound)), 2**17)) ** 2
    found = []
    for partial in (1, 2, 3):
        at = 440 * 2 ** ((pitch - 69) / 12) * partial * 2**17 / RATE
        places = np.arange(round(at * 2 ** (-70 / 1200)), round(at * 2 ** (70 / 1200)) + 1)
        band = power[places]
        found.append((band.sum(), 1200 * np.log2(band @ places / band.sum() / at)))
    return float(max(found)[1])


@pytest.mark.parametrize("name", [*INSTRUMENTS, "bass"])
def test_every_note_of_every_instrument_is_in_tune(name: str) -> None:
    pitches = range(30, 50) if name == "bass" else range(55, 89)
    for pitch in pitches:
        sound, lead = bank(name).note(pitch, 0.9)
        assert 0 <= lead <= 0.05 * RATE
        off = cents_off(sound[1600 : round(0.9 * RATE)], pitch)
        assert abs(off) <= 10, f"{name} {pitch}: {off:.1f} cents"


@pytest.mark.parametrize("name", INSTRUMENTS)
def test_notes_are_equally_loud_and_end_in_silence(name: str) -> None:
    levels = []
    for pitch in range(55, 89, 2):
        sound, _ = bank(name).note(pitch, 0.2)
        levels.append(np.sqrt((sound[: round(0.2 * RATE)] ** 2).mean()))
        assert abs(sound[0]) < 0.01
        assert abs(sound[-1]) < 0.001
    assert max(levels) < 3 * min(levels)


def test_the_samples_are_small_and_their_licence_is_with_them() -> None:
    size = sum(file.stat().st_size for file in FOLDER.iterdir())
    assert size < 6 * 2**20
    licence = (FOLDER / "LICENSE.md").read_text("utf-8")
    assert "MIT license" in licence
    assert "Frank Wen" in licence
    assert set(INSTRUMENTS) <= set(index()["instruments"])
    assert all(np.abs(sound).max() > 0.3 for sound in drums().values())


def test_chords_fit_the_melody_and_lead_home() -> None:
    tune = abc.read("X:1\nM:4/4\nL:1/8\nK:G\nGBdB GBdB|cege cege|dfaf dfaf|d4 G4|]\n")
    found, before = [], None
    for i, bar in enumerate(tune.sections[0].bars):
        row = chords(
            bar, tune.key, tune.metre, before=before, opens=i == 0, closes=i == 3
        )  # fmt: skip
        before = row[-1][1]
        found.append([chord for _, chord in row])
    assert found == [[G], [C], [D], [D, G]] or found == [[G], [C], [D], [G]]


def test_chords_belong_to_the_key_in_every_mode() -> None:
    assert set(candidates(Key(7, "major"))) == {G, Chord(9, True), Chord(11, True), C, D, EM}
    assert {Chord(4), Chord(9, True), Chord(7)} <= set(candidates(Key(9, "minor")))
    assert {Chord(7, True), Chord(5)} <= set(candidates(Key(7, "dorian")))


def test_chords_that_a_tune_brings_along_are_taken() -> None:
    bar = Bar((Event(67, 48), Event(69, 48)), ((0, "Em7"), (48, "F#/A")))
    assert chords(bar, Key(7, "major"), Metre(4, 4)) == [(0, EM), (48, Chord(6))]
    late = Bar((Event(67, 96),), ((48, "D"),))
    assert chords(late, Key(7, "major"), Metre(4, 4), before=G) == [(0, G), (48, D)]


def test_silent_bars_have_a_chord_too() -> None:
    rest = Bar((Event(None, 96),))
    assert chords(rest, Key(7, "major"), Metre(4, 4), opens=True) == [(0, G)]


def test_the_band_plays_within_the_bar() -> None:
    for metre, kind in ((Metre(6, 8), "jig"), (Metre(4, 4), "reel"), (Metre(3, 4), "air")):
        short = metre.ticks - 12  # a last bar, shorter by the pickup
        strokes = list(band.strokes([(0, G)], short, metre, kind, full=True))
        assert all(0 <= s.tick < short and s.tick + s.ticks <= short for s in strokes)
        assert {s.part for s in strokes} == {"bass", "chord", "drum"}
        pitches = {s.sound % 12 for s in strokes if isinstance(s.sound, int)}
        assert pitches <= set(G.notes)
        alone = band.strokes([(0, G)], short, metre, kind, full=False)
        assert {s.part for s in alone} == {"chord"}


def test_beats_stay_in_place_when_they_lilt() -> None:
    assert [swung("jig", Metre(6, 8), tick) for tick in (0, 36, 72)] == [0, 36, 72]
    assert swung("jig", Metre(6, 8), 12) > 12
    assert swung("hornpipe", Metre(4, 4), 12) > swung("reel", Metre(4, 4), 12) > 12
    assert swung("tune", Metre(4, 4), 12) == 12


def test_the_ceiling_is_soft_and_never_passed() -> None:
    ramp = np.linspace(-4, 4, 8001, dtype=np.float32)
    out = limited(ramp)
    below = np.abs(ramp) <= KNEE
    assert np.array_equal(out[below], ramp[below])
    assert np.abs(out).max() <= CEILING
    steps = np.diff(out)
    assert steps.min() >= 0
    assert np.abs(np.diff(steps)).max() < 1e-4  # no corner


def test_the_mixer_gives_whole_blocks_and_takes_nothing_for_the_past() -> None:
    mixer, one = Mixer(), np.ones(10, np.float32) / 2
    mixer.add(one, 5, pan=0.0, room=0.2)
    assert mixer.take(BLOCK - 1) == b""
    first = np.frombuffer(mixer.take(BLOCK + 1), "<i2").reshape(-1, 2)
    assert len(first) == BLOCK
    assert not first[:5].any()
    assert first[5:15].min() > 0.3 * 32767
    assert first[15:].any()  # the room
    with pytest.raises(ValueError, match="left already"):
        mixer.add(one, 0, pan=0.0, room=0.0)


def test_a_place_to_the_right_is_louder_there() -> None:
    mixer = Mixer()
    mixer.add(np.ones(100, np.float32) / 2, 0, pan=1.0, room=0.0)
    found = np.frombuffer(mixer.take(BLOCK), "<i2").reshape(-1, 2)
    assert found[50].tolist() == [0, 16384]
