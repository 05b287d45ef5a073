"""Records in MP3 files: one ID3v2.4 tag in front of the sound (id3.org, "ID3 tag version 2.4.0").

The record is a text of our own (TXXX); the maker and the date stand in TSSE and TDRC."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import genui
from genui.errors import BadInput
from genui.provenance.document import NOT_OURS, RECORD_MAX, record_document, take
from genui.provenance.rewrite import copied, rewritten
from genui.records import Generation

ID3 = b"ID3"
NAME = b"genui-record"
UTF8 = b"\3"
FRAMES_MAX = 200  # looked at before a file counts as one without a record


def is_mp3(head: bytes) -> bool:
    """Whether a file that begins so is an MP3: a tag, or the first bits of a frame."""
    return head[:3] == ID3 or (head[:1] == b"\xff" and head[1:2] >= b"\xe0")


def embed_mp3(path: Path, generation: Generation) -> None:
    """Put a tag with the record in front of the MP3 file at `path`; a tag that is there already
    goes. Its sound stays the same to the byte."""
    tag = b"".join(
        _frame(name, UTF8 + text)
        for name, text in (
            (b"TSSE", f"genui {genui.__version__}".encode()),
            (b"TDRC", generation.created[:10].encode()),
            (b"TXXX", NAME + b"\0" + record_document(generation).encode()),
        )
    )
    with rewritten(path) as (source, out):
        head = source.read(10)
        skip = 10 + _unsafe(head[6:]) if head[:3] == ID3 else 0
        out.write(ID3 + b"\4\0\0" + _safe(len(tag)) + tag)
        copied(source, out, skip, path.stat().st_size - skip)


def from_mp3(file: BinaryIO) -> bytes:
    """The JSON of the record in an MP3 file; raises `BadInput`."""
    file.seek(0)
    head = file.read(10)
    if head[:4] == ID3 + b"\4":
        end = 10 + _unsafe(head[6:])
        for _ in range(FRAMES_MAX):
            frame = file.read(10)
            if len(frame) < 10 or file.tell() > end:
                break
            size = _unsafe(frame[4:8])
            mark = UTF8 + NAME + b"\0"
            if frame[:4] == b"TXXX" and size > len(mark):
                if (body := take(file, size)).startswith(mark):
                    return body[len(mark) :]
            else:
                file.seek(size, 1)
    raise BadInput(NOT_OURS)


def _frame(name: bytes, body: bytes) -> bytes:
    return name + _safe(len(body)) + b"\0\0" + body


def _safe(number: int) -> bytes:
    """Four bytes of seven bits each, so that no sound begins in a tag."""
    assert number <= RECORD_MAX + 2**16 < 1 << 28
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))


def _unsafe(four: bytes) -> int:
    found = 0
    for byte in four:
        found = found << 7 | byte & 0x7F
    return found
