"""The server of one process, with real sockets on loopback."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from monitor.errors import MonitorError
from monitor.net.listening import listening
from monitor.web.app import create_app
from monitor.web.door import HEADERS
from monitor.web.server import login_link, serve
from tests.pipeline.newsroom import Newsroom
from tests.web.conftest import TEMPLATES


@dataclass
class Running:
    """A server under way."""

    address: str
    stop: asyncio.Event
    task: asyncio.Task[None]
    entered: asyncio.Event

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])


@asynccontextmanager
async def running(
    newsroom: Newsroom, host: str = "127.0.0.1", slow: asyncio.Event | None = None
) -> AsyncIterator[Running]:
    app = create_app(newsroom.ctx, templates=TEMPLATES)
    entered = asyncio.Event()

    async def wait(request: Request) -> Response:
        entered.set()
        assert slow is not None
        await slow.wait()
        return PlainTextResponse("finished")

    app.add_route("/slow", wait)
    stop, address = asyncio.Event(), asyncio.get_running_loop().create_future()
    task = asyncio.create_task(serve(app, host, 0, stop, address.set_result))
    await asyncio.wait({task, address}, return_when=asyncio.FIRST_COMPLETED)
    try:
        yield Running(address.result(), stop, task, entered)
    finally:
        stop.set()
        await task


async def test_it_tells_the_address_that_it_answers_at(small: Newsroom) -> None:
    async with running(small) as server, httpx.AsyncClient(trust_env=False) as browser:
        response = await browser.get(f"{server.address}/policies")

    assert server.port > 0
    assert response.status_code == 200
    assert "server" not in response.headers
    for name, value in HEADERS.items():
        assert response.headers.get_list(name) == [value]


async def test_it_speaks_on_the_other_loopback_too(small: Newsroom) -> None:
    if not socket.has_ipv6:
        pytest.skip("needs IPv6 on loopback")
    async with running(small, "::1") as server, httpx.AsyncClient(trust_env=False) as browser:
        assert server.address.startswith("http://[::1]:")
        assert (await browser.get(f"{server.address}/healthz")).json() == {"status": "ok"}


async def test_it_stops_when_asked_and_leaves_the_port(small: Newsroom) -> None:
    async with running(small) as server, httpx.AsyncClient(trust_env=False) as browser:
        await browser.get(f"{server.address}/healthz")
        server.stop.set()
        await asyncio.wait_for(server.task, 5)

    listening("127.0.0.1", server.port).close()


async def test_a_request_under_way_is_finished(small: Newsroom) -> None:
    slow = asyncio.Event()
    async with running(small, slow=slow) as server, httpx.AsyncClient(trust_env=False) as browser:
        asking = asyncio.create_task(browser.get(f"{server.address}/slow"))
        await server.entered.wait()
        server.stop.set()
        await asyncio.sleep(0.2)
        slow.set()

        assert (await asking).text == "finished"


async def test_the_processs_signals_are_left_alone(small: Newsroom) -> None:
    before = [signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT)]

    async with running(small):
        assert [signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT)] == before


async def test_a_port_in_use_is_told_in_words(small: Newsroom) -> None:
    app = create_app(small.ctx, templates=TEMPLATES)
    async with running(small) as server:
        with pytest.raises(MonitorError, match=rf"127\.0\.0\.1:{server.port} is in use .*MONITOR_HTTP_ADDR"):
            await serve(app, "127.0.0.1", server.port, asyncio.Event(), print)


@pytest.mark.parametrize(
    ("host", "words"),
    [("192.0.2.1", "not an address of this machine"), (f"{'x' * 64}.example", "cannot be listened on")],
)
def test_an_address_that_is_not_ours_is_told_in_words(host: str, words: str) -> None:
    with pytest.raises(MonitorError, match=words):
        listening(host, 0)


async def test_the_link_that_is_printed_opens_the_desk(small: Newsroom) -> None:
    async with running(small) as server, httpx.AsyncClient(trust_env=False, base_url=server.address) as browser:
        token = (await login_link(small.ctx)).partition("token=")[2]
        login = await browser.post("/login", data={"token": token}, headers={"origin": server.address})

        assert login.status_code == 303
        assert (await browser.get("/triage")).status_code == 200


STRANGE = [
    b"GET /policies HTTP/1.1\r\n\r\n",
    b"GET /policies HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    b"GET /policies HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\n\r\n",
    b"GET http://evil.example/policies HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"GET /\x00 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    b"garbage\r\n\r\n",
]


async def test_a_request_that_no_browser_sends_is_refused(small: Newsroom) -> None:
    async with running(small) as server:
        for request in STRANGE:
            receive, send = await asyncio.open_connection("127.0.0.1", server.port)
            send.write(request)
            status = await asyncio.wait_for(receive.readline(), 5)
            send.close()

            assert status.split()[1] in (b"400", b"403"), request


async def test_head_has_no_body_on_the_wire(small: Newsroom) -> None:
    async with running(small) as server:
        receive, send = await asyncio.open_connection("127.0.0.1", server.port)
        send.write(b"HEAD /policies HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        answer = await asyncio.wait_for(receive.read(), 5)
        send.close()

    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert b"content-length: " in head
    assert body == b""
