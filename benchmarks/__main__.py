"""What one poll costs, against what its parts cost alone: ``make bench``, or ``python -m benchmarks --sources 10000``.

CPU time of this process and its children, all threads; the site of feeds runs in another process and is not counted.
Each feed is a host of its own, on loopback; watched pages are all of one.
Ratios of one run travel between machines, milliseconds do not.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import feedparser
import httpx
import uvloop

from benchmarks.differences import differences
from benchmarks.many import idle, many
from benchmarks.measure import FEED_BYTES, Figure, Meter, checked, stable
from benchmarks.pages import pages
from benchmarks.workspace import Clock, FeedSite, feed_site, opened_workspace, policies, watch
from monitor.build import start_logging
from monitor.model.source import Fetched, FetchResult, Validators
from monitor.pipeline.context import Context


async def _in_batches(size: int, work: Sequence[Callable[[], Awaitable[object]]]) -> None:
    for start in range(0, len(work), size):
        await asyncio.gather(*(each() for each in work[start : start + size]))


async def _transport_alone(ctx: Context, urls: Sequence[str], etags: dict[str, str | None]) -> None:
    def one(url: str) -> Callable[[], Awaitable[object]]:
        return lambda: ctx.fetcher.fetch(url, validators=Validators(etags[url]))

    await _in_batches(ctx.settings.fetchers, [one(url) for url in urls])


async def _httpx_alone(client: httpx.AsyncClient, size: int, urls: Sequence[str], etags: dict[str, str | None]) -> None:
    def one(url: str) -> Callable[[], Awaitable[object]]:
        return lambda: client.get(url, headers={"if-none-match": etags[url] or ""})

    await _in_batches(size, [one(url) for url in urls])


def _etag(answer: FetchResult) -> str | None:
    assert isinstance(answer, Fetched), answer
    return answer.validators.etag


async def _feedparser_alone(documents: Sequence[bytes]) -> None:
    for document in documents:
        feedparser.parse(BytesIO(document), sanitize_html=False, resolve_relative_uris=False)


async def _small(folder: Path, rounds: int) -> list[Figure]:
    """What is measured of one poll: seen for the first time, changed by one entry, unchanged."""
    count, clock = 50, Clock()
    feeds = 30 * count
    with feed_site(feeds, FEED_BYTES) as site:
        chosen, _ = stable(site, feeds, 2 * count, 1.0)
        warm, chosen = chosen[:count], chosen[count:]
        urls = [site.url(feed) for feed in chosen]
        each = Meter(site).each
        async with opened_workspace(folder, clock, policies()) as ctx:
            await _warmed(ctx, clock, site, warm)
            await watch(ctx, site, chosen)
            first = await each(count, lambda: checked(ctx, clock, polled=count, changed=count))
            documents = [site.document(feed) for feed in chosen]
            parser = await each(count, lambda: _feedparser_alone(documents))
            site.turn(2)
            once = await each(count, lambda: checked(ctx, clock, polled=count, entries_new=count, entries_revised=0))
            etags = {url: _etag(await ctx.fetcher.fetch(url)) for url in urls}
            alone = client_alone = unchanged = 0.0
            async with httpx.AsyncClient(trust_env=False) as client:
                for _ in range(rounds):  # in turns, so that the machine's moods hit all three alike
                    unchanged += await each(count, lambda: checked(ctx, clock, polled=count, unchanged=count))
                    alone += await each(count, lambda: _transport_alone(ctx, urls, etags))
                    client_alone += await each(count, lambda: _httpx_alone(client, ctx.settings.fetchers, urls, etags))
    return [
        Figure("httpx alone, 304", client_alone / rounds),
        Figure("own guarded transport alone, 304", alone / rounds),
        Figure("unchanged feed, 304: claim, fetch, record", unchanged / rounds, alone / rounds, "<= 1.8 ms, <= 1.6x"),
        Figure("feedparser alone, 40 KB feed", parser),
        Figure("changed feed, one new entry of 40", once, parser, "<= 3.5 ms"),
        Figure("first sight of a feed", first, parser, "<= 18 ms"),
    ]


async def _warmed(ctx: Context, clock: Clock, site: FeedSite, feeds: list[int]) -> None:
    """Everything that is done once a process: imports, the matcher's index, the processes that read documents."""
    await watch(ctx, site, feeds)
    await checked(ctx, clock, polled=len(feeds), changed=len(feeds))
    site.turn(2)
    await checked(ctx, clock, polled=len(feeds), entries_new=len(feeds))
    site.turn(1)


def main() -> None:
    """Run everything and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--sources", type=int, default=1_000, help="how many for the pass over many")
    parser.add_argument("--rounds", type=int, default=6, help="passes over unchanged feeds")
    parser.add_argument("--only", choices=("small", "diff", "many", "pages", "idle"), help="one part (idle: only so)")
    parser.add_argument("--pages", type=int, default=300, help="how many of them are watched")
    parser.add_argument("--passes", type=int, default=4, help="over the watched pages")
    words = parser.parse_args()
    start_logging("text", least=logging.WARNING)
    figures: list[Figure] = []
    parts: dict[str, Callable[[Path], Coroutine[None, None, list[Figure]]]] = {
        "small": lambda folder: _small(folder, words.rounds),
        "diff": differences,
        "many": lambda folder: many(folder, words.sources),
        "pages": lambda folder: pages(folder, words.pages, words.passes),
        "idle": lambda folder: idle(folder, words.sources),
    }
    with TemporaryDirectory(prefix="monitor-bench-") as folder:
        for name, work in parts.items():
            if words.only == name or (words.only is None and name != "idle"):
                (Path(folder) / name).mkdir()
                with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:  # the service's own
                    figures += runner.run(work(Path(folder) / name))
    print(f"{'work':<62} {'CPU ms':>8} {'ratio':>7}  to reach")
    for figure in figures:
        print(figure)


if __name__ == "__main__":
    main()
