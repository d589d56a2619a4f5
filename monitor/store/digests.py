"""Room 7: T4 turns events into digests and deliveries, each event once a subscription."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import exists, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from monitor.model.delivery import DeliveryState
from monitor.model.event import Event, EventType
from monitor.model.subscription import EndpointKind, EndpointState
from monitor.store import schema as s
from monitor.store.database import Tx
from monitor.store.events import event_from_row


@dataclass(frozen=True, slots=True)
class StoredEndpoint:
    """Where a subscription is told now."""

    id: int
    kind: EndpointKind
    address: str
    state: EndpointState


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """A delivery before its digest is committed. ``sha256`` is of the bytes on the wire."""

    id: str
    endpoint_id: int
    body: bytes
    content_sha256: str
    substitutions: Mapping[str, str]
    sha256: str
    message_id: str
    held: bool


@dataclass(frozen=True, slots=True)
class NewDigest:
    """A digest before it is committed. No delivery: nothing is left to tell (recorded and retracted meanwhile)."""

    id: str
    subscription_id: str
    period: str
    subject: str
    events: tuple[int, ...]
    delivery: NewDelivery | None


def untold_events(tx: Tx, subscription_id: str, *, after: int, until: datetime) -> list[Event]:
    """Events with a seq over ``after``, available by ``until``, that no digest of the subscription holds.

    An anti-join, never a cursor: an event that became visible late is still found.
    """
    told = exists().where(
        s.digest_item.c.subscription_id == subscription_id, s.digest_item.c.event_seq == s.event.c.seq
    )
    query = (
        select(s.event)
        .where(s.event.c.seq > after, s.event.c.withdrawn_at.is_(None), s.event.c.available_at <= until, ~told)
        .order_by(s.event.c.seq)
    )
    return [event_from_row(row) for row in tx.execute(query).mappings()]


def events_since(tx: Tx, since: datetime, *, until: datetime) -> list[Event]:
    """Events recorded from ``since`` on and available by ``until``, told or not."""
    query = select(s.event).where(
        s.event.c.withdrawn_at.is_(None), s.event.c.at >= since, s.event.c.available_at <= until
    )
    return [event_from_row(row) for row in tx.execute(query.order_by(s.event.c.seq)).mappings()]


def later_events(tx: Tx, subscription_id: str, action_ids: Collection[int], *, after: datetime) -> list[Event]:
    """Newer, still untold events of these actions that became (or become) available after ``after``.

    A digest of the morning must not announce what was retracted at night, although the retraction is held.
    """
    told = exists().where(
        s.digest_item.c.subscription_id == subscription_id, s.digest_item.c.event_seq == s.event.c.seq
    )
    query = select(s.event).where(
        s.event.c.action_id.in_(action_ids), s.event.c.withdrawn_at.is_(None), s.event.c.available_at > after, ~told
    )
    return [event_from_row(row) for row in tx.execute(query.order_by(s.event.c.seq)).mappings()]


def told_actions(tx: Tx, subscription_id: str, action_ids: Collection[int]) -> set[int]:
    """The actions whose recording this subscription was told of: only they are corrected or retracted to it."""
    query = (
        select(s.event.c.action_id)
        .join(s.digest_item, s.digest_item.c.event_seq == s.event.c.seq)
        .where(
            s.digest_item.c.subscription_id == subscription_id,
            s.event.c.action_id.in_(action_ids),
            s.event.c.type == EventType.ACTION_RECORDED.value,
        )
    )
    return set(tx.execute(query).scalars())


def current_endpoint(tx: Tx, subscription_id: str) -> StoredEndpoint | None:
    """The endpoint that subscriptions.yaml names now."""
    e = s.endpoint
    row = tx.execute(select(e).where(e.c.subscription_id == subscription_id, e.c.current)).mappings().first()
    if row is None:
        return None
    return StoredEndpoint(row["id"], EndpointKind(row["kind"]), row["address"], EndpointState(row["state"]))


def has_digest(tx: Tx, subscription_id: str, period: str) -> bool:
    """Whether the period was told already."""
    d = s.digest
    query = select(d.c.id).where(d.c.subscription_id == subscription_id, d.c.period == period)
    return tx.execute(query).first() is not None


def record_digests(
    tx: Tx, subscription_id: str, digests: Sequence[NewDigest], *, considered: str | None, at: datetime
) -> list[str]:
    """T4: the ids of the digests stored. Nothing is stored where an event was withdrawn or told meanwhile."""
    locked = select(s.subscription).where(s.subscription.c.id == subscription_id, s.subscription.c.ended_at.is_(None))
    if tx.execute(locked.with_for_update()).first() is None:
        return []
    stored = [digest.id for digest in digests if _record(tx, digest, at)]
    if considered is not None and len(stored) == len(digests):
        query = update(s.subscription).where(s.subscription.c.id == subscription_id)
        tx.execute(query.values(considered=considered))
    return stored


def _record(tx: Tx, digest: NewDigest, at: datetime) -> bool:
    # The event rows are locked: an undo of this moment waits, then finds the item (store/events.py).
    standing = select(s.event.c.seq).where(s.event.c.seq.in_(digest.events), s.event.c.withdrawn_at.is_(None))
    if set(tx.execute(standing.with_for_update(read=True)).scalars()) != set(digest.events):
        return False
    told = select(s.digest_item.c.event_seq).where(
        s.digest_item.c.subscription_id == digest.subscription_id, s.digest_item.c.event_seq.in_(digest.events)
    )
    if tx.execute(told).first() is not None or has_digest(tx, digest.subscription_id, digest.period):
        return False
    values = {
        "id": digest.id,
        "subscription_id": digest.subscription_id,
        "period": digest.period,
        "composed_at": at,
        "subject": digest.subject,
    }
    tx.execute(insert(s.digest).values(**values))
    items = [
        {"subscription_id": digest.subscription_id, "event_seq": seq, "digest_id": digest.id} for seq in digest.events
    ]
    if items:  # a notice tells of no event
        tx.execute(insert(s.digest_item), items)
    if digest.delivery is not None:
        _store_delivery(tx, digest.id, digest.delivery, at)
    return True


def _store_delivery(tx: Tx, digest_id: str, delivery: NewDelivery, at: datetime) -> None:
    upsert = postgresql.insert if tx.dialect.name == "postgresql" else sqlite.insert
    content = {"sha256": delivery.content_sha256, "body": delivery.body, "created_at": at}
    tx.execute(upsert(s.content).values(**content).on_conflict_do_nothing())
    values: dict[str, Any] = {
        "id": delivery.id,
        "digest_id": digest_id,
        "endpoint_id": delivery.endpoint_id,
        "content_sha256": delivery.content_sha256,
        "substitutions": dict(delivery.substitutions),
        "sha256": delivery.sha256,
        "message_id": delivery.message_id,
        "state": (DeliveryState.HELD if delivery.held else DeliveryState.PENDING).value,
        "created_at": at,
        "next_attempt_at": None if delivery.held else at,
        "detail": "the endpoint is disabled" if delivery.held else None,
    }
    tx.execute(insert(s.delivery).values(**values))


def action_titles(tx: Tx) -> dict[str, list[str]]:
    """The titles of the actions that each digest tells of, by digest, in the order recorded."""
    query = (
        select(s.digest_item.c.digest_id, s.event.c.data)
        .join(s.event, s.event.c.seq == s.digest_item.c.event_seq)
        .order_by(s.event.c.seq)
    )
    titles: dict[str, list[str]] = {}
    for digest_id, data in tx.execute(query):
        if data.get("action"):
            titles.setdefault(digest_id, []).append(data["action"]["title"])
    return titles
