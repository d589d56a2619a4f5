"""The browser's only way out, spoken to as any process of this machine could speak to it."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator
from ipaddress import ip_network

import pytest

from monitor.model.source import PollError
from monitor.net.browser_proxy import Allowance, BrowserProxy, Visit
from monitor.net.guard import Guard
from tests.net.conftest import Serve
from tests.net.peers import answer, fields_of

SITE = (ip_network("127.0.0.1/32"),)


async def resolve(host: str, port: int) -> list[str]:
    return {"rebound.example": ["127.0.0.1", "127.0.0.2"], "inside.example": ["10.0.0.1"]}.get(host, ["127.0.0.1"])


@pytest.fixture
async def proxy() -> AsyncIterator[BrowserProxy]:
    async for each in started():
        yield each


async def started(**bounds: int) -> AsyncIterator[BrowserProxy]:
    passwords = iter(f"pass{n}" for n in range(100))
    proxy = BrowserProxy(Guard(SITE, resolver=resolve), lambda: next(passwords), Allowance(**bounds))
    await proxy.start()
    yield proxy
    await proxy.aclose()


def login(visit: Visit | None) -> str:
    if visit is None:
        return ""
    return f"Proxy-Authorization: Basic {b64encode(f'document:{visit.password}'.encode()).decode()}\r\n"


async def connected(proxy: BrowserProxy) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", proxy.port)


async def asked(proxy: BrowserProxy, visit: Visit | None, first: str, rest: bytes = b"", more: str = "") -> bytes:
    """Everything that the proxy answers to one request, until it closes."""
    reader, writer = await connected(proxy)
    writer.write(f"{first} HTTP/1.1\r\nHost: x\r\n{login(visit)}{more}\r\n".encode() + rest)
    try:
        return await asyncio.wait_for(reader.read(-1), 10)
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


def status(raw: bytes) -> int:
    return int(raw.split(b" ")[1]) if raw else 0


async def test_a_plain_request_goes_through_and_leaves_the_login_behind(proxy: BrowserProxy, serve: Serve) -> None:
    site = await serve(answer(200, b"hello", "X-Of: site", "Keep-Alive: timeout=5"))

    got = await asked(
        proxy, proxy.admit(), f"GET {site.url('/a?b')}", more="X-More: 1\r\nProxy-Connection: keep-alive\r\n"
    )

    head, _, body = got.partition(b"\r\n\r\n")
    assert (status(got), body) == (200, b"hello")
    assert b"X-Of: site" in head
    assert b"Connection: close" in head
    assert b"Keep-Alive" not in head
    assert site.requests[0].startswith(b"GET /a?b HTTP/1.1\r\n")
    assert fields_of(site.requests[0])["x-more"] == "1"
    assert b"proxy" not in site.requests[0].lower()


async def test_a_request_s_body_goes_along(proxy: BrowserProxy, serve: Serve) -> None:
    site = await serve(answer(200, b"ok"))

    await asked(proxy, proxy.admit(), f"POST {site.url()}", b"q=detention", "Content-Length: 11\r\n")

    assert site.requests[0].endswith(b"\r\n\r\nq=detention")


async def test_a_tunnel_carries_bytes_both_ways(proxy: BrowserProxy, serve: Serve) -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            writer.write(b"echo " + line)
            await writer.drain()

    site = await serve(echo)
    reader, writer = await connected(proxy)
    writer.write(f"CONNECT 127.0.0.1:{site.port} HTTP/1.1\r\n{login(proxy.admit())}\r\n".encode())

    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
    for line in (b"one\n", b"two\n"):
        writer.write(line)
        assert await reader.readline() == b"echo " + line
    writer.close()


@pytest.mark.parametrize("first", ["GET http://127.0.0.1:{port}/", "CONNECT 127.0.0.1:{port}"])
@pytest.mark.parametrize(
    "field",
    [
        "",
        "Proxy-Authorization: Basic !!!\r\n",
        f"Proxy-Authorization: Basic {b64encode(b'document:wrong').decode()}\r\n",
        f"Proxy-Authorization: Bearer {b64encode(b'document:pass0').decode()}\r\n",
        f"Proxy-Authorization: Basic {b64encode(b'other:pass0').decode()}\r\n",
    ],
)
async def test_nobody_else_can_use_it(proxy: BrowserProxy, serve: Serve, first: str, field: str) -> None:
    site = await serve(answer(200, b"secret"))
    proxy.admit()

    got = await asked(proxy, None, first.format(port=site.port), more=field)

    assert status(got) == 407
    assert b"Proxy-Authenticate: Basic" in got
    assert site.hits == 0


async def test_a_document_that_is_done_can_use_it_no_more(proxy: BrowserProxy, serve: Serve) -> None:
    site = await serve(answer(200, b"secret"))
    visit = proxy.admit()
    proxy.dismiss(visit)

    assert status(await asked(proxy, visit, f"GET {site.url()}")) == 407
    assert site.hits == 0


async def test_what_is_under_way_ends_with_its_document(proxy: BrowserProxy, serve: Serve) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        arrived.set()
        await asyncio.sleep(60)

    arrived = asyncio.Event()
    site, visit = await serve(silent), proxy.admit()
    asking = asyncio.create_task(asked(proxy, visit, f"GET {site.url()}"))
    await arrived.wait()
    proxy.dismiss(visit)

    assert await asking == b""


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "127.0.0.2",
        "10.0.0.1",
        "[::1]",
        "[::ffff:127.0.0.2]",
        "[fd00:ec2::254]",
        "100.100.100.200",
        "168.63.129.16",
        "inside.example",
        "rebound.example",
        "2130706433",
        "0x7f.2",
        "127.2",
        "0",
    ],
)
@pytest.mark.parametrize("first", ["GET http://{host}:80/", "CONNECT {host}:443"])
async def test_F7_F8_F9_what_the_guard_denies_is_not_dialled(proxy: BrowserProxy, host: str, first: str) -> None:
    visit = proxy.admit()

    got = await asked(proxy, visit, first.format(host=host))

    assert status(got) in (400, 403)
    assert visit.dialled == 0
    scheme = "http" if first.startswith("GET") else "https"
    fault = visit.fault(f"{scheme}://{host}/")
    assert fault is None or fault[0] is PollError.BLOCKED_ADDRESS


async def test_F9_only_the_web_s_ports_of_public_addresses_are_dialled() -> None:
    async for proxy in started():
        proxy._guard.allow_networks = ()
        visit = proxy.admit()

        assert status(await asked(proxy, visit, "CONNECT 8.8.8.8:22")) == 403
        assert status(await asked(proxy, visit, "GET http://8.8.8.8:6379/")) == 403
        assert visit.dialled == 0


@pytest.mark.parametrize(
    ("first", "more", "expected"),
    [
        ("GET /", "", 400),
        ("GET https://127.0.0.1/", "", 400),
        ("GET ftp://127.0.0.1/", "", 400),
        ("GET http://user@127.0.0.1/", "", 400),
        ("CONNECT 127.0.0.1", "", 400),
        ("CONNECT 127.0.0.1:99999", "", 400),
        ("CONNECT a b:80", "", 400),
        ("POST http://127.0.0.1/", "Content-Length: 99999999\r\n", 413),
        ("POST http://127.0.0.1/", "Content-Length: 1\r\nContent-Length: 2\r\n", 411),
        ("POST http://127.0.0.1/", "Transfer-Encoding: chunked\r\n", 411),
        ("GET http://127.0.0.1/", "no field\r\n", 400),
        ("GET http://127.0.0.1/", "A b: c\r\n", 400),
        ("GET http://127.0.0.1/", f"A: {'x' * 70000}\r\n", 400),
    ],
)
async def test_what_is_no_proper_request_is_refused(proxy: BrowserProxy, first: str, more: str, expected: int) -> None:
    assert status(await asked(proxy, proxy.admit(), first, more=more)) == expected


async def test_a_second_request_on_the_same_connection_goes_nowhere(proxy: BrowserProxy, serve: Serve) -> None:
    site = await serve(answer(200, b"one"))
    visit = proxy.admit()

    await asked(
        proxy, visit, f"GET {site.url('/one')}", f"GET {site.url('/two')} HTTP/1.1\r\n{login(visit)}\r\n".encode()
    )

    assert [request.split(b" ")[1] for request in site.requests] == [b"/one"]


@pytest.mark.parametrize("first", ["GET http://127.0.0.1:{port}/", "CONNECT 127.0.0.1:{port}"])
async def test_F3_a_document_s_bytes_are_bounded(serve: Serve, first: str) -> None:
    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 10_000)
            await writer.drain()

    async for proxy in started(bytes=100_000):
        site, visit = await serve(endless), proxy.admit()

        got = await asked(proxy, visit, first.format(port=site.port))
        again = await asked(proxy, visit, first.format(port=site.port))

        assert len(got) <= 102_000
        assert visit.spent
        assert status(again) == 403


async def test_a_document_s_connections_are_bounded(serve: Serve) -> None:
    site = await serve(answer(200, b"ok"))
    async for proxy in started(connections=3):
        visit = proxy.admit()

        got = [status(await asked(proxy, visit, f"GET {site.url()}")) for _ in range(5)]

        assert got == [200, 200, 200, 403, 403]
        assert visit.spent
        assert status(await asked(proxy, proxy.admit(), f"GET {site.url()}")) == 200


async def test_connections_that_say_nothing_are_bounded() -> None:
    async for proxy in started(of_all=4):
        idle = [await connected(proxy) for _ in range(4)]
        await asyncio.sleep(0.05)

        assert await asked(proxy, proxy.admit(), "GET http://127.0.0.1/") == b""
        for _, writer in idle:
            writer.close()


async def test_an_answer_that_is_cut_off_does_not_look_whole(proxy: BrowserProxy, serve: Serve) -> None:
    site = await serve(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")

    got = await asked(proxy, proxy.admit(), f"GET {site.url()}")

    assert b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n" in got
    assert not got.endswith(b"0\r\n\r\n")


async def test_an_unreachable_host_is_remembered_with_its_fault(proxy: BrowserProxy) -> None:
    visit = proxy.admit()

    assert status(await asked(proxy, visit, "CONNECT 127.0.0.1:1")) == 502
    fault = visit.fault("https://127.0.0.1:1/path")
    assert fault is not None
    assert fault[0] is PollError.CONNECT
