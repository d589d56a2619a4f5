"""Room 7: what a digest looks like, whose bytes are fixed when it is composed (THREATS E1, E3, T1, fault 61)."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select, update

from monitor.build import templates_of
from monitor.core.render import Renderer
from monitor.model.policy import PolicyRecord
from monitor.model.subscription import Every
from monitor.pipeline import digest, policies
from monitor.store import schema as s
from monitor.store.database import Database, Tx
from monitor.store.events import list_events
from tests.pipeline.newsroom import Newsroom, a_hook, a_reader, text_of

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


async def test_subscribers_who_are_told_the_same_share_one_body(tracked: Newsroom) -> None:
    await tracked.subscribe(*(a_reader(f"reader{n}") for n in range(3)), a_hook("one"), a_hook("two"))
    await tracked.record()

    await tracked.tell()

    assert (await rows(tracked, s.delivery), await rows(tracked, s.content)) == (5, 2)
    assert sorted(mail["To"] for mail in tracked.mails()) == [
        f"The reader{n} <reader{n}@readers.example>" for n in range(3)
    ]
    assert len({mail["List-Unsubscribe"] for mail in tracked.mails()}) == 3


async def test_a_mail_carries_what_mail_programs_expect_of_it(tracked: Newsroom) -> None:
    await tracked.subscribe(a_reader())
    await tracked.record()
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
    await tracked.record("One")
    await tracked.record("Two")
    until(tracked, datetime(2025, 10, 7, 7, tzinfo=UTC))
    await tracked.compose()
    await tracked.deliver()

    (post,) = tracked.receiver.posts
    body = json.loads(post.body)
    assert (body["type"], body["data"]["count"]) == ("digest", 2)
    assert [event["id"] for event in body["data"]["events"]] == [event.id for event in await tracked.events()]


async def test_an_immediate_webhook_has_the_id_of_its_event(tracked: Newsroom) -> None:
    await tracked.subscribe(a_hook())
    await tracked.record()
    await tracked.tell()

    assert [post.id for post in tracked.receiver.posts] == [event.id for event in await tracked.events()]


def failing_templates() -> Renderer:
    return Renderer({**templates_of(None), "email/digest.txt.j2": "{{ nothing.like.this }}"})


async def test_where_the_operators_template_fails_the_packaged_one_is_sent_and_the_operator_told(
    tracked: Newsroom, logged: list[dict[str, Any]]
) -> None:
    own = replace(tracked, ctx=replace(tracked.ctx, renderer=failing_templates()))
    await own.subscribe(a_reader())
    await own.record()

    await own.tell()

    assert "Searches end" in text_of(own.mails()[0])
    assert [entry["subscription"] for entry in logged if entry["event"] == "template_failed"] == ["desk"]


async def test_a_digest_that_cannot_be_rendered_keeps_nobody_else_from_theirs(
    tracked: Newsroom, logged: list[dict[str, Any]]
) -> None:
    broken = replace(tracked.ctx, renderer=failing_templates(), packaged_renderer=failing_templates())
    await tracked.subscribe(a_reader("a"), a_hook("b"))
    await tracked.record()
    tracked.clock.advance(hours=1)

    report = await replace(tracked, ctx=broken).compose()

    assert (report.digests, await subjects(tracked)) == (1, ["b: 1"])
    assert [entry["subscription"] for entry in logged if entry["event"] == "digest_failed"] == ["a"]
    await tracked.compose()
    assert await subjects(tracked) == ["a: 1", "b: 1"]


async def test_what_goes_to_a_disabled_endpoint_is_held(tracked: Newsroom) -> None:
    await tracked.subscribe(a_hook())
    await tracked.ctx.db.write(lambda tx: tx.execute(update(s.endpoint).values(state="disabled")))
    await tracked.record()

    assert (await tracked.tell()).taken == 0
    assert await tracked.states() == {"held": 1}


async def test_a_preview_shows_what_would_be_sent_and_stores_nothing(tracked: Newsroom) -> None:
    await tracked.subscribe(DAILY)
    assert await digest.preview(tracked.ctx, "daily") is None
    await tracked.record()
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
        await tracked.record(f"Title {n}")

    assert [event.seq for event in await db.read(list_events)] == [1, 2, 3]
