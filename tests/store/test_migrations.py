"""The migrations make exactly the tables that the code uses, and never guess."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext

from genui.errors import Unavailable
from genui.records import Comparison, Generation, Rating
from genui.store import Store
from genui.store.database import MIGRATIONS
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


def test_a_first_database_keeps_its_rows(
    store: Store,
    tmp_path: Path,
    database_url: str,
    make_generation: Callable[..., Generation],
    make_rating: Callable[..., Rating],
    make_pick: Callable[..., list[Comparison]],
) -> None:
    """What genui wrote before it knew comparisons: taken back to that schema, then opened again."""
    one, other = make_generation(), make_generation()
    rating = make_rating(one, comment="kept")
    store.add_many([(one, "me"), (other, "me")])
    store.add_rating(rating)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with store.database.write() as connection:
        connection.exec_driver_sql("DROP TABLE comparisons")
        config.attributes["connection"] = connection
        command.stamp(config, "0001")
    store.close()
    again = Store.open(tmp_path / "data", database_url)
    with again.database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    assert again.generation(one.id) == one
    assert again.table() == [(one, rating)]
    assert len(again.add_comparisons(make_pick(one, other))) == 1
    assert again.pairs() == 1
    again.close()
