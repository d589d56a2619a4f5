"""``monitor webhooks``: how endpoints do, an endpoint's secret, a test, and taking a disabled one up again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.output import Column, Json, counted, listing, print_json, say
from monitor.cli.workspace import with_context
from monitor.model.delivery import DeliveryState, Sent

if TYPE_CHECKING:
    from monitor.model.delivery import Outcome
    from monitor.pipeline.context import Context

group = typer.Typer(help="The endpoints that are told by signed requests.", no_args_is_help=True)
Subscriber = Annotated[str, typer.Argument(metavar="ID", help="The subscription's id in subscriptions.yaml.")]

_COLUMNS = (
    Column("Id", "id"),
    Column("To", "address", share=1),
    Column("State", "state"),
    Column("Failing since", "failing_since"),
    Column("Waiting", "waiting"),
    Column("Held", "held"),
    Column("Failed", "failed"),
    Column("Why", "disabled_reason", share=1),
)
_WAITING = (DeliveryState.PENDING, DeliveryState.SENDING, DeliveryState.DEFERRED)


@group.command("list")
def list_(command: typer.Context, as_json: Json = False) -> None:
    """List the webhooks of subscriptions.yaml: which work, which fail and since when, and which are disabled.

    One that fails for five days is disabled, and its contact told by mail; `webhooks enable` takes it up again.

    \b
    Example: monitor webhooks list
    """
    rows = with_context(command, _list)
    listing(rows, _COLUMNS, as_json, empty="No webhooks in subscriptions.yaml.")


async def _list(ctx: Context) -> list[dict[str, Any]]:
    from monitor.store.endpoints import list_webhooks

    return [webhook_row(row) for row in await ctx.db.read(list_webhooks)]


def webhook_row(row: dict[str, Any]) -> dict[str, Any]:
    """An endpoint as it is shown: its state is enabled, failing or disabled."""
    failing = row["state"] == "enabled" and row["failing_since"] is not None
    states = row["deliveries"]
    return {
        "id": row["subscription_id"],
        "name": row["name"],
        "address": row["address"],
        "contact": row["contact"],
        "state": "failing" if failing else row["state"],
        "failing_since": row["failing_since"],
        "disabled_reason": row["disabled_reason"],
        "waiting": sum(states.get(state.value, 0) for state in _WAITING),
        "held": states.get(DeliveryState.HELD.value, 0),
        "failed": states.get(DeliveryState.FAILED.value, 0),
    }


@group.command()
def secret(command: typer.Context, subscriber: Subscriber, as_json: Json = False) -> None:
    """Print the signing secret of an endpoint, so that its owner can verify what comes.

    It is the one that subscriptions.yaml states, else one derived from the workspace's key. While several are in
    force all are printed, one a line.

    \b
    Example: monitor webhooks secret newsroom
    """
    secrets = with_context(command, lambda ctx: _secrets(ctx, subscriber))
    if as_json:
        print_json({"id": subscriber, "secrets": secrets})
    else:
        for each in secrets:
            say(each)


async def _secrets(ctx: Context, subscriber: str) -> list[str]:
    from monitor.pipeline.deliver import webhook_of

    await webhook_of(ctx, subscriber)
    return list(ctx.secrets(subscriber))


@group.command("test")
def try_out(command: typer.Context, subscriber: Subscriber, as_json: Json = False) -> None:
    """Send a signed `webhook.test` event to an endpoint now. Exit 1 where it was not taken.

    \b
    Example: monitor webhooks test newsroom
    """
    address, outcome = with_context(command, lambda ctx: _test(ctx, subscriber))
    taken = isinstance(outcome, Sent)
    name = type(outcome).__name__.lower()
    if as_json:
        print_json({"id": subscriber, "endpoint": address, "taken": taken, "outcome": name, "detail": outcome.detail})
    else:
        say(f"{address}: {'taken' if taken else f'not taken ({name})'}: {outcome.detail}")
    if not taken:
        raise typer.Exit(1)


async def _test(ctx: Context, subscriber: str) -> tuple[str, Outcome]:
    from monitor.pipeline.deliver import send_test

    return await send_test(ctx, subscriber)


@group.command()
def enable(command: typer.Context, subscriber: Subscriber, as_json: Json = False) -> None:
    """Send to a disabled endpoint again; what was held for it is due at once.

    \b
    Example: monitor webhooks enable newsroom
    """
    result = with_context(command, lambda ctx: _enable(ctx, subscriber))
    if as_json:
        print_json(result)
    else:
        say(f"{subscriber} is enabled; {counted(result['due'], 'delivery is', 'deliveries are')} due")


async def _enable(ctx: Context, subscriber: str) -> dict[str, Any]:
    from monitor.pipeline.deliver import webhook_of
    from monitor.store.endpoints import enable_endpoint

    await webhook_of(ctx, subscriber)
    due = await ctx.db.write(lambda tx: enable_endpoint(tx, subscriber, now=ctx.clock()))
    return {"id": subscriber, "state": "enabled", "due": due}
