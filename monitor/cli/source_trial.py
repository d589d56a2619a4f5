"""``monitor sources test``: what would be read from an address. Nothing is stored."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from monitor.cli.output import Json, counted, facts, heading, print_json, prose, say, shown
from monitor.cli.rule_effect import effect, print_effect
from monitor.cli.workspace import folder_of, with_context
from monitor.errors import UsageError
from monitor.model.source import (
    Fetched,
    FetchFailed,
    PollError,
    Proxy,
    ReadFailed,
    Reading,
    Render,
    Source,
    SourceKind,
    Voice,
)

if TYPE_CHECKING:
    from monitor.pipeline.context import Context

_BEGINNING = 300  # characters of an item's text that are shown

T = TypeVar("T")
Words = list[str] | None


def try_out(
    command: typer.Context,
    url: Annotated[str, typer.Argument(metavar="URL")],
    kind: Annotated[SourceKind, typer.Option(help="How to read it.")] = SourceKind.AUTO,
    select: Annotated[Words, typer.Option(metavar="RULE", help="CSS, or xpath:...; repeatable.")] = None,
    drop: Annotated[Words, typer.Option(metavar="RULE", help="Parts that do not count.")] = None,
    ignore: Annotated[Words, typer.Option(metavar="REGEX", help="Whole lines that do not count.")] = None,
    items: Annotated[str | None, typer.Option(metavar="PATH", help="Kind json: where the list is.")] = None,
    field: Annotated[Words, typer.Option(metavar="NAME=PATH", help="Kind json: where title, url, ... are.")] = None,
    header: Annotated[Words, typer.Option(metavar="NAME:VALUE", help="Sent along; VALUE may be env:NAME.")] = None,
    auth: Annotated[str | None, typer.Option(metavar="REF", help="The key or login: env:NAME or file:PATH.")] = None,
    sender: Annotated[Words, typer.Option("--from", metavar="WHO", help="Kind mailbox: an address or @domain.")] = None,
    proxy: Annotated[str | None, typer.Option(metavar="URL", help="Fetch through it: http://host:port.")] = None,
    proxy_auth: Annotated[str | None, typer.Option(metavar="REF", help="Its user:password: env: or file:.")] = None,
    render: Annotated[Render, typer.Option(help="Read what the server sends, or what a browser shows.")] = Render.OFF,
    voice: Annotated[Voice, typer.Option(help="Who speaks: sets the draft's title.")] = Voice.PRESS,
    as_json: Json = False,
) -> None:
    """Fetch an address once and show what would be read from it, and what each rule does. Nothing is stored.

    Private addresses need MONITOR_ALLOW_NETWORKS, as polls do. Exit 1 where nothing can be read.

    \b
    Example: monitor sources test https://example.org/statement --kind page --select "main article" --drop .share
             monitor sources test https://example.org/app --kind page --render browser
             monitor sources test imaps://mail.example.org/INBOX --kind mailbox --auth env:BULLETINS
             monitor sources test https://api.example.org/v1 --kind json --items results --field title=headline
    """
    checked = _checked(select or [], drop or [], ignore or [], items, field or [], header or [], auth)
    checked |= _ways(url, kind, sender or [], proxy, proxy_auth) | {"render": _rendered(render, kind, proxy)}
    if kind is SourceKind.JSON and not any(name == "title" for name, _ in checked["fields"]):
        raise UsageError(
            "--kind json: say where an item's title stands, such as --items results --field title=headline"
        )
    source = Source(id="test", name="test", url=url, kind=kind, voice=voice, **checked)
    headers, through = _ways_in(command, source)
    result = with_context(command, lambda ctx: _test(ctx, source, headers, through))
    if as_json:
        print_json(result)
    else:
        _print_reading(result)
    if result["error"] is not None:
        raise typer.Exit(1)


def _checked(
    select: list[str],
    drop: list[str],
    ignore: list[str],
    items: str | None,
    fields: list[str],
    headers: list[str],
    auth: str | None,
) -> dict[str, Any]:
    """The options as fields of a Source, held to what ``sources.yaml`` may say. Raises UsageError."""
    from monitor.config.credentials import reference
    from monitor.config.json_paths import dotted_path
    from monitor.config.sources import expression, selector

    return {
        "select": _each("--select", selector, select),
        "drop": _each("--drop", selector, drop),
        "ignore": _each("--ignore", expression, ignore),
        "items": "".join(_each("--items", dotted_path, [items] if items else [])),
        "fields": _each("--field", _field, fields),
        "headers": _each("--header", _header, headers),
        "auth": "".join(_each("--auth", reference, [] if auth is None else [auth])),
    }


def _ways(url: str, kind: SourceKind, senders: list[str], proxy: str | None, proxy_auth: str | None) -> dict[str, Any]:
    from monitor.config.addresses import mailbox_address, proxy_address, sender, web_address
    from monitor.config.credentials import reference

    _each("URL", mailbox_address if kind is SourceKind.MAILBOX else web_address, [url])
    return {
        "senders": _each("--from", sender, senders),
        "proxy": "".join(_each("--proxy", proxy_address, [proxy] if proxy else [])),
        "proxy_auth": "".join(_each("--proxy-auth", reference, [proxy_auth] if proxy_auth else [])),
    }


def _rendered(render: Render, kind: SourceKind, proxy: str | None) -> Render:
    from monitor.config.sources import RENDERED

    if render is Render.BROWSER and kind not in RENDERED:
        raise UsageError(f"--render browser is for kinds auto, page and listing, not {kind.value}")
    if render is Render.BROWSER and proxy:
        raise UsageError("--render browser and --proxy do not go together: a browser has a way out of its own")
    return render


def _each(option: str, check: Callable[[str], T], words: list[str]) -> tuple[T, ...]:
    try:
        return tuple(check(word) for word in words)
    except ValueError as error:
        raise UsageError(f"{option}: {error}") from None


def _field(words: str) -> tuple[str, str]:
    from monitor.config.json_paths import FIELDS, dotted_path
    from monitor.config.suggest import unknown

    name, _, path = words.partition("=")
    if name not in FIELDS:
        raise ValueError(unknown("field", name, FIELDS))
    return name, dotted_path(path)


def _header(words: str) -> tuple[str, str]:
    from monitor.config.credentials import header_pair

    name, _, value = words.partition(":")
    return header_pair(name.strip(), value.strip())


def _ways_in(command: typer.Context, source: Source) -> tuple[Mapping[str, str], Proxy | None]:
    """What goes along with the request and what it goes through, references resolved as for a poll: the environment,
    then ``.env``."""
    from dotenv import dotenv_values

    from monitor.build import environment
    from monitor.config.credentials import resolve_headers, resolve_proxy

    folder = folder_of(command)
    stored = {
        name: value for name, value in dotenv_values(folder / ".env", interpolate=False).items() if value is not None
    }
    known = {**stored, **environment()}
    return resolve_headers(source, known, folder, "--auth"), resolve_proxy(source, known, folder, "--proxy-auth")


async def _test(ctx: Context, source: Source, headers: Mapping[str, str], proxy: Proxy | None = None) -> dict[str, Any]:
    empty: dict[str, Any] = {"url": source.url, "found_at": None, "status": None, "kind": None, "title": None}
    empty |= {"notes": [], "items": [], "next_urls": [], "effect": [], "error": None, "detail": None}
    if source.render is Render.BROWSER:
        fetched = await ctx.browser.fetch(source.url, headers)
    else:
        fetched = await ctx.fetcher.fetch(source.url, headers=headers, proxy=proxy)
    if isinstance(fetched, FetchFailed):
        return empty | {"status": fetched.status, "error": fetched.error, "detail": fetched.detail}
    if not isinstance(fetched, Fetched):
        return empty | {"status": 304, "error": PollError.HTTP_STATUS, "detail": "304 to a request without conditions"}
    empty |= {"found_at": fetched.url, "status": fetched.status}
    reading = await ctx.reader.read(fetched, source, ctx.clock())
    if isinstance(reading, ReadFailed):
        return empty | {"error": reading.error, "detail": reading.detail}
    return empty | _read(ctx, source, reading) | {"effect": await effect(ctx, source, fetched)}


def _read(ctx: Context, source: Source, reading: Reading) -> dict[str, Any]:
    from monitor.core.draft import draft, stated_draft

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
            published_raw=item.published_raw,
        )
        if item.stated is not None:
            offered = stated_draft(item.title, item.text, item.stated, offered.date)
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
    told = {"kind": reading.kind, "title": reading.title, "notes": reading.notes}
    return {**told, "items": items, "next_urls": reading.next_urls}


def _print_reading(result: dict[str, Any]) -> None:
    facts(
        [
            ("Address", result["url"]),
            ("Found at", result["found_at"] if result["found_at"] != result["url"] else None),
            ("Status", result["status"]),
            ("Kind", result["kind"]),
            ("Title", result["title"]),
            ("Notes", result["notes"]),
            ("Read next", result["next_urls"]),
            ("Trouble", result["error"] and f"{shown(result['error'])}: {result['detail']}"),
        ]
    )
    print_effect(result["effect"])
    if result["error"] is None:
        heading(counted(len(result["items"]), "item"))
    for item in result["items"]:
        typer.echo()
        say(item["title"])
        facts((f"  {name.capitalize()}", item[name]) for name in ("published", "url", "key", "publisher", "draft"))
        beginning = item["text"][:_BEGINNING]
        prose(beginning + (" ..." if len(item["text"]) > _BEGINNING else ""))
