"""Tracked policies: the current record of each, every record that it had, and its timeline."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from monitor.errors import NotFound
from monitor.model.flag import DecisionKind, RejectReason
from monitor.model.policy import ActionRecord, PolicyRecord
from monitor.store import schema as s
from monitor.store.database import Tx
from monitor.store.prepared import Prepared
from monitor.store.records import action_from_json, policy_from_json, policy_to_json
from monitor.store.rematch_schema import rematch

Version = tuple[int, int, int]
NO_VERSION: Version = (-1, -1, -1)
"""Of nothing that was read: equal to no ``policies_version``."""


@dataclass(frozen=True, slots=True)
class StoredPolicy:
    """A policy's row: ``record`` is the current one, without actions."""

    id: int
    slug: str
    record: PolicyRecord
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class StoredAction:
    """An action as it stands: its latest revision."""

    id: int
    policy_id: int
    policy_url: str
    flag_id: int | None
    key: str
    seq: int
    state: str
    recorded_at: datetime
    record: ActionRecord


def _stored(row: Any) -> StoredPolicy:
    return StoredPolicy(row["id"], row["slug"], policy_from_json(row["record"]), row["created_at"], row["updated_at"])


def list_policies(tx: Tx) -> list[StoredPolicy]:
    """Every policy, newest announcement first."""
    query = select(s.policy).order_by(s.policy.c.announced.desc().nulls_last(), s.policy.c.id)
    return [_stored(row) for row in tx.execute(query).mappings()]


def find_policy(tx: Tx, name: str | int) -> StoredPolicy | None:
    """By tracker id (an ``int`` is nothing else), url or slug, as people name policies; None if there is none."""
    text = str(name).strip()
    conditions = [] if isinstance(name, int) else [s.policy.c.url == text.rstrip("/"), s.policy.c.slug == text]
    if text.isascii() and text.isdigit() and len(text) <= 9:  # longer ones overflow the column
        conditions.append(s.policy.c.tracker_id == int(text))
    for condition in conditions:
        row = tx.execute(select(s.policy).where(condition)).mappings().first()
        if row is not None:
            return _stored(row)
    return None


def get_policy(tx: Tx, name: str | int) -> StoredPolicy:
    """``find_policy``, or NotFound."""
    policy = find_policy(tx, name)
    if policy is None:
        raise NotFound(f"no policy {name!r}: give its tracker id, url or slug (`monitor policies list` shows them)")
    return policy


def policy_by_id(tx: Tx, policy_id: int) -> StoredPolicy:
    """The policy of a row that refers to it."""
    return _stored(tx.execute(select(s.policy).where(s.policy.c.id == policy_id)).mappings().one())


def policies_by_id(tx: Tx, policy_ids: Collection[int]) -> list[StoredPolicy]:
    """Those of these ids that there are."""
    query = select(s.policy).where(s.policy.c.id.in_(policy_ids))
    return [_stored(row) for row in tx.execute(query).mappings()] if policy_ids else []


def lock_policy(tx: Tx, policy: StoredPolicy) -> StoredPolicy:
    """The policy as it stands now, its row locked until commit: on PostgreSQL two editors change it in turn.

    Rows that refer to it (flags, actions) are inserted meanwhile: a lock against those as well would deadlock, since
    who inserted one asks for this lock later.
    """
    tx.execute(select(s.policy.c.id).where(s.policy.c.id == policy.id).with_for_update(key_share=True))
    return policy_by_id(tx, policy.id)


def create_policy(tx: Tx, record: PolicyRecord, *, slug: str, at: datetime, actor: str) -> StoredPolicy:
    """Insert a policy with its first revision. ``record.actions`` are not stored here."""
    data = policy_to_json(record)
    values = {
        "url": record.url,
        "tracker_id": record.tracker_id,
        "slug": slug,
        "title": record.title or record.url,
        "announced": record.announced,
        "record": data,
        "created_at": at,
        "updated_at": at,
    }
    policy_id = tx.execute(insert(s.policy).values(**values).returning(s.policy.c.id)).scalar_one()
    _revise(tx, policy_id, data, at=at, actor=actor)
    _ask_rematch(tx, policy_id, at)
    return StoredPolicy(policy_id, slug, replace(record, actions=()), at, at)


def update_policy(tx: Tx, policy: StoredPolicy, record: PolicyRecord, *, at: datetime, actor: str) -> None:
    """Make ``record`` the current one and keep the former as history. A new name has stored words matched again."""
    data = policy_to_json(record)
    values = {
        "url": record.url,
        "tracker_id": record.tracker_id,
        "title": record.title or record.url,
        "announced": record.announced,
        "record": data,
        "updated_at": at,
    }
    tx.execute(update(s.policy).where(s.policy.c.id == policy.id).values(**values))
    _revise(tx, policy.id, data, at=at, actor=actor)
    known = {*policy.record.terms, *policy.record.identifiers}
    if not known.issuperset((*record.terms, *record.identifiers)):
        _ask_rematch(tx, policy.id, at)


