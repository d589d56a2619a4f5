"""record: auto: what is certain is recorded at once, once, and shown everywhere as automatic and not reviewed."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from monitor.core.tracker import read_page, record_to_mapping, write_page
from monitor.errors import Conflict, IllegalTransition
from monitor.model.event import EventType
from monitor.model.flag import FlagState, RejectReason
from monitor.model.policy import ActionRecord
from monitor.model.source import ArticleRule, Record, Source, SourceKind, Voice
from monitor.pipeline import actions, policies, triage
from monitor.pipeline.articles import read_articles
from monitor.store.actions import action_history
from monitor.store.database import Tx
from monitor.store.flags import decisions
from monitor.store.policies import get_policy
from tests.pipeline.newsroom import (
    FEED,
    OTHER,
    POLICY,
    START,
    VOCABULARY,
    Killed,
    Newsroom,
    Story,
    a_hook,
    a_reader,
    feed,
    text_of,
)
from tests.pipeline.test_tracker import FIRST, SECOND, serve

AUTO = Source(
    "other",
    "Other tracker",
    POLICY.url,
    SourceKind.TRACKER,
    record=Record.AUTO,
    late_after=timedelta(days=3650),
)


@pytest.fixture
async def following(newsroom: Newsroom) -> Newsroom:
    """A tracked policy, whose page at the tracker was read once; a subscriber by mail and one by webhook."""
    await newsroom.track(POLICY, OTHER)
    await newsroom.subscribe(a_reader(), a_hook())
    await newsroom.watch(AUTO)
    serve(newsroom, FIRST)
    await newsroom.poll()
    return newsroom


async def recorded(newsroom: Newsroom) -> int:
    """The tracker adds an action; the id of what that recorded."""
    serve(newsroom, FIRST, SECOND)
    await newsroom.poll_after(hours=2)
    (action,) = await newsroom.actions()
    return action.id


async def test_a_trackers_new_action_is_recorded_in_the_poll_that_finds_it(following: Newsroom) -> None:
    await recorded(following)

    (action,) = await following.actions()
    (flag,) = await following.flags()
    (decision,) = await following.ctx.db.read(lambda tx: decisions(tx, flag.id))
    assert action.record == replace(SECOND, reviewed=False)
    assert (flag.state, decision.actor, action.flag_id) == (FlagState.ACCEPTED, "automatic", flag.id)
    assert await following.event_types() == [EventType.ACTION_RECORDED]
    assert (await following.poll_after(hours=30)).flags == 0
    assert len(await following.actions()) == 1


async def test_nothing_of_the_first_import_is_recorded(following: Newsroom) -> None:
    assert (await following.actions(), await following.flags(), await following.event_types()) == ([], [], [])


async def test_it_never_changes_the_policys_status(following: Newsroom) -> None:
    await recorded(following)

    policy = await following.ctx.db.read(lambda tx: get_policy(tx, "1777"))
    assert policy.record.current_status == POLICY.current_status


async def test_the_mail_and_the_webhook_say_that_nobody_reviewed_it(following: Newsroom) -> None:
    await recorded(following)

    await following.tell()

    (mail,), (post,) = following.mails(), following.receiver.posts
    html = mail.get_body(("html",))
    assert html is not None
    assert "Automatic, not reviewed" in text_of(mail)
    assert "Automatic, not reviewed" in html.get_content()
    assert json.loads(post.body)["data"]["action"]["reviewed"] is False


async def test_the_export_says_it_in_every_format(following: Newsroom) -> None:
    await recorded(following)

    (exported,) = await policies.export(following.ctx, ["1777"])
    page = write_page(exported, VOCABULARY)

    assert record_to_mapping(exported)["actions"][0]["reviewed"] is False
    assert "Recorded automatically, not reviewed by an editor." in page
    assert read_page(page, VOCABULARY).actions == exported.actions


def history(newsroom: Newsroom, action_id: int) -> Any:
    def work(tx: Tx) -> list[tuple[str, str, bool]]:
        return [(each["actor"], each["state"], each["record"].reviewed) for each in action_history(tx, action_id)]

    return newsroom.ctx.db.read(work)


async def test_an_editor_confirms_it_and_nobody_is_told(following: Newsroom) -> None:
    action_id = await recorded(following)
    await following.tell()

    await actions.confirm(following.ctx, action_id, actor="anna")
    await following.tell()

    assert [action.record for action in await following.actions()] == [SECOND]
    assert await history(following, action_id) == [("automatic", "recorded", False), ("anna", "recorded", True)]
    assert len(following.receiver.posts) == 1
    with pytest.raises(IllegalTransition, match="reviewed already"):
        await actions.confirm(following.ctx, action_id, actor="anna")


async def test_what_is_confirmed_within_the_hold_is_told_as_reviewed(following: Newsroom) -> None:
    action_id = await recorded(following)

    await actions.confirm(following.ctx, action_id, actor="anna")
    await following.tell()

    (post,) = following.receiver.posts
    assert json.loads(post.body)["data"]["action"]["reviewed"] is True


async def test_a_correction_reviews_it_too(following: Newsroom) -> None:
    action_id = await recorded(following)
    await following.tell()

    await actions.correct(following.ctx, action_id, actor="anna", summary="In our words.")
    await following.tell()

    assert await history(following, action_id) == [("automatic", "recorded", False), ("anna", "corrected", True)]
    assert json.loads(following.receiver.posts[-1].body)["type"] == "action.corrected"


@pytest.mark.parametrize("within", [True, False])
async def test_an_editor_takes_it_back_unseen_within_the_hold_and_it_stays_so(
    following: Newsroom, within: bool
) -> None:
    await recorded(following)
    (flag,) = await following.flags()
    if not within:
        await following.tell()

    await triage.undo(following.ctx, flag.id, actor="anna")
    await following.tell()
    serve(following, SECOND, FIRST)
    await following.poll_after(hours=2)

    assert await following.actions() == []
    types = [json.loads(post.body)["type"] for post in following.receiver.posts]
    assert types == ([] if within else ["action.recorded", "action.retracted"])
    assert [each.state for each in await following.flags()] == [FlagState.OPEN]


async def test_what_an_editor_recorded_is_not_recorded_again(following: Newsroom) -> None:
    await actions.add(following.ctx, "1777", replace(SECOND, title="2025.10.01 In our words"), actor="anna")

    await recorded(following)

    assert [action.record.reviewed for action in await following.actions()] == [True]


async def test_what_a_page_states_twice_is_recorded_once(following: Newsroom) -> None:
    serve(following, FIRST, SECOND, replace(SECOND, summary="In other words."))

    await following.poll_after(hours=2)

    assert (len(await following.actions()), await following.event_types()) == (1, [EventType.ACTION_RECORDED])


@pytest.mark.parametrize("taken_back", [False, True])
async def test_another_tracker_that_repeats_it_raises_nothing(following: Newsroom, taken_back: bool) -> None:
    action_id = await recorded(following)
    if taken_back:
        await actions.retract(following.ctx, action_id, actor="anna", reason="It was none.")
    before = await following.event_types()
    await following.watch(replace(AUTO, id="again", url="https://mirror.example/p"))
    serve(following, FIRST, url="https://mirror.example/p")
    await following.poll_after(hours=2)

    serve(following, FIRST, replace(SECOND, title="2025.10.01 A letter"), url="https://mirror.example/p")
    report = await following.poll_after(hours=2)

    assert (report.entries_new, report.flags, len(await following.actions(standing=False))) == (1, 0, 1)
    assert await following.event_types() == before


async def test_what_an_editor_rejected_is_not_recorded_in_another_trackers_words(following: Newsroom) -> None:
    following.sources[0] = replace(AUTO, record=Record.REVIEW)
    await following.watch(replace(AUTO, id="again", url="https://mirror.example/p"))
    serve(following, FIRST, url="https://mirror.example/p")
    serve(following, FIRST, SECOND)
    await following.poll_after(hours=2)
    (flag,) = await following.flags()
    await triage.reject(following.ctx, flag.id, actor="anna", reason=RejectReason.NOISE)
    following.clock.advance(days=9)  # another story by now

    serve(following, FIRST, replace(SECOND, summary="In other words."), url="https://mirror.example/p")
    await following.poll()

    assert await following.actions() == []
    assert {each.state for each in await following.flags()} == {FlagState.REJECTED, FlagState.OPEN}


async def test_what_the_tracker_edits_later_changes_nothing_of_ours(following: Newsroom) -> None:
    action_id = await recorded(following)
    await actions.correct(following.ctx, action_id, actor="anna", summary="In our words.")
    before = await following.event_types()

    serve(following, FIRST, replace(SECOND, title="2025.10.01 A letter", summary="In quite other words. " * 9))
    report = await following.poll_after(hours=2)

    assert (report.entries_revised, report.flags, await following.flags(FlagState.OPEN)) == (1, 0, [])
    assert [action.record for action in await following.actions()] == [replace(SECOND, summary="In our words.")]
    assert await following.event_types() == before


async def test_an_editor_does_not_record_it_a_second_time(following: Newsroom) -> None:
    action_id = await recorded(following)

    with pytest.raises(Conflict, match=rf"actions confirm {action_id}"):
        await actions.add(following.ctx, "1777", replace(SECOND, title="2025.10.01 A letter"), actor="anna")
    await actions.add(following.ctx, "1801", SECOND, actor="anna")


async def test_two_workers_record_it_once(following: Newsroom, colleague: Newsroom) -> None:
    """Both the page and its list are followed, by two workers at the same moment."""
    await following.watch(replace(AUTO, id="again", url="https://mirror.example/p"))
    serve(following, FIRST, url="https://mirror.example/p")
    await following.poll_after(hours=2)
    serve(following, FIRST, SECOND)
    serve(following, FIRST, replace(SECOND, summary="In other words."), url="https://mirror.example/p")
    following.clock.advance(hours=2)

    await asyncio.gather(following.poll(1), colleague.poll(1))
    await following.poll()

    assert len(await following.actions()) == 1
    assert await following.event_types() == [EventType.ACTION_RECORDED]


async def test_an_editor_and_a_worker_record_it_once(following: Newsroom, colleague: Newsroom) -> None:
    serve(following, FIRST, SECOND)
    following.clock.advance(hours=2)
    by_hand = replace(SECOND, title="2025.10.01 By hand")

    await asyncio.gather(
        following.poll(), actions.add(colleague.ctx, "1777", by_hand, actor="anna"), return_exceptions=True
    )

    assert len(await following.actions()) == 1


@pytest.mark.parametrize("point", ["poll.before_commit", "poll.after_commit"])
async def test_a_crash_around_the_commit_records_it_once(following: Newsroom, point: str) -> None:
    serve(following, FIRST, SECOND)
    following.dies_at.append(point)
    with pytest.raises((Killed, BaseExceptionGroup)):
        await following.poll_after(hours=2)

    await following.poll_after(hours=2)

    assert (len(await following.actions()), await following.event_types()) == (1, [EventType.ACTION_RECORDED])


async def test_an_action_and_its_event_are_stored_together_or_not_at_all(following: Newsroom) -> None:
    def no_event_ids(prefix: str) -> str:
        if prefix == "evt":
            raise Killed(prefix)
        return whole.ctx.new_id(prefix)

    whole = replace(following)
    following.ctx = replace(following.ctx, new_id=no_event_ids)
    serve(following, FIRST, SECOND)
    with pytest.raises((Killed, BaseExceptionGroup)):
        await following.poll_after(hours=2)
    stored = await whole.actions(), await whole.flags(), await whole.event_types()

    await whole.poll_after(hours=2)

    assert stored == ([], [], [])
    assert (len(await whole.actions()), await whole.event_types()) == (1, [EventType.ACTION_RECORDED])


COURT = Source("court", "D.D.C.", FEED, SourceKind.FEED, Voice.COURT, record=Record.AUTO)
COPY = "https://copy.example/feed.xml"
ORDER = "Order granting a preliminary injunction in Doe v. Noem, No. 1:25-cv-00190"


@pytest.mark.parametrize(
    ("source", "reviewed"),
    [(COURT, [False]), (replace(COURT, voice=Voice.GOVERNMENT), [False]), (replace(COURT, record=Record.REVIEW), [])],
)
async def test_a_courts_word_with_a_policys_own_number_is_recorded(
    newsroom: Newsroom, source: Source, reviewed: list[bool]
) -> None:
    await newsroom.track(replace(POLICY, identifiers=("1:25-cv-00190",)), OTHER)
    await newsroom.watch(source)
    await newsroom.publish()

    report = await newsroom.publish(Story(ORDER, "The court enjoins the plate reader searches.", published=START))

    assert (report.flags, [action.record.reviewed for action in await newsroom.actions()]) == (1, reviewed)


async def test_what_is_not_certain_waits_for_an_editor(newsroom: Newsroom) -> None:
    await newsroom.track(POLICY, OTHER)
    await newsroom.watch(COURT)
    await newsroom.publish()

    report = await newsroom.publish(
        Story("Court hears Flock Safety case", "Flock Safety license plate reader searches for ICE.")
    )

    assert (report.flags, await newsroom.actions()) == (1, [])


async def test_a_courts_story_that_an_editor_rejected_is_not_recorded_in_a_copy(newsroom: Newsroom) -> None:
    await newsroom.track(replace(POLICY, identifiers=("1:25-cv-00190",)), OTHER)
    await newsroom.watch(replace(COURT, record=Record.REVIEW), replace(COURT, id="copy", url=COPY))
    newsroom.web.serve(COPY, feed())
    await newsroom.publish()
    await newsroom.publish(Story(ORDER, "The court enjoins the plate reader searches.", published=START))
    (flag,) = await newsroom.flags()
    await triage.reject(newsroom.ctx, flag.id, actor="anna", reason=RejectReason.NOISE)

    report = await newsroom.publish(
        Story(ORDER, "The court enjoins the plate reader searches.", published=START), url=COPY
    )

    assert (report.entries_new, report.flags, await newsroom.actions()) == (1, 0, [])


async def test_what_only_the_article_behind_a_courts_teaser_says_waits_for_an_editor(newsroom: Newsroom) -> None:
    """The page behind a link says what it likes, and names the numbers of other cases."""
    await newsroom.track(replace(POLICY, identifiers=("1:25-cv-00190",)), OTHER)
    await newsroom.watch(replace(COURT, article=ArticleRule.ALWAYS))
    await newsroom.publish()
    await newsroom.publish(Story("Order in an immigration case", link="https://court.example/1", published=START))
    words = "".join(f"<p>{ORDER}. The court enjoins the plate reader searches, part {n}.</p>" for n in range(9))
    newsroom.web.serve("https://court.example/1", f"<html><article><h1>Order</h1>{words}</article></html>".encode())

    report = await read_articles(newsroom.ctx, 10)

    assert (report.read, report.flags, await newsroom.actions()) == (1, 1, [])
    assert [flag.state for flag in await newsroom.flags()] == [FlagState.OPEN]


async def test_a_future_date_is_for_an_editor(following: Newsroom) -> None:
    serve(following, FIRST, ActionRecord(SECOND.kind, date(2026, 1, 1), "2026.01.01 A slip of the pen", "Words."))

    await following.poll_after(hours=2)

    assert ([flag.state for flag in await following.flags()], await following.actions()) == ([FlagState.OPEN], [])
