"""A melody as a file: MIDI, ABC or MusicXML, written, or read from whoever hands one in.

Such a file is told apart by content and untrusted: sizes are limited, packed files are unpacked
only so far, and each kind of bad file has its sentence."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from genui.errors import BadInput
from genui.music import abc, midi, musicxml
from genui.music.melody import Reading
from genui.music.shape import regular
from genui.music.tune import Tune

# how a file's name ends → its type
FORMS = {
    "mid": "audio/midi", "abc": "text/vnd.abc",
    "musicxml": "application/vnd.recordare.musicxml+xml",
}  # fmt: skip
UNKNOWN = "This file is no music that can be read here; take MIDI, ABC or MusicXML."
LARGE = "This file is larger than 5 MB; hand in a single tune."
PACKED = "This packed MusicXML file is damaged; save it again, or as plain MusicXML."
UNREADABLE = (zipfile.BadZipFile, zlib.error, KeyError, EOFError, OSError, RuntimeError, ValueError)
ROOT = "META-INF/container.xml"


def write_melody(
    tune: Tune, form: str, *, instrument: str, band: Sequence[midi.Part] = ()
) -> bytes:  # fmt: skip
    """The tune with its chords as a file of one of `FORMS`. instrument: one of
    `genui.synth.INSTRUMENTS`. band: who plays along, which MIDI alone can tell."""
    if form == "mid":
        return midi.write(tune, instrument=instrument, band=band)
    return musicxml.write(tune) if form == "musicxml" else abc.write(tune).encode()


def shown(tune: Tune) -> dict[str, Any]:
    """A regular tune as the page draws it: ABC, and what can be said of it. places: the bar of each
    written event, from 0; a pickup belongs to the bar after it."""
    places, number = list[int](), 0
    for section in tune.sections:
        places += [number] * len(section.pickup.events)
        for bar in section.bars:
            places += [number] * len(bar.events)
            number += 1
    return {
        "title": tune.title, "abc": abc.write(tune), "bars": tune.bars, "key": str(tune.key),
        "metre": str(tune.metre), "kind": tune.kind, "places": places,
    }  # fmt: skip


def read_melody(path: Path, name: str = "") -> Reading:
    """The melody in the file at `path`, made regular (see `shape`). name: what its owner calls it,
    for a title if it has none. Raises BadInput with one sentence that says what to change."""
    with path.open("rb") as file:
        data = file.read(musicxml.LARGEST + 1)
    if not data.strip():
        raise BadInput("This file is empty; hand in one with a melody.")
    if len(data) > musicxml.LARGEST:
        raise BadInput(LARGE)
    found = _read(data)
    tune = regular(found.tune)
    if not tune.title:
        stem = name.replace("\\", "/").rsplit("/", 1)[-1].rsplit(".", 1)[0]
        tune = replace(tune, title=abc.BARRED.sub(" ", stem).strip()[:80])
    return Reading(tune, found.note)


def _read(data: bytes) -> Reading:
    if data[:4] == b"MThd":
        return midi.read(data)
    if data[:4] == b"RIFF" and data[8:12] == b"RMID":
        return midi.read(data[20:])
    if data[:2] == b"PK":
        return musicxml.read(_unpacked(data))
    if data.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\0")[:1] == b"<":
        return musicxml.read(data)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    if "\0" in text or not re.search(r"(?m)^(X|K):", text):
        raise BadInput(UNKNOWN)
    return Reading(abc.read(text[text.find("X:") :] if "\nX:" in text else text))


def _unpacked(data: bytes) -> bytes:
    """The score in a packed MusicXML file (.mxl), never more than may be read."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            with packed.open(ROOT) as file:
                container = file.read(100_000).decode("utf-8", "replace")
            where = re.search(r'full-path="([^"]+)"', container)
            if not where:
                raise BadInput(PACKED)
            with packed.open(where[1]) as file:
                return file.read(musicxml.LARGEST + 1)
    except UNREADABLE:
        raise BadInput(PACKED) from None
