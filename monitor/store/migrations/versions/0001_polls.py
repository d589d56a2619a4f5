"""Rooms 1 to 5: sources, entries, changes, policies, stories, flags.

Revision ID: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from monitor.store.types import Instant, json_type

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _counter()
    _host()
    _policy()
    _source()
    _story()
    _entry()
    _policy_revision()
    _snapshot()
    _entry_key()
    _revision()
    _change()
    _flag()
    _story_revision()
    counter = sa.table("counter", sa.column("name", sa.Text), sa.column("value", sa.BigInteger))
    op.bulk_insert(counter, [{"name": "event", "value": 0}, {"name": "story", "value": 0}])


def _counter() -> None:
    op.create_table(
        "counter",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_counter")),
    )


def _host() -> None:
    op.create_table(
        "host",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("next_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_host")),
    )


def _policy() -> None:
    op.create_table(
        "policy",
        sa.Column("id", ID, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("tracker_id", sa.Integer()),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("announced", sa.Date()),
        sa.Column("record", json_type(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy")),
        sa.UniqueConstraint("slug", name=op.f("uq_policy_slug")),
        sa.UniqueConstraint("tracker_id", name=op.f("uq_policy_tracker_id")),
        sa.UniqueConstraint("url", name=op.f("uq_policy_url")),
    )


def _source() -> None:
    op.create_table(
        "source",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("config", json_type(), nullable=False),
        sa.Column("retired_at", Instant()),
        sa.Column("paused_at", Instant()),
        sa.Column("next_poll_at", Instant(), nullable=False),
        sa.Column("claim", sa.Text()),
        sa.Column("lease_until", Instant()),
        sa.Column("etag", sa.Text()),
        sa.Column("last_modified", sa.Text()),
        sa.Column("body_sha256", sa.Text()),
        sa.Column("full_at", Instant()),
        sa.Column("seeded_at", Instant()),
        sa.Column("polled_at", Instant()),
        sa.Column("changed_at", Instant()),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("poll_error", sa.Text()),
        sa.Column("poll_detail", sa.Text()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source")),
    )
    op.create_index("ix_source_due", "source", ["next_poll_at"], unique=False)
    op.create_index("ix_source_host", "source", ["host"], unique=False)


def _story() -> None:
    op.create_table(
        "story",
        sa.Column("id", ID, nullable=False),
        sa.Column("founded_at", Instant(), nullable=False),
        sa.Column("normal_title", sa.Text(), nullable=False),
        sa.Column("canonical_url", sa.Text()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_story")),
    )
    op.create_index("ix_story_link", "story", ["canonical_url"], unique=False)
    op.create_index("ix_story_title", "story", ["normal_title"], unique=False)


def _entry() -> None:
    op.create_table(
        "entry",
        sa.Column("id", ID, nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("canonical_url", sa.Text()),
        sa.Column("first_seen", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_entry_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entry")),
        sa.UniqueConstraint("source_id", "key", name=op.f("uq_entry_source_id_key")),
    )
    op.create_index("ix_entry_link", "entry", ["source_id", "canonical_url"], unique=False)


def _policy_revision() -> None:
    op.create_table(
        "policy_revision",
        sa.Column("id", ID, nullable=False),
        sa.Column("policy_id", ID, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("record", json_type(), nullable=False),
        sa.ForeignKeyConstraint(["policy_id"], ["policy.id"], name=op.f("fk_policy_revision_policy_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_revision")),
        sa.UniqueConstraint("policy_id", "seq", name=op.f("uq_policy_revision_policy_id_seq")),
    )


def _snapshot() -> None:
    op.create_table(
        "snapshot",
        sa.Column("id", ID, nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("headers", json_type(), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_snapshot_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_snapshot")),
    )
    op.create_index(op.f("ix_snapshot_source_id"), "snapshot", ["source_id"], unique=False)


def _entry_key() -> None:
    op.create_table(
        "entry_key",
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("entry_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_entry_key_entry_id")),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_entry_key_source_id")),
        sa.PrimaryKeyConstraint("source_id", "key", name=op.f("pk_entry_key")),
    )
    op.create_index(op.f("ix_entry_key_entry_id"), "entry_key", ["entry_id"], unique=False)


def _revision() -> None:
    op.create_table(
        "revision",
        sa.Column("id", ID, nullable=False),
        sa.Column("entry_id", ID, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("snapshot_id", ID, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("url", sa.Text()),
        sa.Column("published", Instant()),
        sa.Column("published_raw", sa.Text()),
        sa.Column("publisher", sa.Text()),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_revision_entry_id")),
        sa.ForeignKeyConstraint(["snapshot_id"], ["snapshot.id"], name=op.f("fk_revision_snapshot_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_revision")),
        sa.UniqueConstraint("entry_id", "seq", name=op.f("uq_revision_entry_id_seq")),
    )


def _change() -> None:
    op.create_table(
        "change",
        sa.Column("seq", ID, nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("revision_id", ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("parts", json_type(), nullable=False),
        sa.ForeignKeyConstraint(["revision_id"], ["revision.id"], name=op.f("fk_change_revision_id")),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_change_source_id")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_change")),
        sa.UniqueConstraint("revision_id", name=op.f("uq_change_revision_id")),
    )
    op.create_index("ix_change_source", "change", ["source_id", "seq"], unique=False)


def _flag() -> None:
    op.create_table(
        "flag",
        sa.Column("id", ID, nullable=False),
        sa.Column("policy_id", ID, nullable=False),
        sa.Column("story_id", ID, nullable=False),
        sa.Column("revision_id", ID, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("reasons", json_type(), nullable=False),
        sa.Column("raised_at", Instant(), nullable=False),
        sa.Column("snoozed_until", Instant()),
        sa.ForeignKeyConstraint(["policy_id"], ["policy.id"], name=op.f("fk_flag_policy_id")),
        sa.ForeignKeyConstraint(["revision_id"], ["revision.id"], name=op.f("fk_flag_revision_id")),
        sa.ForeignKeyConstraint(["story_id"], ["story.id"], name=op.f("fk_flag_story_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flag")),
        sa.UniqueConstraint("policy_id", "story_id", name=op.f("uq_flag_policy_id_story_id")),
    )
    op.create_index("ix_flag_queue", "flag", ["state", "score"], unique=False)
    op.create_index(op.f("ix_flag_story_id"), "flag", ["story_id"], unique=False)


def _story_revision() -> None:
    op.create_table(
        "story_revision",
        sa.Column("revision_id", ID, nullable=False),
        sa.Column("story_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["revision_id"], ["revision.id"], name=op.f("fk_story_revision_revision_id")),
        sa.ForeignKeyConstraint(["story_id"], ["story.id"], name=op.f("fk_story_revision_story_id")),
        sa.PrimaryKeyConstraint("revision_id", name=op.f("pk_story_revision")),
    )
    op.create_index(op.f("ix_story_revision_story_id"), "story_revision", ["story_id"], unique=False)
