"""The store: generations written once, opinions as append-only events, media beside them.

Knows SQL and files; knows neither jobs nor models nor the page. Every method is one transaction
and may be called from any thread; each may raise `Unavailable` when the database does not
answer, and those that write `StorageFull` when it has no room.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, Select, bindparam, delete, func, insert, select

from genui.errors import NotFound, StorageFull
from genui.records import Comparison, Generation, Rating, Thumb, canonical_json
from genui.store import conversation, preferences, tally
from genui.store.database import Database
from genui.store.media import MediaStore
from genui.store.tables import comparisons, current_ratings, generations, ratings

BATCH = 1000  # rows an `add_many` sends at once
T = TypeVar("T")

RATING_COLUMNS = (
    ratings.c.id, generations.c.id.label("generation_id"), ratings.c.rater, ratings.c.created,
    ratings.c.thumb, ratings.c.stars, ratings.c.reasons, ratings.c.comment, ratings.c.withdrawn,
    ratings.c.sharing,
)  # fmt: skip

# The statements of the busiest method, built once. The row lock (PostgreSQL; SQLite has one writer)
# makes events of one generation take turns: their numbers follow the order of their commits.
RATED = (
    select(generations.c.seq, generations.c.kind, generations.c.model)
    .where(generations.c.id == bindparam("name"))
    .with_for_update(key_share=True)
)
ADD_EVENT = insert(ratings)
DROP_CURRENT = delete(current_ratings).where(
    current_ratings.c.generation == bindparam("of"), current_ratings.c.rater == bindparam("by")
)
ADD_CURRENT = insert(current_ratings)
COPIED = ("generation", "rater", "created", "thumb", "stars")  # from an event to what is derived


class Store:
    """Everything genui remembers."""

    def __init__(self, database: Database, media: MediaStore) -> None:
        self.database = database
        self.media = media

    @classmethod
    def open(cls, data_dir: Path, database_url: str = "") -> Store:
        """Open, or make, the store of a data folder: `genui.db` (unless `database_url` names
        another database) and `media/`. Several processes may share one folder."""
        try:
            data_dir.mkdir(parents=True, exist_ok=True)
            media = MediaStore(data_dir / "media")
        except OSError as error:
            raise StorageFull.from_os(error) from error
        return cls(Database.open(data_dir, database_url), media)

    def close(self) -> None:
        """Close the database connections."""
        self.database.close()

    # --- generations --------------------------------------------------------------------------

    def add_generation(self, generation: Generation, owner: str) -> None:
        """Keep a generation for the session `owner`; it is on disk when this returns."""
        with self.database.write() as connection:
            connection.execute(insert(generations), _generation_row(generation, owner))

    def generation(self, generation_id: str) -> Generation | None:
        """The generation with this id."""
        query = select(generations.c.record).where(generations.c.id == generation_id)
        with self.database.read() as connection:
            record = connection.execute(query).scalar_one_or_none()
        return None if record is None else Generation.model_validate_json(record)

    def owner(self, generation_id: str) -> str | None:
        """The session that made a generation."""
        query = select(generations.c.owner).where(generations.c.id == generation_id)
        with self.database.read() as connection:
            return connection.execute(query).scalar_one_or_none()

    def history(
        self, owner: str, kind: str, limit: int, before: str | None = None
    ) -> list[Generation]:
        """The owner's generations of a kind, newest first; `before` is the id of the last one
        already seen."""
        query = select(generations.c.record).where(
            generations.c.owner == owner, generations.c.kind == kind
        )
        if before is not None:
            seen = select(generations.c.seq).where(generations.c.id == before).scalar_subquery()
            query = query.where(generations.c.seq < seen)
        query = query.order_by(generations.c.seq.desc()).limit(limit)
        with self.database.read() as connection:
            return [Generation.model_validate_json(r) for r in connection.scalars(query)]

    # --- ratings ------------------------------------------------------------------------------

    def add_rating(self, rating: Rating) -> None:
        """Append a rating event; it is on disk when this returns.

        Raises `NotFound` when its generation is not here."""
        event = _rating_row(rating)
        with self.database.write() as connection:
            rated = connection.execute(RATED, {"name": rating.generation_id}).one_or_none()
            if rated is None:
                raise NotFound("That result is not here; it may have been made on another server.")
            event["generation"] = rated.seq
            key = connection.execute(ADD_EVENT, event).inserted_primary_key
            assert key is not None
            connection.execute(DROP_CURRENT, {"of": rated.seq, "by": rating.rater})
            if not rating.withdrawn:
                derived = {"event": key[0], "kind": rated.kind, "model": rated.model}
                connection.execute(ADD_CURRENT, derived | {name: event[name] for name in COPIED})

    def current_rating(self, generation_id: str, rater: str) -> Rating | None:
        """What this rater thinks of a generation now; None if nothing, or taken back."""
        query = current_rows(*RATING_COLUMNS).where(
            generations.c.id == generation_id, current_ratings.c.rater == rater
        )
        with self.database.read() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else _rating(row)

    def ratings_of(self, rater: str, limit: int) -> list[tuple[Generation, Rating]]:
        """The rater's current ratings, newest first."""
        query = current_rows(*RATING_COLUMNS, generations.c.record)
        query = query.where(current_ratings.c.rater == rater)
        return self._page(query, limit, 0)

    # --- comparisons --------------------------------------------------------------------------

    def add_comparisons(self, events: list[Comparison]) -> list[Comparison]:
        """Append comparison events, all or none; they are on disk when this returns.

        Events with the context "batch" (of one rater) are one pick of the best: what that rater's
        older picks said of other pairs among the same results is withdrawn with them. Returns
        the events as stored, the withdrawals last. Raises `NotFound` when a generation is not
        here, `BadInput` when two are the same or of different kinds."""
        with self.database.write() as connection:
            return preferences.add(connection, events)

    def preferences(
        self,
        rater: str | None = None,
        kind: str | None = None,
        among: Iterable[str] | None = None,
        limit: int = 1000,
    ) -> list[Comparison]:
        """The judgements that hold now, newest first: of one rater, of one kind of result, of
        pairs in which one of the results `among` stands."""
        query = preferences.current().where(*preferences.where(rater, kind, among))
        query = query.order_by(comparisons.c.seq.desc()).limit(limit)
        with self.database.read() as connection:
            return [preferences.comparison(row) for row in connection.execute(query)]

    # --- the Ratings tab ----------------------------------------------------------------------

    def summary(self, kind: str | None = None, since: str | None = None) -> tally.Summary:
        """Current ratings counted per model, of one kind or since an ISO 8601 time in UTC."""
        with self.database.read() as connection:
            return tally.summary(connection, tally.where(kind=kind, since=since))

    def table(
        self,
        kind: str | None = None,
        model: str | None = None,
        thumb: Thumb | None = None,
        text: str = "",
        limit: int = 50,
        offset: int = 0,
        **more: Any,
    ) -> list[tuple[Generation, Rating]]:
        """Current ratings that pass the filters, newest first; see `tally.where`, also for what
        `more` may name."""
        query = current_rows(*RATING_COLUMNS, generations.c.record)
        wanted = tally.where(kind, model, thumb, text, **more)
        return self._page(query.where(*wanted), limit, offset)

    def newest_event(self) -> int:
        """How many events there are, more or less; it grows whenever a sum here changes."""
        newest = [
            select(func.coalesce(func.max(table.c.seq), 0)).scalar_subquery()
            for table in (ratings, comparisons)
        ]
        with self.database.read() as connection:
            found: int = connection.execute(select(newest[0] + newest[1])).scalar_one()
        return found

    def pairs(self) -> int:
        """How many judgements of two results hold now."""
        with self.database.read() as connection:
            return preferences.count(connection)

    def count(
        self,
        kind: str | None = None,
        model: str | None = None,
        thumb: Thumb | None = None,
        text: str = "",
    ) -> int:
        """How many rows `table` has in all with the same filters."""
        query = select(func.count()).select_from(current_ratings)
        query = query.where(*tally.where(kind, model, thumb, text))
        with self.database.read() as connection:
            found: int = connection.execute(query).scalar_one()
        return found

    def _page(self, query: Select[Any], limit: int, offset: int) -> list[tuple[Generation, Rating]]:
        query = query.order_by(current_ratings.c.event.desc()).limit(limit).offset(offset)
        with self.database.read() as connection:
            rows = connection.execute(query).all()
        return [(Generation.model_validate_json(row.record), _rating(row)) for row in rows]

    # --- in bulk ------------------------------------------------------------------------------

    def add_many(
        self, made: Iterable[tuple[Generation, str]], events: Iterable[Rating] = ()
    ) -> None:
        """Keep many generations with their owners, then many rating events in their order, all
        or none. Raises `NotFound` when an event's generation is not here."""
        with self.database.write() as connection:
            for some in _batches(made):
                connection.execute(insert(generations), [_generation_row(*pair) for pair in some])
            for batch in _batches(events):
                ids = {event.generation_id for event in batch}
                seqs: dict[str, int] = {
                    name: seq
                    for name, seq in connection.execute(
                        select(generations.c.id, generations.c.seq).where(generations.c.id.in_(ids))
                    )
                }
                if missing := ids - seqs.keys():
                    raise NotFound(f"No generation here has the id {min(missing)}.")
                rows = [
                    _rating_row(event) | {"generation": seqs[event.generation_id]}
                    for event in batch
                ]
                connection.execute(ADD_EVENT, rows)
            rebuild(connection)

    def rebuild(self) -> None:
        """Make `current_ratings` anew from the events."""
        with self.database.write() as connection:
            rebuild(connection)


