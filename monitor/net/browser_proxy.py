"""The only way out that a browser has: a proxy on loopback that asks the guard before it dials anything.

A page's scripts may name any address, and a browser resolves a name as often as it likes. So what may be dialled is
decided here, at the moment of connecting, as it is for the service's own fetches (THREATS F7, F8). Every document has a
login of its own, so that no other process of this machine can use the proxy, and so that its traffic can be bounded.
"""

from __future__ import annotations

import asyncio
import hmac
import re
from base64 import b64decode
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

import httpcore
import httpx

from monitor.model.source import PollError
from monitor.net.guard import Guard
from monitor.net.transport import PEER_FAULTS, GuardedTransport, describe

USER = "document"
MAX_HEAD = 65536
MAX_UPLOAD = 2**20  # bytes of one request's body: a reader sends searches, not files
HEAD_TIMEOUT = 10.0
CONNECT_TIMEOUT = 5.0
STEP = 65536
_AUTHORITY = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+):([0-9]{1,5})", re.IGNORECASE)
_HOP_BY_HOP = frozenset(
    b"connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer transfer-encoding "
    b"upgrade".split()
)
_FAULTS_KEPT = 1000

Place = tuple[str, int]


def place_of(url: httpx.URL) -> Place:
    """Host and port of an address."""
    return url.raw_host.decode("ascii").strip("[]"), url.port or (443 if url.scheme in ("https", "wss") else 80)


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one document's traffic may come to: bytes both ways, connections in all and at once, and at the proxy."""

    bytes: int = 64 * 2**20
    connections: int = 500
    at_once: int = 64
    of_all: int = 256


