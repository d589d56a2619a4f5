"""The receivers: what is signed is taken once, what is mailed is kept, and each misbehaves once."""

from __future__ import annotations

import asyncio
import json
import smtplib
from collections.abc import AsyncIterator
from email.message import EmailMessage

import httpx
import pytest

from monitor.core.signature import derive_secret, sign_all
from monitor.demo.receivers import MailReceiver, WebhookReceiver
from monitor.demo.workspace import ICE_WATCH_HOOK, NEWSROOM_HOOK, NEWSROOM_SECRET
from tests.demo.conftest import VirtualClock

BODY = json.dumps({"type": "action.recorded", "timestamp": "2025-07-16T15:00:00Z", "data": {"n": 1}}).encode()
ICE_SECRET = derive_secret(b"k" * 32, "ice-watch")


@pytest.fixture
async def hooks(clock: VirtualClock) -> AsyncIterator[WebhookReceiver]:
    receiver = WebhookReceiver(clock, fail_once=False)
    receiver.expect(NEWSROOM_HOOK, [NEWSROOM_SECRET])
    receiver.expect(ICE_WATCH_HOOK, [ICE_SECRET])
    await receiver.start()
    yield receiver
    await receiver.stop()


def signed(clock: VirtualClock, secret: str, webhook_id: str, body: bytes = BODY, late: int = 0) -> dict[str, str]:
    stamp = int(clock().timestamp()) - late
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(stamp),
        "webhook-signature": sign_all([secret], webhook_id, stamp, body),
    }


async def test_a_good_signature_is_taken(hooks: WebhookReceiver, clock: VirtualClock, http: httpx.AsyncClient) -> None:
    address = hooks.base_url + NEWSROOM_HOOK
    answer = await http.post(address, content=BODY, headers=signed(clock, NEWSROOM_SECRET, "msg_1"))
    assert answer.status_code == 200
    event = hooks.events[0]
    assert (event.endpoint, event.id, event.type, event.verified, event.at, event.body["data"]) == (
        NEWSROOM_HOOK,
        "msg_1",
        "action.recorded",
        True,
        clock(),
        {"n": 1},
    )


@pytest.mark.parametrize("spoilt", ["webhook-id", "webhook-timestamp", "webhook-signature"])
async def test_a_spoilt_header_is_refused(
    hooks: WebhookReceiver, clock: VirtualClock, http: httpx.AsyncClient, spoilt: str
) -> None:
    headers = {**signed(clock, NEWSROOM_SECRET, "msg_1"), spoilt: "v1,1"}
    answer = await http.post(hooks.base_url + NEWSROOM_HOOK, content=BODY, headers=headers)
    assert (answer.status_code, hooks.refused, hooks.events) == (401, 1, [])


async def test_another_body_under_the_signature_is_refused(
    hooks: WebhookReceiver, clock: VirtualClock, http: httpx.AsyncClient
) -> None:
    headers = signed(clock, NEWSROOM_SECRET, "msg_1")
    answer = await http.post(hooks.base_url + NEWSROOM_HOOK, content=BODY + b" ", headers=headers)
    assert (answer.status_code, hooks.events) == (401, [])


async def test_the_secret_of_another_endpoint_is_refused(
    hooks: WebhookReceiver, clock: VirtualClock, http: httpx.AsyncClient
) -> None:
    headers = signed(clock, NEWSROOM_SECRET, "msg_1")
    assert (await http.post(hooks.base_url + ICE_WATCH_HOOK, content=BODY, headers=headers)).status_code == 401


async def test_a_stale_timestamp_is_refused(
    hooks: WebhookReceiver, clock: VirtualClock, http: httpx.AsyncClient
) -> None:
    headers = signed(clock, NEWSROOM_SECRET, "msg_1", late=301)
    assert (await http.post(hooks.base_url + NEWSROOM_HOOK, content=BODY, headers=headers)).status_code == 401


async def test_a_second_secret_serves_while_the_first_is_rotated(
    hooks: WebhookReceiver, clock: VirtualClock, http: httpx.AsyncClient
) -> None:
    hooks.expect(NEWSROOM_HOOK, [ICE_SECRET, NEWSROOM_SECRET])
    headers = signed(clock, NEWSROOM_SECRET, "msg_1")
    assert (await http.post(hooks.base_url + NEWSROOM_HOOK, content=BODY, headers=headers)).status_code == 200


