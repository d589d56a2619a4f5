"""Room 7: who is told what. Criteria are versioned, so that a new subscriber is not mailed the past."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from sqlalchemy import exists, insert, or_, select, update

from monitor.errors import NotFound
from monitor.model.delivery import DeliveryState
from monitor.model.event import EventType
from monitor.model.subscription import Criteria, EndpointState, Every, Schedule, Subscription
from monitor.store import schema as s
from monitor.store.database import Tx
from monitor.store.events import last_seq


@dataclass(frozen=True, slots=True)
class StoredSubscription:
    """A subscription as its row has it."""

    id: str
    name: str
    schedule: Schedule
    considered: str | None
    ended_at: datetime | None = None


def criteria_to_json(criteria: Criteria) -> dict[str, Any]:
    """Criteria as their row keeps them."""
    return {
        "topics": list(criteria.topics),
        "all_topics": criteria.all_topics,
        "agencies": list(criteria.agencies),
        "policies": list(criteria.policies),
        "match_all": criteria.match_all,
        "events": [each.value for each in criteria.events],
    }


def criteria_from_json(data: dict[str, Any]) -> Criteria:
    """The inverse of ``criteria_to_json``."""
    return Criteria(
        topics=tuple(data["topics"]),
        all_topics=data["all_topics"],
        agencies=tuple(data["agencies"]),
        policies=tuple(data["policies"]),
        match_all=data["match_all"],
        events=tuple(EventType(each) for each in data["events"]),
    )


def schedule_to_json(schedule: Schedule) -> dict[str, Any]:
    """A schedule as its row keeps it."""
    return {
        "every": schedule.every.value,
        "at": schedule.at.isoformat(),
        "weekday": schedule.weekday,
        "monthday": schedule.monthday,
        "timezone": schedule.timezone,
    }


def schedule_from_json(data: dict[str, Any]) -> Schedule:
    """The inverse of ``schedule_to_json``."""
    return Schedule(
        Every(data["every"]), time.fromisoformat(data["at"]), data["weekday"], data["monthday"], data["timezone"]
    )


def sync_subscriptions(tx: Tx, subscriptions: Sequence[Subscription], *, now: datetime) -> int:
    """Make the rows say what ``subscriptions.yaml`` says; the number of subscriptions changed.

    Changed criteria hold for events recorded from now on. A subscription that left the file ends: nothing recorded
    from now on is for it, and what is still unsent of it is not sent any more. One whose subscriber unsubscribed
    stays ended, whatever the file says: to take somebody up again, give the entry a new id.
    """
    rows = {row["id"]: row for row in tx.execute(select(s.subscription)).mappings()}
    seq = last_seq(tx)
    changed = sum(_sync_one(tx, each, rows.pop(each.id, None), seq, now) for each in subscriptions)
    for row in rows.values():
        if row["ended_at"] is None:
            _end(tx, row["id"], seq, now)
            changed += 1
    return changed


def _sync_one(tx: Tx, subscription: Subscription, row: Any, seq: int, now: datetime) -> bool:
    values = {"name": subscription.name, "schedule": schedule_to_json(subscription.schedule)}
    if row is not None and row["unsubscribed_at"] is not None:
        return False
    if row is None:
        tx.execute(insert(s.subscription).values(id=subscription.id, created_at=now, **values))
        changed = True
    else:
        changed = row["ended_at"] is not None or any(row[name] != value for name, value in values.items())
        if changed:
            query = update(s.subscription).where(s.subscription.c.id == subscription.id)
            tx.execute(query.values(ended_at=None, **values))
    wanted = criteria_to_json(subscription.criteria)
    criteria_changed = _version_criteria(tx, subscription.id, wanted, seq, now)
    return _sync_endpoint(tx, subscription) or criteria_changed or changed


def _version_criteria(tx: Tx, subscription_id: str, wanted: dict[str, Any] | None, seq: int, now: datetime) -> bool:
    c = s.criteria
    latest = select(c).where(c.c.subscription_id == subscription_id).order_by(c.c.id.desc()).limit(1)
    row = tx.execute(latest).mappings().first()
    if row is not None and row["wanted"] == wanted:
        return False
    values = {"subscription_id": subscription_id, "valid_from": now, "valid_from_seq": seq, "wanted": wanted}
    tx.execute(insert(c).values(**values))
    return True


def _sync_endpoint(tx: Tx, subscription: Subscription) -> bool:
    e = s.endpoint
    wanted = {"contact": subscription.contact, "current": True}
    known = list(tx.execute(select(e).where(e.c.subscription_id == subscription.id)).mappings())
    same = [
        row for row in known if row["kind"] == subscription.endpoint.value and row["address"] == subscription.address
    ]
    if same and all(same[0][name] == value for name, value in wanted.items()):
        return False
    tx.execute(update(e).where(e.c.subscription_id == subscription.id).values(current=False))
    if same:
        tx.execute(update(e).where(e.c.id == same[0]["id"]).values(**wanted))
    else:
        values = {"kind": subscription.endpoint.value, "address": subscription.address, **wanted}
        state = EndpointState.ENABLED.value
        tx.execute(insert(e).values(subscription_id=subscription.id, state=state, **values))
    return True


def _end(tx: Tx, subscription_id: str, seq: int, now: datetime) -> None:
    tx.execute(update(s.subscription).where(s.subscription.c.id == subscription_id).values(ended_at=now))
    tx.execute(update(s.endpoint).where(s.endpoint.c.subscription_id == subscription_id).values(current=False))
    _version_criteria(tx, subscription_id, None, seq, now)
    d, a = s.delivery.c, s.attempt.c
    theirs = d.digest_id.in_(select(s.digest.c.id).where(s.digest.c.subscription_id == subscription_id))
    waiting = d.state.in_((DeliveryState.PENDING.value, DeliveryState.DEFERRED.value))
    begun = exists().where(a.delivery_id == d.id, a.n == d.attempts, a.outcome.is_(None))
    # A worker that has taken one up, but not begun to send it, finds its claim lost (I9: no mail after this commit).
    taken_up = (d.state == DeliveryState.SENDING.value) & ~begun
    held = {"state": DeliveryState.HELD.value, "claim": None, "lease_until": None, "next_attempt_at": None}
    unsent = theirs & or_(waiting, taken_up)
    tx.execute(update(s.delivery).where(unsent).values(**held, detail="the subscription has ended"))


def unsubscribe(tx: Tx, subscription_id: str, now: datetime) -> bool:
    """End a subscription by its subscriber's own word, for good; False where that was done before, or NotFound.

    What is unsent is held, and nothing recorded later is for it, although ``subscriptions.yaml`` may still name it.
    """
    seq = last_seq(tx)
    mine = s.subscription.c.id == subscription_id
    row = tx.execute(select(s.subscription.c.unsubscribed_at).where(mine).with_for_update()).first()
    if row is None:
        raise NotFound(f"no subscription {subscription_id!r}")
    if row[0] is not None:
        return False
    tx.execute(update(s.subscription).where(mine).values(unsubscribed_at=now))
    _end(tx, subscription_id, seq, now)
    return True


def live_subscriptions(tx: Tx) -> list[StoredSubscription]:
    """Every subscription that has not ended, by id."""
    query = select(s.subscription).where(s.subscription.c.ended_at.is_(None)).order_by(s.subscription.c.id)
    return [_stored(row) for row in tx.execute(query).mappings()]


def find_subscription(tx: Tx, subscription_id: str) -> StoredSubscription | None:
    """One subscription, ended or not; None where there never was one of this id."""
    row = tx.execute(select(s.subscription).where(s.subscription.c.id == subscription_id)).mappings().first()
    return None if row is None else _stored(row)


def _stored(row: Any) -> StoredSubscription:
    schedule = schedule_from_json(row["schedule"])
    return StoredSubscription(row["id"], row["name"], schedule, row["considered"], row["ended_at"])


def get_subscription(tx: Tx, subscription_id: str) -> StoredSubscription:
    """One live subscription, or NotFound."""
    for each in live_subscriptions(tx):
        if each.id == subscription_id:
            return each
    raise NotFound(f"no subscriber {subscription_id!r}: `monitor subscribers list` shows them")


def criteria_history(tx: Tx, subscription_id: str) -> list[tuple[int, Criteria | None]]:
    """``(valid_from_seq, criteria)``, oldest first: an event is judged by the last one before its seq."""
    c = s.criteria
    query = select(c).where(c.c.subscription_id == subscription_id).order_by(c.c.id)
    return [
        (row["valid_from_seq"], criteria_from_json(row["wanted"]) if row["wanted"] else None)
        for row in tx.execute(query).mappings()
    ]


def list_subscribers(tx: Tx) -> list[dict[str, Any]]:
    """Every live subscription with its endpoint and criteria in force."""
    e = s.endpoint
    query = (
        select(s.subscription, e.c.kind, e.c.address, e.c.contact, e.c.state, e.c.disabled_reason)
        .join(e, (e.c.subscription_id == s.subscription.c.id) & e.c.current)
        .where(s.subscription.c.ended_at.is_(None))
        .order_by(s.subscription.c.id)
    )
    found = []
    for row in tx.execute(query).mappings():
        history = criteria_history(tx, row["id"])
        wanted = history[-1][1] if history else None
        found.append(dict(row) | {"criteria": criteria_to_json(wanted) if wanted else None})
    return found