class Visit:
    """One document's traffic. ``spent`` says that it used up what it may, and ``dialled`` how often it got through.

    ``over`` is set once there is no use in waiting for the rest of the document.
    """

    def __init__(self, password: str, allowance: Allowance) -> None:
        self.password = password
        self.spent = False
        self.dialled = 0
        self.over = asyncio.Event()
        self._bytes = allowance.bytes
        self._connections = allowance.connections
        self._at_once = allowance.at_once
        self._faults: dict[Place, tuple[PollError, str]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    def fault(self, url: str) -> tuple[PollError, str] | None:
        """Why the host of ``url`` was not reached, where it was asked for and was not."""
        try:
            parsed = httpx.URL(url)
        except httpx.InvalidURL:
            return None
        return self._faults.get(place_of(parsed))

    def blame(self, place: Place, error: PollError, words: str) -> None:
        """Remember why ``place`` was not reached."""
        if len(self._faults) < _FAULTS_KEPT:
            self._faults[place] = (error, words)

    def take(self, number: int) -> None:
        """Count bytes. Raises Refused where they are too many: every connection of the document ends then."""
        self._bytes -= number
        if self._bytes < 0:
            self._spend_up()
            raise Refused(403, "the document used up what it may")

    def _spend_up(self) -> None:
        self.spent = True
        self.over.set()
        self.close()

    def close(self) -> None:
        """End every connection of the document; it can open no further one."""
        self._closed = True
        for task in tuple(self._tasks):
            task.cancel()

    async def attend(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do what one connection asks for. Raises Refused where the document has too many, or is done."""
        task = asyncio.current_task()
        self._connections -= 1
        if task is None or self._closed or len(self._tasks) >= self._at_once or self._connections < 0:
            if self._connections < 0 and not self._closed:
                self._spend_up()
            raise Refused(403, "the document has too many connections")
        self._tasks.add(task)
        try:
            await work()
        finally:
            self._tasks.discard(task)


class Refused(Exception):
    """What the browser is answered in the place of what it asked for."""

    def __init__(self, status: int, why: str, *fields: str) -> None:
        super().__init__(why)
        self.status = status
        self.fields = fields


@dataclass(frozen=True, slots=True)
class _Asked:
    method: str
    target: str
    fields: list[tuple[bytes, bytes]] = field(repr=False)

    def all(self, name: bytes) -> list[bytes]:
        return [value for field, value in self.fields if field.lower() == name]


class BrowserProxy:
    """The proxy. ``new_password`` gives a secret that nobody can guess; ``guard`` decides what is dialled."""

    def __init__(
        self,
        guard: Guard,
        new_password: Callable[[], str],
        allowance: Allowance = Allowance(),
    ) -> None:
        self.port = 0
        self._guard = guard
        self._new_password = new_password
        self._allowance = allowance
        self._backend = guard.backend()
        self._plain = GuardedTransport(guard, None, CONNECT_TIMEOUT)
        self._server: asyncio.Server | None = None
        self._visits: set[Visit] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen on a free port of loopback, if it does not yet."""
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=MAX_HEAD)
            self.port = self._server.sockets[0].getsockname()[1]

    async def aclose(self) -> None:
        """Listen no more, and end every connection."""
        if self._server is not None:
            self._server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._plain.aclose()

    def admit(self) -> Visit:
        """A document's own way through, until it is dismissed."""
        visit = Visit(self._new_password(), self._allowance)
        self._visits.add(visit)
        return visit

    def dismiss(self, visit: Visit) -> None:
        """The document is done: its login is no longer taken, and its connections end."""
        self._visits.discard(visit)
        visit.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None or len(self._tasks) >= self._allowance.of_all:
            writer.transport.abort()
            return
        self._tasks.add(task)
        try:
            await self._answer(reader, writer)
        except (OSError, asyncio.CancelledError, *PEER_FAULTS):
            writer.transport.abort()  # cut off in the middle: it must not look whole
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            asked = await _asked(reader)
            visit = self._visitor(asked)
            work = self._tunnel if asked.method == "CONNECT" else self._exchange
            await visit.attend(lambda: work(visit, asked, reader, writer))
        except Refused as refused:
            fields = "".join(f"{each}\r\n" for each in refused.fields)
            head = f"HTTP/1.1 {refused.status} Refused\r\nContent-Length: 0\r\nConnection: close\r\n{fields}\r\n"
            writer.write(head.encode("ascii"))
            await writer.drain()

    def _visitor(self, asked: _Asked) -> Visit:
        given = b"".join(asked.all(b"proxy-authorization"))
        scheme, _, encoded = given.partition(b" ")
        login = b""
        with suppress(ValueError):
            login = b64decode(encoded, validate=True) if scheme.lower() == b"basic" else b""
        for visit in self._visits:
            if hmac.compare_digest(login, f"{USER}:{visit.password}".encode()):
                return visit
        raise Refused(407, "who is this?", 'Proxy-Authenticate: Basic realm="documents"')

    def _place(self, visit: Visit, scheme: str, authority: str) -> Place:
        """Host and port, if their spelling is one that the guard lets pass."""
        found = _AUTHORITY.fullmatch(authority)
        if found is None or not 0 < int(found[2]) < 65536:
            raise Refused(400, "no host and port")
        place = found[1].strip("[]").lower(), int(found[2])
        if reason := self._guard.check_url(f"{scheme}://{authority}/"):
            visit.blame(place, PollError.BLOCKED_ADDRESS, f"{authority}: {reason}")
            raise Refused(403, reason)
        return place

    async def _tunnel(
        self, visit: Visit, asked: _Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """CONNECT: dial what the guard lets pass, then carry bytes both ways until either side ends."""
        place = self._place(visit, "https", asked.target)
        try:
            stream = await self._backend.connect_tcp(*place, timeout=CONNECT_TIMEOUT)
        except PEER_FAULTS as fault:
            raise _blamed(visit, place, fault) from None
        visit.dialled += 1
        try:
            writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
            await _relay(visit, stream, reader, writer)
        finally:
            await stream.aclose()

    async def _exchange(
        self, visit: Visit, asked: _Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """A plain request: one a connection, so that no second one can go where only the first was let."""
        url = _plain_url(asked.target)
        host = url.raw_host.decode("ascii")
        place = self._place(visit, "http", f"{f'[{host}]' if ':' in host else host}:{url.port or 80}")
        body = await _upload(visit, asked, reader)
        sent = [(name, value) for name, value in asked.fields if name.lower() not in _HOP_BY_HOP]
        request = httpx.Request(asked.method, url, headers=[*sent, (b"connection", b"close")], content=body)
        try:
            response = await self._plain.handle_async_request(request)
        except PEER_FAULTS as fault:
            raise _blamed(visit, place, fault) from None
        visit.dialled += 1
        try:
            await _hand_on(visit, asked.method, response, writer)
        finally:
            await response.aclose()


def _blamed(visit: Visit, place: Place, fault: Exception) -> Refused:
    error, words = describe(fault)
    visit.blame(place, error, words)
    return Refused(403 if error is PollError.BLOCKED_ADDRESS else 502, words)


async def _asked(reader: asyncio.StreamReader) -> _Asked:
    try:
        async with asyncio.timeout(HEAD_TIMEOUT):
            head = await reader.readuntil(b"\r\n\r\n")
    except (TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        raise Refused(400, "no request") from None
    first, *lines = head[:-4].split(b"\r\n")
    words = first.decode("latin-1").split(" ")
    fields = [(name, value.strip()) for name, colon, value in (line.partition(b":") for line in lines) if colon]
    if len(words) != 3 or not words[0].isalpha() or len(fields) != len(lines):
        raise Refused(400, "no request")
    if any(not re.fullmatch(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name) for name, _ in fields):
        raise Refused(400, "no request")
    return _Asked(words[0], words[1], fields)


def _plain_url(target: str) -> httpx.URL:
    try:
        url = httpx.URL(target)
    except (httpx.InvalidURL, ValueError):
        raise Refused(400, "no address") from None
    if url.scheme != "http" or not url.raw_host or url.userinfo:
        raise Refused(400, "only http is asked for in plain")
    return url


async def _upload(visit: Visit, asked: _Asked, reader: asyncio.StreamReader) -> bytes:
    lengths = asked.all(b"content-length")
    if asked.all(b"transfer-encoding") or len(lengths) > 1:
        raise Refused(411, "a body has to state its length, once")
    if not lengths:
        return b""
    if not re.fullmatch(rb"[0-9]{1,9}", lengths[0]) or int(lengths[0]) > MAX_UPLOAD:
        raise Refused(413, "the body is too large")
    visit.take(int(lengths[0]))
    return await reader.readexactly(int(lengths[0]))


async def _hand_on(visit: Visit, method: str, response: httpx.Response, writer: asyncio.StreamWriter) -> None:
    """The answer in chunks where it states no length, so that one that is cut off does not look whole."""
    chunked = "transfer-encoding" in response.headers or "content-length" not in response.headers
    chunked = chunked and method != "HEAD" and response.status_code not in (204, 304)
    own = b"Transfer-Encoding: chunked" if chunked else b""
    left_out = _HOP_BY_HOP | {b"content-length"} if chunked else _HOP_BY_HOP
    kept = [name + b": " + value for name, value in response.headers.raw if name.lower() not in left_out]
    lines = [b"HTTP/1.1 %d Answered" % response.status_code, *kept, b"Connection: close", own]
    writer.write(b"\r\n".join(filter(None, lines)) + b"\r\n\r\n")
    try:
        async for piece in response.aiter_raw():
            visit.take(len(piece))
            writer.write(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
            await writer.drain()
    except Refused:
        writer.transport.abort()
        return
    if chunked:
        writer.write(b"0\r\n\r\n")
    await writer.drain()


async def _relay(
    visit: Visit, stream: httpcore.AsyncNetworkStream, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    async def up() -> None:
        while piece := await reader.read(STEP):
            visit.take(len(piece))
            await stream.write(piece)

    async def down() -> None:
        while piece := await stream.read(STEP):
            visit.take(len(piece))
            writer.write(piece)
            await writer.drain()

    ways = [asyncio.create_task(up()), asyncio.create_task(down())]
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
