"""Room 8: each message once, whatever the peers answer (T5; THREATS §4, faults 1, 20-25, 33-36)."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from monitor.core.signature import verify
from monitor.errors import NotFound
from monitor.model.delivery import Deferred, Gone, InDoubt, Outcome, Refused, Sent
from monitor.pipeline.maintain import maintain
from monitor.store import schema as s
from monitor.store.deliveries import get_delivery
from monitor.store.endpoints import enable_endpoint
from monitor.store.subscriptions import unsubscribe
from tests.pipeline.newsroom import HOLD, Newsroom, Relay, a_hook, secrets_of


async def the_delivery(newsroom: Newsroom) -> dict[str, Any]:
    (found,) = await newsroom.deliveries()
    return await newsroom.ctx.db.read(lambda tx: get_delivery(tx, found["id"]))


OUTCOMES = [
    pytest.param(Sent("ok"), "sent", None, id="taken"),
    pytest.param(Deferred("451 later"), "deferred", 60, id="not now"),
    pytest.param(Refused("550 never"), "failed", None, id="never"),
    pytest.param(InDoubt("EOF after the dot"), "in_doubt", None, id="unknown"),
]


@pytest.mark.parametrize(("outcome", "state", "wait"), OUTCOMES)
async def test_what_the_mail_server_answers_decides_what_becomes_of_a_mail(
    mailing: Newsroom, relay: Relay, outcome: Outcome, state: str, wait: int | None
) -> None:
    relay.at_dot = [outcome]

    report = await mailing.deliver()

    delivery = await the_delivery(mailing)
    assert (delivery["state"], delivery["detail"], delivery["attempts"]) == (state, outcome.detail, 1)
    due = None if wait is None else mailing.clock() + timedelta(seconds=wait)
    assert delivery["next_attempt_at"] == due
    assert (report.taken, getattr(report, state)) == (1, 1)
    assert [(each["n"], each["outcome"]) for each in delivery["tries"]] == [(1, type(outcome).__name__.lower())]


@pytest.mark.parametrize(
    ("refusal", "state"), [(Deferred("450 greylisted"), "deferred"), (Refused("550 unknown user"), "failed")]
)
async def test_a_recipient_that_is_refused_gets_no_data(
    mailing: Newsroom, relay: Relay, refusal: Deferred | Refused, state: str
) -> None:
    relay.at_rcpt["desk@readers.example"] = refusal

    await mailing.deliver()

    assert (relay.seen, (await the_delivery(mailing))["state"]) == ([], state)


async def test_a_server_that_cannot_be_reached_defers_every_mail(mailing: Newsroom, relay: Relay) -> None:
    relay.refuses_connections = Deferred("connection refused")

    assert (await mailing.deliver()).deferred == 1
    relay.refuses_connections = None
    mailing.clock.advance(minutes=2)
    assert (await mailing.deliver()).sent == 1


class Leaving(Relay):
    """A server at whose RCPT, or at whose final dot, the subscriber leaves meanwhile."""

    def __init__(self, at: str) -> None:
        super().__init__()
        self.at = at
        self.newsroom: Newsroom | None = None

    async def leave(self, at: str) -> None:
        if self.newsroom is not None and at == self.at:
            now = self.newsroom.clock()
            await self.newsroom.ctx.db.write(lambda tx: unsubscribe(tx, "desk", now))

    async def envelope(self, sender: str, recipient: str) -> Deferred | Refused | None:
        await self.leave("rcpt")
        return await super().envelope(sender, recipient)

    async def data(self, name: str, message: bytes) -> Outcome:
        await self.leave("dot")
        return await super().data(name, message)


@pytest.mark.parametrize(("at", "state", "mails"), [("rcpt", "held", 0), ("dot", "sent", 1)])
async def test_I9_no_mail_after_the_subscriber_left_but_one_whose_data_had_begun(
    mailing: Newsroom, at: str, state: str, mails: int
) -> None:
    server = Leaving(at)
    leaving = mailing.with_mail(server)
    server.newsroom = leaving

    await leaving.deliver()

    assert (await leaving.states(), len(server.accepted)) == (Counter([state]), mails)
    leaving.clock.advance(days=1)
    await leaving.deliver()
    assert (await leaving.states(), len(server.seen)) == (Counter([state]), mails)


async def test_every_attempt_sends_the_same_bytes_under_the_same_id(mailing: Newsroom, relay: Relay) -> None:
    relay.at_dot = [Deferred("451"), Deferred("452")]
    for _ in range(3):
        await mailing.deliver()
        mailing.clock.advance(hours=1)

    assert len(relay.seen) == 3
    assert len(set(relay.seen)) == 1
    assert len(relay.accepted) == 1


async def test_a_mail_that_is_in_doubt_is_not_sent_again_by_itself(mailing: Newsroom, relay: Relay) -> None:
    relay.at_dot = [InDoubt("reset after the dot")]
    await mailing.deliver()
    mailing.clock.advance(days=30)
    await maintain(mailing.ctx)

    assert ((await mailing.deliver()).taken, len(relay.seen)) == (0, 1)


async def test_a_mail_that_is_in_doubt_is_sent_again_where_the_operator_chose_so(
    mailing: Newsroom, relay: Relay
) -> None:
    resending = mailing.with_settings(email_in_doubt="resend")
    relay.at_dot = [InDoubt("reset after the dot")]
    assert (await resending.deliver()).deferred == 1
    resending.clock.advance(hours=1)

    assert (await resending.deliver()).sent == 1
    assert len(set(relay.seen)) == 1


async def test_a_mail_is_given_up_after_five_days_and_shown(mailing: Newsroom, relay: Relay) -> None:
    relay.refuses_connections = Deferred("connection refused")
    for _ in range(200):
        if not (await mailing.deliver()).taken:
            break
        mailing.clock.advance(hours=5)

    delivery = await the_delivery(mailing)
    assert (delivery["state"], delivery["next_attempt_at"]) == ("failed", None)


# --- webhooks ---------------------------------------------------------------------------------------------------------


async def test_a_webhook_that_fails_is_sent_again_with_its_id_and_a_new_signature(posting: Newsroom) -> None:
    posting.receiver.outcomes = [Deferred("502"), InDoubt("timeout"), Deferred("503", timedelta(hours=3))]
    (secret,) = secrets_of("hook")
    waits = []
    while (await posting.deliver()).taken:
        post = posting.receiver.posts[-1]
        assert verify(secret, post.headers, post.body, posting.clock().timestamp())
        due = (await the_delivery(posting))["next_attempt_at"]
        if due is not None:
            waits.append((due - posting.clock()).total_seconds())
            posting.clock.now = due

    posts = posting.receiver.posts
    assert (len(posts), waits) == (4, [5, 300, 3 * 3600])
    assert len({(post.id, post.body) for post in posts}) == 1
    assert len({post.headers["webhook-timestamp"] for post in posts}) == 4
    assert (await the_delivery(posting))["state"] == "sent"


async def test_a_webhook_is_given_up_after_ten_attempts(posting: Newsroom) -> None:
    posting.receiver.outcomes = [Deferred("500")] * 20
    while (await posting.deliver()).taken:
        posting.clock.now = (await the_delivery(posting))["next_attempt_at"] or posting.clock.now

    assert (len(posting.receiver.posts), await posting.states()) == (10, {"failed": 1})


async def test_an_endpoint_that_says_gone_is_not_asked_again(posting: Newsroom) -> None:
    await posting.record("Two")
    posting.clock.advance(seconds=HOLD.total_seconds())
    await posting.compose()
    posting.receiver.outcomes = [Gone("410")]
    assert (await posting.deliver(1)).failed == 1

    await posting.deliver()
    await posting.record("Three")
    await posting.tell()

    assert len(posting.receiver.posts) == 1
    assert await posting.states() == {"failed": 1, "held": 2}


async def test_an_endpoint_that_is_enabled_again_gets_what_was_held_for_it(posting: Newsroom) -> None:
    posting.receiver.outcomes = [Gone("410")]
    await posting.deliver()
    await posting.record("Two")
    await posting.tell()

    due = await posting.ctx.db.write(lambda tx: enable_endpoint(tx, "hook", now=posting.clock()))

    assert (due, (await posting.deliver()).sent) == (1, 1)
    assert b"Two" in posting.receiver.posts[-1].body


async def test_a_webhook_without_a_secret_waits_and_the_others_go_out(
    posting: Newsroom, logged: list[dict[str, Any]]
) -> None:
    def secrets(subscription_id: str) -> tuple[str, ...]:
        if subscription_id == "other":
            raise NotFound("subscription other is not in subscriptions.yaml")
        return tuple(secrets_of(subscription_id))

    posting = replace(posting, ctx=replace(posting.ctx, secrets=secrets))
    await posting.subscribe(a_hook("other"), a_hook("third"))
    await posting.record("Two")
    posting.clock.advance(seconds=HOLD.total_seconds())
    await posting.compose()

    report = await posting.deliver()

    assert (report.sent, report.deferred) == (3, 1)
    assert len([entry for entry in logged if entry["event"] == "delivery_broke"]) == 1


async def test_the_outbox_is_emptied_the_longest_due_first_and_no_more_at_once_than_asked(posting: Newsroom) -> None:
    posting.clock.advance(seconds=1)
    await posting.record("Two")
    await posting.record("Three")
    posting.clock.advance(seconds=HOLD.total_seconds())
    await posting.compose()

    assert (await posting.deliver(1)).sent == 1
    assert b"One" in posting.receiver.posts[0].body
    assert (await posting.deliver(5)).sent == 2


# --- the bytes --------------------------------------------------------------------------------------------------------


async def test_bytes_that_are_not_those_that_were_composed_are_never_sent(mailing: Newsroom, relay: Relay) -> None:
    await mailing.ctx.db.write(lambda tx: tx.execute(update(s.content).values(body=b"Subject: something else\r\n\r\n")))

    report = await mailing.deliver()

    delivery = await the_delivery(mailing)
    assert (report.failed, delivery["state"], relay.seen) == (1, "failed", [])
    assert "SHA-256" in delivery["detail"]