async def test_the_same_id_is_taken_once_an_endpoint(
    hooks: WebhookReceiver, clock: VirtualClock, http: httpx.AsyncClient
) -> None:
    for path, secret in [
        (NEWSROOM_HOOK, NEWSROOM_SECRET),
        (NEWSROOM_HOOK, NEWSROOM_SECRET),
        (ICE_WATCH_HOOK, ICE_SECRET),
    ]:
        answer = await http.post(hooks.base_url + path, content=BODY, headers=signed(clock, secret, "msg_1"))
        assert answer.status_code == 200
    assert [(event.endpoint, event.id) for event in hooks.events] == [
        (NEWSROOM_HOOK, "msg_1"),
        (ICE_WATCH_HOOK, "msg_1"),
    ]
    assert hooks.duplicates == 1


async def test_the_first_event_fails_once_and_is_taken_when_it_is_repeated(
    clock: VirtualClock, http: httpx.AsyncClient
) -> None:
    receiver = WebhookReceiver(clock)
    receiver.expect(NEWSROOM_HOOK, [NEWSROOM_SECRET])
    await receiver.start()
    answers = [
        await http.post(
            receiver.base_url + NEWSROOM_HOOK, content=BODY, headers=signed(clock, NEWSROOM_SECRET, webhook_id)
        )
        for webhook_id in ("msg_1", "msg_1", "msg_2")
    ]
    await receiver.stop()
    assert [answer.status_code for answer in answers] == [500, 200, 200]
    assert [(event.id, event.attempts) for event in receiver.events] == [("msg_1", 2), ("msg_2", 1)]
    assert (receiver.failed, receiver.duplicates) == (1, 0)


@pytest.mark.parametrize("body", [b"not json", b"[]", b"\xff"])
async def test_a_signed_body_that_is_no_object_is_a_bad_request(
    hooks: WebhookReceiver, clock: VirtualClock, http: httpx.AsyncClient, body: bytes
) -> None:
    headers = signed(clock, NEWSROOM_SECRET, "msg_1", body)
    answer = await http.post(hooks.base_url + NEWSROOM_HOOK, content=body, headers=headers)
    assert (answer.status_code, hooks.events) == (400, [])


async def test_an_unexpected_path_is_not_found_and_only_post_is_allowed(
    hooks: WebhookReceiver, http: httpx.AsyncClient
) -> None:
    assert (await http.post(hooks.base_url + "/elsewhere", content=BODY)).status_code == 404
    assert (await http.get(hooks.base_url + NEWSROOM_HOOK)).status_code == 405


@pytest.fixture
async def mail(clock: VirtualClock) -> AsyncIterator[MailReceiver]:
    receiver = MailReceiver(clock)
    await receiver.start()
    yield receiver
    await receiver.stop()


def letter(recipient: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "monitor@example.org"
    message["To"] = recipient
    message["Subject"] = "Größe – two new actions"
    message["Message-ID"] = f"<delivery.{recipient}>"
    message.set_content("Text.\n\n.A line that begins with a dot\n")
    return message


async def send(receiver: MailReceiver, recipient: str) -> None:
    """Sends with the standard library's client, off the loop that the server runs on."""

    def work() -> None:
        with smtplib.SMTP("127.0.0.1", int(receiver.url.rpartition(":")[2]), timeout=5) as client:
            client.send_message(letter(recipient))

    await asyncio.to_thread(work)


async def test_the_first_recipient_is_put_off_once_and_then_served(mail: MailReceiver, clock: VirtualClock) -> None:
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refusal:
        await send(mail, "desk@example.org")
    code, words = refusal.value.recipients["desk@example.org"]
    assert (code, mail.mails, mail.greylisted) == (451, [], ["desk@example.org"])
    assert b"try again" in words
    await send(mail, "desk@example.org")
    await send(mail, "clinic@example.org")
    assert [received.recipient for received in mail.mails] == ["desk@example.org", "clinic@example.org"]


async def test_a_message_is_kept_as_it_came(clock: VirtualClock) -> None:
    receiver = MailReceiver(clock, greylist=False)
    await receiver.start()
    await send(receiver, "desk@example.org")
    await receiver.stop()
    received = receiver.mails[0]
    assert (received.message_id, received.subject, received.at) == (
        "<delivery.desk@example.org>",
        "Größe – two new actions",
        clock(),
    )
    assert b"Subject:" in received.raw
    assert received.message.get_content().replace("\r\n", "\n") == "Text.\n\n.A line that begins with a dot\n"


async def test_stopping_the_mail_server_hangs_up_on_a_waiting_client(mail: MailReceiver) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(mail.url.rpartition(":")[2]))
    assert (await reader.readline()).startswith(b"220 mail.example.org")
    await mail.stop()
    assert await reader.read() == b""
    writer.close()


def test_there_is_no_address_before_the_start(clock: VirtualClock) -> None:
    with pytest.raises(RuntimeError, match="before start"):
        _ = MailReceiver(clock).url
