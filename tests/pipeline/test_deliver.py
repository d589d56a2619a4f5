"""Room 8: each message once, whatever the peers answer (T5; THREATS §4, faults 1, 20-25, 33-36)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from monitor.core.signature import verify
from monitor.errors import Conflict, IllegalTransition, NotFound
from monitor.model.delivery import Deferred, Gone, InDoubt, Outcome, Refused, Sent
from monitor.model.policy import ActionRecord
from monitor.pipeline import actions
from monitor.pipeline.maintain import maintain
from monitor.store import schema as s
from monitor.store.database import Database
from monitor.store.deliveries import get_delivery, mark_delivered, resend
from tests.pipeline.newsroom import HOLD, POLICY, Killed, Newsroom, Relay, a_hook, a_reader, secrets_of


async def record(newsroom: Newsroom, *titles: str) -> None:
    for title in titles:
        action = ActionRecord("Subsequent", date(2025, 10, 6), title)
        await actions.add(newsroom.ctx, "1777", action, actor="anna")


@pytest.fixture
def relay() -> Relay:
    return Relay()


@pytest.fixture
async def mailing(newsroom: Newsroom, relay: Relay) -> Newsroom:
    """One mail is due at a scripted relay."""
    mailing = newsroom.with_mail(relay)
    await mailing.track(POLICY)
    await mailing.subscribe(a_reader())
    await record(mailing, "One")
    mailing.clock.advance(seconds=HOLD.total_seconds())
    await mailing.compose()
    return mailing


@pytest.fixture
async def posting(newsroom: Newsroom) -> Newsroom:
    """One webhook is due."""
    await newsroom.track(POLICY)
    await newsroom.subscribe(a_hook())
    await record(newsroom, "One")
    newsroom.clock.advance(seconds=HOLD.total_seconds())
    await newsroom.compose()
    return newsroom


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
        posting.clock.advance(hours=30)

    assert (len(posting.receiver.posts), await posting.states()) == (10, {"failed": 1})


async def test_an_endpoint_that_says_gone_is_not_asked_again(posting: Newsroom) -> None:
    await record(posting, "Two")
    posting.clock.advance(seconds=HOLD.total_seconds())
    await posting.compose()
    posting.receiver.outcomes = [Gone("410")]
    assert (await posting.deliver(1)).failed == 1

    await posting.deliver()
    await record(posting, "Three")
    await posting.tell()

    assert len(posting.receiver.posts) == 1
    assert await posting.states() == {"failed": 1, "held": 2}


async def test_a_webhook_without_a_secret_waits_and_the_others_go_out(
    posting: Newsroom, logged: list[dict[str, Any]]
) -> None:
    def secrets(subscription_id: str) -> tuple[str, ...]:
        if subscription_id == "other":
            raise NotFound("subscription other is not in subscriptions.yaml")
        return tuple(secrets_of(subscription_id))

    posting = replace(posting, ctx=replace(posting.ctx, secrets=secrets))
    await posting.subscribe(a_hook("other"), a_hook("third"))
    await record(posting, "Two")
    posting.clock.advance(seconds=HOLD.total_seconds())
    await posting.compose()

    report = await posting.deliver()

    assert (report.sent, report.deferred) == (3, 1)
    assert len([entry for entry in logged if entry["event"] == "delivery_broke"]) == 1


async def test_the_outbox_is_emptied_the_longest_due_first_and_no_more_at_once_than_asked(posting: Newsroom) -> None:
    posting.clock.advance(seconds=1)
    await record(posting, "Two", "Three")
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


# --- crashes and other workers ----------------------------------------------------------------------------------------

LEASE_AND_A_BIT = {"minutes": 21}


async def dies(newsroom: Newsroom, crashpoint: str) -> None:
    """The process is killed there."""
    newsroom.dies_at.append(crashpoint)
    with pytest.raises((Killed, BaseExceptionGroup)):
        await newsroom.deliver()


@pytest.mark.parametrize("crashpoint", ["mail.claimed", "mail.connected", "mail.rcpt_ok"])
async def test_a_mail_whose_worker_died_before_the_data_is_sent_by_the_next(
    mailing: Newsroom, relay: Relay, crashpoint: str
) -> None:
    await dies(mailing, crashpoint)
    assert (await mailing.deliver()).taken == 0
    mailing.clock.advance(**LEASE_AND_A_BIT)

    report = await maintain(mailing.ctx)

    assert (report.resumed, report.in_doubt) == (1, 0)
    assert ((await mailing.deliver()).sent, len(relay.accepted)) == (1, 1)


@pytest.mark.parametrize(("crashpoint", "accepted"), [("mail.data_committed", 0), ("mail.got_250", 1)])
async def test_a_mail_whose_worker_died_after_the_intent_is_in_doubt(
    mailing: Newsroom, relay: Relay, crashpoint: str, accepted: int, logged: list[dict[str, Any]]
) -> None:
    await dies(mailing, crashpoint)
    mailing.clock.advance(**LEASE_AND_A_BIT)

    report = await maintain(mailing.ctx)

    assert (report.resumed, report.in_doubt) == (0, 1)
    assert "mail_in_doubt" in {entry["event"] for entry in logged}
    assert ((await mailing.deliver()).taken, len(relay.accepted)) == (0, accepted)


async def test_a_mail_whose_worker_died_after_the_outcome_is_done(mailing: Newsroom, relay: Relay) -> None:
    await dies(mailing, "mail.after_sent")
    mailing.clock.advance(**LEASE_AND_A_BIT)

    await maintain(mailing.ctx)

    assert (await mailing.states(), len(relay.accepted)) == ({"sent": 1}, 1)


async def test_a_maildir_is_never_in_doubt(newsroom: Newsroom) -> None:
    await newsroom.track(POLICY)
    await newsroom.subscribe(a_reader())
    await record(newsroom, "One")
    newsroom.clock.advance(seconds=HOLD.total_seconds())
    await newsroom.compose()
    await dies(newsroom, "mail.got_250")
    newsroom.clock.advance(**LEASE_AND_A_BIT)

    report = await maintain(newsroom.ctx)
    await newsroom.deliver()

    assert (report.resumed, await newsroom.states(), len(newsroom.mails())) == (1, {"sent": 1}, 1)


@pytest.mark.parametrize(
    ("crashpoint", "posts"), [("hook.claimed", 1), ("hook.sent_request", 1), ("hook.got_2xx", 2), ("hook.after", 1)]
)
async def test_a_webhook_whose_worker_died_goes_out_again_under_the_same_id(
    posting: Newsroom, crashpoint: str, posts: int
) -> None:
    await dies(posting, crashpoint)
    posting.clock.advance(**LEASE_AND_A_BIT)

    await maintain(posting.ctx)
    await posting.deliver()

    assert (await posting.states(), len(posting.receiver.posts)) == ({"sent": 1}, posts)
    assert len({post.id for post in posting.receiver.posts}) == 1


async def test_the_worker_that_holds_the_workspace_takes_a_dead_ones_leases_over_at_once(
    mailing: Newsroom, relay: Relay
) -> None:
    await dies(mailing, "mail.claimed")

    report = await maintain(mailing.ctx, sole_worker=True)

    assert (report.resumed, (await mailing.deliver()).sent) == (1, 1)


async def test_a_lease_of_the_living_is_left_alone(mailing: Newsroom) -> None:
    await dies(mailing, "mail.claimed")
    mailing.clock.advance(minutes=19)

    assert (await maintain(mailing.ctx)).resumed == 0


async def test_a_worker_that_wakes_up_after_its_lease_sends_nothing(
    mailing: Newsroom, relay: Relay, colleague: Newsroom
) -> None:
    other = Relay()

    class Stopped(Relay):
        async def envelope(self, sender: str, recipient: str) -> Deferred | Refused | None:
            mailing.clock.advance(**LEASE_AND_A_BIT)
            await maintain(colleague.ctx)
            await colleague.with_mail(other).deliver()
            return None

    stopped = Stopped()

    report = await mailing.with_mail(stopped).deliver()

    assert (report.taken, stopped.seen, len(other.accepted)) == (0, [], 1)
    assert await mailing.states() == {"sent": 1}


async def test_two_workers_at_once_send_each_message_once(posting: Newsroom, colleague: Newsroom) -> None:
    await record(posting, *(f"Title {n}" for n in range(10)))
    posting.clock.advance(seconds=HOLD.total_seconds())
    await posting.compose()

    reports = await asyncio.gather(*(each.deliver(4) for each in (posting, colleague) * 3))
    rest = await posting.deliver()

    assert sum(report.sent for report in (*reports, rest)) == 11
    assert len({post.id for post in posting.receiver.posts}) == len(posting.receiver.posts) == 11


async def test_a_subscription_that_ends_while_a_mail_is_tried_gets_no_second_try(
    mailing: Newsroom, relay: Relay
) -> None:
    class Ending(Relay):
        async def envelope(self, sender: str, recipient: str) -> Deferred | Refused | None:
            await mailing.end("desk")
            return Deferred("451 later")

    await mailing.with_mail(Ending()).deliver()
    mailing.clock.advance(hours=1)

    assert ((await mailing.deliver()).taken, relay.seen) == (0, [])
    assert await mailing.states() == {"held": 1}


# --- the operator -----------------------------------------------------------------------------------------------------


async def test_an_operator_resends_a_mail_in_doubt_with_the_same_bytes(mailing: Newsroom, relay: Relay) -> None:
    relay.at_dot = [InDoubt("EOF")]
    await mailing.deliver()
    delivery = await the_delivery(mailing)

    await mailing.ctx.db.write(lambda tx: resend(tx, delivery["id"], now=mailing.clock()))
    await mailing.deliver()

    assert (len(relay.seen), len(set(relay.seen)), await mailing.states()) == (2, 1, {"sent": 1})


async def test_an_operator_marks_a_mail_in_doubt_as_delivered(mailing: Newsroom, relay: Relay) -> None:
    relay.at_dot = [InDoubt("EOF")]
    await mailing.deliver()
    delivery = await the_delivery(mailing)

    await mailing.ctx.db.write(lambda tx: mark_delivered(tx, delivery["id"]))

    assert ((await mailing.deliver()).taken, await mailing.states()) == (0, {"sent": 1})


@pytest.mark.parametrize("order", ["resend", "mark_delivered"])
@pytest.mark.parametrize("answer", [Sent(), Deferred("451")])
async def test_what_is_sent_or_waits_its_turn_is_not_the_operators_to_decide(
    mailing: Newsroom, relay: Relay, order: str, answer: Outcome
) -> None:
    relay.at_dot = [answer]
    await mailing.deliver()
    delivery = await the_delivery(mailing)

    def work(tx: Any) -> None:
        resend(tx, delivery["id"], now=mailing.clock()) if order == "resend" else mark_delivered(tx, delivery["id"])

    with pytest.raises(IllegalTransition, match="in_doubt or failed or held"):
        await mailing.ctx.db.write(work)


async def test_of_two_operators_at_once_one_decides(mailing: Newsroom, relay: Relay, database_url: str) -> None:
    relay.at_dot = [InDoubt("EOF")]
    await mailing.deliver()
    delivery = await the_delivery(mailing)
    other = Database(database_url)

    results = await asyncio.gather(
        mailing.ctx.db.write(lambda tx: resend(tx, delivery["id"], now=mailing.clock())),
        other.write(lambda tx: mark_delivered(tx, delivery["id"])),
        return_exceptions=True,
    )
    other.close()

    refused = [result for result in results if isinstance(result, Exception)]
    assert len(refused) == 1
    assert isinstance(refused[0], (Conflict, IllegalTransition))
