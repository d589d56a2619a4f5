"""Room 7: who is told what, when, and exactly once (T4; THREATS I5, faults 39, 53, 54)."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from monitor.build import templates_of
from monitor.core.render import Renderer
from monitor.model.event import EventType
from monitor.model.policy import ActionRecord, PolicyRecord
from monitor.model.subscription import Criteria, Every
from monitor.pipeline import actions, digest, policies
from monitor.store import schema as s
from monitor.store.database import Database, Tx
from monitor.store.digests import record_digests
from monitor.store.events import held_events, list_events, withdraw
from monitor.store.subscriptions import live_subscriptions
from tests.pipeline.newsroom import HOLD, OTHER, POLICY, START, Newsroom, a_hook, a_reader, text_of

DAILY = a_reader("daily", every=Every.DAY, timezone="America/New_York")


async def record(newsroom: Newsroom, title: str = "2025.10.06 Searches end", policy: str = "1777") -> int:
    action = ActionRecord("Subsequent", date(2025, 10, 6), title, "They ended.", "https://docs.example/1")
    return await actions.add(newsroom.ctx, policy, action, actor="anna")


def until(newsroom: Newsroom, moment: datetime) -> None:
    newsroom.clock.now = moment


async def subjects(newsroom: Newsroom) -> list[str]:
    """Who was told what, from the outbox: subscription and number of events, sorted."""
    return sorted(f"{row['subscription_id']}: {len(row['events'])}" for row in await newsroom.deliveries())


async def rows(newsroom: Newsroom, table: Any) -> int:
    def work(tx: Tx) -> int:
        return int(tx.execute(select(func.count()).select_from(table)).scalar_one())

    return await newsroom.ctx.db.read(work)


@pytest.fixture
async def tracked(newsroom: Newsroom) -> Newsroom:
    await newsroom.track(POLICY, OTHER)
    return newsroom


async def test_an_immediate_subscriber_gets_one_message_an_event_once_the_hold_is_over(tracked: Newsroom) -> None:
    await tracked.subscribe(a_reader())
    await record(tracked, "One")
    await record(tracked, "Two")
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
    await record(tracked, "One")
    await record(tracked, "Two")

    until(tracked, cutoff - timedelta(seconds=1))
    early = await tracked.compose()
    until(tracked, cutoff)
    reports = [await tracked.compose() for _ in range(3)]

    assert (early.digests, [report.digests for report in reports]) == (0, [1, 0, 0])
    (delivery,) = await tracked.deliveries()
    assert (delivery["period"], len(delivery["events"])) == (period, 2)


async def test_a_service_that_slept_over_a_cutoff_makes_up_for_it(tracked: Newsroom) -> None:
    await tracked.subscribe(a_reader(every=Every.DAY))
    await record(tracked)
    until(tracked, datetime(2025, 10, 9, 15, tzinfo=UTC))

    report = await tracked.compose()

    assert report.digests == 1
    assert (await tracked.deliveries())[0]["period"] == "day:2025-10-09"


async def test_what_is_held_at_the_cutoff_is_told_in_the_next_period(tracked: Newsroom) -> None:
    await tracked.subscribe(a_reader(every=Every.DAY))
    until(tracked, datetime(2025, 10, 7, 6, 59, tzinfo=UTC))
    await record(tracked)
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
        await record(tracked, "Title", policy)

    await tracked.tell()

    told = [str(json.loads(post.body)["data"]["policy"]["tracker_id"]) for post in tracked.receiver.posts]
    assert sorted(told) == wanted


async def test_a_new_subscriber_is_not_mailed_the_past(tracked: Newsroom) -> None:
    await record(tracked, "Before")
    await tracked.subscribe(a_reader("new"), a_reader("weekly", every=Every.WEEK))
    await record(tracked, "After")
    until(tracked, datetime(2025, 10, 13, 7, tzinfo=UTC))

    await tracked.compose()

    assert await subjects(tracked) == ["new: 1", "weekly: 1"]


async def test_an_event_is_judged_by_the_criteria_in_force_when_it_was_recorded(tracked: Newsroom) -> None:
    interior = a_reader(every=Every.DAY, criteria=Criteria(topics=("Interior",)))
    detention = replace(interior, criteria=Criteria(topics=("Detention",)))
    await tracked.subscribe(interior)
    for subscription in (interior, detention):
        await tracked.subscribe(subscription)
        await record(tracked, f"Interior {subscription.criteria.topics}", "1777")
        await record(tracked, f"Detention {subscription.criteria.topics}", "1801")
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
    await record(tracked, "Unsent when it ended")
    await tracked.end("desk")
    await record(tracked, "While it was away")
    tracked.clock.advance(hours=1)
    away = await tracked.compose()
    await tracked.subscribe(reader)
    await record(tracked, "After it came back")

    await tracked.tell()

    assert away.digests == 0
    assert [("While" in text_of(mail)) for mail in tracked.mails()].count(True) == 0
    assert any("After it came back" in text_of(mail) for mail in tracked.mails())


async def test_what_was_composed_before_a_subscription_ended_is_held(tracked: Newsroom) -> None:
    await tracked.subscribe(a_reader())
    await record(tracked)
    tracked.clock.advance(hours=1)
    await tracked.compose()

    await tracked.end("desk")

    assert (await tracked.deliver()).taken == 0
    assert await tracked.states() == {"held": 1}


# --- corrections and retractions --------------------------------------------------------------------------------------


async def test_what_is_recorded_and_retracted_before_the_cutoff_is_never_told(tracked: Newsroom) -> None:
    await tracked.subscribe(a_reader(every=Every.DAY))
    action = await record(tracked)
    tracked.clock.advance(hours=1)
    await actions.retract(tracked.ctx, action, actor="anna", reason="a hoax")
    until(tracked, datetime(2025, 10, 7, 7, tzinfo=UTC))

    report = await tracked.compose()
    until(tracked, datetime(2025, 10, 8, 7, tzinfo=UTC))

    assert (report.deliveries, await tracked.compose(), await tracked.deliveries()) == (0, digest.ComposeReport(), [])


async def test_what_is_retracted_just_before_the_cutoff_is_not_announced_after_it(tracked: Newsroom) -> None:
    await tracked.subscribe(a_reader(every=Every.DAY))
    action = await record(tracked)
    until(tracked, datetime(2025, 10, 7, 6, 59, 30, tzinfo=UTC))
    await actions.retract(tracked.ctx, action, actor="anna", reason="a hoax")
    until(tracked, datetime(2025, 10, 7, 7, tzinfo=UTC))
    await tracked.compose()
    until(tracked, datetime(2025, 10, 8, 7, tzinfo=UTC))
    await tracked.compose()

    assert await tracked.deliveries() == []


async def test_corrections_and_retractions_go_only_where_the_action_was_told(tracked: Newsroom) -> None:
    await tracked.subscribe(a_hook("early"))
    action = await record(tracked)
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
    action = await record(tracked)
    await tracked.tell()
    await actions.correct(tracked.ctx, action, actor="anna", title="2025.10.06 Better")

    assert (await tracked.tell()).taken == 0


async def test_recorded_and_corrected_in_one_period_is_told_as_recorded_with_the_last_words(tracked: Newsroom) -> None:
    await tracked.subscribe(DAILY)
    action = await record(tracked)
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
        await record(tracked, f"Title {n}")
    until(tracked, datetime(2025, 10, 7, 11, tzinfo=UTC))

    reports = await asyncio.gather(*(each.compose() for each in (tracked, colleague) * 2))

    assert sum(report.digests for report in reports) == 7
    assert await subjects(tracked) == ["daily: 3", *["desk: 1"] * 3, *["hook: 1"] * 3]
    assert await rows(tracked, s.digest_item) == 9


async def test_an_event_that_is_withdrawn_while_its_digest_is_composed_is_not_told(tracked: Newsroom) -> None:
    await tracked.subscribe(a_reader())
    action = await record(tracked)
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
    await record(tracked)
    until(tracked, datetime(2025, 10, 7, 11, tzinfo=UTC))
    for crashpoint in ("digest.select", "digest.render", "digest.insert", "digest.after_commit"):
        tracked.dies_at.append(crashpoint)
        with pytest.raises(BaseException, match=crashpoint):
            await tracked.compose()

    await tracked.compose()

    assert await subjects(tracked) == ["daily: 1"]


# --- the bytes --------------------------------------------------------------------------------------------------------


async def test_subscribers_who_are_told_the_same_share_one_body(tracked: Newsroom) -> None:
    await tracked.subscribe(*(a_reader(f"reader{n}") for n in range(3)), a_hook("one"), a_hook("two"))
    await record(tracked)

    await tracked.tell()

    assert (await rows(tracked, s.delivery), await rows(tracked, s.content)) == (5, 2)
    assert sorted(mail["To"] for mail in tracked.mails()) == [
        f"The reader{n} <reader{n}@readers.example>" for n in range(3)
    ]
    assert len({mail["List-Unsubscribe"] for mail in tracked.mails()}) == 3


async def test_a_mail_carries_what_mail_programs_expect_of_it(tracked: Newsroom) -> None:
    await tracked.subscribe(a_reader())
    await record(tracked)
    await tracked.tell()

    (mail,) = tracked.mails()
    (delivery,) = await tracked.deliveries()
    assert mail["Message-ID"] == delivery["message_id"]
    assert delivery["id"] in mail["Message-ID"]
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert (mail["Auto-Submitted"], mail["X-Auto-Response-Suppress"]) == ("auto-generated", "All")
    assert mail["List-Id"]
    assert mail["Date"].datetime == tracked.clock()
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]


async def test_a_periodical_webhook_is_one_event_that_holds_all(tracked: Newsroom) -> None:
    await tracked.subscribe(a_hook(every=Every.DAY))
    await record(tracked, "One")
    await record(tracked, "Two")
    until(tracked, datetime(2025, 10, 7, 7, tzinfo=UTC))
    await tracked.compose()
    await tracked.deliver()

    (post,) = tracked.receiver.posts
    body = json.loads(post.body)
    assert (body["type"], body["data"]["count"]) == ("digest", 2)
    assert [event["id"] for event in body["data"]["events"]] == [event.id for event in await tracked.events()]


async def test_an_immediate_webhook_has_the_id_of_its_event(tracked: Newsroom) -> None:
    await tracked.subscribe(a_hook())
    await record(tracked)
    await tracked.tell()

    assert [post.id for post in tracked.receiver.posts] == [event.id for event in await tracked.events()]


def failing_templates() -> Renderer:
    return Renderer({**templates_of(None), "email/digest.txt.j2": "{{ nothing.like.this }}"})


async def test_where_the_operators_template_fails_the_packaged_one_is_sent_and_the_operator_told(
    tracked: Newsroom, logged: list[dict[str, Any]]
) -> None:
    own = replace(tracked, ctx=replace(tracked.ctx, renderer=failing_templates()))
    await own.subscribe(a_reader())
    await record(own)

    await own.tell()

    assert "Searches end" in text_of(own.mails()[0])
    assert [entry["subscription"] for entry in logged if entry["event"] == "template_failed"] == ["desk"]


async def test_a_digest_that_cannot_be_rendered_keeps_nobody_else_from_theirs(
    tracked: Newsroom, logged: list[dict[str, Any]]
) -> None:
    broken = replace(tracked.ctx, renderer=failing_templates(), packaged_renderer=failing_templates())
    await tracked.subscribe(a_reader("a"), a_hook("b"))
    await record(tracked)
    tracked.clock.advance(hours=1)

    report = await replace(tracked, ctx=broken).compose()

    assert (report.digests, await subjects(tracked)) == (1, ["b: 1"])
    assert [entry["subscription"] for entry in logged if entry["event"] == "digest_failed"] == ["a"]
    await tracked.compose()
    assert await subjects(tracked) == ["a: 1", "b: 1"]


async def test_what_goes_to_a_disabled_endpoint_is_held(tracked: Newsroom) -> None:
    await tracked.subscribe(a_hook())
    await tracked.ctx.db.write(lambda tx: tx.execute(update(s.endpoint).values(state="disabled")))
    await record(tracked)

    assert (await tracked.tell()).taken == 0
    assert await tracked.states() == {"held": 1}


async def test_a_preview_shows_what_would_be_sent_and_stores_nothing(tracked: Newsroom) -> None:
    await tracked.subscribe(DAILY)
    assert await digest.preview(tracked.ctx, "daily") is None
    await record(tracked)
    tracked.clock.advance(hours=1)

    preview = await digest.preview(tracked.ctx, "daily")

    assert preview is not None
    assert "Searches end" in preview.text
    assert await rows(tracked, s.digest) == 0


async def test_a_new_policy_and_a_new_status_are_told_like_actions(tracked: Newsroom) -> None:
    await tracked.subscribe(a_reader(every=Every.DAY), a_hook())
    await policies.add(tracked.ctx, PolicyRecord(url="title:new", title="A new policy"), actor="anna")
    status = tracked.ctx.vocabulary.current_statuses[0]
    await policies.edit(tracked.ctx, "1777", actor="anna", status=status)
    until(tracked, datetime(2025, 10, 7, 7, tzinfo=UTC))
    await tracked.compose()
    await tracked.deliver()

    types = sorted(json.loads(post.body)["type"] for post in tracked.receiver.posts)
    assert types == ["policy.created", "policy.status_changed"]
    assert "A new policy" in text_of(tracked.mails()[0])


async def test_events_are_read_in_the_order_of_their_numbers(tracked: Newsroom, db: Database) -> None:
    for n in range(3):
        await record(tracked, f"Title {n}")

    assert [event.seq for event in await db.read(list_events)] == [1, 2, 3]
