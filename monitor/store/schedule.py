"""Room 1: which sources are due, and who has claimed them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Integer,
    Select,
    Text,
    and_,
    bindparam,
    func,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from monitor.core.habits import NO_HABITS, Habits
from monitor.core.health import UNKNOWN_EXTENT, Extent
from monitor.model.article import ArticleState
from monitor.model.source import NO_WAIT, Source, Validators, Wait
from monitor.store import schema as s
from monitor.store.database import Tx
from monitor.store.habits import COLUMNS, habits_from_values
from monitor.store.prepared import Prepared
from monitor.store.sources import source_from_config, wait_from_json

_NOW = bindparam("now", type_=s.source.c.next_poll_at.type)
_CLAIMED = (
    s.source.c.id,
    s.source.c.host,
    s.source.c.config,
    s.source.c.etag,
    s.source.c.last_modified,
    s.source.c.body_sha256,
    s.source.c.full_at,
    s.source.c.seeded_at,
    s.source.c.failures,
    s.source.c["items"],  # not the method of the collection
    s.source.c.items_most,
    s.source.c.shrunk_at,
    s.source.c.truncated_at,
    s.source.c.wait,
    s.source.c.succeeded_at,
    s.source.c.changed_at,
)


class _Due(NamedTuple):
    """A row of the candidates: the columns of ``_CLAIMED`` and two more, in their order, and those of its habits."""

    id: str
    host: str
    config: dict[str, Any]
    etag: str | None
    last_modified: str | None
    body_sha256: str | None
    full_at: datetime | None
    seeded_at: datetime | None
    failures: int
    items: int | None
    items_most: int | None
    shrunk_at: datetime | None
    truncated_at: datetime | None
    wait: Any
    succeeded_at: datetime | None
    changed_at: datetime | None
    marks: dict[str, str] | None
    host_next_at: datetime | None
    habits: Sequence[Any]


def _as_due(row: Sequence[Any]) -> _Due:
    own = len(row) - len(COLUMNS)
    return _Due._make((*row[:own], row[own:]))


@dataclass(frozen=True, slots=True)
class Claim:
    """A source that this worker may poll until its lease runs out. ``token`` fences the result.

    ``extent`` counts its last document's items, ``wait`` is what that asked for; ``marks`` are its entries, as the
    reader made them (``core.read.skim``).
    """

    source: Source
    token: str
    validators: Validators
    body_sha256: str | None
    full_at: datetime | None
    seeded: bool
    failures: int
    extent: Extent = UNKNOWN_EXTENT
    wait: Wait = NO_WAIT
    marks: Mapping[str, str] = field(default_factory=dict)
    succeeded_at: datetime | None = None
    changed_at: datetime | None = None
    habits: Habits = NO_HABITS

    @property
    def address(self) -> str:
        """What is asked: the source's own address, or where it moved to for good."""
        return self.habits.move.url or self.source.url


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
    full: set[str] = set()  # hosts that are asked as often as may be
    while len(claims) < limit:
        rows = _due(tx, now, only, full, limit - len(claims))
        if not rows:
            break
        room = room_at(tx, {row.host: row.host_next_at for row in rows}, now=now, per_host=per_host)
        chosen = []
        for row in rows:
            if room.get(row.host, 0) > 0:
                room[row.host] = 0 if min_gap else room[row.host] - 1
                chosen.append(row)
        full |= {host for host in (row.host for row in rows) if not room.get(host)}
        claims += _claim(tx, chosen, [new_token() for _ in chosen], now=now, lease=lease, min_gap=min_gap)
    return claims


@cache
def _candidates() -> Select[Any]:
    """Due sources, longest due first, whose host may be asked again. Built once: that costs more than running it."""
    return (
        select(*_CLAIMED, s.last_document.c.entries.label("marks"), s.host.c.next_at.label("host_next_at"), *COLUMNS)
        .outerjoin(s.host, s.host.c.key == s.source.c.host)
        .outerjoin(s.last_document, s.last_document.c.source_id == s.source.c.id)
        .where(_is_due(_NOW), or_(s.host.c.next_at.is_(None), s.host.c.next_at <= _NOW))
        .order_by(s.source.c.next_poll_at, s.source.c.id)
        .limit(bindparam("most", type_=Integer))
        .with_for_update(of=s.source, skip_locked=True)
    )


@cache
def _due_at_all() -> Prepared:
    return Prepared(_candidates())


@cache
def _due_elsewhere(hosts: int) -> Prepared:
    return Prepared(_candidates().where(s.source.c.host.not_in(_hosts(hosts))))


def _due(tx: Tx, now: datetime, only: Collection[str] | None, full: Collection[str], most: int) -> Sequence[_Due]:
    asked = {"now": now, "most": most}
    if only is None and not full:
        return [_as_due(row) for row in _due_at_all().rows(tx, asked)]
    if only is None:
        return [_as_due(row) for row in _due_elsewhere(len(full)).rows(tx, asked | _numbered(full))]
    query = _candidates().where(s.source.c.id.in_(only))
    if full:
        query = query.where(s.source.c.host.not_in(full))
    return [_as_due(row) for row in tx.execute(query, asked)]


