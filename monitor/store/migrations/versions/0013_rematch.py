"""Policies for which stored words are to be matched again.

Revision ID: 0013
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from monitor.store.types import Id, Instant

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rematch",
        sa.Column("policy_id", Id, nullable=False),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("reached", Id, nullable=False),
        sa.ForeignKeyConstraint(["policy_id"], ["policy.id"], name=op.f("fk_rematch_policy_id")),
        sa.PrimaryKeyConstraint("policy_id", name=op.f("pk_rematch")),
    )
