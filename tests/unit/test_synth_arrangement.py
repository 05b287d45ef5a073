"""What files of notes say of the band is what the stage lets sound."""

from __future__ import annotations

from typing import Any

import pytest

from genui.music import abc
from genui.music.shape import regular
from genui.synth.arrangement import arranged
from genui.synth.harmony import chord_of
from tests.unit.test_synth_stage import bars, stage

JIG = (
    "X:1\nR:jig\nM:6/8\nL:1/8\nK:Em\n"
    "|:B|e3 efg|f3 fga|bag fed|e3 B2:|\n|:B|g3 gab|a3 f3|bag fed|e3 e2:|\n"
)
AIR = "X:1\nR:air\nM:4/4\nL:1/8\nK:Db\nD4 F4|A8|G4 E4|D8|]\n"


class Heard:
    """An instrument that remembers which notes it was asked for."""

    def __init__(self, real: Any) -> None:
        self.real, self.pitches = real, list[int]()

    def note(self, pitch: int, seconds: float) -> Any:
        self.pitches.append(pitch)
        return self.real.note(pitch, seconds)


@pytest.mark.parametrize("text", [JIG, AIR])
@pytest.mark.parametrize("accompaniment", ["none", "chords", "full"])
def test_the_band_is_written_as_it_is_heard(text: str, accompaniment: str) -> None:
    tune = regular(abc.read(text))
    playing = stage(tune, "harp", accompaniment)
    asked = playing.banks = {part: Heard(bank) for part, bank in playing.banks.items()}  # type: ignore[assignment]
    harmony = []
    for bar, place in bars(tune):
        playing.bar(bar, **place)
        if not place["pickup"]:
            harmony.append(playing.section[-1].harmony)
    named, band = arranged(tune, "harp", accompaniment)
    written = [bar for section in named.sections for bar in section.bars]
    assert [[(at, chord_of(name)) for at, name in bar.chords] for bar in written] == harmony
    pitches = {part.name: [sound for _, _, sound, _ in part.notes] for part in band}
    assert pitches.get("Chords", []) == asked["chord"].pitches
    assert pitches.get("Bass", []) == asked["bass"].pitches
    assert list(pitches) == {"none": [], "chords": ["Chords"]}.get(
        accompaniment, ["Bass", "Chords", "Drums"]
    )
    assert list(named.events()) == list(tune.events())


def test_the_band_plays_in_time_repeats_twice_and_rests_in_pickups() -> None:
    tune = regular(abc.read(JIG))
    _, band = arranged(tune, "fiddle", "full")
    bass = next(part for part in band if part.name == "Bass")
    assert bass.instrument == "bass"
    assert {part.instrument for part in band} == {"guitar", "bass", ""}
    assert [at for at, *_ in bass.notes] == [
        72 * 4 * section + 12 + 72 * bar + beat
        for section in range(4) for bar in range(4) for beat in (0, 36)
    ]  # fmt: skip
    assert all(0 < strength < 0.8 for part in band for *_, strength in part.notes)


def test_chords_are_spelled_in_the_key_and_come_home_only_at_an_end() -> None:
    air = regular(abc.read(AIR))
    names = {name for s in arranged(air, "harp", "full")[0].sections for bar in s.bars
             for _, name in bar.chords}  # fmt: skip
    assert "Db" in names
    assert names <= {"Db", "Ebm", "Fm", "Gb", "Ab", "Bbm"}
    text = "X:1\nR:jig\nM:6/8\nL:1/8\nK:G\ne3 efg|f3 fga|bag fed|G3 d2d|]\n"
    jig = regular(abc.read(text))
    ends = [
        arranged(jig, "harp", "full", whole=whole)[0].sections[0].bars[-1].chords
        for whole in (True, False)
    ]
    assert ends == [((0, "G"),), ((0, "G"), (36, "D"))]
