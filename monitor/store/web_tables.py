"""The tables of the web's own: links to log in by, and sessions. Part of ``schema``."""

from __future__ import annotations

from sqlalchemy import Column, Table, Text

from monitor.store.types import Instant, metadata

login_link = Table(
    "login_link",
    metadata,
    Column("token_sha256", Text, primary_key=True),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant),
)

session = Table(
    "session",
    metadata,
    Column("token_sha256", Text, primary_key=True),
    Column("created_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("csrf", Text, nullable=False),
)
