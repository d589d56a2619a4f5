"""What editors have decided, as the matcher learns it: what is recorded for which policy, and what was rejected."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, func, select

from monitor.model.flag import DecisionKind, FlagState, RejectReason
from monitor.model.policy import ActionRecord
from monitor.store import schema as s
from monitor.store.database import Tx
from monitor.store.policies import TEACHES, Version, action_rows, policies_version, stored_action

_OVERLAP = 500  # ids that are read again: a transaction may commit after one with greater ids
_MOST = 200  # changes that are worth applying one by one
_AT_ONCE = 500  # ids that one statement names
_READ = 4_000  # characters of a story's text that are learned


class Lesson(NamedTuple):
    """One story with the policies (urls) that it was recorded for; none: it was rejected."""

    title: str
    text: str
    url: str
    published: date | None
    publisher: str
    policies: tuple[str, ...]


@dataclass(slots=True)
class Heard:
    """Which rows a matcher has learned: ids of policies' and actions' revisions, and of decisions."""

    policies: set[int] = field(default_factory=set)
    actions: set[int] = field(default_factory=set)
    decisions: set[int] = field(default_factory=set)

    @property
    def version(self) -> Version:
        """What ``policies_version`` says of a database that has these rows and no others."""
        return len(self.policies), len(self.actions), len(self.decisions)


class News(NamedTuple):
    """What was decided since: policies (ids) whose record changed, and what is to be learned besides."""

    policies: frozenset[int]
    lessons: tuple[Lesson, ...]


def heard(tx: Tx) -> Heard:
    """Every row there is."""
    return Heard(*(set(tx.execute(query).scalars()) for query in _rows()))


def all_lessons(tx: Tx) -> list[Lesson]:
    """Everything that stands, by the day on which it appeared."""
    recorded = _recorded(tx, action_rows())
    rejected = [_rejection(row) for row in tx.execute(_rejections()).mappings()]
    return sorted((*recorded, *rejected), key=lambda lesson: lesson.published or date.min)


def news_since(tx: Tx, known: Heard) -> News | None:
    """What ``known`` lacks, which it has from then on; None where it is too much, or takes back what was learned."""
    added = [
        set(tx.execute(query.where(table.c.id > max(ids, default=0) - _OVERLAP)).scalars()) - ids
        for query, table, ids in zip(_rows(), _TABLES, (known.policies, known.actions, known.decisions), strict=True)
    ]
    policies, actions, decisions = added
    if sum(map(len, added)) > _MOST or _takes_back(tx, actions, decisions):
        return None
    known.policies |= policies
    known.actions |= actions
    known.decisions |= decisions
    if known.version != policies_version(tx):
        return None
    changed = select(s.policy_revision.c.policy_id).where(s.policy_revision.c.id.in_(policies))
    recorded = _recorded(tx, action_rows().where(s.action_revision.c.id.in_(actions)))
    rejected = tx.execute(_rejections().where(s.decision.c.id.in_(decisions))).mappings()
    return News(frozenset(tx.execute(changed).scalars()), (*recorded, *map(_rejection, rejected)))


_TABLES = (s.policy_revision, s.action_revision, s.decision)


def _rows() -> tuple[Select[Any], ...]:
    return (
        select(s.policy_revision.c.id),
        select(s.action_revision.c.id),
        select(s.decision.c.id).where(TEACHES),
    )


def _takes_back(tx: Tx, actions: Collection[int], decisions: Collection[int]) -> bool:
    corrected = (s.action_revision.c.seq > 1) | (s.action_revision.c.state != "recorded")
    undone = s.decision.c.kind == DecisionKind.UNDO.value
    asked = (
        select(s.action_revision.c.id).where(s.action_revision.c.id.in_(actions), corrected),
        select(s.decision.c.id).where(s.decision.c.id.in_(decisions), undone),
    )
    return any(tx.execute(query.limit(1)).first() is not None for query in asked)


def _recorded(tx: Tx, actions: Select[Any]) -> list[Lesson]:
    """Actions, those of a story with its words: they say more than the summary."""
    stored = [stored_action(row) for row in tx.execute(actions).mappings()]
    told = _stories(tx, {each.flag_id for each in stored if each.flag_id is not None})
    return [_action(each.record, each.policy_url, told.get(each.flag_id or 0)) for each in stored]


def _stories(tx: Tx, flags: Iterable[int]) -> dict[int, Any]:
    wanted = list(flags)
    found: dict[int, Any] = {}
    for start in range(0, len(wanted), _AT_ONCE):
        query = _words().where(s.flag.c.id.in_(wanted[start : start + _AT_ONCE]))
        found |= {row["flag_id"]: row for row in tx.execute(query).mappings()}
    return found


def _words() -> Select[Any]:
    return (
        select(
            s.flag.c.id.label("flag_id"),
            s.revision.c.title,
            func.substr(s.revision.c.text, 1, _READ).label("text"),
            s.revision.c.url,
            s.revision.c.publisher,
            func.coalesce(s.revision.c.published, s.revision.c.at).label("appeared"),
        )
        .select_from(s.flag)
        .join(s.revision, s.revision.c.id == s.flag.c.revision_id)
    )


def _rejections() -> Select[Any]:
    """Rejected as not about their policy, and not recorded for another: the latter says whose they are."""
    other = s.flag.alias("other")
    accepted = select(other.c.id).where(
        other.c.story_id == s.flag.c.story_id, other.c.state == FlagState.ACCEPTED.value
    )
    return (
        _words()
        .join(s.decision, s.decision.c.flag_id == s.flag.c.id)
        .where(
            s.flag.c.state == FlagState.REJECTED.value,
            s.decision.c.version == s.flag.c.version - 1,
            s.decision.c.reason == RejectReason.NOT_ABOUT_IT.value,
            ~accepted.exists(),
        )
        .order_by(s.decision.c.id)
    )


def _action(record: ActionRecord, policy: str, told: Any) -> Lesson:
    if told is None:
        return Lesson(record.title, record.summary, "", record.date, "", (policy,))
    text = f"{record.summary}\n{told['text']}"
    return Lesson(record.title, text, told["url"] or "", record.date or _day(told), told["publisher"] or "", (policy,))


def _rejection(told: Any) -> Lesson:
    return Lesson(told["title"], told["text"], told["url"] or "", _day(told), told["publisher"] or "", ())


def _day(told: Any) -> date:
    appeared: datetime = told["appeared"]
    return appeared.date()
