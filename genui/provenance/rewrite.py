"""Write a file anew beside itself and put it in its place when it is whole."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

BLOCK = 1 << 20  # bytes held at once


@contextmanager
def rewritten(path: Path) -> Iterator[tuple[BinaryIO, BinaryIO]]:
    """The file at `path` to read, and one to write that takes its place when the block ends
    without an error."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with path.open("rb") as source, draft.open("xb+") as out:
            yield source, out
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def copied(source: BinaryIO, out: BinaryIO, start: int, size: int) -> None:
    """Copy `size` bytes from `start`; leaves the source's position behind them."""
    source.seek(start)
    while size > 0:
        block = source.read(min(size, BLOCK))
        if not block:
            raise ValueError("the file is cut short")
        out.write(block)
        size -= len(block)
