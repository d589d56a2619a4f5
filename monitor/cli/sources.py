"""``monitor sources``: what is polled, how it is doing, and what would be read from an address."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.output import Column, Json, Row, facts, listing, print_json, say
from monitor.cli.source_discovery import discover
from monitor.cli.source_export import export_warc
from monitor.cli.source_lists import export_opml, import_opml
from monitor.cli.source_noise import note_row, print_noise, strike, suppression_row
from monitor.cli.source_proposals import accept, derive, dismiss, proposals
from monitor.cli.source_revisions import compare
from monitor.cli.source_trial import try_out
from monitor.cli.workspace import folder_of, with_context

if TYPE_CHECKING:
    from monitor.model.source import Source
    from monitor.pipeline.context import Context
    from monitor.store.database import Tx

Lines = Callable[[str], int | None]
group = typer.Typer(help="What is polled, and how each source is doing.", no_args_is_help=True)
_NOTES = timedelta(days=30)
SourceId = Annotated[str, typer.Argument(metavar="ID", help="The source's id in sources.yaml.")]

_COLUMNS = (
    Column("Id", "id"),
    Column("State", "state"),
    Column("Health", "colour"),
    Column("Kind", "kind"),
    Column("Polled", "polled_at"),
    Column("Next", "next_poll_at"),
    Column("Entries", "entries", right=True),
    Column("Name", "name", share=1),
    Column("Trouble", "reason", share=1),
)


_RULES = ("select", "drop", "ignore", "render", "confirm", "agencies", "policies")


@group.command("list")
def list_(command: typer.Context, as_json: Json = False) -> None:
    """List the sources: new (not polled yet), ok, failing or paused, and how each is doing.

    Health is green, yellow (look at it), red (nothing is read from it) or grey (paused, or new), as in `status`.

    \b
    Example: monitor sources list
    """
    rows = with_context(command, lambda ctx: _list(ctx, lines_of(command)))
    listing(rows, _COLUMNS, as_json, empty="No sources: add some to sources.yaml.")


async def _list(ctx: Context, lines: Lines) -> list[Row]:
    from monitor.store.sources import list_sources

    return [source_row(row, ctx.clock(), lines) for row in await ctx.db.read(list_sources)]


def stated(command: typer.Context) -> Callable[[str], Source | None]:
    """Give what sources.yaml states of a source; None where it is not in the file any more."""

    @functools.cache
    def sources() -> dict[str, Source]:
        from monitor import build

        return {source.id: source for source in build.configure(folder_of(command)).sources}

    return lambda source_id: sources().get(source_id)


def lines_of(command: typer.Context) -> Lines:
    """Give the line of sources.yaml in which a source's entry begins; None where it is not in the file any more."""
    find = stated(command)
    return lambda source_id: source.line if (source := find(source_id)) is not None else None


def source_row(row: dict[str, Any], now: datetime, lines: Lines) -> Row:
    """A source as lists show it. ``colour`` and ``reason`` are its health, ``interval`` and ``window`` seconds."""
    from monitor.core.health import health
    from monitor.store.sources import vitals_of

    vitals = vitals_of(row)
    found = health(replace(vitals, line=lines(row["id"])) if vitals.moved_url else vitals, now)
    return {
        "id": row["id"],
        "name": row["name"],
        "url": row["url"],
        "kind": row["config"]["kind"],
        "voice": row["config"]["voice"],
        "every": row["config"]["every"],
        "state": _state(row),
        "colour": found.colour.value,
        "reason": found.reason,
        "polled_at": row["polled_at"],
        "succeeded_at": row["succeeded_at"],
        "changed_at": row["changed_at"],
        "next_poll_at": row["next_poll_at"],
        "interval": min(row["interval_s"] or row["config"]["every"], row["config"]["every"]),
        "window": row["window_s"],
        "moved_url": row["moved_url"],
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
    """Show one source: how it is read and how it is doing. A rule of the file's defaults or of a group says so.

    \b
    Example: monitor sources show flock-statements
    """
    row = with_context(command, lambda ctx: _show(ctx, source_id, stated(command)))
    if as_json:
        print_json(row)
        return
    names = ("id", "name", "url", "group", "kind", "voice", "state", *_RULES)
    learned = row["interval"] < row["every"]
    facts(
        [
            *((_label(row, name), row[name]) for name in names),
            ("Health", ": ".join(filter(None, (row["colour"], row["reason"])))),
            ("Asked at", row["moved_url"]),
            ("Read as", row["read_as"]),
            (_label(row, "every"), f"{row['every'] / 60:g} min"),
            ("Interval", f"{row['interval'] / 60:.0f} min, learned" if learned else None),
            ("Window", row["window"] and f"{row['window'] / 3600:.1f} h between its document's oldest and newest item"),
            ("Polled", row["polled_at"]),
            ("Last read", row["succeeded_at"]),
            ("Last change", row["changed_at"]),
            ("Next poll", row["next_poll_at"]),
            ("Failures", f"{row['failures']} in a row" if row["failures"] else None),
            ("Trouble", row["error"] and f"{row['error']}: {row['detail']}"),
            ("Entries", row["entries"]),
            ("Notes", row["notes"]),
        ]
    )
    print_noise(row["suppressions"], row["host_notes"])


def _label(row: Row, name: str) -> str:
    """A field's name, and whose rule it is where the source states none of its own."""
    whence = row["inherited"].get(name)
    return f"{name.capitalize()} ({whence})" if whence else name.capitalize()


async def _show(ctx: Context, source_id: str, find: Callable[[str], Source | None]) -> Row:
    from monitor.store.pages import host_notes, suppressions_of
    from monitor.store.sources import get_source, host_key, source_from_config

    since = ctx.clock() - _NOTES

    def work(tx: Tx) -> Row:
        row = get_source(tx, source_id)
        source = find(source_id) or source_from_config(row["config"])
        host = host_key(source.url)
        return {
            **source_row(row, ctx.clock(), lambda _: source.line or None),
            **{name: getattr(source, name) for name in _RULES},
            "group": source.group or None,
            "inherited": dict(source.inherited),
            "paused_at": row["paused_at"],
            "read_as": row["read_as"],
            "notes": row["notes"] or [],
            "suppressions": [suppression_row(each, source_id) for each in suppressions_of(tx, host)],
            "host_notes": [note_row(note) for note in host_notes(tx, since=since, host=host)],
        }

    return await ctx.db.read(work)


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


group.command("compare")(compare)
group.command("strike")(strike)
group.command("test")(try_out)
group.command("discover")(discover)
group.command("derive")(derive)
group.command("proposals")(proposals)
group.command("accept")(accept)
group.command("dismiss")(dismiss)
group.command("import-opml")(import_opml)
group.command("export-opml")(export_opml)
group.command("export-warc")(export_warc)
