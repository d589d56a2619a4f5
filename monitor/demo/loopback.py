"""A small HTTP/1.1 server on 127.0.0.1, for the demonstration alone (RFC 9112, without chunked requests)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus

_MAX_BODY = 1 << 20


@dataclass(frozen=True, slots=True)
class Request:
    """One request. ``target`` is the path with its query; header names are lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Response:
    """One answer. ``cut`` sends only so many bytes of the body that Content-Length promises, then hangs up."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    cut: int | None = None


Handler = Callable[[Request], Response]


class LoopbackServer:
    """Answers each request with what ``handler`` says, on a free port of 127.0.0.1. Connections are kept open."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._server: asyncio.Server | None = None
        self._connections: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def start(self) -> None:
        """Listens from now on."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)

    async def stop(self) -> None:
        """Hangs up on everybody and closes the port. Harmless when it was never started."""
        if self._server is None:
            return
        self._server.close()
        connections = dict(self._connections)
        for writer in connections.values():
            writer.close()
        await asyncio.gather(*connections, return_exceptions=True)
        await self._server.wait_closed()
        self._server = None

    @property
    def base_url(self) -> str:
        """``http://127.0.0.1:PORT``, without a slash at the end."""
        if self._server is None:
            raise RuntimeError("the server has no address before start()")
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections[task] = writer
        try:
            while await self._exchange(reader, writer):
                pass
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            pass  # the peer left, or speaks no HTTP
        finally:
            del self._connections[task]
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request and its answer; whether the connection stays open."""
        request = await _read(reader)
        if request is None:
            response, stays = Response(HTTPStatus.BAD_REQUEST), False
        else:
            response = self._handler(request)
            stays = response.cut is None and request.headers.get("connection", "").lower() != "close"
        writer.write(_encode(response, stays, bodiless=request is not None and request.method == "HEAD"))
        await writer.drain()
        return stays


async def _read(reader: asyncio.StreamReader) -> Request | None:
    """The next request; None for one that this server does not understand."""
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    parts = lines[0].split(" ")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:-2])}
    length = headers.get("content-length", "0")
    if len(parts) != 3 or "transfer-encoding" in headers or not length.isdecimal() or int(length) > _MAX_BODY:
        return None
    return Request(parts[0], parts[1], headers, await reader.readexactly(int(length)))


def _encode(response: Response, stays: bool, *, bodiless: bool) -> bytes:
    status = HTTPStatus(response.status)
    headers = {**response.headers, "Connection": "keep-alive" if stays else "close"}
    if status not in (HTTPStatus.NOT_MODIFIED, HTTPStatus.NO_CONTENT):
        headers["Content-Length"] = str(len(response.body))
    lines = [f"HTTP/1.1 {status.value} {status.phrase}", *(f"{name}: {value}" for name, value in headers.items())]
    body = b"" if bodiless else response.body[: response.cut]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body
