"""Read and write one melody as MusicXML 4.0 (w3.org/2021/06/musicxml40).

Reads `score-partwise`: of the first part with notes the top line, its bars, repeats, ties, chord
symbols; of two endings the second. A file that comes in is untrusted: it is parsed without
entities, and nothing in it is fetched."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

import defusedxml.ElementTree
from defusedxml import DefusedXmlException

from genui.errors import BadInput
from genui.music import facts
from genui.music.abc import BARRED, sections
from genui.music.abc_music import MOST, STEPS, Piece
from genui.music.melody import DRUMS, EMPTY, NO_LENGTH, TOP_LINE, Reading, Sound, events, top_line
from genui.music.musicxml_chords import read_chord, write_chord
from genui.music.tune import MODES, QUARTER, TRIPLET, Bar, Key, Metre, Tune

LARGEST = 5_000_000  # characters
BROKEN = "This MusicXML file is damaged; save it again from a music program."
HOSTILE = "This MusicXML file holds entities, which are not read here; save it without them."
DOCTYPE = (
    '<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" '
    '"http://www.musicxml.org/dtds/partwise.dtd">'
)
# ticks → type of the note and dots
TYPES = {
    96: ("whole", 0), 72: ("half", 1), 48: ("half", 0), 36: ("quarter", 1), 24: ("quarter", 0),
    18: ("eighth", 1), 12: ("eighth", 0), 9: ("16th", 1), 6: ("16th", 0), 3: ("32nd", 0),
    16: ("quarter", 0), 8: ("eighth", 0), 4: ("16th", 0),
}  # fmt: skip


def write(tune: Tune) -> bytes:
    """The tune as one part of one voice, with its chords as symbols; every note has a length that a
    single note has."""
    score = Element("score-partwise", version="4.0")
    if tune.title:
        _sub(SubElement(score, "work"), "work-title", BARRED.sub(" ", tune.title).strip())
    encoding = SubElement(SubElement(score, "identification"), "encoding")
    _sub(encoding, "software", "genui")
    listed = SubElement(SubElement(score, "part-list"), "score-part", id="P1")
    _sub(listed, "part-name", "Melody")
    part = SubElement(score, "part", id="P1")
    tied, number = False, 0
    for section in tune.sections:
        bars = [section.pickup] * bool(section.pickup.events) + list(section.bars)
        for i, bar in enumerate(bars):
            lead = i == 0 and bool(section.pickup.events)
            number += not lead
            measure = SubElement(part, "measure", number=f"X{number}" if lead else str(number))
            if lead:
                measure.set("implicit", "yes")
            if len(part) == 1:
                _attributes(measure, tune)
            if i == 0 and section.repeat:
                _barline(measure, "left", "heavy-light", "forward")
            tied = _notes(measure, bar, tune.key, tied)
            if i == len(bars) - 1:
                last = section is tune.sections[-1]
                style = "light-heavy" if section.repeat or last else "light-light"
                _barline(measure, "right", style, "backward" if section.repeat else "")
    body = ElementTree.tostring(score, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{DOCTYPE}\n{body}\n'.encode()


def _sub(parent: Element, name: str, text: object) -> Element:
    child = SubElement(parent, name)
    child.text = str(text)
    return child


def _attributes(measure: Element, tune: Tune) -> None:
    attributes = SubElement(measure, "attributes")
    _sub(attributes, "divisions", QUARTER)
    key, time = SubElement(attributes, "key"), SubElement(attributes, "time")
    _sub(key, "fifths", tune.key.signature)
    _sub(key, "mode", tune.key.mode)
    _sub(time, "beats", tune.metre.beats)
    _sub(time, "beat-type", tune.metre.unit)
    clef = SubElement(attributes, "clef")
    _sub(clef, "sign", "G")
    _sub(clef, "line", 2)
    if tune.tempo:
        direction = SubElement(measure, "direction", placement="above")
        metronome = SubElement(SubElement(direction, "direction-type"), "metronome")
        _sub(metronome, "beat-unit", "quarter")
        _sub(metronome, "per-minute", round(tune.tempo))
        SubElement(direction, "sound", tempo=str(round(tune.tempo)))


def _barline(measure: Element, side: str, style: str, repeat: str) -> None:
    barline = SubElement(measure, "barline", location=side)
    _sub(barline, "bar-style", style)
    if repeat:
        SubElement(barline, "repeat", direction=repeat)


def _notes(measure: Element, bar: Bar, key: Key, tied: bool) -> bool:
    """The notes of a bar. tied: whether the first goes on from the bar before; returns whether the
    last goes on in the next."""
    at = left = 0  # left: ticks of a triplet
    for event in bar.events:
        for tick, name in bar.chords:
            if at <= tick < at + event.ticks:
                write_chord(measure, name, tick - at)
        at += event.ticks
        note = SubElement(measure, "note")
        if event.pitch is None:
            SubElement(note, "rest")
        else:
            name = key.spell(event.pitch)
            shift = name.count("#") - name.count("b")
            pitch = SubElement(note, "pitch")
            _sub(pitch, "step", name[0])
            if shift:
                _sub(pitch, "alter", shift)
            _sub(pitch, "octave", (event.pitch - shift) // 12 - 1)
        _sub(note, "duration", event.ticks)
        ties = ["stop"] * tied + ["start"] * event.tie
        for kind in ties:
            SubElement(note, "tie", type=kind)
        kind, dots = TYPES[event.ticks]
        _sub(note, "type", kind)
        for _ in range(dots):
            SubElement(note, "dot")
        begins = not left
        if event.ticks in TRIPLET:
            left = (left or TRIPLET[event.ticks]) - event.ticks
            change = SubElement(note, "time-modification")
            _sub(change, "actual-notes", 3)
            _sub(change, "normal-notes", 2)
        edge = event.ticks in TRIPLET and (begins or not left)
        if ties or edge:
            notations = SubElement(note, "notations")
            for kind in ties:
                SubElement(notations, "tied", type=kind)
            if edge:
                SubElement(notations, "tuplet", type="start" if begins else "stop")
        tied = event.tie
    return tied


def read(data: bytes) -> Reading:
    """The melody in a MusicXML file. Raises BadInput with one sentence for a file that has none."""
    if len(data) > LARGEST:
        raise BadInput("This MusicXML file is larger than 5 MB; hand in a single tune.")
    try:
        score = defusedxml.ElementTree.fromstring(data)
    except DefusedXmlException:
        raise BadInput(HOSTILE) from None
    except (ElementTree.ParseError, ValueError, LookupError):
        raise BadInput(BROKEN) from None
    if score.tag == "score-timewise":
        raise BadInput("This MusicXML file is written timewise; save it as partwise.")
    if score.tag != "score-partwise":
        raise BadInput("This XML file is no MusicXML; save the tune as MusicXML or ABC.")
    part = next(
        (part for part in score.iter("part") if part.find(".//note/pitch") is not None), None
    )
    if part is None:
        drums = score.find(".//note/unpitched") is not None
        raise BadInput(DRUMS if drums else EMPTY)
    several = sum(1 for p in score.iter("part") if p.find(".//note/pitch") is not None) > 1
    found = _Part(part)
    title = score.findtext("work/work-title") or score.findtext("movement-title") or ""
    title = BARRED.sub(" ", title).strip()[:200]
    metre = found.metre or Metre(4, 4)
    made = tuple(sections(found.pieces, metre.ticks))
    if not made:
        raise BadInput(NO_LENGTH)
    tune = Tune(metre, found.key or Key(0, "major"), "tune", made, title, found.tempo)
    key = facts.heard_key(tune.notes())
    if found.key is None or (not found.mode and key.signature == found.key.signature):
        tune = Tune(metre, key, "tune", made, title, found.tempo)
    return Reading(tune, TOP_LINE if found.left_out or several else "")


class _Part:
    """Goes through the measures of one part. mode: whether the file says one."""

    def __init__(self, part: Element) -> None:
        self.key: Key | None = None
        self.mode = False
        self.metre: Metre | None = None
        self.tempo: float | None = None
        self.divisions = Fraction(1)
        self.left_out, self.count = False, 0
        self.pieces: list[Piece] = []
        before, ending = "|", 0
        for measure in part.iter("measure"):
            left, begun, right, ended = _lines(measure)
            ending = begun or ending
            piece = self._piece(measure)
            piece.before, piece.ending = before + left, ending
            if piece.events:
                self.pieces.append(piece)
                before = right
            else:
                before += left + right
            ending = 0 if ended else ending
        if not self.count:
            raise BadInput(EMPTY)
        self.pieces.append(Piece(before=before))  # the last bar line

    def _piece(self, measure: Element) -> Piece:
        sounds, chords = list[Sound](), list[tuple[int, str]]()
        at = start = longest = 0
        for item in measure:
            if item.tag == "attributes":
                self._attributes(item)
            elif item.tag in ("backup", "forward"):
                at += self._ticks(item) * (1 if item.tag == "forward" else -1)
            elif item.tag == "harmony" and (name := read_chord(item)):
                chords.append((at + self._later(item), name))
            elif item.tag in ("direction", "sound"):
                self._hear(item)
            elif item.tag == "note" and item.find("grace") is None and item.find("cue") is None:
                if item.find("chord") is None:
                    start = at
                    at += self._ticks(item)
                if (pitch := item.find("pitch")) is not None:
                    tie = any(tie.get("type") == "start" for tie in item.iter("tie"))
                    sounds.append(Sound(start, start + self._ticks(item), _pitch(pitch), tie))
                    self.count += 1
            longest = max(longest, at)
        if self.count > MOST:
            raise BadInput(f"This MusicXML file has more than {MOST} notes; hand in one tune.")
        line, left_out = top_line(sounds)
        self.left_out = self.left_out or left_out
        found = events(line, 0, longest) if longest > 0 else []
        return Piece(found, chords)

    def _ticks(self, item: Element) -> int:
        said = item.findtext("duration")
        try:
            ticks = Fraction((said or "0").strip()) * QUARTER / self.divisions
        except (ValueError, ZeroDivisionError):
            raise BadInput(BROKEN) from None
        if not 0 <= ticks <= 64 * QUARTER:
            raise BadInput("A note in this MusicXML file is far too long; mend it first.")
        if ticks.denominator != 1:
            raise BadInput("A note in this MusicXML file has a length that cannot be written here.")
        return int(ticks)

    def _later(self, harmony: Element) -> int:
        """Ticks after which a chord comes that stands before a longer note."""
        said = (harmony.findtext("offset") or "0").strip()
        return int(int(said) * QUARTER / self.divisions) if re.fullmatch(r"\d{1,6}", said) else 0

    def _attributes(self, item: Element) -> None:
        if said := item.findtext("divisions"):
            self.divisions = Fraction(max(1, _whole(said)))
        if (key := item.find("key")) is not None and key.find("fifths") is not None:
            fifths, mode = _whole(key.findtext("fifths")), (key.findtext("mode") or "").strip()
            found = _key(fifths, mode)
            self.mode = mode in MODES
            if self.key not in (None, found):
                raise BadInput("The key changes inside this MusicXML file; split it there.")
            self.key = found
        if (time := item.find("time")) is not None and time.find("beats") is not None:
            beats, unit = _whole(time.findtext("beats")), _whole(time.findtext("beat-type"))
            if not 0 < beats <= 24 or unit not in (1, 2, 4, 8, 16):
                raise BadInput(f"This tune's metre ({beats}/{unit}) has to be like 4/4 or 6/8.")
            if self.metre not in (None, Metre(beats, unit)):
                raise BadInput("The metre changes inside this MusicXML file; split it there.")
            self.metre = Metre(beats, unit)

    def _hear(self, item: Element) -> None:
        for sound in item.iter("sound"):
            found = re.fullmatch(r"\d{2,3}(\.\d{1,6})?", sound.get("tempo", ""))
            if found and self.tempo is None and float(found[0]) <= 500:
                self.tempo = float(found[0])


def _whole(said: str | None) -> int:
    if not said or not re.fullmatch(r"\s*[+-]?\d{1,6}\s*", said):
        raise BadInput(BROKEN)
    return int(said)


def _key(fifths: int, mode: str) -> Key:
    mode = mode if mode in MODES else "major"
    if not -7 <= fifths <= 7:
        raise BadInput(BROKEN)
    return Key((fifths - MODES[mode]) * 7 % 12, mode)


def _pitch(item: Element) -> int:
    step, alter = (item.findtext("step") or "").strip(), (item.findtext("alter") or "0").strip()
    if step not in STEPS or not re.fullmatch(r"[+-]?[0-2](\.0*)?", alter):
        raise BadInput("A note in this MusicXML file has no pitch that can be written here.")
    found = 12 * (_whole(item.findtext("octave")) + 1) + STEPS[step] + int(float(alter))
    if not 0 <= found <= 127:
        raise BadInput("A note in this MusicXML file is too high or too low.")
    return found


def _lines(measure: Element) -> tuple[str, int, str, bool]:
    """The bar lines left and right of a measure as ABC has them, the number of the ending that
    begins in it (0 for none), and whether one ends there."""
    left, right, begun, ended = "", "|", 0, False
    for line in measure.iter("barline"):
        repeat: Any = line.find("repeat")
        direction = repeat.get("direction") if repeat is not None else ""
        style = line.findtext("bar-style") or ""
        if line.get("location") == "left":
            left = "|:" if direction == "forward" else "||" if "-" in style else left
        else:
            right = ":|" if direction == "backward" else "||" if "-" in style else right
        for ending in line.iter("ending"):
            if ending.get("type") == "start":
                begun = 2 if "2" in ending.get("number", "1") else 1
            else:
                ended = True
    return left, begun, right, ended
