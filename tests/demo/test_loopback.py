"""The small HTTP server: keeps connections, refuses what it does not understand, stops cleanly."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from monitor.demo.loopback import LoopbackServer, Request, Response


def echo(request: Request) -> Response:
    return Response(200, {"Content-Type": "text/plain"}, request.method.encode() + b" " + request.body)


@pytest.fixture
async def server() -> AsyncIterator[LoopbackServer]:
    server = LoopbackServer(echo)
    await server.start()
    yield server
    await server.stop()


async def raw(server: LoopbackServer, request: bytes) -> bytes:
    """What the server answers to bytes, until it hangs up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(server.base_url.rpartition(":")[2]))
    writer.write(request)
    writer.write_eof()
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


async def test_a_body_arrives_whole(server: LoopbackServer, http: httpx.AsyncClient) -> None:
    response = await http.post(server.base_url + "/", content=b"x" * 100_000)
    assert response.content == b"POST " + b"x" * 100_000


async def test_one_connection_serves_several_requests(server: LoopbackServer) -> None:
    answer = await raw(server, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 3)
    assert answer.count(b"HTTP/1.1 200 OK") == 3


async def test_a_client_that_asks_for_it_is_hung_up_on(server: LoopbackServer) -> None:
    answer = await raw(server, b"GET / HTTP/1.1\r\nConnection: close\r\n\r\nGET / HTTP/1.1\r\n\r\n")
    assert answer.count(b"HTTP/1.1 200 OK") == 1
    assert b"Connection: close" in answer


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"nonsense\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n",
    ],
)
async def test_what_it_does_not_understand_is_a_bad_request(server: LoopbackServer, request_bytes: bytes) -> None:
    assert (await raw(server, request_bytes)).startswith(b"HTTP/1.1 400 ")


async def test_a_client_that_leaves_in_the_middle_disturbs_nobody(
    server: LoopbackServer, http: httpx.AsyncClient
) -> None:
    assert await raw(server, b"POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nhalf") == b""
    assert (await http.get(server.base_url + "/")).status_code == 200


async def test_stopping_closes_idle_connections_and_the_port(http: httpx.AsyncClient) -> None:
    server = LoopbackServer(echo)
    await server.start()
    address = server.base_url
    await http.get(address)
    await server.stop()
    with pytest.raises(httpx.ConnectError):
        await http.get(address)


async def test_stopping_twice_is_harmless() -> None:
    server = LoopbackServer(echo)
    await server.stop()
    await server.start()
    await server.stop()
    await server.stop()


def test_there_is_no_address_before_the_start() -> None:
    with pytest.raises(RuntimeError, match="before start"):
        _ = LoopbackServer(echo).base_url
