"""Media files by the sha256 of their bytes.

A file is either whole and on disk under its hash, or not there at all. Knows no database.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import time
from pathlib import Path

from pydantic import JsonValue

from genui.errors import NotFound, StorageFull
from genui.records import Artifact

SHA256 = re.compile(r"[0-9a-f]{64}")
CHUNK = 1 << 20  # bytes
ABANDONED = 60.0  # seconds without a write after which a temporary file has no writer


class MediaStore:
    """A folder of files, each at `<first two digits>/<sha256>`; unfinished ones in `incoming`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._incoming = folder / "incoming"
        self._incoming.mkdir(parents=True, exist_ok=True)
        self.sweep()

    def put(
        self, path: Path, name: str, mime: str, meta: dict[str, JsonValue] | None = None
    ) -> Artifact:
        """Keep a copy of the file at `path`; it is on disk when this returns.

        Raises `StorageFull` when there is no room; nothing of the file is left then."""
        draft = self._incoming / secrets.token_hex(16)
        try:
            sha256, size = _copy(path, draft)
            target = self._place(sha256)
            new_shard = not target.parent.exists()
            target.parent.mkdir(exist_ok=True)
            draft.replace(target)
            _sync(target.parent)
            if new_shard:
                _sync(self.folder)
        except OSError as error:
            draft.unlink(missing_ok=True)
            raise StorageFull.from_os(error) from error
        return Artifact(name=name, sha256=sha256, mime=mime, size=size, meta=meta or {})

    def path(self, sha256: str) -> Path:
        """The kept file with these bytes; raises `NotFound` when there is none."""
        if SHA256.fullmatch(sha256) and (found := self._place(sha256)).is_file():
            return found
        raise NotFound("That file is not kept on this server.")

    def sweep(self, older_than: float = ABANDONED) -> int:
        """Remove what writers that died left behind; returns how many files went.

        `older_than` is in seconds since the last write: another process may be writing now."""
        gone = 0
        for draft in self._incoming.iterdir():
            try:
                if time.time() - draft.stat().st_mtime >= older_than:
                    draft.unlink()
                    gone += 1
            except FileNotFoundError:
                pass  # its writer finished, or another process swept it
        return gone

    def _place(self, sha256: str) -> Path:
        return self.folder / sha256[:2] / sha256


def _copy(source: Path, target: Path) -> tuple[str, int]:
    """Copy and flush to disk; the sha256 and size are those of the bytes written."""
    digest, size = hashlib.sha256(), 0
    with source.open("rb") as read, target.open("xb") as write:
        while chunk := read.read(CHUNK):
            digest.update(chunk)
            size += len(chunk)
            write.write(chunk)
        write.flush()
        os.fsync(write.fileno())
    return digest.hexdigest(), size


def _sync(folder: Path) -> None:
    """Put a folder's entries on disk; without it a rename may not survive a power cut."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
