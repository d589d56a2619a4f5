"""The table of watches that were proposed for what policies cite."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Table, Text, UniqueConstraint

from monitor.store.types import Id, Instant, json_type, metadata

proposal = Table(
    "proposal",
    metadata,
    Column("id", Id, primary_key=True),
    Column("policy_id", Id, ForeignKey("policy.id"), nullable=False),
    Column("key", Text, nullable=False),  # what is watched: canonical address
    Column("kind", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("voice", Text, nullable=False),
    Column("why", json_type(), nullable=False),  # [[what is cited, where]]
    Column("state", Text, nullable=False),
    Column("proposed_at", Instant, nullable=False),
    Column("decided_at", Instant),
    Column("actor", Text),
    Column("source_id", Text),  # the entry of sources.yaml that an accepted one became; its row follows the file
    UniqueConstraint("policy_id", "key"),  # a watch is proposed once for a policy, whatever was decided on it
    Index("ix_proposal_state", "state", "id"),
)
