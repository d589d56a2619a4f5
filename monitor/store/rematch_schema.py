"""The table of policies for which stored words are to be matched again."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Table

from monitor.store.types import Id, Instant, metadata

rematch = Table(
    "rematch",
    metadata,
    Column("policy_id", Id, ForeignKey("policy.id"), primary_key=True),
    Column("asked_at", Instant, nullable=False),
    Column("reached", Id, nullable=False),  # the last revision that was matched again; its row goes with the last one
)
