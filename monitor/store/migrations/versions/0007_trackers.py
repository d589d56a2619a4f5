"""What other trackers state of an action, and how far the policy pages of their lists are known.

Revision ID: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from monitor.store.types import Instant, json_type

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("revision", sa.Column("stated", json_type(none_as_null=True)))
    op.create_table(
        "policy_page",
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("etag", sa.Text()),
        sa.Column("last_modified", sa.Text()),
        sa.Column("sha256", sa.Text()),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("full_at", Instant()),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_policy_page_source_id")),
        sa.PrimaryKeyConstraint("source_id", "url", name=op.f("pk_policy_page")),
    )
