"""Room 1: which sources are due, and who has claimed them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from monitor.model.source import Source, Validators
from monitor.store import schema as s
from monitor.store.database import Tx
from monitor.store.sources import source_from_config


@dataclass(frozen=True, slots=True)
class Claim:
    """A source that this worker may poll until its lease runs out. ``token`` fences the result."""

    source: Source
    token: str
    validators: Validators
    body_sha256: str | None
    full_at: datetime | None
    seeded: bool
    failures: int


def claim_due(
    tx: Tx,
    *,
    now: datetime,
    limit: int,
    lease: timedelta,
    min_gap: timedelta,
    per_host: int,
    new_token: Callable[[], str],
    only: Collection[str] | None = None,
) -> list[Claim]:
    """T1: claim up to ``limit`` due sources, at most ``per_host`` at one host and one start every ``min_gap`` there."""
    claims: list[Claim] = []
    due = select(s.source).where(_is_due(now, only)).order_by(s.source.c.next_poll_at, s.source.c.id)
    for row in tx.execute(due.with_for_update(skip_locked=True)).mappings():
        if len(claims) == limit:
            break
        if not _claim_host(tx, row["host"], now=now, min_gap=min_gap, per_host=per_host):
            continue
        token = new_token()
        tx.execute(update(s.source).where(s.source.c.id == row["id"]).values(claim=token, lease_until=now + lease))
        claims.append(
            Claim(
                source=source_from_config(row["config"]),
                token=token,
                validators=Validators(row["etag"], row["last_modified"]),
                body_sha256=row["body_sha256"],
                full_at=row["full_at"],
                seeded=row["seeded_at"] is not None,
                failures=row["failures"],
            )
        )
    return claims


def _is_due(now: datetime, only: Collection[str] | None) -> ColumnElement[bool]:
    conditions = [
        s.source.c.retired_at.is_(None),
        s.source.c.paused_at.is_(None),
        s.source.c.next_poll_at <= now,
        or_(s.source.c.claim.is_(None), s.source.c.lease_until < now),
    ]
    if only is not None:
        conditions.append(s.source.c.id.in_(only))
    return and_(*conditions)


def _claim_host(tx: Tx, key: str, *, now: datetime, min_gap: timedelta, per_host: int) -> bool:
    insert = postgresql.insert if tx.dialect.name == "postgresql" else sqlite.insert
    tx.execute(insert(s.host).values(key=key, next_at=now).on_conflict_do_nothing())
    free = tx.execute(
        update(s.host).where(s.host.c.key == key, s.host.c.next_at <= now).values(next_at=now + min_gap)
    ).rowcount
    if not free:
        return False
    # The update holds the host's row lock until commit, so nobody counts at the same time.
    busy = and_(s.source.c.host == key, s.source.c.claim.is_not(None), s.source.c.lease_until >= now)
    return tx.execute(select(func.count()).select_from(s.source).where(busy)).scalar_one() < per_host


def next_start(tx: Tx, *, now: datetime, only: Collection[str] | None = None) -> datetime | None:
    """When the next due source's host may be asked again; None when no source is due at ``now``."""
    query = (
        select(s.host.c.next_at)
        .select_from(s.source)
        .outerjoin(s.host, s.host.c.key == s.source.c.host)
        .where(_is_due(now, only))
    )
    starts: list[datetime | None] = list(tx.execute(query).scalars())
    return min((start or now for start in starts), default=None)  # a host without a row was never asked


def make_due(tx: Tx, *, now: datetime, only: Sequence[str] | None = None) -> int:
    """Make every live source (or ``only`` these) due now; the number of them."""
    query = update(s.source).where(s.source.c.retired_at.is_(None), s.source.c.paused_at.is_(None))
    if only is not None:
        query = query.where(s.source.c.id.in_(only))
    return tx.execute(query.values(next_poll_at=now)).rowcount


def release_claims(tx: Tx) -> int:
    """Take over a dead holder's leases: only for the one worker that holds the workspace's lock (SQLite)."""
    return tx.execute(
        update(s.source).where(s.source.c.claim.is_not(None)).values(claim=None, lease_until=None)
    ).rowcount


def next_moment(tx: Tx, *, now: datetime) -> datetime | None:
    """The next moment at which a poll, a held event or a delivery falls due; None when nothing ever does."""
    waiting = s.delivery.c.state.in_(("pending", "deferred"))
    queries = (
        select(func.min(s.source.c.next_poll_at)).where(
            s.source.c.retired_at.is_(None), s.source.c.paused_at.is_(None)
        ),
        select(func.min(s.event.c.available_at)).where(s.event.c.available_at > now, s.event.c.withdrawn_at.is_(None)),
        select(func.min(s.delivery.c.next_attempt_at)).where(waiting),
    )
    moments = [moment for query in queries if (moment := tx.execute(query).scalar_one()) is not None]
    return min(moments, default=None)
