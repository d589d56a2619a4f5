"""A workspace of its own with loopback peers, and the real ``monitor`` as processes that can be killed."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path

from sqlalchemy import func, select

from monitor.build import configure, opened, wall_clock
from monitor.demo.loopback import LoopbackServer, Request, Response
from monitor.demo.receivers import MailReceiver, WebhookReceiver
from monitor.model.article import ArticleState
from monitor.model.flag import FlagState
from monitor.model.policy import PolicyRecord
from monitor.pipeline import triage
from monitor.pipeline.context import Context
from monitor.pipeline.policies import import_records
from monitor.pipeline.poll import poll_all_due
from monitor.pipeline.rematching import rematch_due
from monitor.store import schema
from monitor.store.articles import count_articles
from monitor.store.database import Tx
from monitor.store.deliveries import list_deliveries
from monitor.store.flags import list_flags
from monitor.store.rematching import wanted
from monitor.store.schedule import make_due

PATIENCE = 40.0  # seconds; only a broken service comes near it
NEWS = ("n-1", "Police lend camera network to immigration agents"), ("n-2", "County ends camera sharing with agents")
_POLICY = PolicyRecord(
    url="https://tracker.example/policies/cameras",
    tracker_id=7,
    title="Agents search camera network through local police",
    announced=date(2020, 1, 1),
    subjects=("Interior",),
    agencies=("ICE",),
)
_SOURCES = """version: 1
sources:
  - {{id: gazette, name: Gazette, url: "{feeds}/feed", kind: feed, every: 1s, policies: [7]}}
"""
_PAGE = '  - {{id: statement, name: Statement, url: "{feeds}/statement", kind: page, every: 1s, policies: [7]}}\n'
_MAIL = "  - {id: desk, name: Desk, email: desk@example.org, topics: all, every: immediate}\n"
_HOOK = '  - {{id: room, name: Room, webhook: "{hooks}/room", topics: all, every: immediate}}\n'


class Feed:
    """A feed that tells the first ``shown`` of its items; ``delay`` seconds before it answers."""

    def __init__(self) -> None:
        self.shown = 0
        self.delay = 0.0
        self.waiting = False  # somebody asked while there was a delay
        self.server = _Slow(self)

    def _answer(self, request: Request) -> Response:
        told = dict(NEWS[: self.shown])
        if title := told.get(request.target.removeprefix("/")):
            return Response(200, {"Content-Type": "text/html"}, f"<article>{f'<p>{title}.</p>' * 5}</article>".encode())
        if request.target == "/statement":
            told_there = "".join(f"<p>{title} again.</p>" for title in told.values())
            words = "<p>We lend no cameras.</p>" * 5 + told_there
            return Response(200, {"Content-Type": "text/html"}, f"<main>{words}</main>".encode())
        if request.target != "/feed":
            return Response(404)
        items = "".join(
            f"<item><guid>{guid}</guid><title>{title}</title><link>{self.server.base_url}/{guid}</link>"
            f"<description>{title}. The county council heard about it.</description></item>"
            for guid, title in told.items()
        )
        body = f"<rss version='2.0'><channel><title>Gazette</title>{items}</channel></rss>".encode()
        return Response(200, {"Content-Type": "application/rss+xml"}, body)


class _Slow(LoopbackServer):
    """The feed's server, which lets a client wait."""

    def __init__(self, feed: Feed) -> None:
        super().__init__(feed._answer)
        self._feed = feed

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._feed.delay:
            self._feed.waiting = True
            await asyncio.sleep(self._feed.delay)
        await super()._serve(reader, writer)


