"""Actions by hand: recorded, corrected, retracted; and the order in which events reach the world (T3)."""

from __future__ import annotations

import asyncio
import json
from datetime import date
from typing import Any

import pytest

from monitor.errors import Conflict, IllegalTransition, NotFound, UsageError
from monitor.model.event import EventType
from monitor.model.policy import ActionDate, ActionRecord, DateKind
from monitor.pipeline import actions, policies, triage
from monitor.store.actions import ActionState, action_history
from tests.pipeline.newsroom import HOLD, OTHER, POLICY, Newsroom, a_hook

RECORD = ActionRecord(
    kind="Subsequent Trump and Court Action",
    date=date(2025, 9, 30),
    title="2025.09.30 Senators ask for answers",
    summary="Six senators wrote a letter.",
    document_url="https://senate.example/letter",
    dates=(ActionDate(DateKind.HEARING, date(2025, 11, 1)),),
    agencies=("CBP",),
    places=("Virginia",),
)


async def an_action(newsroom: Newsroom, *, told: bool = False) -> int:
    await newsroom.track(POLICY, OTHER)
    await newsroom.subscribe(a_hook())
    action_id = await actions.add(newsroom.ctx, "1777", RECORD, actor="anna")
    if told:
        await newsroom.tell()
    return action_id


def bodies(newsroom: Newsroom) -> list[dict[str, Any]]:
    return [json.loads(post.body) for post in newsroom.receiver.posts]


async def test_an_action_added_by_hand_is_told_as_it_was_written(newsroom: Newsroom) -> None:
    action_id = await an_action(newsroom, told=True)

    (action,) = await newsroom.actions()
    assert (action.id, action.record, action.flag_id) == (action_id, RECORD, None)
    (body,) = bodies(newsroom)
    assert body["type"] == "action.recorded"
    assert body["data"]["action"]["dates"] == [{"kind": "hearing", "on": "2025-11-01"}]
    assert body["data"]["source"] is None
    (event,) = await newsroom.events()
    assert event.agencies == ("ICE", "CBP")  # the action's own are told beside the policy's


async def test_a_correction_within_the_hold_is_what_is_told_first(newsroom: Newsroom) -> None:
    action_id = await an_action(newsroom)
    newsroom.clock.advance(seconds=HOLD.total_seconds() - 1)

    await actions.correct(newsroom.ctx, action_id, actor="ben", title="2025.09.30 Six senators ask for answers")
    held_anew = await newsroom.compose()
    await newsroom.tell()

    assert held_anew.digests == 0
    assert [(body["type"], body["data"]["action"]["title"]) for body in bodies(newsroom)] == [
        ("action.recorded", "2025.09.30 Six senators ask for answers")
    ]


async def test_a_correction_after_the_hold_tells_what_was_and_what_is(newsroom: Newsroom) -> None:
    action_id = await an_action(newsroom, told=True)

    await actions.correct(newsroom.ctx, action_id, actor="ben", summary="Seven senators.", on=date(2025, 10, 1))
    await newsroom.tell()

    correction = bodies(newsroom)[-1]
    assert correction["type"] == "action.corrected"
    assert correction["data"]["changes"] == {
        "date": ["2025-09-30", "2025-10-01"],
        "summary": ["Six senators wrote a letter.", "Seven senators."],
    }
    assert correction["data"]["action"]["recorded_at"] == bodies(newsroom)[0]["data"]["action"]["recorded_at"]


async def test_corrections_that_follow_each_other_within_the_hold_are_told_as_one(newsroom: Newsroom) -> None:
    action_id = await an_action(newsroom, told=True)
    for summary in ("Seven senators.", "Eight senators."):
        await actions.correct(newsroom.ctx, action_id, actor="ben", summary=summary)

    await newsroom.tell()

    changes = [body["data"].get("changes") for body in bodies(newsroom)]
    assert changes == [None, {"summary": ["Six senators wrote a letter.", "Eight senators."]}]


async def test_a_correction_that_is_taken_back_within_the_hold_is_never_told(newsroom: Newsroom) -> None:
    action_id = await an_action(newsroom, told=True)
    for summary in ("Seven senators.", RECORD.summary):
        await actions.correct(newsroom.ctx, action_id, actor="ben", summary=summary)

    await newsroom.tell()

    assert [body["type"] for body in bodies(newsroom)] == ["action.recorded"]


async def test_the_history_of_an_action_is_never_overwritten(newsroom: Newsroom) -> None:
    action_id = await an_action(newsroom, told=True)
    await actions.correct(newsroom.ctx, action_id, actor="ben", summary="Seven senators.")
    await actions.retract(newsroom.ctx, action_id, actor="carla", reason="a hoax")

    history = await newsroom.ctx.db.read(lambda tx: action_history(tx, action_id))

    assert [(each["state"], each["actor"], each["record"].summary) for each in history] == [
        ("recorded", "anna", RECORD.summary),
        ("corrected", "ben", "Seven senators."),
        ("retracted", "carla", "Seven senators."),
    ]


async def test_a_correction_that_changes_nothing_tells_nothing(newsroom: Newsroom) -> None:
    action_id = await an_action(newsroom)

    await actions.correct(newsroom.ctx, action_id, actor="ben", title=RECORD.title)

    assert [event.seq for event in await newsroom.events()] == [1]
    with pytest.raises(UsageError, match="nothing to correct"):
        await actions.correct(newsroom.ctx, action_id, actor="ben")