def _hosts(count: int) -> list[BindParameter[str]]:
    return [bindparam(f"host{number}", type_=Text) for number in range(count)]


@cache
def _free(hosts: int) -> Prepared:
    free = select(s.host.c.key).where(s.host.c.key.in_(_hosts(hosts)), s.host.c.next_at <= _NOW)
    return Prepared(free.with_for_update(skip_locked=True))


@cache
def _busy(hosts: int) -> Prepared:
    """What is asked of each host at this moment: polls, and articles."""
    here = _hosts(hosts)
    leased = s.source.c.claim.is_not(None) & (s.source.c.lease_until >= _NOW)
    polls = select(s.source.c.host).where(s.source.c.host.in_(here), leased)
    leased = (s.article.c.state == ArticleState.WANTED.value) & (s.article.c.lease_until >= _NOW)
    reading = select(s.article.c.host).where(s.article.c.host.in_(here), leased, s.article.c.claim.is_not(None))
    asked = union_all(polls, reading).subquery()
    return Prepared(select(asked.c.host, func.count()).group_by(asked.c.host))


@cache
def _starting(hosts: int) -> Prepared:
    next_at = bindparam("next", type_=s.host.c.next_at.type)
    return Prepared(update(s.host).where(s.host.c.key.in_(_hosts(hosts))).values(next_at=next_at))


@cache
def _leasing() -> Prepared:
    values = {name: bindparam(name, type_=s.source.c[name].type) for name in ("claim", "lease_until")}
    return Prepared(update(s.source).where(s.source.c.id == bindparam("claimed", type_=Text)).values(**values))


def _numbered(hosts: Collection[str]) -> dict[str, str]:
    return {f"host{number}": host for number, host in enumerate(hosts)}


def room_at(tx: Tx, hosts: Mapping[str, datetime | None], *, now: datetime, per_host: int) -> dict[str, int]:
    """How many more claims each host may have; those that another worker is looking at are left out.

    ``hosts`` have the moment from which they may be asked, None where they never were. Their
    rows are locked until commit, so nobody counts at the same time.
    """
    if strangers := {host for host, next_at in hosts.items() if next_at is None}:
        insert = postgresql.insert if tx.dialect.name == "postgresql" else sqlite.insert
        tx.execute(insert(s.host).on_conflict_do_nothing(), [{"key": key, "next_at": now} for key in sorted(strangers)])
    asked = {"now": now, **_numbered(hosts)}
    room = {row[0]: per_host for row in _free(len(hosts)).rows(tx, asked)}
    for host, count in _busy(len(hosts)).rows(tx, asked):
        room[host] = room.get(host, 0) - count
    return room


def start_at(tx: Tx, hosts: Collection[str], *, next_at: datetime) -> None:
    """Something starts at these hosts now: nothing else does before ``next_at``. ``room_at`` holds their rows."""
    _starting(len(hosts)).run(tx, {"next": next_at, **_numbered(hosts)})


def _claim(
    tx: Tx, rows: Sequence[_Due], tokens: Sequence[str], *, now: datetime, lease: timedelta, min_gap: timedelta
) -> list[Claim]:
    if not rows:
        return []
    start_at(tx, {row.host for row in rows}, next_at=now + min_gap)
    until = now + lease
    pairs = list(zip(rows, tokens, strict=True))
    _leasing().run(tx, *({"claimed": row.id, "claim": token, "lease_until": until} for row, token in pairs))
    return [
        Claim(
            source=source_from_config(row.config),
            token=token,
            validators=Validators(row.etag, row.last_modified),
            body_sha256=row.body_sha256,
            full_at=row.full_at,
            seeded=row.seeded_at is not None,
            failures=row.failures,
            extent=Extent(row.items, row.items_most, row.shrunk_at, row.truncated_at),
            wait=wait_from_json(row.wait),
            marks=row.marks or {},
            succeeded_at=row.succeeded_at,
            changed_at=row.changed_at,
            habits=habits_from_values(row.habits),
        )
        for row, token in pairs
    ]


def _is_due(now: datetime | BindParameter[Any]) -> ColumnElement[bool]:
    return and_(
        s.source.c.retired_at.is_(None),
        s.source.c.paused_at.is_(None),
        s.source.c.next_poll_at <= now,
        or_(s.source.c.claim.is_(None), s.source.c.lease_until < now),
    )


def next_start(tx: Tx, *, now: datetime, only: Collection[str] | None = None) -> datetime | None:
    """When the next due source's host may be asked again; None when no source is due at ``now``."""
    earliest = func.min(func.coalesce(s.host.c.next_at, now))  # a host without a row was never asked
    query = (
        select(earliest).select_from(s.source).outerjoin(s.host, s.host.c.key == s.source.c.host).where(_is_due(now))
    )
    if only is not None:
        query = query.where(s.source.c.id.in_(only))
    start: datetime | None = tx.execute(query).scalar_one()
    return start


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