@dataclass
class Service:
    """The workspace, its peers, and a context beside the running process to look on and to decide flags."""

    folder: Path
    ctx: Context
    feed: Feed
    mail: MailReceiver
    hooks: WebhookReceiver
    environ: dict[str, str]
    processes: list[asyncio.subprocess.Process] = field(default_factory=list)

    async def start(self, *words: str, crash_at: str = "") -> asyncio.subprocess.Process:
        """``monitor WORDS`` (``run`` without words) as a process that kills itself at ``crash_at``, if it is named."""
        environ = {**self.environ, "MONITOR_TEST": "1", "MONITOR_CRASH_AT": crash_at}
        log = (self.folder / "log").open("ab")
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "monitor",
            "--workspace",
            str(self.folder),
            *(words or ("run",)),
            env=environ,
            stdout=log,
            stderr=log,
        )
        log.close()
        self.processes.append(process)
        return process

    async def ended(self, process: asyncio.subprocess.Process) -> int:
        """The exit status of a process that is about to end; -9 for one that was killed."""
        try:
            return await asyncio.wait_for(process.wait(), PATIENCE)
        except TimeoutError:
            raise AssertionError(f"the process went on; its log: {self.log()[-3000:]}") from None

    async def running(self) -> asyncio.subprocess.Process:
        """``monitor run``, once it is at work."""
        starts = self.log().count("worker_started")
        process = await self.start()

        async def started() -> bool:
            return self.log().count("worker_started") > starts

        await self.until(started)
        return process

    async def stop(self, process: asyncio.subprocess.Process) -> int:
        """SIGTERM, and the exit status."""
        process.send_signal(signal.SIGTERM)
        return await self.ended(process)

    async def until(self, true: Callable[[], Awaitable[bool]]) -> None:
        """Wait for something that the service is about to do."""
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while not await true():
            if asyncio.get_running_loop().time() > deadline:
                raise AssertionError(f"it never came; the log: {self.log()[-3000:]}")
            await asyncio.sleep(0.05)

    async def open_flags(self) -> list[int]:
        """The ids of the open flags."""
        flags = await self.ctx.db.read(lambda tx: list_flags(tx, now=wall_clock(), states=[FlagState.OPEN]))
        return [flag.id for flag in flags]

    async def states(self) -> list[str]:
        """The states of all deliveries."""
        return [row["state"] for row in await self.ctx.db.read(list_deliveries)]

    async def articles_are_read(self, number: int) -> bool:
        """Whether so many articles were read."""
        return (await self.ctx.db.read(count_articles))[ArticleState.READ] == number

    async def counts(self) -> dict[str, int]:
        """How many rows each table of the story holds."""
        tables = (
            schema.entry,
            schema.article,
            schema.blob,
            schema.change,
            schema.flag,
            schema.action,
            schema.event,
            schema.digest,
            schema.delivery,
        )

        def work(tx: Tx) -> dict[str, int]:
            return {each.name: tx.execute(select(func.count()).select_from(each)).scalar_one() for each in tables}

        return await self.ctx.db.read(work)

    async def publish(self) -> None:
        """The feed tells its next item, and the source is due."""
        self.feed.shown += 1
        await self.ctx.db.write(lambda tx: make_due(tx, now=wall_clock()))

    async def seed(self) -> None:
        """The silent first poll, in this process."""
        await poll_all_due(self.ctx)

    async def track_another(self) -> None:
        """A second policy of the same words is tracked from now on."""
        await rematch_due(self.ctx)
        await import_records(
            self.ctx, [replace(_POLICY, url=f"{_POLICY.url}-2", tracker_id=8, terms=("camera network",))]
        )

    async def nothing_to_rematch(self) -> bool:
        """Whether everything was matched again."""
        return await self.ctx.db.read(wanted) is None

    async def record(self) -> None:
        """An item is published, polled and accepted in this process: what follows is digest and delivery."""
        await self.publish()
        await poll_all_due(self.ctx)
        for flag in await self.open_flags():
            await triage.accept(self.ctx, flag, actor="test")

    def log(self) -> str:
        """What the processes said."""
        return (self.folder / "log").read_text(errors="replace")


@asynccontextmanager
async def workspace(
    folder: Path, *, mail: bool = True, hooks: bool = True, page: bool = False
) -> AsyncIterator[Service]:
    """A fresh workspace with running peers; every process is gone at the end. ``page``: it watches one, too."""
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)  # noqa: E731
    feed, mails, posts = Feed(), MailReceiver(clock, greylist=False), WebhookReceiver(clock, fail_once=False)
    for peer in (feed.server, mails, posts):
        await peer.start()
    sources = _SOURCES + (_PAGE if page else "")
    (folder / "sources.yaml").write_text(sources.format(feeds=feed.server.base_url))
    told = (_MAIL if mail else "") + (_HOOK.format(hooks=posts.base_url) if hooks else "")
    (folder / "subscriptions.yaml").write_text(f"version: 1\nsubscribers:\n{told}")
    (folder / "log").touch()
    for name in ("sources.yaml", "subscriptions.yaml"):
        (folder / name).chmod(0o600)
    environ = {
        "PATH": os.environ["PATH"],
        "MONITOR_SMTP_URL": mails.url,
        "MONITOR_ALLOW_NETWORKS": "127.0.0.0/8",
        "MONITOR_HOST_MIN_GAP": "0s",
        "MONITOR_HOLD": "0s",
        "MONITOR_HTTP_ADDR": "127.0.0.1:0",
    }
    try:
        async with opened(configure(folder, environ), environ={}) as ctx:
            posts.expect("/room", ctx.secrets("room") if hooks else ())
            await import_records(ctx, [_POLICY])
            service = Service(folder, ctx, feed, mails, posts, environ)
            await service.seed()
            yield service
            for process in service.processes:
                if process.returncode is None:
                    process.kill()
                    await process.wait()
    finally:
        for peer in (feed.server, mails, posts):
            await peer.stop()
