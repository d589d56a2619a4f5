"""What a source's health and its next poll are judged by.

Revision ID: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from monitor.store.types import Instant, json_type

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("source") as batch:
        batch.add_column(sa.Column("succeeded_at", Instant()))
        batch.add_column(sa.Column("items", sa.Integer()))
        batch.add_column(sa.Column("wait", json_type(none_as_null=True)))
        batch.add_column(sa.Column("gap_at", Instant()))
