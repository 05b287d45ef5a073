"""Chord symbols in MusicXML: the element `harmony`, written and read.

A chord is a name such as "Em", "D7" or "G/B", as ABC has it. Knows no notes and no files."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element, SubElement

# what follows the root in a name → the kind of chord
KINDS = {
    "": "major", "m": "minor", "7": "dominant", "maj7": "major-seventh", "m7": "minor-seventh",
    "6": "major-sixth", "m6": "minor-sixth", "dim": "diminished", "aug": "augmented",
    "sus4": "suspended-fourth", "sus2": "suspended-second",
}  # fmt: skip
SUFFIXES = {kind: suffix for suffix, kind in KINDS.items()}
SMALL = ("minor", "diminished", "half-diminished")  # beginnings of kinds with a small third
ALTERED = {"#": "1", "b": "-1"}
NAME = re.compile(r"([A-G])([#b]?)([^/]*)(?:/([A-Ga-g])([#b]?))?")


def write_chord(measure: Element, name: str, later: int) -> None:
    """Put the chord where the measure has got to, or `later` divisions after that. What is more
    than the table knows is shown, and called major or minor."""
    found = NAME.match(name)
    if not found:
        return
    letter, sign, suffix, low, altered = found.groups()
    harmony = SubElement(measure, "harmony")
    _tone(SubElement(harmony, "root"), "root", letter, sign)
    kind = SubElement(harmony, "kind", {"text": suffix} if suffix else {})
    small = suffix.startswith(("m", "dim")) and not suffix.startswith("maj")
    kind.text = KINDS.get(suffix, "minor" if small else "major")
    if low:
        _tone(SubElement(harmony, "bass"), "bass", low.upper(), altered)
    if later:
        SubElement(harmony, "offset").text = str(later)


def _tone(parent: Element, what: str, letter: str, sign: str) -> None:
    SubElement(parent, f"{what}-step").text = letter
    if sign:
        SubElement(parent, f"{what}-alter").text = ALTERED[sign]


def read_chord(harmony: Element) -> str:
    """The chord's name; other kinds than those of the table as plain major or minor. "" for what is
    no chord on a tone."""
    root, bass = _named(harmony, "root"), _named(harmony, "bass")
    kind = (harmony.findtext("kind") or "").strip()
    suffix = SUFFIXES.get(kind, "m" if kind.startswith(SMALL) else "")
    return f"{root}{suffix}{bass and '/' + bass}" if root else ""


def _named(harmony: Element, what: str) -> str:
    step = (harmony.findtext(f"{what}/{what}-step") or "").strip()
    alter = (harmony.findtext(f"{what}/{what}-alter") or "").strip()
    sign = {number: sign for sign, number in ALTERED.items()}.get(alter, "")
    return step + sign if re.fullmatch("[A-G]", step) else ""
