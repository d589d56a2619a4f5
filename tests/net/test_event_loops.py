"""The service runs on uvloop, the commands on asyncio's own loop: the sockets behave alike on both."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import uvloop

from monitor.model.delivery import Deferred, InDoubt, Sent
from monitor.model.source import Fetched, FetchFailed, PollError
from monitor.net.client import Fetcher
from monitor.net.guard import Guard
from monitor.net.smtp import SmtpAddress, SmtpRelay, SmtpSession
from monitor.net.webhook import WebhookClient
from tests.net.conftest import LOOPBACK, NOW, Certificates, on_loopback
from tests.net.peers import Peer, SmtpPeer, answer
from tests.net.test_smtp import LARGE, send

Run = Callable[[Coroutine[Any, Any, None]], None]
pytestmark = pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])


def test_a_document_is_fetched_over_tls(run: Run, certificates: Certificates) -> None:
    async def story() -> None:
        peer = Peer(answer(200, b"ok"), certificates.good)
        await peer.start()
        guard = Guard(LOOPBACK, resolver=on_loopback)
        fetcher = Fetcher(guard, "test", clock=lambda: NOW, tls=certificates.trust)
        good = await fetcher.fetch(peer.url(host="feed.example", scheme="https"))
        bad = await fetcher.fetch(peer.url(host="other.example", scheme="https"))
        await fetcher.aclose()
        await peer.stop()
        assert isinstance(good, Fetched)
        assert isinstance(bad, FetchFailed)
        assert bad.error is PollError.TLS

    run(story())


def test_the_canary_is_blocked(run: Run, no_trust: ssl.SSLContext) -> None:
    async def story() -> None:
        peer = Peer(answer(200, b"ok"))
        await peer.start()
        fetcher = Fetcher(Guard(allow_ports=(peer.port,)), "test", clock=lambda: NOW, tls=no_trust)
        result = await fetcher.fetch(peer.url())
        await peer.stop()
        assert isinstance(result, FetchFailed)
        assert (result.error, peer.hits) == (PollError.BLOCKED_ADDRESS, 0)

    run(story())


def test_a_webhook_is_posted_and_a_drip_is_stopped(run: Run, no_trust: ssl.SSLContext) -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"H")
            await asyncio.sleep(0.01)

    async def story() -> None:
        peer, slow = Peer(answer(204)), Peer(drip)
        await peer.start()
        await slow.start()
        client = WebhookClient(Guard(LOOPBACK), "test", clock=lambda: NOW, total_timeout=0.2, tls=no_trust)
        sent, deferred = await client.post(peer.url(), b"{}", {}), await client.post(slow.url(), b"{}", {})
        await peer.stop()
        await slow.stop()
        assert (type(sent), type(deferred)) == (Sent, Deferred)

    run(story())


@pytest.mark.parametrize(
    ("script", "message", "kind"),
    [
        ({}, b"hello\r\n", Sent),
        ({"EHLO": [b"250-x\r\n250 STARTTLS\r\n", b"250 x\r\n"], "STARTTLS": b"220 go\r\n"}, LARGE, Sent),
        ({"BODY": None}, LARGE, Deferred),
        ({"DOT": None}, b"hello\r\n", InDoubt),
        ({"DOT": ...}, b"hello\r\n", InDoubt),
    ],
    ids=["sent", "large over tls", "cut in the body", "cut after the dot", "silence after the dot"],
)
def test_mail_breaks_on_the_same_side_of_the_dot(
    run: Run, certificates: Certificates, script: dict[str, object], message: bytes, kind: type
) -> None:
    async def story() -> None:
        peer = SmtpPeer(dict(script), certificates.good)
        await peer.start()
        address = SmtpAddress("127.0.0.1", peer.port)
        relay = SmtpRelay(
            address, timeout=5, data_timeout=0.5, local_hostname="monitor.example", tls=certificates.trust
        )
        session = await relay.open()
        assert isinstance(session, SmtpSession)
        outcome = await send(session, message)
        await session.close()
        await peer.stop()
        assert type(outcome) is kind

    run(story())
