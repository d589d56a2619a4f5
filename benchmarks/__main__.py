"""``make bench``: what a poll and a match cost, as ratios taken in one run, since absolute times do not travel.

The server runs in another process, so that only the client's CPU is counted (process time here, all threads).
"""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import tempfile
from collections.abc import Awaitable, Callable
from datetime import date
from ipaddress import ip_network
from multiprocessing.connection import Connection
from pathlib import Path
from time import process_time

import feedparser
import httpx

from monitor.build import configure, opened, start_logging, wall_clock
from monitor.config.vocabulary import packaged_vocabulary
from monitor.core.match import Matcher, MatchItem
from monitor.core.read.feed import read_feed
from monitor.demo.loopback import LoopbackServer, Request, Response
from monitor.model.policy import PolicyRecord
from monitor.model.source import Validators
from monitor.net.client import Fetcher
from monitor.net.guard import Guard
from monitor.pipeline.poll import poll_all_due
from monitor.store.schedule import make_due

POLLS, SOURCES, PARSES, MATCHES, POLICIES = 400, 100, 20, 200, 416
ETAG = '"bench"'
_WORDS = (
    *("border", "detention", "parole", "asylum", "camera", "visa", "removal", "status"),
    *("court", "order", "county", "police", "search", "work", "permit"),
)


def feed() -> bytes:
    """About 40 KB, 40 items."""
    text = "The agency said on Monday that it would publish the order and its reasons this week. " * 11
    items = "".join(
        f"<item><guid>{n}</guid><title>Story {n} on {_WORDS[n % len(_WORDS)]}</title>"
        f"<link>https://news.example/{n}</link><description>{text}</description></item>"
        for n in range(40)
    )
    return f"<rss version='2.0'><channel><title>Bench</title>{items}</channel></rss>".encode()


def _answer(request: Request) -> Response:
    if request.headers.get("if-none-match") == ETAG:
        return Response(304, {"ETag": ETAG})
    return Response(200, {"ETag": ETAG, "Content-Type": "application/rss+xml"}, feed())


def _serve(told: Connection) -> None:
    async def forever() -> None:
        server = LoopbackServer(_answer)
        await server.start()
        told.send(server.base_url)
        await asyncio.Event().wait()

    asyncio.run(forever())


async def cpu_ms(work: Callable[[], Awaitable[object]], times: int) -> float:
    """CPU milliseconds for each of ``times``, all of which one call of ``work`` does; a first call warms up."""
    await work()
    before = process_time()
    await work()
    return (process_time() - before) * 1000 / times


async def polls(url: str) -> tuple[float, float, float]:
    """An unchanged feed (304): httpx alone, the guarded fetcher alone, and a whole poll on SQLite."""
    guard = Guard([ip_network("127.0.0.0/8")])
    fetcher = Fetcher(guard, "bench", clock=wall_clock)
    async with httpx.AsyncClient(trust_env=False, headers={"if-none-match": ETAG, "connection": "close"}) as client:

        async def plain() -> None:
            for _ in range(POLLS):
                await client.get(f"{url}/feed")

        async def guarded() -> None:
            for _ in range(POLLS):
                await fetcher.fetch(f"{url}/feed", validators=Validators(ETAG))

        alone, own = await cpu_ms(plain, POLLS), await cpu_ms(guarded, POLLS)
    await fetcher.aclose()
    return alone, own, await _whole_polls(url)


async def _whole_polls(url: str) -> float:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lines = [f'  - {{id: s-{n}, url: "{url}/{n}", kind: feed}}' for n in range(SOURCES)]
        (folder / "sources.yaml").write_text("version: 1\nsources:\n" + "\n".join(lines) + "\n")
        (folder / "subscriptions.yaml").write_text("version: 1\nsubscribers: []\n")
        for path in folder.iterdir():
            path.chmod(0o600)
        environ = {
            "MONITOR_ALLOW_NETWORKS": "127.0.0.0/8",
            "MONITOR_HOST_MIN_GAP": "0s",
            "MONITOR_HOST_CONCURRENCY": "8",
        }
        async with opened(configure(folder, environ), environ={}) as ctx:

            async def whole() -> None:
                await ctx.db.write(lambda tx: make_due(tx, now=wall_clock()))
                report = await poll_all_due(ctx)
                if report.failed or report.polled != SOURCES:
                    raise RuntimeError(f"the benchmark's own polls failed: {report}")

            return await cpu_ms(whole, SOURCES)


async def reads() -> tuple[float, float]:
    """First sight of a 40 KB feed: feedparser as it comes, and our reader."""
    body, now = feed(), wall_clock()

    async def theirs() -> None:
        for _ in range(PARSES):
            feedparser.parse(body)

    async def ours() -> None:
        for _ in range(PARSES):
            read_feed(body, url="https://news.example/feed", now=now)

    return await cpu_ms(theirs, PARSES), await cpu_ms(ours, PARSES)


async def matches() -> float:
    """A short item against 416 policies."""
    policies = [
        PolicyRecord(
            url=f"https://tracker.example/{n}",
            title=f"Policy {n} on {_WORDS[n % len(_WORDS)]} and {_WORDS[n // 7 % len(_WORDS)]}",
            announced=date(2025, 1, 1),
        )
        for n in range(POLICIES)
    ]
    matcher = Matcher.build(policies, packaged_vocabulary())
    item = MatchItem(title="Court order on county police camera search", text="ICE asked the county police for help.")

    async def work() -> None:
        for _ in range(MATCHES):
            matcher.match(item)

    return await cpu_ms(work, MATCHES)


async def main(url: str) -> None:
    """Print the table."""
    alone, own, whole = await polls(url)
    theirs, ours = await reads()
    rows = [
        ("304: httpx alone", alone, "1"),
        ("304: guarded fetcher alone", own, f"{own / alone:.2f} x httpx"),
        ("304: whole poll, committed on SQLite", whole, f"{whole / own:.2f} x fetcher"),
        ("40 KB feed: feedparser alone", theirs, "1"),
        ("40 KB feed: read into items", ours, f"{ours / theirs:.2f} x feedparser"),
        (f"a short item against {POLICIES} policies", await matches(), ""),
    ]
    for what, milliseconds, ratio in rows:
        print(f"{what:42}{milliseconds:8.2f} ms   {ratio}")


def run() -> None:
    """Start the server (by fork, before this process has a loop or threads) and measure."""
    start_logging("text", least=logging.ERROR)
    told, tells = multiprocessing.Pipe(duplex=False)
    server = multiprocessing.get_context("fork").Process(target=_serve, args=(tells,), daemon=True)
    server.start()
    try:
        if not told.poll(30):
            raise RuntimeError("the benchmark's server did not start")
        asyncio.run(main(told.recv()))
    finally:
        server.terminate()


if __name__ == "__main__":
    run()
