"""``monitor subscribers``: who is told."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.output import Column, Json, facts, listing, print_json
from monitor.cli.workspace import with_context
from monitor.errors import NotFound

if TYPE_CHECKING:
    from monitor.pipeline.context import Context
    from monitor.store.database import Tx

group = typer.Typer(help="Who is told what, and when.", no_args_is_help=True)
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_COLUMNS = (
    Column("Id", "id"),
    Column("By", "kind"),
    Column("To", "address", share=1),
    Column("Every", "every"),
    Column("At", "at"),
    Column("Wants", lambda row: _wants(row), share=1),
    Column("State", "state"),
)


@group.command("list")
def list_(command: typer.Context, as_json: Json = False) -> None:
    """List the subscriptions of subscriptions.yaml.

    \b
    Example: monitor subscribers list
    """
    rows = with_context(command, _list)
    listing(rows, _COLUMNS, as_json, empty="No subscribers: add some to subscriptions.yaml.")


async def _list(ctx: Context) -> list[dict[str, Any]]:
    from monitor.store.subscriptions import list_subscribers

    return [_row(row) for row in await ctx.db.read(list_subscribers)]


def _row(row: dict[str, Any]) -> dict[str, Any]:
    schedule, criteria = row["schedule"], row["criteria"] or {}
    every = schedule["every"]
    on = {"week": _WEEKDAYS[schedule["weekday"]], "month": schedule["monthday"]}.get(every)
    return {
        "id": row["id"],
        "name": row["name"],
        "kind": row["kind"],
        "address": row["address"],
        "contact": row["contact"],
        "state": row["state"],
        "disabled_reason": row["disabled_reason"],
        "every": every,
        "on": on,
        "at": schedule["at"][:5] if every in ("day", "week", "month") else None,
        "timezone": schedule["timezone"],
        "topics": "all" if criteria.get("all_topics") else criteria.get("topics", []),
        "agencies": criteria.get("agencies", []),
        "policies": criteria.get("policies", []),
        "match": "all" if criteria.get("match_all") else "any",
        "events": criteria.get("events", []),
    }


def _wants(row: Any) -> str:
    topics = ["everything"] if row["topics"] == "all" else row["topics"]
    joint = " and " if row["match"] == "all" else "; "
    parts = (topics, row["agencies"], [f"policy {each}" for each in row["policies"]])
    return joint.join(", ".join(part) for part in parts if part)


@group.command()
def show(
    command: typer.Context,
    subscriber: Annotated[str, typer.Argument(metavar="ID", help="Its id in subscriptions.yaml.")],
    as_json: Json = False,
) -> None:
    """Show one subscription: what it wants, when its next digest is due, and how its deliveries stand.

    \b
    Example: monitor subscribers show civil-rights-desk
    """
    row = with_context(command, lambda ctx: _show(ctx, subscriber))
    if as_json:
        print_json(row)
        return
    facts(
        [
            ("Id", row["id"]),
            ("Name", row["name"]),
            ("Told by", f"{row['kind']} at {row['address']}"),
            ("Contact", row["contact"]),
            ("State", " - ".join(filter(None, (row["state"], row["disabled_reason"])))),
            ("Wants", _wants(row)),
            ("Events", row["events"]),
            ("Every", " ".join(str(row[name]) for name in ("every", "on", "at", "timezone") if row[name])),
            ("Next due", row["next_due"]),
            ("Deliveries", [f"{count} {state}" for state, count in row["deliveries"].items()]),
        ]
    )


async def _show(ctx: Context, subscriber: str) -> dict[str, Any]:
    from monitor.core.schedule import next_due
    from monitor.store.deliveries import list_deliveries
    from monitor.store.subscriptions import list_subscribers, schedule_from_json

    def work(tx: Tx) -> dict[str, Any]:
        found = next((row for row in list_subscribers(tx) if row["id"] == subscriber), None)
        if found is None:
            raise NotFound(f"no subscriber {subscriber!r}: `monitor subscribers list` shows them")
        due = next_due(schedule_from_json(found["schedule"]), ctx.clock())
        states = Counter(row["state"] for row in list_deliveries(tx) if row["subscription_id"] == subscriber)
        return {**_row(found), "next_due": due and due.cutoff, "deliveries": dict(states)}

    return await ctx.db.read(work)
