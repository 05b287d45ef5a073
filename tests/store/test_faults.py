"""Kills, full disks, two processes, a silent server: nothing acknowledged is ever lost."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import sqlite3
import time
from collections.abc import Callable
from multiprocessing import Process
from multiprocessing.connection import Connection
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import exc, select

from genui.errors import NotFound, StorageFull, Unavailable
from genui.records import Generation, Rating
from genui.store import Store, database
from genui.store.media import MediaStore
from genui.store.tables import ratings
from tests.store import workers
from tests.store.workers import processes

FULL = "The disk of this server is full; the operator has to make room first."
KILLS = 50


def kept_ids(store: Store) -> set[str]:
    with store.database.read() as connection:
        return set(connection.scalars(select(ratings.c.id)))


def received(pipe: Connection) -> list[str]:
    """What the child sent before it died."""
    ids = []
    try:
        while pipe.poll(0):
            ids.append(pipe.recv_bytes().decode())
    except EOFError:
        pass
    return ids


def test_fifty_kills_lose_no_acknowledged_rating(tmp_path: Path) -> None:
    draw = random.Random(7)
    acknowledged: list[str] = []
    for _ in range(KILLS):
        receive, send = processes.Pipe(duplex=False)
        child: Process = processes.Process(target=workers.write_for_ever, args=(tmp_path, send))
        child.start()
        send.close()
        assert receive.poll(20), "the child never wrote"
        time.sleep(draw.uniform(0, 0.06))
        assert child.pid is not None
        os.kill(child.pid, signal.SIGKILL)
        child.join()
        acknowledged += received(receive)
        with sqlite3.connect(tmp_path / "genui.db") as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        connection.close()
    assert len(acknowledged) >= KILLS
    store = Store.open(tmp_path)
    assert set(acknowledged) <= kept_ids(store)
    before = store.count()
    store.rebuild()
    assert store.count() == before
    store.media.sweep(older_than=0)
    files = [path for path in store.media.folder.rglob("*") if path.is_file()]
    assert files
    for path in files:
        assert hashlib.sha256(path.read_bytes()).hexdigest() == path.name
    store.close()


def test_a_full_disk_is_one_sentence_and_no_loss(tmp_path: Path) -> None:
    receive, send = processes.Pipe()
    child: Process = processes.Process(target=workers.fill_the_disk, args=(tmp_path, send))
    child.start()
    send.close()
    assert [receive.recv() for _ in range(3)] == [FULL] * 3
    assert receive.recv() is True
    kept = receive.recv()
    child.join(20)
    assert child.exitcode == 0
    store = Store.open(tmp_path)
    assert len(kept) > 10
    assert kept_ids(store) == set(kept)
    assert list((tmp_path / "media" / "incoming").iterdir()) == []
    store.close()


def test_processes_that_open_one_folder_at_once_all_succeed(
    tmp_path: Path, database_url: str
) -> None:
    start, pipes, children = processes.Event(), [], []
    for _ in range(4):
        receive, send = processes.Pipe(duplex=False)
        child: Process = processes.Process(
            target=workers.open_and_write, args=(tmp_path, database_url, start, send, 25)
        )
        child.start()
        send.close()
        pipes.append(receive)
        children.append(child)
    time.sleep(0.2)
    start.set()
    told = {pipe.recv() for pipe in pipes for _ in range(25)}
    for child in children:
        child.join(20)
    assert [child.exitcode for child in children] == [0] * 4
    store = Store.open(tmp_path, database_url)
    assert kept_ids(store) == told
    assert len(told) == 100
    store.close()


def test_full_and_silent_servers_have_their_sentences(tmp_path: Path) -> None:
    full = exc.OperationalError("INSERT", {}, psycopg.errors.DiskFull("no space left"))
    with pytest.raises(StorageFull), database.translated():
        raise full
    with pytest.raises(Unavailable):
        Store.open(tmp_path, f"postgresql://nobody@/none?host={tmp_path}")


def test_a_locked_database_is_unavailable(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    make_generation: Callable[..., Generation],
    make_rating: Callable[..., Rating],
) -> None:
    monkeypatch.setattr(database, "BUSY_MS", 100)
    store = Store.open(tmp_path)
    made = make_generation()
    store.add_generation(made, "me")
    other = sqlite3.connect(tmp_path / "genui.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable):
        store.add_rating(make_rating(made))
    assert store.generation(made.id) == made  # readers do not wait for a writer
    other.execute("ROLLBACK")
    store.add_rating(make_rating(made))
    other.close()
    store.close()


def test_media_are_kept_by_their_bytes(tmp_path: Path) -> None:
    media = MediaStore(tmp_path / "media")
    (tmp_path / "one").write_bytes(b"sound")
    (tmp_path / "two").write_bytes(b"sound")
    one = media.put(tmp_path / "one", "audio", "audio/wav", {"seconds": 1.5})
    two = media.put(tmp_path / "two", "audio", "audio/wav", {"seconds": 1.5})
    assert one == two
    assert one.sha256 == hashlib.sha256(b"sound").hexdigest()
    assert one.size == 5
    assert media.path(one.sha256).read_bytes() == b"sound"
    for wrong in ("0" * 64, "../../secret.key", "", one.sha256.upper()):
        with pytest.raises(NotFound):
            media.path(wrong)


def test_opening_sweeps_what_the_dead_left_and_spares_the_living(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    incoming = tmp_path / "media" / "incoming"
    dead, living = incoming / "dead", incoming / "living"
    dead.write_bytes(b"half")
    living.write_bytes(b"half")
    os.utime(dead, (time.time() - 3600,) * 2)
    store.close()
    Store.open(tmp_path).close()
    assert list(incoming.iterdir()) == [living]
