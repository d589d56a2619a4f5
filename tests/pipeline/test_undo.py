"""Decisions taken back: within MONITOR_HOLD nobody ever hears of them, afterwards the retraction is told (fault 54)."""

from __future__ import annotations

import pytest

from monitor.errors import IllegalTransition
from monitor.model.event import EventType
from monitor.model.flag import FlagState
from monitor.pipeline import actions, policies, triage
from monitor.pipeline.triage import Edits
from monitor.store.actions import ActionState
from monitor.store.policies import get_policy
from tests.pipeline.newsroom import HOLD, OTHER, POLICY, Newsroom, a_hook
from tests.pipeline.test_stories import GROWN

RECORDED, CORRECTED, RETRACTED = EventType.ACTION_RECORDED, EventType.ACTION_CORRECTED, EventType.ACTION_RETRACTED


def told(newsroom: Newsroom) -> list[str]:
    """The types of the webhooks that went out, in order."""
    return [post.body.split(b'"')[3].decode() for post in newsroom.receiver.posts]


async def states(newsroom: Newsroom) -> list[str]:
    return [action.state for action in await newsroom.actions(standing=False)]


async def test_an_acceptance_undone_within_the_hold_is_never_told(newsroom: Newsroom) -> None:
    await newsroom.subscribe(a_hook())
    flag = await newsroom.flagged()
    await triage.accept(newsroom.ctx, flag.id, actor="anna")
    newsroom.clock.advance(seconds=HOLD.total_seconds() - 1)

    undone = await triage.undo(newsroom.ctx, flag.id, actor="anna")

    assert (undone.state, undone.version) == (FlagState.OPEN, 3)
    assert (await newsroom.actions(), await states(newsroom)) == ([], [ActionState.WITHDRAWN])
    await newsroom.tell()
    assert told(newsroom) == []


async def test_an_acceptance_undone_after_the_hold_is_retracted_to_those_who_were_told(newsroom: Newsroom) -> None:
    await newsroom.subscribe(a_hook())
    flag = await newsroom.flagged()
    await triage.accept(newsroom.ctx, flag.id, actor="anna")
    await newsroom.tell()

    await triage.undo(newsroom.ctx, flag.id, actor="anna")
    await newsroom.tell()

    assert await states(newsroom) == [ActionState.RETRACTED]
    assert told(newsroom) == ["action.recorded", "action.retracted"]


@pytest.mark.parametrize("later", [False, True])
async def test_accepting_again_after_an_undo_is_the_same_action(newsroom: Newsroom, later: bool) -> None:
    flag = await newsroom.flagged()
    first = await triage.accept(newsroom.ctx, flag.id, actor="anna")
    newsroom.clock.advance(seconds=1000 if later else 1)
    await triage.undo(newsroom.ctx, flag.id, actor="anna")
    newsroom.clock.advance(seconds=1)

    second = await triage.accept(newsroom.ctx, flag.id, actor="anna", edits=Edits(title="A better title"))

    assert second.actions == first.actions
    assert [action.record.title for action in await newsroom.actions()] == ["A better title"]
    assert (await newsroom.event_types())[-1] is RECORDED


async def test_a_retraction_reaches_those_who_were_told_although_the_action_came_and_went_again(
    newsroom: Newsroom,
) -> None:
    await newsroom.subscribe(a_hook())
    flag = await newsroom.flagged()
    await triage.accept(newsroom.ctx, flag.id, actor="anna")
    await newsroom.tell()
    for decide in (triage.undo, triage.accept, triage.undo):
        newsroom.clock.advance(seconds=10)
        await decide(newsroom.ctx, flag.id, actor="anna")

    await newsroom.tell()

    assert await newsroom.actions() == []
    assert told(newsroom) == ["action.recorded", "action.retracted"]


@pytest.mark.parametrize("decide", [triage.reject, triage.snooze])
async def test_a_rejection_and_a_snooze_can_be_undone(newsroom: Newsroom, decide: object) -> None:
    flag = await newsroom.flagged()
    if decide is triage.reject:
        await triage.reject(newsroom.ctx, flag.id, actor="anna")
    else:
        await triage.snooze(newsroom.ctx, flag.id, actor="anna", until=newsroom.clock())

    undone = await triage.undo(newsroom.ctx, flag.id, actor="ben")

    assert undone.state is FlagState.OPEN
    await triage.accept(newsroom.ctx, flag.id, actor="ben", version=undone.version)


async def test_there_is_nothing_to_undo_twice(newsroom: Newsroom) -> None:
    flag = await newsroom.flagged()
    with pytest.raises(IllegalTransition, match="no decision to undo"):
        await triage.undo(newsroom.ctx, flag.id, actor="anna")
    await triage.reject(newsroom.ctx, flag.id, actor="anna")
    await triage.undo(newsroom.ctx, flag.id, actor="anna")

    with pytest.raises(IllegalTransition, match="no decision to undo"):
        await triage.undo(newsroom.ctx, flag.id, actor="anna")


