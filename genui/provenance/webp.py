"""Records in WebP files, lossy, lossless or animated (RFC 9649), beside pixels that stay.

The record stands in the XMP chunk, which needs the extended form (VP8X) of the container.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import BinaryIO

from genui.provenance.document import from_xmp, record_document, take, xmp
from genui.provenance.rewrite import copied, rewritten
from genui.provenance.riff import chunk, chunks
from genui.records import Generation

HAS_XMP, HAS_ALPHA = 0x04, 0x10  # flags in the first byte of VP8X


def embed_webp(path: Path, generation: Generation, edits: tuple[str, ...] = ()) -> None:
    """Write the record into the WebP at `path`, in place of one that is there.

    No pixel is decoded. Raises `ValueError` when it is no whole WebP file."""
    packet = xmp(generation, record_document(generation, edits))
    with rewritten(path) as (source, out):
        end = os.fstat(source.fileno()).st_size
        source.seek(12)
        parts = list(chunks(source, end))
        if not parts or sum(parts[-1][1:]) + parts[-1][2] % 2 != end:
            raise ValueError(f"{path.name} is cut short, or longer than it says")
        head = _head(source, *parts[0])
        out.write(b"RIFF\0\0\0\0WEBP" + chunk(b"VP8X", bytes([head[0] | HAS_XMP]) + head[1:]))
        for name, start, size in parts:
            if name not in (b"VP8X", b"XMP "):
                copied(source, out, start - 8, size + 8)
                out.write(b"\0" * (size % 2))
        out.write(chunk(b"XMP ", packet))
        size = out.tell() - 8
        out.seek(4)
        out.write(struct.pack("<I", size))


def _head(file: BinaryIO, name: bytes, start: int, size: int) -> bytes:
    """The ten bytes of VP8X: flags and the canvas, taken from the picture where it has none."""
    file.seek(start)
    body = file.read(min(size, 10))
    if name == b"VP8X" and len(body) == 10:
        return body
    alpha = width = height = 0
    if name == b"VP8 " and body[3:6] == b"\x9d\x01\x2a" and len(body) == 10:
        width, height = (side & 0x3FFF for side in struct.unpack("<HH", body[6:]))
    elif name == b"VP8L" and body[:1] == b"\x2f" and len(body) >= 5:
        bits = int.from_bytes(body[1:5], "little")
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        alpha = HAS_ALPHA * (bits >> 28 & 1)
    if not width or not height:
        raise ValueError("no picture in this WebP")
    return struct.pack("<BxxxHxHx", alpha, width - 1, height - 1)  # at most 16,384 a side


def from_webp(file: BinaryIO) -> bytes:
    """The JSON of the record in a WebP file; raises `BadInput`."""
    return from_xmp(chunk_of(file, b"XMP "))


def chunk_of(file: BinaryIO, wanted: bytes) -> bytes:
    """The body of the first chunk of that name, empty where there is none."""
    file.seek(12)
    for name, _, size in chunks(file, os.fstat(file.fileno()).st_size):
        if name == wanted:
            return take(file, size)
    return b""
