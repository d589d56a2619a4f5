"""Room 8 after a crash, beside other workers, and in the operator's hands (THREATS §4, faults 1, 20, 36)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from monitor.errors import Conflict, IllegalTransition
from monitor.model.delivery import Deferred, InDoubt, Outcome, Refused, Sent
from monitor.pipeline.maintain import maintain
from monitor.store.database import Database
from monitor.store.deliveries import get_delivery, mark_delivered, resend
from tests.pipeline.newsroom import HOLD, POLICY, Killed, Newsroom, Relay, a_reader


async def the_delivery(newsroom: Newsroom) -> dict[str, Any]:
    (found,) = await newsroom.deliveries()
    return await newsroom.ctx.db.read(lambda tx: get_delivery(tx, found["id"]))


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
    await newsroom.record("One")
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
    for n in range(10):
        await posting.record(f"Title {n}")
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
