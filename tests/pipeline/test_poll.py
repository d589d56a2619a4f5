"""Rooms 1 to 5 for one source: what a poll stores, and what it never does (T2; THREATS F14, faults 44-50)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from monitor.model.source import FetchFailed, NotModified, PollError, Validators
from monitor.pipeline import poll
from monitor.store import schema as s
from monitor.store.changes import list_changes
from monitor.store.database import Tx
from monitor.store.sources import get_source
from tests.pipeline.newsroom import FEED, NEWS, PAGE, POLICY, Newsroom, Story, a_feed, a_page, feed, page

OLD = Story("Council buys new benches for the park", guid="benches")
LATE = replace(NEWS, guid="late", published=NEWS.published and NEWS.published - timedelta(days=60))


async def the_source(newsroom: Newsroom, id: str = "news") -> dict[str, Any]:
    return await newsroom.ctx.db.read(lambda tx: get_source(tx, id))


async def number_of(newsroom: Newsroom, table: Any) -> int:
    def work(tx: Tx) -> int:
        return int(tx.execute(select(func.count()).select_from(table)).scalar_one())

    return await newsroom.ctx.db.read(work)


@pytest.fixture
async def seeded(newsroom: Newsroom) -> Newsroom:
    """A tracked policy and a feed whose baseline holds one old item."""
    await newsroom.track(POLICY)
    await newsroom.watch(a_feed())
    newsroom.web.serve(FEED, feed(OLD), etag='"one"')
    await newsroom.poll()
    return newsroom


async def test_the_first_poll_keeps_what_is_there_and_raises_nothing(newsroom: Newsroom) -> None:
    await newsroom.track(POLICY)
    await newsroom.watch(a_feed())
    newsroom.web.serve(FEED, feed(NEWS, OLD))

    report = await newsroom.poll()

    assert (report.entries_new, report.flags) == (2, 0)
    assert await newsroom.flags() == []
    assert await newsroom.ctx.db.read(list_changes) == []


async def test_an_empty_feed_is_a_baseline_too(newsroom: Newsroom) -> None:
    await newsroom.track(POLICY)
    await newsroom.watch(a_feed())
    newsroom.web.serve(FEED, feed())
    await newsroom.poll()

    assert (await newsroom.publish(NEWS)).flags == 1


async def test_a_new_item_about_a_policy_raises_a_flag_that_shows_its_words_and_why(seeded: Newsroom) -> None:
    report = await seeded.publish(NEWS, OLD)

    assert (report.changed, report.entries_new, report.flags) == (1, 1, 1)
    (flag,) = await seeded.flags()
    assert (flag.policy_url, flag.title, flag.url) == (POLICY.url, NEWS.title, flag.url)
    assert "Flock Safety" in {reason.term for reason in flag.reasons}
    assert 0 < flag.score <= 1


async def test_an_item_about_nothing_tracked_is_kept_and_not_flagged(seeded: Newsroom) -> None:
    report = await seeded.publish(Story("Library opens on Sundays"), OLD)

    assert (report.entries_new, report.flags) == (1, 0)


async def test_a_document_that_is_the_same_to_the_byte_is_not_read_again(seeded: Newsroom) -> None:
    report = await seeded.publish(OLD)

    assert (report.polled, report.unchanged, report.changed) == (1, 1, 0)
    assert await number_of(seeded, s.snapshot) == 1


async def test_an_answer_of_not_modified_keeps_the_validators_and_takes_fresh_ones(seeded: Newsroom) -> None:
    seeded.web.answers[FEED] = NotModified(Validators(last_modified="Mon, 06 Oct 2025 09:00:00 GMT"))

    report = await seeded.poll_after(hours=2)

    assert report.unchanged == 1
    assert seeded.web.asked[-1][1] == Validators('"one"')
    source = await the_source(seeded)
    assert (source["etag"], source["last_modified"]) == ('"one"', "Mon, 06 Oct 2025 09:00:00 GMT")


async def test_a_server_that_says_not_modified_for_ever_is_asked_for_everything_once_a_day(seeded: Newsroom) -> None:
    seeded.web.answers[FEED] = NotModified()
    await seeded.poll_after(hours=23)
    conditional = seeded.web.asked[-1][1]

    await seeded.poll_after(hours=2)

    assert (conditional, seeded.web.asked[-1][1]) == (Validators('"one"'), Validators())


@pytest.mark.parametrize("error", [PollError.TIMEOUT, PollError.HTTP_STATUS, PollError.BLOCKED_ADDRESS])
async def test_a_failed_fetch_is_noted_and_nothing_that_is_known_is_lost(seeded: Newsroom, error: PollError) -> None:
    seeded.web.answers[FEED] = FetchFailed(error, "it did not work")

    report = await seeded.poll_after(hours=2)

    source = await the_source(seeded)
    assert (report.polled, report.failed) == (1, 1)
    assert (source["poll_error"], source["poll_detail"], source["failures"]) == (error.value, "it did not work", 1)
    assert (source["etag"], source["entries"]) == ('"one"', 1)


async def test_failures_in_a_row_are_waited_out_longer_and_a_success_forgets_them(seeded: Newsroom) -> None:
    seeded.web.answers[FEED] = FetchFailed(PollError.TIMEOUT, "slow")
    waits = []
    for _ in range(3):
        await seeded.poll_after(days=2)
        waits.append((await the_source(seeded))["next_poll_at"] - seeded.clock())

    report = await seeded.publish(NEWS, OLD)

    assert waits == sorted(set(waits))
    assert report.polled == 0  # not yet due: the back-off holds
    await seeded.poll_after(days=2)
    source = await the_source(seeded)
    assert (source["failures"], source["poll_error"], len(await seeded.flags())) == (0, None, 1)


async def test_the_wish_of_a_server_to_be_left_alone_is_honoured(seeded: Newsroom) -> None:
    seeded.web.answers[FEED] = FetchFailed(PollError.HTTP_STATUS, "503", 503, timedelta(hours=9))
    await seeded.poll_after(hours=2)

    assert (await seeded.poll_after(hours=8)).polled == 0
    assert (await seeded.poll_after(hours=2)).polled == 1


async def test_a_page_in_the_place_of_the_feed_is_a_failure_and_takes_nothing_away(seeded: Newsroom) -> None:
    seeded.web.serve(FEED, b"<!doctype html><html><body>Please log in</body></html>")

    report = await seeded.poll_after(hours=2)

    source = await the_source(seeded)
    assert (report.failed, source["poll_error"], source["entries"]) == (1, PollError.NOT_A_FEED.value, 1)


async def test_a_fault_of_ours_while_polling_ends_that_poll_and_no_other(seeded: Newsroom) -> None:
    await seeded.watch(a_feed("broken", "https://broken.example/feed"))
    seeded.web.answers["https://broken.example/feed"] = RuntimeError("a reader's bug")
    seeded.web.serve(FEED, feed(NEWS, OLD))

    report = await seeded.poll_after(hours=2)

    assert (report.polled, report.failed, report.flags) == (2, 1, 1)
    source = await the_source(seeded, "broken")
    assert source["poll_error"] == PollError.INTERNAL.value
    assert "a reader's bug" in source["poll_detail"]


async def test_nothing_is_gone_because_a_feed_no_longer_holds_it(seeded: Newsroom) -> None:
    await seeded.publish(NEWS, OLD)
    await seeded.publish()

    report = await seeded.publish(NEWS, OLD)

    assert (report.entries_new, report.entries_revised, report.flags) == (0, 0, 0)
    assert (await the_source(seeded))["entries"] == 2


async def test_an_item_whose_id_was_remade_is_the_same_item(seeded: Newsroom) -> None:
    await seeded.publish(replace(NEWS, guid="a"), OLD)

    report = await seeded.publish(replace(NEWS, guid="b"), OLD)

    assert (report.entries_new, report.flags) == (0, 0)
    again = await seeded.publish(replace(NEWS, guid="b", text=f"{NEWS.text} And more."), OLD)
    assert (again.entries_new, again.entries_revised) == (0, 1)


async def test_a_feed_that_moves_to_another_address_with_new_ids_and_links_brings_no_news(newsroom: Newsroom) -> None:
    await newsroom.track(POLICY)
    await newsroom.watch(a_feed())
    titles = [NEWS.title, "Flock Safety sues a town that ended its contract", "Flock Safety answers senators' letter"]
    newsroom.web.serve(FEED, feed(*(Story(title, link=f"http://old.example/{n}") for n, title in enumerate(titles))))
    await newsroom.poll()

    report = await newsroom.publish(
        *(Story(title, link=f"https://new.example/2025/{n}") for n, title in enumerate(titles))
    )

    assert (report.entries_new, report.flags) == (0, 0)


async def test_an_id_that_once_stood_for_several_items_goes_on_being_told_apart(seeded: Newsroom) -> None:
    order = Story("Order on the motion", "The motion is denied.", guid="docket", link=None)
    notice = Story("Notice of hearing", "A hearing on Friday.", guid="docket", link=None)
    await seeded.publish(order, notice, OLD)

    report = await seeded.publish(order, OLD)

    assert (report.entries_new, report.entries_revised) == (0, 0)


async def test_what_is_long_past_when_it_appears_is_kept_and_not_flagged(
    seeded: Newsroom, logged: list[dict[str, Any]]
) -> None:
    report = await seeded.publish(LATE, OLD)

    assert (report.entries_new, report.flags) == (1, 0)
    assert [entry["title"] for entry in logged if entry["event"] == "late_item"] == [NEWS.title]


async def test_everything_new_on_a_source_that_is_bound_to_a_policy_is_flagged_for_it(newsroom: Newsroom) -> None:
    await newsroom.track(POLICY)
    await newsroom.watch(a_feed(policies=("1777",)))
    newsroom.web.serve(FEED, feed())
    await newsroom.poll()

    report = await newsroom.publish(Story("Something that no matcher would know"))

    assert report.flags == 1
    assert (await newsroom.flags())[0].policy_url == POLICY.url


async def test_the_changes_of_a_source_can_be_listed_oldest_first(seeded: Newsroom) -> None:
    await seeded.publish(NEWS, OLD)
    await seeded.publish(replace(NEWS, text=f"{NEWS.text} Police chiefs disagreed on Friday."), OLD)

    changes = await seeded.ctx.db.read(list_changes)

    assert [(change["kind"], change["title"]) for change in changes] == [("new", NEWS.title), ("revised", NEWS.title)]
    assert changes[1]["parts"]
    later = seeded.clock() + timedelta(seconds=1)
    assert await seeded.ctx.db.read(lambda tx: list_changes(tx, since=later)) == []
    assert await seeded.ctx.db.read(lambda tx: list_changes(tx, source_id="other")) == []


async def test_a_page_that_changes_is_news_of_what_was_added(newsroom: Newsroom) -> None:
    await newsroom.track(POLICY)
    await newsroom.watch(a_page(policies=("1777",)))
    newsroom.web.serve(PAGE, page("We build license plate readers."))
    await newsroom.poll()
    newsroom.web.serve(PAGE, page("We build license plate readers.", "We have paused all federal pilots with ICE."))

    report = await newsroom.poll_after(hours=2)

    assert (report.entries_revised, report.flags) == (1, 1)
    (flag,) = await newsroom.flags()
    assert [part["after"] for part in flag.change_parts] == ["We have paused all federal pilots with ICE."]


async def test_rules_that_read_a_source_differently_start_it_over_silently(seeded: Newsroom) -> None:
    moved = "https://news.example/other.xml"
    seeded.sources.clear()
    await seeded.watch(a_feed(url=moved))
    seeded.web.serve(moved, feed(NEWS))

    report = await seeded.poll()

    assert (report.entries_new, report.flags, seeded.web.asked[-1][1]) == (1, 0, Validators())


async def test_a_poll_under_way_when_its_source_changes_is_discarded(seeded: Newsroom) -> None:
    moved = "https://news.example/other.xml"

    class Slow:
        async def fetch(self, url: str, **conditions: Any) -> Any:
            seeded.sources.clear()
            await seeded.watch(a_feed(url=moved))
            return await seeded.web.fetch(url, **conditions)

    slow = replace(seeded, ctx=replace(seeded.ctx, fetcher=Slow()))
    seeded.web.serve(FEED, feed(NEWS), etag='"of the old address"')
    seeded.web.serve(moved, feed(NEWS, OLD))

    report = await slow.poll_after(hours=2)

    assert (report.polled, report.failed, report.flags) == (2, 1, 0)  # the old address's result, then the new one's
    assert seeded.web.asked[-1] == (moved, Validators())


async def test_one_pass_over_everything_reaches_hosts_that_were_never_asked_before(newsroom: Newsroom) -> None:
    few = newsroom.with_settings(fetchers=2)
    addresses = [f"https://host{n}.example/feed" for n in range(5)]
    await newsroom.watch(*(a_feed(f"s{n}", url) for n, url in enumerate(addresses)))
    for url in addresses:
        newsroom.web.serve(url, feed())

    report = await poll.poll_all_due(few.ctx)

    assert report.polled == 5
