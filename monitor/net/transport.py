"""One HTTP exchange with a peer, over a connection of its own that the guard has checked.

httpx's client would follow redirects, keep cookies, read proxies from the environment and decode whatever it is sent.
Its transport seam does none of that, so polls and webhooks stand on the seam alone.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from functools import cache

import httpcore
import httpx
from httpcore import AsyncConnectionInterface

from monitor.model.source import PollError, Proxy
from monitor.net.excerpt import excerpt
from monitor.net.guard import BlockedAddress, Guard, Unresolved

FIRST_BYTE = 10.0  # seconds for any one read; the caller's deadline bounds the whole (THREATS F5)

# Everything that a peer can make an exchange raise.
PEER_FAULTS = (
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpx.InvalidURL,
    ssl.SSLError,
    OSError,
)


def trust() -> ssl.SSLContext:
    """What peers' certificates are checked against: the packaged authorities and the system's. Takes 60 ms."""
    context = httpx.create_ssl_context(trust_env=False)
    context.load_default_certs()
    return context


@cache
def _web_trust() -> ssl.SSLContext:
    """One for all web exchanges, built for the first https address. Not for SMTP: httpcore sets its ALPN to HTTP."""
    return trust()


class GuardedTransport(httpx.AsyncBaseTransport):
    """Sends each request over a new connection; no pool (httpx's costs O(n^2)), no keep-alive.

    Through a proxy only where one is given: an https address by CONNECT, so that the proxy sees the host and nothing
    else; an http one in whole, headers and all.

    Raises what httpcore raises, and never anything else for a peer's fault: see ``describe``.
    """

    def __init__(self, guard: Guard, tls: ssl.SSLContext | None, connect_timeout: float) -> None:
        self._guard = guard
        self._backend = guard.backend()
        self._tls = tls
        self._timeouts = {"connect": connect_timeout, "read": FIRST_BYTE, "write": FIRST_BYTE}
        self._open: set[AsyncConnectionInterface] = set()

    async def handle_async_request(self, request: httpx.Request, proxy: Proxy | None = None) -> httpx.Response:
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        tls = (self._tls or _web_trust()) if url.scheme == b"https" else None
        connection = self._connection(url.origin, tls, proxy)
        self._open.add(connection)
        try:
            answer = await connection.handle_async_request(
                httpcore.Request(
                    request.method,
                    url,
                    headers=request.headers.raw,
                    content=request.stream,
                    extensions={"timeout": self._timeouts},
                )
            )
        except BaseException:
            await self._close(connection)
            raise
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(self, connection, answer))

    def _connection(
        self, origin: httpcore.Origin, tls: ssl.SSLContext | None, proxy: Proxy | None
    ) -> AsyncConnectionInterface:
        if proxy is None:
            return httpcore.AsyncHTTPConnection(
                origin, ssl_context=tls, network_backend=self._backend, keepalive_expiry=0
            )
        user, _, password = (proxy.login or "").partition(":")
        through = httpcore.AsyncHTTPProxy(
            proxy.url,
            proxy_auth=(user, password) if proxy.login else None,
            ssl_context=tls,
            keepalive_expiry=0,
            network_backend=self._guard.for_proxy(httpcore.URL(proxy.url).origin.port).backend(),
        )
        return through.create_connection(origin)

    async def _close(self, connection: AsyncConnectionInterface) -> None:
        self._open.discard(connection)
        await connection.aclose()

    async def aclose(self) -> None:
        """Drop every connection that is still open; the exchanges on them end as failures."""
        for connection in tuple(self._open):
            await self._close(connection)


class _Body(httpx.AsyncByteStream):
    def __init__(
        self, transport: GuardedTransport, connection: AsyncConnectionInterface, answer: httpcore.Response
    ) -> None:
        self._transport = transport
        self._connection = connection
        self._answer = answer

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._answer.aiter_stream()

    async def aclose(self) -> None:
        await self._transport._close(self._connection)


def describe(fault: Exception, *, in_body: bool = False) -> tuple[PollError, str]:
    """What one of PEER_FAULTS is called, and its own words. ``in_body``: the answer's head had been read already."""
    words = excerpt(str(fault)) or type(fault).__name__
    if isinstance(fault, ssl.SSLError) or isinstance(fault.__cause__, ssl.SSLError):
        return PollError.TLS, words
    match fault:
        case BlockedAddress():
            return PollError.BLOCKED_ADDRESS, words
        case Unresolved():
            return PollError.DNS, words
        case httpcore.ProxyError():
            return PollError.PROXY, words
        case httpcore.TimeoutException() | TimeoutError():
            return PollError.TIMEOUT, words
        case httpx.InvalidURL():
            return PollError.BAD_URL, words
        case httpcore.ProtocolError() if not words.startswith("peer closed connection"):  # h11's words for a cut body
            return PollError.PROTOCOL, words
        case _:
            return PollError.INCOMPLETE if in_body else PollError.CONNECT, words
