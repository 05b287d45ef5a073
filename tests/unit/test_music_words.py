"""What is understood of a wish in words, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from genui.errors import BadInput
from genui.music import words
from genui.music.tune import Key

INSTRUMENTS = ("fiddle", "flute", "whistle", "accordion", "harp", "piano", "guitar", "music-box")


def understood(text: str) -> dict[str, Any]:
    """Only what was understood."""
    blank = words.Wishes()
    found = words.read(text, INSTRUMENTS)
    return {name: value for name, value in vars(found).items() if value != getattr(blank, name)}


@pytest.mark.parametrize(
    ("text", "wishes"),
    [
        ("", {}),
        ("gibberish 123 <script>alert(1)</script> 🎻", {}),
        ("a JIG in D major, 16 bars",
         {"kind": "jig", "tonic": 2, "modes": ("major",), "bars": 16}),
        ("slip jig", {"kind": "slip jig"}),
        ("a waltz at 100 bpm on the flute without chords",
         {"metre": "3/4", "tempo": 100, "instrument": "flute", "accompaniment": "none"}),
        ("hornpipe in g major, 24-bar", {"kind": "hornpipe", "tonic": 7, "modes": ("major",),
                                         "bars": 24}),
        ("march, 6/8, thirty-two measures, tempo of 60",
         {"kind": "march", "metre": "6/8", "bars": 32, "tempo": 60}),
        ("for violin with a full band", {"instrument": "fiddle", "accompaniment": "full"}),
        ("a reel with chords and drums", {"kind": "reel", "accompaniment": "full"}),
        ("a reel without chords and drums", {"kind": "reel", "accompaniment": "none"}),
        ("on the tin whistle, no drums", {"instrument": "whistle", "accompaniment": "chords"}),
        ("a short polka", {"metre": "2/4", "bars": 16}),
        ("in Bb dorian", {"tonic": 10, "modes": ("dorian",)}),
        ("F#m", {"tonic": 6, "modes": ("minor",)}),
        ("in E flat", {"tonic": 3}),
        ("in A minor", {"tonic": 9, "modes": ("minor",)}),
        ("a minor tune", {"modes": ("minor",)}),
        ("in a minor key", {"modes": ("minor",)}),
        ("something that is not sad", {}),
        ("I am fond of tunes", {}),
    ],
)  # fmt: skip
def test_wishes_are_understood(text: str, wishes: dict[str, Any]) -> None:
    assert understood(text) == wishes


def test_moods_choose_modes_kinds_and_pace() -> None:
    happy, sad = understood("a happy tune"), understood("something slow and sad")
    assert happy["modes"] == ("major", "mixolydian")
    assert "air" not in happy["suits"]
    assert sad["modes"] == ("minor", "dorian")
    assert sad["suits"] == ("air",)
    assert sad["pace"] < 1 < understood("lively and quick")["pace"]
    assert understood("a happy reel in E minor")["modes"] == ("minor",)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("7 bars of nothing", "needs notes"),
        ("0 bars", "4 to 64 bars"),
        ("-5 bars", "4 to 64 bars"),
        ("100000000000000000000000000 bars", "4 to 64 bars"),
        ("tempo 0", "between 40 and 240"),
        ("at 9999 bpm", "between 40 and 240"),
        ("a reel or a jig", "“jig” and “reel” do not go together"),
        ("D major in G minor", "do not go together"),
        ("happy and sad", "“happy” and “sad”"),
        ("flute and harp", "keep one"),
        ("a waltz in 6/8", "keep one"),
        ("in 5/4", "5/4 are not known"),
        ("in D lydian", "cannot be lydian"),
    ],
)
def test_what_cannot_be_is_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence) as raised:
        words.read(text, INSTRUMENTS)
    assert raised.value.message.endswith(".")


def test_keys_are_read() -> None:
    assert words.key("Bb dorian") == Key(10, "dorian")
    assert words.key("G") == words.key(" G major ") == Key(7, "major")
    for text in ("", "H minor", "D locrian", "D major, please"):
        with pytest.raises(BadInput):
            words.key(text)
