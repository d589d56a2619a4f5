"""A source's own headers in a browser: sent by the service, hop by hop, to the source's origin and nowhere else.

A browser that is told to add a header to a request adds it to every redirect of it, too, wherever that leads (THREATS
F10). So such requests are not left to the browser: each hop is made here, past the same guard, and handed to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx

from monitor.model.source import PollError
from monitor.net.browser_proxy import CONNECT_TIMEOUT, Refused, Visit, place_of
from monitor.net.decode import BadEncoding, TooLarge, Truncated, decoder
from monitor.net.guard import Guard
from monitor.net.transport import PEER_FAULTS, GuardedTransport, describe

if TYPE_CHECKING:
    from playwright.async_api import Request, Route

_NOT_SENT = frozenset({"host", "connection", "content-length", "accept-encoding", "transfer-encoding"})
_NOT_HANDED_ON = frozenset({"connection", "keep-alive", "content-encoding", "content-length", "transfer-encoding"})


class Credentials:
    """``headers`` of the source at ``url``; ``max_bytes`` bounds one response, ``visit`` all of them."""

    def __init__(self, url: str, headers: Mapping[str, str], guard: Guard, visit: Visit, max_bytes: int) -> None:
        self._origin = origin(url)
        self._headers = {name.lower(): value for name, value in headers.items()}
        self._visit = visit
        self._max_bytes = max_bytes
        self._transport = GuardedTransport(guard, None, CONNECT_TIMEOUT)

    def wanted(self, request: Request) -> bool:
        """Whether ``request`` gets them: it goes to the source's origin, and a page of that origin asks for it."""
        if not self._headers or origin(request.url) != self._origin:
            return False
        if request.is_navigation_request():
            return request.frame.parent_frame is None
        return origin(request.frame.url) == self._origin

    async def answer(self, route: Route) -> None:
        """Make the request with the headers, and hand the browser what comes; a redirect is the browser's to follow."""
        request = route.request
        sent = {name: value for name, value in (await request.all_headers()).items() if name not in _NOT_SENT}
        sent |= {"accept-encoding": "gzip, deflate", **self._headers}
        wire = [(name.encode("ascii"), value.encode("latin-1", "replace")) for name, value in sent.items()]
        url = httpx.URL(request.url).copy_with(fragment=None)
        try:
            made = httpx.Request(request.method, url, headers=wire, content=request.post_data_buffer)
            response = await self._transport.handle_async_request(made)
            try:
                body = await self._body(response)
            finally:
                await response.aclose()
        except (*PEER_FAULTS, BadEncoding, TooLarge, Truncated, Refused) as fault:
            self._visit.blame(place_of(url), *_described(fault))
            await route.abort("connectionfailed")
            return
        names = dict.fromkeys(name.lower() for name, _ in response.headers.multi_items())
        kept = {name: "\n".join(response.headers.get_list(name)) for name in names if name not in _NOT_HANDED_ON}
        await route.fulfill(status=response.status_code, headers=kept, body=body)

    async def _body(self, response: httpx.Response) -> bytes:
        if 300 <= response.status_code < 400:
            return b""  # a redirect's body stays unread
        document = decoder(response.headers.get("content-encoding", ""), self._max_bytes)
        async for piece in response.aiter_raw():
            self._visit.take(len(piece))
            document.feed(piece)
        return document.finish()

    async def aclose(self) -> None:
        """End what is under way."""
        await self._transport.aclose()


def _described(fault: Exception) -> tuple[PollError, str]:
    match fault:
        case BadEncoding():
            return PollError.BAD_ENCODING, str(fault)
        case TooLarge() | Refused():
            return PollError.TOO_LARGE, "larger than it may be"
        case Truncated():
            return PollError.INCOMPLETE, "the compressed body ends in the middle"
        case _:
            return describe(fault)


def origin(url: str) -> tuple[str, str | None, int | None]:
    """Scheme, host and port of an address; an address without a host is an origin of its own."""
    try:
        parts = urlsplit(url)
        return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return url, None, None
