"""``monitor deliver`` and ``monitor deliveries``: the outbox."""

from __future__ import annotations

import json
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.output import (
    Column,
    Json,
    Row,
    counted,
    facts,
    heading,
    listing,
    plain,
    print_json,
    prose,
    say,
    shown,
    warn,
)
from monitor.cli.workspace import with_context
from monitor.model.delivery import DeliveryState

if TYPE_CHECKING:
    from monitor.pipeline.context import Context
    from monitor.store.database import Tx

group = typer.Typer(help="The outbox: what is sent, waits, failed or is in doubt.", no_args_is_help=True)
DeliveryId = Annotated[str, typer.Argument(metavar="ID", help="The delivery's id, dlv_...")]
_BATCH = 50


def deliver(
    command: typer.Context,
    limit: Annotated[int | None, typer.Option(metavar="N", min=1, help="At most so many deliveries.")] = None,
    as_json: Json = False,
) -> None:
    """Send what is due. What a peer does not take is tried again later (deferred) or not any more (failed).

    Exit 75 where another worker holds the workspace: it sends by itself.

    \b
    Example: monitor deliver --limit 100
    """
    result = with_context(command, lambda ctx: _deliver(ctx, limit), hold=True)
    if as_json:
        print_json(result)
        return
    say(", ".join(f"{result[name]} {name.replace('_', ' ')}" for name in ("sent", "deferred", "failed", "in_doubt")))
    if result["failed"] or result["in_doubt"]:
        say("`monitor status` says which, and what to do")


async def _deliver(ctx: Context, limit: int | None) -> dict[str, Any]:
    from monitor.pipeline.deliver import DeliverReport, deliver_due

    started = perf_counter()
    total = DeliverReport()
    while limit is None or total.taken < limit:
        report = await deliver_due(ctx, _BATCH if limit is None else min(_BATCH, limit - total.taken))
        if not report.taken:
            break
        total += report
    return {**plain(total), "seconds": round(perf_counter() - started, 3)}


_COLUMNS = (
    Column("Id", "id"),
    Column("State", "state"),
    Column("Subscriber", "subscription"),
    Column("To", "endpoint", share=1),
    Column("Tries", "attempts", right=True),
    Column("Next", "next_attempt_at"),
    Column("Subject", "subject", share=1),
)


@group.command("list")
def list_(
    command: typer.Context,
    state: Annotated[DeliveryState | None, typer.Option(help="Only these.")] = None,
    as_json: Json = False,
) -> None:
    """List deliveries, newest first. `events` are the ids of what each tells of.

    \b
    Example: monitor deliveries list --state in_doubt
    """
    found = with_context(command, lambda ctx: _list(ctx, state))
    rows = [delivery_row(row) for row in found]
    if not as_json:
        rows = [{**row, "subject": each["subject"]} for row, each in zip(rows, found, strict=True)]
    listing(rows, _COLUMNS, as_json, empty="No deliveries." if state is None else f"No deliveries are {state.value}.")


async def _list(ctx: Context, state: DeliveryState | None) -> list[dict[str, Any]]:
    from monitor.store.deliveries import list_deliveries

    return await ctx.db.read(lambda tx: list_deliveries(tx, state=state and state.value))


def delivery_row(row: dict[str, Any]) -> Row:
    """A delivery as the contract has it."""
    return {
        "id": row["id"],
        "subscription": row["subscription_id"],
        "endpoint": row["address"],
        "kind": row["kind"],
        "state": row["state"],
        "attempts": row["attempts"],
        "next_attempt_at": row["next_attempt_at"],
        "events": row["events"],
    }


@group.command()
def show(command: typer.Context, delivery_id: DeliveryId, as_json: Json = False) -> None:
    """Show one delivery: every attempt, and the message as it goes over the wire.

    \b
    Example: monitor deliveries show dlv_0123456789abcdef01234567
    """
    row = with_context(command, lambda ctx: _show(ctx, delivery_id))
    if as_json:
        print_json(row)
        return
    names = ("id", "state", "detail", "subscription", "endpoint", "kind", "message_id", "period", "subject")
    more = [("Composed", row["created_at"]), ("Next attempt", row["next_attempt_at"])]
    facts([*((name.replace("_", " ").capitalize(), row[name]) for name in names), *more])
    if row["tries"]:
        heading(counted(len(row["tries"]), "attempt"))
    for each in row["tries"]:
        say(f"  {each['n']}  {shown(each['begun_at'])}  {each['outcome'] or 'unknown'}  {each['detail'] or ''}")
    heading("Message")
    prose(_readable(row["kind"], row["message"]).rstrip())


async def _show(ctx: Context, delivery_id: str) -> dict[str, Any]:
    from monitor.core.message import assemble
    from monitor.store.deliveries import get_delivery

    row = await ctx.db.read(lambda tx: get_delivery(tx, delivery_id))
    names = ("message_id", "period", "subject", "created_at", "detail")
    tries = ("n", "begun_at", "finished_at", "outcome", "detail")
    return {
        **delivery_row(row),
        **{name: row[name] for name in names},
        "tries": [{name: each[name] for name in tries} for each in row["tries"]],
        "message": assemble(row["body"], row["substitutions"]).decode("utf-8", "replace"),
    }


def _readable(kind: str, message: str) -> str:
    """A mail's headers and its text part, decoded; a webhook's JSON, indented."""
    from email import message_from_string
    from email.policy import default

    if kind == "webhook":
        return json.dumps(json.loads(message), ensure_ascii=False, indent=2)
    mail = message_from_string(message, policy=default)
    headers = "\n".join(f"{name}: {value}" for name, value in mail.items())
    part = mail.get_body(("plain",))
    return f"{headers}\n\n{part.get_content() if part is not None else ''}"


@group.command()
def resend(command: typer.Context, delivery_id: DeliveryId) -> None:
    """Send one again that failed, is held or is in doubt: the same bytes under the same id.

    \b
    Example: monitor deliveries resend dlv_0123456789abcdef01234567
    """
    disabled = with_context(command, lambda ctx: _resend(ctx, delivery_id))
    say(f"{delivery_id} is due again")
    if disabled is not None:
        warn(f"its endpoint is disabled: `monitor webhooks enable {disabled}` before it can be sent")


async def _resend(ctx: Context, delivery_id: str) -> str | None:
    """The subscription, where its endpoint is disabled."""
    from monitor.model.subscription import EndpointState
    from monitor.store.deliveries import get_delivery
    from monitor.store.deliveries import resend as order
    from monitor.store.digests import current_endpoint

    def work(tx: Tx) -> str | None:
        order(tx, delivery_id, now=ctx.clock())
        subscription: str = get_delivery(tx, delivery_id)["subscription_id"]
        endpoint = current_endpoint(tx, subscription)
        return subscription if endpoint is not None and endpoint.state is EndpointState.DISABLED else None

    return await ctx.db.write(work)


@group.command("mark-delivered")
def mark_delivered(command: typer.Context, delivery_id: DeliveryId) -> None:
    """Say that the peer has one that failed, is held or is in doubt: it is not sent again.

    \b
    Example: monitor deliveries mark-delivered dlv_0123456789abcdef01234567
    """
    with_context(command, lambda ctx: _mark(ctx, delivery_id))
    say(f"{delivery_id} is {DeliveryState.SENT.value}")


async def _mark(ctx: Context, delivery_id: str) -> None:
    from monitor.store.deliveries import mark_delivered as mark

    await ctx.db.write(lambda tx: mark(tx, delivery_id))
