"""Fetching one document of a source. What comes of it is always a value (THREATS 3.1)."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import httpcore
import httpx

from monitor.model.source import Fetched, FetchFailed, FetchResult, NotModified, PollError, Proxy, Validators
from monitor.net.decode import BadEncoding, TooLarge, Truncated, decoder
from monitor.net.excerpt import excerpt
from monitor.net.guard import Guard
from monitor.net.retry_after import parse_retry_after
from monitor.net.transport import PEER_FAULTS, GuardedTransport, describe

ACCEPT = "application/atom+xml, application/rss+xml, application/xml;q=0.9, text/html;q=0.9, */*;q=0.5"
MOVED = (301, 302, 303, 307, 308)
MOVED_FOR_GOOD = (301, 308)
MAX_HEADER_BYTES = 65536
MAX_HEADER_FIELDS = 256
MAX_VALIDATOR = 2048
_SENDABLE = re.compile(r"[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?")  # RFC 9110 5.5


@dataclass(frozen=True, slots=True)
class _Hop:
    """Where the fetch stands: the address to ask next, and how it came there."""

    url: httpx.URL
    headers: Mapping[str, str]
    proxy: Proxy | None = None
    hops: int = 0
    permanent: bool = True


class Fetcher:
    """Fetches documents for polls. Times are seconds, ``max_bytes`` bounds the document on the wire and decoded.

    ``clock`` gives the time that a ``Retry-After`` date is measured from; ``tls`` is what certificates are checked
    against.
    """

    def __init__(
        self,
        guard: Guard,
        user_agent: str,
        *,
        clock: Callable[[], datetime],
        max_bytes: int = 15 * 2**20,
        total_timeout: float = 30.0,
        connect_timeout: float = 5.0,
        max_redirects: int = 5,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._guard = guard
        self._clock = clock
        self._max_bytes = max_bytes
        self._total_timeout = total_timeout
        self._max_redirects = max_redirects
        self._headers = {"user-agent": user_agent, "accept": ACCEPT, "accept-encoding": "gzip, deflate"}
        self._transport = GuardedTransport(guard, tls, connect_timeout)

    async def aclose(self) -> None:
        """Drop the connections that are still open; the fetches on them end as failures."""
        await self._transport.aclose()

    async def fetch(
        self,
        url: str,
        *,
        validators: Validators = Validators(),  # noqa: B008 - frozen
        headers: Mapping[str, str] = {},
        proxy: Proxy | None = None,
    ) -> FetchResult:
        """The document at ``url``, decoded and whole; NotModified where the validators still hold; or why not.

        ``headers`` (credentials) go to ``url``'s own origin only: any redirect to another drops them for good.
        Every request goes through ``proxy`` where one is given: PROXY where that is what failed.
        ``permanent_url`` is set where every redirect on the way was permanent (301, 308).
        """
        if reason := self._guard.check_url(url):
            return FetchFailed(PollError.BAD_URL, reason)
        try:
            async with asyncio.timeout(self._total_timeout):
                own = {name.lower(): value for name, value in headers.items()}
                result = await self._follow(_Hop(httpx.URL(url), own, proxy), _conditions(validators))
        except TimeoutError:
            return FetchFailed(PollError.TIMEOUT, f"not finished within {self._total_timeout:g} s")
        except PEER_FAULTS as fault:
            return _blamed(fault, proxy)
        # A source that was not redirected keeps its own spelling, fragment and all.
        return replace(result, url=url) if isinstance(result, Fetched) and result.url == str(httpx.URL(url)) else result

    async def _follow(self, hop: _Hop, conditions: Mapping[str, str]) -> FetchResult:
        while True:
            if hop.proxy is not None and (reason := self._guard.check_target(str(hop.url))):
                return FetchFailed(PollError.BLOCKED_ADDRESS, reason)
            asked = {**self._headers, **hop.headers, **conditions}
            wire = [(name.encode("ascii"), value.encode("latin-1")) for name, value in asked.items()]
            request = httpx.Request("GET", hop.url, headers=wire)
            response = await self._transport.handle_async_request(request, hop.proxy)
            try:
                if response.status_code not in MOVED:
                    return await self._conclude(hop, response, conditional=bool(conditions))
                following = self._redirected(hop, response)
            finally:
                await response.aclose()  # whatever was not read, a redirect's body above all, stays unread
            if isinstance(following, FetchFailed):
                return following
            hop = following

    def _redirected(self, hop: _Hop, response: httpx.Response) -> _Hop | FetchFailed:
        status = response.status_code
        location = response.headers.get("location", "").strip()
        if not location:
            return FetchFailed(PollError.REDIRECT_REFUSED, "a redirect that names no address", status)
        if hop.hops >= self._max_redirects:
            return FetchFailed(PollError.REDIRECT_LIMIT, f"more than {self._max_redirects} redirects", status)
        try:
            target = hop.url.join(location).copy_with(fragment=None)
        except (httpx.InvalidURL, ValueError) as error:
            return FetchFailed(PollError.REDIRECT_REFUSED, f"redirect: {excerpt(str(error))}", status)
        reason = self._guard.check_url(str(target))
        if "\\" in location:
            reason = "the address holds a backslash"
        if hop.url.scheme == "https" and target.scheme == "http":
            reason = "from https to http"
        if reason:
            return FetchFailed(PollError.REDIRECT_REFUSED, f"redirect: {reason}", status)
        same_origin = _origin(target) == _origin(hop.url)
        permanent = hop.permanent and status in MOVED_FOR_GOOD
        return _Hop(target, hop.headers if same_origin else {}, hop.proxy, hop.hops + 1, permanent)

    async def _conclude(self, hop: _Hop, response: httpx.Response, *, conditional: bool) -> FetchResult:
        status = response.status_code
        fields = response.headers.raw
        if len(fields) > MAX_HEADER_FIELDS or sum(len(name) + len(value) for name, value in fields) > MAX_HEADER_BYTES:
            return FetchFailed(PollError.PROTOCOL, f"{len(fields)} header fields, more than is taken", status)
        url = str(hop.url)
        permanent_url = url if hop.hops and hop.permanent else None
        if status == 304 and conditional:
            return NotModified(_validators(response), _plain_headers(response), permanent_url)
        if status == 206:
            return FetchFailed(PollError.INCOMPLETE, "a part of the document where the whole was asked for", status)
        if status == 407 and hop.proxy is not None:
            return FetchFailed(PollError.PROXY, f"the proxy {hop.proxy.url} wants another 'proxy_auth'", status)
        if not 200 <= status < 300:
            error = PollError.GONE if status == 410 else PollError.HTTP_STATUS
            wait = parse_retry_after(response.headers.get("retry-after"), self._clock())
            return FetchFailed(error, f"HTTP {status}", status, wait, url)
        body = await self._read(response)
        if isinstance(body, FetchFailed):
            return body
        return Fetched(url, status, body, _plain_headers(response), _validators(response), permanent_url)

    async def _read(self, response: httpx.Response) -> bytes | FetchFailed:
        status = response.status_code
        try:
            document = decoder(response.headers.get("content-encoding", ""), self._max_bytes)
            if _announced(response) > self._max_bytes:
                raise TooLarge
            async for piece in response.aiter_raw():
                document.feed(piece)
            return document.finish()
        except BadEncoding as error:
            return FetchFailed(PollError.BAD_ENCODING, excerpt(str(error)), status)
        except TooLarge:
            return FetchFailed(PollError.TOO_LARGE, f"larger than {self._max_bytes} bytes", status)
        except Truncated:
            return FetchFailed(PollError.INCOMPLETE, "the compressed body ends in the middle", status)
        except PEER_FAULTS as fault:
            return FetchFailed(*describe(fault, in_body=True), status)


def _blamed(fault: Exception, proxy: Proxy | None) -> FetchFailed:
    """What went wrong, and whose fault it was: before there is a connection, only the proxy was asked for anything."""
    error, words = describe(fault)
    if proxy is not None and error in (PollError.CONNECT, PollError.DNS, PollError.BLOCKED_ADDRESS, PollError.PROXY):
        return FetchFailed(PollError.PROXY, f"the proxy {proxy.url}: {words}")
    if proxy is not None and isinstance(fault, httpcore.ConnectTimeout):
        return FetchFailed(PollError.PROXY, f"the proxy {proxy.url}: {words}")
    return FetchFailed(error, words)


def _origin(url: httpx.URL) -> tuple[str, bytes, int | None]:
    # ``host`` would decode IDNA, and raise where it is wrong
    return url.scheme, url.raw_host, url.port or {"http": 80, "https": 443}.get(url.scheme)


def _conditions(validators: Validators) -> dict[str, str]:
    asked = {"if-none-match": validators.etag, "if-modified-since": validators.last_modified}
    return {name: value for name, value in asked.items() if value and _SENDABLE.fullmatch(value)}


def _validators(response: httpx.Response) -> Validators:
    return Validators(_verbatim(response, b"etag"), _verbatim(response, b"last-modified"))


def _verbatim(response: httpx.Response, name: bytes) -> str | None:
    """The field's octets as Latin-1, which gives the same octets back; None where it cannot be sent back."""
    for field, value in response.headers.raw:
        if field.lower() == name and len(value) <= MAX_VALIDATOR:
            text = value.decode("latin-1")
            return text if _SENDABLE.fullmatch(text) else None
    return None


def _plain_headers(response: httpx.Response) -> dict[str, str]:
    """Names in lower case, repeated fields joined; without cookies, which are nobody's business here."""
    return {name: value for name, value in response.headers.items() if name != "set-cookie"}


def _announced(response: httpx.Response) -> int:
    length = response.headers.get("content-length", "")
    return int(length) if length.isascii() and length.isdigit() and len(length) < 20 else 0
