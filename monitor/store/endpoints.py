"""Room 8: where subscriptions are told, since when a webhook fails, and whether it is still sent to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, insert, select, update

from monitor.errors import NotFound
from monitor.model.delivery import Delivery, DeliveryState
from monitor.model.subscription import EndpointKind, EndpointState
from monitor.store import schema as s
from monitor.store.database import Tx

_GIVEN_UP = ("deferred", "indoubt")  # outcomes of a last attempt after which there was no time left for another


@dataclass(frozen=True, slots=True)
class FailingEndpoint:
    """A webhook with what its owner is told about it."""

    id: int
    subscription_id: str
    subscriber: str
    address: str
    contact: str | None
    failing_since: datetime | None


def note_endpoint(tx: Tx, delivery: Delivery, *, failed_at: datetime | None) -> None:
    """Keep since when the delivery's endpoint fails (None: it works)."""
    since = None if failed_at is None else func.coalesce(s.endpoint.c.failing_since, failed_at)
    tx.execute(update(s.endpoint).where(s.endpoint.c.id == _endpoint_of(delivery.id)).values(failing_since=since))


def _endpoint_of(delivery_id: str) -> Any:
    return select(s.delivery.c.endpoint_id).where(s.delivery.c.id == delivery_id).scalar_subquery()


def endpoint_of(tx: Tx, delivery: Delivery) -> FailingEndpoint:
    """The endpoint that a delivery goes to."""
    return _failing(tx.execute(_query().where(s.endpoint.c.id == _endpoint_of(delivery.id))).mappings().one())


def failing_endpoints(tx: Tx, *, since: datetime, now: datetime) -> list[FailingEndpoint]:
    """The webhooks that are sent to and have failed since ``since`` or before, without one success.

    Not those for which something is due or under way: after a pause of the service itself, what waits is tried first.
    """
    e, d = s.endpoint.c, s.delivery.c
    waiting = d.state.in_((DeliveryState.PENDING.value, DeliveryState.DEFERRED.value)) & (d.next_attempt_at <= now)
    busy = exists().where(d.endpoint_id == e.id, waiting | (d.state == DeliveryState.SENDING.value))
    failing = (e.failing_since <= since) & (e.state == EndpointState.ENABLED.value)
    query = _query().where(e.kind == EndpointKind.WEBHOOK.value, failing, ~busy).order_by(e.id)
    return [_failing(row) for row in tx.execute(query).mappings()]


def _query() -> Select[Any]:
    names = ("id", "subscription_id", "address", "contact", "failing_since")
    columns = [s.endpoint.c[name] for name in names]
    return select(*columns, s.subscription.c.name.label("subscriber")).join_from(s.endpoint, s.subscription)


def _failing(row: Mapping[Any, Any]) -> FailingEndpoint:
    return FailingEndpoint(**row)


def disable_endpoint(tx: Tx, endpoint: FailingEndpoint, reason: str, *, for_failing: bool) -> bool:
    """Send to it no more, until an operator enables it; False where it was disabled before, or (``for_failing``) works
    again meanwhile.

    What was given up while it failed is held beside what comes: enabling it sends both.
    """
    # The subscription's row first, as everybody who locks both does.
    tx.execute(select(s.subscription.c.id).where(s.subscription.c.id == endpoint.subscription_id).with_for_update())
    e, since = s.endpoint.c, endpoint.failing_since
    same = e.state == EndpointState.ENABLED.value
    if for_failing:
        same &= e.failing_since == since
    disabled = {"state": EndpointState.DISABLED.value, "disabled_reason": reason}
    if not tx.execute(update(s.endpoint).where(e.id == endpoint.id, same).values(**disabled)).rowcount:
        return False
    if since is not None:
        held = {
            "state": DeliveryState.HELD.value,
            "detail": "given up while the endpoint failed, which is disabled now",
        }
        tx.execute(update(s.delivery).where(_given_up(endpoint.id, since)).values(**held))
    return True


def _given_up(endpoint_id: int, since: datetime) -> ColumnElement[bool]:
    a, d = s.attempt.c, s.delivery.c
    last = exists().where(a.delivery_id == d.id, a.n == d.attempts, a.outcome.in_(_GIVEN_UP), a.finished_at >= since)
    return (d.endpoint_id == endpoint_id) & (d.state == DeliveryState.FAILED.value) & last


def contact_endpoint(tx: Tx, endpoint: FailingEndpoint, contact: str) -> int:
    """The id of the mail endpoint of a webhook's owner: for notices alone, never the subscription's current one."""
    e, mine = s.endpoint, {"subscription_id": endpoint.subscription_id, "address": contact}
    query = select(e.c.id).filter_by(kind=EndpointKind.EMAIL.value, **mine)
    known: int | None = tx.execute(query).scalar_one_or_none()
    if known is not None:
        return known
    values = {"kind": EndpointKind.EMAIL.value, "state": EndpointState.ENABLED.value, "current": False}
    made: int = tx.execute(insert(e).values(**mine, **values).returning(e.c.id)).scalar_one()
    return made


def enable_endpoint(tx: Tx, subscription_id: str, *, now: datetime) -> int:
    """Send to the subscription's present endpoint again: what was held for it is due now; the number of those."""
    here = select(s.endpoint.c.id).where(s.endpoint.c.subscription_id == subscription_id, s.endpoint.c.current)
    endpoint_id = tx.execute(here).scalar_one_or_none()
    if endpoint_id is None:
        raise NotFound(f"no subscriber {subscription_id!r}: `monitor subscribers list` shows them")
    works = {"state": EndpointState.ENABLED.value, "failing_since": None, "disabled_reason": None}
    tx.execute(update(s.endpoint).where(s.endpoint.c.id == endpoint_id).values(**works))
    held = (s.delivery.c.endpoint_id == endpoint_id) & (s.delivery.c.state == DeliveryState.HELD.value)
    due = {"state": DeliveryState.PENDING.value, "next_attempt_at": now, "detail": None}
    return tx.execute(update(s.delivery).where(held).values(**due)).rowcount


def list_webhooks(tx: Tx) -> list[dict[str, Any]]:
    """The webhooks of subscriptions.yaml, by subscription, each with how many deliveries are in which state."""
    e = s.endpoint
    query = (
        select(e, s.subscription.c.name)
        .join(s.subscription)
        .where(e.c.kind == EndpointKind.WEBHOOK.value, e.c.current, s.subscription.c.ended_at.is_(None))
        .order_by(e.c.subscription_id)
    )
    rows = [dict(row) for row in tx.execute(query).mappings()]
    counted = select(s.delivery.c.endpoint_id, s.delivery.c.state, func.count()).group_by(
        s.delivery.c.endpoint_id, s.delivery.c.state
    )
    states: dict[int, dict[str, int]] = {row["id"]: {} for row in rows}
    for endpoint_id, state, number in tx.execute(counted):
        states.get(endpoint_id, {})[state] = number
    return [row | {"deliveries": states[row["id"]]} for row in rows]
