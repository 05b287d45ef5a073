"""The tables. Knows SQLAlchemy and nothing of requests, files or the page.

`generations`, `ratings` and `comparisons` are append-only: rows are written once and never
changed. `ratings` and `comparisons` hold events. `current_ratings` is derived from `ratings` (the
newest event of each rater on each generation, unless that event withdraws) and can be rebuilt at
any time; `kind`, `model` and `created` are repeated there so that the Ratings tab reads one narrow
table. Which comparisons hold is looked up in their index.
"""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.types import TypeDecorator


class JsonText(TypeDecorator[Any]):
    """Any JSON value as JSON text. PostgreSQL refuses NUL in text; JSON escapes it."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str:
        return json.dumps(value, ensure_ascii=False)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return json.loads(value)


Key = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows only in an INTEGER key

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

generations = Table(
    "generations",
    metadata,
    Column("seq", Key, primary_key=True),  # order of arrival
    Column("id", String(32), nullable=False),
    Column("owner", String(64), nullable=False),  # session id, never exported
    Column("kind", String(20), nullable=False),
    Column("model", String(200), nullable=False),
    Column("prompt_sha256", String(64)),  # same conversation, same hash; None if not text
    Column("reply_sha256", String(64)),
    Column("words", Text, nullable=False),  # case-folded prompt and output, for the search box
    Column("record", Text, nullable=False),  # the whole Generation as canonical JSON
    UniqueConstraint("id"),
)
Index(None, generations.c.owner, generations.c.kind, generations.c.seq)

ratings = Table(
    "ratings",
    metadata,
    Column("seq", Key, primary_key=True),
    Column("id", String(32), nullable=False),
    Column("generation", Key, ForeignKey("generations.seq"), nullable=False),
    Column("rater", String(64), nullable=False),
    Column("created", String(40), nullable=False),
    Column("thumb", String(4)),
    Column("stars", SmallInteger),
    Column("withdrawn", Boolean, nullable=False),
    Column("sharing", String(10), nullable=False),
    Column("reasons", JsonText, nullable=False),
    Column("comment", JsonText, nullable=False),
    UniqueConstraint("id"),
)
Index(None, ratings.c.generation, ratings.c.rater, ratings.c.seq)

current_ratings = Table(
    "current_ratings",
    metadata,
    Column("event", Key, ForeignKey("ratings.seq"), primary_key=True, autoincrement=False),
    Column("generation", Key, ForeignKey("generations.seq"), nullable=False),
    Column("rater", String(64), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("model", String(200), nullable=False),
    Column("created", String(40), nullable=False),
    Column("thumb", String(4)),
    Column("stars", SmallInteger),
    UniqueConstraint("generation", "rater"),
)
Index(None, current_ratings.c.rater, current_ratings.c.event)
Index(
    "ix_current_ratings_summary",  # covers the sums of the Ratings tab
    current_ratings.c.kind,
    current_ratings.c.model,
    current_ratings.c.rater,
    current_ratings.c.thumb,
    current_ratings.c.stars,
    current_ratings.c.generation,
    current_ratings.c.created,
)

comparisons = Table(
    "comparisons",
    metadata,
    Column("seq", Key, primary_key=True),
    Column("id", String(32), nullable=False),
    Column("first", Key, ForeignKey("generations.seq"), nullable=False),
    Column("second", Key, ForeignKey("generations.seq"), nullable=False),
    # the same two in the order of their numbers: one name for a pair, whichever stood first
    Column("low", Key, nullable=False),
    Column("high", Key, nullable=False),
    Column("outcome", String(10), nullable=False),
    Column("rater", String(64), nullable=False),
    Column("created", String(40), nullable=False),
    Column("context", String(10), nullable=False),
    Column("reasons", JsonText, nullable=False),
    Column("withdrawn", Boolean, nullable=False),
    Column("sharing", String(10), nullable=False),
    UniqueConstraint("id"),
)
Index(None, comparisons.c.rater, comparisons.c.low, comparisons.c.high, comparisons.c.seq)
Index(None, comparisons.c.rater, comparisons.c.high)
