"""Room 8: the outbox. T5a commits the intent just before the point of no return, T5b the outcome."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, insert, select, update

from monitor.errors import Conflict, IllegalTransition, LostClaim, NotFound
from monitor.model.delivery import Delivery, DeliveryState
from monitor.model.subscription import EndpointKind, EndpointState
from monitor.store import schema as s
from monitor.store.database import Tx

_UNDECIDED = (DeliveryState.IN_DOUBT, DeliveryState.FAILED, DeliveryState.HELD)


def _query() -> Select[Any]:
    return (
        select(s.delivery, s.endpoint.c.kind, s.endpoint.c.address, s.digest.c.subscription_id)
        .join(s.endpoint, s.endpoint.c.id == s.delivery.c.endpoint_id)
        .join(s.digest, s.digest.c.id == s.delivery.c.digest_id)
    )


def claim_deliveries(
    tx: Tx, *, now: datetime, limit: int, lease: timedelta, new_token: Callable[[], str]
) -> list[Delivery]:
    """Claim up to ``limit`` due deliveries, the longest due first. What is not to be sent any more is held instead."""
    waiting = s.delivery.c.state.in_((DeliveryState.PENDING.value, DeliveryState.DEFERRED.value))
    _hold_stopped(tx, waiting & (s.delivery.c.next_attempt_at <= now))
    query = (
        _query()
        .add_columns(s.content.c.body)
        .join(s.content, s.content.c.sha256 == s.delivery.c.content_sha256)
        .where(waiting, s.delivery.c.next_attempt_at <= now)
        .order_by(s.delivery.c.next_attempt_at, s.delivery.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True, of=s.delivery)
    )
    claimed = []
    for row in tx.execute(query).mappings():
        token = new_token()
        values = {"state": DeliveryState.SENDING.value, "claim": token, "lease_until": now + lease}
        tx.execute(update(s.delivery).where(s.delivery.c.id == row["id"]).values(**values))
        claimed.append(
            Delivery(
                id=row["id"],
                subscription_id=row["subscription_id"],
                kind=EndpointKind(row["kind"]),
                address=row["address"],
                message_id=row["message_id"],
                body=row["body"],
                sha256=row["sha256"],
                attempts=row["attempts"],
                first_at=row["created_at"],
                claim=token,
                substitutions=row["substitutions"],
            )
        )
    return claimed


def _hold_stopped(tx: Tx, due: ColumnElement[bool]) -> None:
    """An attempt that was under way when its endpoint was disabled, or its subscription ended, is the last one."""
    ended = select(s.digest.c.id).join(s.subscription).where(s.subscription.c.ended_at.is_not(None))
    disabled = select(s.endpoint.c.id).where(s.endpoint.c.state == EndpointState.DISABLED.value)
    for stopped, detail in (
        (s.delivery.c.digest_id.in_(ended), "the subscription has ended"),
        (s.delivery.c.endpoint_id.in_(disabled), "the endpoint is disabled"),
    ):
        held = {"state": DeliveryState.HELD.value, "next_attempt_at": None, "detail": detail}
        tx.execute(update(s.delivery).where(due, stopped).values(**held))


def begin_attempt(tx: Tx, delivery: Delivery, *, at: datetime) -> None:
    """T5a: from here on the peer may have it. LostClaim when another worker holds the delivery."""
    _fenced(tx, delivery, {"attempts": delivery.attempts + 1})
    values = {"delivery_id": delivery.id, "n": delivery.attempts + 1, "begun_at": at}
    tx.execute(insert(s.attempt).values(**values))


def finish_attempt(
    tx: Tx,
    delivery: Delivery,
    *,
    at: datetime,
    begun: bool,
    state: DeliveryState,
    outcome: str,
    detail: str,
    next_attempt_at: datetime | None,
) -> None:
    """T5b: what came of it. ``begun`` False: it broke before the point of no return, without an attempt row."""
    number = delivery.attempts + 1
    values = {
        "state": state.value,
        "claim": None,
        "lease_until": None,
        "attempts": number,
        "next_attempt_at": next_attempt_at,
        "detail": detail,
    }
    _fenced(tx, delivery, values)
    result = {"finished_at": at, "outcome": outcome, "detail": detail}
    if begun:
        mine = (s.attempt.c.delivery_id == delivery.id) & (s.attempt.c.n == number)
        tx.execute(update(s.attempt).where(mine, s.attempt.c.outcome.is_(None)).values(**result))
    else:
        tx.execute(insert(s.attempt).values(delivery_id=delivery.id, n=number, begun_at=at, **result))


def _fenced(tx: Tx, delivery: Delivery, values: dict[str, Any]) -> None:
    mine = (s.delivery.c.id == delivery.id) & (s.delivery.c.claim == delivery.claim)
    if not tx.execute(update(s.delivery).where(mine).values(**values)).rowcount:
        raise LostClaim(f"delivery {delivery.id}: another worker took it over")


def release_deliveries(tx: Tx, *, now: datetime, all_leases: bool, resend_mail: bool) -> dict[str, int]:
    """Take over what a dead worker left: ``{"resumed": n, "in_doubt": n}``.

    Without a begun attempt nothing can have been sent. With one, a webhook goes out again under the same id and a
    Maildir file has the delivery's name; a mail is in doubt, unless the operator chose to resend
    (``MONITOR_EMAIL_IN_DOUBT``). ``all_leases``: of the one worker that holds the workspace, leases of the living too.
    """
    left = s.delivery.c.state == DeliveryState.SENDING.value
    if not all_leases:
        left &= s.delivery.c.lease_until < now
    a = s.attempt
    begun = exists().where(a.c.delivery_id == s.delivery.c.id, a.c.n == s.delivery.c.attempts, a.c.outcome.is_(None))
    query = _query().add_columns(begun.label("begun")).where(left).with_for_update(skip_locked=True, of=s.delivery)
    counts = {"resumed": 0, "in_doubt": 0}
    for row in tx.execute(query).mappings():
        doubt = row["begun"] and row["kind"] == EndpointKind.EMAIL.value and not resend_mail
        _release(tx, row["id"], doubt=doubt, now=now)
        counts["in_doubt" if doubt else "resumed"] += 1
    return counts


def _release(tx: Tx, delivery_id: str, *, doubt: bool, now: datetime) -> None:
    values: dict[str, Any] = {"claim": None, "lease_until": None}
    if doubt:
        detail = "the worker stopped after DATA: nobody can tell whether the server took it"
        values |= {"state": DeliveryState.IN_DOUBT.value, "next_attempt_at": None, "detail": detail}
    else:
        values |= {"state": DeliveryState.DEFERRED.value, "next_attempt_at": now}
    tx.execute(update(s.delivery).where(s.delivery.c.id == delivery_id).values(**values))


def resend(tx: Tx, delivery_id: str, *, now: datetime) -> None:
    """An operator's order: send it again, with the same bytes and Message-ID."""
    values = {"state": DeliveryState.PENDING.value, "next_attempt_at": now, "detail": "resent by hand"}
    _operator(tx, delivery_id, values)


