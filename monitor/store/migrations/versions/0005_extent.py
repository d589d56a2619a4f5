"""A document that suddenly holds half of its items or fewer, and what its reader noted.

Revision ID: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from monitor.store.types import Instant, json_type

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("source") as batch:
        batch.add_column(sa.Column("items_most", sa.Integer()))
        batch.add_column(sa.Column("shrunk_at", Instant()))
        batch.add_column(sa.Column("notes", json_type(none_as_null=True)))
