"""A source's own proxy: what it sees, what it is never asked for, and what its failures are called."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_network
from typing import Any

import pytest

from monitor.model.source import Fetched, FetchFailed, FetchResult, PollError, Proxy
from monitor.net.client import Fetcher
from monitor.net.guard import Guard
from monitor.net.robots import Robots
from tests.net.conftest import NOW, Certificates, Serve, on_loopback
from tests.net.peers import Peer, answer, fields_of, read_request

LOGIN = "agent:s3cret"
BASIC = "Basic " + b64encode(LOGIN.encode()).decode()
KEY = {"X-Api-Key": "k3y"}

New = Callable[..., Fetcher]


def through(peer: Peer, login: str | None = LOGIN) -> Proxy:
    return Proxy(f"http://127.0.0.1:{peer.port}", login)


class Tunnel:
    """A proxy that takes CONNECT to any host and leads to one origin on loopback."""

    def __init__(self, origin: Peer) -> None:
        self.heads: list[bytes] = []
        self._origin = origin

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.heads.append(await read_request(reader))
        far, out = await asyncio.open_connection("127.0.0.1", self._origin.port)
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        try:
            async with asyncio.TaskGroup() as copying:
                copying.create_task(_copy(reader, out))
                copying.create_task(_copy(far, writer))
        finally:
            out.close()


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await source.read(65536):
            target.write(data)
            await target.drain()
    target.close()


def failed(result: FetchResult) -> FetchFailed:
    assert isinstance(result, FetchFailed), result
    return result


async def test_a_plain_request_goes_to_the_proxy_in_whole(serve: Serve, fetcher: Fetcher) -> None:
    proxy = await serve(answer(200, b"ok"))

    result = await fetcher.fetch("http://feed.example/a?b=c", headers=KEY, proxy=through(proxy))

    assert isinstance(result, Fetched)
    assert (result.body, result.url) == (b"ok", "http://feed.example/a?b=c")
    assert proxy.requests[0].startswith(b"GET http://feed.example/a?b=c HTTP/1.1\r\n")
    fields = fields_of(proxy.requests[0])
    assert (fields["host"], fields["x-api-key"], fields["proxy-authorization"]) == ("feed.example", "k3y", BASIC)


async def test_of_an_https_source_the_proxy_sees_the_host_and_the_origin_no_login(
    serve: Serve, new_fetcher: New, certificates: Certificates
) -> None:
    origin = await serve(answer(200, b"ok"), certificates.good)
    tunnel = Tunnel(origin)
    proxy = await serve(tunnel)

    result = await new_fetcher(tls=certificates.trust).fetch(
        "https://feed.example/secret-path", headers=KEY, proxy=through(proxy)
    )

    assert isinstance(result, Fetched)
    assert tunnel.heads[0].startswith(b"CONNECT feed.example:443 HTTP/1.1\r\n")
    seen = fields_of(tunnel.heads[0])
    assert seen == {"host": "feed.example:443", "accept": "*/*", "proxy-authorization": BASIC}
    fields = fields_of(origin.requests[0])
    assert fields["x-api-key"] == "k3y"
    assert "proxy-authorization" not in fields


async def test_f12_the_origins_certificate_is_checked_through_the_tunnel(
    serve: Serve, new_fetcher: New, certificates: Certificates
) -> None:
    origin = await serve(answer(200, b"ok"), certificates.stranger)
    proxy = await serve(Tunnel(origin))

    fetcher = new_fetcher(tls=certificates.trust)
    assert failed(await fetcher.fetch("https://feed.example/", proxy=through(proxy))).error is PollError.TLS
    assert origin.requests == []


async def test_redirects_stay_on_the_proxy_and_drop_the_credentials(serve: Serve, fetcher: Fetcher) -> None:
    proxy = await serve([answer(301, b"", "Location: http://other.example/b"), answer(200, b"ok")])

    result = await fetcher.fetch("http://feed.example/a", headers=KEY, proxy=through(proxy, None))

    assert isinstance(result, Fetched)
    assert proxy.requests[1].startswith(b"GET http://other.example/b HTTP/1.1\r\n")
    assert "x-api-key" not in fields_of(proxy.requests[1])
    assert "proxy-authorization" not in fields_of(proxy.requests[1])


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://[::1]/",
        "http://169.254.169.254/latest/meta-data",
        "http://10.1.2.3/",
        "http://localhost/",
        "http://a.localhost/",
        "http://feed.example:8080/",
        "https://feed.example:22/",
    ],
)
async def test_f7_what_may_not_be_fetched_is_not_asked_of_a_proxy(serve: Serve, new_fetcher: New, url: str) -> None:
    """The proxy's own network is allowed here, and not what it is asked for."""
    proxy = await serve([answer(301, b"", f"Location: {url}"), answer(200, b"inside")])
    guard = Guard([ip_network("127.0.0.1/32")], resolver=on_loopback)
    fetcher = new_fetcher(guard=guard if "127" not in url else Elsewhere([], resolver=on_loopback))

    direct = failed(await fetcher.fetch(url, proxy=through(proxy)))
    assert direct.error in (PollError.BLOCKED_ADDRESS, PollError.BAD_URL)
    assert proxy.requests == []
    led = failed(await fetcher.fetch("http://feed.example/", proxy=through(proxy)))
    assert led.error in (PollError.BLOCKED_ADDRESS, PollError.REDIRECT_REFUSED)
    assert len(proxy.requests) == 1


