"""Comparisons: one judgement holds for each rater and pair; a pick takes back the one before."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event as sql_event
from sqlalchemy import func, select

from genui.errors import BadInput, NotFound
from genui.records import Comparison, Generation
from genui.store import Store
from genui.store.tables import comparisons

MakeGeneration = Callable[..., Generation]
MakePick = Callable[..., list[Comparison]]


@pytest.fixture
def batch(store: Store, make_generation: MakeGeneration) -> list[Generation]:
    """Four pictures of one request."""
    made = [make_generation(kind="image", inputs={"prompt": "a cat"}) for _ in range(4)]
    store.add_many((each, "me") for each in made)
    return made


def holds(store: Store, **filters: Any) -> set[tuple[str | None, str | None]]:
    return {(event.winner, event.loser) for event in store.preferences(**filters)}


def kept(store: Store) -> int:
    with store.database.read() as connection:
        found: int = connection.execute(select(func.count()).select_from(comparisons)).scalar_one()
    return found


def test_a_pick_comes_back_as_it_was(
    store: Store, batch: list[Generation], make_pick: MakePick
) -> None:
    pick = make_pick(*batch, reasons=("clean", "fits"), sharing="shared")
    assert store.add_comparisons(pick) == pick
    assert store.preferences() == pick[::-1]
    assert store.preferences(rater="bob") == []
    assert store.pairs() == 3


def test_another_best_of_the_batch_takes_the_old_pick_back(
    store: Store, batch: list[Generation], make_pick: MakePick
) -> None:
    a, b, c, d = batch
    store.add_comparisons(make_pick(a, b, c, d))
    stored = store.add_comparisons(make_pick(b, a, c, d))
    assert [event.withdrawn for event in stored] == [False, False, False, True, True]
    assert holds(store) == {(b.id, a.id), (b.id, c.id), (b.id, d.id)}
    assert kept(store) == 8  # events stay
    store.add_comparisons(make_pick(b, a, c, d, withdrawn=True))
    assert holds(store) == set()
    store.add_comparisons(make_pick(d, a, b, c))
    assert holds(store) == {(d.id, a.id), (d.id, b.id), (d.id, c.id)}


def test_a_pick_leaves_other_raters_batches_and_contexts_alone(
    store: Store, batch: list[Generation], make_generation: MakeGeneration, make_pick: MakePick
) -> None:
    a, b, c, d = batch
    other = make_generation(kind="image", inputs={"prompt": "a cat"})
    store.add_generation(other, "me")
    store.add_comparisons(make_pick(a, b, c, d, other))
    store.add_comparisons(make_pick(a, b, c, d, rater="bob"))
    store.add_comparisons(make_pick(c, d, context="side"))
    store.add_comparisons(make_pick(b, a, c, d))
    ann = holds(store, rater="ann")
    assert ann == {(b.id, a.id), (b.id, c.id), (b.id, d.id), (a.id, other.id), (c.id, d.id)}
    assert holds(store, rater="bob") == {(a.id, b.id), (a.id, c.id), (a.id, d.id)}
    assert holds(store, rater="ann", among=[other.id]) == {(a.id, other.id)}
    assert holds(store, rater="ann", among=[d.id]) == {(b.id, d.id), (c.id, d.id)}
    assert holds(store, kind="text") == set()
    assert len(store.preferences(limit=2)) == 2


def test_the_newest_judgement_counts_whichever_stood_first(
    store: Store, batch: list[Generation], make_pick: MakePick
) -> None:
    a, b, *_ = batch
    for outcome, wanted in (
        ("first", (a.id, b.id)),
        ("tie", (None, None)),
        ("second", (b.id, a.id)),
    ):
        store.add_comparisons(make_pick(a, b, context="arena", outcome=outcome))
        assert holds(store) == {wanted}
    store.add_comparisons(make_pick(b, a, context="arena", outcome="second"))
    assert holds(store) == {(a.id, b.id)}
    store.add_comparisons(make_pick(b, a, context="arena", withdrawn=True))
    assert holds(store) == set()


def test_what_cannot_be_compared_is_refused_and_nothing_of_it_kept(
    store: Store, batch: list[Generation], make_generation: MakeGeneration, make_pick: MakePick
) -> None:
    a, b, *_ = batch
    text = make_generation()
    store.add_generation(text, "me")
    for others, error, word in (
        ((b, "f" * 32), NotFound, "not here"),
        ((b, a), BadInput, "itself"),
        ((b, text), BadInput, "same kind"),
    ):
        with pytest.raises(error, match=word):
            store.add_comparisons(make_pick(a, *others))
    assert kept(store) == 0


def test_two_who_pick_at_once_in_one_batch_leave_one_best(
    store: Store, batch: list[Generation], make_pick: MakePick
) -> None:
    """Eight threads of one visitor (several windows) and one of another, in crossing orders."""
    failures: list[BaseException] = []

    def pick(turn: int, rater: str) -> None:
        try:
            for n in range(12):
                at = (turn + n) % 4
                rest = batch[:at] + batch[at + 1 :]
                store.add_comparisons(
                    make_pick(batch[at], *(rest if turn % 2 else rest[::-1]), rater=rater)
                )
        except BaseException as error:
            failures.append(error)

    raters = ["ann"] * 8 + ["bob"]
    threads = [threading.Thread(target=pick, args=each) for each in enumerate(raters)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    for rater in ("ann", "bob"):
        now = holds(store, rater=rater)
        (best,) = {winner for winner, _ in now}
        assert now == {(best, each.id) for each in batch if each.id != best}
    assert holds(store, rater="bob") == {
        (batch[3].id, each.id) for each in batch[:3]
    }  # (8 + 11) % 4: the last of bob's picks, whatever ann did


def test_what_holds_for_one_result_is_looked_up_not_searched(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    asked: list[tuple[str, Any]] = []
    sql_event.listen(
        store.database.engine, "before_cursor_execute", lambda *args: asked.append(args[2:4])
    )
    store.preferences(rater="ann", among=[secrets.token_hex(16)])
    plans = []
    with store.database.read() as connection:
        for statement, values in [pair for pair in asked if pair[0].startswith("SELECT")]:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
            plans += [row.detail for row in plan]
    store.close()
    assert not [line for line in plans if line.startswith("SCAN")], plans
    assert [line for line in plans if "ix_comparisons_rater" in line]
