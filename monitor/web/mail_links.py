"""The links in the feet of our e-mails: what a subscription is, and its end in one click (RFC 8058).

A link's token is all that is asked for: no login, no cookie. GET changes nothing, since mail scanners follow links.
"""

from __future__ import annotations

from calendar import day_name
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from monitor.core.message import verify_unsubscribe
from monitor.core.render import why
from monitor.model.subscription import Every, Schedule
from monitor.pipeline.context import Context, log
from monitor.store.database import Tx
from monitor.store.subscriptions import StoredSubscription, criteria_history, find_subscription, unsubscribe
from monitor.web.pages import FOR_ONE
from monitor.web.site import site_of


async def unsubscribe_page(request: Request) -> Response:
    """GET ``/u/{token}``: what the link is for, and the button."""
    subscription = await _subscription(request)
    return _page(request, "web/unsubscribe.html.j2", subscription, done=subscription.ended_at is not None)


async def unsubscribe_now(request: Request) -> Response:
    """POST ``/u/{token}``, by a mail program or by our button: ended for good; twice is as once."""
    subscription = await _subscription(request)
    site = site_of(request)
    if await site.ctx.db.write(lambda tx: unsubscribe(tx, subscription.id, site.ctx.clock())):
        log.info("unsubscribed", subscription=subscription.id)
    return _page(request, "web/unsubscribe.html.j2", subscription, done=True)


async def manage_page(request: Request) -> Response:
    """GET ``/manage/{token}``: what the subscription is told, and when."""
    subscription = await _subscription(request)

    def load(tx: Tx) -> str:
        in_force = [criteria for _, criteria in criteria_history(tx, subscription.id) if criteria is not None]
        return why(in_force[-1]).removeprefix("You receive this because you ") if in_force else ""

    site = site_of(request)
    return _page(
        request,
        "web/manage.html.j2",
        subscription,
        done=subscription.ended_at is not None,
        follows=await site.ctx.db.read(load),
        schedule=schedule_words(subscription.schedule),
        contact=site.ctx.settings.contact,
    )


def _page(request: Request, name: str, subscription: StoredSubscription, *, done: bool, **values: Any) -> Response:
    token = request.path_params["token"]
    return site_of(request).pages.page(
        name, headers=FOR_ONE, subscription=subscription, token=token, done=done, **values
    )


async def _subscription(request: Request) -> StoredSubscription:
    """The subscription that the token speaks for. 404 for every other token, without saying what is wrong with it."""
    ctx = site_of(request).ctx
    subscription_id = _verified(ctx, request.path_params["token"])
    if subscription_id is None:
        raise HTTPException(404)
    found = await ctx.db.read(lambda tx: find_subscription(tx, subscription_id))
    if found is None:
        raise HTTPException(404)
    return found


def _verified(ctx: Context, token: str) -> str | None:
    """Old mails keep their links while keys rotate: every key that is configured is accepted."""
    keys = (ctx.key, *(key.get_secret_value().encode() for key in ctx.settings.secret_key[1:]))
    return next((found for key in keys if (found := verify_unsubscribe(key, token)) is not None), None)


def schedule_words(schedule: Schedule) -> str:
    """When its digests come: "every Monday at 07:00 (America/New_York)"."""
    when = f"at {schedule.at:%H:%M} ({schedule.timezone})"
    match schedule.every:
        case Every.IMMEDIATE:
            return "as soon as something is recorded"
        case Every.HOUR:
            return "every hour, when something was recorded"
        case Every.DAY:
            return f"every day {when}"
        case Every.WEEK:
            return f"every {day_name[schedule.weekday]} {when}"
        case Every.MONTH:
            return f"on day {schedule.monthday} of every month {when}"
