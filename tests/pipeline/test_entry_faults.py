"""What becomes of a feed's entries whatever the feed does to them: THREATS faults 44, 45, 46 and 48."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from structlog.typing import EventDict

from monitor.core.health import Colour, health
from monitor.model.source import FetchFailed, PollError, Source, SourceKind
from monitor.pipeline.triage import reject
from monitor.store.sources import vitals_of
from tests.pipeline.newsroom import FEED, NEWS, POLICY, START, Newsroom, Story, a_feed, feed
from tests.pipeline.wild import number_of_entries, revisions, source_row

STORIES = tuple(Story(f"Council meeting number {n} was held", guid=f"g{n}", text=f"Words {n}.") for n in range(8))


@pytest.fixture
async def seeded(newsroom: Newsroom) -> Newsroom:
    """A tracked policy and a feed whose baseline holds eight old stories."""
    await newsroom.track(POLICY)
    await newsroom.watch(a_feed())
    newsroom.web.serve(FEED, feed(*STORIES))
    await newsroom.poll()
    return newsroom


class TestFault44:
    async def test_fault_44_duplicate_and_empty_ids_leave_each_distinct_item_once(
        self, seeded: Newsroom, logged: list[EventDict]
    ) -> None:
        same = [Story(f"Order number {n} in the case", guid="docket", link=None) for n in range(3)]
        bare = [Story(f"A note without an id, number {n}", link=None) for n in range(3)]

        report = await seeded.publish(*same, *same, *bare, *STORIES)
        again = await seeded.publish(*reversed((*same, *bare)), *STORIES)

        assert (report.entries_new, again.entries_new, again.entries_revised) == (6, 0, 0)
        assert any("ids stand for several items" in str(entry.get("note")) for entry in logged)

    async def test_fault_44_an_id_that_changes_under_the_same_title_and_link_is_the_same_entry(
        self, seeded: Newsroom
    ) -> None:
        report = await seeded.publish(*(replace(story, guid=f"new-{story.guid}") for story in STORIES))

        assert (report.entries_new, report.flags) == (0, 0)
        assert await number_of_entries(seeded) == len(STORIES)

    async def test_fault_44_an_id_that_is_used_again_months_later_for_news_is_told(self, seeded: Newsroom) -> None:
        seeded.clock.advance(days=120)
        reused = replace(NEWS, guid="g0", published=seeded.clock())

        report = await seeded.publish(reused, *STORIES[1:])

        assert (report.entries_new + report.entries_revised, report.flags) == (1, 1)
        assert (await seeded.flags())[0].title == NEWS.title
        assert [each["title"] for each in await revisions(seeded) if each["key"] == "g0"] == [
            STORIES[0].title,
            NEWS.title,
        ]


class TestFault45:
    async def test_fault_45_reordered_and_redated_entries_are_neither_new_nor_revised(self, seeded: Newsroom) -> None:
        redated = [replace(story, published=START + timedelta(hours=1)) for story in reversed(STORIES)]

        report = await seeded.publish(*redated)

        assert (report.entries_new, report.entries_revised) == (0, 0)
        assert len(await revisions(seeded)) == len(STORIES)

    async def test_fault_45_an_entry_that_comes_back_as_it_was_is_not_flagged_again(self, seeded: Newsroom) -> None:
        await seeded.publish(NEWS, *STORIES)
        (flag,) = await seeded.flags()
        await reject(seeded.ctx, flag.id, actor="anna")

        await seeded.publish(*STORIES)
        report = await seeded.publish(NEWS, *STORIES)

        assert (report.entries_new, report.entries_revised, report.flags) == (0, 0, 0)
        assert [(each.id, each.version, each.state) for each in await seeded.flags()] == [
            (flag.id, flag.version + 1, "rejected")
        ]

    async def test_fault_45_an_entry_that_comes_back_changed_is_put_before_the_editor_again(
        self, seeded: Newsroom
    ) -> None:
        await seeded.publish(NEWS, *STORIES)
        (flag,) = await seeded.flags()
        await reject(seeded.ctx, flag.id, actor="anna")
        await seeded.publish(*STORIES)
        changed = (
            "ICE ended the Flock Safety searches today. A court had ordered the police to stop all of them at once."
        )

        report = await seeded.publish(replace(NEWS, text=changed), *STORIES)

        assert (report.entries_new, report.entries_revised) == (0, 1)
        (again,) = await seeded.flags()
        assert (again.id, again.state) == (flag.id, "open")
        assert again.version > flag.version
        assert len([each for each in await revisions(seeded) if each["title"] == NEWS.title]) == 2


class TestFault46:
    @pytest.mark.parametrize("left", [0, 4])
    async def test_fault_46_a_feed_that_shrinks_deletes_nothing_and_says_so(
        self, seeded: Newsroom, logged: list[EventDict], left: int
    ) -> None:
        report = await seeded.publish(*STORIES[:left])

        assert (report.failed, report.entries_new, await number_of_entries(seeded)) == (0, 0, len(STORIES))
        row = await source_row(seeded)
        assert (row["items"], row["items_most"], row["shrunk_at"]) == (left, 8, seeded.clock())
        found = health(vitals_of(row), seeded.clock())
        assert found.colour is Colour.YELLOW
        assert f"its document lists {left}, where it listed 8" in found.reason
        assert [entry["event"] for entry in logged if entry["event"] == "suspicious_shrink"] == ["suspicious_shrink"]

    @pytest.mark.parametrize("left", [0, 4])
    async def test_fault_46_what_comes_back_after_a_shrink_is_no_news_and_the_mark_goes(
        self, seeded: Newsroom, left: int
    ) -> None:
        await seeded.publish(*STORIES[:left])
        await seeded.publish(*STORIES[: left // 2])

        report = await seeded.publish(NEWS, *STORIES)

        assert (report.entries_new, report.entries_revised, report.flags) == (1, 0, 1)
        row = await source_row(seeded)
        assert (row["items"], row["items_most"], row["shrunk_at"]) == (9, None, None)
        assert health(vitals_of(row), seeded.clock()).colour is Colour.GREEN

    async def test_fault_46_rss_that_becomes_atom_brings_no_news(self, seeded: Newsroom) -> None:
        seeded.web.serve(FEED, atom(*STORIES))

        report = await seeded.poll_after(hours=2)

        assert (report.failed, report.entries_new, report.flags) == (0, 0, 0)
        assert await number_of_entries(seeded) == len(STORIES)
        assert (await source_row(seeded))["items_most"] is None

    async def test_fault_46_a_page_of_one_item_is_never_a_shrink(self, newsroom: Newsroom) -> None:
        await newsroom.watch(a_feed())
        newsroom.web.serve(FEED, feed(*STORIES[:3]))
        await newsroom.poll()
        await newsroom.publish(STORIES[0])

        assert (await source_row(newsroom))["shrunk_at"] is None


SITEMAP = "https://news.example/sitemap.xml"


def sitemap_of(tag: str, *addresses: str) -> bytes:
    root = "urlset" if tag == "url" else "sitemapindex"
    listed = "".join(f"<{tag}><loc>https://news.example/{address}</loc></{tag}>" for address in addresses)
    return f"<{root} xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>{listed}</{root}>".encode()


class TestFault46OfAnIndex:
    @pytest.fixture
    async def indexed(self, newsroom: Newsroom) -> Newsroom:
        await newsroom.watch(Source("news", "News", SITEMAP, SourceKind.SITEMAP, max_pages=9))
        newsroom.web.serve(SITEMAP, sitemap_of("sitemap", *(f"part-{n}.xml" for n in range(4))))
        for n in range(4):
            pages = (f"{n}/the-report-number-{page}" for page in range(10))
            newsroom.web.serve(f"https://news.example/part-{n}.xml", sitemap_of("url", *pages))
        await newsroom.poll()
        assert (await source_row(newsroom))["items"] == 4
        return newsroom

    async def test_fault_46_parts_of_an_index_that_hold_less_are_no_shrink(self, indexed: Newsroom) -> None:
        for n in range(4):
            indexed.web.serve(f"https://news.example/part-{n}.xml", sitemap_of("url", f"{n}/a-new-report"))
        indexed.web.serve(SITEMAP, sitemap_of("sitemap", *(f"part-{n}.xml" for n in range(5))))
        indexed.web.serve("https://news.example/part-4.xml", sitemap_of("url"))

        report = await indexed.poll_after(hours=2)

        row = await source_row(indexed)
        assert (report.failed, report.entries_new) == (0, 4)
        assert (row["items"], row["shrunk_at"]) == (5, None)

    async def test_fault_46_an_index_that_names_half_of_its_parts_is_a_shrink(self, indexed: Newsroom) -> None:
        indexed.web.serve(SITEMAP, sitemap_of("sitemap", "part-0.xml", "part-1.xml"))

        await indexed.poll_after(hours=2)

        row = await source_row(indexed)
        assert (row["items"], row["items_most"], row["shrunk_at"]) == (2, 4, indexed.clock())

    async def test_news_in_a_part_is_told_although_the_part_before_it_holds_none(self, indexed: Newsroom) -> None:
        indexed.web.serve(
            "https://news.example/part-3.xml", sitemap_of("url", "3/the-report-number-0", "3/a-new-report")
        )

        assert (await indexed.poll_after(hours=2)).entries_new == 0  # the index itself is as it was
        indexed.web.serve(SITEMAP, sitemap_of("sitemap", *(f"part-{n}.xml" for n in range(4))) + b"\n")
        assert (await indexed.poll_after(hours=2)).entries_new == 1

    async def test_fault_46_a_part_that_fails_changes_nothing(self, indexed: Newsroom) -> None:
        indexed.web.serve(SITEMAP, sitemap_of("sitemap", "part-0.xml", "part-1.xml", "gone.xml"))
        indexed.web.answers["https://news.example/gone.xml"] = FetchFailed(PollError.TIMEOUT, "no answer in 30 s")

        report = await indexed.poll_after(hours=2)

        row = await source_row(indexed)
        assert (report.failed, row["items"], row["shrunk_at"]) == (1, 4, None)


@pytest.mark.slow
async def test_F16_a_feed_that_is_always_too_long_is_yellow_when_that_begins_and_not_for_ever(
    seeded: Newsroom,
) -> None:
    many = [Story(f"Bulletin number {n} of the archive", guid=f"m{n}") for n in range(2_001)]
    await seeded.publish(*STORIES, *many)
    begun = await source_row(seeded)
    assert health(vitals_of(begun), seeded.clock()).reason.startswith("its last document was truncated")
    assert begun["items"] == len(STORIES) + 2_001

    seeded.clock.advance(days=2)
    await seeded.publish(Story("One bulletin more", guid="more"), *STORIES, *many)

    row = await source_row(seeded)
    assert (row["truncated_at"], health(vitals_of(row), seeded.clock()).colour) == (begun["truncated_at"], Colour.GREEN)
    assert any(note.startswith("truncated: ") for note in row["notes"])


def atom(*stories: Story) -> bytes:
    entries = "".join(
        f"<entry><id>tag:news.example,2025:{story.guid}</id><title>{story.title}</title><summary>{story.text}</summary>"
        f'<link href="https://news.example/{story.title.lower().replace(" ", "-")}"/></entry>'
        for story in stories
    )
    return f'<feed xmlns="http://www.w3.org/2005/Atom"><title>News</title>{entries}</feed>'.encode()


async def test_fault_48_after_a_gap_the_window_is_looked_at_sooner_until_it_overlaps_again(seeded: Newsroom) -> None:
    fresh = [Story(f"Press notice number {n} of the day", guid=f"p{n}") for n in range(8)]
    await seeded.publish(*fresh)
    gap = await source_row(seeded)
    assert health(vitals_of(gap), seeded.clock()).reason.startswith("possible gap")
    assert gap["next_poll_at"] - gap["polled_at"] <= a_feed().every / 2

    await seeded.publish(Story("One more notice of the day", guid="p9"), *fresh[:-1])
    after = await source_row(seeded)

    assert after["gap_at"] == gap["gap_at"]
    assert gap["interval_s"] < after["interval_s"] <= a_feed().every.total_seconds()
