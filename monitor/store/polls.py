"""Rooms 2 to 5: T2 commits what one poll came to, whole or not at all, if the claim still stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Table, bindparam, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from monitor.core.entries import Known
from monitor.core.habits import Habits
from monitor.core.health import Extent
from monitor.core.lost import Vanished
from monitor.errors import LostClaim
from monitor.model.change import ChangeKind, Diff
from monitor.model.flag import Match
from monitor.model.source import Fetched, Item, Kept, PolicyPage, PollError, Seed, Validators, Wait
from monitor.model.status_words import StatusWords
from monitor.store import schema as s
from monitor.store.archive import store_snapshot
from monitor.store.articles import want_article
from monitor.store.database import Tx
from monitor.store.flags import raise_flags, reopen_flags
from monitor.store.habits import habits_to_row
from monitor.store.hosts import Hold, hold_hosts
from monitor.store.pages import PageRecord, record_page
from monitor.store.prepared import Prepared
from monitor.store.sources import wait_to_json
from monitor.store.stories import STORY_LOCK, Asked, find_story, found_story
from monitor.store.trackers import stated_to_json, store_pages
from monitor.store.vanishing import tell_vanished


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An item not known before, and the flags that it raises. ``normal_title`` "" joins no other outlet's story.

    ``article``: the address of the page behind it, where that is to be read too. ``silent``: it is no news, though the
    poll is. ``certain`` are the policies for which no editor needs to decide.
    """

    item: Item
    fingerprint: str
    canonical_url: str | None
    normal_title: str
    flags: tuple[Match, ...] = ()
    article: str | None = None
    silent: bool = False
    certain: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class RevisedEntry:
    """New words of a known entry. ``own_story``: a page's change is news of its own; a feed entry's edit is not.

    ``material``: so much changed that a decided flag is put before the editor again. ``silent``: it is no news.
    """

    known: Known
    item: Item
    fingerprint: str
    diff: Diff
    normal_title: str
    own_story: bool
    material: bool
    flags: tuple[Match, ...] = ()
    silent: bool = False


@dataclass(frozen=True, slots=True)
class PollRecord:
    """Everything that one poll changes. ``error`` None and ``fetched`` None: nothing new was there."""

    source_id: str
    token: str
    at: datetime
    next_poll_at: datetime
    seeded: bool  # False: this poll is the baseline
    seed: Seed = Seed.SILENT  # what a baseline does: nothing, or it raises flags like any other poll
    error: PollError | None = None
    detail: str = ""
    validators: Validators | None = None  # None: keep the stored ones
    whole: bool = False  # an entire document was received, changed or not
    fetched: Fetched | None = None
    kept: tuple[Kept, ...] = ()  # that the new and revised items stand in, each in one
    body_sha256: str | None = None
    new: tuple[NewEntry, ...] = ()
    revised: tuple[RevisedEntry, ...] = ()
    rekeyed: tuple[tuple[int, str], ...] = ()  # (entry id, its further key)
    extent: Extent | None = None  # how much the document holds; None: it was not read
    notes: tuple[str, ...] | None = None  # of the reader; None: only what was new was read: keep the stored ones
    wait: Wait | None = None  # what the document asks for; None: keep the stored one
    more: bool = False  # the source holds further messages: until they are read, a baseline goes on
    gap: bool = False  # the document shares nothing with what was known: items may be missing
    marks: Mapping[str, str] | None = None  # the document's entries for the next reading; None: keep the stored ones
    pages: tuple[PolicyPage, ...] = ()  # of a tracker's list, as this poll found them
    habits: Habits | None = None  # what the poll taught of the source; None: keep the stored ones
    host: str | None = None  # of the address that is asked from now on; None: as before
    pause: str | None = None  # why the source is paused from now on
    holds: tuple[Hold, ...] = ()  # what servers demanded of all who ask their hosts
    page: PageRecord | None = None  # of a watched page
    vanished: Vanished | None = None  # its document is gone, and the editors are to know
    deeds: StatusWords = field(default_factory=StatusWords)  # by which a text is told to bring news of its own

    @property
    def silent(self) -> bool:
        """Whether what is stored is no news."""
        return not self.seeded and self.seed is Seed.SILENT


@dataclass(frozen=True, slots=True)
class PollCounts:
    """What T2 stored."""

    entries_new: int = 0
    entries_revised: int = 0
    flags: int = 0
    certain: tuple[int, ...] = ()  # the flags that need no editor


