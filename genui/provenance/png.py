"""Records in PNG files (PNG specification, third edition), beside pixels that stay as they are.

Three text chunks right after the header: "genui" holds the record, "parameters" what other
programs read, "XML:com.adobe.xmp" the statement that a machine made the picture.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from genui.errors import BadInput
from genui.provenance import parameters
from genui.provenance.document import (
    DAMAGED,
    NOT_OURS,
    RECORD_MAX,
    TOO_LARGE,
    record_document,
    take,
    xmp,
)
from genui.provenance.rewrite import copied, rewritten
from genui.records import Generation

SIGNATURE = b"\x89PNG\r\n\x1a\n"
TEXTS = (b"tEXt", b"zTXt", b"iTXt")
RECORD, PARAMETERS, XMP = b"genui", b"parameters", b"XML:com.adobe.xmp"
OURS = (RECORD, PARAMETERS, XMP)
CHUNKS_MAX = 20_000  # pixels come in chunks of 8 kB or more: 160 MB of them


def embed_png(path: Path, generation: Generation, edits: tuple[str, ...] = ()) -> None:
    """Write the record into the PNG at `path`, in place of one that is there.

    No pixel is decoded. Raises `ValueError` when it is no whole PNG file."""
    record = record_document(generation, edits).encode()
    with rewritten(path) as (source, out):
        end = os.fstat(source.fileno()).st_size
        source.seek(len(SIGNATURE))
        out.write(SIGNATURE)
        name = b""
        for name, start, size in _chunks(source):
            if start + size + 4 > end:
                raise ValueError(f"{path.name} is cut short")
            if name in TEXTS and _keyword(source, size) in OURS:
                continue
            copied(source, out, start - 8, size + 12)
            if name == b"IHDR":
                source.seek(start)
                width, height = struct.unpack(">II", source.read(8))
                said = parameters.written(generation, width, height)
                out.write(_text(RECORD, record))
                if said:
                    out.write(_text(PARAMETERS, said.encode("utf-8", "replace")))
                out.write(_text(XMP, xmp(generation)))
        if name != b"IEND":
            raise ValueError(f"{path.name} has no end")


def from_png(file: BinaryIO) -> bytes:
    """The JSON of the record in a PNG file; raises `BadInput`."""
    if (found := text_of(file, (RECORD,)).get(RECORD)) is None:
        raise BadInput(NOT_OURS)
    return found


def text_of(file: BinaryIO, wanted: tuple[bytes, ...]) -> dict[bytes, bytes]:
    """The texts of a PNG under the wanted keywords, as UTF-8; raises `BadInput`.

    Reads until it has them all; sizes are not believed and compressed text is unpacked only up
    to `RECORD_MAX` bytes."""
    found: dict[bytes, bytes] = {}
    file.seek(len(SIGNATURE))
    for name, start, size in _chunks(file):
        if name in TEXTS and (keyword := _keyword(file, size)) in wanted:
            file.seek(start)
            body, crc = take(file, size), take(file, 4)
            if zlib.crc32(name + body) != int.from_bytes(crc, "big"):
                raise BadInput(DAMAGED)
            found.setdefault(keyword, _plain(name, body[len(keyword) + 1 :]))
            if len(found) == len(wanted):
                break
    return found


def _chunks(file: BinaryIO) -> Iterator[tuple[bytes, int, int]]:
    """(name, start, size) of the chunks up to the last; the size is what the file claims."""
    for _ in range(CHUNKS_MAX):
        head = file.read(8)
        if len(head) < 8:
            return
        start, size, name = file.tell(), int.from_bytes(head[:4], "big"), head[4:]
        yield name, start, size
        if name == b"IEND":
            return
        file.seek(start + size + 4)


def _keyword(file: BinaryIO, size: int) -> bytes:
    """What stands before the first NUL of a text chunk: 1 to 79 bytes."""
    return file.read(min(size, 80)).partition(b"\0")[0]


def _text(keyword: bytes, text: bytes) -> bytes:
    """An uncompressed iTXt chunk in no particular language."""
    body = keyword + b"\0\0\0\0\0" + text.replace(b"\0", b"")
    crc = zlib.crc32(b"iTXt" + body)
    return struct.pack(">I", len(body)) + b"iTXt" + body + struct.pack(">I", crc)


def _plain(name: bytes, body: bytes) -> bytes:
    """The text of a chunk whose keyword is cut off, as UTF-8."""
    if name == b"tEXt":
        return body.decode("latin-1").encode()
    packed = name == b"zTXt"
    if packed:
        body = body[1:]  # the method; there is only one
    else:
        packed, body = body[:1] == b"\1", body[2:]
        body = body.partition(b"\0")[2].partition(b"\0")[2]  # language, translated keyword
    if not packed:
        return body
    unpack = zlib.decompressobj()
    try:
        text = unpack.decompress(body, RECORD_MAX + 1)
    except zlib.error:
        raise BadInput(DAMAGED) from None
    if len(text) > RECORD_MAX:
        raise BadInput(TOO_LARGE)
    return text.decode("latin-1").encode() if name == b"zTXt" else text
