"""What a browser shows at an address, for pages that scripts write. What comes of it is always a value.

One Chromium serves all documents, each in a context of its own, so that they share no cookie and no storage. It is
started for the first document, replaced after a number of them, and ended when none is asked for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime

from monitor.model.source import FetchFailed, FetchResult, PollError
from monitor.net.browser_page import Bounds, Showing, spent
from monitor.net.browser_process import BrowserProcess, what_is_missing
from monitor.net.browser_proxy import Allowance, BrowserProxy, Visit
from monitor.net.excerpt import excerpt
from monitor.net.guard import Guard

AT_ONCE = 2
RECYCLED_AFTER = 50  # documents: a browser that runs for weeks grows
IDLE = 60.0  # seconds after which nothing is worth its memory
PATIENCE = 120.0  # seconds for a place among those at once: a poll's lease is five minutes
CLOSE_TIMEOUT = 3.0


class Browser:
    """Fetches documents as a browser shows them. ``program`` is the installed Chromium; None: there is none.

    ``guard`` decides on every connection; ``new_password`` gives what nobody can guess; ``user_agent`` is added to
    the browser's own.
    """

    def __init__(
        self,
        guard: Guard,
        user_agent: str,
        *,
        program: str | None,
        clock: Callable[[], datetime],
        new_password: Callable[[], str],
        bounds: Bounds = Bounds(),  # noqa: B008 - frozen
        allowance: Allowance = Allowance(),  # noqa: B008 - frozen
        recycled_after: int = RECYCLED_AFTER,
    ) -> None:
        self._guard = guard
        self._user_agent = user_agent
        self._program = program
        self._clock = clock
        self._bounds = bounds
        self._recycled_after = recycled_after
        self._proxy = BrowserProxy(guard, new_password, allowance)
        self._places = asyncio.Semaphore(AT_ONCE)
        self._starting = asyncio.Lock()
        self._running: BrowserProcess | None = None
        self._in_use = 0
        self._idle: asyncio.TimerHandle | None = None
        self._ending: set[asyncio.Task[None]] = set()

    async def fetch(self, url: str, headers: Mapping[str, str] = {}) -> FetchResult:
        """The document at ``url`` as HTML in UTF-8, or why there is none; ``url`` and headers of its own response.

        ``headers`` (credentials) go to ``url``'s own origin only. Never NotModified: what a page's scripts load has
        no validator.
        """
        if reason := self._guard.check_url(url):
            return FetchFailed(PollError.BAD_URL, reason)
        if missing := what_is_missing(self._program):
            return FetchFailed(PollError.BROWSER, missing)
        try:
            async with asyncio.timeout(PATIENCE):
                await self._places.acquire()
        except TimeoutError:
            return FetchFailed(PollError.BROWSER, f"the browser had no time for it within {PATIENCE:g} s")
        visit = self._proxy.admit()
        try:
            async with asyncio.timeout(self._bounds.total):
                return await self._attended(url, headers, visit)
        except TimeoutError:
            late = FetchFailed(PollError.TIMEOUT, f"not finished within {self._bounds.total:g} s")
            return spent() if visit.spent else late
        finally:
            self._proxy.dismiss(visit)
            self._places.release()

    async def _attended(self, url: str, headers: Mapping[str, str], visit: Visit) -> FetchResult:
        from playwright.async_api import Error

        try:
            process = await self._process()
        except (Error, OSError) as error:
            return FetchFailed(PollError.BROWSER, f"{self._program}: {excerpt(str(error))}")
        process.documents += 1
        self._in_use += 1
        try:
            return await self._shown(process, url, headers, visit)
        except Error as error:
            return FetchFailed(PollError.BROWSER, excerpt(str(error)))
        finally:
            self._in_use -= 1
            self._rest()

    async def _process(self) -> BrowserProcess:
        """The browser that runs, or a new one where it is dead, or old and idle."""
        async with self._starting:
            if self._idle is not None:
                self._idle.cancel()
            running = self._running
            is_old = running is not None and running.documents >= self._recycled_after
            if running is not None and (not running.is_alive or (is_old and not self._in_use)):
                self._running = None
                await running.aclose()
            if self._running is None:
                await self._proxy.start()
                self._running = await BrowserProcess.start(self._program or "", self._address)
            return self._running

    @property
    def _address(self) -> str:
        return f"http://127.0.0.1:{self._proxy.port}"

    async def _shown(self, process: BrowserProcess, url: str, headers: Mapping[str, str], visit: Visit) -> FetchResult:
        showing = Showing(url, headers, guard=self._guard, visit=visit, bounds=self._bounds, clock=self._clock)
        try:
            return await showing.show(process.browser, self._address, _named(process, self._user_agent))
        finally:
            await _left(process, showing)

    def _rest(self) -> None:
        """End the browser after a while in which nobody asks for a document."""
        if self._idle is not None:
            self._idle.cancel()
        self._idle = asyncio.get_running_loop().call_later(IDLE, self._end_idle)

    def _end_idle(self) -> None:
        task = asyncio.ensure_future(self._end_if_idle())
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def _end_if_idle(self) -> None:
        async with self._starting:
            if self._in_use == 0 and self._running is not None:
                ended, self._running = self._running, None
                await ended.aclose()

    async def aclose(self) -> None:
        """End the browser and its proxy; documents under way end as failures."""
        if self._idle is not None:
            self._idle.cancel()
        async with self._starting:
            if self._running is not None:
                ended, self._running = self._running, None
                await ended.aclose()
        await self._proxy.aclose()


def _named(process: BrowserProcess, user_agent: str) -> str:
    """A browser's name, which scripts look at, and then who it is that asks."""
    version = process.browser.version.partition(".")[0]
    known = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)"
    return f"{known} Chrome/{version}.0.0.0 Safari/537.36 {user_agent}"


async def _left(process: BrowserProcess, showing: Showing) -> None:
    """Close what was opened for a document. A page that does not let go takes the browser with it."""
    from playwright.async_api import Error

    with suppress(Error):
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT):
                await showing.aclose()
        except TimeoutError:
            process.kill()