async def test_an_undo_takes_back_every_policy_of_the_acceptance(newsroom: Newsroom) -> None:
    flag = await newsroom.flagged(POLICY, OTHER)
    await triage.accept(newsroom.ctx, flag.id, actor="anna", policies=("1777", "1801"))

    await triage.undo(newsroom.ctx, flag.id, actor="anna")

    assert (await newsroom.actions(), await newsroom.events()) == ([], [])


@pytest.mark.parametrize("corrected_after", [1, 1000])
@pytest.mark.parametrize("undone_after", [1, 1000])
async def test_an_undo_takes_back_an_action_that_was_corrected_meanwhile(
    newsroom: Newsroom, corrected_after: int, undone_after: int
) -> None:
    flag = await newsroom.flagged()
    decided = await triage.accept(newsroom.ctx, flag.id, actor="anna")
    newsroom.clock.advance(seconds=corrected_after)
    await actions.correct(newsroom.ctx, decided.actions[0], actor="ben", title="Better")
    newsroom.clock.advance(seconds=undone_after)

    await triage.undo(newsroom.ctx, flag.id, actor="anna")

    assert await newsroom.actions() == []


@pytest.mark.parametrize("seconds", [1, 1000])
async def test_undoing_the_acceptance_of_a_revision_brings_back_the_words_of_the_first(
    newsroom: Newsroom, seconds: int
) -> None:
    await newsroom.subscribe(a_hook())
    flag = await newsroom.flagged()
    await triage.accept(newsroom.ctx, flag.id, actor="anna", edits=Edits(title="First"))
    await newsroom.tell()
    await newsroom.publish(GROWN)
    await triage.accept(newsroom.ctx, flag.id, actor="anna", edits=Edits(title="Second"))
    newsroom.clock.advance(seconds=seconds)
    await newsroom.compose()

    await triage.undo(newsroom.ctx, flag.id, actor="anna")
    await newsroom.tell()

    (action,) = await newsroom.actions()
    assert (action.record.title, action.record.summary) != ("Second", "")
    assert action.record.title == "First"
    corrections = [] if seconds < HOLD.total_seconds() else ["action.corrected", "action.corrected"]
    assert told(newsroom) == ["action.recorded", *corrections]


async def test_undoing_the_acceptance_of_a_revision_that_is_held_with_the_first_keeps_the_first(
    newsroom: Newsroom,
) -> None:
    patient = newsroom.with_settings(hold=HOLD * 1000)
    flag = await patient.flagged()
    await triage.accept(patient.ctx, flag.id, actor="anna", edits=Edits(title="First"))
    await patient.publish(GROWN)
    await triage.accept(patient.ctx, flag.id, actor="anna", edits=Edits(title="Second"))
    patient.clock.advance(seconds=1)

    await triage.undo(patient.ctx, flag.id, actor="anna")

    assert [action.record.title for action in await patient.actions()] == ["First"]
    assert [event.data["action"]["title"] for event in await patient.events()] == ["First"]


@pytest.mark.parametrize("seconds", [1, 1000])
async def test_an_undo_takes_back_the_status_that_came_with_the_acceptance(newsroom: Newsroom, seconds: int) -> None:
    flag = await newsroom.flagged()
    status = newsroom.ctx.vocabulary.current_statuses[0]
    await triage.accept(newsroom.ctx, flag.id, actor="anna", edits=Edits(status=status))
    newsroom.clock.advance(seconds=seconds)

    await triage.undo(newsroom.ctx, flag.id, actor="anna")

    policy = await newsroom.ctx.db.read(lambda tx: get_policy(tx, POLICY.url))
    assert policy.record.current_status == POLICY.current_status
    changes = [event for event in await newsroom.events() if event.type is EventType.POLICY_STATUS_CHANGED]
    assert len(changes) == (0 if seconds == 1 else 2)


async def test_an_undo_leaves_a_status_that_somebody_set_since(newsroom: Newsroom) -> None:
    flag = await newsroom.flagged()
    first, second, *_ = newsroom.ctx.vocabulary.current_statuses
    await triage.accept(newsroom.ctx, flag.id, actor="anna", edits=Edits(status=first))
    newsroom.clock.advance(seconds=1)
    await policies.edit(newsroom.ctx, POLICY.url, actor="ben", status=second)

    await triage.undo(newsroom.ctx, flag.id, actor="anna")

    policy = await newsroom.ctx.db.read(lambda tx: get_policy(tx, POLICY.url))
    assert policy.record.current_status == second
