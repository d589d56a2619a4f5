"""Room 4 as people read it: what changed on the sources, and the words that an entry had over time."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select

from monitor.errors import NotFound
from monitor.model.change import ChangeKind, Part, PartKind
from monitor.store import schema as s
from monitor.store.database import Tx


@dataclass(frozen=True, slots=True)
class StoredChange:
    """A change of an entry's words: what differs, and when the old and the new ones were seen."""

    seq: int
    source_id: str
    source_name: str
    entry_id: int
    kind: ChangeKind
    title: str
    url: str | None
    revision: int
    before_at: datetime | None  # None: nothing was before
    at: datetime
    summary: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class StoredRevision:
    """An entry's words as they were seen. ``number`` counts from 1, the entry as first seen."""

    entry_id: int
    number: int
    at: datetime
    title: str
    text: str
    url: str | None


@dataclass(frozen=True, slots=True)
class EntryWords:
    """An entry of a source, with the number of its revisions; ``at`` is when the latest was seen."""

    entry_id: int
    title: str
    revisions: int
    at: datetime


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


def parts_of(stored: Sequence[Mapping[str, str]]) -> tuple[Part, ...]:
    """The parts of a change, from the JSON that its row keeps."""
    return tuple(Part(PartKind(part["op"]), part["before"], part["after"]) for part in stored)


def _changes() -> Select[Any]:
    before = s.revision.alias("before")
    return (
        select(
            s.change,
            s.revision.c.entry_id,
            s.revision.c.seq.label("revision"),
            s.revision.c.title,
            s.revision.c.url,
            s.source.c.name.label("source_name"),
            before.c.at.label("before_at"),
        )
        .join(s.revision, s.revision.c.id == s.change.c.revision_id)
        .join(s.source, s.source.c.id == s.change.c.source_id)
        .outerjoin(before, (before.c.entry_id == s.revision.c.entry_id) & (before.c.seq == s.revision.c.seq - 1))
    )


def _stored(row: Any) -> StoredChange:
    return StoredChange(
        seq=row["seq"],
        source_id=row["source_id"],
        source_name=row["source_name"],
        entry_id=row["entry_id"],
        kind=ChangeKind(row["kind"]),
        title=row["title"],
        url=row["url"],
        revision=row["revision"],
        before_at=row["before_at"],
        at=row["at"],
        summary=row["summary"],
        parts=parts_of(row["parts"]),
    )


def get_change(tx: Tx, seq: int) -> StoredChange:
    """One change, by its number; NotFound where there is none."""
    row = tx.execute(_changes().where(s.change.c.seq == seq)).mappings().first()
    if row is None:
        raise NotFound(f"no change {seq}: `monitor changes` shows their numbers")
    return _stored(row)


def changes_behind(tx: Tx, action_ids: Collection[int]) -> dict[int, StoredChange]:
    """The change of a source's words that each of these actions was recorded from, by the action's id.

    Actions of other origin are left out: added by hand, imported, from an entry that was new. So is a change that came
    after the action's latest words: its flag waits for an editor again.
    """
    revised = s.action_revision
    latest = (
        select(revised.c.action_id, func.max(revised.c.at).label("decided_at"))
        .where(revised.c.action_id.in_(action_ids))
        .group_by(revised.c.action_id)
        .subquery()
    )
    query = (
        _changes()
        .add_columns(s.action.c.id.label("action_id"))
        .join(s.flag, s.flag.c.revision_id == s.revision.c.id)
        .join(s.action, s.action.c.flag_id == s.flag.c.id)
        .join(latest, latest.c.action_id == s.action.c.id)
        .where(s.change.c.kind == ChangeKind.REVISED.value, s.revision.c.at <= latest.c.decided_at)
    )
    return {row["action_id"]: _stored(row) for row in tx.execute(query).mappings()} if action_ids else {}


def entries_with_revisions(tx: Tx, source_id: str) -> list[EntryWords]:
    """The source's entries whose words changed since they were first seen; the one that changed last is first."""
    r = s.revision
    last = (
        select(r.c.entry_id, func.max(r.c.seq).label("seq"))
        .join(s.entry, s.entry.c.id == r.c.entry_id)
        .where(s.entry.c.source_id == source_id)
        .group_by(r.c.entry_id)
        .subquery()
    )
    query = (
        select(r.c.entry_id, r.c.title, r.c.seq, r.c.at)
        .join(last, (last.c.entry_id == r.c.entry_id) & (last.c.seq == r.c.seq))
        .where(r.c.seq > 1)
        .order_by(r.c.at.desc(), r.c.entry_id.desc())
    )
    return [EntryWords(*row) for row in tx.execute(query)]


def list_revisions(tx: Tx, source_id: str, entry_id: int) -> list[StoredRevision]:
    """Every revision of an entry of the source, oldest first; NotFound where the source has no such entry."""
    r = s.revision
    query = (
        select(r.c.entry_id, r.c.seq, r.c.at, r.c.title, r.c.text, r.c.url)
        .join(s.entry, s.entry.c.id == r.c.entry_id)
        .where(r.c.entry_id == entry_id, s.entry.c.source_id == source_id)
        .order_by(r.c.seq)
    )
    found = [StoredRevision(*row) for row in tx.execute(query)]
    if not found:
        raise NotFound(f"source {source_id} has no entry {entry_id}: `monitor changes --source {source_id} --json`")
    return found
