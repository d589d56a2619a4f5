"""The articles behind entries' links: wanted in T2, claimed and settled each in a transaction of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, Select, and_, bindparam, func, insert, or_, select, update

from monitor.core.urls import canonical_url
from monitor.errors import LostClaim
from monitor.model.article import ArticleState, Blob
from monitor.model.flag import FlagState, Match
from monitor.model.source import Source
from monitor.store import schema as s
from monitor.store.archive import store_blob
from monitor.store.database import Tx
from monitor.store.flags import raise_flags, scored
from monitor.store.hosts import Hold, hold_hosts
from monitor.store.schedule import room_at, start_at
from monitor.store.sources import host_key, source_from_config

SAME_PAGE = timedelta(days=7)
"""How long what was read at an address stands for it (POLLING 11, the window of one story): later it may hold more."""

_NOW = bindparam("now", type_=s.article.c.due_at.type)
_SINCE = bindparam("since", type_=s.article.c.settled_at.type)
_WANTED = ArticleState.WANTED.value


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an article. ``blob``: its bytes in the archive, by their hash."""

    state: ArticleState
    found_url: str | None = None
    title: str | None = None
    text: str | None = None
    blob: str | None = None
    error: str | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class ArticleClaim:
    """An article that this worker may read until its lease runs out, with the words of the entry that links to it.

    ``known``: what came of the same address before, so that it is not asked again.
    """

    id: int
    token: str
    url: str
    attempts: int
    source: Source
    story_id: int
    revision_id: int
    title: str
    text: str
    published: datetime | None
    publisher: str | None
    known: Outcome | None


@dataclass(frozen=True, slots=True)
class ArticleRecord:
    """Everything that one reading changes. ``due_at``: when to try again; None where the outcome is final.

    ``holds``: what servers demanded of all who ask their hosts.
    """

    claim: ArticleClaim
    at: datetime
    outcome: Outcome
    due_at: datetime | None = None
    blob: Blob | None = None
    matches: tuple[Match, ...] = ()
    holds: tuple[Hold, ...] = ()


@dataclass(frozen=True, slots=True)
class StoredArticle:
    """An entry's article as an editor sees it."""

    state: ArticleState
    url: str
    title: str | None
    text: str | None
    error: str | None
    detail: str | None


def want_article(tx: Tx, at: datetime, revision_id: int, url: str | None) -> None:
    """The entry's article is to be read; nothing where ``url`` is None. For T2, which has just stored the entry."""
    if url is None:
        return
    entry = select(s.revision.c.entry_id).where(s.revision.c.id == revision_id).scalar_subquery()
    values = {"url": url, "canonical_url": canonical_url(url), "host": host_key(url), "state": _WANTED, "due_at": at}
    tx.execute(insert(s.article).values(entry_id=entry, **values))


def claim_articles(
    tx: Tx,
    *,
    now: datetime,
    limit: int,
    lease: timedelta,
    min_gap: timedelta,
    per_host: int,
    new_token: Callable[[], str],
    only: Collection[str] | None = None,
) -> list[ArticleClaim]:
    """Claim up to ``limit`` due articles (of the sources ``only``), with the peace of hosts that polls keep too.

    Of several that lead to one address the oldest is claimed; the others wait for what comes of it.
    """
    query = _candidates() if only is None else _candidates().where(s.source.c.id.in_(only))
    asked = {"now": now, "since": now - SAME_PAGE, "most": limit}
    rows = tx.execute(query, asked).mappings().all()
    chosen = _with_room(tx, rows, now=now, min_gap=min_gap, per_host=per_host)
    return [_claimed(tx, row, new_token(), now + lease) for row in chosen]


def _with_room(
    tx: Tx, rows: Sequence[RowMapping], *, now: datetime, min_gap: timedelta, per_host: int
) -> list[RowMapping]:
    asking = [row for row in rows if row["known_state"] is None]
    hosts = {row["host"]: row["host_next_at"] for row in asking}
    room = room_at(tx, hosts, now=now, per_host=per_host) if asking else {}
    chosen = []
    for row in asking:
        if room.get(row["host"], 0) > 0:
            room[row["host"]] = 0 if min_gap else room[row["host"]] - 1
            chosen.append(row)
    if chosen:
        start_at(tx, {row["host"] for row in chosen}, next_at=now + min_gap)
    return chosen + [row for row in rows if row["known_state"] is not None]


