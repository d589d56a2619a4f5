"""``monitor status``: how the service is doing, and what waits for a person."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import typer

from monitor.cli.deliveries import delivery_row
from monitor.cli.output import Json, counted, facts, heading, print_json, say, shown
from monitor.cli.source_noise import note_row, print_notes
from monitor.cli.sources import Lines, lines_of, source_row
from monitor.cli.webhooks import webhook_row
from monitor.cli.workspace import with_context
from monitor.model.delivery import DeliveryState

if TYPE_CHECKING:
    from monitor.pipeline.context import Context
    from monitor.store.database import Tx

TROUBLED = (DeliveryState.IN_DOUBT, DeliveryState.FAILED, DeliveryState.HELD)
TO_DO = {
    "in_doubt": "nobody can tell if it arrived: ask, then `deliveries resend ID` or `deliveries mark-delivered ID`",
    "failed": "not tried again: mend the cause, then `deliveries resend ID`",
    "held": "its endpoint is disabled, or its subscription ended: `webhooks enable SUBSCRIBER` sends it",
}
_SHOWN = 10
_WEEK = timedelta(days=7)


def status(command: typer.Context, as_json: Json = False) -> None:
    """Show how the service is doing and what needs a person.

    \b
    Example: monitor status
    """
    result = with_context(command, lambda ctx: _status(ctx, lines_of(command)))
    if as_json:
        print_json(result)
    else:
        _print(result)


async def _status(ctx: Context, lines: Lines) -> dict[str, Any]:
    from monitor.core.health import Colour
    from monitor.model.article import ArticleState
    from monitor.model.flag import FlagState
    from monitor.store.articles import count_articles
    from monitor.store.deliveries import count_deliveries, list_deliveries
    from monitor.store.endpoints import list_webhooks
    from monitor.store.flags import list_flags
    from monitor.store.pages import host_notes
    from monitor.store.policies import count_policies
    from monitor.store.public import timelines
    from monitor.store.sources import list_sources

    def work(tx: Tx) -> dict[str, Any]:
        sources = [source_row(row, ctx.clock(), lines) for row in list_sources(tx)]
        states = Counter(row["state"] for row in sources)
        articles = count_articles(tx)
        flags = Counter(flag.state for flag in list_flags(tx, now=ctx.clock()))
        deliveries = count_deliveries(tx)
        troubled = [
            {**delivery_row(row), "detail": row["detail"]}
            for state in TROUBLED
            if deliveries.get(state.value)
            for row in list_deliveries(tx, state=state.value)
        ]
        return {
            "policies": count_policies(tx),
            "actions": sum(timeline.actions for timeline in timelines(tx).values()),
            "sources": {state: states[state] for state in ("ok", "failing", "paused", "new")},
            "failing": [
                {name: row[name] for name in ("id", "error", "detail", "failures", "polled_at", "next_poll_at")}
                for row in sources
                if row["state"] == "failing"
            ],
            "health": [
                {name: row[name] for name in ("id", "colour", "reason")}
                for row in sources
                if row["colour"] in (Colour.YELLOW, Colour.RED)
            ],
            "articles": {state.value: articles[state] for state in ArticleState},
            "flags": {state.value: flags[state] for state in FlagState},
            "deliveries": {state.value: deliveries.get(state.value, 0) for state in DeliveryState},
            "attention": troubled,
            "host_notes": [note_row(note) for note in host_notes(tx, since=ctx.clock() - _WEEK)],
            "webhooks": [row for row in map(webhook_row, list_webhooks(tx)) if row["state"] != "enabled"],
        }

    return await ctx.db.read(work)


def _print(result: dict[str, Any]) -> None:
    facts(
        [
            ("Policies", f"{result['policies']}, with {counted(result['actions'], 'subsequent action')}"),
            ("Sources", _counts(result["sources"])),
            ("Articles", _counts(result["articles"])),
            ("Flags", _counts(result["flags"])),
            ("Deliveries", _counts(result["deliveries"])),
        ]
    )
    if result["health"]:
        heading("Sources to look at")
    for row in result["health"]:
        say(f"  {row['colour']}: {row['id']}: {row['reason']}")
    print_notes(result["host_notes"][:_SHOWN])
    if result["webhooks"]:
        heading("Webhooks to look at")
    for row in result["webhooks"]:
        why = row["disabled_reason"] or f"since {shown(row['failing_since'])}"
        say(f"  {row['state']}: {row['id']}: {why}")
    for state, to_do in TO_DO.items():
        rows = [row for row in result["attention"] if row["state"] == state]
        if not rows:
            continue
        heading(f"{len(rows)} {state.replace('_', ' ')}: {to_do}")
        for row in rows[:_SHOWN]:
            say(f"  {row['id']} for {row['subscription']}: {row['detail'] or ''}")
        if len(rows) > _SHOWN:
            say(f"  ... `monitor deliveries list --state {state}` shows all")


def _counts(states: dict[str, int]) -> str:
    return ", ".join(f"{count} {state.replace('_', ' ')}" for state, count in states.items() if count) or "none"
