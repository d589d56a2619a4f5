"""``monitor sources``: what is polled, how it is doing, and what would be read from an address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.output import Column, Json, Row, counted, facts, heading, listing, print_json, prose, say, shown
from monitor.cli.workspace import with_context
from monitor.errors import UsageError
from monitor.model.source import Fetched, FetchFailed, PollError, ReadFailed, Reading, Source, SourceKind, Voice

if TYPE_CHECKING:
    from monitor.pipeline.context import Context

group = typer.Typer(help="What is polled, and how each source is doing.", no_args_is_help=True)
SourceId = Annotated[str, typer.Argument(metavar="ID", help="The source's id in sources.yaml.")]
_BEGINNING = 300  # characters of an item's text that `test` shows

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


@group.command("test")
def try_out(
    command: typer.Context,
    url: Annotated[str, typer.Argument(metavar="URL")],
    kind: Annotated[SourceKind, typer.Option(help="How to read it.")] = SourceKind.AUTO,
    select: Annotated[list[str] | None, typer.Option(metavar="RULE", help="CSS, or xpath:...; repeatable.")] = None,
    drop: Annotated[list[str] | None, typer.Option(metavar="RULE", help="Parts that do not count.")] = None,
    ignore: Annotated[list[str] | None, typer.Option(metavar="REGEX", help="Whole lines that do not count.")] = None,
    voice: Annotated[Voice, typer.Option(help="Who speaks: sets the draft's title.")] = Voice.PRESS,
    as_json: Json = False,
) -> None:
    """Fetch an address once and show what would be read from it. Nothing is stored.

    Private addresses need MONITOR_ALLOW_NETWORKS, as polls do. Exit 1 where nothing can be read.

    \b
    Example: monitor sources test https://example.org/statement --kind page --select "main article" --drop .share
    """
    source = _tried(url, kind, select or [], drop or [], ignore or [], voice)
    result = with_context(command, lambda ctx: _test(ctx, source))
    if as_json:
        print_json(result)
    else:
        _print_reading(result)
    if result["error"] is not None:
        raise typer.Exit(1)


def _tried(url: str, kind: SourceKind, select: list[str], drop: list[str], ignore: list[str], voice: Voice) -> Source:
    from monitor.config.addresses import web_address
    from monitor.config.sources import expression, selector

    checks = (("URL", web_address, [url]), ("--select", selector, select), ("--drop", selector, drop))
    for option, check, values in (*checks, ("--ignore", expression, ignore)):
        for value in values:
            try:
                check(value)
            except ValueError as error:
                raise UsageError(f"{option}: {error}") from None
    return Source(
        id="test", name="test", url=url, kind=kind, voice=voice, select=tuple(select), drop=tuple(drop),
        ignore=tuple(ignore),
    )  # fmt: skip


async def _test(ctx: Context, source: Source) -> dict[str, Any]:
    from monitor.core.read import read_document

    empty: dict[str, Any] = {"url": source.url, "found_at": None, "status": None, "kind": None, "title": None}
    empty |= {"notes": [], "items": [], "error": None, "detail": None}
    fetched = await ctx.fetcher.fetch(source.url)
    if isinstance(fetched, FetchFailed):
        return empty | {"status": fetched.status, "error": fetched.error, "detail": fetched.detail}
    if not isinstance(fetched, Fetched):
        return empty | {"status": 304, "error": PollError.HTTP_STATUS, "detail": "304 to a request without conditions"}
    empty |= {"found_at": fetched.url, "status": fetched.status}
    reading = read_document(fetched, source, ctx.clock())
    if isinstance(reading, ReadFailed):
        return empty | {"error": reading.error, "detail": reading.detail}
    return empty | _read(ctx, source, reading)


def _read(ctx: Context, source: Source, reading: Reading) -> dict[str, Any]:
    from monitor.core.draft import draft

    items = []
    for item in reading.items:
        offered = draft(
            headline=item.title,
            text=item.text,
            url=item.url,
            published=item.published,
            first_seen=ctx.clock(),
            publisher=item.publisher or reading.title,
            voice=source.voice,
            vocabulary=ctx.vocabulary,
            zone=ctx.vocabulary.timezone,
        )
        items.append(
            {
                "key": item.key,
                "title": item.title,
                "url": item.url,
                "published": item.published,
                "publisher": item.publisher,
                "text": item.text,
                "draft": offered.title,
            }
        )
    return {"kind": reading.kind, "title": reading.title, "notes": reading.notes, "items": items}


def _print_reading(result: dict[str, Any]) -> None:
    facts(
        [
            ("Address", result["url"]),
            ("Found at", result["found_at"] if result["found_at"] != result["url"] else None),
            ("Status", result["status"]),
            ("Kind", result["kind"]),
            ("Title", result["title"]),
            ("Notes", result["notes"]),
            ("Trouble", result["error"] and f"{shown(result['error'])}: {result['detail']}"),
        ]
    )
    if result["error"] is None:
        heading(counted(len(result["items"]), "item"))
    for item in result["items"]:
        typer.echo()
        say(item["title"])
        facts((f"  {name.capitalize()}", item[name]) for name in ("published", "url", "key", "publisher", "draft"))
        beginning = item["text"][:_BEGINNING]
        prose(beginning + (" ..." if len(item["text"]) > _BEGINNING else ""))
