"""How a source is asked over days: learned intervals, moves, 410, hosts that want peace, robots, and no stampede."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import cycle, pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from structlog.typing import EventDict

from monitor.core.health import Colour, Health, health
from monitor.model.source import (
    Fetched,
    FetchFailed,
    FetchResult,
    NotModified,
    PollError,
    Proxy,
    RobotsRule,
    Source,
    SourceKind,
    Validators,
)
from monitor.pipeline.paging import PAGES_WITHIN
from monitor.pipeline.poll import LEASE, poll_all_due
from monitor.store.database import Database
from monitor.store.schedule import make_due
from monitor.store.sources import get_source, list_sources, set_paused, sync_sources, vitals_of
from tests.net.peers import answer
from tests.pipeline.newsroom import (
    FEED,
    PAGE,
    START,
    Newsroom,
    Story,
    Welcoming,
    a_feed,
    a_newsroom,
    a_page,
    feed,
    page,
)
from tests.pipeline.wild import in_the_wild, open_site

MOVED = "https://moved.example/feed.xml"
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
async def room(db: Database, tmp_path: Path) -> Newsroom:
    return a_newsroom(db, tmp_path)


async def row(room: Newsroom, source_id: str = "news") -> dict[str, Any]:
    return await room.ctx.db.read(lambda tx: get_source(tx, source_id))


async def judged(room: Newsroom, source_id: str = "news") -> Health:
    return health(vitals_of(await row(room, source_id)), room.clock())


def stories(*numbers: int, apart: timedelta = HOUR, until: datetime = START) -> bytes:
    """A feed whose items were published ``apart`` from each other, the last one at ``until``."""
    last = max(numbers, default=0)
    return feed(*(Story(f"Story number {n} of the paper", published=until - (last - n) * apart) for n in numbers))


class TestInterval:
    async def test_a_quarter_of_what_the_document_covers_is_not_outwaited(self, room: Newsroom) -> None:
        await room.watch(a_feed())
        room.web.serve(FEED, stories(*range(9), apart=15 * MINUTE))

        await room.poll()

        found = await row(room)
        assert (found["window_s"], found["interval_s"]) == (2 * 3600, 1800)
        assert found["next_poll_at"] - found["polled_at"] <= 30 * MINUTE

    async def test_polls_without_news_let_it_grow_to_every_and_no_further(self, room: Newsroom) -> None:
        await room.watch(a_feed())
        room.web.serve(FEED, stories(*range(9), apart=15 * MINUTE))
        await room.poll()
        room.web.serve(FEED, stories(*range(2), apart=DAY))
        await room.poll_after(hours=1)
        room.web.answers[FEED] = NotModified()

        intervals = []
        for _ in range(6):
            await room.poll_after(hours=1)
            intervals.append((await row(room))["interval_s"])

        assert intervals == sorted(intervals)
        assert intervals[-1] == a_feed().every.total_seconds()

    async def test_what_the_server_asks_for_is_kept_and_told_once_where_it_is_too_long(
        self, room: Newsroom, logged: list[EventDict]
    ) -> None:
        await room.watch(a_feed())
        patient = {"cache-control": "max-age=43200"}
        room.web.serve(FEED, stories(*range(13)), headers=patient)

        await room.poll()
        first = await row(room)
        room.web.answers[FEED] = NotModified(headers=patient)
        await room.poll_after(hours=13)

        assert first["next_poll_at"] - first["polled_at"] == 12 * HOUR
        assert [entry["source"] for entry in logged if entry["event"] == "asked_to_wait_too_long"] == ["news"]
        assert await judged(room) == Health(
            Colour.YELLOW,
            "its server asks to be left alone for 12 hours, and its document covers 12 hours: items may be missed",
        )


class Led:
    """The network, where ``moves`` permanently redirects one address to another; what was asked, with its headers."""

    def __init__(self, room: Newsroom, moves: dict[str, str]) -> None:
        self.web, self.moves = room.web, moves
        self.asked: list[tuple[str, dict[str, str]]] = []

    async def fetch(
        self,
        url: str,
        *,
        validators: Validators = Validators(),  # noqa: B008
        headers: Mapping[str, str] = MappingProxyType({}),
        proxy: Proxy | None = None,
    ) -> FetchResult:
        self.asked.append((url, dict(headers)))
        target = self.moves.get(url)
        result = await self.web.fetch(target or url, validators=validators)
        if target is None or isinstance(result, FetchFailed):
            return result
        return replace(result, permanent_url=target)


class TestMoves:
    @pytest.fixture
    async def led(self, room: Newsroom) -> tuple[Newsroom, Led]:
        """A feed with a key that has its baseline; from now on its address leads elsewhere."""
        net = Led(room, {})
        room.ctx = replace(room.ctx, fetcher=net, credentials=lambda _: {"X-Api-Key": "k"})
        await room.watch(a_feed())
        room.web.serve(FEED, stories(1, 2, 3))
        await room.poll()
        net.moves[FEED] = MOVED
        room.web.serve(MOVED, stories(1, 2, 3))
        return room, net

    async def test_a_proven_move_is_followed_without_keys_and_told(
        self, led: tuple[Newsroom, Led], logged: list[EventDict]
    ) -> None:
        """THREATS F10."""
        room, net = led
        for _ in range(5):
            await room.poll_after(days=1)
        before = (await row(room))["moved_url"], (await row(room))["host"]

        room.web.serve(MOVED, stories(1, 2, 3, 4))
        report = await room.poll_after(days=1)

        assert before == (MOVED, "moved.example:443")
        assert report.entries_new == 1
        assert [url for url, _ in net.asked] == [FEED] * 6 + [MOVED]
        assert net.asked[0][1] == {"X-Api-Key": "k"}
        assert net.asked[-1][1] == {}
        assert [entry["to"] for entry in logged if entry["event"] == "source_moved"] == [MOVED]
        assert (await judged(room)).reason == f"moved to {MOVED}: change the url in sources.yaml"

    async def test_unchanged_documents_count_as_the_sources_own(self, led: tuple[Newsroom, Led]) -> None:
        room, _ = led
        room.web.answers[MOVED] = NotModified()

        for _ in range(5):
            await room.poll_after(days=1)

        assert (await row(room))["moved_url"] == MOVED

    async def test_a_maintenance_page_never_eats_an_address(self, led: tuple[Newsroom, Led]) -> None:
        """POLLING 5."""
        room, net = led
        for body in (page("We will be back soon."), feed(), feed(Story("We are down for maintenance today"))):
            room.web.serve(MOVED, body)
            for _ in range(6):
                await room.poll_after(days=1)
            if b"<item>" in body:
                break
            assert (await row(room))["moved_url"] is None

        assert {url for url, _ in net.asked[:13]} == {FEED}

    async def test_a_move_that_is_lost_is_forgotten(self, led: tuple[Newsroom, Led]) -> None:
        room, net = led
        for _ in range(5):
            await room.poll_after(days=1)
        room.web.answers[MOVED] = FetchFailed(PollError.DNS, "no such host")
        for _ in range(5):
            await room.poll_after(days=1)
        net.moves.clear()
        report = await room.poll_after(days=1)

        found = await row(room)
        assert (report.failed, found["moved_url"], found["host"]) == (0, None, "news.example:443")
        assert net.asked[-1] == (FEED, {"X-Api-Key": "k"})

    async def test_the_file_that_names_the_new_address_goes_on_without_a_break(self, led: tuple[Newsroom, Led]) -> None:
        room, _ = led
        for _ in range(5):
            await room.poll_after(days=1)
        moved = [a_feed(url=MOVED)]
        await room.ctx.db.write(lambda tx: sync_sources(tx, moved, now=room.clock()))
        room.web.serve(MOVED, stories(1, 2, 3, 4))

        report = await room.poll_after(days=1)

        found = await row(room)
        assert (report.entries_new, found["moved_url"], found["seeded_at"]) == (1, None, START)
        assert (await judged(room)).colour is Colour.GREEN

    async def test_any_other_address_starts_over(self, led: tuple[Newsroom, Led]) -> None:
        room, _ = led
        for _ in range(5):
            await room.poll_after(days=1)
        other = [a_feed(url="https://other.example/feed")]
        await room.ctx.db.write(lambda tx: sync_sources(tx, other, now=room.clock()))

        found = await row(room)

        assert (found["moved_url"], found["seeded_at"], found["host"]) == (None, None, "other.example:443")


class TestGone:
    async def test_three_410s_over_three_days_pause_a_source_with_a_notice(
        self, room: Newsroom, logged: list[EventDict]
    ) -> None:
        """POLLING 3."""
        await room.watch(a_feed())
        room.web.answers[FEED] = FetchFailed(PollError.GONE, "HTTP 410", 410)

        reports = [await room.poll_after(hours=37) for _ in range(4)]

        assert [each.polled for each in reports] == [1, 1, 1, 0]
        assert [entry["source"] for entry in logged if entry["event"] == "source_paused"] == ["news"]
        found = await judged(room)
        assert found.colour is Colour.RED
        assert "410 (gone) 3 times over three days" in found.reason
        assert "`monitor sources resume`" in found.reason

        await room.ctx.db.write(lambda tx: set_paused(tx, "news", paused_at=None, now=room.clock()))
        assert (await room.poll()).polled == 1
        assert (await row(room))["paused_at"] is None

    async def test_a_document_between_them_starts_the_count_again(self, room: Newsroom) -> None:
        await room.watch(a_feed())
        gone = FetchFailed(PollError.GONE, "HTTP 410", 410)
        for result in (gone, gone, NotModified(), gone, gone):
            room.web.answers[FEED] = result
            await room.poll_after(hours=40)

        assert ((await row(room))["paused_at"], (await row(room))["gone_polls"]) == (None, 2)

    async def test_no_other_answer_ever_pauses(self, room: Newsroom) -> None:
        await room.watch(a_feed())
        for status in (404, 403, 500, 404, 404, 404):
            room.web.answers[FEED] = FetchFailed(PollError.HTTP_STATUS, f"HTTP {status}", status)
            assert (await room.poll_after(days=2)).polled == 1

        assert (await row(room))["paused_at"] is None

    async def test_a_new_address_ends_the_pause(self, room: Newsroom) -> None:
        await room.watch(a_feed())
        room.web.answers[FEED] = FetchFailed(PollError.GONE, "HTTP 410", 410)
        for _ in range(3):
            await room.poll_after(hours=37)

        await room.ctx.db.write(lambda tx: sync_sources(tx, [a_feed(url=MOVED)], now=room.clock()))

        assert (await row(room))["paused_at"] is None


class Delaying(Welcoming):
    def crawl_delay(self, url: str, proxy: Proxy | None = None) -> timedelta | None:
        return 40 * timedelta(seconds=1) if "news.example" in url else None


def of_one_host(*names: str) -> list[Source]:
    return [a_feed(name, f"https://news.example/{name}") for name in names]


class TestHosts:
    @pytest.mark.parametrize("status", [429, 503])
    async def test_retry_after_holds_every_source_of_the_host(self, room: Newsroom, status: int) -> None:
        busy = FetchFailed(PollError.HTTP_STATUS, f"HTTP {status}", status, 2 * HOUR, "https://news.example/a")
        await room.watch(*of_one_host("a", "b"), a_feed("elsewhere", "https://elsewhere.example/feed"))
        room.web.answers["https://news.example/a"] = busy
        for url in ("https://news.example/b", "https://elsewhere.example/feed"):
            room.web.serve(url, stories(1))

        polled = [(await room.poll()).polled, (await room.poll_after(hours=1.9)).polled]
        later = await room.poll_after(hours=0.2)

        assert polled == [2, 1]
        assert later.polled >= 1
        assert room.web.asked[0][0] == "https://news.example/a"
        assert "https://news.example/b" in {url for url, _ in room.web.asked}

    async def test_it_holds_the_host_that_a_redirect_led_to(self, room: Newsroom) -> None:
        busy = FetchFailed(PollError.HTTP_STATUS, "HTTP 429", 429, 2 * HOUR, "https://cdn.example/a")
        await room.watch(*of_one_host("a", "b"), a_feed("other", "https://cdn.example/feed"))
        room.web.answers["https://news.example/a"] = busy
        room.web.serve("https://news.example/b", stories(1))
        room.web.serve("https://cdn.example/feed", stories(1))
        await room.poll()

        await room.ctx.db.write(lambda tx: make_due(tx, now=room.clock()))
        report = await room.poll()

        assert report.polled == 2
        assert "https://cdn.example/feed" not in {url for url, _ in room.web.asked[-2:]}

    async def test_a_pass_by_hand_does_not_wait_for_such_a_host(self, room: Newsroom) -> None:
        busy = FetchFailed(PollError.HTTP_STATUS, "HTTP 429", 429, 2 * HOUR, "https://news.example/a")
        await room.watch(*of_one_host("a", "b"))
        room.web.answers["https://news.example/a"] = busy

        assert (await poll_all_due(room.ctx)).polled == 1

    async def test_the_crawl_delay_of_robots_txt_holds_it_too(self, room: Newsroom) -> None:
        slow = replace(room, ctx=replace(room.ctx, robots=Delaying()))
        await slow.watch(*of_one_host("a", "b", "c"))
        for name in "abc":
            slow.web.serve(f"https://news.example/{name}", stories(1))

        polled = [(await slow.poll_after(seconds=20)).polled for _ in range(6)]

        assert polled == [1, 0, 1, 0, 1, 0]

    def test_the_pages_of_one_poll_end_well_before_its_lease(self) -> None:
        assert PAGES_WITHIN + 90 * timedelta(seconds=1) < LEASE  # robots.txt, the first page, one that is under way


class Noting(Welcoming):
    """A site that forbids its pages to programs, from ``forbids`` on; what it was asked for."""

    def __init__(self) -> None:
        self.forbids, self.asked = True, list[str]()

    async def refusal(self, url: str, proxy: Proxy | None = None) -> FetchFailed | None:
        self.asked.append(url)
        return FetchFailed(PollError.ROBOTS, "robots.txt forbids it") if self.forbids else None


class TestRobots:
    async def test_what_turns_out_to_be_a_page_is_neither_stored_nor_asked_again(self, room: Newsroom) -> None:
        strict = replace(room, ctx=replace(room.ctx, robots=Noting()))
        await strict.watch(Source("auto", "Auto", PAGE))
        strict.web.serve(PAGE, page("A statement on searches of the network."))

        first = await strict.poll()
        second = await strict.poll_after(days=1)

        assert (first.failed, second.failed, len(strict.web.asked)) == (1, 1, 1)
        found = await row(strict, "auto")
        assert (found["read_as"], found["poll_error"], found["entries"]) == ("page", "robots_refused", 0)

    async def test_a_feed_behind_auto_is_never_asked_about(self, room: Newsroom) -> None:
        robots = Noting()
        strict = replace(room, ctx=replace(room.ctx, robots=robots))
        await strict.watch(Source("auto", "Auto", FEED))
        strict.web.serve(FEED, stories(1))

        assert ((await strict.poll()).failed, (await strict.poll_after(days=1)).failed, robots.asked) == (0, 0, [])
        assert (await row(strict, "auto"))["read_as"] == "feed"

    @pytest.mark.parametrize(
        ("source", "rule", "asked"),
        [
            (a_feed(), RobotsRule.AUTO, False),
            (a_feed(), RobotsRule.OBEY, True),
            (a_page(), RobotsRule.AUTO, True),
            (a_page(), RobotsRule.IGNORE, False),
            (replace(a_page(), kind=SourceKind.AUTO), RobotsRule.IGNORE, False),
        ],
    )
    async def test_the_key_robots_decides(self, room: Newsroom, source: Source, rule: RobotsRule, asked: bool) -> None:
        robots = Noting()
        strict = replace(room, ctx=replace(room.ctx, robots=robots))
        await strict.watch(replace(source, robots=rule))
        strict.web.serve(FEED, stories(1))
        strict.web.serve(PAGE, page("A statement."))

        assert ((await strict.poll()).failed, bool(robots.asked)) == (int(asked), asked)


class TestStampede:
    async def test_what_was_all_due_at_once_is_not_due_at_once_again(self, room: Newsroom) -> None:
        numbers = cycle(n / 10 for n in range(10))
        ctx = replace(room.ctx, chance=lambda: next(numbers))
        spread = replace(room, ctx=ctx)
        many = [a_feed(f"s{n:02}", f"https://host{n % 4}.example/{n}") for n in range(40)]
        await spread.watch(*many)
        for source in many:
            spread.web.serve(source.url, stories(1, 2, apart=DAY))

        await spread.poll()
        waits = [each["next_poll_at"] - each["polled_at"] for each in await ctx.db.read(list_sources)]
        hosts = [url.split("/")[2] for url, _ in spread.web.asked]

        assert (len(waits), min(waits) >= HOUR / 2, max(waits) <= HOUR) == (40, True, True)
        assert len({wait // (3 * MINUTE) for wait in waits}) >= 8
        assert len(set(hosts[:4])) == 4

    async def test_after_an_outage_they_are_spread_again_and_in_between_they_keep_their_time(
        self, room: Newsroom
    ) -> None:
        late = replace(room, ctx=replace(room.ctx, chance=lambda: 1.0))
        await late.watch(a_feed())
        late.web.serve(FEED, stories(1, 2, apart=DAY))
        waits = []
        for hours in (0, 0.5, 1, 12, 0.5):
            await late.poll_after(hours=hours)
            found = await row(late)
            waits.append((found["next_poll_at"] - found["polled_at"]) / MINUTE)

        assert waits == [30, 54, 54, 30, 54]


async def test_pages_of_one_poll_are_the_gap_apart(room: Newsroom) -> None:
    api = "https://www.federalregister.gov/api/v1/documents.json?page=1"
    started: list[float] = []

    class Timing:
        async def fetch(self, url: str, **_: Any) -> FetchResult:
            import asyncio
            import json

            started.append(asyncio.get_running_loop().time())
            number = len(started)
            paper = {"document_number": f"2025-{number}", "title": f"Notice {number}", "publication_date": "2025-10-06"}
            more = api.replace("page=1", f"page={number + 1}")
            body = {"count": 9, "results": [paper], "next_page_url": more}
            return Fetched(url, 200, json.dumps(body).encode())

    slow = room.with_settings(host_min_gap=timedelta(seconds=0.05))
    slow = replace(slow, ctx=replace(slow.ctx, fetcher=Timing()))
    await slow.watch(replace(a_feed(url=api), kind=SourceKind.FEDERAL_REGISTER, max_pages=3))

    report = await slow.poll()

    assert (report.failed, len(started)) == (0, 3)
    assert all(later - earlier >= 0.049 for earlier, later in pairwise(started))


async def test_pages_that_do_not_fit_into_the_lease_are_not_asked_for(room: Newsroom) -> None:
    api = "https://www.federalregister.gov/api/v1/documents.json?page=1"
    paper = '{"document_number": "2025-1", "title": "Notice", "publication_date": "2025-10-06"}'
    body = f'{{"count": 9, "results": [{paper}], "next_page_url": "{api.replace("=1", "=2")}"}}'
    slow = room.with_settings(host_min_gap=timedelta(hours=1))
    await slow.watch(replace(a_feed(url=api), kind=SourceKind.FEDERAL_REGISTER))
    slow.web.serve(api, body.encode())

    report = await slow.poll()

    assert (report.failed, report.entries_new, len(slow.web.asked)) == (0, 1, 1)
    assert (await row(slow))["notes"] == ["time was up after 1 requests: 1 more were not asked for"]


async def test_over_the_wire_a_429_holds_its_host_and_a_410_is_counted(room: Newsroom) -> None:
    async with open_site() as site, in_the_wild(room) as wild:
        site.answers["/a"] = [answer(429, b"", "Retry-After: 600"), answer(410)]
        site.serve(stories(1, 2), path="/b")
        await wild.watch(a_feed("a", site.url("/a")), a_feed("b", site.url("/b")))

        polled = [(await wild.poll()).polled, (await wild.poll_after(minutes=9)).polled]
        await wild.poll_after(minutes=2)
        await wild.poll_after(hours=3)

        assert polled == [1, 0]
        assert [path for path, _ in site.asked][:2] == ["/a", "/b"]
        assert (await row(wild, "a"))["gone_polls"] == 1
        assert (await row(wild, "b"))["seeded_at"] == START + 11 * MINUTE
