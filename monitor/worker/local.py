"""The worker of one machine: APScheduler is an alarm clock that asks the database what is due.

Its job store is memory and its jobs are intervals: due is a column, so a forgotten alarm loses nothing. Work runs in
a task group of this module's own, because APScheduler's shutdown cancels coroutines instead of waiting for them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from monitor.pipeline.articles import read_articles
from monitor.pipeline.context import Context, log
from monitor.pipeline.deliver import deliver_due
from monitor.pipeline.digest import compose_due
from monitor.pipeline.hosts import settle_hosts
from monitor.pipeline.maintain import maintain
from monitor.pipeline.poll import poll_due
from monitor.pipeline.rematching import rematch_due

STOP_WITHIN = 25.0  # seconds for what is under way after SIGTERM; the contract gives 30
_BATCH = 50


@dataclass(frozen=True, slots=True)
class Tick:
    """One alarm: how often, and what it asks."""

    name: str
    seconds: float
    work: Callable[[], Awaitable[object]]


def ticks(ctx: Context, stop: asyncio.Event, reload: Callable[[], Awaitable[object]]) -> tuple[Tick, ...]:
    """The worker's alarms."""
    return (
        Tick("poll", 1.0, lambda: poll_due(ctx, ctx.settings.fetchers, stop=stop)),
        Tick("pages", 1.0, lambda: settle_hosts(ctx)),
        Tick("articles", 1.0, lambda: read_articles(ctx, ctx.settings.fetchers, stop=stop)),
        Tick("rematch", 2.0, lambda: rematch_due(ctx, stop=stop)),
        Tick("compose", 1.0, lambda: compose_due(ctx, _BATCH)),
        Tick("deliver", 1.0, lambda: deliver_due(ctx, _BATCH)),
        Tick("maintain", 30.0, lambda: maintain(ctx)),
        Tick("reload", 2.0, reload),
    )


async def run(ctx: Context, stop: asyncio.Event, *, reload: Callable[[], Awaitable[object]]) -> None:
    """Work until ``stop`` is set; then start nothing new and finish what is under way, at most STOP_WITHIN seconds.

    The caller holds the workspace (SQLite), so leases that are found at the start are a dead worker's.
    """
    await maintain(ctx, sole_worker=ctx.db.is_sqlite)
    scheduler = AsyncIOScheduler(timezone="UTC")
    busy: dict[str, asyncio.Task[None]] = {}
    for tick in ticks(ctx, stop, reload):
        scheduler.add_job(
            _alarm,
            "interval",
            (tick, busy, stop),
            seconds=tick.seconds,
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
        )
    scheduler.start()
    log.info("worker_started")
    await stop.wait()
    scheduler.shutdown(wait=False)
    await _drain(set(busy.values()))
    log.info("worker_stopped")


async def _alarm(tick: Tick, busy: dict[str, asyncio.Task[None]], stop: asyncio.Event) -> None:
    """Start the tick's work, unless the last one is still at it."""
    if tick.name in busy or stop.is_set():
        return
    task = busy[tick.name] = asyncio.create_task(_guarded(tick))
    task.add_done_callback(lambda _: busy.pop(tick.name, None))


async def _drain(tasks: set[asyncio.Task[None]]) -> None:
    if not tasks:
        return
    _, late = await asyncio.wait(tasks, timeout=STOP_WITHIN)
    for task in late:  # its claims run out, and another worker takes them over
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)


async def _guarded(tick: Tick) -> None:
    try:
        await tick.work()
    except Exception:  # a tick's fault is logged, and the next tick asks again
        log.exception("tick_broke", tick=tick.name)
