"""The poll at full width: further pages, gaps, the document's own wishes, robots, credentials, back lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from monitor.model.source import (
    Fetched,
    FetchFailed,
    FetchResult,
    PollError,
    Proxy,
    Seed,
    SourceKind,
    Validators,
)
from monitor.store import schema as s
from monitor.store.database import Database
from tests.pipeline.newsroom import FEED, PAGE, Newsroom, Story, Welcoming, a_feed, a_newsroom, a_page, feed

API = "https://www.federalregister.gov/api/v1/documents.json?page=1"


def register(first: int, last: int, more: str | None = None) -> bytes:
    """A page of the Federal Register's API."""
    import json

    results = [
        {
            "document_number": f"2025-{number:05}",
            "title": f"Notice number {number}",
            "html_url": f"https://www.federalregister.gov/d/2025-{number:05}",
            "publication_date": "2025-10-06",
            "abstract": "A notice.",
            "type": "Notice",
        }
        for number in range(first, last - 1, -1)
    ]
    return json.dumps({"count": 100, "results": results, "next_page_url": more}).encode()


def page_url(number: int) -> str:
    return API.replace("page=1", f"page={number}")


async def row(room: Newsroom, source_id: str = "news") -> dict[str, Any]:
    def work(tx: Any) -> dict[str, Any]:
        return dict(tx.execute(select(s.source).where(s.source.c.id == source_id)).mappings().one())

    return await room.ctx.db.read(work)


@pytest.fixture
async def room(db: Database, tmp_path: Any) -> Newsroom:
    return a_newsroom(db, tmp_path)


class TestPages:
    async def test_a_baseline_reads_as_many_pages_as_it_may(self, room: Newsroom) -> None:
        await room.watch(replace(a_feed(url=API), kind=SourceKind.FEDERAL_REGISTER, max_pages=2))
        room.web.serve(API, register(30, 21, page_url(2)))
        room.web.serve(page_url(2), register(20, 11, page_url(3)))

        report = await room.poll()

        assert (report.polled, report.failed, report.entries_new) == (1, 0, 20)

    async def test_later_polls_go_on_until_they_meet_what_is_known(self, room: Newsroom) -> None:
        await room.watch(replace(a_feed(url=API), kind=SourceKind.FEDERAL_REGISTER))
        room.web.serve(API, register(10, 1))
        await room.poll()
        room.web.serve(API, register(30, 21, page_url(2)))
        room.web.serve(page_url(2), register(20, 11, page_url(3)))
        room.web.serve(page_url(3), register(10, 1, page_url(4)))

        report = await room.poll_after(hours=2)

        assert (report.failed, report.entries_new) == (0, 20)
        assert (await row(room))["gap_at"] is None

    async def test_a_page_that_fails_fails_the_poll_and_loses_nothing(self, room: Newsroom) -> None:
        await room.watch(replace(a_feed(url=API), kind=SourceKind.FEDERAL_REGISTER))
        room.web.serve(API, register(10, 1))
        await room.poll()
        room.web.serve(API, register(30, 21, page_url(2)))
        room.web.answers[page_url(2)] = FetchFailed(PollError.TIMEOUT, "no answer")

        report = await room.poll_after(hours=2)
        assert (report.failed, report.entries_new) == (1, 0)
        assert "page=2" in str((await row(room))["poll_detail"])

        room.web.serve(page_url(2), register(20, 11, page_url(3)))
        room.web.serve(page_url(3), register(10, 1))
        report = await room.poll_after(hours=30)
        assert (report.failed, report.entries_new) == (0, 20)

    async def test_an_item_that_moves_between_two_pages_is_one(self, room: Newsroom) -> None:
        await room.watch(replace(a_feed(url=API), kind=SourceKind.FEDERAL_REGISTER))
        room.web.serve(API, register(20, 11, page_url(2)))
        room.web.serve(page_url(2), register(11, 1))

        assert (await room.poll()).entries_new == 20


def stories(*numbers: int) -> bytes:
    return feed(*(Story(f"Story number {n} of the paper", guid=str(n), link=f"https://n.example/{n}") for n in numbers))


