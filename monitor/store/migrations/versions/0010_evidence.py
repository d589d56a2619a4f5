"""The chain over snapshots, and where it ends. It begins with the first snapshot that is stored from here on.

Revision ID: 0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from monitor.store.types import Instant

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("snapshot", sa.Column("place", sa.Integer()))
    op.add_column("snapshot", sa.Column("chain", sa.Text()))
    op.add_column("snapshot", sa.Column("pruned_at", Instant()))
    op.create_index(op.f("ix_snapshot_sha256"), "snapshot", ["sha256"])
    op.create_index("ix_snapshot_place", "snapshot", ["source_id", "place"], unique=True)
    op.create_index(op.f("ix_revision_snapshot_id"), "revision", ["snapshot_id"])
    op.create_table(
        "chain_head",
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("chain", sa.Text(), nullable=False),
        sa.Column("pruned_at", Instant()),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_chain_head_source_id")),
        sa.PrimaryKeyConstraint("source_id", name=op.f("pk_chain_head")),
    )
    op.create_index("ix_chain_head_pruned", "chain_head", ["pruned_at"])
