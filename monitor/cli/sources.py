"""``monitor sources``: what is polled, how it is doing, and what would be read from an address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.output import Column, Json, Row, facts, listing, print_json, say
from monitor.cli.source_discovery import discover
from monitor.cli.source_lists import export_opml, import_opml
from monitor.cli.source_trial import try_out
from monitor.cli.workspace import with_context

if TYPE_CHECKING:
    from monitor.pipeline.context import Context

group = typer.Typer(help="What is polled, and how each source is doing.", no_args_is_help=True)
SourceId = Annotated[str, typer.Argument(metavar="ID", help="The source's id in sources.yaml.")]

_COLUMNS = (
    Column("Id", "id"),
    Column("State", "state"),
    Column("Kind", "kind"),
    Column("Polled", "polled_at"),
    Column("Next", "next_poll_at"),
    Column("Entries", "entries", right=True),
    Column("Name", "name", share=1),
    Column("Trouble", lambda row: ": ".join(filter(None, (row["error"], row["detail"]))), share=1),
)


@group.command("list")
def list_(command: typer.Context, as_json: Json = False) -> None:
    """List the sources with their health: new (not polled yet), ok, failing or paused.

    \b
    Example: monitor sources list
    """
    rows = with_context(command, _list)
    listing(rows, _COLUMNS, as_json, empty="No sources: add some to sources.yaml.")


async def _list(ctx: Context) -> list[Row]:
    from monitor.store.sources import list_sources

    return [source_row(row) for row in await ctx.db.read(list_sources)]


def source_row(row: dict[str, Any]) -> Row:
    """A source as lists show it."""
    return {
        "id": row["id"],
        "name": row["name"],
        "url": row["url"],
        "kind": row["config"]["kind"],
        "voice": row["config"]["voice"],
        "every": row["config"]["every"],
        "state": _state(row),
        "polled_at": row["polled_at"],
        "changed_at": row["changed_at"],
        "next_poll_at": row["next_poll_at"],
        "failures": row["failures"],
        "error": row["poll_error"],
        "detail": row["poll_detail"],
        "entries": row["entries"],
    }


def _state(row: dict[str, Any]) -> str:
    if row["retired_at"] is not None:
        return "retired"
    if row["paused_at"] is not None:
        return "paused"
    if row["poll_error"] is not None:
        return "failing"
    return "new" if row["polled_at"] is None else "ok"


@group.command()
def show(command: typer.Context, source_id: SourceId, as_json: Json = False) -> None:
    """Show one source: how it is read and how it is doing.

    \b
    Example: monitor sources show flock-statements
    """
    row = with_context(command, lambda ctx: _show(ctx, source_id))
    if as_json:
        print_json(row)
        return
    names = ("id", "name", "url", "kind", "voice", "state", "select", "drop", "ignore", "agencies", "policies")
    facts(
        [
            *((name.capitalize(), row[name]) for name in names),
            ("Every", f"{row['every'] / 60:g} min"),
            ("Polled", row["polled_at"]),
            ("Last change", row["changed_at"]),
            ("Next poll", row["next_poll_at"]),
            ("Failures", f"{row['failures']} in a row" if row["failures"] else None),
            ("Trouble", row["error"] and f"{row['error']}: {row['detail']}"),
            ("Entries", row["entries"]),
        ]
    )


async def _show(ctx: Context, source_id: str) -> Row:
    from monitor.store.sources import get_source

    row = await ctx.db.read(lambda tx: get_source(tx, source_id))
    rules = {name: row["config"][name] for name in ("select", "drop", "ignore", "agencies", "policies")}
    return {**source_row(row), **rules, "paused_at": row["paused_at"]}


@group.command()
def pause(command: typer.Context, source_id: SourceId) -> None:
    """Stop polling a source until it is resumed.

    \b
    Example: monitor sources pause vpm-news
    """
    with_context(command, lambda ctx: _set_paused(ctx, source_id, paused=True))
    say(f"{source_id} is paused: `monitor sources resume {source_id}` takes it up again")


@group.command()
def resume(command: typer.Context, source_id: SourceId) -> None:
    """Take a paused source up again; it is due at once.

    \b
    Example: monitor sources resume vpm-news
    """
    with_context(command, lambda ctx: _set_paused(ctx, source_id, paused=False))
    say(f"{source_id} is polled again, from now on")


async def _set_paused(ctx: Context, source_id: str, *, paused: bool) -> None:
    from monitor.store.sources import set_paused

    now = ctx.clock()
    await ctx.db.write(lambda tx: set_paused(tx, source_id, paused_at=now if paused else None, now=now))


group.command("test")(try_out)
group.command("discover")(discover)
group.command("import-opml")(import_opml)
group.command("export-opml")(export_opml)
