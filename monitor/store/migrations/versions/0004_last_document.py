"""The entries of each source's last document, by the hash of their bytes.

Revision ID: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from monitor.store.types import json_type

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "last_document",
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("entries", json_type(), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_last_document_source_id")),
        sa.PrimaryKeyConstraint("source_id", name=op.f("pk_last_document")),
    )
