"""Retention: old bytes of the archive are given up, but for those that an action, a decision or a flag rests on.

The snapshot's row and its link stay, so that the chain can still be followed; ``pruned_at`` tells given up from lost.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, delete, or_, select, update

from monitor.core.urls import canonical_url
from monitor.store import schema as s
from monitor.store.database import Tx

EVERY = timedelta(days=1)  # a source is looked at
_NEWEST = 2  # of a source always keep their bytes, so that a change can be shown against what was there
_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Keep:
    """What keeps its bytes: snapshots younger than ``age`` that are among the newest ``count`` of their source."""

    age: timedelta
    count: int


@dataclass(frozen=True, slots=True)
class Pruned:
    """One step: how many snapshots gave their bytes up; ``last`` is the place to go on after, None at the end."""

    snapshots: int
    last: int | None


def sources_to_prune(tx: Tx, *, now: datetime, limit: int) -> list[str]:
    """The sources that were not looked at for a day, the longest first."""
    due = or_(s.chain_head.c.pruned_at.is_(None), s.chain_head.c.pruned_at < now - EVERY)
    query = (
        select(s.chain_head.c.source_id)
        .where(due)
        .order_by(s.chain_head.c.pruned_at.nulls_first(), s.chain_head.c.source_id)
    )
    return list(tx.execute(query.limit(limit)).scalars())


def cited_urls(tx: Tx) -> frozenset[str]:
    """The canonical addresses of every document that an action ever cited."""
    url = s.action_revision.c.record["document_url"].as_string()
    found = tx.execute(select(url).where(url.is_not(None)).distinct()).scalars()
    return frozenset(canonical_url(each) for each in found)


def prune(tx: Tx, source_id: str, *, now: datetime, keep: Keep, after: int) -> Pruned:
    """Give up the bytes of a few of a source's snapshots beyond the place ``after`` that need not keep them."""
    found = _candidates(tx, source_id, now=now, keep=keep, after=after)
    chosen = _uncited(tx, found)
    if chosen:
        ids = [row["id"] for row in chosen]
        tx.execute(update(s.snapshot).where(s.snapshot.c.id.in_(ids)).values(pruned_at=now))
        _delete_unneeded(tx, {row["sha256"] for row in chosen})
    if len(found) == _AT_ONCE:
        return Pruned(len(chosen), found[-1]["place"])
    tx.execute(update(s.chain_head).where(s.chain_head.c.source_id == source_id).values(pruned_at=now))
    return Pruned(len(chosen), None)


def _candidates(tx: Tx, source_id: str, *, now: datetime, keep: Keep, after: int) -> Sequence[RowMapping]:
    """Old ones whose bytes are there: what is lost stays lost, and is no work of retention."""
    last: int = tx.execute(select(s.chain_head.c.place).where(s.chain_head.c.source_id == source_id)).scalar_one()
    old = or_(s.snapshot.c.at < now - keep.age, s.snapshot.c.place <= last - keep.count)
    columns = (s.snapshot.c[name] for name in ("id", "place", "url", "sha256"))
    query = (
        select(*columns)
        .join(s.blob, s.blob.c.sha256 == s.snapshot.c.sha256)
        .where(s.snapshot.c.source_id == source_id, s.snapshot.c.pruned_at.is_(None))
        .where(s.snapshot.c.place > after, s.snapshot.c.place <= last - _NEWEST, old, ~_flagged())
        .order_by(s.snapshot.c.place)
        .limit(_AT_ONCE)
    )
    return tx.execute(query).mappings().all()


def _flagged() -> ColumnElement[bool]:
    """Whether words of this snapshot belong to a story that was put before an editor, whatever came of it."""
    stories = (
        select(s.flag.c.id)
        .join(s.story_revision, s.story_revision.c.story_id == s.flag.c.story_id)
        .join(s.revision, s.revision.c.id == s.story_revision.c.revision_id)
        .where(s.revision.c.snapshot_id == s.snapshot.c.id)
    )
    return stories.exists()


def _uncited(tx: Tx, rows: Sequence[RowMapping]) -> list[RowMapping]:
    """Without those that are a document that an action cites, or that an item stands in which links to one."""
    if not rows:
        return []
    cited = cited_urls(tx)
    ids = [row["id"] for row in rows]
    links = (
        select(s.revision.c.snapshot_id, s.revision.c.url)
        .where(s.revision.c.snapshot_id.in_(ids), s.revision.c.url.is_not(None))
        .distinct()
    )
    linking = {id for id, url in tx.execute(links).all() if canonical_url(url) in cited}
    return [row for row in rows if row["id"] not in linking and canonical_url(row["url"]) not in cited]


def _delete_unneeded(tx: Tx, hashes: Collection[str]) -> None:
    """Delete these bytes, unless another snapshot or an article needs them.

    First they are locked, so that whoever is about to need them has committed, and is seen by the next statement.
    """
    these: Any = s.blob.c.sha256.in_(sorted(hashes))
    tx.execute(select(s.blob.c.sha256).where(these).order_by(s.blob.c.sha256).with_for_update()).all()
    needed = select(s.snapshot.c.id).where(s.snapshot.c.sha256 == s.blob.c.sha256, s.snapshot.c.pruned_at.is_(None))
    article = select(s.article.c.id).where(s.article.c.blob_sha256 == s.blob.c.sha256)
    tx.execute(delete(s.blob).where(these, ~needed.exists(), ~article.exists()))
