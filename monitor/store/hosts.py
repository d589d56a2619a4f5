"""When a host may be asked again: what its server demanded of all who ask, whichever source it was told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.dialects import postgresql, sqlite

from monitor.store import schema as s
from monitor.store.database import Tx


@dataclass(frozen=True, slots=True)
class Hold:
    """No request to ``host`` (host:port) starts before ``until``."""

    host: str
    until: datetime


def hold_hosts(tx: Tx, holds: Iterable[Hold]) -> None:
    """Let nothing be claimed of these hosts until their time has come; a longer wait that stands already stays."""
    insert = postgresql.insert if tx.dialect.name == "postgresql" else sqlite.insert
    for hold in sorted(holds, key=lambda each: each.host):
        values = {"key": hold.host, "next_at": hold.until}
        tx.execute(insert(s.host).values(values).on_conflict_do_nothing())
        sooner = (s.host.c.key == hold.host) & (s.host.c.next_at < hold.until)
        tx.execute(update(s.host).where(sooner).values(next_at=hold.until))
