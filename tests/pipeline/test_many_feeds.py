"""Passes over a site of feeds in a process of its own (``benchmarks.site``): what they keep in memory."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

from benchmarks.measure import Meter, checked
from benchmarks.workspace import Clock, FeedSite, opened_workspace, own_site, watch
from monitor.pipeline.context import Context

MB = 2**20
GROWTH = 6 * MB  # caches fill up, and the database's pages


def held(site: FeedSite) -> int:
    """Bytes of memory that this process and those that read its documents hold."""
    gc.collect()
    return sum(resident(pid) for pid in ("self", *map(str, Meter(site).children())))


def resident(pid: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmRSS:"))) * 1024


async def passes(ctx: Context, clock: Clock, site: FeedSite, feeds: int, numbers: range) -> None:
    """Poll all feeds once for each number; each has one new entry in each pass."""
    for number in numbers:
        site.turn(number)
        await checked(ctx, clock, polled=feeds, changed=feeds, entries_new=feeds if number > 1 else 40 * feeds)


async def grown(folder: Path, feeds: int, size: int, early: int, late: int) -> int:
    """Bytes that are held after ``late`` passes over changing feeds beyond those after ``early`` passes."""
    clock = Clock()
    with own_site(feeds, size, share=1.0) as site:
        async with opened_workspace(folder, clock, ()) as ctx:
            await watch(ctx, site, range(feeds))
            await passes(ctx, clock, site, feeds, range(1, early + 1))
            before = held(site)
            await passes(ctx, clock, site, feeds, range(early + 1, late + 1))
            return held(site) - before


async def test_memory_stays_flat_over_passes(tmp_path: Path) -> None:
    assert await grown(tmp_path, feeds=6, size=14_000, early=3, late=9) < GROWTH


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_memory_stays_flat_over_50_passes_of_50_feeds(tmp_path: Path) -> None:
    assert await grown(tmp_path, feeds=50, size=40_000, early=10, late=50) < GROWTH