@cache
def _candidates() -> Select[Any]:
    known = s.article.alias("known")
    told = (
        select(func.max(s.revision.c.id))
        .join(s.story_revision, s.story_revision.c.revision_id == s.revision.c.id)
        .where(s.revision.c.entry_id == s.entry.c.id)
        .scalar_subquery()
    )
    words = (s.revision.c.title, s.revision.c.text, s.revision.c.published, s.revision.c.publisher)
    names = ("state", "found_url", "title", "text", "blob_sha256", "error", "detail")
    return (
        select(
            *(s.article.c.id, s.article.c.url, s.article.c.host, s.article.c.attempts, s.source.c.config),
            *(s.revision.c.id.label("revision_id"), s.story_revision.c.story_id, *words),
            *(known.c[name].label(f"known_{name}") for name in names),
            s.host.c.next_at.label("host_next_at"),
        )
        .select_from(s.article)
        .join(s.entry, s.entry.c.id == s.article.c.entry_id)
        .join(s.source, s.source.c.id == s.entry.c.source_id)
        .join(s.revision, s.revision.c.id == told)
        .join(s.story_revision, s.story_revision.c.revision_id == s.revision.c.id)
        .outerjoin(known, known.c.id == _latest_known())
        .outerjoin(s.host, s.host.c.key == s.article.c.host)
        .where(_is_due(_NOW))
        .where(or_(known.c.id.is_not(None), s.host.c.next_at.is_(None), s.host.c.next_at <= _NOW))
        .order_by(s.article.c.due_at, s.article.c.id)
        .limit(bindparam("most"))
        .with_for_update(of=s.article, skip_locked=True)
    )


def _latest_known() -> Any:
    each = s.article.alias("each")
    settled = (each.c.state != _WANTED) & (each.c.settled_at >= _SINCE)
    same = each.c.canonical_url == s.article.c.canonical_url
    return select(func.max(each.c.id)).where(same, settled).correlate(s.article).scalar_subquery()


def _is_due(now: Any) -> ColumnElement[bool]:
    """Of a live source, its time has come, nobody reads it, and no older one that leads to the same address waits."""
    older, entry, source = s.article.alias("older"), s.entry.alias("older_entry"), s.source.alias("older_source")
    waits = (
        select(older.c.id)
        .join(entry, entry.c.id == older.c.entry_id)
        .join(source, source.c.id == entry.c.source_id)
        .where(older.c.canonical_url == s.article.c.canonical_url, older.c.id < s.article.c.id)
        .where(older.c.state == _WANTED, source.c.retired_at.is_(None), source.c.paused_at.is_(None))
        .correlate(s.article)
    )
    return and_(
        s.article.c.state == _WANTED,
        s.article.c.due_at <= now,
        or_(s.article.c.claim.is_(None), s.article.c.lease_until < now),
        s.source.c.retired_at.is_(None),
        s.source.c.paused_at.is_(None),
        ~waits.exists(),
    )


def _claimed(tx: Tx, row: RowMapping, token: str, until: datetime) -> ArticleClaim:
    tx.execute(update(s.article).where(s.article.c.id == row["id"]).values(claim=token, lease_until=until))
    return ArticleClaim(
        id=row["id"],
        token=token,
        url=row["url"],
        attempts=row["attempts"],
        source=source_from_config(row["config"]),
        story_id=row["story_id"],
        revision_id=row["revision_id"],
        title=row["title"],
        text=row["text"],
        published=row["published"],
        publisher=row["publisher"],
        known=_known(row),
    )


def _known(row: RowMapping) -> Outcome | None:
    if row["known_state"] is None:
        return None
    names = ("found_url", "title", "text", "blob_sha256", "error", "detail")
    return Outcome(ArticleState(row["known_state"]), *(row[f"known_{name}"] for name in names))


