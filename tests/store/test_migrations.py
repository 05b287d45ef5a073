"""The migrations make exactly the tables that the code uses, and never guess."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from genui.errors import Unavailable
from genui.store import Store
from genui.store.tables import metadata


def test_upgrading_from_nothing_gives_the_tables(store: Store) -> None:
    with store.database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_opening_again_changes_nothing(store: Store, tmp_path: Path, database_url: str) -> None:
    again = Store.open(tmp_path / "data", database_url)
    with again.database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    again.close()


def test_a_newer_database_is_left_alone(store: Store, tmp_path: Path, database_url: str) -> None:
    with store.database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(Unavailable, match="newer genui"):
        Store.open(tmp_path / "data", database_url)
