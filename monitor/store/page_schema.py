"""Tables of watched pages: what is believed of each, what is held until its host's pass ends, and what is noise."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Table, Text, UniqueConstraint

from monitor.store.types import Id, Instant, json_type, metadata

page = Table(
    "page",
    metadata,
    Column("source_id", Text, ForeignKey("source.id"), primary_key=True),
    Column("host", Text, nullable=False, index=True),
    Column("blocks", json_type(), nullable=False),  # as last told
    Column("at", Instant, nullable=False),  # when they were fetched
    Column("held", json_type(none_as_null=True)),  # a confirmed change that waits for what the host's other pages say
    Column("held_at", Instant, index=True),
)

control_page = Table(  # pages that nobody watches, of hosts with few that are: what changes there too is frame
    "control_page",
    metadata,
    Column("source_id", Text, ForeignKey("source.id"), primary_key=True),
    Column("url", Text, primary_key=True),
    Column("blocks", json_type(), nullable=False),
    Column("at", Instant, nullable=False),
)

suppression = Table(
    "suppression",
    metadata,
    Column("id", Id, primary_key=True),
    Column("host", Text, nullable=False),
    Column("key", Text, nullable=False),  # a hash of the pattern
    Column("pattern", json_type(), nullable=False),
    Column("weights", json_type(), nullable=False),  # page -> how much it has shown; "*": all pages at once
    Column("first_at", Instant, nullable=False),
    Column("last_at", Instant, nullable=False),
    Column("struck_at", Instant),  # an editor took it back
    UniqueConstraint("host", "key"),
)

host_note = Table(  # one change on many pages of a host
    "host_note",
    metadata,
    Column("id", Id, primary_key=True),
    Column("host", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("come", json_type(), nullable=False),
    Column("gone", json_type(), nullable=False),
    Column("words", json_type(), nullable=False),  # the same lines without their noise: a page that follows late joins
    Column("pages", json_type(), nullable=False),  # ids of sources
    Column("told", Boolean, nullable=False),  # as a change; else the frame turned over, as it does
    Index("ix_host_note_host", "host", "at"),
)
