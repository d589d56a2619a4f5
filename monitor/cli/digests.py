"""``monitor digest``: what would be sent, and composing what is due."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.moments import moment
from monitor.cli.output import Json, Row, counted, print_json, say
from monitor.cli.workspace import with_context

if TYPE_CHECKING:
    from monitor.pipeline.context import Context
    from monitor.pipeline.digest import ComposeReport, Preview

group = typer.Typer(help="Digests: what would be sent, and composing what is due.", no_args_is_help=True)
_BATCH = 1000


@group.command()
def preview(
    command: typer.Context,
    subscriber: Annotated[str, typer.Argument(metavar="SUBSCRIBER", help="Its id in subscriptions.yaml.")],
    since: Annotated[
        str | None, typer.Option(metavar="D", help="All that was recorded since then, told or not.")
    ] = None,
    until: Annotated[str | None, typer.Option(metavar="D", help="Up to the end of this day, or this moment.")] = None,
    as_json: Json = False,
) -> None:
    """Show what a subscriber would be sent now: of what was not sent yet. Nothing is stored.

    Days are UTC's. --since judges by what the subscription wants today.

    \b
    Example: monitor digest preview civil-rights-desk --since 2025-10-01 --until 2025-10-31
    """
    found = with_context(command, lambda ctx: _preview(ctx, subscriber, since, until))
    if as_json:
        nothing: Row = {"subscription": subscriber, "period": "preview", "subject": None, "text": None, "events": []}
        print_json(found or nothing)
    elif found is None:
        say(f"Nothing: {subscriber} would not be sent anything.")
    else:
        say(f"Subject: {found.subject}")
        typer.echo()
        say(found.text.rstrip())


async def _preview(ctx: Context, subscriber: str, since: str | None, until: str | None) -> Preview | None:
    from monitor.pipeline.digest import preview as would_be_sent

    now = ctx.clock()
    begin = None if since is None else moment("--since", since, now)
    end = None if until is None else moment("--until", until, now, end_of_day=True)
    return await would_be_sent(ctx, subscriber, since=begin, until=end)


@group.command()
def compose(
    command: typer.Context,
    now: Annotated[str | None, typer.Option(metavar="T", help="As if it were this moment.")] = None,
    as_json: Json = False,
) -> None:
    """Compose the digests that are due. A composed digest never changes; `monitor deliver` sends it.

    Exit 75 where another worker holds the workspace: it composes by itself.

    \b
    Example: monitor digest compose --now 2025-10-10T11:00Z
    """
    report = with_context(command, lambda ctx: _compose(ctx, now), hold=True)
    if as_json:
        print_json(report)
    else:
        to_send = counted(report.deliveries, "delivery", "deliveries")
        say(f"{counted(report.digests, 'digest')} composed, {to_send} to send")


async def _compose(ctx: Context, now: str | None) -> ComposeReport:
    from monitor.pipeline.digest import ComposeReport, compose_due

    as_of = None if now is None else moment("--now", now, ctx.clock())
    total = ComposeReport()
    while (report := await compose_due(ctx, _BATCH, as_of=as_of)).digests:
        total += report
    return total