def next_article(tx: Tx, *, now: datetime, only: Collection[str] | None = None) -> datetime | None:
    """When the next due article's host may be asked again; None when no article is due at ``now``."""
    query = (
        select(func.min(func.coalesce(s.host.c.next_at, now)))
        .select_from(s.article)
        .join(s.entry, s.entry.c.id == s.article.c.entry_id)
        .join(s.source, s.source.c.id == s.entry.c.source_id)
        .outerjoin(s.host, s.host.c.key == s.article.c.host)
        .where(_is_due(now))
    )
    if only is not None:
        query = query.where(s.source.c.id.in_(only))
    start: datetime | None = tx.execute(query).scalar_one()
    return start


def record_article(tx: Tx, record: ArticleRecord) -> int:
    """Settle an article, or note when to try again; how many flags its text raised.

    Raises LostClaim (and so stores nothing) when another worker took it over.
    """
    claim, outcome = record.claim, record.outcome
    if record.blob is not None:
        store_blob(tx, record.blob, at=record.at)
    final = outcome.state is not ArticleState.WANTED
    values = {
        "state": outcome.state.value,
        "due_at": record.due_at,
        "attempts": claim.attempts + (claim.known is None),
        "claim": None,
        "lease_until": None,
        "settled_at": record.at if final else None,
        "found_url": outcome.found_url,
        "blob_sha256": outcome.blob,
        "title": outcome.title,
        "text": outcome.text,
        "error": outcome.error,
        "detail": outcome.detail,
    }
    fence = (s.article.c.id == claim.id) & (s.article.c.claim == claim.token)
    if not tx.execute(update(s.article).where(fence).values(**values)).rowcount:
        raise LostClaim(f"article {claim.id}: another worker took it over; what this one read was discarded")
    hold_hosts(tx, record.holds)
    return _tell(tx, record)


def _tell(tx: Tx, record: ArticleRecord) -> int:
    """Raise what is new on the entry's story; what its teaser raised keeps the better score with its reasons."""
    claim = record.claim
    urls = [match.policy for match in record.matches]
    if not urls:
        return 0
    policies = dict(tx.execute(select(s.policy.c.url, s.policy.c.id).where(s.policy.c.url.in_(urls))).all())
    raised = len(raise_flags(tx, record.at, claim.story_id, claim.revision_id, record.matches, policies))
    entry = select(s.revision.c.entry_id).where(s.revision.c.id == claim.revision_id).scalar_subquery()
    words = select(s.revision.c.id).where(s.revision.c.entry_id == entry)
    own = (s.flag.c.story_id == claim.story_id) & s.flag.c.revision_id.in_(words)
    for match in record.matches:
        here = own & (s.flag.c.policy_id == policies.get(match.policy)) & (s.flag.c.score < match.score)
        tx.execute(update(s.flag).where(here, s.flag.c.state == FlagState.OPEN.value).values(**scored(match)))
    return raised


def release_articles(tx: Tx) -> int:
    """Take over a dead holder's leases: only for the one worker that holds the workspace's lock (SQLite)."""
    held = (s.article.c.state == _WANTED) & s.article.c.claim.is_not(None)
    return tx.execute(update(s.article).where(held).values(claim=None, lease_until=None)).rowcount


def article_of(tx: Tx, revision_id: int) -> StoredArticle | None:
    """The article of the entry that a revision is of."""
    columns = (s.article.c[name] for name in ("state", "url", "title", "text", "error", "detail"))
    query = (
        select(*columns)
        .join(s.revision, s.revision.c.entry_id == s.article.c.entry_id)
        .where(s.revision.c.id == revision_id)
    )
    row = tx.execute(query).mappings().first()
    return None if row is None else StoredArticle(**{**row, "state": ArticleState(row["state"])})


def count_articles(tx: Tx) -> Counter[ArticleState]:
    """How many articles of the live sources are in each state."""
    query = (
        select(s.article.c.state, func.count())
        .join(s.entry, s.entry.c.id == s.article.c.entry_id)
        .join(s.source, s.source.c.id == s.entry.c.source_id)
        .where(s.source.c.retired_at.is_(None))
        .group_by(s.article.c.state)
    )
    return Counter({ArticleState(state): count for state, count in tx.execute(query)})
