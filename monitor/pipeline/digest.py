"""Room 7: what was recorded becomes digests, each once, and each digest a delivery whose bytes are fixed for good."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from email.utils import parseaddr
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from monitor.core.digest import DigestLine, fold, page_change, wants
from monitor.core.message import assemble, mailbox, marker, message, message_id, unsubscribe_token
from monitor.core.render import DigestView, why
from monitor.core.schedule import Due, last_due
from monitor.core.webhook import digest_body, event_body
from monitor.errors import NotFound, Unrenderable
from monitor.model.event import Event, EventType
from monitor.model.subscription import Criteria, EndpointKind, EndpointState, Every
from monitor.pipeline.context import Context, log
from monitor.pipeline.report import Summed
from monitor.store.changes import StoredChange, changes_behind
from monitor.store.database import Tx
from monitor.store.digests import (
    NewDelivery,
    NewDigest,
    StoredEndpoint,
    current_endpoint,
    events_since,
    has_digest,
    later_events,
    record_digests,
    told_actions,
    untold_events,
)
from monitor.store.subscriptions import (
    StoredSubscription,
    criteria_history,
    get_subscription,
    live_subscriptions,
)

_FOLLOW_UPS = (EventType.ACTION_CORRECTED, EventType.ACTION_RETRACTED)


@dataclass(frozen=True, slots=True)
class ComposeReport(Summed):
    """What one pass composed."""

    digests: int = 0
    deliveries: int = 0


@dataclass(frozen=True, slots=True)
class Batch:
    """What a subscription is to be told now. ``due`` None: immediately, one digest an event.

    ``changes`` are those of pages that the events' actions come from, by the action's id; of a mail only.
    """

    subscription: StoredSubscription
    endpoint: StoredEndpoint
    criteria: Criteria
    due: Due | None
    events: tuple[Event, ...]
    changes: Mapping[int, StoredChange] = field(default_factory=dict)

    def lines(self) -> tuple[DigestLine, ...]:
        """What there is to tell."""
        told = {event.action_id for event in self.events}
        changes = {
            action: page_change(change.summary, change.parts)
            for action, change in self.changes.items()
            if action in told
        }
        return fold(self.events, changes)


async def compose_due(ctx: Context, limit: int, *, as_of: datetime | None = None) -> ComposeReport:
    """Compose what is due now (or ``as_of`` another moment), up to about ``limit`` digests; one T4 a subscription."""
    now = as_of or ctx.clock()
    report = ComposeReport()
    for subscription in await ctx.db.read(live_subscriptions):
        if report.digests >= limit:
            break
        try:
            report += await _compose_one(ctx, subscription, now)
        except Unrenderable as error:  # its events stay untold, and the others are told (THREATS E1, I12)
            log.error("digest_failed", subscription=subscription.id, error=str(error))
    return report


async def _compose_one(ctx: Context, subscription: StoredSubscription, now: datetime) -> ComposeReport:
    due = last_due(subscription.schedule, now)
    considered = due.period if due is not None else None
    if considered is not None and subscription.considered == considered:
        return ComposeReport()
    batch = await ctx.db.read(lambda tx: load_batch(tx, subscription, due, now))
    ctx.crashpoint("digest.select")
    digests = _compose(ctx, batch, now)
    if not digests and considered is None:
        return ComposeReport()
    at = ctx.clock()
    stored = await ctx.db.write(lambda tx: _commit(ctx, tx, subscription.id, digests, considered, at))
    ctx.crashpoint("digest.after_commit")
    deliveries = sum(digest.delivery is not None for digest in digests if digest.id in stored)
    return ComposeReport(len(stored), deliveries)


def _commit(
    ctx: Context, tx: Tx, subscription_id: str, digests: list[NewDigest], considered: str | None, at: datetime
) -> list[str]:
    stored = record_digests(tx, subscription_id, digests, considered=considered, at=at)
    ctx.crashpoint("digest.insert")
    return stored


def load_batch(
    tx: Tx, subscription: StoredSubscription, due: Due | None, now: datetime, *, again: bool = False
) -> Batch | None:
    """The untold events that the subscription wants; None where it has no endpoint or the period was told.

    An event is judged by the criteria in force when it was recorded. A correction or retraction is wanted where the
    recorded event was told, or is told now. ``again``: also for a period that was told (previews).
    """
    endpoint = current_endpoint(tx, subscription.id)
    history = criteria_history(tx, subscription.id)
    if endpoint is None or not history or history[-1][1] is None:
        return None
    if due is not None and not again and has_digest(tx, subscription.id, due.period):
        return None
    until = due.cutoff if due is not None else now
    events = untold_events(tx, subscription.id, after=history[0][0], until=until)
    if due is not None and events:
        actions = {event.action_id for event in events if event.action_id is not None}
        events = sorted(
            [*events, *later_events(tx, subscription.id, actions, after=until)], key=lambda event: event.seq
        )
    wanted = tuple(_wanted(tx, subscription.id, history, events))
    return Batch(subscription, endpoint, history[-1][1], due, wanted, _changes(tx, endpoint, wanted))


def _changes(tx: Tx, endpoint: StoredEndpoint, events: Collection[Event]) -> dict[int, StoredChange]:
    if endpoint.kind is not EndpointKind.EMAIL:
        return {}
    recorded = {event.action_id for event in events if event.type is EventType.ACTION_RECORDED}
    return changes_behind(tx, {action for action in recorded if action is not None})


def _wanted(
    tx: Tx, subscription_id: str, history: list[tuple[int, Criteria | None]], events: list[Event]
) -> list[Event]:
    follow_ups = {event.action_id for event in events if event.type in _FOLLOW_UPS and event.action_id is not None}
    told = told_actions(tx, subscription_id, follow_ups) if follow_ups else set()
    wanted = []
    for event in events:
        criteria = next((each for valid_from, each in reversed(history) if valid_from < event.seq), None)
        if criteria is None:
            continue
        if event.type in _FOLLOW_UPS:
            of_type = not criteria.events or event.type in criteria.events
            if event.action_id in told and of_type:
                wanted.append(event)
        elif wants(criteria, event):
            wanted.append(event)
            if event.action_id is not None:
                told.add(event.action_id)
    return wanted


def _compose(ctx: Context, batch: Batch | None, now: datetime) -> list[NewDigest]:
    if batch is None or not batch.events:
        return []
    if batch.due is not None:
        return [_digest(ctx, batch, batch.due.period, now)]
    return [_digest(ctx, replace(batch, events=(event,)), f"event:{event.id}", now) for event in batch.events]


def _digest(ctx: Context, batch: Batch, period: str, now: datetime) -> NewDigest:
    digest_id = ctx.new_id("dig")
    events, lines = batch.events, batch.lines()
    if not lines:  # recorded and taken back before anybody was told
        return NewDigest(digest_id, batch.subscription.id, period, "", _seqs(events), None)
    if batch.endpoint.kind is EndpointKind.WEBHOOK:
        subject, delivery = _webhook(ctx, batch, digest_id, period, events, now)
    else:
        subject, delivery = _mail(ctx, batch, period, lines, now)
    ctx.crashpoint("digest.render")
    return NewDigest(digest_id, batch.subscription.id, period, subject, _seqs(events), delivery)


def _seqs(events: tuple[Event, ...]) -> tuple[int, ...]:
    return tuple(event.seq for event in events)


def _webhook(
    ctx: Context, batch: Batch, digest_id: str, period: str, events: tuple[Event, ...], now: datetime
) -> tuple[str, NewDelivery]:
    if batch.due is None:
        body, webhook_id, subject = event_body(events[0]), events[0].id, events[0].type.value
    else:
        more = f"{ctx.settings.base_url}/policies"
        body = digest_body(batch.subscription.id, period, events, now, more)
        webhook_id, subject = digest_id, f"digest of {len(events)}"
    return subject, _delivery(ctx.new_id("dlv"), batch.endpoint, body, {}, webhook_id)


def view_of(ctx: Context, batch: Batch, period: str, lines: tuple[DigestLine, ...], now: datetime) -> DigestView:
    """Everything that the templates of one digest may see."""
    zone = ZoneInfo(batch.subscription.schedule.timezone)
    return DigestView(
        tracker=ctx.vocabulary.tracker,
        why=why(batch.criteria),
        period=period,
        day=(batch.due.cutoff if batch.due is not None else now).astimezone(zone).date(),
        lines=lines,
        base_url=ctx.settings.base_url,
    )


def _mail(
    ctx: Context, batch: Batch, period: str, lines: tuple[DigestLine, ...], now: datetime
) -> tuple[str, NewDelivery]:
    view = view_of(ctx, batch, period, lines, now)
    try:
        mail = ctx.renderer.mail(view)
    except Unrenderable as error:  # an operator's template: the digest is sent all the same, with the packaged one
        log.error("template_failed", error=str(error), subscription=batch.subscription.id)
        mail = ctx.packaged_renderer.mail(view)
    domain = parseaddr(ctx.settings.mail_from)[1].rpartition("@")[2]
    every: Every = batch.subscription.schedule.every
    host = urlsplit(ctx.settings.base_url).hostname or "localhost"
    template = message(
        mail,
        sender=ctx.settings.mail_from,
        list_name=f"{ctx.vocabulary.tracker}: {every.value}",
        list_id=f"{every.value}.{host}",
    )
    delivery_id = ctx.new_id("dlv")
    token = unsubscribe_token(ctx.key, batch.subscription.id)
    substitutions = template.substitutions(
        to=mailbox(batch.subscription.name, batch.endpoint.address),
        message_id=message_id(delivery_id, domain),
        date=now,
        unsubscribe_url=f"{ctx.settings.base_url}/u/{token}",
        manage_url=f"{ctx.settings.base_url}/manage/{token}",
    )
    own_id = message_id(delivery_id, domain)
    return mail.subject, _delivery(delivery_id, batch.endpoint, template.body, substitutions, own_id)


def _delivery(
    delivery_id: str, endpoint: StoredEndpoint, body: bytes, substitutions: dict[str, str], own_id: str
) -> NewDelivery:
    return NewDelivery(
        id=delivery_id,
        endpoint_id=endpoint.id,
        body=body,
        content_sha256=hashlib.sha256(body).hexdigest(),
        substitutions=substitutions,
        sha256=hashlib.sha256(assemble(body, substitutions)).hexdigest(),
        message_id=own_id,
        held=endpoint.state is EndpointState.DISABLED,
    )


@dataclass(frozen=True, slots=True)
class Preview:
    """What a subscription would be told: of a mail its subject and text; of a webhook its body."""

    subscription: str
    period: str
    subject: str
    text: str
    events: tuple[str, ...]


async def preview(
    ctx: Context, subscription_id: str, *, since: datetime | None = None, until: datetime | None = None
) -> Preview | None:
    """What would be sent if the subscription were due at ``until`` (now); None for nothing. Stores nothing.

    ``since``: of everything recorded from then on, told or not, by the criteria in force today.
    """
    now = until or ctx.clock()

    def work(tx: Tx) -> Batch | None:
        subscription = get_subscription(tx, subscription_id)
        batch = load_batch(tx, subscription, Due("preview", now), now, again=True)
        if batch is None or since is None:
            return batch
        events = tuple(_wanted(tx, subscription_id, [(0, batch.criteria)], events_since(tx, since, until=now)))
        return replace(batch, events=events, changes=_changes(tx, batch.endpoint, events))

    batch = await ctx.db.read(work)
    if batch is None:
        raise NotFound(f"subscriber {subscription_id} has no endpoint")
    lines = batch.lines()
    if not lines:
        return None
    ids = tuple(event.id for event in batch.events)
    if batch.endpoint.kind is EndpointKind.WEBHOOK:
        body = digest_body(subscription_id, "preview", batch.events, now, f"{ctx.settings.base_url}/policies")
        return Preview(subscription_id, "preview", f"{len(batch.events)} events", body.decode(), ids)
    mail = ctx.renderer.mail(view_of(ctx, batch, "day:preview", lines, now))
    text = mail.text
    for name in ("unsubscribe", "manage"):
        text = text.replace(marker(f"{name}_text", mail.nonce), f"({name}: the subscriber's own address)")
    return Preview(subscription_id, "preview", mail.subject, text, ids)