def rebuild(connection: Connection) -> None:
    """Derive `current_ratings` from `ratings`: the newest event of each rater on each
    generation, unless it withdraws."""
    newest = (
        select(func.max(ratings.c.seq).label("seq"))
        .group_by(ratings.c.generation, ratings.c.rater)
        .subquery()
    )
    connection.execute(delete(current_ratings))
    connection.execute(
        insert(current_ratings).from_select(
            ["event", "generation", "rater", "kind", "model", "created", "thumb", "stars"],
            select(
                ratings.c.seq, ratings.c.generation, ratings.c.rater, generations.c.kind,
                generations.c.model, ratings.c.created, ratings.c.thumb, ratings.c.stars,
            )
            .join(newest, newest.c.seq == ratings.c.seq)
            .join(generations, generations.c.seq == ratings.c.generation)
            .where(ratings.c.withdrawn.is_(False)),
        )
    )  # fmt: skip


def current_rows(*columns: Any) -> Select[Any]:
    """A query for `columns` of the current ratings, their events and their generations."""
    return (
        select(*columns)
        .select_from(current_ratings)
        .join(ratings, ratings.c.seq == current_ratings.c.event)
        .join(generations, generations.c.seq == current_ratings.c.generation)
    )


def _rating(row: Row[Any]) -> Rating:
    fields = row._asdict()
    fields.pop("record", None)
    return Rating.model_validate(fields)


def _generation_row(generation: Generation, owner: str) -> dict[str, Any]:
    prompt_sha256, reply_sha256 = conversation.hashes(generation)
    return {
        "id": generation.id,
        "owner": owner,
        "kind": generation.request.kind,
        "model": generation.model.id,
        "prompt_sha256": prompt_sha256,
        "reply_sha256": reply_sha256,
        "words": conversation.words(generation),
        "record": canonical_json(generation.model_dump(mode="json")),
    }


def _rating_row(rating: Rating) -> dict[str, Any]:
    """Everything but the number of its generation."""
    return rating.model_dump(mode="json", exclude={"generation_id"})


def _batches(items: Iterable[T]) -> Iterator[list[T]]:
    source = iter(items)
    while batch := list(islice(source, BATCH)):
        yield batch