class Elsewhere(Guard):
    """A guard whose rules for the proxy are looser than those for what it is asked for."""

    def for_proxy(self, port: int) -> Guard:
        return Guard([ip_network("127.0.0.0/8")], resolver=on_loopback)


async def test_a_proxy_on_a_private_network_must_be_allowed(serve: Serve, new_fetcher: New) -> None:
    proxy = await serve(answer(200, b"ok"))

    failure = failed(await new_fetcher(guard=Guard()).fetch("http://feed.example/", proxy=through(proxy)))

    assert failure.error is PollError.PROXY
    assert failure.detail == f"the proxy http://127.0.0.1:{proxy.port}: 127.0.0.1: 127.0.0.1 is not a public address"
    assert proxy.hits == 0


async def test_a_public_proxy_may_have_the_port_that_was_stated() -> None:
    from ipaddress import ip_address

    guard = Guard()
    assert guard.for_proxy(3128).check_address(ip_address("8.8.8.8"), 3128) is None
    assert guard.check_address(ip_address("8.8.8.8"), 3128) is not None


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_proxy_that_is_down_is_named(serve: Serve, fetcher: Fetcher, scheme: str) -> None:
    proxy = await serve(answer())
    await proxy.stop()

    failure = failed(await fetcher.fetch(f"{scheme}://feed.example/", proxy=through(proxy)))

    assert failure.error is PollError.PROXY
    assert f"the proxy http://127.0.0.1:{proxy.port}: " in failure.detail
    assert "s3cret" not in failure.detail


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_proxy_that_wants_another_login_is_named(serve: Serve, fetcher: Fetcher, scheme: str) -> None:
    proxy = await serve(answer(407, b"who?"))

    failure = failed(await fetcher.fetch(f"{scheme}://feed.example/", proxy=through(proxy)))

    assert failure.error is PollError.PROXY
    assert f"the proxy http://127.0.0.1:{proxy.port}" in failure.detail


async def test_f5_a_proxy_that_says_nothing_is_given_up(serve: Serve, new_fetcher: New) -> None:
    async def silent(reader: Any, writer: Any) -> None:
        await asyncio.sleep(30)

    proxy = await serve(silent)
    fetcher = new_fetcher(total_timeout=0.3)

    assert failed(await fetcher.fetch("https://feed.example/", proxy=through(proxy))).error is PollError.TIMEOUT


async def test_f11_without_a_proxy_of_its_own_a_source_has_none(
    serve: Serve, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    canary, peer = await serve(answer()), await serve(answer(200, b"direct"))
    monkeypatch.setenv("HTTP_PROXY", canary.url())
    monkeypatch.setenv("http_proxy", canary.url())

    result = await fetcher.fetch(peer.url())

    assert isinstance(result, Fetched)
    assert canary.hits == 0


async def test_robots_txt_is_asked_for_by_the_same_way(serve: Serve, fetcher: Fetcher) -> None:
    strict, open_ = await serve(answer(200, b"User-agent: *\nDisallow: /")), await serve(answer(404))
    robots = Robots(fetcher, "Policy-Monitor/test", lambda: NOW)

    assert await robots.refusal("http://feed.example/a", through(strict)) is not None
    assert await robots.refusal("http://feed.example/a", through(open_)) is None
    assert strict.requests[0].startswith(b"GET http://feed.example/robots.txt ")


def test_a_proxys_login_is_never_shown() -> None:
    assert "s3cret" not in repr(Proxy("http://p.example:3128", LOGIN))
