"""How often each source is polled, where it moved to, and whether it is gone: what its answers taught.

Revision ID: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from monitor.store.types import Instant

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("source") as batch:
        batch.add_column(sa.Column("interval_s", sa.Float()))
        batch.add_column(sa.Column("window_s", sa.Float()))
        batch.add_column(sa.Column("rate", sa.Float(), nullable=False, server_default="0"))
        batch.add_column(sa.Column("demand_s", sa.Float()))
        batch.add_column(sa.Column("moved_url", sa.Text()))
        batch.add_column(sa.Column("moving_to", sa.Text()))
        batch.add_column(sa.Column("moving_since", Instant()))
        batch.add_column(sa.Column("moving_polls", sa.Integer(), nullable=False, server_default="0"))
        batch.add_column(sa.Column("gone_since", Instant()))
        batch.add_column(sa.Column("gone_polls", sa.Integer(), nullable=False, server_default="0"))
        batch.add_column(sa.Column("pause_reason", sa.Text()))
        batch.add_column(sa.Column("read_as", sa.Text()))
