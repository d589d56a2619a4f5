"""THREATS I12, fault 51: a peer that is slow takes no place from the others."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest

from monitor.model.source import FetchResult, Proxy, Validators
from monitor.pipeline.poll import poll_due
from monitor.store.database import Database
from tests.pipeline.newsroom import Newsroom, Story, Web, a_feed, a_newsroom, feed


class Stalling:
    """A network where some peers answer nothing before the quick ones were all asked."""

    def __init__(self, web: Web, quick: int) -> None:
        self.web = web
        self.left = quick
        self.stalled = 0
        self.all_quick_asked = asyncio.Event()

    async def fetch(
        self,
        url: str,
        *,
        validators: Validators = Validators(),  # noqa: B008
        headers: Mapping[str, str] = MappingProxyType({}),
        proxy: Proxy | None = None,
    ) -> FetchResult:
        if "slow" in url:
            self.stalled += 1
            await self.all_quick_asked.wait()
        else:
            self.left -= 1
            if not self.left:
                self.all_quick_asked.set()
        return await self.web.fetch(url, validators=validators, headers=headers)


def addresses(kind: str, number: int) -> list[str]:
    return [f"https://{kind}{n}.example/feed" for n in range(number)]


@pytest.fixture
async def room(db: Database, tmp_path: Path) -> Newsroom:
    return a_newsroom(db, tmp_path)


async def watch(room: Newsroom, *urls: str) -> None:
    await room.watch(*(a_feed(url, url) for url in urls))
    for url in urls:
        room.web.serve(url, feed(Story("A story of the paper")))


async def test_fault_51_slow_peers_that_are_due_first_delay_no_quick_one(room: Newsroom) -> None:
    await watch(room, *addresses("slow", 20))
    room.clock.advance(seconds=1)
    await watch(room, *addresses("quick", 10))
    stalling = Stalling(room.web, quick=10)

    async with asyncio.timeout(60):
        report = await poll_due(replace(room.ctx, fetcher=stalling), 4)

    assert (report.polled, report.failed, stalling.stalled) == (30, 0, 20)


async def test_fault_51_a_host_of_many_feeds_is_asked_one_at_a_time_and_delays_no_other(room: Newsroom) -> None:
    busy, most = 0, 0

    class Counting:
        async def fetch(self, url: str, **conditions: object) -> FetchResult:
            nonlocal busy, most
            if "one.example" in url:
                busy += 1
                most = max(most, busy)
                await asyncio.sleep(0.001)
                busy -= 1
            return await room.web.fetch(url)

    await watch(room, *(f"https://one.example/{n}" for n in range(30)), *addresses("other", 5))

    report = await poll_due(replace(room.ctx, fetcher=Counting()), 8)

    assert (report.polled, report.failed, most) == (35, 0, 1)


async def test_once_it_is_told_to_stop_it_finishes_what_is_under_way_and_starts_nothing(room: Newsroom) -> None:
    stop = asyncio.Event()

    class Stopping:
        async def fetch(self, url: str, **conditions: object) -> FetchResult:
            stop.set()
            return await room.web.fetch(url)

    await watch(room, *addresses("quick", 6))

    report = await poll_due(replace(room.ctx, fetcher=Stopping()), 2, stop=stop)

    assert (report.polled, report.failed) == (2, 0)
