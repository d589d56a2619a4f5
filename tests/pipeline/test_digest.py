"""Room 7: who is told what, when, and exactly once (T4; THREATS I5, faults 39, 53, 54)."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from monitor.model.event import EventType
from monitor.model.subscription import Criteria, Every
from monitor.pipeline import actions, digest
from monitor.store import schema as s
from monitor.store.database import Tx
from monitor.store.digests import record_digests
from monitor.store.events import held_events, withdraw
from monitor.store.subscriptions import live_subscriptions
from tests.pipeline.newsroom import HOLD, POLICY, START, Newsroom, a_hook, a_reader, text_of

DAILY = a_reader("daily", every=Every.DAY, timezone="America/New_York")


def until(newsroom: Newsroom, moment: datetime) -> None:
    newsroom.clock.now = moment


async def subjects(newsroom: Newsroom) -> list[str]:
    """Who was told what, from the outbox: subscription and number of events, sorted."""
    return sorted(f"{row['subscription_id']}: {len(row['events'])}" for row in await newsroom.deliveries())


async def rows(newsroom: Newsroom, table: Any) -> int:
    def work(tx: Tx) -> int:
        return int(tx.execute(select(func.count()).select_from(table)).scalar_one())

    return await newsroom.ctx.db.read(work)


async def test_an_immediate_subscriber_gets_one_message_an_event_once_the_hold_is_over(tracked: Newsroom) -> None:
    await tracked.subscribe(a_reader())
    await tracked.record("One")
    await tracked.record("Two")
    tracked.clock.advance(seconds=HOLD.total_seconds() - 1)
    early = await tracked.compose()
    tracked.clock.advance(seconds=1)

    on_time = await tracked.compose()
    again = await tracked.compose()

    assert (early.digests, on_time.digests, on_time.deliveries, again.digests) == (0, 2, 2, 0)
    assert await subjects(tracked) == ["desk: 1", "desk: 1"]


@pytest.mark.parametrize(
    ("every", "schedule", "cutoff", "period"),
    [
        (Every.HOUR, {}, START + timedelta(hours=1), "hour:2025-10-06T10Z"),
        (Every.DAY, {}, datetime(2025, 10, 7, 7, tzinfo=UTC), "day:2025-10-07"),
        (
            Every.DAY,
            {"timezone": "America/New_York", "at": time(18, 30)},
            datetime(2025, 10, 6, 22, 30, tzinfo=UTC),
            "day:2025-10-06",
        ),
        (Every.WEEK, {"weekday": 2}, datetime(2025, 10, 8, 7, tzinfo=UTC), "week:2025-10-08"),
        (Every.MONTH, {"monthday": 5}, datetime(2025, 11, 5, 7, tzinfo=UTC), "month:2025-11"),
    ],
)
async def test_a_periodical_digest_is_due_at_its_cutoff_and_told_once(
    tracked: Newsroom, every: Every, schedule: dict[str, Any], cutoff: datetime, period: str
) -> None:
    await tracked.subscribe(a_reader(every=every, **schedule))
    await tracked.record("One")
    await tracked.record("Two")

    until(tracked, cutoff - timedelta(seconds=1))
    early = await tracked.compose()
    until(tracked, cutoff)
    reports = [await tracked.compose() for _ in range(3)]

    assert (early.digests, [report.digests for report in reports]) == (0, [1, 0, 0])
    (delivery,) = await tracked.deliveries()
    assert (delivery["period"], len(delivery["events"])) == (period, 2)


async def test_a_service_that_slept_over_a_cutoff_makes_up_for_it(tracked: Newsroom) -> None:
    await tracked.subscribe(a_reader(every=Every.DAY))
    await tracked.record()
    until(tracked, datetime(2025, 10, 9, 15, tzinfo=UTC))

    report = await tracked.compose()

    assert report.digests == 1
    assert (await tracked.deliveries())[0]["period"] == "day:2025-10-09"


async def test_what_is_held_at_the_cutoff_is_told_in_the_next_period(tracked: Newsroom) -> None:
    await tracked.subscribe(a_reader(every=Every.DAY))
    until(tracked, datetime(2025, 10, 7, 6, 59, tzinfo=UTC))
    await tracked.record()
    until(tracked, datetime(2025, 10, 7, 7, 30, tzinfo=UTC))
    first = await tracked.compose()
    until(tracked, datetime(2025, 10, 8, 7, 0, tzinfo=UTC))

    assert (first.digests, (await tracked.compose()).digests) == (0, 1)


async def test_nothing_is_sent_for_an_empty_period(tracked: Newsroom) -> None:
    await tracked.subscribe(a_reader(every=Every.DAY))
    until(tracked, datetime(2025, 10, 9, 7, tzinfo=UTC))

    assert await tracked.compose() == digest.ComposeReport()
    assert await rows(tracked, s.digest) == 0


# --- criteria ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("criteria", "wanted"),
    [
        (Criteria(topics=("Interior",)), ["1777"]),
        (Criteria(topics=("Detention", "Borders")), ["1801"]),
        (Criteria(agencies=("ICE",)), ["1777", "1801"]),
        (Criteria(agencies=("CBP",)), []),
        (Criteria(policies=("1801",)), ["1801"]),
        (Criteria(policies=(POLICY.url,)), ["1777"]),
        (Criteria(topics=("Interior",), agencies=("CBP",), match_all=True), []),
        (Criteria(topics=("Interior",), agencies=("ICE",), match_all=True), ["1777"]),
        (Criteria(all_topics=True, events=(EventType.POLICY_STATUS_CHANGED,)), []),
        (Criteria(), []),
    ],
)
async def test_a_subscriber_is_told_of_what_the_criteria_name(
    tracked: Newsroom, criteria: Criteria, wanted: list[str]
) -> None:
    await tracked.subscribe(a_hook(criteria=criteria))
    for policy in ("1777", "1801"):
        await tracked.record("Title", policy)

    await tracked.tell()

    told = [str(json.loads(post.body)["data"]["policy"]["tracker_id"]) for post in tracked.receiver.posts]
    assert sorted(told) == wanted


async def test_a_new_subscriber_is_not_mailed_the_past(tracked: Newsroom) -> None:
    await tracked.record("Before")
    await tracked.subscribe(a_reader("new"), a_reader("weekly", every=Every.WEEK))
    await tracked.record("After")
    until(tracked, datetime(2025, 10, 13, 7, tzinfo=UTC))

    await tracked.compose()

    assert await subjects(tracked) == ["new: 1", "weekly: 1"]


async def test_an_event_is_judged_by_the_criteria_in_force_when_it_was_recorded(tracked: Newsroom) -> None:
    interior = a_reader(every=Every.DAY, criteria=Criteria(topics=("Interior",)))
    detention = replace(interior, criteria=Criteria(topics=("Detention",)))
    await tracked.subscribe(interior)
    for subscription in (interior, detention):
        await tracked.subscribe(subscription)
        await tracked.record(f"Interior {subscription.criteria.topics}", "1777")
        await tracked.record(f"Detention {subscription.criteria.topics}", "1801")
    until(tracked, datetime(2025, 10, 7, 7, tzinfo=UTC))
    await tracked.compose()
    await tracked.deliver()

    text = text_of(tracked.mails()[0])
    assert "Interior ('Interior',)" in text
    assert "Detention ('Detention',)" in text
    assert "Interior ('Detention',)" not in text
    assert "Detention ('Interior',)" not in text


async def test_a_subscription_that_ended_is_told_nothing_more_and_of_nothing_meanwhile(tracked: Newsroom) -> None:
    reader = a_reader()
    await tracked.subscribe(reader)
    await tracked.record("Unsent when it ended")
    await tracked.end("desk")
    await tracked.record("While it was away")
    tracked.clock.advance(hours=1)
    away = await tracked.compose()
    await tracked.subscribe(reader)
    await tracked.record("After it came back")

    await tracked.tell()

    assert away.digests == 0
    assert [("While" in text_of(mail)) for mail in tracked.mails()].count(True) == 0
    assert any("After it came back" in text_of(mail) for mail in tracked.mails())


async def test_what_was_composed_before_a_subscription_ended_is_held(tracked: Newsroom) -> None:
    await tracked.subscribe(a_reader())
    await tracked.record()
    tracked.clock.advance(hours=1)
    await tracked.compose()

    await tracked.end("desk")

    assert (await tracked.deliver()).taken == 0
    assert await tracked.states() == {"held": 1}


# --- corrections and retractions --------------------------------------------------------------------------------------


async def test_what_is_recorded_and_retracted_before_the_cutoff_is_never_told(tracked: Newsroom) -> None:
    await tracked.subscribe(a_reader(every=Every.DAY))
    action = await tracked.record()
    tracked.clock.advance(hours=1)
    await actions.retract(tracked.ctx, action, actor="anna", reason="a hoax")
    until(tracked, datetime(2025, 10, 7, 7, tzinfo=UTC))

    report = await tracked.compose()
    until(tracked, datetime(2025, 10, 8, 7, tzinfo=UTC))

    assert (report.deliveries, await tracked.compose(), await tracked.deliveries()) == (0, digest.ComposeReport(), [])


async def test_what_is_retracted_just_before_the_cutoff_is_not_announced_after_it(tracked: Newsroom) -> None:
    await tracked.subscribe(a_reader(every=Every.DAY))
    action = await tracked.record()
    until(tracked, datetime(2025, 10, 7, 6, 59, 30, tzinfo=UTC))
    await actions.retract(tracked.ctx, action, actor="anna", reason="a hoax")
    until(tracked, datetime(2025, 10, 7, 7, tzinfo=UTC))
    await tracked.compose()
    until(tracked, datetime(2025, 10, 8, 7, tzinfo=UTC))
    await tracked.compose()

    assert await tracked.deliveries() == []


async def test_corrections_and_retractions_go_only_where_the_action_was_told(tracked: Newsroom) -> None:
    await tracked.subscribe(a_hook("early"))
    action = await tracked.record()
    await tracked.tell()
    await tracked.subscribe(a_hook("late"), a_hook("other", criteria=Criteria(topics=("Detention",))))

    await actions.correct(tracked.ctx, action, actor="anna", title="2025.10.06 Better")
    await tracked.tell()
    await actions.retract(tracked.ctx, action, actor="anna", reason="a hoax")
    await tracked.tell()

    told = [(post.url.partition(".")[0], json.loads(post.body)["type"]) for post in tracked.receiver.posts]
    assert told == [
        ("https://early", "action.recorded"),
        ("https://early", "action.corrected"),
        ("https://early", "action.retracted"),
    ]


async def test_a_subscriber_may_ask_not_to_be_told_of_corrections(tracked: Newsroom) -> None:
    await tracked.subscribe(a_hook(criteria=Criteria(all_topics=True, events=(EventType.ACTION_RECORDED,))))
    action = await tracked.record()
    await tracked.tell()
    await actions.correct(tracked.ctx, action, actor="anna", title="2025.10.06 Better")

    assert (await tracked.tell()).taken == 0


async def test_recorded_and_corrected_in_one_period_is_told_as_recorded_with_the_last_words(tracked: Newsroom) -> None:
    await tracked.subscribe(DAILY)
    action = await tracked.record()
    tracked.clock.advance(hours=1)
    await actions.correct(tracked.ctx, action, actor="anna", title="2025.10.06 Better")
    until(tracked, datetime(2025, 10, 7, 11, tzinfo=UTC))
    await tracked.compose()
    await tracked.deliver()

    text = text_of(tracked.mails()[0])
    assert "2025.10.06 Better" in text
    assert "Searches end" not in text


# --- exactly once -----------------------------------------------------------------------------------------------------


async def test_two_workers_that_compose_at_once_compose_once(tracked: Newsroom, colleague: Newsroom) -> None:
    await tracked.subscribe(a_reader(), DAILY, a_hook())
    for n in range(3):
        await tracked.record(f"Title {n}")
    until(tracked, datetime(2025, 10, 7, 11, tzinfo=UTC))

    reports = await asyncio.gather(*(each.compose() for each in (tracked, colleague) * 2))

    assert sum(report.digests for report in reports) == 7
    assert await subjects(tracked) == ["daily: 3", *["desk: 1"] * 3, *["hook: 1"] * 3]
    assert await rows(tracked, s.digest_item) == 9


async def test_an_event_that_is_withdrawn_while_its_digest_is_composed_is_not_told(tracked: Newsroom) -> None:
    await tracked.subscribe(a_reader())
    action = await tracked.record()
    tracked.clock.advance(hours=1)
    composed: list[Any] = []

    def withdrawn_meanwhile(tx: Tx) -> list[str]:
        tx.execute(update(s.event).values(available_at=tracked.clock() + HOLD))
        withdraw(tx, held_events(tx, at=tracked.clock(), action_id=action), at=tracked.clock())
        return record_digests(tx, "desk", composed, considered=None, at=tracked.clock())

    subscription = (await tracked.ctx.db.read(live_subscriptions))[0]
    batch = await tracked.ctx.db.read(lambda tx: digest.load_batch(tx, subscription, None, tracked.clock()))
    composed += digest._compose(tracked.ctx, batch, tracked.clock())

    assert await tracked.ctx.db.write(withdrawn_meanwhile) == []
    assert (await rows(tracked, s.digest), await tracked.deliveries()) == (0, [])


async def test_a_digest_that_dies_before_its_commit_is_composed_whole_the_next_time(tracked: Newsroom) -> None:
    await tracked.subscribe(DAILY)
    await tracked.record()
    until(tracked, datetime(2025, 10, 7, 11, tzinfo=UTC))
    for crashpoint in ("digest.select", "digest.render", "digest.insert", "digest.after_commit"):
        tracked.dies_at.append(crashpoint)
        with pytest.raises(BaseException, match=crashpoint):
            await tracked.compose()

    await tracked.compose()

    assert await subjects(tracked) == ["daily: 1"]
