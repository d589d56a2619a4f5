"""Rooms 6 to 8: decisions, actions, events, subscriptions, digests, deliveries; the web's sessions.

Revision ID: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from monitor.store.types import Instant, json_type

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _content()
    _login_link()
    _session()
    _subscription()
    _criteria()
    _digest()
    _endpoint()
    _delivery()
    _attempt()
    _action()
    _decision()
    _action_revision()
    _event()
    _digest_item()


def _content() -> None:
    op.create_table(
        "content",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_content")),
    )


def _login_link() -> None:
    op.create_table(
        "login_link",
        sa.Column("token_sha256", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("used_at", Instant()),
        sa.PrimaryKeyConstraint("token_sha256", name=op.f("pk_login_link")),
    )


def _session() -> None:
    op.create_table(
        "session",
        sa.Column("token_sha256", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("seen_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("csrf", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("token_sha256", name=op.f("pk_session")),
    )


def _subscription() -> None:
    op.create_table(
        "subscription",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("schedule", json_type(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant()),
        sa.Column("unsubscribed_at", Instant()),
        sa.Column("considered", sa.Text()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription")),
    )


def _criteria() -> None:
    op.create_table(
        "criteria",
        sa.Column("id", ID, nullable=False),
        sa.Column("subscription_id", sa.Text(), nullable=False),
        sa.Column("valid_from", Instant(), nullable=False),
        sa.Column("valid_from_seq", sa.BigInteger(), nullable=False),
        sa.Column("wanted", json_type(none_as_null=True)),
        sa.ForeignKeyConstraint(["subscription_id"], ["subscription.id"], name=op.f("fk_criteria_subscription_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_criteria")),
    )
    op.create_index(op.f("ix_criteria_subscription_id"), "criteria", ["subscription_id"], unique=False)


def _digest() -> None:
    op.create_table(
        "digest",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("subscription_id", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("composed_at", Instant(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["subscription_id"], ["subscription.id"], name=op.f("fk_digest_subscription_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_digest")),
        sa.UniqueConstraint("subscription_id", "period", name=op.f("uq_digest_subscription_id_period")),
    )


def _endpoint() -> None:
    op.create_table(
        "endpoint",
        sa.Column("id", ID, nullable=False),
        sa.Column("subscription_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("contact", sa.Text()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.Column("failing_since", Instant()),
        sa.Column("disabled_reason", sa.Text()),
        sa.ForeignKeyConstraint(["subscription_id"], ["subscription.id"], name=op.f("fk_endpoint_subscription_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_endpoint")),
        sa.UniqueConstraint(
            "subscription_id", "kind", "address", name=op.f("uq_endpoint_subscription_id_kind_address")
        ),
    )


def _delivery() -> None:
    op.create_table(
        "delivery",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("digest_id", sa.Text(), nullable=False),
        sa.Column("endpoint_id", ID, nullable=False),
        sa.Column("content_sha256", sa.Text(), nullable=False),
        sa.Column("substitutions", json_type(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("next_attempt_at", Instant()),
        sa.Column("claim", sa.Text()),
        sa.Column("lease_until", Instant()),
        sa.Column("detail", sa.Text()),
        sa.ForeignKeyConstraint(["content_sha256"], ["content.sha256"], name=op.f("fk_delivery_content_sha256")),
        sa.ForeignKeyConstraint(["digest_id"], ["digest.id"], name=op.f("fk_delivery_digest_id")),
        sa.ForeignKeyConstraint(["endpoint_id"], ["endpoint.id"], name=op.f("fk_delivery_endpoint_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("digest_id", "endpoint_id", name=op.f("uq_delivery_digest_id_endpoint_id")),
    )
    op.create_index("ix_delivery_due", "delivery", ["state", "next_attempt_at"], unique=False)


def _attempt() -> None:
    op.create_table(
        "attempt",
        sa.Column("id", ID, nullable=False),
        sa.Column("delivery_id", sa.Text(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("begun_at", Instant(), nullable=False),
        sa.Column("finished_at", Instant()),
        sa.Column("outcome", sa.Text()),
        sa.Column("detail", sa.Text()),
        sa.ForeignKeyConstraint(["delivery_id"], ["delivery.id"], name=op.f("fk_attempt_delivery_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
        sa.UniqueConstraint("delivery_id", "n", name=op.f("uq_attempt_delivery_id_n")),
    )


def _action() -> None:
    op.create_table(
        "action",
        sa.Column("id", ID, nullable=False),
        sa.Column("policy_id", ID, nullable=False),
        sa.Column("flag_id", ID),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["flag_id"], ["flag.id"], name=op.f("fk_action_flag_id")),
        sa.ForeignKeyConstraint(["policy_id"], ["policy.id"], name=op.f("fk_action_policy_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_action")),
        sa.UniqueConstraint("flag_id", "policy_id", name=op.f("uq_action_flag_id_policy_id")),
        sa.UniqueConstraint("policy_id", "key", name=op.f("uq_action_policy_id_key")),
    )


def _decision() -> None:
    op.create_table(
        "decision",
        sa.Column("id", ID, nullable=False),
        sa.Column("flag_id", ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("note", sa.Text()),
        sa.ForeignKeyConstraint(["flag_id"], ["flag.id"], name=op.f("fk_decision_flag_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
        sa.UniqueConstraint("flag_id", "version", name=op.f("uq_decision_flag_id_version")),
    )


def _action_revision() -> None:
    op.create_table(
        "action_revision",
        sa.Column("id", ID, nullable=False),
        sa.Column("action_id", ID, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("record", json_type(), nullable=False),
        sa.ForeignKeyConstraint(["action_id"], ["action.id"], name=op.f("fk_action_revision_action_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_action_revision")),
        sa.UniqueConstraint("action_id", "seq", name=op.f("uq_action_revision_action_id_seq")),
    )


def _event() -> None:
    op.create_table(
        "event",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("available_at", Instant(), nullable=False),
        sa.Column("withdrawn_at", Instant()),
        sa.Column("policy_id", ID, nullable=False),
        sa.Column("action_id", ID),
        sa.Column("decision_id", ID),
        sa.Column("policy_keys", json_type(), nullable=False),
        sa.Column("topics", json_type(), nullable=False),
        sa.Column("agencies", json_type(), nullable=False),
        sa.Column("data", json_type(), nullable=False),
        sa.CheckConstraint("seq > 0", name=op.f("ck_event_counted")),
        sa.ForeignKeyConstraint(["action_id"], ["action.id"], name=op.f("fk_event_action_id")),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"], name=op.f("fk_event_decision_id")),
        sa.ForeignKeyConstraint(["policy_id"], ["policy.id"], name=op.f("fk_event_policy_id")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_event")),
        sa.UniqueConstraint("id", name=op.f("uq_event_id")),
    )
    op.create_index(op.f("ix_event_action_id"), "event", ["action_id"], unique=False)
    op.create_index(op.f("ix_event_decision_id"), "event", ["decision_id"], unique=False)


def _digest_item() -> None:
    op.create_table(
        "digest_item",
        sa.Column("subscription_id", sa.Text(), nullable=False),
        sa.Column("event_seq", sa.BigInteger(), nullable=False),
        sa.Column("digest_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["digest_id"], ["digest.id"], name=op.f("fk_digest_item_digest_id")),
        sa.ForeignKeyConstraint(["event_seq"], ["event.seq"], name=op.f("fk_digest_item_event_seq")),
        sa.ForeignKeyConstraint(["subscription_id"], ["subscription.id"], name=op.f("fk_digest_item_subscription_id")),
        sa.PrimaryKeyConstraint("subscription_id", "event_seq", name=op.f("pk_digest_item")),
    )
    op.create_index(op.f("ix_digest_item_digest_id"), "digest_item", ["digest_id"], unique=False)
    op.create_index("ix_digest_item_event", "digest_item", ["event_seq"], unique=False)
