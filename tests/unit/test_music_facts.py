"""What is said of a tune by looking at it."""

from __future__ import annotations

import pytest

from genui.music import abc, facts
from genui.music.shape import regular
from genui.music.tune import Key, Tune


def tune(music: str, metre: str = "4/4", key: str = "G", kind: str = "reel") -> Tune:
    return regular(abc.read(f"X:1\nR:{kind}\nM:{metre}\nL:1/8\nK:{key}\n{music}\n"))


REEL = "G2BG dGBG|A2cA eAcA|G2BG dGBG|AGFA G4|g2bg dgbg|f2af dfaf|gfed cBAG|FDEF G4|"


@pytest.mark.parametrize("shift", range(12))
@pytest.mark.parametrize("mode", ["major", "minor"])
def test_the_key_is_heard(shift: int, mode: str) -> None:
    scale = {"major": (0, 4, 7, 0, 2, 4, 5, 7, 9, 11), "minor": (0, 3, 7, 0, 2, 3, 5, 7, 8, 10)}
    notes = [(60 + shift + step, 12) for step in scale[mode]]
    assert facts.heard_key([*notes, (60 + shift, 48), (None, 96)]) == Key(shift, mode)


def test_key_scale_and_ending() -> None:
    found = tune(REEL)
    assert facts.in_key(found)
    assert facts.in_scale(found) == 1
    assert facts.ends_on_tonic(found)
    other = tune(REEL, key="Eb")
    assert facts.in_scale(tune(REEL.replace("c", "^c"))) < 1
    assert not facts.ends_on_tonic(tune(REEL.removesuffix("G4|") + "A4|"))
    assert facts.heard_key(found.notes()) != facts.heard_key(other.notes())


def test_bars_that_add_up_are_counted() -> None:
    found = abc.read("X:1\nM:4/4\nL:1/8\nK:G\nG8|A7|B8|(3GAB A6|(3GA B6|\n")
    assert facts.right_bars(found) == (3, 5)


def test_repetition() -> None:
    assert facts.repeated_bars(tune(REEL)) == pytest.approx(1 / 8)
    parts = tune("G8|A8|B2cd e4|dcBA G4||g8|f8|e8|dcBA G4||g8|f8|e8|d8|]")
    assert facts.rhyming_sections(parts) == 0.5
    assert facts.rhyming_sections(tune(REEL)) is None


def test_the_ear_tells_kinds_apart() -> None:
    ear = facts.Ear()
    ear.learn(tune(REEL))
    ear.learn(tune(REEL.replace("G2BG", "G>BB>G"), kind="strathspey"))
    ear.learn(tune("GAB cde|f2g a2g|G3 G3|BAG G3|", "6/8", kind="jig"))
    assert ear.kind(tune("B2dB gBdB|A8|GABc d4|B2dB gBdB|")) == "reel"
    assert ear.kind(tune("B>dg>d B>dg>d|A8|G>AB>c d4|G8|")) == "strathspey"
    assert ear.kind(tune("cde GAB|f2g a2g|A3 A3|BAG G3|", "6/8")) == "jig"


def test_a_copied_run_is_found_in_any_key() -> None:
    others = tune("|".join(["G2BG dGBA"] * 8)), tune(REEL)
    known = facts.Known(others)
    copied = tune("A8|A2cA eAcA|B2dB fBdB|e3f g4|", key="A")  # bars 1 and 2, a tone higher
    run = known.longest(copied)
    assert run.of == 1
    assert run.notes == 13  # the first note's length is not looked at
    assert run.bars == pytest.approx(2, abs=0.3)
    assert known.longest(tune("G8|c8|F8|B8|")) == facts.Run(0, 0, -1)
    itself = known.longest(others[1])
    assert (itself.of, itself.notes) == (1, len(list(others[1].notes())) - 1)


def test_ties_are_one_note() -> None:
    assert list(tune("G4-G4-|G8|A8|B8|").notes()) == [(67, 192), (69, 96), (71, 96)]
