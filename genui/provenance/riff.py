"""The chunks of RIFF, the container of WAV and WebP. Knows nothing of what they hold."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO

CHUNKS_MAX = 1000  # chunks looked at before a file counts as nonsense


def chunk(name: bytes, body: bytes) -> bytes:
    """A RIFF chunk, padded to an even length."""
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def chunks(file: BinaryIO, end: int) -> Iterator[tuple[bytes, int, int]]:
    """(name, start, size) of the chunks from the file's position to `end`; the size is what the
    file claims. The caller may move the file's position."""
    for _ in range(CHUNKS_MAX):
        head = file.read(8)
        start = file.tell()
        if len(head) < 8 or start > end:
            return
        name, size = head[:4], struct.unpack("<I", head[4:])[0]
        yield name, start, size
        file.seek(start + size + size % 2)
