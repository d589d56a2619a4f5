"""What one poll costs, against what its parts cost alone: ``make bench``, or ``python -m benchmarks --sources 10000``.

CPU time of this process and its children, all threads; the site of feeds runs in another process and is not counted.
Each source is a host of its own, on loopback. Ratios of one run travel between machines, milliseconds do not.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import resource
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import feedparser
import httpx

from benchmarks.workspace import Clock, FeedSite, feed_site, opened_workspace, watch
from monitor.build import start_logging
from monitor.model.source import Fetched, FetchResult, Validators
from monitor.pipeline.context import Context
from monitor.pipeline.poll import PollReport, poll_all_due

FEED_BYTES = 40_000
_HOUR = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Figure:
    """One line: what was done, milliseconds of CPU for one, and what it is measured against."""

    work: str
    ms: float
    against: float | None = None
    target: str = ""

    def __str__(self) -> str:
        ratio = f"{self.ms / self.against:.2f}x" if self.against else ""
        return f"{self.work:<62} {self.ms:8.2f} {ratio:>7}  {self.target}"


class Meter:
    """CPU time of this process and of its children, the site of feeds left out."""

    def __init__(self, site: FeedSite) -> None:
        self._site = site.pid

    async def each(self, times: int, work: Callable[[], Awaitable[object]]) -> float:
        """Milliseconds for one of the ``times`` things that ``work`` does."""
        began = self._spent()
        await work()
        return (self._spent() - began) / times * 1000

    def _spent(self) -> float:
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        return time.process_time() + ended.ru_utime + ended.ru_stime + sum(map(_cpu_of, self._children()))

    def _children(self) -> set[int]:
        lists = (path.read_text().split() for path in Path("/proc/self/task").glob("*/children"))
        return {int(pid) for pids in lists for pid in pids} - {self._site}


def _cpu_of(pid: int) -> float:
    """Seconds that a process has run, to the nanosecond."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


async def _poll(ctx: Context, clock: Clock) -> PollReport:
    clock.ahead += _HOUR
    return await poll_all_due(ctx)


async def _checked(ctx: Context, clock: Clock, **expected: int) -> None:
    """A poll of everything that must come to what is expected: a figure of something else is worth nothing."""
    report = await _poll(ctx, clock)
    found = {name: getattr(report, name) for name in expected}
    assert found == expected, f"{found} where {expected} was expected"


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


def _stable(site: FeedSite, feeds: int, count: int, share: float) -> tuple[list[int], int]:
    """Feeds of which ``share`` have a new entry in pass 2 and none was edited; how many have."""
    site.turn(2)
    new, edited = site.truth()
    site.turn(1)
    changed = new[: round(count * share)]
    steady = sorted(set(range(feeds)) - set(new) - set(edited))[: count - len(changed)]
    return sorted(changed + steady), len(changed)


async def _small(folder: Path, rounds: int) -> list[Figure]:
    """What is measured of one poll: seen for the first time, changed by one entry, unchanged."""
    count, clock = 50, Clock()
    feeds = 30 * count
    with feed_site(feeds, FEED_BYTES) as site:
        chosen, _ = _stable(site, feeds, 2 * count, 1.0)
        warm, chosen = chosen[:count], chosen[count:]
        urls = [site.url(feed) for feed in chosen]
        each = Meter(site).each
        async with opened_workspace(folder, clock) as ctx:
            await _warmed(ctx, clock, site, warm)
            await watch(ctx, site, chosen)
            first = await each(count, lambda: _checked(ctx, clock, polled=count, changed=count))
            documents = [site.document(feed) for feed in chosen]
            parser = await each(count, lambda: _feedparser_alone(documents))
            site.turn(2)
            once = await each(count, lambda: _checked(ctx, clock, polled=count, entries_new=count, entries_revised=0))
            etags = {url: _etag(await ctx.fetcher.fetch(url)) for url in urls}
            alone = client_alone = unchanged = 0.0
            async with httpx.AsyncClient(trust_env=False) as client:
                for _ in range(rounds):  # in turns, so that the machine's moods hit all three alike
                    unchanged += await each(count, lambda: _checked(ctx, clock, polled=count, unchanged=count))
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
    await _checked(ctx, clock, polled=len(feeds), changed=len(feeds))
    site.turn(2)
    await _checked(ctx, clock, polled=len(feeds), entries_new=len(feeds))
    site.turn(1)


async def _many(folder: Path, count: int) -> list[Figure]:
    """A pass over many sources of which nine in ten are unchanged."""
    feeds, clock = count * 5 // 4 + 100, Clock()
    with feed_site(feeds, FEED_BYTES) as site:
        chosen, changed = _stable(site, feeds, count, 0.1)
        async with opened_workspace(folder, clock) as ctx:
            await watch(ctx, site, chosen)
            await _checked(ctx, clock, polled=count, failed=0)
            site.turn(2)
            wall = time.perf_counter()
            each = await Meter(site).each(
                count, lambda: _checked(ctx, clock, polled=count, changed=changed, unchanged=count - changed)
            )
            wall = time.perf_counter() - wall
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    total = each * count / 1000
    work = f"{count:,} sources, {changed / count:.0%} changed: each"
    notes = f"{total:.1f} s CPU (10,000: <= 25), wall {wall / total:.2f}x (<= 1.3), peak {peak:.0f} MB (<= 300)"
    return [Figure(work, each, None, notes)]


def main() -> None:
    """Run everything and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--sources", type=int, default=1_000, help="how many for the pass over many")
    parser.add_argument("--rounds", type=int, default=6, help="passes over unchanged feeds")
    parser.add_argument("--only", choices=("small", "many"), help="one part")
    words = parser.parse_args()
    start_logging("text", least=logging.WARNING)
    figures: list[Figure] = []
    parts: dict[str, Callable[[Path], Coroutine[None, None, list[Figure]]]] = {
        "small": lambda folder: _small(folder, words.rounds),
        "many": lambda folder: _many(folder, words.sources),
    }
    with TemporaryDirectory(prefix="monitor-bench-") as folder:
        for name, work in parts.items():
            if words.only in (None, name):
                (Path(folder) / name).mkdir()
                figures += asyncio.run(work(Path(folder) / name))
    print(f"{'work':<62} {'CPU ms':>8} {'ratio':>7}  to reach")
    for figure in figures:
        print(figure)


if __name__ == "__main__":
    main()
