"""Room 8: a webhook that fails for five days, or asks not to be used, is disabled, and its owner told."""

from __future__ import annotations

import hashlib
from datetime import datetime
from email.utils import parseaddr
from functools import partial

from monitor.core.message import mailbox, message_id, notice
from monitor.core.notice import disabled_mail
from monitor.core.retry import ENDPOINT_FAILS_FOR
from monitor.pipeline.context import Context, log
from monitor.store.database import Tx
from monitor.store.digests import NewDelivery, NewDigest, record_digests
from monitor.store.endpoints import FailingEndpoint, contact_endpoint, disable_endpoint, failing_endpoints


async def disable_failing(ctx: Context) -> int:
    """Disable the webhooks that failed for five days without one success (THREATS fault 37); how many those were."""
    now = ctx.clock()
    found = await ctx.db.read(lambda tx: failing_endpoints(tx, since=now - ENDPOINT_FAILS_FOR, now=now))
    return sum([await ctx.db.write(partial(_give_up, ctx, endpoint)) for endpoint in found])


def _give_up(ctx: Context, endpoint: FailingEndpoint, tx: Tx) -> bool:
    since, days = endpoint.failing_since, ENDPOINT_FAILS_FOR.days
    reason = f"it has failed since {since:%Y-%m-%d %H:%M} UTC, for {days} days and more, without one success"
    return disable(ctx, tx, endpoint, reason, for_failing=True)


def disable(ctx: Context, tx: Tx, endpoint: FailingEndpoint, reason: str, *, for_failing: bool = False) -> bool:
    """Disable a webhook and put the mail to its owner into the outbox, both or neither; False where it was before, or
    (``for_failing``) works again meanwhile.
    """
    if not disable_endpoint(tx, endpoint, reason, for_failing=for_failing):
        return False
    if endpoint.contact is not None:
        _tell(ctx, tx, endpoint, endpoint.contact, reason, ctx.clock())
    log.error(
        "endpoint_disabled",
        subscription=endpoint.subscription_id,
        reason=reason,
        told=endpoint.contact,
        see=f"monitor webhooks enable {endpoint.subscription_id}",
    )
    return True


def _tell(ctx: Context, tx: Tx, endpoint: FailingEndpoint, contact: str, reason: str, now: datetime) -> None:
    """A digest without events, so that the notice is sent, tried again, doubted and shown as any mail is."""
    mail = disabled_mail(
        tracker=ctx.vocabulary.tracker,
        subscription_id=endpoint.subscription_id,
        subscriber=endpoint.subscriber,
        address=endpoint.address,
        reason=reason,
    )
    delivery_id = ctx.new_id("dlv")
    own_id = message_id(delivery_id, parseaddr(ctx.settings.mail_from)[1].rpartition("@")[2])
    content = notice(mail, sender=ctx.settings.mail_from, to=mailbox("", contact), message_id=own_id, date=now)
    sha256 = hashlib.sha256(content).hexdigest()
    delivery = NewDelivery(
        delivery_id, contact_endpoint(tx, endpoint, contact), content, sha256, {}, sha256, own_id, held=False
    )
    period = f"notice:{endpoint.id}:{now.isoformat()}"
    digest = NewDigest(ctx.new_id("dig"), endpoint.subscription_id, period, mail.subject, (), delivery)
    record_digests(tx, endpoint.subscription_id, [digest], considered=None, at=now)