class TestGaps:
    async def test_fault_48_no_overlap_is_a_possible_gap_and_is_polled_sooner(self, room: Newsroom) -> None:
        await room.watch(a_feed())
        room.web.serve(FEED, stories(1, 2, 3))
        await room.poll()
        room.web.serve(FEED, stories(7, 8, 9))
        await room.poll_after(hours=2)

        found = await row(room)

        assert found["gap_at"] is not None
        assert found["next_poll_at"] - found["polled_at"] <= a_feed().every / 2

    async def test_overlap_is_none(self, room: Newsroom) -> None:
        await room.watch(a_feed())
        room.web.serve(FEED, stories(1, 2, 3))
        await room.poll()
        room.web.serve(FEED, stories(3, 4, 5))
        await room.poll_after(hours=2)

        assert (await row(room))["gap_at"] is None

    async def test_the_first_items_of_an_empty_feed_are_none(self, room: Newsroom) -> None:
        await room.watch(a_feed())
        room.web.serve(FEED, stories())
        await room.poll()
        room.web.serve(FEED, stories(1, 2))
        report = await room.poll_after(hours=2)

        assert report.entries_new == 2
        assert (await row(room))["gap_at"] is None


async def test_what_a_document_asks_for_is_kept_through_a_304(room: Newsroom) -> None:
    await room.watch(a_feed())
    patient = stories(1).replace(b"<channel>", b"<channel><ttl>600</ttl>")
    room.web.serve(FEED, patient, etag='"a"')
    await room.poll()
    first = await row(room)
    assert first["next_poll_at"] - first["polled_at"] >= timedelta(hours=10)

    from monitor.model.source import NotModified

    room.web.answers[FEED] = NotModified()
    await room.poll_after(hours=11)
    second = await row(room)

    assert second["polled_at"] > first["polled_at"]
    assert second["next_poll_at"] - second["polled_at"] >= timedelta(hours=10)


class Forbidding(Welcoming):
    async def refusal(self, url: str, proxy: Proxy | None = None) -> FetchFailed | None:
        return FetchFailed(PollError.ROBOTS, "robots.txt forbids it")


async def test_a_page_that_robots_forbid_is_not_fetched_and_a_feed_is(room: Newsroom) -> None:
    strict = replace(room, ctx=replace(room.ctx, robots=Forbidding()))
    await strict.watch(a_page(), a_feed())
    strict.web.serve(FEED, stories(1))

    report = await strict.poll()

    assert (report.polled, report.failed) == (2, 1)
    assert [url for url, _ in strict.web.asked] == [FEED]
    assert PAGE not in [url for url, _ in strict.web.asked]


async def test_a_page_that_an_api_names_elsewhere_gets_neither_a_key_nor_a_request(room: Newsroom) -> None:
    """THREATS F10."""
    sent: list[tuple[str, dict[str, str]]] = []
    elsewhere = "https://mirror.example/page2"

    class Noting:
        async def fetch(
            self,
            url: str,
            *,
            validators: Validators | None = None,
            headers: Mapping[str, str] | None = None,
            proxy: Proxy | None = None,
        ) -> FetchResult:
            sent.append((url, dict(headers or {})))
            body = register(10, 6, elsewhere) if url == API else register(5, 1)
            return Fetched(url, 200, body)

    ctx = replace(room.ctx, fetcher=Noting(), credentials=lambda source_id: {"X-Api-Key": "k"})
    keyed = replace(room, ctx=ctx)
    await keyed.watch(replace(a_feed(url=API), kind=SourceKind.FEDERAL_REGISTER))

    assert (await keyed.poll()).entries_new == 5
    assert sent == [(API, {"X-Api-Key": "k"})]


async def test_a_back_list_is_flagged_where_its_source_asks_for_it(seeded_policy: Newsroom) -> None:
    room = seeded_policy
    loud = replace(a_feed("loud", "https://l.example/f", policies=("1777",)), seed=Seed.FLAG)
    await room.watch(a_feed("quiet", policies=("1777",)), loud)
    room.web.serve(FEED, stories(1, 2))
    room.web.serve("https://l.example/f", stories(3))

    report = await room.poll()

    assert (report.entries_new, report.flags) == (3, 1)


@pytest.fixture
async def seeded_policy(room: Newsroom) -> Newsroom:
    from tests.pipeline.newsroom import POLICY

    await room.track(POLICY)
    return room


async def test_an_item_is_late_by_its_sources_own_measure(seeded_policy: Newsroom) -> None:
    room = seeded_policy
    await room.watch(replace(a_feed(policies=("1777",)), late_after=timedelta(days=365)))
    room.web.serve(FEED, stories(1))
    await room.poll()
    old: datetime = room.clock() - timedelta(days=100)
    late = Story("An old story about plate readers", guid="9", link="https://n.example/9", published=old)
    room.web.serve(FEED, feed(late, Story("Story number 1 of the paper", guid="1", link="https://n.example/1")))

    assert (await room.poll_after(hours=2)).flags == 1
