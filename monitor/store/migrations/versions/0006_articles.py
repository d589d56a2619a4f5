"""Articles behind the links of entries, and the archive of fetched bytes.

Revision ID: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from monitor.store.schema import Id
from monitor.store.types import Instant

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "blob",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("codec", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("stored_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_blob")),
    )
    op.create_table(
        "article",
        sa.Column("id", Id, nullable=False),
        sa.Column("entry_id", Id, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("canonical_url", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("due_at", Instant()),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("claim", sa.Text()),
        sa.Column("lease_until", Instant()),
        sa.Column("settled_at", Instant()),
        sa.Column("found_url", sa.Text()),
        sa.Column("blob_sha256", sa.Text()),
        sa.Column("title", sa.Text()),
        sa.Column("text", sa.Text()),
        sa.Column("error", sa.Text()),
        sa.Column("detail", sa.Text()),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_article_entry_id")),
        sa.ForeignKeyConstraint(["blob_sha256"], ["blob.sha256"], name=op.f("fk_article_blob_sha256")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_article")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_article_entry_id")),
    )
    op.create_index("ix_article_due", "article", ["state", "due_at"])
    op.create_index(op.f("ix_article_canonical_url"), "article", ["canonical_url"])
    op.create_index(op.f("ix_article_blob_sha256"), "article", ["blob_sha256"])
