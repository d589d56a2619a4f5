"""One post to one endpoint: THREATS W1, W2, faults 33-35."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable
from datetime import timedelta
from ipaddress import ip_network

import pytest

from monitor.model.delivery import Deferred, Gone, Refused, Sent
from monitor.net.guard import Guard
from monitor.net.webhook import MAX_ANSWER, WebhookClient
from tests.net.conftest import Serve, on_loopback
from tests.net.peers import answer, fields_of, read_request

BODY = b'{"type":"webhook.test","data":{}}'
HEADERS = {"content-type": "application/json", "webhook-id": "msg_1", "webhook-signature": "v1,abc"}


async def test_the_body_and_headers_arrive_as_they_were_given(serve: Serve, webhook: WebhookClient) -> None:
    peer = await serve(answer(200, b"thanks"))

    outcome = await webhook.post(peer.url("/hooks/policy?k=v", host="newsroom.example"), BODY, HEADERS)

    assert outcome == Sent("200 thanks")
    fields = fields_of(peer.requests[0])
    assert peer.requests[0].startswith(b"POST /hooks/policy?k=v HTTP/1.1\r\n")
    assert peer.requests[0].endswith(b"\r\n\r\n" + BODY)
    assert fields.items() >= HEADERS.items()
    assert fields["user-agent"] == "Policy-Monitor/test"
    assert fields["host"] == f"newsroom.example:{peer.port}"
    assert fields["content-length"] == str(len(BODY))


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
async def test_any_2xx_is_sent(serve: Serve, webhook: WebhookClient, status: int) -> None:
    peer = await serve(answer(status))
    assert await webhook.post(peer.url(), BODY, HEADERS) == Sent(str(status))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_w1_a_redirect_is_a_failure_and_not_followed(serve: Serve, webhook: WebhookClient, status: int) -> None:
    target = await serve(answer(200))
    peer = await serve(answer(status, b"", f"Location: {target.url()}"))

    outcome = await webhook.post(peer.url(), BODY, HEADERS)

    assert outcome == Deferred(str(status))
    assert target.hits == 0


@pytest.mark.parametrize("status", [304, 400, 401, 403, 404, 409, 422, 500, 502, 504, 999])
async def test_fault_33_any_other_status_is_deferred(serve: Serve, webhook: WebhookClient, status: int) -> None:
    peer = await serve(answer(status))
    outcome = await webhook.post(peer.url(), BODY, HEADERS)
    assert isinstance(outcome, Deferred)
    assert outcome.detail.startswith(str(status))
    assert outcome.retry_after is None


async def test_fault_35_410_is_gone(serve: Serve, webhook: WebhookClient) -> None:
    peer = await serve(answer(410, b"please stop"))
    assert await webhook.post(peer.url(), BODY, HEADERS) == Gone("410 please stop")


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("said", "wait"),
    [
        ("30", timedelta(seconds=30)),
        ("0", timedelta(seconds=1)),
        ("1000000000", timedelta(hours=24)),
        ("Thu, 09 Oct 2025 12:00:45 GMT", timedelta(seconds=45)),
        ("-30", None),
        ("later", None),
    ],
)
async def test_fault_34_retry_after_is_honoured_and_clamped(
    serve: Serve, webhook: WebhookClient, status: int, said: str, wait: timedelta | None
) -> None:
    peer = await serve(answer(status, b"", f"Retry-After: {said}"))
    assert await webhook.post(peer.url(), BODY, HEADERS) == Deferred(str(status), wait)


@pytest.mark.parametrize("url", ["", "ftp://h/", "http://u:p@h/", "http://127.1/", "http://h:8080/", "http://a\\b/"])
async def test_w1_a_bad_address_is_refused(new_webhook: Callable[..., WebhookClient], url: str) -> None:
    outcome = await new_webhook(guard=Guard()).post(url, BODY, HEADERS)
    assert isinstance(outcome, Refused)
    assert outcome.detail.startswith("bad_url")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "newsroom.example"])
async def test_w1_canary_a_denied_address_is_refused_without_a_connection(
    serve: Serve, new_webhook: Callable[..., WebhookClient], host: str
) -> None:
    """Fails if the guard is no longer asked at the moment of connecting."""
    peer = await serve(answer(200))
    client = new_webhook(guard=Guard(allow_ports=(peer.port,), resolver=on_loopback))

    outcome = await client.post(f"http://{host}:{peer.port}/", BODY, HEADERS)

    assert isinstance(outcome, Refused)
    assert (outcome.detail.partition(":")[0], peer.hits) == ("blocked_address", 0)


async def test_w1_plain_http_is_refused_in_strict_mode(serve: Serve, new_webhook: Callable[..., WebhookClient]) -> None:
    peer = await serve(answer(200))
    outcome = await new_webhook(strict_https=True).post(peer.url(), BODY, HEADERS)
    assert isinstance(outcome, Refused)
    assert peer.hits == 0


async def test_w2_an_endless_answer_is_read_to_its_bound_and_stays_sent(serve: Serve, webhook: WebhookClient) -> None:
    written = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"a" * 4096)
            await writer.drain()
            written += 4096

    peer = await serve(talk)
    assert await webhook.post(peer.url(), BODY, HEADERS) == Sent("200 " + "a" * 200)
    assert written < MAX_ANSWER + 16 * 2**20  # what the kernel's buffers take, and no more


async def test_w2_an_answer_is_never_decoded(serve: Serve, webhook: WebhookClient) -> None:
    peer = await serve(answer(200, gzip.compress(b"decoded" * 100), "Content-Encoding: gzip"))
    outcome = await webhook.post(peer.url(), BODY, HEADERS)
    assert isinstance(outcome, Sent)
    assert "decoded" not in outcome.detail


async def test_w2_a_dripping_head_ends_at_the_deadline(serve: Serve, new_webhook: Callable[..., WebhookClient]) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        while True:
            writer.write(b"H")
            await asyncio.sleep(0.01)

    peer = await serve(talk)
    outcome = await new_webhook(total_timeout=0.2).post(peer.url(), BODY, HEADERS)
    assert outcome == Deferred("timeout: no answer within 0.2 s")


@pytest.mark.parametrize(("status", "kind"), [(200, Sent), (500, Deferred), (410, Gone)])
async def test_w2_a_dripping_body_ends_at_the_deadline_and_the_status_stands(
    serve: Serve, new_webhook: Callable[..., WebhookClient], status: int, kind: type
) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(answer(status, b"", length=10_000))
        while True:
            writer.write(b"z")
            await asyncio.sleep(0.01)

    peer = await serve(talk)
    outcome = await new_webhook(total_timeout=0.2).post(peer.url(), BODY, HEADERS)
    assert isinstance(outcome, kind)


@pytest.mark.parametrize(
    "cut", [b"", b"HTTP/1.1 2", b"HTTP/1.1 200 OK\r\n", b"garbage\r\n\r\n", b"HTTP/1.1 101 Switch\r\n\r\n"]
)
async def test_fault_33_a_connection_that_breaks_before_the_head_ends_is_deferred(
    serve: Serve, webhook: WebhookClient, cut: bytes
) -> None:
    peer = await serve(cut)
    assert isinstance(await webhook.post(peer.url(), BODY, HEADERS), Deferred)


async def test_fault_33_a_connection_that_breaks_in_the_body_leaves_the_status(
    serve: Serve, webhook: WebhookClient
) -> None:
    peer = await serve(answer(200, b"half", length=100))
    assert await webhook.post(peer.url(), BODY, HEADERS) == Sent("200 half")


async def test_fault_33_a_refused_connection_is_deferred(serve: Serve, webhook: WebhookClient) -> None:
    peer = await serve(answer())
    await peer.stop()
    outcome = await webhook.post(peer.url(), BODY, HEADERS)
    assert isinstance(outcome, Deferred)
    assert outcome.detail.startswith("connect_error")


async def test_fault_35_interim_answers_are_passed_over(serve: Serve, webhook: WebhookClient) -> None:
    peer = await serve(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\n\r\n" + answer(204))
    assert await webhook.post(peer.url(), BODY, HEADERS) == Sent("204")


async def test_an_allowed_network_is_reached_on_any_port(
    serve: Serve, new_webhook: Callable[..., WebhookClient]
) -> None:
    peer = await serve(answer(204))
    guard = Guard([ip_network("127.0.0.1/32")])
    assert isinstance(await new_webhook(guard=guard).post(peer.url(), BODY, HEADERS), Sent)


async def test_a_detail_never_repeats_the_endpoints_address(serve: Serve, webhook: WebhookClient) -> None:
    peer = await serve(b"")
    outcome = await webhook.post(peer.url("/hooks/s3cret-token"), BODY, HEADERS)
    assert isinstance(outcome, Deferred)
    assert "s3cret" not in outcome.detail
