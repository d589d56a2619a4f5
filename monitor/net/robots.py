"""robots.txt (RFC 9309): whether a site lets programs fetch a page. Feeds and APIs are meant for programs anyway."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol
from urllib.parse import urlsplit

from protego import Protego

from monitor.core.read.decode import decode
from monitor.model.source import Fetched, FetchFailed, FetchResult, NotModified, PollError, Proxy, SourceKind

OBEYING = frozenset({SourceKind.PAGE, SourceKind.PDF, SourceKind.LISTING, SourceKind.TRACKER})
"""The kinds of source that are asked about; what is fetched beside them, such as a feed's articles, is a page too."""

FRESH_FOR = timedelta(hours=24)  # RFC 9309 2.4: no longer than that, unless the file is unreachable
UNREACHABLE_FOR = timedelta(hours=1)
MOST_BYTES = 500 * 1024  # RFC 9309 2.5: at least so much is read
MOST_ORIGINS = 10_000
LONGEST_DELAY = timedelta(seconds=60)  # a longer Crawl-delay is not meant for a page an hour


class _Fetching(Protocol):
    async def fetch(self, url: str, *, proxy: Proxy | None = ...) -> FetchResult: ...


@dataclass(frozen=True, slots=True)
class _Rules:
    """What an origin's file says; ``failed``, why it could not be had. Exactly one of them is there."""

    until: datetime
    rules: Protego | None = None
    failed: FetchFailed | None = None


_Place = tuple[str, Proxy | None]  # an origin, and what it is reached through


class Robots:
    """The robots.txt of the origins that were asked about, kept for 24 hours in memory.

    ``fetcher`` follows redirects and never raises for the peer's faults. Groups of rules are chosen by what
    ``user_agent``, the service's own, begins with or contains as a word.
    """

    def __init__(self, fetcher: _Fetching, user_agent: str, clock: Callable[[], datetime]) -> None:
        self._fetcher = fetcher
        self._user_agent = user_agent
        self._clock = clock
        self._known: OrderedDict[_Place, _Rules] = OrderedDict()
        self._asking: dict[_Place, asyncio.Task[_Rules]] = {}

    async def refusal(self, url: str, proxy: Proxy | None = None) -> FetchFailed | None:
        """Why ``url`` may not be fetched through ``proxy``, or directly; None where it may.

        No file (any 4xx but 429) allows everything. One that is refused for now (5xx, 429) forbids everything for an
        hour as ROBOTS. Where the host does not answer at all, the failure is that, and the next call asks again. Where
        there is an older copy, that copy holds meanwhile.
        """
        origin = _origin(url)
        if origin is None:
            return None  # the fetch itself will say what is wrong with it
        known = await self._rules((origin, proxy))
        if known.rules is None or known.rules.can_fetch(url, self._user_agent):
            return known.failed
        return FetchFailed(PollError.ROBOTS, f"{origin}/robots.txt forbids it to {self._user_agent.split('/')[0]}")

    def crawl_delay(self, url: str, proxy: Proxy | None = None) -> timedelta | None:
        """How far apart the site wants two requests, at most a minute; None where it does not say, or was not asked."""
        origin = _origin(url)
        known = self._known.get((origin, proxy)) if origin is not None else None
        delay = None if known is None or known.rules is None else known.rules.crawl_delay(self._user_agent)
        return timedelta(seconds=min(delay, LONGEST_DELAY.total_seconds())) if delay and delay > 0 else None

    async def _rules(self, place: _Place) -> _Rules:
        known = self._known.get(place)
        if known is not None and self._clock() < known.until:
            self._known.move_to_end(place)
            return known
        asking = self._asking.get(place)
        if asking is None:  # however many of the origin's pages are due at once, its file is fetched once
            asking = self._asking[place] = asyncio.create_task(self._ask(place, known))
            asking.add_done_callback(lambda _: self._asking.pop(place, None))
        return await asyncio.shield(asking)

    async def _ask(self, place: _Place, before: _Rules | None) -> _Rules:
        origin, proxy = place
        found = await self._judged(await self._fetcher.fetch(f"{origin}/robots.txt", proxy=proxy))
        if found.rules is None and before is not None and before.rules is not None:
            found = _Rules(found.until, before.rules)
        self._known[place] = found
        self._known.move_to_end(place)
        while len(self._known) > MOST_ORIGINS:
            self._known.popitem(last=False)
        return found

    async def _judged(self, result: FetchResult) -> _Rules:
        now = self._clock()
        if isinstance(result, Fetched):
            # A file of 500 KiB takes 100 ms.
            return _Rules(now + FRESH_FOR, await asyncio.to_thread(_parsed, result.body[:MOST_BYTES]))
        if isinstance(result, NotModified):
            result = FetchFailed(PollError.HTTP_STATUS, "304 to a request without conditions", 304)
        if result.status is None:
            return _Rules(now, failed=replace(result, detail=f"robots.txt: {result.detail}"))
        if 400 <= result.status < 500 and result.status != 429:
            return _Rules(now + FRESH_FOR, _parsed(b""))
        wait = max(UNREACHABLE_FOR, result.retry_after or UNREACHABLE_FOR)
        detail = f"robots.txt cannot be had ({result.detail}), which forbids everything"
        return _Rules(now + wait, failed=FetchFailed(PollError.ROBOTS, detail, result.status, wait))


def _parsed(body: bytes) -> Protego:
    return Protego.parse(decode(body, "text/plain; charset=utf-8"))


def _origin(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2].lower()
    except ValueError:
        return None
    return f"{parts.scheme}://{host}" if parts.scheme in ("http", "https") and host else None
