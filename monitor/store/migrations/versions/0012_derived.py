"""Watches that are proposed for what policies cite, and since when a source's document is not where it was.

Revision ID: 0012
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from monitor.store.types import Id, Instant, json_type

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "proposal",
        sa.Column("id", Id, nullable=False),
        sa.Column("policy_id", Id, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("voice", sa.Text(), nullable=False),
        sa.Column("why", json_type(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("proposed_at", Instant(), nullable=False),
        sa.Column("decided_at", Instant()),
        sa.Column("actor", sa.Text()),
        sa.Column("source_id", sa.Text()),
        sa.ForeignKeyConstraint(["policy_id"], ["policy.id"], name=op.f("fk_proposal_policy_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposal")),
        sa.UniqueConstraint("policy_id", "key", name=op.f("uq_proposal_policy_id_key")),
    )
    op.create_index(op.f("ix_proposal_state"), "proposal", ["state", "id"])
    with op.batch_alter_table("source") as batch:
        batch.add_column(sa.Column("lost_as", sa.Text()))
        batch.add_column(sa.Column("lost_since", Instant()))
        batch.add_column(sa.Column("lost_polls", sa.Integer(), nullable=False, server_default="0"))
        batch.add_column(sa.Column("lost_told", sa.Boolean(), nullable=False, server_default=sa.false()))
