"""What was stored before a policy, or one of its names, was known: to be matched again, batch after batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, delete, func, or_, select, update

from monitor.model.change import ChangeKind
from monitor.model.flag import Match
from monitor.model.source import WHOLE, Item, SourceKind
from monitor.model.status_words import StatusWords
from monitor.store import schema as s
from monitor.store.database import Tx
from monitor.store.flags import raise_flags
from monitor.store.rematch_schema import rematch
from monitor.store.stories import STORY_LOCK, Asked, find_story, found_story

_KINDS_WHOLE = frozenset(kind.value for kind in WHOLE)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Policies (ids by url) whose stored words were matched again up to the revision ``reached``; next, up to
    ``until`` (None: to the last one), where others wait. ``asked_at``: since when each waits, by its id."""

    policies: Mapping[str, int]
    asked_at: Mapping[int, datetime]
    reached: int
    until: int | None


@dataclass(frozen=True, slots=True)
class StoredWords:
    """Words of an entry as they stand, or what a watched page came to say. ``story_id`` None: they were never told.

    ``parts`` are the difference, of a watched page alone. ``article`` is the text behind a teaser, where it was read.
    """

    revision_id: int
    source_id: str
    source_name: str
    agencies: tuple[str, ...]
    title: str
    text: str
    url: str | None
    published: datetime | None
    publisher: str
    seen_at: datetime
    story_id: int | None
    parts: tuple[dict[str, str], ...] | None
    article: str | None


@dataclass(frozen=True, slots=True)
class Found:
    """Stored words that concern policies, and the names of their story, should they found one."""

    words: StoredWords
    matches: tuple[Match, ...]
    normal_title: str
    canonical_url: str | None


def wanted(tx: Tx) -> Wanted | None:
    """The policies that are furthest behind; None where none waits."""
    query = select(rematch, s.policy.c.url).join(s.policy, s.policy.c.id == rematch.c.policy_id)
    rows = tx.execute(query.order_by(rematch.c.reached)).all()
    if not rows:
        return None
    reached = rows[0].reached
    mine = [row for row in rows if row.reached == reached]
    return Wanted(
        policies={row.url: row.policy_id for row in mine},
        asked_at={row.policy_id: row.asked_at for row in mine},
        reached=reached,
        until=next((row.reached for row in rows if row.reached > reached), None),
    )


def stored_words(tx: Tx, asked: Wanted, *, since: datetime, limit: int) -> list[StoredWords]:
    """The next words to match, in the order in which they were stored: none that appeared before ``since``."""
    query = _words().where(s.revision.c.id > asked.reached, s.revision.c.at >= since)
    query = query.where(func.coalesce(s.revision.c.published, s.revision.c.at) >= since)
    if asked.until is not None:
        query = query.where(s.revision.c.id <= asked.until)
    return [_stored(row) for row in tx.execute(query.order_by(s.revision.c.id).limit(limit)).mappings()]


def _words() -> Select[Any]:
    """Of entries the words as they stand; of a watched page each change. Trackers say themselves what concerns whom."""
    each = s.revision.alias()
    latest = select(func.max(each.c.seq)).where(each.c.entry_id == s.entry.c.id).scalar_subquery()
    kind = func.coalesce(s.source.c.read_as, s.source.c.config["kind"].as_string())
    is_change = s.change.c.kind == ChangeKind.REVISED.value
    is_whole = kind.in_(_KINDS_WHOLE)
    return (
        select(
            s.revision.c.id,
            *(s.revision.c.title, s.revision.c.text, s.revision.c.url, s.revision.c.published, s.revision.c.publisher),
            *(s.revision.c.at, s.source.c.id.label("source_id"), s.source.c.name, s.source.c.config),
            *(is_whole.label("is_whole"), s.change.c.parts, s.story_revision.c.story_id),
            s.article.c.text.label("article"),
        )
        .join(s.entry, s.entry.c.id == s.revision.c.entry_id)
        .join(s.source, s.source.c.id == s.entry.c.source_id)
        .outerjoin(s.change, s.change.c.revision_id == s.revision.c.id)
        .outerjoin(s.story_revision, s.story_revision.c.revision_id == s.revision.c.id)
        .outerjoin(s.article, s.article.c.entry_id == s.entry.c.id)
        .where(
            s.source.c.retired_at.is_(None),
            kind != SourceKind.TRACKER.value,
            or_(and_(is_whole, is_change), and_(~is_whole, s.revision.c.seq == latest)),
        )
    )


def _stored(row: Any) -> StoredWords:
    return StoredWords(
        revision_id=row["id"],
        source_id=row["source_id"],
        source_name=row["name"],
        agencies=tuple(row["config"]["agencies"]),
        title=row["title"],
        text=row["text"],
        url=row["url"],
        published=row["published"],
        publisher=row["publisher"] or "",
        seen_at=row["at"],
        story_id=row["story_id"],
        parts=tuple(row["parts"] or ()) if row["is_whole"] else None,
        article=row["article"],
    )


def record_rematch(
    tx: Tx, asked: Wanted, found: Sequence[Found], *, reached: int | None, at: datetime, deeds: StatusWords
) -> int:
    """Raise what was found, and remember how far this came (None: to the end). How many flags that raised.

    Where another worker did the same meanwhile, nothing is done. A policy that was given a further name since
    ``wanted`` begins anew: what was matched knew nothing of that.
    """
    waiting = select(rematch).where(
        rematch.c.policy_id.in_(asked.policies.values()), rematch.c.reached == asked.reached
    )
    rows = tx.execute(waiting.with_for_update()).all()
    mine = rematch.c.policy_id.in_([row.policy_id for row in rows if asked.asked_at[row.policy_id] == row.asked_at])
    step = delete(rematch).where(mine) if reached is None else update(rematch).where(mine).values(reached=reached)
    if not tx.execute(step).rowcount:
        return 0
    if any(each.words.story_id is None for each in found):
        STORY_LOCK.rows(tx, {})
    return sum(_raise(tx, asked, each, at, deeds) for each in found)


def _raise(tx: Tx, asked: Wanted, found: Found, at: datetime, deeds: StatusWords) -> int:
    policies = {match.policy: asked.policies[match.policy] for match in found.matches}
    story_id = found.words.story_id or _story(tx, found, tuple(policies.values()), deeds)
    return len(raise_flags(tx, at, story_id, found.words.revision_id, found.matches, policies))


def _story(tx: Tx, found: Found, policies: Sequence[int], deeds: StatusWords) -> int:
    """The story of words that were never told: a copy's, or their own."""
    words = found.words
    item = Item("", words.title, words.text, words.url, words.published, publisher=words.publisher)
    asked = Asked(words.seen_at, words.source_id, item, found.normal_title, found.canonical_url)
    story_id = find_story(tx, asked, policies, deeds)
    if story_id is None:
        story_id = found_story(tx, words.seen_at, found.normal_title, found.canonical_url)
    tx.execute(s.story_revision.insert().values(revision_id=words.revision_id, story_id=story_id))
    return story_id
