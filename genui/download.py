"""One file over HTTP into its place: resumable, checked, atomic, cancellable.

Knows nothing of models, catalogs or hubs. The caller holds whatever lock is needed.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from threading import Event as Flag
from typing import TYPE_CHECKING

from genui.errors import Cancelled, StorageFull, Unavailable

if TYPE_CHECKING:
    import httpx2

Tell = Callable[[str, float | None], None]

CHUNK = 256 * 1024
ATTEMPTS = 3  # connections in a row that may end without a new byte
TIMEOUT = 15.0  # seconds without an answer before a server counts as gone
CONNECT_TIMEOUT = 4.0  # shorter: another source may be waiting


class Unreachable(Exception):
    """The server did not answer, or does not have the file; another source may."""


class Meter:
    """Tells how far a fetch is, at most ten times a second. `total` in bytes, None if unknown."""

    def __init__(self, tell: Tell, title: str, total: int | None) -> None:
        self.tell, self.title, self.total = tell, title, total
        self._next = 0.0
        self._most = 0  # pip moves files about: never tell that less is done than before

    def __call__(self, done: int) -> None:
        moment = time.monotonic()
        if moment < self._next:
            return
        self._next = moment + 0.1
        done = self._most = max(done, self._most)
        if self.total:
            done = min(done, self.total)
            share = f"{done / 1e6:.0f} of {self.total / 1e6:.0f} MB"
            self.tell(f"Fetching {self.title}, {share}", done / self.total)
        else:
            self.tell(f"Fetching {self.title}, {done / 1e6:.0f} MB", None)

    def after(self, earlier: int) -> Callable[[int], None]:
        """A meter for the next file, when `earlier` bytes of the whole are done."""
        return lambda done: self(earlier + done)


def check_room(folder: Path, needed: int, title: str) -> None:
    """Raise `StorageFull` when the disk of `folder` has less than `needed` bytes free."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise StorageFull(
            f"{title} needs {needed / 1e6:.0f} MB on this server's disk, which has "
            f"{free / 1e6:.0f} MB left; the operator has to make room first."
        )


@lru_cache(maxsize=4096)
def _sha256_of(path: Path, size: int, mtime_ns: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_of(path: Path) -> str:
    """The sha256 of a file; read once per process as long as size and time stay the same."""
    found = path.stat()
    return _sha256_of(path, found.st_size, found.st_mtime_ns)


def land(part: Path, target: Path, title: str, sha256: str | None, size: int | None) -> Path:
    """Check a finished `part` and move it to `target`, whole or not at all.

    A wrong size or hash removes the part and raises `Unavailable`."""
    right = size is None or part.stat().st_size == size
    if right and sha256:
        right = sha256_of(part) == sha256
    if not right:
        part.unlink()
        raise Unavailable(f"{title} arrived damaged; press the button again to fetch it anew.")
    with part.open("rb+") as file:
        os.fsync(file.fileno())
    part.replace(target)
    if os.name == "posix":
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    return target


def download(
    url: str,
    target: Path,
    *,
    title: str,
    meter: Callable[[int], None],
    cancel: Flag,
    headers: dict[str, str] | None = None,
    sha256: str | None = None,
    size: int | None = None,
) -> Path:
    """Fetch `url` to `target`; `meter` is told the bytes on disk.

    What an earlier try left in `<target>.part` is continued. Raises `Unreachable`, `Unavailable`
    (damaged), `StorageFull`, `Cancelled` (the part stays)."""
    import httpx2

    part = target.with_name(target.name + ".part")
    target.parent.mkdir(parents=True, exist_ok=True)
    timeout = httpx2.Timeout(TIMEOUT, connect=CONNECT_TIMEOUT)
    failures = 0
    with httpx2.Client(timeout=timeout, follow_redirects=True, headers=headers) as client:
        while True:
            had = part.stat().st_size if part.exists() else 0
            if size is not None and had > size:
                part.unlink()
                had = 0
            if size is None or had < size:
                try:
                    _continue(client, url, part, had, title, meter, cancel)
                except httpx2.HTTPError as error:
                    grown = part.exists() and part.stat().st_size > had
                    failures = 0 if grown else failures + 1
                    if failures >= ATTEMPTS or isinstance(error, httpx2.ConnectError):
                        raise Unreachable(str(error)) from error
                    continue
            return land(part, target, title, sha256, size)


def _continue(
    client: httpx2.Client,
    url: str,
    part: Path,
    had: int,
    title: str,
    meter: Callable[[int], None],
    cancel: Flag,
) -> None:
    """One connection: append to `part` from byte `had`, or start over where ranges are refused."""
    import httpx2

    asked = {"Range": f"bytes={had}-"} if had else {}
    with client.stream("GET", url, headers=asked | {"Accept-Encoding": "identity"}) as answer:
        if answer.status_code == 416:  # the part is longer than the file: not ours to continue
            part.unlink()
            raise httpx2.ReadError("range refused")
        if answer.status_code >= 400:
            raise Unreachable(f"{answer.status_code} for {url}")
        if answer.status_code != 206:
            had = 0
        check_room(part.parent, int(answer.headers.get("Content-Length", 0)), title)
        with part.open("ab" if had else "wb") as file:
            for chunk in answer.iter_bytes(CHUNK):
                if cancel.is_set():
                    raise Cancelled
                file.write(chunk)
                had += len(chunk)
                meter(had)


def bytes_under(folder: Path) -> int:
    """The size of all files under a folder that others may be writing into."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except OSError:  # pip moved it between the listing and the look
            continue
    return total
