"""Comparison events: which of two results a rater found better."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create the table and its indexes."""
    op.create_table(
        "comparisons",
        sa.Column("seq", KEY, nullable=False),
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("first", KEY, nullable=False),
        sa.Column("second", KEY, nullable=False),
        sa.Column("low", KEY, nullable=False),
        sa.Column("high", KEY, nullable=False),
        sa.Column("outcome", sa.String(10), nullable=False),
        sa.Column("rater", sa.String(64), nullable=False),
        sa.Column("created", sa.String(40), nullable=False),
        sa.Column("context", sa.String(10), nullable=False),
        sa.Column("reasons", sa.Text, nullable=False),
        sa.Column("withdrawn", sa.Boolean, nullable=False),
        sa.Column("sharing", sa.String(10), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_comparisons"),
        sa.UniqueConstraint("id", name="uq_comparisons_id"),
        sa.ForeignKeyConstraint(["first"], ["generations.seq"], name="fk_comparisons_first"),
        sa.ForeignKeyConstraint(["second"], ["generations.seq"], name="fk_comparisons_second"),
    )
    op.create_index(
        "ix_comparisons_rater_low_high_seq", "comparisons", ["rater", "low", "high", "seq"]
    )
    op.create_index("ix_comparisons_rater_high", "comparisons", ["rater", "high"])
