"""Records in files of music: MIDI, ABC, MusicXML, and the JSON of a score.

Each has a standard place that other programs pass over: a text event before the first note, a
comment, a miscellaneous field, a key of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import BinaryIO
from xml.sax.saxutils import escape, unescape

from genui.errors import BadInput
from genui.provenance.document import DAMAGED, NOT_OURS, RECORD_MAX, record_document, take
from genui.provenance.rewrite import copied, rewritten
from genui.records import Generation, canonical_json

MIDI, ABC, XML = b"MThd", (b"%abc", b"X:"), b"<?xml"
NAME = "genui-record"
COMMENT = f"%{NAME} ".encode()
FIELD = f'<miscellaneous-field name="{NAME}">'
KEY = "record"  # in JSON
EVENTS_MAX = 1000  # events looked at before a file counts as one without a record
HEAD_MAX = RECORD_MAX + 2**16  # bytes of a text file in which the record has to stand


def embed_midi(path: Path, generation: Generation) -> None:
    """Write the record into the MIDI file at `path`, as a text event at the beginning of its first
    track. Raises `ValueError` when there is no track."""
    text = f"{NAME} {record_document(generation)}".encode()
    event = b"\0\xff\x01" + _variable(len(text)) + text
    with rewritten(path) as (source, out):
        start, size = _track(source)
        copied(source, out, 0, start - 4)
        out.write((size + len(event)).to_bytes(4, "big") + event)
        copied(source, out, start, path.stat().st_size - start)


def from_midi(file: BinaryIO) -> bytes:
    """The JSON of the record in a MIDI file; raises `BadInput`."""
    try:
        start, _ = _track(file)
    except ValueError:
        raise BadInput(NOT_OURS) from None
    file.seek(start)
    for _ in range(EVENTS_MAX):
        _number(file)  # the time of the event
        if file.read(1) != b"\xff":
            break  # the music begins
        kind, size = file.read(1), _number(file)
        if kind == b"\1" and (text := take(file, size)).startswith(NAME.encode() + b" "):
            return text[len(NAME) + 1 :]
        if kind != b"\1":
            file.seek(size, 1)
    raise BadInput(NOT_OURS)


def _track(file: BinaryIO) -> tuple[int, int]:
    """Where the body of the first track begins, and the size that it claims."""
    file.seek(4)
    file.seek(8 + int.from_bytes(file.read(4), "big"))
    head = file.read(8)
    if len(head) < 8 or head[:4] != b"MTrk":
        raise ValueError("no track in this MIDI file")
    return file.tell(), int.from_bytes(head[4:], "big")


def _variable(number: int) -> bytes:
    """A number as MIDI writes it: seven bits a byte, the first bit set on all but the last."""
    found = bytes([number & 0x7F])
    while number := number >> 7:
        found = bytes([number & 0x7F | 0x80]) + found
    return found


def _number(file: BinaryIO) -> int:
    found = 0
    for _ in range(4):
        byte = take(file, 1)[0]
        found = found << 7 | byte & 0x7F
        if byte < 0x80:
            break
    return found


def embed_abc(path: Path, generation: Generation) -> None:
    """Write the record into the ABC file at `path`, as a comment before the tune."""
    tune = path.read_bytes()
    record = record_document(generation).encode()
    path.write_bytes(b"%abc-2.1\n" + COMMENT + record + b"\n" + tune.removeprefix(b"%abc-2.1\n"))


def from_abc(file: BinaryIO) -> bytes:
    """The JSON of the record in an ABC file; raises `BadInput`."""
    return _between(file, b"\n" + COMMENT, b"\n")


def embed_musicxml(path: Path, generation: Generation) -> None:
    """Write the record into the MusicXML file at `path`, as a miscellaneous field of its
    identification. Raises `ValueError` when it has none."""
    head, found, rest = path.read_text("utf-8").partition("</identification>")
    if not found:
        raise ValueError(f"{path.name} has no identification")
    field = f"{FIELD}{escape(record_document(generation))}</miscellaneous-field>"
    path.write_text(f"{head}<miscellaneous>{field}</miscellaneous>{found}{rest}", "utf-8")


def from_musicxml(file: BinaryIO) -> bytes:
    """The JSON of the record in a MusicXML file; raises `BadInput`. Nothing is parsed as XML."""
    found = _between(file, FIELD.encode(), b"</miscellaneous-field>")
    text: str = unescape(found.decode("utf-8", "replace"))
    return text.encode()


def embed_json(path: Path, generation: Generation) -> None:
    """Write the record into the JSON object at `path`, under the key "record". Raises `ValueError`
    when it is no object."""
    found = json.loads(path.read_bytes())
    if not isinstance(found, dict):
        raise ValueError(f"{path.name} is no JSON object")
    found[KEY] = json.loads(record_document(generation))
    path.write_text(canonical_json(found), "utf-8")


def _between(file: BinaryIO, begin: bytes, end: bytes) -> bytes:
    file.seek(0)
    _, begun, rest = file.read(HEAD_MAX).partition(begin)
    found, ended, _ = rest.partition(end)
    if not begun:
        raise BadInput(NOT_OURS)
    if not ended:
        raise BadInput(DAMAGED)
    return found
