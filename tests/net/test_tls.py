"""THREATS F12: a certificate that does not hold ends the fetch, and nothing can switch that off."""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest

import monitor.net
from monitor.model.delivery import Deferred, Sent
from monitor.model.source import Fetched, FetchFailed, PollError
from monitor.net.client import Fetcher
from monitor.net.transport import trust
from monitor.net.webhook import WebhookClient
from tests.net.conftest import Certificates, Serve
from tests.net.peers import answer, fields_of


async def test_https_checks_the_certificate_against_the_name_although_an_address_is_dialled(
    serve: Serve, new_fetcher: Callable[..., Fetcher], certificates: Certificates
) -> None:
    seen: list[str | None] = []
    certificates.good.sni_callback = lambda sock, name, context: seen.append(name)
    peer = await serve(answer(200, b"ok"), certificates.good)

    result = await new_fetcher(tls=certificates.trust).fetch(peer.url(host="feed.example", scheme="https"))

    assert isinstance(result, Fetched)
    assert seen == ["feed.example"]
    assert fields_of(peer.requests[0])["host"] == f"feed.example:{peer.port}"


@pytest.mark.parametrize("fault", ["expired", "stranger", "self_signed"])
async def test_f12_a_bad_certificate_is_tls_error_and_no_request_is_sent(
    serve: Serve, new_fetcher: Callable[..., Fetcher], certificates: Certificates, fault: str
) -> None:
    peer = await serve(answer(200, b"ok"), getattr(certificates, fault))

    result = await new_fetcher(tls=certificates.trust).fetch(peer.url(host="feed.example", scheme="https"))

    assert isinstance(result, FetchFailed)
    assert (result.error, peer.requests) == (PollError.TLS, [])


async def test_a_peer_that_speaks_no_tls_is_tls_error(
    serve: Serve, new_fetcher: Callable[..., Fetcher], certificates: Certificates
) -> None:
    async def talk(reader: object, writer: object) -> None:
        writer.write(b"HTTP/1.1 400 plain\r\n\r\n")  # type: ignore[attr-defined]
        await reader.read(100)  # type: ignore[attr-defined]

    peer = await serve(talk)
    result = await new_fetcher(tls=certificates.trust).fetch(peer.url(host="feed.example", scheme="https"))
    assert isinstance(result, FetchFailed)
    assert result.error is PollError.TLS


async def test_f6_a_redirect_from_https_to_http_is_refused(
    serve: Serve, new_fetcher: Callable[..., Fetcher], certificates: Certificates
) -> None:
    plain = await serve(answer(200, b"in clear"))
    peer = await serve(answer(301, b"", f"Location: {plain.url(host='feed.example')}"), certificates.good)

    result = await new_fetcher(tls=certificates.trust).fetch(peer.url(host="feed.example", scheme="https"))

    assert isinstance(result, FetchFailed)
    assert (result.error, plain.hits) == (PollError.REDIRECT_REFUSED, 0)
    assert "https to http" in result.detail


async def test_a_redirect_from_http_to_https_is_followed_without_the_credentials(
    serve: Serve, new_fetcher: Callable[..., Fetcher], certificates: Certificates
) -> None:
    secure = await serve(answer(200, b"ok"), certificates.good)
    target = secure.url(host="feed.example", scheme="https")
    peer = await serve(answer(301, b"", f"Location: {target}"))

    fetcher = new_fetcher(tls=certificates.trust)
    result = await fetcher.fetch(peer.url(host="feed.example"), headers={"Authorization": "Bearer s3cret"})

    assert isinstance(result, Fetched)
    assert result.permanent_url == target
    assert "authorization" not in fields_of(secure.requests[0])


async def test_a_webhook_goes_out_only_to_a_certificate_that_holds(
    serve: Serve, new_webhook: Callable[..., WebhookClient], certificates: Certificates
) -> None:
    good, bad = await serve(answer(204), certificates.good), await serve(answer(204), certificates.expired)
    client = new_webhook(tls=certificates.trust)

    sent = await client.post(good.url(host="feed.example", scheme="https"), b"{}", {})
    deferred = await client.post(bad.url(host="feed.example", scheme="https"), b"{}", {})

    assert isinstance(sent, Sent)
    assert isinstance(deferred, Deferred)
    assert deferred.detail.startswith("tls_error")
    assert bad.requests == []


def test_what_is_trusted_by_default_verifies_names_and_chains() -> None:
    context = trust()
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert context.cert_store_stats()["x509_ca"] > 50


def test_F12_nothing_switches_verification_off_but_mail_without_a_password() -> None:
    found = [
        (path.name, line.strip())
        for path in Path(monitor.__path__[0]).rglob("*.py")
        for line in path.read_text().splitlines()
        if re.search(r"CERT_NONE|check_hostname|verify\s*=\s*False|_create_unverified", line)
    ]
    assert {name for name, _ in found} == {"smtp.py"}
    assert len(found) == 2
