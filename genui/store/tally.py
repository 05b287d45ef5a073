"""The Ratings tab's questions: sums per model, and which rows pass the filters.

Everything is counted from `current_ratings`, one row for each rater and generation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, func, select

from genui.records import Thumb
from genui.store import conversation
from genui.store.tables import current_ratings as current
from genui.store.tables import generations


@dataclass(frozen=True)
class Tally:
    """Current ratings of one model (or of all, where `kind` and `model` are "")."""

    kind: str
    model: str
    up: int
    down: int
    stars_n: int  # ratings with stars
    stars_mean: float | None  # of those; 1 to 5
    ratings: int
    generations: int  # rated at least once
    raters: int


@dataclass(frozen=True)
class Summary:
    """One tally a model, most rated first, and the total over all of them."""

    models: tuple[Tally, ...]
    total: Tally


def where(
    kind: str | None = None,
    model: str | None = None,
    thumb: Thumb | None = None,
    text: str = "",
    since: str | None = None,
) -> list[ColumnElement[bool]]:
    """The conditions of the filters that are set. `text` is looked for in prompts and outputs,
    whatever the case; `since` is an ISO 8601 time in UTC."""
    conditions: list[ColumnElement[bool]] = []
    if kind is not None:
        conditions.append(current.c.kind == kind)
    if model is not None:
        conditions.append(current.c.model == model)
    if thumb is not None:
        conditions.append(current.c.thumb == thumb)
    if since is not None:
        conditions.append(current.c.created >= since)
    if text:
        found = generations.c.words.contains(conversation.fold(text), autoescape=True)
        conditions.append(current.c.generation.in_(select(generations.c.seq).where(found)))
    return conditions


def summary(connection: Connection, conditions: list[ColumnElement[bool]]) -> Summary:
    """Sums per model. Two levels of grouping follow the covering index, which is many times
    faster in SQLite than counting distinct raters in one."""
    c = current.c
    of_rater = (
        select(
            c.kind, c.model, c.rater,
            func.count().label("ratings"),
            func.sum(case((c.thumb == "up", 1), else_=0)).label("up"),
            func.sum(case((c.thumb == "down", 1), else_=0)).label("down"),
            func.count(c.stars).label("stars_n"),
            func.coalesce(func.sum(c.stars), 0).label("stars"),
        ).where(*conditions).group_by(c.kind, c.model, c.rater).subquery()
    )  # fmt: skip
    r = of_rater.c
    sums = connection.execute(
        select(
            r.kind, r.model, func.sum(r.up), func.sum(r.down), func.sum(r.stars_n),
            func.sum(r.stars), func.sum(r.ratings), func.count(),
        ).group_by(r.kind, r.model)
    ).all()  # fmt: skip
    rated = select(c.kind, c.model, c.generation).where(*conditions).distinct().subquery()
    outputs: dict[tuple[str, str], int] = {
        (kind, model): count
        for kind, model, count in connection.execute(
            select(rated.c.kind, rated.c.model, func.count()).group_by(rated.c.kind, rated.c.model)
        )
    }
    people = select(c.rater).where(*conditions).distinct().subquery()
    raters = connection.execute(select(func.count()).select_from(people)).scalar_one()
    models = [_tally(row.kind, row.model, row[2:8], outputs[row.kind, row.model]) for row in sums]
    totals = [sum(int(row[column]) for row in sums) for column in range(2, 7)]
    total = _tally("", "", (*totals, raters), sum(outputs.values()))
    return Summary(tuple(sorted(models, key=lambda tally: -tally.ratings)), total)


def _tally(kind: str, model: str, sums: Sequence[Any], outputs: int) -> Tally:
    """`sums` are up, down, stars_n, stars, ratings, raters; PostgreSQL's sums are decimals."""
    up, down, stars_n, stars, ratings, raters = (int(value) for value in sums)
    mean = stars / stars_n if stars_n else None
    return Tally(kind, model, up, down, stars_n, mean, ratings, outputs, raters)
