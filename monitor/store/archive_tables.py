"""The tables of the archive beside ``snapshot``: bytes by their hash, and each chain's end. Part of ``schema``."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, Table, Text

from monitor.store.types import Instant, metadata

blob = Table(  # the bytes of fetched documents, under the hash of what they were before the codec
    "blob",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("codec", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("size", Integer, nullable=False),  # before the codec
    Column("stored_at", Instant, nullable=False),
)

chain_head = Table(  # locked by whoever chains a snapshot, so that a source's snapshots are one line
    "chain_head",
    metadata,
    Column("source_id", Text, ForeignKey("source.id"), primary_key=True),
    Column("place", Integer, nullable=False),  # of the last snapshot
    Column("chain", Text, nullable=False),
    Column("pruned_at", Instant),  # when retention last looked at this source
    Index("ix_chain_head_pruned", "pruned_at"),
)
