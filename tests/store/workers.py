"""What the processes of the fault tests do. Each runs in a process of its own.

They tell the test what is done through a pipe, after the store has said that it is done.
"""

from __future__ import annotations

import resource
import secrets
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from genui.bench.store import generations
from genui.errors import StorageFull
from genui.records import Generation, Rating
from genui.store import Store
from genui.store.exports import export

# Children are forked from a server that has imported the store once, so that many take seconds.
processes = get_context("forkserver")
processes.set_forkserver_preload([__name__, "alembic.command"])


def new_generation() -> Generation:
    made = next(generations(1))
    return made.model_copy(update={"id": secrets.token_hex(16)})


def new_rating(generation: Generation, comment: str = "") -> Rating:
    return Rating(
        id=secrets.token_hex(16), generation_id=generation.id, rater=secrets.token_hex(12),
        created="2026-03-04T05:06:07.089+00:00", thumb="up", comment=comment,
    )  # fmt: skip


def write_for_ever(data_dir: Path, acknowledged: Connection) -> None:
    """Media, generations and ratings without end; sends the id of each kept rating."""
    store = Store.open(data_dir)
    sound = data_dir / f"sound-{secrets.token_hex(4)}"
    while True:
        sound.write_bytes(secrets.token_bytes(300_000))
        artifact = store.media.put(sound, "audio", "audio/wav")
        generation = new_generation().model_copy(update={"artifacts": (artifact,)})
        store.add_generation(generation, "me")
        for _ in range(5):
            rating = new_rating(generation)
            store.add_rating(rating)
            acknowledged.send_bytes(rating.id.encode())


def open_and_write(
    data_dir: Path, database_url: str, start: Any, done: Connection, count: int
) -> None:
    """Open the store at the same moment as the other processes, then rate."""
    start.wait()
    store = Store.open(data_dir, database_url)
    generation = new_generation()
    store.add_generation(generation, "me")
    for _ in range(count):
        rating = new_rating(generation)
        store.add_rating(rating)
        done.send(rating.id)
    store.close()


def fill_the_disk(data_dir: Path, report: Connection) -> None:
    """Rate and keep media until there is no room, then make room and go on.

    The system lets no file of this process grow beyond a limit, which is how a full disk, a
    quota and a container's limit all look: a write that fails half-way."""
    store = Store.open(data_dir)
    generation = new_generation()
    store.add_generation(generation, "me")
    large = data_dir / "large"
    large.write_bytes(bytes(3_000_000))
    kept: list[str] = []

    def rate() -> None:
        rating = new_rating(generation, comment="x" * 2000)
        store.add_rating(rating)
        kept.append(rating.id)

    def keep() -> None:
        store.media.put(large, "audio", "audio/wav")

    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
    report.send(_until_full(rate))
    report.send(_until_full(keep))
    report.send(_until_full(lambda: store.add_generation(new_generation(), "me")))
    report.send(store.count() == len(kept))  # reading goes on
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    rate()
    keep()
    report.send(kept)
    store.close()


def _until_full(act: Callable[[], None]) -> str:
    try:
        for _ in range(5000):
            act()
    except StorageFull as error:
        return error.message
    return "never full"


def export_peaks(folders: list[Path], fmt: str) -> list[tuple[int, float]]:
    """Export each folder in turn: the rows written, and this process's peak memory in MB so far."""
    peaks = []
    for folder in folders:
        store = Store.open(folder)
        rows = export(store, fmt, folder / f"rows.{fmt}")
        store.close()
        peaks.append((rows, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))
    return peaks