@pytest.mark.parametrize(("told", "state"), [(False, ActionState.WITHDRAWN), (True, ActionState.RETRACTED)])
async def test_a_retraction_is_told_to_those_who_were_told(newsroom: Newsroom, told: bool, state: ActionState) -> None:
    action_id = await an_action(newsroom, told=told)

    taken = await actions.retract(newsroom.ctx, action_id, actor="ben", reason="it was a hoax")
    await newsroom.tell()

    assert (taken, await newsroom.actions()) == (state, [])
    assert [body["type"] for body in bodies(newsroom)] == (["action.recorded", "action.retracted"] if told else [])
    if told:
        assert bodies(newsroom)[1]["data"]["reason"] == "it was a hoax"


async def test_a_retraction_swallows_a_correction_that_nobody_saw(newsroom: Newsroom) -> None:
    action_id = await an_action(newsroom, told=True)
    await actions.correct(newsroom.ctx, action_id, actor="ben", summary="Seven senators.")

    await actions.retract(newsroom.ctx, action_id, actor="ben", reason="a hoax")
    await newsroom.tell()

    assert [body["type"] for body in bodies(newsroom)] == ["action.recorded", "action.retracted"]


async def test_what_was_taken_back_is_neither_corrected_nor_retracted(newsroom: Newsroom) -> None:
    action_id = await an_action(newsroom)
    await actions.retract(newsroom.ctx, action_id, actor="ben", reason="a hoax")

    with pytest.raises(IllegalTransition, match="only a standing action"):
        await actions.correct(newsroom.ctx, action_id, actor="ben", title="x")
    with pytest.raises(IllegalTransition, match="withdrawn already"):
        await actions.retract(newsroom.ctx, action_id, actor="ben", reason="again")
    with pytest.raises(NotFound, match="no action 99"):
        await actions.retract(newsroom.ctx, 99, actor="ben", reason="again")


async def test_an_action_can_be_added_again_after_it_was_taken_back_but_not_beside_its_like(newsroom: Newsroom) -> None:
    first = await an_action(newsroom)
    with pytest.raises(Conflict, match=f"action {first}"):
        await actions.add(newsroom.ctx, "1777", RECORD, actor="anna")
    await actions.retract(newsroom.ctx, first, actor="ben", reason="a hoax")

    second = await actions.add(newsroom.ctx, "1777", RECORD, actor="anna")

    assert [action.id for action in await newsroom.actions()] == [second]


async def test_two_people_who_add_the_same_action_at_once_record_it_once(
    newsroom: Newsroom, colleague: Newsroom
) -> None:
    await newsroom.track(POLICY)

    results = await asyncio.gather(
        *(actions.add(each.ctx, "1777", RECORD, actor="anna") for each in (newsroom, colleague) * 2),
        return_exceptions=True,
    )

    assert [type(result).__name__ for result in results].count("Conflict") == 3
    assert len(await newsroom.actions()) == 1


async def test_a_new_status_is_told_and_the_same_one_is_not(newsroom: Newsroom) -> None:
    await newsroom.track(POLICY)
    status = newsroom.ctx.vocabulary.current_statuses[0]
    for _ in range(2):
        await policies.edit(newsroom.ctx, "1777", actor="anna", status=status)

    assert await newsroom.event_types() == [EventType.POLICY_STATUS_CHANGED]


async def test_events_are_numbered_without_gaps_however_many_decide_at_once(
    newsroom: Newsroom, colleague: Newsroom
) -> None:
    await newsroom.track(POLICY, OTHER)
    newsroom.dies_at.extend(["triage.before"] * 3)  # three of them roll back after they took their numbers

    async def add(n: int) -> int:
        of = (newsroom, colleague)[n % 2]
        record = ActionRecord("Subsequent", date(2025, 9, 30), f"Title {n}")
        return await actions.add(of.ctx, ("1777", "1801")[n % 2], record, actor="anna")

    results = await asyncio.gather(*(add(n) for n in range(12)), return_exceptions=True)

    added = [result for result in results if isinstance(result, int)]
    seqs = [event.seq for event in await newsroom.events()]
    assert (len(added), seqs) == (9, list(range(1, 10)))


async def test_two_editors_who_set_a_status_at_once_both_leave_a_revision(
    newsroom: Newsroom, colleague: Newsroom
) -> None:
    await newsroom.track(POLICY)
    first, second, *_ = newsroom.ctx.vocabulary.current_statuses

    await asyncio.gather(
        policies.edit(newsroom.ctx, "1777", actor="anna", status=first),
        policies.edit(colleague.ctx, "1777", actor="ben", status=second),
    )

    changes = [event.data["changes"]["current_status"] for event in await newsroom.events()]
    assert len(changes) == 2
    assert changes[1][0] == changes[0][1]


async def test_accepting_for_a_policy_whose_timeline_has_it_by_hand_is_a_conflict(newsroom: Newsroom) -> None:
    flag = await newsroom.flagged()
    title = triage.draft_of(flag, newsroom.ctx.vocabulary).title
    await actions.add(newsroom.ctx, "1777", ActionRecord("Subsequent", date(2025, 10, 6), title), actor="ben")

    with pytest.raises(Conflict):
        await triage.accept(newsroom.ctx, flag.id, actor="anna")
