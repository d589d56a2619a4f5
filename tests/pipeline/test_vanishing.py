"""A document that a policy cites and that is gone, or led elsewhere, is put before the editors once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from monitor.core.lost import is_elsewhere
from monitor.model.flag import FlagState, ReasonKind
from monitor.model.source import Source, SourceKind, Voice
from monitor.pipeline import triage
from monitor.store.changes import list_changes
from monitor.store.flags import StoredFlag
from tests.net.peers import answer
from tests.pipeline.newsroom import OTHER, POLICY, InProcess, Newsroom, a_page
from tests.pipeline.newsroom import page as a_document
from tests.pipeline.wild import Site, in_the_wild, open_site, revisions

PATH = "/memo"
MEMO = a_document("Officers shall ask before they search.", "This memo takes effect on June 1, 2025.")


@asynccontextmanager
async def over_the_wire(newsroom: Newsroom) -> AsyncIterator[Newsroom]:
    """The real client; the readers without their jail, which has tests of its own."""
    async with in_the_wild(newsroom) as room:
        yield replace(room, ctx=replace(room.ctx, reader=InProcess()))


def cited(site: Site, *policies: str, **more: Any) -> Source:
    return replace(a_page(url=site.url(PATH), **more), policies=policies or ("1777",), voice=Voice.GOVERNMENT)


def moved(to: str, status: int = 301) -> bytes:
    return answer(status, b"", f"Location: {to}")


async def ask(room: Newsroom, times: int, *, hours: float = 25) -> int:
    """Poll as often; the flags that came of it."""
    return sum([(await room.poll_after(hours=hours)).flags for _ in range(times)])


def told(flag: StoredFlag) -> tuple[str, str]:
    return flag.policy_url, next(each.term for each in flag.reasons if each.kind is ReasonKind.VANISHED)


@pytest.mark.parametrize("status", [404, 410])
async def test_a_cited_document_that_is_gone_is_flagged_once_for_each_policy(tracked: Newsroom, status: int) -> None:
    async with open_site() as site, over_the_wire(tracked) as room:
        site.serve(MEMO, path=PATH)
        await room.watch(cited(site, "1777", OTHER.url))
        await room.poll()
        site.answers[PATH] = answer(status)

        counts = [await ask(room, 1) for _ in range(6)]

        flags = await room.flags()
        words = f"has vanished: HTTP {status} since 2025-10-07 10:00Z"
        assert counts == [0, 0, 2, 0, 0, 0]
        assert sorted(map(told, flags)) == sorted([(OTHER.url, words), (POLICY.url, words)])
        assert {flag.title for flag in flags} == {"Flock Safety statement on federal searches"}
        kept = await revisions(room)
        assert [(each["seq"], each["text"], each["snapshot_id"]) for each in kept] == [
            (1, kept[0]["text"], kept[0]["snapshot_id"]),
            (2, kept[0]["text"], kept[0]["snapshot_id"]),
        ]
        changes = await room.ctx.db.read(list_changes)
        assert [(each["kind"], each["summary"]) for each in changes] == [("gone", words)]


async def test_a_slip_of_a_day_is_not_told(tracked: Newsroom) -> None:
    async with open_site() as site, over_the_wire(tracked) as room:
        site.serve(MEMO, path=PATH)
        await room.watch(cited(site))
        await room.poll()
        site.answers[PATH] = answer(404)
        many = await ask(room, 5, hours=4)
        site.serve(MEMO, path=PATH)
        await ask(room, 1)
        site.answers[PATH] = answer(404)

        again = await ask(room, 2)

        assert (many, again) == (0, 0)


async def test_faults_that_may_pass_neither_count_nor_interrupt(tracked: Newsroom) -> None:
    async with open_site() as site, over_the_wire(tracked) as room:
        site.serve(MEMO, path=PATH)
        await room.watch(cited(site))
        await room.poll()

        site.answers[PATH] = answer(503)
        faults = await ask(room, 4)
        site.answers[PATH] = [answer(404), answer(500), answer(404), answer(500), answer(404)]
        gone = [await ask(room, 1) for _ in range(5)]

        assert faults == 0
        assert gone == [0, 0, 0, 0, 1]


async def test_what_comes_back_and_goes_again_is_told_again(tracked: Newsroom) -> None:
    async with open_site() as site, over_the_wire(tracked) as room:
        site.serve(MEMO, path=PATH)
        await room.watch(cited(site))
        await room.poll()
        counts = []
        for _ in range(2):
            site.answers[PATH] = answer(404)
            counts.append(await ask(room, 4))
            site.serve(MEMO, path=PATH)
            counts.append(await ask(room, 2))

        assert counts == [1, 0, 1, 0]


async def test_a_document_that_was_gone_before_it_was_first_read_is_told_and_later_read_silently(
    tracked: Newsroom,
) -> None:
    async with open_site() as site, over_the_wire(tracked) as room:
        await room.watch(cited(site))
        site.answers[PATH] = answer(404)

        gone = await ask(room, 4)
        site.serve(MEMO, path=PATH)
        back = await ask(room, 2)

        assert (gone, back) == (1, 0)
        flag = (await room.flags())[0]
        assert (flag.title, flag.url) == ("Flock Safety", site.url(PATH))


async def test_what_is_bound_to_no_policy_flags_nothing(tracked: Newsroom) -> None:
    async with open_site() as site, over_the_wire(tracked) as room:
        site.serve(MEMO, path=PATH)
        await room.watch(replace(cited(site), policies=()))
        await room.poll()
        site.answers[PATH] = answer(404)

        assert await ask(room, 4) == 0


class TestRedirects:
    async def test_a_document_that_is_led_elsewhere_for_good_is_told_once(self, tracked: Newsroom) -> None:
        async with open_site() as site, over_the_wire(tracked) as room:
            site.serve(MEMO, path=PATH)
            await room.watch(cited(site))
            await room.poll()
            site.serve(MEMO, path="/archive/memo")
            site.answers[PATH] = moved("/archive/memo")

            counts = [await ask(room, 1) for _ in range(9)]

            where = site.url("/archive/memo")
            assert sum(counts) == counts[2] == 1
            assert told((await room.flags())[0])[1] == f"now redirects to {where} since 2025-10-07 10:00Z"

    async def test_to_what_cannot_be_read_too(self, tracked: Newsroom) -> None:
        async with open_site() as site, over_the_wire(tracked) as room:
            site.serve(MEMO, path=PATH)
            await room.watch(cited(site))
            await room.poll()
            site.serve(b"", path="/")
            site.answers[PATH] = moved("/", 308)

            assert await ask(room, 5) == 1

    async def test_nothing_of_it_where_the_redirect_is_for_now(self, tracked: Newsroom) -> None:
        async with open_site() as site, over_the_wire(tracked) as room:
            site.serve(MEMO, path=PATH)
            await room.watch(cited(site))
            await room.poll()
            site.serve(MEMO, path="/archive/memo")
            site.answers[PATH] = moved("/archive/memo", 302)

            assert await ask(room, 5) == 0

    async def test_one_that_is_gone_after_that_is_told_as_well(self, tracked: Newsroom) -> None:
        async with open_site() as site, over_the_wire(tracked) as room:
            site.serve(MEMO, path=PATH)
            await room.watch(cited(site))
            await room.poll()
            site.serve(MEMO, path="/archive/memo")
            site.answers[PATH] = moved("/archive/memo")
            first = await ask(room, 3)
            site.answers["/archive/memo"] = answer(404)

            assert (first, await ask(room, 4)) == (1, 1)

    @pytest.mark.parametrize(
        ("own", "target", "elsewhere"),
        [
            ("http://agency.example/memo", "https://www.agency.example/memo/", False),
            ("https://agency.example/memo", "https://agency.example/memo?utm_source=x", False),
            ("https://agency.example/memo", "https://agency.example/", True),
            ("https://agency.example/memo", "https://archive.example/memo", True),
            ("https://agency.example/memo?id=1", "https://agency.example/memo?id=2", True),
        ],
    )
    def test_elsewhere_is_another_document(self, own: str, target: str, elsewhere: bool) -> None:
        assert is_elsewhere(own, target) is elsewhere


async def test_it_is_accepted_and_rejected_as_any_flag_is(tracked: Newsroom) -> None:
    async with open_site() as site, over_the_wire(tracked) as room:
        site.serve(MEMO, path=PATH)
        await room.watch(cited(site))
        await room.poll()
        site.answers[PATH] = answer(404)
        await ask(room, 4)
        flag = (await room.flags())[0]

        await triage.accept(room.ctx, flag.id, actor="anna")

        action = (await room.actions())[0].record
        assert action.title == (
            "2025.10.09 Flock Safety statement on federal searches has vanished: HTTP 404 since 2025-10-07 10:00Z"
        )
        assert action.summary == f"The document at {site.url(PATH)} has vanished: HTTP 404 since 2025-10-07 10:00Z."
        assert [each.id for each in await room.flags(FlagState.ACCEPTED)] == [flag.id]


async def test_a_docket_whose_feed_is_gone_is_told_under_its_own_name(tracked: Newsroom) -> None:
    async with open_site() as site, over_the_wire(tracked) as room:
        entry = "<item><title>ORDER granting the motion in full</title><guid>1</guid></item>"
        feed = f"<rss version='2.0'><channel><title>D</title>{entry}</channel></rss>".encode()
        site.serve(feed, path=PATH)
        await room.watch(replace(cited(site), kind=SourceKind.FEED, voice=Voice.COURT))
        await room.poll()
        site.answers[PATH] = answer(404)

        first = await ask(room, 4)
        site.serve(feed, path=PATH)
        back = await ask(room, 1)
        site.answers[PATH] = answer(410)

        assert (first, back, await ask(room, 4)) == (1, 0, 1)
        assert [flag.title for flag in await room.flags()] == ["Flock Safety"] * 2