def record_poll(tx: Tx, record: PollRecord) -> PollCounts:
    """T2. Raises LostClaim (and so stores nothing) when another worker took the source over."""
    _settle_source(tx, record)
    hold_hosts(tx, record.holds)
    if record.marks is not None:
        _store_marks(tx, record.source_id, record.marks)
    store_pages(tx, record.source_id, record.pages)
    told = 0 if record.vanished is None else tell_vanished(tx, record.source_id, record.at, record.vanished)
    snapshots = _store_kept(tx, record) if record.fetched is not None else {}
    if record.page is not None:
        record_page(tx, record.source_id, record.at, record.page, next(iter(snapshots.values()), None))
    if record.fetched is None:
        return PollCounts(flags=told)
    if record.new or record.revised:
        STORY_LOCK.rows(tx, {})
    policies = _policy_ids(tx, record)
    flags = told
    certain: list[int] = []
    for entry, revision_id in zip(record.new, _store_new(tx, record, snapshots), strict=True):
        if not (record.silent or entry.silent):
            raised = _tell_new(tx, record, entry, revision_id, policies)
            flags += len(raised)
            certain += [flag_id for flag_id, policy in raised if policy in entry.certain]
            want_article(tx, record.at, revision_id, entry.article)
    for revised in record.revised:
        flags += _store_revised(tx, record, snapshots, revised, policies)
    for entry_id, key in record.rekeyed:
        tx.execute(insert(s.entry_key), {"source_id": record.source_id, "key": key, "entry_id": entry_id})
    return PollCounts(len(record.new), len(record.revised), flags, tuple(certain))


def tell_revised(tx: Tx, source_id: str, snapshot: int, entries: Sequence[RevisedEntry], *, at: datetime) -> int:
    """Store what was held of a watched page; how many flags that raised."""
    if not entries:
        return 0
    STORY_LOCK.rows(tx, {})
    record = PollRecord(source_id, "", at, at, seeded=True, revised=tuple(entries))
    policies = _policy_ids(tx, record)
    tx.execute(update(s.source).where(s.source.c.id == source_id).values(changed_at=at))
    return sum(_store_revised(tx, record, {entry.item.key: snapshot}, entry, policies) for entry in entries)


def _settle_source(tx: Tx, record: PollRecord) -> None:
    values: dict[str, Any] = {
        "claim": None,
        "lease_until": None,
        "next_poll_at": record.next_poll_at,
        "polled_at": record.at,
        "poll_error": record.error and record.error.value,
        "poll_detail": record.detail or None,
    }
    if record.error is None:
        values["succeeded_at"] = record.at
    if record.extent is not None:
        extent = record.extent
        values |= {"items": extent.items, "items_most": extent.most}
        values |= {"shrunk_at": extent.shrunk_at, "truncated_at": extent.truncated_at}
    if record.notes is not None:
        values["notes"] = list(record.notes) or None
    if record.wait is not None:
        values["wait"] = wait_to_json(record.wait)
    if record.gap:
        values["gap_at"] = record.at
    if record.habits is not None:
        values |= habits_to_row(record.habits)
    if record.host is not None:
        values["host"] = record.host
    if record.pause is not None:
        values |= {"paused_at": record.at, "pause_reason": record.pause}
    if record.validators is not None:
        values |= {"etag": record.validators.etag, "last_modified": record.validators.last_modified}
    if record.whole:
        values["full_at"] = record.at
    if record.body_sha256 is not None:
        values["body_sha256"] = record.body_sha256
    if record.fetched is not None:
        if not record.seeded and not record.more:
            values["seeded_at"] = record.at
        if record.new or record.revised:
            values["changed_at"] = record.at
    statement = _settling(tuple(values), record.error is not None)
    if not statement.run(tx, {**values, "settled": record.source_id, "token": record.token}):
        raise LostClaim(f"source {record.source_id}: another worker took it over; this poll's result was discarded")


@cache
def _settling(columns: tuple[str, ...], failed: bool) -> Prepared:
    fence = (s.source.c.id == bindparam("settled")) & (s.source.c.claim == bindparam("token"))
    values: dict[str, Any] = {name: bindparam(name, type_=s.source.c[name].type) for name in columns}
    values["failures"] = s.source.c.failures + 1 if failed else 0
    return Prepared(update(s.source).where(fence).values(**values))


def _store_marks(tx: Tx, source_id: str, marks: Mapping[str, str]) -> None:
    _marking(tx.dialect.name).run(tx, {"source_id": source_id, "entries": dict(marks)})


@cache
def _marking(dialect: str) -> Prepared:
    upsert = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(s.last_document)
    entries = {"entries": upsert.excluded.entries}
    return Prepared(upsert.on_conflict_do_update(index_elements=[s.last_document.c.source_id], set_=entries))


def _store_kept(tx: Tx, record: PollRecord) -> dict[str, int]:
    """The snapshot of each item's document, by the item's key."""
    return {
        key: snapshot
        for each in record.kept
        for snapshot in [store_snapshot(tx, record.source_id, record.at, each.fetched, each.blob)]
        for key in each.keys
    }


