"""Comparisons: events on two results each, and the judgements that hold now.

One judgement holds for each rater and pair, whichever of the two stood first: the newest event,
unless it withdraws. Picking the best of a batch judges it against each other one; of a set of
results that were picked from together only the newest pick holds. Knows SQL, opens nothing.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Row,
    Select,
    exists,
    func,
    insert,
    or_,
    select,
)

from genui.errors import BadInput, NotFound
from genui.records import Comparison
from genui.store.tables import comparisons, generations

first, second = generations.alias("first_made"), generations.alias("second_made")
COLUMNS = (
    comparisons.c.id, first.c.id.label("first"), second.c.id.label("second"),
    comparisons.c.outcome, comparisons.c.rater, comparisons.c.created, comparisons.c.context,
    comparisons.c.reasons, comparisons.c.withdrawn, comparisons.c.sharing,
)  # fmt: skip


def add(connection: Connection, events: list[Comparison]) -> list[Comparison]:
    """Append events, and withdrawals of the older picks they contradict; returns all of them.

    Raises `NotFound` when a generation is not here, `BadInput` when two are not comparable."""
    if not events:
        return []
    names = {name for event in events for name in (event.first, event.second)}
    made = _locked(connection, names)
    for event in events:
        if event.first == event.second:
            raise BadInput("A result cannot be compared with itself; choose two.")
        if made[event.first].kind != made[event.second].kind:
            raise BadInput("Only results of the same kind can be compared.")
    added = [*events, *_contradicted(connection, events, names)]
    connection.execute(insert(comparisons), [_row(event, made) for event in added])
    return added


def _locked(connection: Connection, names: set[str]) -> dict[str, Any]:
    """The generations (seq, kind) by their ids. Those who judge the same ones take turns until
    they are done (SQLite has one writer anyway); the order keeps two from waiting crosswise."""
    query = (
        select(generations.c.id, generations.c.seq, generations.c.kind)
        .where(generations.c.id.in_(names))
        .order_by(generations.c.seq)
        .with_for_update(key_share=True)
    )
    made: dict[str, Any] = {row.id: row for row in connection.execute(query)}
    if names - made.keys():
        raise NotFound("That result is not here; it may have been made on another server.")
    return made


def _contradicted(
    connection: Connection, events: list[Comparison], names: set[str]
) -> list[Comparison]:
    """Withdrawals of what the rater's older picks among these results said of other pairs."""
    picks = [event for event in events if event.context == "batch"]
    if not picks:
        return []
    judged = {frozenset((event.first, event.second)) for event in picks}
    query = current().where(
        comparisons.c.rater == picks[0].rater, comparisons.c.context == "batch",
        first.c.id.in_(names), second.c.id.in_(names),
    )  # fmt: skip
    old = [comparison(row) for row in connection.execute(query)]
    return [
        event.model_copy(
            update={
                "id": secrets.token_hex(16), "created": picks[0].created, "withdrawn": True,
                "reasons": (),
            }
        )
        for event in old
        if frozenset((event.first, event.second)) not in judged
    ]  # fmt: skip


def current(*more: Any) -> Select[Any]:
    """A query for the judgements that hold, with `more` columns (of `first` and `second`)."""
    later = comparisons.alias()
    replaced = exists().where(
        later.c.rater == comparisons.c.rater, later.c.low == comparisons.c.low,
        later.c.high == comparisons.c.high, later.c.seq > comparisons.c.seq,
    )  # fmt: skip
    return (
        select(*COLUMNS, *more)
        .select_from(both())
        .where(comparisons.c.withdrawn.is_(False), ~replaced)
    )


def both() -> FromClause:
    """Comparisons joined to the two generations they judge."""
    return comparisons.join(first, first.c.seq == comparisons.c.first).join(
        second, second.c.seq == comparisons.c.second
    )


def where(
    rater: str | None = None, kind: str | None = None, among: Iterable[str] | None = None
) -> list[ColumnElement[bool]]:
    """The conditions of the filters that are set. `among`: at least one of the two results is
    one of these ids."""
    conditions: list[ColumnElement[bool]] = []
    if rater is not None:
        conditions.append(comparisons.c.rater == rater)
    if kind is not None:
        conditions.append(first.c.kind == kind)
    if among is not None:
        seqs = select(generations.c.seq).where(generations.c.id.in_(list(among)))
        conditions.append(or_(comparisons.c.low.in_(seqs), comparisons.c.high.in_(seqs)))
    return conditions


def count(connection: Connection) -> int:
    """How many judgements hold."""
    found: int = connection.execute(
        select(func.count()).select_from(current().subquery())
    ).scalar_one()
    return found


def comparison(row: Row[Any]) -> Comparison:
    """The event in a row of `COLUMNS`."""
    fields = row._asdict()
    return Comparison.model_validate({name: fields[name] for name in Comparison.model_fields})


def _row(event: Comparison, made: dict[str, Any]) -> dict[str, Any]:
    one, other = made[event.first].seq, made[event.second].seq
    low, high = sorted((one, other))
    return event.model_dump(mode="json") | {
        "first": one, "second": other, "low": low, "high": high,
    }  # fmt: skip
