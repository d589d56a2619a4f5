"""Room 6: an editor's decision and what it records (T3; THREATS A12, fault 54, I3, I4)."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta

import pytest

from monitor.errors import Conflict, IllegalTransition, NotFound, UsageError
from monitor.model.event import EventType
from monitor.model.flag import DecisionKind, FlagState, RejectReason, StatusProposal
from monitor.pipeline import triage
from monitor.pipeline.triage import Edits
from monitor.store.flags import decisions, get_flag
from monitor.store.policies import get_policy
from tests.pipeline.newsroom import NEWS, OTHER, POLICY, VOCABULARY, Newsroom, Story, a_feed, a_reader


async def status_of(newsroom: Newsroom, url: str = POLICY.url) -> str | None:
    return (await newsroom.ctx.db.read(lambda tx: get_policy(tx, url))).record.current_status


async def test_accepting_records_the_draft_and_tells_it_in_full(newsroom: Newsroom) -> None:
    flag = await newsroom.flagged()

    decided = await triage.accept(newsroom.ctx, flag.id, actor="anna", version=1)

    assert (decided.state, decided.version) == (FlagState.ACCEPTED, 2)
    (action,) = await newsroom.actions()
    assert (action.id, action.policy_url, action.flag_id) == (decided.actions[0], POLICY.url, flag.id)
    assert action.record.title == f"2025.10.06 Reported: {NEWS.title} - The Daily News"
    assert (action.record.date, action.record.reported) == (date(2025, 10, 6), True)
    (event,) = await newsroom.events()
    assert (event.seq, event.type, event.topics, event.agencies) == (
        1,
        EventType.ACTION_RECORDED,
        ("Interior",),
        ("ICE",),
    )
    assert {"1777", POLICY.url, "plate-readers"} == set(event.policy_keys)
    assert event.data["action"]["title"] == action.record.title
    assert event.data["policy"]["tracker_id"] == 1777
    assert event.data["source"] == {"id": "news", "name": "The Daily News", "voice": "press"}
    assert event.data["links"]["policy"] == "https://tracker.example/policies/plate-readers"


async def test_an_editors_words_replace_those_of_the_draft(newsroom: Newsroom) -> None:
    flag = await newsroom.flagged()
    edits = Edits(title="2025.10.01 Searches end", summary="They ended.", date=date(2025, 10, 1))

    await triage.accept(newsroom.ctx, flag.id, actor="anna", edits=edits)

    record = (await newsroom.actions())[0].record
    assert (record.title, record.summary, record.date) == (edits.title, edits.summary, edits.date)


async def test_an_editors_date_dates_the_title_of_the_draft_too(newsroom: Newsroom) -> None:
    flag = await newsroom.flagged()

    await triage.accept(newsroom.ctx, flag.id, actor="anna", edits=Edits(date=date(2025, 10, 1)))

    assert (await newsroom.actions())[0].record.title.startswith("2025.10.01 Reported: ")


async def test_one_story_can_be_an_action_of_several_policies(newsroom: Newsroom) -> None:
    flag = await newsroom.flagged(POLICY, OTHER)

    decided = await triage.accept(newsroom.ctx, flag.id, actor="anna", policies=("1801", POLICY.url, "1777"))

    assert len(decided.actions) == 2
    assert [action.policy_url for action in await newsroom.actions()] == [OTHER.url, POLICY.url]
    assert [event.seq for event in await newsroom.events()] == [1, 2]


async def test_accepting_for_a_policy_that_is_not_tracked_records_nothing(newsroom: Newsroom) -> None:
    flag = await newsroom.flagged()

    with pytest.raises(NotFound):
        await triage.accept(newsroom.ctx, flag.id, actor="anna", policies=(POLICY.url, "9999"))

    assert (await newsroom.actions(), await newsroom.events()) == ([], [])
    assert [each.state for each in await newsroom.flags()] == [FlagState.OPEN]


async def test_a_status_set_with_an_acceptance_is_the_policys_and_is_told(newsroom: Newsroom) -> None:
    flag = await newsroom.flagged()
    status = newsroom.ctx.vocabulary.current_statuses[0]

    await triage.accept(newsroom.ctx, flag.id, actor="anna", edits=Edits(status=status))

    assert await status_of(newsroom) == status
    recorded, changed = await newsroom.events()
    assert [recorded.type, changed.type] == [EventType.ACTION_RECORDED, EventType.POLICY_STATUS_CHANGED]
    assert changed.data["changes"] == {"current_status": [POLICY.current_status, status]}
    assert changed.data["policy"]["current_status"] == status


async def test_a_status_that_the_vocabulary_lacks_is_refused_with_those_it_has(newsroom: Newsroom) -> None:
    flag = await newsroom.flagged()

    with pytest.raises(UsageError, match=newsroom.ctx.vocabulary.current_statuses[0]):
        await triage.accept(newsroom.ctx, flag.id, actor="anna", edits=Edits(status="Somewhat in effect"))


async def test_what_a_flag_proposes_is_its_policys_status_only_where_the_editor_says_so(newsroom: Newsroom) -> None:
    await newsroom.flagged()
    words = "A federal judge on Monday enjoined the policy of license plate searches for ICE through Flock Safety."
    await newsroom.publish(Story("Judge rules on Flock Safety license plate searches for ICE", words))
    flag = next(each for each in await newsroom.flags() if each.text == words)

    proposed = triage.proposal_of(flag, VOCABULARY)
    decided = await triage.accept(newsroom.ctx, flag.id, actor="anna")
    untouched = await status_of(newsroom)
    await triage.undo(newsroom.ctx, decided.flag, actor="anna")
    await triage.accept(newsroom.ctx, flag.id, actor="anna", edits=Edits(status=triage.PROPOSED))

    assert proposed == StatusProposal("Not in effect", words, "enjoined")
    assert (untouched, await status_of(newsroom)) == (POLICY.current_status, "Not in effect")


async def test_a_flag_that_proposes_no_status_cannot_set_it(newsroom: Newsroom) -> None:
    flag = await newsroom.flagged()

    with pytest.raises(UsageError, match="proposes no status"):
        await triage.accept(newsroom.ctx, flag.id, actor="anna", edits=Edits(status=triage.PROPOSED))

    assert (await newsroom.actions(), await newsroom.events()) == ([], [])


async def test_a_version_that_has_moved_on_is_a_conflict(newsroom: Newsroom) -> None:
    flag = await newsroom.flagged()
    await triage.snooze(newsroom.ctx, flag.id, actor="ben", until=newsroom.clock())

    with pytest.raises(Conflict, match="version 2, not 1"):
        await triage.accept(newsroom.ctx, flag.id, actor="anna", version=1)


async def test_of_two_editors_at_once_exactly_one_decides(newsroom: Newsroom, colleague: Newsroom) -> None:
    flag = await newsroom.flagged()

    results = await asyncio.gather(
        triage.accept(newsroom.ctx, flag.id, actor="anna", version=1),
        triage.reject(colleague.ctx, flag.id, actor="ben", version=1),
        return_exceptions=True,
    )

    assert sorted(type(result).__name__ for result in results) == ["Conflict", "Decided"]
    taken = await newsroom.ctx.db.read(lambda tx: decisions(tx, flag.id))
    accepted = taken[0].kind is DecisionKind.ACCEPT
    assert (len(taken), len(await newsroom.actions())) == (1, int(accepted))


@pytest.mark.parametrize("first", ["accept", "reject"])
async def test_what_is_decided_is_not_decided_again_without_an_undo(newsroom: Newsroom, first: str) -> None:
    flag = await newsroom.flagged()
    decide = triage.accept if first == "accept" else triage.reject
    await decide(newsroom.ctx, flag.id, actor="anna")

    with pytest.raises(IllegalTransition, match="undo that first"):
        await triage.accept(newsroom.ctx, flag.id, actor="anna")


async def test_rejecting_keeps_the_reason_and_tells_nobody(newsroom: Newsroom) -> None:
    flag = await newsroom.flagged()

    await triage.reject(newsroom.ctx, flag.id, actor="anna", reason=RejectReason.ALREADY_RECORDED, note="see 12")

    (decision,) = await newsroom.ctx.db.read(lambda tx: decisions(tx, flag.id))
    assert (decision.kind, decision.actor, decision.reason) == (DecisionKind.REJECT, "anna", "already-recorded")
    assert (await newsroom.actions(), await newsroom.events()) == ([], [])
    assert await newsroom.flags(FlagState.OPEN) == []


async def test_a_snoozed_flag_is_open_again_by_itself_and_can_be_accepted(newsroom: Newsroom) -> None:
    flag = await newsroom.flagged()
    until = newsroom.clock() + timedelta(days=3)
    await triage.snooze(newsroom.ctx, flag.id, actor="anna", until=until)
    asleep = await newsroom.flags(FlagState.OPEN)
    newsroom.clock.advance(days=3)

    (awake,) = await newsroom.flags(FlagState.OPEN)
    decided = await triage.accept(newsroom.ctx, awake.id, actor="anna", version=awake.version)

    assert (asleep, decided.state) == ([], FlagState.ACCEPTED)


async def test_a_flag_that_does_not_exist_is_named(newsroom: Newsroom) -> None:
    with pytest.raises(NotFound, match="no flag 77"):
        await triage.accept(newsroom.ctx, 77, actor="anna")


async def test_the_same_title_on_the_same_day_is_not_recorded_twice(newsroom: Newsroom) -> None:
    flag = await newsroom.flagged(POLICY, OTHER)
    await triage.accept(newsroom.ctx, flag.id, actor="anna", edits=Edits(title="One title"))
    await newsroom.publish(Story("Flock Safety answers senators about ICE searches"))
    (second,) = await newsroom.flags(FlagState.OPEN)

    with pytest.raises(Conflict, match="already"):
        await triage.accept(newsroom.ctx, second.id, actor="anna", edits=Edits(title="One title"))


async def test_a_decision_that_dies_before_its_commit_leaves_no_trace(newsroom: Newsroom) -> None:
    flag = await newsroom.flagged()
    newsroom.dies_at.append("triage.before")
    with pytest.raises(BaseException, match=r"triage\.before"):
        await triage.accept(newsroom.ctx, flag.id, actor="anna")

    assert (await newsroom.actions(), await newsroom.events()) == ([], [])
    await triage.accept(newsroom.ctx, flag.id, actor="anna", version=1)
    assert [event.seq for event in await newsroom.events()] == [1]


async def test_the_draft_of_an_accepted_flag_stays_what_the_story_says(newsroom: Newsroom) -> None:
    flag = await newsroom.flagged()
    await triage.accept(newsroom.ctx, flag.id, actor="anna", edits=Edits(title="Another title"))

    stored = await newsroom.ctx.db.read(lambda tx: get_flag(tx, flag.id))

    assert triage.draft_of(stored, newsroom.ctx.vocabulary).title.endswith(f"{NEWS.title} - The Daily News")


async def test_only_what_was_decided_is_told_to_whoever_asked(newsroom: Newsroom) -> None:
    await newsroom.subscribe(a_reader())
    flag = await newsroom.flagged(source=a_feed())
    await triage.reject(newsroom.ctx, flag.id, actor="anna")

    assert (await newsroom.tell()).taken == 0
