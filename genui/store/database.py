"""The connection: SQLite or PostgreSQL, its transactions, its migrations, its errors.

Knows nothing of what the tables mean. Everything it raises on purpose is a `GenuiError`.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy import URL, Connection, create_engine, event, exc, make_url

from genui.errors import GenuiError, StorageFull, Unavailable

FILE_NAME = "genui.db"
BUSY_MS = 5000
MIGRATIONS = Path(__file__).with_name("migrations")
MIGRATION_LOCK = 0x67656E7569  # "genui": the advisory lock that migrating processes share
FULL = "The disk of this server is full; the operator has to make room first."
SILENT = "The database of this server does not answer; try again in a moment."
NEWER = "This database was made by a newer genui; start that version, or use another data folder."

# A quota or a file-size limit reaches SQLite as a failed write, not as SQLITE_FULL.
SQLITE_NO_ROOM = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR_WRITE,
    sqlite3.SQLITE_IOERR_SHMSIZE,
}
POSTGRES_DISK_FULL = "53100"


class Database:
    """One database; `read()` and `write()` open a transaction on it."""

    def __init__(self, url: URL) -> None:
        self.sqlite = url.get_backend_name() == "sqlite"
        arguments: dict[str, Any] = {} if self.sqlite else {"connect_timeout": 5}
        self.engine = create_engine(
            url, pool_size=8, max_overflow=24, pool_timeout=10, pool_pre_ping=not self.sqlite,
            connect_args=arguments,
        )  # fmt: skip
        # SQLite serves one writer at a time and makes the others poll; a queue here is faster.
        self._turn: AbstractContextManager[Any] = Lock() if self.sqlite else nullcontext()
        if self.sqlite:
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)

    @classmethod
    def open(cls, data_dir: Path, database_url: str = "") -> Database:
        """Connect and bring the schema up to date; several processes may do so at once.

        Raises `Unavailable` when the database cannot be reached or is of a newer genui,
        `StorageFull` when there is no room to create it."""
        if database_url:
            url = make_url(database_url)
            if url.drivername in ("postgres", "postgresql"):
                url = url.set(drivername="postgresql+psycopg")
        else:
            url = URL.create("sqlite", database=str(data_dir / FILE_NAME))
        database = cls(url)
        database._migrate()
        return database

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one snapshot from its first query to its last."""
        with translated(), self.engine.connect() as connection:
            if not self.sqlite:
                connection = connection.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
                yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that is on disk when the block ends, or has not happened."""
        with (
            translated(),
            self._turn,
            self.engine.connect().execution_options(genui_write=True) as connection,
            connection.begin(),
        ):
            yield connection

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    def _migrate(self) -> None:
        from alembic import command
        from alembic.config import Config
        from alembic.util import CommandError

        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        with self.write() as connection:  # on SQLite this alone keeps the others waiting
            if not self.sqlite:
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")
            config.attributes["connection"] = connection
            try:
                command.upgrade(config, "head")
            except CommandError as error:
                raise Unavailable(NEWER) from error


def _prepare_sqlite(connection: sqlite3.Connection, _: object) -> None:
    connection.isolation_level = None  # `_begin_sqlite` begins, not the driver
    connection.execute(f"PRAGMA busy_timeout={BUSY_MS}")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA synchronous=FULL")
    deadline = time.monotonic() + BUSY_MS / 1000
    while connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:  # this one switch does not heed busy_timeout
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _begin_sqlite(connection: Connection) -> None:
    write = connection.get_execution_options().get("genui_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


@contextmanager
def translated() -> Iterator[None]:
    """Turn what an operator can mend into its sentence; defects pass through unchanged."""
    try:
        yield
    except (exc.OperationalError, exc.InterfaceError) as error:
        raise _sentence(error) from error
    except exc.TimeoutError as error:
        raise Unavailable(SILENT) from error


def _sentence(error: exc.DBAPIError) -> GenuiError:
    cause = error.orig
    if isinstance(cause, sqlite3.Error):
        full = cause.sqlite_errorcode in SQLITE_NO_ROOM
    else:
        full = getattr(cause, "sqlstate", None) == POSTGRES_DISK_FULL
    return StorageFull(FULL) if full else Unavailable(SILENT)
