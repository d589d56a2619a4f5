"""Rooms 5 and 6: flags as matches raise them, and the decisions on them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from monitor.errors import Conflict, NotFound
from monitor.model.flag import DecisionKind, FlagState, Match, Reason, ReasonKind
from monitor.model.source import Source, StatedAction
from monitor.store import schema as s
from monitor.store.database import Tx
from monitor.store.sources import source_from_config
from monitor.store.trackers import stated_from_json


@dataclass(frozen=True, slots=True)
class StoredFlag:
    """A flag with the words that its editor is shown: those of the revision it points at."""

    id: int
    policy_id: int
    policy_url: str
    policy_title: str
    story_id: int
    revision_id: int
    state: FlagState
    version: int
    score: float
    reasons: tuple[Reason, ...]
    raised_at: datetime
    snoozed_until: datetime | None
    source: Source
    title: str
    text: str
    url: str | None
    publisher: str
    published: datetime | None
    published_raw: str | None
    original: str | None
    first_seen: datetime
    seen_at: datetime
    change_parts: tuple[dict[str, str], ...]
    stated: StatedAction | None = None
    vanished: str | None = None  # what became of the document, where that is what was flagged
    article: str | None = None  # the main text behind its link, where that was read


@dataclass(frozen=True, slots=True)
class StoredDecision:
    """The latest decision on a flag."""

    id: int
    version: int
    kind: DecisionKind
    actor: str
    at: datetime
    reason: str | None


def _query() -> Select[Any]:
    return (
        select(
            s.flag,
            s.policy.c.url.label("policy_url"),
            s.policy.c.title.label("policy_title"),
            s.revision.c.title,
            s.revision.c.text,
            s.revision.c.url,
            s.revision.c.publisher,
            s.revision.c.stated,
            s.revision.c.published,
            s.revision.c.published_raw,
            s.revision.c.original,
            s.revision.c.at.label("seen_at"),
            s.entry.c.first_seen,
            s.source.c.config,
            s.change.c.parts,
            s.change.c.kind.label("change_kind"),
            s.change.c.summary.label("change_summary"),
            s.article.c.text.label("article"),
        )
        .join(s.policy, s.policy.c.id == s.flag.c.policy_id)
        .join(s.revision, s.revision.c.id == s.flag.c.revision_id)
        .join(s.entry, s.entry.c.id == s.revision.c.entry_id)
        .join(s.source, s.source.c.id == s.entry.c.source_id)
        .outerjoin(s.change, s.change.c.revision_id == s.revision.c.id)
        .outerjoin(s.article, s.article.c.entry_id == s.entry.c.id)
    )


def _stored(row: Any) -> StoredFlag:
    source = source_from_config(row["config"])
    return StoredFlag(
        id=row["id"],
        policy_id=row["policy_id"],
        policy_url=row["policy_url"],
        policy_title=row["policy_title"],
        story_id=row["story_id"],
        revision_id=row["revision_id"],
        state=FlagState(row["state"]),
        version=row["version"],
        score=row["score"],
        reasons=tuple(Reason(ReasonKind(each["kind"]), each["term"], each["excerpt"]) for each in row["reasons"]),
        raised_at=row["raised_at"],
        snoozed_until=row["snoozed_until"],
        source=source,
        title=row["title"],
        text=row["text"],
        url=row["url"] or source.url,
        publisher=row["publisher"] or source.name,
        published=row["published"],
        published_raw=row["published_raw"],
        original=row["original"],
        first_seen=row["first_seen"],
        seen_at=row["seen_at"],
        change_parts=tuple(row["parts"] or ()) if row["change_kind"] == "revised" else (),
        stated=stated_from_json(row["stated"]),
        vanished=row["change_summary"] if row["change_kind"] == "gone" else None,
        article=row["article"],
    )


def get_flag(tx: Tx, flag_id: int, *, lock: bool = False) -> StoredFlag:
    """One flag; ``lock`` holds its row until commit, so that two editors decide one after the other."""
    if lock:
        tx.execute(select(s.flag.c.id).where(s.flag.c.id == flag_id).with_for_update())
    row = tx.execute(_query().where(s.flag.c.id == flag_id)).mappings().first()
    if row is None:
        raise NotFound(f"no flag {flag_id}: `monitor flags list` shows them")
    return _stored(row)


def list_flags(
    tx: Tx, *, now: datetime, states: Collection[FlagState] = (), policy_id: int | None = None
) -> list[StoredFlag]:
    """Flags, the best scored first. A snooze that ran out counts as open."""
    query = _query().order_by(s.flag.c.score.desc(), s.flag.c.id)
    if policy_id is not None:
        query = query.where(s.flag.c.policy_id == policy_id)
    flags = [_woken(_stored(row), now) for row in tx.execute(query).mappings()]
    return [flag for flag in flags if not states or flag.state in states]


def _woken(flag: StoredFlag, now: datetime) -> StoredFlag:
    if flag.state is FlagState.SNOOZED and flag.snoozed_until is not None and flag.snoozed_until <= now:
        return StoredFlag(**{name: getattr(flag, name) for name in flag.__slots__} | {"state": FlagState.OPEN})
    return flag


def outlets(tx: Tx, story_ids: Collection[int]) -> dict[int, list[str]]:
    """The names of the sources that told each story, in the order they did."""
    query = (
        select(s.story_revision.c.story_id, s.revision.c.publisher, s.source.c.name)
        .join(s.revision, s.revision.c.id == s.story_revision.c.revision_id)
        .join(s.entry, s.entry.c.id == s.revision.c.entry_id)
        .join(s.source, s.source.c.id == s.entry.c.source_id)
        .where(s.story_revision.c.story_id.in_(story_ids))
        .order_by(s.revision.c.id)
    )
    names: dict[int, list[str]] = {}
    for row in tx.execute(query).mappings():
        told = names.setdefault(row["story_id"], [])
        name = row["publisher"] or row["name"]
        if name not in told:
            told.append(name)
    return names


def raise_flags(
    tx: Tx, at: datetime, story_id: int, revision_id: int, matches: Iterable[Match], policies: Mapping[str, int]
) -> list[tuple[int, str]]:
    """Put the story before an editor for each match's policy, once; the flags that raised, each with its policy's url.

    ``policies`` are ids by url. One that an import of another worker deleted meanwhile is not among them.
    """
    upsert = postgresql.insert if tx.dialect.name == "postgresql" else sqlite.insert
    raised = []
    for match in matches:
        if match.policy not in policies:
            continue
        values = {
            "policy_id": policies[match.policy],
            "story_id": story_id,
            "revision_id": revision_id,
            "state": FlagState.OPEN.value,
            "version": 1,
            "raised_at": at,
            **scored(match),
        }
        once = upsert(s.flag).values(**values).on_conflict_do_nothing().returning(s.flag.c.id)
        flag_id = tx.execute(once).scalar_one_or_none()
        if flag_id is not None:
            raised.append((flag_id, match.policy))
    return raised


def reopen_flags(
    tx: Tx, entry_id: int, story_id: int, revision_id: int, matches: Iterable[Match], policies: Mapping[str, int]
) -> int:
    """Put decided flags of the story before the editor again, at version + 1, with the new words.

    Those that the new words concern; and what was accepted on this entry's word, also where it no longer says so.
    """
    scores = {policies[match.policy]: scored(match) for match in matches if match.policy in policies}
    words = select(s.revision.c.id).where(s.revision.c.entry_id == entry_id)
    accepted = (s.flag.c.state == FlagState.ACCEPTED.value) & s.flag.c.revision_id.in_(words)
    decided = s.flag.c.state.in_((FlagState.ACCEPTED.value, FlagState.REJECTED.value))
    here = (s.flag.c.story_id == story_id) & (accepted | (decided & s.flag.c.policy_id.in_(scores)))
    found = tx.execute(select(s.flag.c.id, s.flag.c.policy_id).where(here).with_for_update()).all()
    for flag_id, policy_id in found:
        values = {
            "state": FlagState.OPEN.value,
            "version": s.flag.c.version + 1,
            "revision_id": revision_id,
            **scores.get(policy_id, {}),
        }
        tx.execute(update(s.flag).where(s.flag.c.id == flag_id).values(**values))
    return len(found)


def scored(match: Match) -> dict[str, Any]:
    """A match as the columns of its flag."""
    reasons = [{"kind": each.kind.value, "term": each.term, "excerpt": each.excerpt} for each in match.reasons]
    return {"score": match.score, "reasons": reasons}


def record_decision(
    tx: Tx,
    flag: StoredFlag,
    kind: DecisionKind,
    *,
    state: FlagState,
    actor: str,
    at: datetime,
    reason: str | None = None,
    note: str | None = None,
    snoozed_until: datetime | None = None,
) -> int:
    """Decide this version of the flag and move it on; Conflict when somebody decided it first."""
    moved = (
        update(s.flag)
        .where(s.flag.c.id == flag.id, s.flag.c.version == flag.version)
        .values(state=state.value, version=flag.version + 1, snoozed_until=snoozed_until)
    )
    if not tx.execute(moved).rowcount:
        raise Conflict(f"flag {flag.id} was decided by somebody else meanwhile: look at it again")
    values = {
        "flag_id": flag.id,
        "version": flag.version,
        "kind": kind.value,
        "actor": actor,
        "at": at,
        "reason": reason,
        "note": note,
    }
    decision_id: int = tx.execute(insert(s.decision).values(**values).returning(s.decision.c.id)).scalar_one()
    return decision_id


def decisions(tx: Tx, flag_id: int) -> list[StoredDecision]:
    """Every decision on a flag, oldest first."""
    query = select(s.decision).where(s.decision.c.flag_id == flag_id).order_by(s.decision.c.version)
    return [
        StoredDecision(row["id"], row["version"], DecisionKind(row["kind"]), row["actor"], row["at"], row["reason"])
        for row in tx.execute(query).mappings()
    ]
