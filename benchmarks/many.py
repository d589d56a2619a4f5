"""Passes over many sources: one in which nine in ten are unchanged, and a minute of a worker that has little to do."""

from __future__ import annotations

import asyncio
import resource
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from sqlalchemy import bindparam, update

from benchmarks.measure import FEED_BYTES, Figure, Meter, checked, peak_of, stable
from benchmarks.peers import peers
from benchmarks.workspace import Clock, FeedSite, feed_site, opened_workspace, policies, watch
from monitor.pipeline.context import Context
from monitor.store import schema
from monitor.store.database import Tx
from monitor.worker.local import run

_PEERS_AT_MOST = 1_000  # sources that the peers are given: what one of them costs does not depend on their number
_MINUTE = 60.0


@asynccontextmanager
async def _known(folder: Path, count: int) -> AsyncIterator[tuple[Context, Clock, FeedSite, list[int], int]]:
    """A workspace that has polled ``count`` sources once, and how many of them change in the site's second pass."""
    feeds, clock = count * 5 // 4 + 100, Clock()
    with feed_site(feeds, FEED_BYTES) as site:
        chosen, changed = stable(site, feeds, count, 0.1)
        async with opened_workspace(folder, clock, policies()) as ctx:
            await watch(ctx, site, chosen)
            await checked(ctx, clock, polled=count, failed=0)
            yield ctx, clock, site, chosen, changed


async def many(folder: Path, count: int) -> list[Figure]:
    """A pass over many sources of which nine in ten are unchanged, and the same by peers."""
    async with _known(folder, count) as (ctx, clock, site, chosen, changed):
        site.turn(2)
        wall = time.perf_counter()
        each = await Meter(site).each(
            count, lambda: checked(ctx, clock, polled=count, changed=changed, unchanged=count - changed)
        )
        wall = time.perf_counter() - wall
        peak = _peak(site)
        fewer, changed_of_fewer = _fewer(site, chosen, min(count, _PEERS_AT_MOST))
        others = await peers(folder, site, fewer, changed_of_fewer)
    total = each * count / 1000
    work = f"{count:,} sources, {changed / count:.0%} changed: each"
    notes = f"{total:.1f} s CPU (10,000: <= 25), wall {wall / total:.2f}x (<= 1.3), peak {peak:.0f} MB (<= 300)"
    return [Figure(work, each, None, notes), *others]


def _peak(site: FeedSite) -> float:
    """The most memory that this process and the processes that read its documents ever held, in MB."""
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return (own + sum(map(peak_of, Meter(site).children()))) / 1024


def _fewer(site: FeedSite, chosen: Sequence[int], count: int) -> tuple[list[int], int]:
    new = set(site.truth()[0])
    changed = [feed for feed in chosen if feed in new][: count // 10]
    return sorted(changed + [feed for feed in chosen if feed not in new][: count - len(changed)]), len(changed)


async def idle(folder: Path, count: int) -> list[Figure]:
    """A minute of a worker whose sources fall due spread over an hour, and are unchanged."""
    async with _known(folder, count) as (ctx, _, site, chosen, _):
        await ctx.db.write(lambda tx: _spread(tx, ctx, chosen))
        meter, stop = Meter(site), asyncio.Event()

        async def a_minute() -> None:
            asyncio.get_running_loop().call_later(_MINUTE, stop.set)
            await run(ctx, stop, reload=_nothing_to_reload)

        spent = await meter.each(1, a_minute)
    share = spent / 1000 / _MINUTE
    return [Figure(f"{count:,} sources, idle: a minute", spent, None, f"{share:.1%} of one core (<= 5%)")]


def _spread(tx: Tx, ctx: Context, feeds: Sequence[int]) -> None:
    """Let the sources fall due one after the other, all of them within the hour."""
    now, step = ctx.clock(), timedelta(hours=1) / len(feeds)
    moved = update(schema.source).where(schema.source.c.id == bindparam("which"))
    due = [{"which": f"feed{feed}", "next_poll_at": now + place * step} for place, feed in enumerate(feeds)]
    tx.execute(moved, due)


async def _nothing_to_reload() -> None:
    pass