def _policy_ids(tx: Tx, record: PollRecord) -> dict[str, int]:
    urls = {match.policy for entry in record.new for match in entry.flags}
    urls |= {match.policy for entry in record.revised for match in entry.flags}
    if not urls:
        return {}
    query = select(s.policy.c.url, s.policy.c.id).where(s.policy.c.url.in_(urls))
    return dict(tx.execute(query).all())


def _store_new(tx: Tx, record: PollRecord, snapshots: Mapping[str, int]) -> Sequence[int]:
    """The new entries with their first revisions; the revisions' ids, in order."""
    if not record.new:
        return []
    entries = [
        {
            "source_id": record.source_id,
            "key": entry.item.key,
            "canonical_url": entry.canonical_url,
            "first_seen": record.at,
        }
        for entry in record.new
    ]
    entry_ids = _inserting(s.entry).ids(tx, entries)
    revisions = [
        _revision(record, snapshots[entry.item.key], entry_id, 1, entry.item, entry.fingerprint)
        for entry_id, entry in zip(entry_ids, record.new, strict=True)
    ]
    return _inserting(s.revision).ids(tx, revisions)


@cache
def _inserting(table: Table) -> Prepared:
    return Prepared(insert(table).returning(table.c.id, sort_by_parameter_order=True))


@cache
def _adding(table: Table) -> Prepared:
    return Prepared(insert(table))


def _tell_new(
    tx: Tx, record: PollRecord, entry: NewEntry, revision_id: int, policies: dict[str, int]
) -> list[tuple[int, str]]:
    _store_change(tx, record, revision_id, ChangeKind.NEW, Diff((), "new"))
    named = Asked(record.at, record.source_id, entry.item, entry.normal_title, entry.canonical_url)
    flagged = [policies[match.policy] for match in entry.flags if match.policy in policies]
    story_id = find_story(tx, named, flagged, record.deeds)
    if story_id is None:
        story_id = found_story(tx, record.at, entry.normal_title, entry.canonical_url)
    _adding(s.story_revision).run(tx, {"revision_id": revision_id, "story_id": story_id})
    return raise_flags(tx, record.at, story_id, revision_id, entry.flags, policies)


def _store_revised(
    tx: Tx, record: PollRecord, snapshots: Mapping[str, int], entry: RevisedEntry, policies: dict[str, int]
) -> int:
    known, snapshot = entry.known, snapshots[entry.item.key]
    revision = _revision(record, snapshot, known.entry_id, known.last_seq + 1, entry.item, entry.fingerprint)
    revision_id = _inserting(s.revision).ids(tx, [revision])[0]
    if record.silent or entry.silent:
        return 0
    _store_change(tx, record, revision_id, ChangeKind.REVISED, entry.diff)
    story_id = None if entry.own_story else _story_of_entry(tx, known.entry_id)
    if story_id is None:
        story_id = found_story(tx, record.at, entry.normal_title, None)
    _adding(s.story_revision).run(tx, {"revision_id": revision_id, "story_id": story_id})
    raised = len(raise_flags(tx, record.at, story_id, revision_id, entry.flags, policies))
    if not entry.own_story and entry.material:
        raised += reopen_flags(tx, known.entry_id, story_id, revision_id, entry.flags, policies)
    return raised


def _revision(
    record: PollRecord, snapshot: int, entry_id: int, seq: int, item: Item, fingerprint: str
) -> dict[str, Any]:
    return {
        "entry_id": entry_id,
        "seq": seq,
        "snapshot_id": snapshot,
        "at": record.at,
        "title": item.title,
        "text": item.text,
        "url": item.url,
        "published": item.published,
        "published_raw": item.published_raw,
        "publisher": item.publisher,
        "original": item.original,
        "fingerprint": fingerprint,
        "stated": stated_to_json(item.stated),
    }


def _store_change(tx: Tx, record: PollRecord, revision_id: int, kind: ChangeKind, diff: Diff) -> None:
    values = {
        "source_id": record.source_id,
        "revision_id": revision_id,
        "kind": kind.value,
        "at": record.at,
        "summary": diff.summary,
        "parts": [{"op": part.op.value, "before": part.before, "after": part.after} for part in diff.parts],
    }
    _adding(s.change).run(tx, values)


def _story_of_entry(tx: Tx, entry_id: int) -> int | None:
    query = (
        select(func.max(s.story_revision.c.story_id))
        .join(s.revision, s.revision.c.id == s.story_revision.c.revision_id)
        .where(s.revision.c.entry_id == entry_id)
    )
    story_id: int | None = tx.execute(query).scalar_one()
    return story_id
