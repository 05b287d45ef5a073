"""MusicXML in and out: tunes come back as they were, hostile files are refused."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from genui.errors import BadInput
from genui.music import abc, musicxml
from genui.music.files import read_melody
from genui.music.melody import DRUMS, EMPTY, TOP_LINE
from genui.music.shape import regular

TUNES = (
    "X:1\nT:Fish & <Chips>\nR:tune\nM:6/8\nL:1/8\nK:D\n"
    "|:A|d2f afd|e2c A2A|d3- d2^g|d3 d2:|\n|:f|a3 z3|b>c'd' e3|d6|d3 d2:|\n",
    "X:1\nR:tune\nM:4/4\nL:1/8\nK:Edor\nE2 (3Bcd e4-|e2 ^cd _B2 eg|a2ge d2BG|E8||\n"
    "e4 d4|B8|A4 G4|E8|]\n",
    'X:1\nR:tune\nM:4/4\nL:1/8\nK:D\n"D"A2 "F#m7"d2 "Bb/F"e4|"A7"f4 "Asus4"e4|"Edim"d8|"G6"B8|]\n',
)


def score(body: str, part: str = "<divisions>2</divisions>", top: str = "") -> bytes:
    return (
        f'<?xml version="1.0"?>{top}<score-partwise><part-list/><part id="P1">'
        f'<measure number="1"><attributes>{part}</attributes>{body}</measure>'
        "</part></score-partwise>"
    ).encode()


def note(step: str, octave: int = 4, duration: int = 2, more: str = "") -> str:
    return (
        f"<note>{more}<pitch><step>{step}</step><octave>{octave}</octave></pitch>"
        f"<duration>{duration}</duration></note>"
    )


def packed(inside: bytes, name: str = "score.xml") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        rootfile = f'<container><rootfiles><rootfile full-path="{name}"/></rootfiles></container>'
        file.writestr("META-INF/container.xml", rootfile)
        file.writestr("score.xml", inside)
    return out.getvalue()


def refused(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    with pytest.raises(BadInput) as caught:
        read_melody(path)
    return caught.value.message


FOUR = "".join(note(step) for step in "CDEF")


@pytest.mark.parametrize("text", TUNES)
def test_a_tune_comes_back_as_it_was(tmp_path: Path, text: str) -> None:
    tune = regular(abc.read(text))
    assert musicxml.read(musicxml.write(tune)).tune == tune
    path = tmp_path / "a.mxl"
    path.write_bytes(packed(musicxml.write(tune)))
    assert read_melody(path).tune == tune


def test_chords_stand_where_they_change_even_under_a_held_note() -> None:
    tune = regular(abc.read(TUNES[1]))
    bars = [replace(bar, chords=((0, "Em"), (48, "D"))) for bar in tune.sections[0].bars]
    first = replace(tune.sections[0], bars=tuple(bars))
    tune = replace(tune, sections=(first, *tune.sections[1:]))
    text = musicxml.write(tune).decode()
    assert text.count("<harmony>") == 8
    assert text.count("<offset>48</offset>") == 1  # the last bar is one note
    assert musicxml.read(text.encode()).tune == tune
    odd = replace(bars[0], chords=((0, "Gmaj9#11"), (48, "?")))
    tune = replace(tune, sections=(replace(first, bars=(odd, *bars[1:])), *tune.sections[1:]))
    text = musicxml.write(tune).decode()
    assert '<kind text="maj9#11">major</kind>' in text
    assert text.count("<harmony>") == 7


def test_a_file_of_another_program_is_read(tmp_path: Path) -> None:
    body = (
        "<harmony><root><root-step>A</root-step></root><kind>minor</kind></harmony>"
        + "<direction><sound tempo='96'/></direction>"
        + note("A", 4, 4, "<chord/>").replace("<chord/>", "")
        + note("E", 4, 4, "<chord/>")
        + note("B", 4, 2, "<grace/>")
        + note("C", 5, 4)
        + "<backup><duration>8</duration></backup>"
        + note("A", 3, 8, "")
    )
    key = "<divisions>2</divisions><key><fifths>0</fifths><mode>minor</mode></key>"
    reading = musicxml.read(score(body, key))
    assert reading.note == TOP_LINE
    assert str(reading.tune.key) == "A minor"
    assert reading.tune.tempo == 96
    assert list(reading.tune.notes()) == [(69, 48), (72, 48)]
    assert reading.tune.sections[0].bars[0].chords == ((0, "Am"),)


def test_a_file_is_named_by_its_owner_when_it_has_no_title(tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_bytes(score(FOUR))
    assert read_melody(path, "C:\\music\\My\ntune.v2.xml").tune.title == "My tune.v2"
    path.write_text("%abc-2.1\n\nX:1\nM:4/4\nL:1/4\nK:C\nCDEF|\n", "utf-8")
    assert [pitch for pitch, _ in read_melody(path).tune.notes()] == [60, 62, 64, 65]


BOMB = '<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;&x;">]>'
FETCH = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]>'


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (score("&y;" + FOUR, top=BOMB), "entities"),
        (score("&x;" + FOUR, top=FETCH), "entities"),
        (score(FOUR)[:-30], "damaged"),
        (b"<?xml version='1.0'?><html/>", "no MusicXML"),
        (b"<score-timewise/>", "partwise"),
        (b"<score-partwise><part><measure/></part></score-partwise>", EMPTY),
        (score("<note><rest/><duration>8</duration></note>"), EMPTY),
        (score("<note><unpitched/><duration>8</duration></note>"), DRUMS),
        (score(note("C", 4, 0)), "no length"),
        (score(note("C", 99)), "too high"),
        (score(note("H")), "no pitch"),
        (score(note("C", 4, 10**5)), "too long"),
        (score(FOUR, "<divisions>two</divisions>"), "damaged"),
        (score(FOUR, "<divisions>7</divisions>"), "cannot be written"),
        (b"<" + b" " * 6_000_000, "5 MB"),
        (packed(b"<a>" + bytes(20_000_000)), "5 MB"),
        (packed(score(FOUR), "../../etc/passwd"), "packed"),
        (packed(score(FOUR))[:-40], "packed"),
        (b"PK\3\4" + bytes(100), "packed"),
    ],
)
def test_a_bad_file_is_told_in_one_sentence(tmp_path: Path, data: bytes, sentence: str) -> None:
    said = refused(tmp_path / "a.musicxml", data)
    assert sentence in said
    assert said.endswith(".")


def test_nothing_outside_is_included(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("a secret title")
    include = (
        f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{secret}" parse="text"/>'
    )
    data = score(FOUR).replace(
        b"<part-list/>", f"<work><work-title>{include}</work-title></work>".encode()
    )
    path = tmp_path / "a.xml"
    path.write_bytes(data)
    assert read_melody(path, "upload.xml").tune.title == "upload"