def mark_delivered(tx: Tx, delivery_id: str) -> None:
    """An operator's word that the peer has it."""
    _operator(tx, delivery_id, {"state": DeliveryState.SENT.value, "next_attempt_at": None, "detail": "marked by hand"})


def _operator(tx: Tx, delivery_id: str, values: dict[str, Any]) -> None:
    state = get_delivery(tx, delivery_id)["state"]
    allowed = [each.value for each in _UNDECIDED]
    if state not in allowed:
        raise IllegalTransition(f"delivery {delivery_id} is {state}: this is for one that is {' or '.join(allowed)}")
    query = update(s.delivery).where(s.delivery.c.id == delivery_id, s.delivery.c.state == state)
    if not tx.execute(query.values(**values)).rowcount:
        raise Conflict(f"delivery {delivery_id} was decided by somebody else meanwhile: look at it again")


def list_deliveries(tx: Tx, *, state: str | None = None, delivery_id: str | None = None) -> list[dict[str, Any]]:
    """The outbox, newest first, each with the ids of the events that it tells."""
    query = _query().add_columns(s.digest.c.period, s.digest.c.subject)
    query = query.order_by(s.delivery.c.created_at.desc(), s.delivery.c.id)
    if state is not None:
        query = query.where(s.delivery.c.state == state)
    if delivery_id is not None:
        query = query.where(s.delivery.c.id == delivery_id)
    rows = [dict(row) for row in tx.execute(query).mappings()]
    items = (
        select(s.digest_item.c.digest_id, s.event.c.id)
        .join(s.event, s.event.c.seq == s.digest_item.c.event_seq)
        .where(s.digest_item.c.digest_id.in_([row["digest_id"] for row in rows]))
        .order_by(s.event.c.seq)
    )
    events: dict[str, list[str]] = {}
    for digest_id, event_id in tx.execute(items):
        events.setdefault(digest_id, []).append(event_id)
    return [row | {"events": events.get(row["digest_id"], [])} for row in rows]


def get_delivery(tx: Tx, delivery_id: str) -> dict[str, Any]:
    """One delivery with ``body``, the stored content, and its ``tries``; or NotFound."""
    found = list_deliveries(tx, delivery_id=delivery_id)
    if not found:
        raise NotFound(f"no delivery {delivery_id!r}: `monitor deliveries list` shows them")
    body = tx.execute(select(s.content.c.body).where(s.content.c.sha256 == found[0]["content_sha256"])).scalar_one()
    tries = tx.execute(select(s.attempt).where(s.attempt.c.delivery_id == delivery_id).order_by(s.attempt.c.n))
    return found[0] | {"body": body, "tries": [dict(row) for row in tries.mappings()]}


def count_deliveries(tx: Tx) -> dict[str, int]:
    """``{state: number}``."""
    query = select(s.delivery.c.state, func.count()).group_by(s.delivery.c.state)
    return dict(tx.execute(query).all())
