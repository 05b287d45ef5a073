"""Generations and ratings: what goes in comes out, and events stay events."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import exc, insert, select

from genui.errors import NotFound
from genui.records import Artifact, Generation, Rating
from genui.store import Store
from genui.store.tables import current_ratings, ratings

MakeGeneration = Callable[..., Generation]
MakeRating = Callable[..., Rating]

HOSTILE = (
    "<script>alert(1)</script> ${x} {{x}} '; DROP TABLE ratings; -- %s \\u0000 \0\x01\x1b[31m\r\n"
    "\u202eright-to-left\u2066 \u2028 \ufeff 🏴‍☠️ =cmd|' /C calc'!A0"
)


def derived(store: Store) -> set[tuple[object, ...]]:
    with store.database.read() as connection:
        return {tuple(row) for row in connection.execute(select(current_ratings))}


def test_a_generation_comes_back_as_it_was(store: Store, make_generation: MakeGeneration) -> None:
    made = make_generation(
        text=HOSTILE,
        prompt=HOSTILE,
        artifacts=(Artifact(name="audio", sha256="a" * 64, mime="audio/wav", size=7),),
        usage={"tokens": 3, "seconds": 0.1},
    )
    store.add_generation(made, "session-1")
    assert store.generation(made.id) == made
    assert store.owner(made.id) == "session-1"
    assert store.generation("0" * 32) is None
    assert store.owner("0" * 32) is None


def test_history_is_the_owners_newest_first_in_pages(
    store: Store, make_generation: MakeGeneration
) -> None:
    mine = [make_generation() for _ in range(5)]
    for made in mine:
        store.add_generation(made, "me")
    store.add_generation(make_generation(kind="speech", inputs={"text": "x"}), "me")
    store.add_generation(make_generation(), "you")
    newest = mine[::-1]
    assert store.history("me", "text", 2) == newest[:2]
    assert store.history("me", "text", 9, before=newest[1].id) == newest[2:]
    assert store.history("nobody", "text", 9) == []


def test_a_rating_comes_back_as_it_was(
    store: Store, make_generation: MakeGeneration, make_rating: MakeRating
) -> None:
    made = make_generation()
    store.add_generation(made, "me")
    given = make_rating(
        made, stars=4, reasons=("too-long", "funny"), comment=HOSTILE, sharing="shared"
    )
    store.add_rating(given)
    assert store.current_rating(made.id, "ann") == given
    assert store.current_rating(made.id, "bob") is None
    assert store.ratings_of("ann", 9) == [(made, given)]


def test_the_newest_event_counts_and_every_event_stays(
    store: Store, make_generation: MakeGeneration, make_rating: MakeRating
) -> None:
    made = make_generation()
    store.add_generation(made, "me")
    first, second = make_rating(made, thumb="up"), make_rating(made, thumb="down")
    undo = make_rating(made, thumb=None, withdrawn=True)
    again = make_rating(made, thumb=None, stars=5)
    for event, now in ((first, first), (second, second), (undo, None), (again, again)):
        store.add_rating(event)
        assert store.current_rating(made.id, "ann") == now
        assert store.ratings_of("ann", 9) == ([] if now is None else [(made, now)])
        assert store.count() == (now is not None)
    with store.database.read() as connection:
        kept = connection.scalars(select(ratings.c.id).order_by(ratings.c.seq)).all()
    assert kept == [first.id, second.id, undo.id, again.id]


def test_a_rating_of_nothing_is_refused_twice_over(store: Store, make_rating: MakeRating) -> None:
    with pytest.raises(NotFound):
        store.add_rating(make_rating("f" * 32))
    forged = make_rating("f" * 32).model_dump(exclude={"generation_id"}) | {"generation": 99}
    with pytest.raises(exc.IntegrityError), store.database.write() as connection:
        connection.execute(insert(ratings), forged)
    assert store.newest_event() == 0


def test_eight_writers_lose_nothing(
    store: Store, make_generation: MakeGeneration, make_rating: MakeRating
) -> None:
    made = [make_generation() for _ in range(3)]
    for generation in made:
        store.add_generation(generation, "me")
    # All writers rate as the same few people: the order of events matters, not only their number.
    events = [
        [
            make_rating(
                made[n % 3],
                rater=f"r{n % 5}",
                thumb=None if n % 7 == 0 else ("up", "down")[n % 2],
                withdrawn=n % 7 == 0,
            )
            for n in range(40)
        ]
        for _ in range(8)
    ]
    failures: list[BaseException] = []

    def write(mine: list[Rating]) -> None:
        try:
            for event in mine:
                store.add_rating(event)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(mine,)) for mine in events]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with store.database.read() as connection:
        kept = set(connection.scalars(select(ratings.c.id)))
    assert kept == {event.id for mine in events for event in mine}
    before = derived(store)
    store.rebuild()
    assert derived(store) == before


def test_bulk_and_single_writes_derive_the_same(
    store: Store, make_generation: MakeGeneration, make_rating: MakeRating
) -> None:
    made = [make_generation(kind=kind) for kind in ("text", "speech", "text")]
    events = [
        make_rating(made[n % 3], rater=f"r{n % 4}", stars=n % 5 + 1, withdrawn=n % 6 == 0)
        for n in range(50)
    ]
    store.add_many(((generation, "me") for generation in made), events)
    bulk = derived(store)
    store.rebuild()
    assert derived(store) == bulk
    for event in events:
        store.add_rating(event.model_copy(update={"id": event.id[::-1]}))
    single = derived(store)
    assert {row[1:] for row in single} == {row[1:] for row in bulk}
    store.rebuild()
    assert derived(store) == single


def test_bulk_is_all_or_nothing(
    store: Store, make_generation: MakeGeneration, make_rating: MakeRating
) -> None:
    made = make_generation()
    with pytest.raises(NotFound):
        store.add_many([(made, "me")], [make_rating(made), make_rating("f" * 32)])
    assert store.generation(made.id) is None


def test_a_store_is_made_in_a_folder_that_is_not_there_yet(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "new" / "100% data")
    with store.database.read() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    store.close()
