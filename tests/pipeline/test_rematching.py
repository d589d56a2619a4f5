"""A new policy, and a policy's new name, find what was stored before them (issue 5, "Scoring")."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.model.flag import FlagState, ReasonKind
from monitor.pipeline import policies, triage
from monitor.pipeline.policies import import_records
from monitor.store.rematching import record_rematch, wanted
from tests.pipeline.newsroom import FEED, NEWS, OTHER, PAGE, POLICY, Newsroom, Story, a_feed, a_page, feed, page


@pytest.fixture
async def stored(newsroom: Newsroom) -> Newsroom:
    """A story of a policy that nobody tracks yet."""
    await newsroom.watch(a_feed())
    newsroom.web.serve(FEED, feed())
    await newsroom.poll()
    await newsroom.publish(NEWS)
    assert await newsroom.flags() == []
    return newsroom


async def test_a_new_policy_finds_what_was_stored_before_it_and_says_so(stored: Newsroom) -> None:
    await stored.track(POLICY, OTHER)

    assert await stored.rematch() == 1

    (flag,) = await stored.flags(FlagState.OPEN)
    assert (flag.policy_url, flag.title) == (POLICY.url, NEWS.title)
    assert flag.reasons[-1].kind is ReasonKind.REMATCHED
    assert await stored.rematch() == 0
    assert await stored.ctx.db.read(wanted) is None


async def test_what_the_silent_first_poll_learned_is_found_too(newsroom: Newsroom) -> None:
    await newsroom.watch(a_feed())
    newsroom.web.serve(FEED, feed(NEWS))
    await newsroom.poll()
    await newsroom.track(POLICY)

    assert await newsroom.rematch() == 1


async def test_copies_that_were_never_told_are_one_story(newsroom: Newsroom) -> None:
    other = "https://wire.example/feed.xml"
    await newsroom.watch(a_feed(), a_feed("wire", other, name="The Wire"))
    newsroom.web.serve(FEED, feed(NEWS))
    newsroom.web.serve(other, feed(replace(NEWS, link="https://wire.example/1")))
    await newsroom.poll()
    await newsroom.track(POLICY)

    assert await newsroom.rematch() == 1


async def test_a_new_name_finds_what_it_would_have_matched(stored: Newsroom) -> None:
    await stored.track(replace(OTHER, title="Fees for asylum applications are raised", agencies=("USCIS",)))
    assert await stored.rematch() == 0

    await policies.edit(stored.ctx, "1801", actor="anna", terms=["Flock Safety"])

    assert await stored.rematch() == 1


async def test_an_edit_without_a_new_name_matches_nothing_again(stored: Newsroom) -> None:
    await stored.track(POLICY)
    await stored.rematch()

    await policies.edit(stored.ctx, "1777", actor="anna", summary="Other words.", terms=["Flock Safety"])

    assert await stored.ctx.db.read(wanted) is None


async def test_an_import_that_changes_nothing_matches_nothing_again(stored: Newsroom) -> None:
    await import_records(stored.ctx, [POLICY])
    await stored.rematch()

    await import_records(stored.ctx, [POLICY])

    assert await stored.ctx.db.read(wanted) is None


@pytest.mark.parametrize(("days", "age", "raised"), [(80, 90, 1), (100, 90, 0), (100, 120, 1), (1, 0, 0)])
async def test_only_what_appeared_within_the_set_time_is_matched_again(
    stored: Newsroom, days: int, age: int, raised: int
) -> None:
    stored = stored.with_settings(rematch_age=timedelta(days=age))
    stored.clock.advance(days=days)
    await stored.track(replace(POLICY, announced=None))

    assert await stored.rematch() == raised


async def test_what_was_decided_stays_decided(stored: Newsroom) -> None:
    await stored.track(POLICY)
    await stored.rematch()
    (flag,) = await stored.flags()
    await triage.reject(stored.ctx, flag.id, actor="anna")

    await policies.edit(stored.ctx, "1777", actor="anna", terms=["plate readers"])

    assert await stored.rematch() == 0
    assert [each.state for each in await stored.flags()] == [FlagState.REJECTED]


async def test_the_old_items_of_a_bound_source_are_judged_by_their_words(newsroom: Newsroom) -> None:
    await newsroom.watch(a_feed(policies=("1777",)))
    newsroom.web.serve(FEED, feed(Story("Library opens a reading room on Sunday"), NEWS))
    await newsroom.poll()
    await newsroom.track(POLICY)

    await newsroom.rematch()

    assert [flag.title for flag in await newsroom.flags()] == [NEWS.title]


async def test_of_a_watched_page_its_changes_are_matched_again_and_not_the_page(newsroom: Newsroom) -> None:
    await newsroom.watch(a_page())
    newsroom.web.serve(PAGE, page("We build license plate readers for police."))
    await newsroom.poll()
    words = "ICE searches of license plate readers by local police on the Flock Safety network have ended."
    newsroom.web.serve(PAGE, page("We build license plate readers for police.", words))
    await newsroom.poll_after(hours=2)
    await newsroom.track(POLICY)

    assert await newsroom.rematch() == 1

    (flag,) = await newsroom.flags()
    assert words in str(flag.change_parts)


async def test_many_items_are_matched_in_several_steps(stored: Newsroom) -> None:
    await stored.publish(*(Story(f"Council meets for the {n}th time", guid=str(n)) for n in range(5)), NEWS)
    await stored.track(POLICY)

    assert await stored.rematch(batch=2) == 1


async def test_a_name_that_comes_while_its_policy_is_matched_is_matched_too(stored: Newsroom) -> None:
    await stored.track(replace(OTHER, title="Fees for asylum applications are raised", agencies=("USCIS",)))
    asked = await stored.ctx.db.read(wanted)
    assert asked is not None
    stored.clock.advance(seconds=1)

    await policies.edit(stored.ctx, "1801", actor="anna", terms=["Flock Safety"])
    deeds, now = stored.ctx.vocabulary.status_words, stored.clock()
    await stored.ctx.db.write(lambda tx: record_rematch(tx, asked, [], reached=None, at=now, deeds=deeds))

    assert await stored.rematch() == 1


async def test_two_workers_raise_each_flag_once(stored: Newsroom, colleague: Newsroom) -> None:
    await stored.track(POLICY)

    raised = await asyncio.gather(stored.rematch(), colleague.rematch())

    assert sum(raised) == 1
    assert len(await stored.flags()) == 1
