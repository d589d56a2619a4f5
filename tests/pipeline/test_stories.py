"""Entries that report the same thing are one story, and a story is put before the editor once for a policy."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from monitor.model.flag import FlagState, RejectReason
from monitor.model.source import Voice
from monitor.pipeline import triage
from monitor.store.flags import outlets
from tests.pipeline.newsroom import FEED, NEWS, PAGE, POLICY, Newsroom, Story, a_feed, a_page, feed, page

OTHER_FEED = "https://wire.example/feed.xml"
GROWN = replace(
    NEWS,
    text=f"{NEWS.text} On Friday the city council voted to end the contract after residents had protested for three "
    "hours, and the chief of police said that no further searches would be run for federal officers.",
)


@pytest.fixture
async def two_outlets(newsroom: Newsroom) -> Newsroom:
    """Two feeds whose baselines are behind them."""
    await newsroom.track(POLICY)
    await newsroom.watch(a_feed(), a_feed("wire", OTHER_FEED, name="The Wire"))
    newsroom.web.serve(FEED, feed())
    newsroom.web.serve(OTHER_FEED, feed())
    await newsroom.poll()
    return newsroom


async def names_of_outlets(newsroom: Newsroom) -> list[list[str]]:
    stories = {flag.story_id for flag in await newsroom.flags()}
    return list((await newsroom.ctx.db.read(lambda tx: outlets(tx, stories))).values())


@pytest.mark.parametrize(
    "copy",
    [
        pytest.param(replace(NEWS, title="Cameras searched for ICE by local Flock Safety users"), id="the same link"),
        pytest.param(replace(NEWS, link="https://wire.example/1"), id="the same headline"),
        pytest.param(replace(NEWS, link="https://wire.example/1", title=f"{NEWS.title} - The Wire"), id="suffixed"),
    ],
)
async def test_a_copy_by_another_outlet_joins_the_story(two_outlets: Newsroom, copy: Story) -> None:
    link = replace(NEWS, link="https://news.example/story")
    if copy.link == "":
        copy = replace(copy, link="https://news.example/story?utm_source=wire")
    await two_outlets.publish(link)

    report = await two_outlets.publish(copy, url=OTHER_FEED)

    assert (report.entries_new, report.flags) == (1, 0)
    assert len(await two_outlets.flags()) == 1
    assert await names_of_outlets(two_outlets) == [["The Daily News", "The Wire"]]


async def test_another_story_about_the_policy_is_a_flag_of_its_own(two_outlets: Newsroom) -> None:
    await two_outlets.publish(NEWS)

    report = await two_outlets.publish(Story("Flock Safety ends its federal pilot programs"), url=OTHER_FEED)

    assert report.flags == 1


WIRED = replace(NEWS, title="Searches of plate readers named immigration agents", link="https://wire.example/1")


async def test_a_syndicated_copy_joins_by_its_words_whatever_headline_it_bears(two_outlets: Newsroom) -> None:
    text = f"{NEWS.text} The department said that it would look into the searches and answer within a month."
    await two_outlets.publish(replace(NEWS, text=text))

    report = await two_outlets.publish(replace(WIRED, text=f"From our partners. {text}"), url=OTHER_FEED)

    assert (report.entries_new, report.flags) == (1, 0)
    assert await names_of_outlets(two_outlets) == [["The Daily News", "The Wire"]]


@pytest.mark.parametrize("news", ["A judge enjoined the searches.", "The case is No. 1:25-cv-01234."])
async def test_a_ruling_never_vanishes_into_the_story_before_it(two_outlets: Newsroom, news: str) -> None:
    await two_outlets.publish(NEWS)

    copy = replace(NEWS, link="https://wire.example/1", text=f"{news} {NEWS.text}")
    report = await two_outlets.publish(copy, url=OTHER_FEED)

    assert report.flags == 1
    assert len({flag.story_id for flag in await two_outlets.flags()}) == 2


async def test_a_headline_that_returns_after_a_week_is_another_story(two_outlets: Newsroom) -> None:
    await two_outlets.publish(NEWS)
    two_outlets.clock.advance(days=8)

    report = await two_outlets.publish(
        replace(NEWS, link="https://wire.example/9", published=two_outlets.clock()), url=OTHER_FEED
    )

    assert report.flags == 1


async def test_short_headings_are_no_name_of_a_story(two_outlets: Newsroom) -> None:
    order = Story("Order on motion", "The Flock Safety records must be released to ICE.", link="https://news.example/1")
    await two_outlets.publish(order)

    report = await two_outlets.publish(replace(order, link="https://wire.example/1"), url=OTHER_FEED)

    assert report.flags == 1


@pytest.mark.parametrize("link", ["https://court.example/docket/1", ""])
async def test_two_texts_of_one_source_are_never_one_story(newsroom: Newsroom, link: str) -> None:
    heading = "Order on the motion to compel Flock Safety and ICE"
    first = Story(heading, "The motion is denied.", guid="1", link=link or "https://court.example/1")
    second = Story(heading, "The motion is granted.", guid="2", link=link or "https://court.example/2")
    await newsroom.track(POLICY)
    await newsroom.watch(a_feed(voice=Voice.COURT, policies=("1777",)))
    newsroom.web.serve(FEED, feed())
    await newsroom.poll()

    report = await newsroom.publish(second, first)

    assert (report.entries_new, report.flags) == (2, 2)


async def test_each_confirmed_change_of_a_page_is_a_story_of_its_own(newsroom: Newsroom) -> None:
    await newsroom.track(POLICY)
    await newsroom.watch(a_page(policies=("1777",)))
    newsroom.web.serve(PAGE, page("We build license plate readers."))
    await newsroom.poll()
    flags = []
    for sentence in ("We have paused all federal pilots.", "We have resumed them."):
        newsroom.web.serve(PAGE, page("We build license plate readers.", sentence))
        flags.append((await newsroom.poll_after(hours=2)).flags)

    assert flags == [1, 1]
    assert len({flag.story_id for flag in await newsroom.flags()}) == 2


async def test_a_typo_that_is_mended_leaves_the_decision_alone(two_outlets: Newsroom) -> None:
    await two_outlets.publish(NEWS)
    (flag,) = await two_outlets.flags()
    await triage.reject(two_outlets.ctx, flag.id, actor="anna")

    report = await two_outlets.publish(replace(NEWS, text=NEWS.text.replace("records show", "record shows")))

    assert (report.entries_revised, report.flags) == (1, 0)
    assert [each.state for each in await two_outlets.flags()] == [FlagState.REJECTED]


async def test_a_typo_that_is_mended_in_what_was_there_before_raises_no_flag(newsroom: Newsroom) -> None:
    await newsroom.track(POLICY)
    await newsroom.watch(a_feed())
    newsroom.web.serve(FEED, feed(NEWS))
    await newsroom.poll()

    report = await newsroom.publish(replace(NEWS, text=NEWS.text.replace("records show", "record shows")))

    assert (report.entries_revised, report.flags) == (1, 0)


async def test_an_edit_that_first_names_a_policy_raises_a_flag_however_short_it_is(two_outlets: Newsroom) -> None:
    vague = Story("City council hears residents on its budget", "Residents spoke for three hours.", guid="council")
    await two_outlets.publish(vague)

    report = await two_outlets.publish(replace(vague, text="Residents spoke of ICE and Flock Safety for three hours."))

    assert (report.entries_revised, report.flags) == (1, 1)


@pytest.mark.parametrize("accepted", [True, False])
async def test_a_material_revision_puts_a_decided_flag_before_the_editor_again(
    two_outlets: Newsroom, accepted: bool
) -> None:
    await two_outlets.publish(NEWS)
    (flag,) = await two_outlets.flags()
    if accepted:
        await triage.accept(two_outlets.ctx, flag.id, actor="anna")
    else:
        await triage.reject(two_outlets.ctx, flag.id, actor="anna", reason=RejectReason.NOISE)

    report = await two_outlets.publish(GROWN)

    assert (report.entries_revised, report.flags) == (1, 1)
    (again,) = await two_outlets.flags()
    assert (again.id, again.state, again.version, again.text) == (flag.id, FlagState.OPEN, 3, GROWN.text)


async def test_an_accepted_story_that_is_rewritten_away_from_the_policy_is_looked_at_again(
    two_outlets: Newsroom,
) -> None:
    await two_outlets.publish(NEWS)
    (flag,) = await two_outlets.flags()
    await triage.accept(two_outlets.ctx, flag.id, actor="anna")

    withdrawn = "This article was withdrawn because the documents that it was based on had been forged by a student."
    await two_outlets.publish(replace(NEWS, title="Article withdrawn", text=withdrawn, guid=NEWS.guid or guid_of(NEWS)))

    assert [(each.state, each.title) for each in await two_outlets.flags()] == [(FlagState.OPEN, "Article withdrawn")]


def guid_of(story: Story) -> str:
    return f"https://news.example/{story.title.lower().replace(' ', '-')}"


async def test_an_open_flag_is_not_raised_twice_by_a_revision(two_outlets: Newsroom) -> None:
    await two_outlets.publish(NEWS)

    report = await two_outlets.publish(GROWN)

    assert (report.entries_revised, report.flags) == (1, 0)
    assert [flag.version for flag in await two_outlets.flags()] == [1]


async def test_two_workers_that_see_a_story_at_the_same_moment_found_it_once(
    two_outlets: Newsroom, colleague: Newsroom
) -> None:
    two_outlets.web.serve(FEED, feed(NEWS))
    two_outlets.web.serve(OTHER_FEED, feed(replace(NEWS, link="https://wire.example/1")))
    two_outlets.clock.advance(hours=2)

    reports = await asyncio.gather(two_outlets.poll(1), colleague.poll(1))
    rest = await two_outlets.poll()

    assert sum(report.polled for report in (*reports, rest)) == 2
    assert sum(report.flags for report in (*reports, rest)) == 1
    assert len(await two_outlets.flags()) == 1
    assert sorted((await names_of_outlets(two_outlets))[0]) == ["The Daily News", "The Wire"]
