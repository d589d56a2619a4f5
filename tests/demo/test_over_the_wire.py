"""The product's own clients meet the demonstration's servers: every misbehaviour arrives as the value it stands for."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from monitor.core.signature import sign_all
from monitor.demo.receivers import MailReceiver, WebhookReceiver
from monitor.demo.servers import RETRY_AFTER, Newsroom
from monitor.demo.workspace import NEWSROOM_HOOK, NEWSROOM_SECRET
from monitor.model.delivery import Deferred, Sent
from monitor.model.source import Fetched, FetchFailed, NotModified, PollError
from monitor.net.client import Fetcher
from monitor.net.guard import Guard
from monitor.net.smtp import SmtpRelay, SmtpSession, parse_smtp_url
from monitor.net.webhook import WebhookClient
from tests.demo.conftest import VirtualClock

AGENT = "policy-monitor tests"
MESSAGE = b"Message-ID: <d_1@example.org>\r\nSubject: Hello\r\n\r\nText\r\n"


def guard() -> Guard:
    return Guard([ipaddress.ip_network("127.0.0.0/8")])


@pytest.fixture
async def fetcher(clock: VirtualClock) -> AsyncIterator[Fetcher]:
    client = Fetcher(guard(), AGENT, clock=clock)
    yield client
    await client.aclose()


async def test_a_second_poll_is_not_modified(newsroom: Newsroom, fetcher: Fetcher) -> None:
    address = newsroom.base_url + "/vpm-news/feed"
    first = await fetcher.fetch(address)
    assert isinstance(first, Fetched)
    assert isinstance(await fetcher.fetch(address, validators=first.validators), NotModified)
    assert newsroom.not_modified == 1


async def test_the_unavailable_feed_says_when_to_return(
    newsroom: Newsroom, clock: VirtualClock, fetcher: Fetcher
) -> None:
    clock.set("2025-06-19T10:00:00")
    result = await fetcher.fetch(newsroom.base_url + "/vpm-news/feed")
    assert isinstance(result, FetchFailed)
    assert (result.error, result.status) == (PollError.HTTP_STATUS, 503)
    assert result.retry_after == timedelta(seconds=RETRY_AFTER)


async def test_the_feed_that_breaks_off_is_incomplete(
    newsroom: Newsroom, clock: VirtualClock, fetcher: Fetcher
) -> None:
    clock.set("2025-08-06T10:00:00")
    result = await fetcher.fetch(newsroom.base_url + "/404-media/feed")
    assert isinstance(result, FetchFailed)
    assert result.error is PollError.INCOMPLETE


async def test_the_first_webhook_is_deferred_and_its_repetition_sent(clock: VirtualClock) -> None:
    receiver = WebhookReceiver(clock)
    receiver.expect(NEWSROOM_HOOK, [NEWSROOM_SECRET])
    await receiver.start()
    client = WebhookClient(guard(), AGENT, clock=clock)
    body, stamp = json.dumps({"type": "action.recorded"}).encode(), int(clock().timestamp())
    headers = {
        "webhook-id": "ev_1",
        "webhook-timestamp": str(stamp),
        "webhook-signature": sign_all([NEWSROOM_SECRET], "ev_1", stamp, body),
    }
    outcomes = [await client.post(receiver.base_url + NEWSROOM_HOOK, body, headers) for _ in range(2)]
    await client.aclose()
    await receiver.stop()
    assert [type(outcome) for outcome in outcomes] == [Deferred, Sent]
    assert [(event.id, event.verified, event.attempts) for event in receiver.events] == [("ev_1", True, 2)]


async def test_the_first_mail_is_deferred_before_its_data_and_later_kept(clock: VirtualClock) -> None:
    receiver = MailReceiver(clock)
    await receiver.start()
    relay = SmtpRelay(parse_smtp_url(receiver.url), local_hostname="monitor.example.org")
    session = await relay.open()
    assert isinstance(session, SmtpSession)
    refused = await session.envelope("monitor@example.org", "desk@example.org")
    assert isinstance(refused, Deferred)
    assert await session.envelope("monitor@example.org", "desk@example.org") is None
    assert isinstance(await session.data(MESSAGE), Sent)
    await session.close()
    await receiver.stop()
    assert [(mail.recipient, mail.message_id, mail.raw) for mail in receiver.mails] == [
        ("desk@example.org", "<d_1@example.org>", MESSAGE)
    ]
