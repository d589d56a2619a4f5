"""A webhook that fails for five days, or says 410, is disabled and its owner told (THREATS faults 35 and 37)."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from monitor.core.retry import ENDPOINT_FAILS_FOR, WEBHOOK_WAITS
from monitor.model.delivery import Deferred, Gone, InDoubt, Outcome, Sent
from monitor.pipeline.endpoints import disable_failing
from monitor.store.deliveries import list_deliveries
from monitor.store.endpoints import enable_endpoint, list_webhooks
from tests.pipeline.newsroom import HOLD, Newsroom, Relay, a_hook, text_of

OWNER = "dev@hook.example"
DOWN = Deferred("503")


@pytest.fixture
async def owned(tracked: Newsroom) -> Newsroom:
    """One webhook is due, whose owner can be told."""
    await tracked.subscribe(replace(a_hook(), contact=OWNER))
    await tracked.record("One")
    tracked.clock.advance(seconds=HOLD.total_seconds())
    await tracked.compose()
    return tracked


async def state_of(newsroom: Newsroom) -> dict[str, Any]:
    (found,) = await newsroom.ctx.db.read(list_webhooks)
    return found


async def deliver_for(newsroom: Newsroom, *, hours: int, outcome: Outcome = DOWN) -> None:
    """Every hour what is due is tried, and the endpoint gives this answer."""
    for _ in range(hours):
        newsroom.receiver.outcomes = [outcome] * 10
        await newsroom.deliver()
        newsroom.clock.advance(hours=1)
    newsroom.receiver.outcomes = []


async def test_fault_37_an_endpoint_down_for_five_days_is_disabled_and_its_owner_told_once(owned: Newsroom) -> None:
    await deliver_for(owned, hours=5 * 24)
    assert ((await state_of(owned))["state"], owned.mails()) == ("enabled", [])

    await deliver_for(owned, hours=3)
    await owned.deliver()

    disabled = await state_of(owned)
    assert disabled["state"] == "disabled"
    assert disabled["disabled_reason"].startswith("it has failed since 2025-10-06 09:02 UTC, for 5 days and more")
    (mail,) = owned.mails()
    assert (mail["To"], mail["Subject"]) == (
        OWNER,
        f"{owned.ctx.vocabulary.tracker}: the webhook of The hook is disabled",
    )
    assert (mail["List-Unsubscribe"], mail["Auto-Submitted"]) == (None, "auto-generated")
    for said in ("https://hook.example/hooks", "it has failed since 2025-10-06", "`monitor webhooks enable hook`"):
        assert said in text_of(mail)


async def test_fault_37_enabling_it_replays_what_was_given_up_and_what_came_since(owned: Newsroom) -> None:
    await deliver_for(owned, hours=5 * 24 + 2)
    await owned.record("Two")
    await owned.tell()
    assert await owned.states() == Counter(held=2, sent=1)  # the latter is the owner's mail
    tried = len(owned.receiver.posts)

    due = await owned.ctx.db.write(lambda tx: enable_endpoint(tx, "hook", now=owned.clock()))

    assert (due, (await owned.deliver()).sent) == (2, 2)
    posts = owned.receiver.posts
    assert {post.id for post in posts[tried:]} > {post.id for post in posts[:tried]}
    assert ((await state_of(owned))["state"], (await state_of(owned))["failing_since"]) == ("enabled", None)


async def test_fault_37_one_success_within_the_five_days_begins_them_anew(owned: Newsroom) -> None:
    await deliver_for(owned, hours=60)
    await deliver_for(owned, hours=16, outcome=Sent("204"))
    await owned.record("Two")
    await owned.tell()
    await deliver_for(owned, hours=3 * 24)

    assert ((await state_of(owned))["state"], owned.mails()) == ("enabled", [])


async def test_fault_37_after_a_pause_of_the_service_what_waits_is_tried_before_the_endpoint_is_judged(
    owned: Newsroom,
) -> None:
    owned.receiver.outcomes = [Deferred("503")]
    await owned.deliver()
    owned.clock.advance(days=6)

    assert await disable_failing(owned.ctx) == 0
    assert (await owned.deliver()).sent == 1
    assert (await state_of(owned))["state"] == "enabled"


async def test_fault_37_an_endpoint_whose_owner_nobody_knows_is_disabled_all_the_same(
    posting: Newsroom, logged: list[dict[str, Any]]
) -> None:
    await deliver_for(posting, hours=5 * 24 + 2)

    assert ((await state_of(posting))["state"], posting.mails()) == ("disabled", [])
    (entry,) = (entry for entry in logged if entry["event"] == "endpoint_disabled")
    assert (entry["subscription"], entry["told"], entry["see"]) == ("hook", None, "monitor webhooks enable hook")


@pytest.mark.parametrize("answer", [Deferred("500"), InDoubt("reset")])
async def test_fault_37_each_failure_counts_and_two_workers_disable_once(
    owned: Newsroom, colleague: Newsroom, answer: Outcome
) -> None:
    owned.receiver.outcomes = [answer] * 2
    await owned.deliver()
    owned.clock.advance(days=5)
    await owned.deliver()
    assert await disable_failing(colleague.ctx) == 0

    await owned.deliver()
    assert len(owned.mails()) == 1


async def test_fault_37_the_owners_mail_waits_for_the_mail_server_as_any_other(owned: Newsroom, relay: Relay) -> None:
    relay.refuses_connections = Deferred("connection refused")
    owned = owned.with_mail(relay)
    await deliver_for(owned, hours=5 * 24 + 3)
    relay.refuses_connections = None
    owned.clock.advance(hours=5)

    await owned.deliver()

    notices = [row for row in await owned.ctx.db.read(list_deliveries) if row["period"].startswith("notice:")]
    assert [(row["state"], row["kind"], row["address"]) for row in notices] == [("sent", "email", OWNER)]
    assert len(relay.accepted) == 1


async def test_fault_35_an_endpoint_that_says_gone_is_disabled_and_its_owner_told(owned: Newsroom) -> None:
    await owned.record("Two")
    owned.clock.advance(seconds=HOLD.total_seconds())
    await owned.compose()
    owned.receiver.outcomes = [Gone("410 closed"), Gone("410 closed")]

    await owned.deliver()
    await owned.deliver()

    assert (await state_of(owned))["disabled_reason"] == "it asked not to be used again: 410 closed"
    (mail,) = owned.mails()
    assert "410 closed" in text_of(mail)


async def test_the_notice_does_not_become_the_subscriptions_own_endpoint(owned: Newsroom) -> None:
    owned.receiver.outcomes = [Gone("410")]
    await owned.deliver()
    await owned.subscribe(replace(a_hook(), contact=OWNER))

    assert (await state_of(owned))["address"] == "https://hook.example/hooks"
    await owned.record("Two")
    await owned.tell()
    assert await owned.states() == Counter(failed=1, held=1, sent=1)


def test_a_delivery_is_given_up_before_its_endpoint_is() -> None:
    assert sum(WEBHOOK_WAITS, timedelta()) * 1.2 < ENDPOINT_FAILS_FOR == timedelta(days=5)
