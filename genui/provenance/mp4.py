"""Records in MP4 files (ISO/IEC 14496-12), beside frames that stay as they are.

The record stands in the XMP packet, whose place in an MP4 is a "uuid" box of its own (XMP
specification, part 3, 1.2.7.1), written behind all others so that none of them moves.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from genui.errors import BadInput
from genui.provenance.document import DAMAGED, NOT_OURS, from_xmp, record_document, take, xmp
from genui.provenance.rewrite import copied, rewritten
from genui.records import Generation

XMP = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
BOXES_MAX = 1000  # boxes looked at before a file counts as nonsense


def is_mp4(head: bytes) -> bool:
    """Whether a file that begins so says it is an MP4."""
    return head[4:8] == b"ftyp"


def embed_mp4(path: Path, generation: Generation, edits: tuple[str, ...] = ()) -> None:
    """Write the record into the MP4 at `path`, in place of one that is there.

    No frame is decoded. Raises `ValueError` when it is no whole MP4 file, or when a packet stands
    where taking it out would move the frames."""
    packet = xmp(generation, record_document(generation, edits))
    with rewritten(path) as (source, out):
        end = os.fstat(source.fileno()).st_size
        reached = kept = 0
        for start, size, is_xmp in _boxes(source, end):
            reached = start + size
            if not is_xmp:
                if kept != start:
                    raise ValueError(f"{path.name} has a packet before its frames")
                copied(source, out, start, size)
                kept = reached
        if reached != end or not kept:
            raise ValueError(f"{path.name} is cut short, or longer than it says")
        body = XMP + packet
        out.write((8 + len(body)).to_bytes(4, "big") + b"uuid" + body)


def from_mp4(file: BinaryIO) -> bytes:
    """The JSON of the record in an MP4 file; raises `BadInput`."""
    end = os.fstat(file.fileno()).st_size
    for start, size, is_xmp in _boxes(file, end):
        if start + size > end:
            raise BadInput(DAMAGED)
        if is_xmp:
            file.seek(start + 24)
            return from_xmp(take(file, size - 24))
    raise BadInput(NOT_OURS)


def _boxes(file: BinaryIO, end: int) -> Iterator[tuple[int, int, bool]]:
    """(start, size, is an XMP packet) of the outermost boxes; the size is what the file claims."""
    start = 0
    for _ in range(BOXES_MAX):
        file.seek(start)
        head = file.read(24)
        if len(head) < 8:
            return
        size, name = int.from_bytes(head[:4], "big"), head[4:8]
        if size == 1:  # a long one
            size = int.from_bytes(head[8:16], "big")
        elif size == 0:  # up to the end
            size = end - start
        if size < 8:
            return
        yield start, size, name == b"uuid" and head[8:] == XMP and size > 24
        start += size
