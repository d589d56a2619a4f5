"""Where every figure is measured: a workspace on SQLite with 1,000 policies, and a site of feeds in another process."""

from __future__ import annotations

import json
import os
import random
import socket
import subprocess
import sys
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from monitor.build import configure, opened, wall_clock
from monitor.model.policy import PolicyRecord
from monitor.model.source import Source, SourceKind
from monitor.pipeline.context import Context
from monitor.store.database import Tx
from monitor.store.policies import create_policy
from monitor.store.sources import sync_sources

POLICIES = 1_000
_SHARED = Path(os.environ.get("MONITOR_SHARED", Path(__file__).parents[2] / "shared"))  # noqa: TID251
_TOPICS = ("asylum", "refugees", "overtime", "emissions", "student loans", "wetlands", "vaccines", "tariffs", "drones")
_DOINGS = ("rule on", "memo on", "order on", "guidance on", "review of", "pause of", "fees for", "reporting on")
_PLACES = ("ports", "schools", "hospitals", "farms", "courts", "shelters", "airports", "cities", "pipelines", "banks")


class Clock:
    """The wall's time, put forward by hand, so that sources fall due without waiting."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return wall_clock() + self.ahead


class FeedSite:
    """The site in its process. ``feeds`` are their numbers, each at a loopback address of its own."""

    def __init__(self, port: int, pid: int) -> None:
        self.port = port
        self.pid = pid

    def url(self, feed: int) -> str:
        """Where a feed is."""
        return f"http://127.{1 + feed // 62_500}.{feed // 250 % 250}.{1 + feed % 250}:{self.port}/feed/{feed}.xml"

    def turn(self, number: int) -> None:
        """Turn to a pass."""
        self._ask(f"/ctl/set?pass={number}")

    def truth(self) -> tuple[list[int], list[int]]:
        """The feeds with a new entry in this pass, and those with an edited one."""
        feeds = json.loads(self._ask("/ctl/truth"))["feeds"]
        return feeds["new"], feeds["edited"]

    def document(self, feed: int) -> bytes:
        """A feed's document of this pass."""
        return self._ask(f"/feed/{feed}.xml")

    def ask(self, path: str) -> Any:
        """What the site's control says."""
        return json.loads(self._ask(path))

    def _ask(self, path: str) -> bytes:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}") as answer:
            content: bytes = answer.read()
        return content


@contextmanager
def feed_site(feeds: int, size: int) -> Iterator[FeedSite]:
    """The shared test site where it is there, else this project's own; ended on leaving."""
    shared = _SHARED / "bench" / "site.py"
    if not shared.exists():
        with own_site(feeds, size) as site:
            yield site
        return
    words = ["--any-loopback", "--etag", "on", "--n", "1", "--feeds", str(feeds), "--feed-bytes", str(size)]
    with _running(lambda port: [str(shared), "--port", port, *words]) as site:
        yield site


@contextmanager
def own_site(feeds: int, size: int, share: float = 0.1) -> Iterator[FeedSite]:
    """``benchmarks.site``, in which this share of the feeds have a new entry in each pass; ended on leaving."""
    with _running(lambda port: ["-m", "benchmarks.site", port, str(feeds), str(size), str(share)]) as site:
        yield site


@contextmanager
def page_site(pages: int, rate: float) -> Iterator[FeedSite]:
    """The shared test site with every noise that it has; FileNotFoundError where it is not there."""
    shared = _SHARED / "bench" / "site.py"
    if not shared.exists():
        raise FileNotFoundError(shared)
    words = ["--any-loopback", "--noise", "full", "--n", str(pages), "--change-rate", str(rate)]
    with _running(lambda port: [str(shared), "--port", port, *words]) as site:
        yield site


@contextmanager
def own_page_site(pages: int, rate: float) -> Iterator[FeedSite]:
    """``benchmarks.pages_site``; ended on leaving."""
    with _running(lambda port: ["-m", "benchmarks.pages_site", port, str(pages), str(rate)]) as site:
        yield site


@contextmanager
def _running(command: Callable[[str], list[str]]) -> Iterator[FeedSite]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, *command(str(port))], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1]
    )
    with process:  # waits for its end, and closes the pipe
        try:
            assert process.stdout is not None
            process.stdout.readline()
            yield FeedSite(port, process.pid)
        finally:
            process.terminate()


def policies() -> list[PolicyRecord]:
    """1,000 policies: a real tracker's where the shared data is there, made ones up to the number."""
    path = _SHARED / "data" / "iptp" / "policies.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []
    real = [_policy(row) for row in rows if row.get("title")][:POLICIES]
    return real + [_made(number) for number in range(POLICIES - len(real))]


def _policy(row: dict[str, Any]) -> PolicyRecord:
    return PolicyRecord(
        url=row["url"],
        title=row["title"],
        announced=date.fromisoformat(row["announced"]) if row.get("announced") else None,
        summary=row.get("summary") or "",
    )


def _made(number: int) -> PolicyRecord:
    chance = random.Random(number)
    what = f"{chance.choice(_DOINGS)} {chance.choice(_TOPICS)} and {chance.choice(_TOPICS)}"
    return PolicyRecord(
        url=f"https://tracker.example/policies/{number}",
        title=f"{what} at {chance.choice(_PLACES)}, part {number}",
        announced=date(2025, 1, 1) + timedelta(days=number % 300),
        summary=" ".join(f"The {chance.choice(_DOINGS)} {chance.choice(_TOPICS)}." for _ in range(4)),
    )


@asynccontextmanager
async def opened_workspace(
    folder: Path, clock: Clock, policies: Sequence[PolicyRecord], settings: Mapping[str, str] | None = None
) -> AsyncIterator[Context]:
    """A fresh workspace on SQLite with these policies, that may ask loopback; ``settings`` by their variables."""
    (folder / "sources.yaml").write_text("version: 1\nsources: []\n", encoding="utf-8")
    (folder / "subscriptions.yaml").write_text("version: 1\nsubscribers: []\n", encoding="utf-8")
    environ = {"MONITOR_ALLOW_NETWORKS": "127.0.0.0/8", "MONITOR_LOG": "json", **(settings or {})}
    async with opened(configure(folder, environ), clock=clock, environ=environ) as ctx:

        def work(tx: Tx) -> None:
            for number, record in enumerate(policies):
                create_policy(tx, record, slug=f"p{number}", at=clock(), actor="bench")

        await ctx.db.write(work)
        yield ctx


async def watch(ctx: Context, site: FeedSite, feeds: range | list[int]) -> None:
    """Make these feeds the sources."""
    sources = [Source(f"feed{feed}", f"Feed {feed}", site.url(feed), SourceKind.FEED) for feed in feeds]
    await ctx.db.write(lambda tx: sync_sources(tx, sources, now=ctx.clock()))