def _ask_rematch(tx: Tx, policy_id: int, at: datetime) -> None:
    """Have what is stored matched again for the policy, from the beginning: ``rematching``."""
    upsert = postgresql.insert if tx.dialect.name == "postgresql" else sqlite.insert
    values = {"asked_at": at, "reached": 0}
    statement = upsert(rematch).values(policy_id=policy_id, **values)
    tx.execute(statement.on_conflict_do_update(index_elements=[rematch.c.policy_id], set_=values))


def _revise(tx: Tx, policy_id: int, data: dict[str, Any], *, at: datetime, actor: str) -> None:
    last = tx.execute(
        select(func.max(s.policy_revision.c.seq)).where(s.policy_revision.c.policy_id == policy_id)
    ).scalar_one()
    tx.execute(
        insert(s.policy_revision).values(policy_id=policy_id, seq=(last or 0) + 1, at=at, actor=actor, record=data)
    )


def slugs_like(tx: Tx, stem: str) -> set[str]:
    """The slugs in use that begin with ``stem``."""
    return set(tx.execute(select(s.policy.c.slug).where(s.policy.c.slug.startswith(stem, autoescape=True))).scalars())


def action_rows(*, standing: bool = True) -> Select[Any]:
    """Actions with their latest revision, for ``stored_action``; ``standing`` leaves out what was taken back."""
    latest = (
        select(s.action_revision.c.action_id, func.max(s.action_revision.c.seq).label("seq"))
        .group_by(s.action_revision.c.action_id)
        .subquery()
    )
    r = s.action_revision
    query = (
        select(s.action, r.c.seq, r.c.state, r.c.record, s.policy.c.url.label("policy_url"))
        .join(latest, latest.c.action_id == s.action.c.id)
        .join(r, (r.c.action_id == s.action.c.id) & (r.c.seq == latest.c.seq))
        .join(s.policy, s.policy.c.id == s.action.c.policy_id)
    )
    return query.where(r.c.state.in_(("recorded", "corrected"))) if standing else query


def stored_action(row: Any) -> StoredAction:
    """A row of ``action_rows`` as its value."""
    return StoredAction(
        id=row["id"],
        policy_id=row["policy_id"],
        policy_url=row["policy_url"],
        flag_id=row["flag_id"],
        key=row["key"],
        seq=row["seq"],
        state=row["state"],
        recorded_at=row["created_at"],
        record=action_from_json(row["record"]),
    )


def list_actions(
    tx: Tx, *, policy_id: int | None = None, action_id: int | None = None, standing: bool = True
) -> list[StoredAction]:
    """Actions in the timeline's order (date, then as recorded). ``standing`` leaves out what was taken back."""
    query = action_rows(standing=standing).order_by(s.action.c.id)
    if policy_id is not None:
        query = query.where(s.action.c.policy_id == policy_id)
    if action_id is not None:
        query = query.where(s.action.c.id == action_id)
    actions = [stored_action(row) for row in tx.execute(query).mappings()]
    return sorted(actions, key=lambda each: (each.record.date is None, str(each.record.date), each.id))


def with_actions(policies: Iterable[StoredPolicy], actions: Iterable[StoredAction]) -> list[PolicyRecord]:
    """Complete records: each policy with its standing actions."""
    timelines: dict[int, list[ActionRecord]] = {}
    for action in actions:
        timelines.setdefault(action.policy_id, []).append(action.record)
    return [replace(policy.record, actions=tuple(timelines.get(policy.id, ()))) for policy in policies]


def count_policies(tx: Tx) -> int:
    """How many policies are tracked."""
    count: int = tx.execute(select(func.count()).select_from(s.policy)).scalar_one()
    return count


def policies_version(tx: Tx) -> Version:
    """Different whenever something changed of which a matcher learns: a policy, an action, a rejection.

    Counts of append-only rows: the greatest id would miss a transaction that commits after a younger one.
    """
    policies, actions, decisions = _VERSION.rows(tx, {})[0]
    return policies, actions, decisions


TEACHES = or_(
    (s.decision.c.kind == DecisionKind.REJECT.value) & (s.decision.c.reason == RejectReason.NOT_ABOUT_IT.value),
    s.decision.c.kind == DecisionKind.UNDO.value,
)
"""Which decisions say something of a policy's words: a rejection as another's, and what may take one back."""

_VERSION = Prepared(
    select(
        select(func.count()).select_from(s.policy_revision).scalar_subquery(),
        select(func.count()).select_from(s.action_revision).scalar_subquery(),
        select(func.count()).select_from(s.decision).where(TEACHES).scalar_subquery(),
    )
)
