"""Room 4 as people read it: what changed on the sources."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select

from monitor.store import schema as s
from monitor.store.database import Tx


def list_changes(tx: Tx, *, since: datetime | None = None, source_id: str | None = None) -> list[dict[str, Any]]:
    """What changed on the sources, oldest first (CONTRACT, ``changes``)."""
    query = (
        select(s.change, s.revision.c.title, s.revision.c.url, s.revision.c.entry_id)
        .join(s.revision, s.revision.c.id == s.change.c.revision_id)
        .order_by(s.change.c.seq)
    )
    if since is not None:
        query = query.where(s.change.c.at >= since)
    if source_id is not None:
        query = query.where(s.change.c.source_id == source_id)
    return [dict(row) for row in tx.execute(query).mappings()]
