"""Room 8: the outbox is emptied. The intent is committed just before the point of no return, the outcome after it."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parseaddr
from typing import Any, assert_never

from monitor.core.message import assemble
from monitor.core.retry import after
from monitor.core.signature import sign_all
from monitor.core.webhook import body_of_test
from monitor.errors import ConfigError, LostClaim, MonitorError, UsageError
from monitor.model.delivery import Deferred, Delivery, DeliveryState, Gone, InDoubt, Outcome, Refused, Sent
from monitor.model.subscription import EndpointKind
from monitor.pipeline.context import Context, MailSession, log
from monitor.pipeline.endpoints import disable, disable_failing
from monitor.pipeline.report import Summed
from monitor.store.database import Tx
from monitor.store.deliveries import begin_attempt, claim_deliveries, finish_attempt
from monitor.store.digests import StoredEndpoint, current_endpoint
from monitor.store.endpoints import endpoint_of, note_endpoint
from monitor.store.subscriptions import get_subscription

LEASE = timedelta(minutes=20)  # a batch of mails, each with up to ten minutes after the final dot (RFC 5321 4.5.3.2.6)
_WEBHOOKS_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class DeliverReport(Summed):
    """What became of the deliveries that one pass took up (CONTRACT, ``deliver``)."""

    sent: int = 0
    deferred: int = 0
    failed: int = 0
    in_doubt: int = 0

    @property
    def taken(self) -> int:
        """How many deliveries were taken up."""
        return self.sent + self.deferred + self.failed + self.in_doubt


async def deliver_due(ctx: Context, limit: int) -> DeliverReport:
    """Send up to ``limit`` due deliveries: mails one after the other on one connection, webhooks side by side."""
    claimed = await ctx.db.write(
        lambda tx: claim_deliveries(
            tx, now=ctx.clock(), limit=limit, lease=LEASE, new_token=lambda: ctx.new_id("claim")
        )
    )
    mails = [delivery for delivery in claimed if delivery.kind is EndpointKind.EMAIL]
    hooks = [delivery for delivery in claimed if delivery.kind is EndpointKind.WEBHOOK]
    at_once = asyncio.Semaphore(_WEBHOOKS_AT_ONCE)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_send_mails(ctx, mails))]
        tasks += [group.create_task(_send_webhook(ctx, delivery, at_once)) for delivery in hooks]
    await disable_failing(ctx)
    return sum((task.result() for task in tasks), DeliverReport())


async def _send_mails(ctx: Context, mails: list[Delivery]) -> DeliverReport:
    if not mails:
        return DeliverReport()
    ctx.crashpoint("mail.claimed")
    report = DeliverReport()
    session = await ctx.mail.open()
    if isinstance(session, Deferred):
        for delivery in mails:
            report += await _finish(ctx, delivery, session, begun=False)
        return report
    ctx.crashpoint("mail.connected")
    try:
        for delivery in mails:
            report += await _guarded(ctx, delivery, _send_mail(ctx, session, delivery))
    finally:
        await session.close()
    return report


async def _send_mail(ctx: Context, session: MailSession, delivery: Delivery) -> DeliverReport:
    content = wire_bytes(delivery)
    if isinstance(content, Refused):
        return await _finish(ctx, delivery, content, begun=False)
    refused = await session.envelope(parseaddr(ctx.settings.mail_from)[1], delivery.address)
    if refused is not None:
        return await _finish(ctx, delivery, refused, begun=False)
    ctx.crashpoint("mail.rcpt_ok")
    await ctx.db.write(lambda tx: begin_attempt(tx, delivery, at=ctx.clock()))
    ctx.crashpoint("mail.data_committed")
    outcome = await session.data(delivery.id, content)
    ctx.crashpoint("mail.got_250")
    return await _finish(ctx, delivery, outcome, begun=True)


async def _send_webhook(ctx: Context, delivery: Delivery, at_once: asyncio.Semaphore) -> DeliverReport:
    async with at_once:
        return await _guarded(ctx, delivery, _post(ctx, delivery))


async def _post(ctx: Context, delivery: Delivery) -> DeliverReport:
    ctx.crashpoint("hook.claimed")
    content = wire_bytes(delivery)
    if isinstance(content, Refused):
        return await _finish(ctx, delivery, content, begun=False)
    headers = _signed(ctx, delivery.subscription_id, delivery.message_id, content)
    await ctx.db.write(lambda tx: begin_attempt(tx, delivery, at=ctx.clock()))
    ctx.crashpoint("hook.sent_request")
    outcome = await ctx.webhooks.post(delivery.address, content, headers)
    ctx.crashpoint("hook.got_2xx")
    return await _finish(ctx, delivery, outcome, begun=True)


def _signed(ctx: Context, subscription_id: str, webhook_id: str, content: bytes) -> dict[str, str]:
    timestamp = int(ctx.clock().timestamp())
    return {
        "content-type": "application/json",
        "webhook-id": webhook_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign_all(ctx.secrets(subscription_id), webhook_id, timestamp, content),
    }


async def webhook_of(ctx: Context, subscription_id: str) -> StoredEndpoint:
    """The endpoint of a live subscription that is told by webhook; NotFound, or UsageError for one told by mail."""

    def work(tx: Tx) -> StoredEndpoint | None:
        return current_endpoint(tx, get_subscription(tx, subscription_id).id)

    endpoint = await ctx.db.read(work)
    if endpoint is None or endpoint.kind is not EndpointKind.WEBHOOK:
        raise UsageError(f"subscriber {subscription_id} is not told by webhook")
    return endpoint


async def send_test(ctx: Context, subscription_id: str) -> tuple[str, Outcome]:
    """Post a signed ``webhook.test`` event now, outside the outbox: the address, and what came of it."""
    endpoint = await webhook_of(ctx, subscription_id)
    content = body_of_test(subscription_id, ctx.clock())
    headers = _signed(ctx, subscription_id, ctx.new_id("evt"), content)
    return endpoint.address, await ctx.webhooks.post(endpoint.address, content, headers)


async def _guarded(ctx: Context, delivery: Delivery, work: Coroutine[Any, Any, DeliverReport]) -> DeliverReport:
    """One delivery's own fault (a missing secret, a lost claim) stops none of the others."""
    try:
        return await work
    except LostClaim as lost:
        log.warning("delivery_discarded", delivery=delivery.id, why=str(lost))
        return DeliverReport()
    except MonitorError as error:
        if error.exit_code != MonitorError.exit_code and not isinstance(error, ConfigError):
            raise  # the database's fault, not this delivery's
        log.error("delivery_broke", delivery=delivery.id, error=str(error))
        return await _finish(ctx, delivery, Deferred(str(error)), begun=False)


