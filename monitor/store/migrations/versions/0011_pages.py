"""Watched pages: what is believed of them, what is held, what is noise, and what hosts tell.

Revision ID: 0011
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from monitor.store.schema import Id
from monitor.store.types import Instant, json_type

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "page",
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("blocks", json_type(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("held", json_type(none_as_null=True)),
        sa.Column("held_at", Instant()),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_page_source_id")),
        sa.PrimaryKeyConstraint("source_id", name=op.f("pk_page")),
    )
    op.create_index(op.f("ix_page_host"), "page", ["host"])
    op.create_index(op.f("ix_page_held_at"), "page", ["held_at"])
    op.create_table(
        "control_page",
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("blocks", json_type(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_control_page_source_id")),
        sa.PrimaryKeyConstraint("source_id", "url", name=op.f("pk_control_page")),
    )
    op.create_table(
        "suppression",
        sa.Column("id", Id, nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("pattern", json_type(), nullable=False),
        sa.Column("weights", json_type(), nullable=False),
        sa.Column("first_at", Instant(), nullable=False),
        sa.Column("last_at", Instant(), nullable=False),
        sa.Column("struck_at", Instant()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suppression")),
        sa.UniqueConstraint("host", "key", name=op.f("uq_suppression_host_key")),
    )
    op.create_table(
        "host_note",
        sa.Column("id", Id, nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("come", json_type(), nullable=False),
        sa.Column("gone", json_type(), nullable=False),
        sa.Column("words", json_type(), nullable=False),
        sa.Column("pages", json_type(), nullable=False),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_host_note")),
    )
    op.create_index("ix_host_note_host", "host_note", ["host", "at"])
