"""Generations, rating events and the current ratings derived from them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create the three tables and their indexes."""
    op.create_table(
        "generations",
        sa.Column("seq", KEY, nullable=False),
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("model", sa.String(200), nullable=False),
        sa.Column("prompt_sha256", sa.String(64)),
        sa.Column("reply_sha256", sa.String(64)),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("record", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_generations"),
        sa.UniqueConstraint("id", name="uq_generations_id"),
    )
    op.create_index("ix_generations_owner_kind_seq", "generations", ["owner", "kind", "seq"])
    op.create_table(
        "ratings",
        sa.Column("seq", KEY, nullable=False),
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("generation", KEY, nullable=False),
        sa.Column("rater", sa.String(64), nullable=False),
        sa.Column("created", sa.String(40), nullable=False),
        sa.Column("thumb", sa.String(4)),
        sa.Column("stars", sa.SmallInteger),
        sa.Column("withdrawn", sa.Boolean, nullable=False),
        sa.Column("sharing", sa.String(10), nullable=False),
        sa.Column("reasons", sa.Text, nullable=False),
        sa.Column("comment", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_ratings"),
        sa.UniqueConstraint("id", name="uq_ratings_id"),
        sa.ForeignKeyConstraint(["generation"], ["generations.seq"], name="fk_ratings_generation"),
    )
    op.create_index("ix_ratings_generation_rater_seq", "ratings", ["generation", "rater", "seq"])
    op.create_table(
        "current_ratings",
        sa.Column("event", KEY, nullable=False, autoincrement=False),
        sa.Column("generation", KEY, nullable=False),
        sa.Column("rater", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("model", sa.String(200), nullable=False),
        sa.Column("created", sa.String(40), nullable=False),
        sa.Column("thumb", sa.String(4)),
        sa.Column("stars", sa.SmallInteger),
        sa.PrimaryKeyConstraint("event", name="pk_current_ratings"),
        sa.UniqueConstraint("generation", "rater", name="uq_current_ratings_generation_rater"),
        sa.ForeignKeyConstraint(["event"], ["ratings.seq"], name="fk_current_ratings_event"),
        sa.ForeignKeyConstraint(
            ["generation"], ["generations.seq"], name="fk_current_ratings_generation"
        ),
    )
    op.create_index("ix_current_ratings_rater_event", "current_ratings", ["rater", "event"])
    op.create_index(
        "ix_current_ratings_summary",
        "current_ratings",
        ["kind", "model", "rater", "thumb", "stars", "generation", "created"],
    )
