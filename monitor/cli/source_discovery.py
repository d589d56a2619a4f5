"""``monitor sources discover``: what could be polled at an address, tried, with ready entries for ``sources.yaml``."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urljoin

import typer

from monitor.cli.output import Json, counted, facts, heading, print_json, say
from monitor.cli.workspace import with_context
from monitor.errors import Unreadable, UsageError
from monitor.model.source import Fetched, FetchFailed, ReadFailed, Reading, Source, SourceKind

if TYPE_CHECKING:
    from monitor.core.read.discover import Found
    from monitor.pipeline.context import Context

_MOST_TRIED = 12
_LONGEST_GAP = 1.0  # seconds between two requests: somebody waits, and a dozen is no flood


@dataclass(frozen=True, slots=True)
class _Tried:
    """A candidate and what came of reading it: a Reading, or why there is none."""

    found: Found
    outcome: Reading | ReadFailed | FetchFailed


def discover(command: typer.Context, url: Annotated[str, typer.Argument(metavar="URL")], as_json: Json = False) -> None:
    """Find the feeds, sitemaps and lists of a page, try each, and print entries for sources.yaml.

    Asks for the page, for robots.txt and for a dozen candidates at most. Nothing is stored. Exit 1 where the page
    cannot be read or nothing is found.

    \b
    Example: monitor sources discover https://www.example.gov/newsroom
    """
    from monitor.config.addresses import web_address

    try:
        web_address(url)
    except ValueError as error:
        raise UsageError(f"URL: {error}") from None
    rows = with_context(command, lambda ctx: _discover(ctx, url))
    if as_json:
        for row in rows:
            print_json(row)
    else:
        _print(rows)
    if not any(row["error"] is None for row in rows):
        raise typer.Exit(1)


async def _discover(ctx: Context, url: str) -> list[dict[str, Any]]:
    from monitor.core.read.discover import discover as candidates

    page = await ctx.fetcher.fetch(url)
    if not isinstance(page, Fetched):
        detail = f"{page.error}: {page.detail}" if isinstance(page, FetchFailed) else "304 without being asked"
        raise Unreadable(f"{url}: {detail}")
    found = list(candidates(page, ctx.clock()))
    await _wait(ctx)
    robots = await ctx.fetcher.fetch(urljoin(page.url, "/robots.txt"))
    if isinstance(robots, Fetched):
        named = candidates(robots, ctx.clock())
        found = [each for each in found if each.sure] + list(named) + [each for each in found if not each.sure]
    return _rows(await _tried(ctx, page, found))


async def _tried(ctx: Context, page: Fetched, found: list[Found]) -> list[_Tried]:
    """What came of each candidate, in order; of two that lead to one document the first."""
    tried: dict[tuple[str, SourceKind], _Tried] = {}
    asked = 0
    for each in found:
        document = page if each.url == page.url else None
        if document is None:
            if asked == _MOST_TRIED:
                continue
            asked += 1
            await _wait(ctx)
            fetched = await ctx.fetcher.fetch(each.url)
            if isinstance(fetched, FetchFailed):
                tried.setdefault((each.url, each.kind), _Tried(each, fetched))
            document = fetched if isinstance(fetched, Fetched) else None
        if document is not None:
            source = Source("found", "", each.url, each.kind)
            outcome = await ctx.reader.read(document, source, ctx.clock())
            tried.setdefault((document.url, each.kind), _Tried(each, outcome))
    return list(tried.values())


async def _wait(ctx: Context) -> None:
    await asyncio.sleep(min(_LONGEST_GAP, ctx.settings.host_min_gap.total_seconds()))


def _rows(tried: list[_Tried]) -> list[dict[str, Any]]:
    """What is printed: what can be polled, then what was stated and cannot. Guesses that failed are left out."""
    from monitor.config.source_lines import entry_lines, new_entry

    good, bad = [], []
    taken: set[str] = set()
    for each in tried:
        found, outcome = each.found, each.outcome
        row: dict[str, Any] = {"url": found.url, "kind": found.kind, "title": found.title, "why": found.why}
        if isinstance(outcome, Reading) and (outcome.items or outcome.next_urls):
            latest = max((item.published for item in outcome.items if item.published), default=None)
            title = outcome.title or found.title
            entry = new_entry(title, found.url, found.kind, taken)
            taken.add(entry.id)
            told = {"title": title, "items": len(outcome.items), "parts": len(outcome.next_urls), "latest": latest}
            good.append(row | told | {"yaml": "\n".join(entry_lines(entry)), "error": None, "detail": None})
        elif found.sure:
            error = None if isinstance(outcome, Reading) else outcome.error
            trouble = {"error": error or "empty", "detail": getattr(outcome, "detail", "nothing is listed in it")}
            bad.append(row | {"items": 0, "parts": 0, "latest": None, "yaml": None} | trouble)
    return good + bad


def _print(rows: list[dict[str, Any]]) -> None:
    good = [row for row in rows if row["error"] is None]
    for row in rows:
        heading(f"{row['kind'].value}: {row['title'] or row['url']}")
        holds = [counted(row["items"], "item")] + ([counted(row["parts"], "part")] if row["parts"] else [])
        trouble = row["error"] and f"{row['error']}: {row['detail']}"
        facts(
            [
                ("  Address", row["url"]),
                ("  Why", row["why"]),
                ("  Holds", None if trouble else holds),
                ("  Latest", row["latest"]),
                ("  Trouble", trouble),
            ]
        )
    if not good:
        say("Nothing that could be polled was found.")
        return
    heading("For sources.yaml (take the ones you want; `monitor sources test URL --kind KIND` shows what is read):")
    for row in good:
        typer.echo()
        say(row["yaml"])
