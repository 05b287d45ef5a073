"""The Ratings tab's sums and filters, against the same counted in Python."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import event as sql_event

from genui.bench.store import fill, generations, ratings
from genui.records import Generation, Rating
from genui.store import Store, Tally


def test_sums_agree_with_counting(store: Store) -> None:
    fill(store, 200, 2000)
    made = {generation.id: generation for generation in generations(200)}
    current: dict[tuple[str, str], Rating] = {}
    for event in ratings(2000, 200):
        current.pop((event.generation_id, event.rater), None)
        if not event.withdrawn:
            current[event.generation_id, event.rater] = event

    def counted(kind: str, model: str, rows: list[Rating]) -> Tally:
        stars = [row.stars for row in rows if row.stars is not None]
        return Tally(
            kind=kind,
            model=model,
            up=sum(row.thumb == "up" for row in rows),
            down=sum(row.thumb == "down" for row in rows),
            stars_n=len(stars),
            stars_mean=sum(stars) / len(stars),
            ratings=len(rows),
            generations=len({row.generation_id for row in rows}),
            raters=len({row.rater for row in rows}),
        )

    def of(model: str) -> list[Rating]:
        return [row for row in current.values() if made[row.generation_id].model.id == model]

    summary = store.summary()
    assert summary.total == counted("", "", list(current.values()))
    assert {tally.model: tally for tally in summary.models} == {
        name: counted(made_kind, name, of(name))
        for name, made_kind in (
            ("smollm2", "text"), ("smollm2-tuned", "text"), ("qwen", "text"), ("hibari", "speech"),
        )
    }  # fmt: skip
    speech = store.summary(kind="speech")
    assert speech.models == (counted("speech", "hibari", of("hibari")),)
    assert speech.total == counted("", "", of("hibari"))
    since = sorted(row.created for row in current.values())[700]
    assert store.summary(since=since).total.ratings == len(current) - 700
    assert store.count() == len(current)


def test_sums_of_nothing(store: Store) -> None:
    assert store.summary().models == ()
    assert store.summary().total == Tally("", "", 0, 0, 0, None, 0, 0, 0)


def test_filters_and_pages(
    store: Store,
    make_generation: Callable[..., Generation],
    make_rating: Callable[..., Rating],
) -> None:
    sea = make_generation(prompt="Tell me of the SEA", text="Salt.", model="a")
    street = make_generation(prompt="100% of Straße_1", text="Stones.", model="b")
    speech = make_generation(kind="speech", inputs={"text": "the sea"}, text="the sea", model="c")
    store.add_many([(sea, "ann's"), (street, "ann's"), (speech, "bob's")])
    pairs = [
        (sea, make_rating(sea, thumb="up", reasons=("funny",))),
        (street, make_rating(street, thumb="down", reasons=("funny-looking",))),
        (speech, make_rating(speech, thumb="down", rater="bob", sharing="shared")),
    ]
    for _, rating in pairs:
        store.add_rating(rating)
    by_sea, by_street, by_speech = pairs
    assert store.table() == [by_speech, by_street, by_sea]
    assert store.table(limit=1, offset=1) == [by_street]
    for filters, wanted in (
        ({"kind": "text"}, [by_street, by_sea]),
        ({"model": "a"}, [by_sea]),
        ({"thumb": "down"}, [by_speech, by_street]),
        ({"text": "sea"}, [by_speech, by_sea]),
        ({"text": "STRASSE"}, [by_street]),
        ({"text": "100%"}, [by_street]),
        ({"text": "%"}, [by_street]),
        ({"text": "_1"}, [by_street]),
        ({"text": "user"}, []),  # a role, not a word anybody wrote
        ({"text": "sea", "kind": "speech", "thumb": "up"}, []),
    ):
        assert store.table(**filters) == wanted, filters
        assert store.count(**filters) == len(wanted), filters
    assert store.table(reason="funny") == [by_sea]
    assert store.table(rater="bob") == [by_speech]
    assert store.table(owner="ann's") == [by_street, by_sea]
    assert store.table(owner="ann's", shared=True) == [by_speech, by_street, by_sea]


def test_the_tab_reads_no_whole_table(tmp_path: Path) -> None:
    """What keeps it fast on a large store: sums from a covering index, pages from a key."""
    store = Store.open(tmp_path)
    fill(store, 100, 300)
    asked: list[tuple[str, Any]] = []
    engine = store.database.engine
    sql_event.listen(engine, "before_cursor_execute", lambda *args: asked.append(args[2:4]))
    store.summary()
    store.table(limit=25)
    plans = []
    with store.database.read() as connection:
        for statement, values in [pair for pair in asked if pair[0].startswith("SELECT")]:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
            plans += [row.detail for row in plan]
    scans = [line for line in plans if line.startswith("SCAN current_ratings")]
    assert [line for line in scans if "COVERING INDEX ix_current_ratings_summary" in line]
    assert not [line for line in plans if line.startswith(("SCAN ratings", "SCAN generations"))]
    store.close()
