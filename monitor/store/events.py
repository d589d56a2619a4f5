"""The event stream: gapless and in commit order, because its counter is the last thing a T3 locks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, update

from monitor.model.event import Event, EventType
from monitor.store import schema as s
from monitor.store.database import Tx


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event before it has its place in the stream."""

    id: str
    type: EventType
    policy_id: int
    action_id: int | None
    decision_id: int | None
    policy_keys: tuple[str, ...]
    topics: tuple[str, ...]
    agencies: tuple[str, ...]
    data: dict[str, Any]


def append_events(tx: Tx, events: Sequence[NewEvent], *, at: datetime, hold: timedelta) -> None:
    """Call last in T3: from here to commit every other T3 waits."""
    if not events:
        return
    counter = s.counter.c.name == "event"
    raised = update(s.counter).where(counter).values(value=s.counter.c.value + len(events)).returning(s.counter.c.value)
    first = tx.execute(raised).scalar_one() - len(events) + 1
    for seq, event in enumerate(events, first):
        values = {
            "seq": seq,
            "id": event.id,
            "type": event.type.value,
            "at": at,
            "available_at": at + hold,
            "policy_id": event.policy_id,
            "action_id": event.action_id,
            "decision_id": event.decision_id,
            "policy_keys": list(event.policy_keys),
            "topics": list(event.topics),
            "agencies": list(event.agencies),
            "data": event.data,
        }
        tx.execute(insert(s.event).values(**values))


def held_events(tx: Tx, *, at: datetime, action_id: int | None = None, decision_id: int | None = None) -> list[Event]:
    """The events of an action (or of a decision) that nobody can have seen: still held, in no digest.

    Their rows stay locked, and T4 locks the rows that it takes, so an event is either withdrawn or told, never both.
    """
    query = select(s.event).where(s.event.c.withdrawn_at.is_(None), s.event.c.available_at > at)
    if action_id is not None:
        query = query.where(s.event.c.action_id == action_id)
    if decision_id is not None:
        query = query.where(s.event.c.decision_id == decision_id)
    held = [event_from_row(row) for row in tx.execute(query.order_by(s.event.c.seq).with_for_update()).mappings()]
    items = select(s.digest_item.c.event_seq).where(s.digest_item.c.event_seq.in_([event.seq for event in held]))
    told = set(tx.execute(items).scalars())
    return [event for event in held if event.seq not in told]


def withdraw(tx: Tx, events: Sequence[Event], *, at: datetime) -> None:
    """Take ``held_events`` out of the stream before anybody is told."""
    seqs = [event.seq for event in events]
    tx.execute(update(s.event).where(s.event.c.seq.in_(seqs)).values(withdrawn_at=at))


def event_from_row(row: Any) -> Event:
    """An event row as its value."""
    return Event(
        seq=row["seq"],
        id=row["id"],
        type=EventType(row["type"]),
        at=row["at"],
        available_at=row["available_at"],
        action_id=row["action_id"],
        policy_keys=tuple(row["policy_keys"]),
        topics=tuple(row["topics"]),
        agencies=tuple(row["agencies"]),
        data=row["data"],
    )


def list_events(tx: Tx, *, action_id: int | None = None, decision_id: int | None = None) -> list[Event]:
    """Events that stand (not withdrawn), in order."""
    query = select(s.event).where(s.event.c.withdrawn_at.is_(None)).order_by(s.event.c.seq)
    if action_id is not None:
        query = query.where(s.event.c.action_id == action_id)
    if decision_id is not None:
        query = query.where(s.event.c.decision_id == decision_id)
    return [event_from_row(row) for row in tx.execute(query).mappings()]


def last_seq(tx: Tx) -> int:
    """The stream's end; on PostgreSQL the counter stays locked, so that nothing is appended until commit."""
    query = select(s.counter.c.value).where(s.counter.c.name == "event").with_for_update()
    value: int = tx.execute(query).scalar_one()
    return value
