"""The Ratings tab's questions: sums per model, and which rows pass the filters.

Everything is counted from `current_ratings`, one row for each rater and generation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Text, exists, func, select, type_coerce

from genui.records import Thumb
from genui.store import conversation
from genui.store.tables import current_ratings as current
from genui.store.tables import generations, ratings

events = ratings.alias()  # its own name, whatever query the conditions below join


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
    *,
    reason: str | None = None,
    rater: str | None = None,
    owner: str | None = None,
    shared: bool = False,
) -> list[ColumnElement[bool]]:
    """The conditions of the filters that are set. `text` is looked for in prompts and outputs,
    whatever the case; `since` is an ISO 8601 time in UTC. `owner` keeps to the results of one
    session; with `shared` also those that were rated for the public data set."""
    conditions: list[ColumnElement[bool]] = []
    if kind is not None:
        conditions.append(current.c.kind == kind)
    if model is not None:
        conditions.append(current.c.model == model)
    if thumb is not None:
        conditions.append(current.c.thumb == thumb)
    if since is not None:
        conditions.append(current.c.created >= since)
    if rater is not None:
        conditions.append(current.c.rater == rater)
    if reason is not None:
        named = type_coerce(events.c.reasons, Text).contains(f'"{reason}"', autoescape=True)
        conditions.append(_event(named))
    if owner is not None:
        own = current.c.generation.in_(
            select(generations.c.seq).where(generations.c.owner == owner)
        )
        conditions.append(own | _event(events.c.sharing == "shared") if shared else own)
    if text:
        found = generations.c.words.contains(conversation.fold(text), autoescape=True)
        conditions.append(current.c.generation.in_(select(generations.c.seq).where(found)))
    return conditions


def _event(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether the event behind a current rating meets a condition."""
    return exists().where(events.c.seq == current.c.event, condition).correlate(current)


def summary(connection: Connection, conditions: list[ColumnElement[bool]]) -> Summary:
    """Sums per model in one pass over the covering index."""
    c = current.c
    query: Select[Any] = (
        select(
            c.kind,
            c.model,
            func.count().filter(c.thumb == "up"),
            func.count().filter(c.thumb == "down"),
            func.count(c.stars),
            func.coalesce(func.sum(c.stars), 0),
            func.count(),
            func.count(c.generation.distinct()),
            func.count(c.rater.distinct()),
        )
        .where(*conditions)
        .group_by(c.kind, c.model)
    )
    sums = connection.execute(query).all()
    people = select(c.rater).where(*conditions).distinct().subquery()
    raters = connection.execute(select(func.count()).select_from(people)).scalar_one()
    models = [_tally(*row) for row in sums]
    totals = [*(sum(row[column] for row in sums) for column in range(2, 8)), raters]
    total = _tally("", "", *totals)
    return Summary(tuple(sorted(models, key=lambda tally: -tally.ratings)), total)


def _tally(
    kind: str,
    model: str,
    up: int,
    down: int,
    stars_n: int,
    stars: int,
    ratings: int,
    generations: int,
    raters: int,
) -> Tally:
    mean = stars / stars_n if stars_n else None
    return Tally(kind, model, up, down, stars_n, mean, ratings, generations, raters)
