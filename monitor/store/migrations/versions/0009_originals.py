"""What an entry said where characters were taken out, and since when a source's documents hold more than is kept.

Revision ID: 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from monitor.store.types import Instant

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("revision") as batch:
        batch.add_column(sa.Column("original", sa.Text()))
    with op.batch_alter_table("source") as batch:
        batch.add_column(sa.Column("truncated_at", Instant()))