def wire_bytes(delivery: Delivery) -> bytes | Refused:
    """The bytes of every attempt; Refused where they are not those that were composed."""
    content = assemble(delivery.body, delivery.substitutions)
    if hashlib.sha256(content).hexdigest() != delivery.sha256:
        return Refused("the stored message is not the one that was composed: its SHA-256 differs; nothing was sent")
    return content


async def _finish(ctx: Context, delivery: Delivery, outcome: Outcome, *, begun: bool) -> DeliverReport:
    """T5b."""
    now = ctx.clock()
    attempts = delivery.attempts + 1
    wait = after(outcome, attempts, ctx.chance(), delivery.kind)
    if isinstance(outcome, InDoubt) and not _kept(ctx, delivery):
        wait = after(Deferred(outcome.detail), attempts, ctx.chance(), delivery.kind)
    state = _state(outcome, wait)

    def work(tx: Tx) -> None:
        finish_attempt(
            tx,
            delivery,
            at=now,
            begun=begun,
            state=state,
            outcome=type(outcome).__name__.lower(),
            detail=outcome.detail,
            next_attempt_at=now + wait if wait is not None else None,
        )
        if isinstance(outcome, Gone):
            disable(ctx, tx, endpoint_of(tx, delivery), f"it asked not to be used again: {outcome.detail}")
        if delivery.kind is EndpointKind.WEBHOOK:
            note_endpoint(tx, delivery, failed_at=None if isinstance(outcome, Sent) else now)

    await ctx.db.write(work)
    ctx.crashpoint("mail.after_sent" if delivery.kind is EndpointKind.EMAIL else "hook.after")
    if state is not DeliveryState.SENT:
        log.warning("delivery_" + state.value, delivery=delivery.id, detail=outcome.detail)
    return _counted(state)


def _kept(ctx: Context, delivery: Delivery) -> bool:
    """Whether a mail in doubt waits for an editor (MONITOR_EMAIL_IN_DOUBT)."""
    return delivery.kind is EndpointKind.EMAIL and ctx.settings.email_in_doubt == "hold"


def _state(outcome: Outcome, wait: timedelta | None) -> DeliveryState:
    match outcome:
        case Sent():
            return DeliveryState.SENT
        case Refused() | Gone():
            return DeliveryState.FAILED
        case Deferred():
            return DeliveryState.FAILED if wait is None else DeliveryState.DEFERRED
        case InDoubt():
            return DeliveryState.IN_DOUBT if wait is None else DeliveryState.DEFERRED
        case _:
            assert_never(outcome)


def _counted(state: DeliveryState) -> DeliverReport:
    return DeliverReport(
        sent=int(state is DeliveryState.SENT),
        deferred=int(state is DeliveryState.DEFERRED),
        failed=int(state is DeliveryState.FAILED),
        in_doubt=int(state is DeliveryState.IN_DOUBT),
    )
