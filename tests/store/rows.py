"""Rows that the store's tests begin with."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import TypeVar

from monitor.core.archive import packed
from monitor.model.flag import Match, Reason, ReasonKind
from monitor.model.policy import ActionRecord, PolicyRecord
from monitor.model.source import Fetched, Item, Kept, Source, SourceKind
from monitor.store.database import Database, Tx
from monitor.store.policies import StoredPolicy, create_policy
from monitor.store.polls import NewEntry, PollCounts, PollRecord, record_poll
from monitor.store.schedule import Claim, claim_due
from monitor.store.sources import sync_sources

T = TypeVar("T")
NOW = datetime(2025, 10, 6, 9, 0, tzinfo=UTC)
LEASE = timedelta(minutes=5)
MATCH = Match("https://tracker.example/policies/a", "A", 0.9, True, (Reason(ReasonKind.ALIAS, "Flock", "Flock"),))
FIRST_POLICY = PolicyRecord(url="https://tracker.example/policies/first", title="The first", tracker_id=1)
_numbers = count(1)


def a_source(id: str = "news", url: str = "https://news.example/feed") -> Source:
    return Source(id, id.title(), url, SourceKind.FEED)


def sources(db: Database, *these: Source, now: datetime = NOW) -> None:
    db.write_blocking(lambda tx: sync_sources(tx, these, now=now))


def claims(
    tx: Tx,
    now: datetime = NOW,
    *,
    limit: int = 10,
    min_gap: timedelta = timedelta(),
    per_host: int = 1,
    only: tuple[str, ...] | None = None,
) -> list[Claim]:
    return claim_due(
        tx,
        now=now,
        limit=limit,
        lease=LEASE,
        min_gap=min_gap,
        per_host=per_host,
        new_token=lambda: f"token{next(_numbers)}",
        only=only,
    )


def a_policy(db: Database, url: str = MATCH.policy, tracker_id: int = 1777) -> StoredPolicy:
    record = PolicyRecord(url=url, title="A", tracker_id=tracker_id)
    return db.write_blocking(lambda tx: create_policy(tx, record, slug=url.rpartition("/")[2], at=NOW, actor="test"))


def an_action_record(title: str = "2025.10.06 Something") -> ActionRecord:
    return ActionRecord("Subsequent", date(2025, 10, 6), title)


def an_entry(key: str, title: str = "Police end their Flock contract today", *flags: Match) -> NewEntry:
    item = Item(key=key, title=title, text="Words.", url=f"https://news.example/{key}")
    return NewEntry(item, f"print of {key}", item.url, title.lower(), flags)


def a_document(claim: Claim, *keys: str, body: bytes = b"") -> Kept:
    """What these items stand in."""
    body = body or "".join(keys).encode()
    fetched = Fetched(claim.source.url, 200, body, {"content-type": "text/plain"})
    return Kept(fetched, packed(body), frozenset(keys))


def a_poll(claim: Claim, *entries: NewEntry, at: datetime = NOW, seeded: bool = True) -> PollRecord:
    document = a_document(claim, *(entry.item.key for entry in entries))
    return PollRecord(
        source_id=claim.source.id,
        token=claim.token,
        at=at,
        next_poll_at=at + timedelta(hours=1),
        seeded=seeded,
        whole=True,
        fetched=document.fetched,
        kept=(document,) if entries else (),
        body_sha256="f" * 64,
        new=entries,
    )


def polled(db: Database, *entries: NewEntry, source: Source | None = None, seeded: bool = True) -> PollCounts:
    """Claim the source and store one poll of it."""
    sources(db, source or a_source())
    (claim,) = db.write_blocking(claims)
    return db.write_blocking(lambda tx: record_poll(tx, replace(a_poll(claim, *entries), seeded=seeded)))


def together(*works: Callable[[], T]) -> list[T | Exception]:
    """Run these in threads that start at the same moment; what each gave or raised."""
    barrier = threading.Barrier(len(works))

    def run(work: Callable[[], T]) -> T | Exception:
        barrier.wait()
        try:
            return work()
        except Exception as error:
            return error

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))
