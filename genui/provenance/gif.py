"""Records in GIF files, moving or not (GIF89a), beside frames that stay as they are.

The record stands in the XMP packet, whose place in a GIF is an application extension (XMP
specification, part 3, 1.1.2): the packet as it is, then bytes that let a reader who takes it for a
chain of sub-blocks find the end from wherever it stumbles in.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from genui.errors import BadInput
from genui.provenance.document import (
    DAMAGED,
    NOT_OURS,
    RECORD_MAX,
    TOO_LARGE,
    from_xmp,
    record_document,
    xmp,
)
from genui.provenance.rewrite import copied, rewritten
from genui.records import Generation

SIGNATURES = (b"GIF87a", b"GIF89a")
XMP = b"\x21\xff\x0bXMP DataXMP"
TRAILER = b"\x01" + bytes(range(255, -1, -1)) + b"\0"
HEAD_MAX = 16  # extensions before the first frame
BLOCKS_MAX = 2_000  # sub-blocks of one extension, 255 bytes each at most


def embed_gif(path: Path, generation: Generation, edits: tuple[str, ...] = ()) -> None:
    """Write the record into the GIF at `path`, in place of one that is there.

    No frame is decoded. Raises `ValueError` when it is no whole GIF file."""
    packet = xmp(generation, record_document(generation, edits))
    with rewritten(path) as (source, out):
        end = os.fstat(source.fileno()).st_size
        source.seek(end - 1)
        if source.read(1) != b"\x3b":
            raise ValueError(f"{path.name} is cut short")
        begun = _tables_end(source)
        copied(source, out, 0, begun)
        out.seek(0)
        out.write(SIGNATURES[1])  # the older version knows no extensions
        out.seek(begun)
        after = begun
        for start, size, is_xmp in _extensions(source, begun):
            if not is_xmp:
                copied(source, out, start, size)
            after = start + size
        out.write(XMP + packet + TRAILER)
        copied(source, out, after, end - after)


def from_gif(file: BinaryIO) -> bytes:
    """The JSON of the record in a GIF file; raises `BadInput`."""
    try:
        for start, size, is_xmp in _extensions(file, _tables_end(file)):
            if is_xmp:
                file.seek(start)
                return from_xmp(file.read(size))
    except ValueError:
        raise BadInput(DAMAGED) from None
    raise BadInput(NOT_OURS)


def _tables_end(file: BinaryIO) -> int:
    """Where the header, the screen and its colours end; raises `ValueError`."""
    file.seek(0)
    head = file.read(13)
    if len(head) < 13 or head[:6] not in SIGNATURES:
        raise ValueError("no GIF")
    packed = head[10]
    return 13 + (3 << (packed & 7) + 1 if packed & 0x80 else 0)


def _extensions(file: BinaryIO, start: int) -> Iterator[tuple[int, int, bool]]:
    """(start, size, is an XMP packet) of the application and comment extensions that stand before
    the first frame; raises `ValueError` for one that does not end."""
    for _ in range(HEAD_MAX):
        file.seek(start)
        head = file.read(len(XMP))
        if head[:1] != b"\x21" or head[1:2] not in (b"\xff", b"\xfe"):
            return
        is_xmp = head == XMP
        size = len(XMP) + _packet_size(file) if is_xmp else 2 + _chain_size(file, start + 2)
        yield start, size, is_xmp
        start += size


def _packet_size(file: BinaryIO) -> int:
    """The bytes from here to the end of an XMP packet's trailer; raises `ValueError`, or
    `BadInput` where the packet is longer than a record may be."""
    body = file.read(RECORD_MAX + len(TRAILER))
    found = body.find(TRAILER)
    if found < 0 and len(body) == RECORD_MAX + len(TRAILER):
        raise BadInput(TOO_LARGE)
    if found < 0:
        raise ValueError("an extension without an end")
    return found + len(TRAILER)


def _chain_size(file: BinaryIO, start: int) -> int:
    """The bytes of a chain of sub-blocks with its end; raises `ValueError`."""
    at = start
    for _ in range(BLOCKS_MAX):
        file.seek(at)
        size = file.read(1)
        if not size:
            break
        at += 1 + size[0]
        if not size[0]:
            return at - start
    raise ValueError("an extension without an end")
