"""One document as a browser shows it: opened in a context of its own, left to settle, and taken as HTML."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from monitor.model.source import Fetched, FetchFailed, FetchResult, PollError
from monitor.net.browser_credentials import Credentials, origin
from monitor.net.browser_proxy import USER, Visit
from monitor.net.excerpt import excerpt
from monitor.net.guard import Guard
from monitor.net.retry_after import parse_retry_after

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext, Page, Request, Response, Route

MAX_REDIRECTS = 5
UNREAD = frozenset({"image", "media", "font"})  # no text is in them, and the site is spared their bytes
_HTML = ("text/html", "application/xhtml+xml")
_NET_ERROR = re.compile(r"net::ERR_([A-Z0-9_]+)")
_GONE_WORLD = re.compile(r"context|navigat|frame", re.IGNORECASE)

# Runs in a world of its own: what the page's scripts made of these functions does not count there.
_TAKE = """(() => {
  const root = document.documentElement;
  const html = (document.doctype ? "<!DOCTYPE html>\\n" : "") + (root ? root.outerHTML : "");
  const size = html.length;
  return {url: location.href, type: document.contentType, size, html: size > %d ? "" : html};
})()"""

# Belt and braces beside the browser's flags: what could speak UDP, or open a socket that no page of text needs.
_WITHOUT = """for (const name of ["RTCPeerConnection", "webkitRTCPeerConnection", "RTCDataChannel", "WebTransport"]) {
  try { Object.defineProperty(window, name, {value: undefined, writable: false, configurable: false}); } catch {}
}"""

_ERRORS = (
    (r"CERT_|SSL_", PollError.TLS),
    (r"TOO_MANY_REDIRECTS", PollError.REDIRECT_LIMIT),
    (r"UNSAFE_REDIRECT|UNSAFE_PORT|UNKNOWN_URL_SCHEME|DISALLOWED_URL_SCHEME|INVALID_URL", PollError.REDIRECT_REFUSED),
    (r"CONTENT_LENGTH_MISMATCH|INCOMPLETE_|EMPTY_RESPONSE|CONNECTION_CLOSED|CONNECTION_RESET", PollError.INCOMPLETE),
    (r"CONTENT_DECODING", PollError.BAD_ENCODING),
    (r"TIMED_OUT", PollError.TIMEOUT),
    (r"PROXY|TUNNEL|CONNECTION", PollError.CONNECT),
)


@dataclass(frozen=True, slots=True)
class Bounds:
    """Of one document: seconds in all, seconds that its scripts have after loading, bytes of its HTML."""

    total: float = 30.0
    settle: float = 5.0
    html: int = 15 * 2**20


class Showing:
    """Shows one document. ``headers`` go to the origin of ``url`` alone (THREATS F10)."""

    def __init__(
        self,
        url: str,
        headers: Mapping[str, str],
        *,
        guard: Guard,
        visit: Visit,
        bounds: Bounds,
        clock: Callable[[], datetime],
    ) -> None:
        self._url = url
        self._credentials = Credentials(url, headers, guard, visit, bounds.html)
        self._guard = guard
        self._visit = visit
        self._bounds = bounds
        self._clock = clock
        self._asked = url  # the last address that the document itself was asked for at
        self._response: Response | None = None
        self._crashed = False
        self._cut_off = ""
        self._closing: set[asyncio.Future[None]] = set()
        self.context: BrowserContext | None = None

    async def show(self, browser: Browser, proxy: str, user_agent: str) -> FetchResult:
        """The document, or why there is none. The caller bounds the time, and closes ``context``."""
        from playwright.async_api import Error

        self.context = await browser.new_context(
            proxy={"server": proxy, "bypass": "<-loopback>", "username": USER, "password": self._visit.password},
            user_agent=user_agent,
            accept_downloads=False,
            service_workers="block",
            permissions=[],
        )
        await self.context.add_init_script(_WITHOUT)
        page = await self.context.new_page()
        self._watch(page)
        await self.context.route("**/*", self._routed)
        try:
            await self._loaded(page)
            with suppress(Error):  # a page that never falls silent is taken as it stands
                await page.wait_for_load_state("networkidle", timeout=self._bounds.settle * 1000)
            return self._concluded(await self._taken(page))
        except Error as error:
            return self._failed(error.message)

    async def aclose(self) -> None:
        """Close what was opened. Raises playwright's Error where the browser is gone."""
        await self._credentials.aclose()
        if self.context is not None:
            await self.context.close()

    async def _loaded(self, page: Page) -> None:
        """Wait until the page says that it is loaded, which one whose document was cut off never does."""
        going = asyncio.ensure_future(page.goto(self._url, wait_until="load", timeout=0))
        cut = asyncio.ensure_future(self._visit.over.wait())
        try:
            await asyncio.wait((going, cut), return_when=asyncio.FIRST_COMPLETED)
            if going.done():
                going.result()
        finally:
            going.cancel()
            cut.cancel()
            await asyncio.gather(going, cut, return_exceptions=True)

    def _watch(self, page: Page) -> None:
        def asked(request: Request) -> None:
            if _is_document(request, page):
                self._asked = request.url

        def answered(response: Response) -> None:
            if _is_document(response.request, page) and not 300 <= response.status < 400:
                self._response = response

        def failed(request: Request) -> None:
            cut = request.failure or ""
            if self._response is not None and request == self._response.request and "ERR_ABORTED" not in cut:
                self._cut_off = cut
                self._visit.over.set()

        def crashed(_: Page) -> None:
            self._crashed = True

        def opened(other: Page) -> None:
            if other is not page:
                self._closing.add(closing := asyncio.ensure_future(_closed(other)))
                closing.add_done_callback(self._closing.discard)

        page.on("request", asked)
        page.on("response", answered)
        page.on("requestfailed", failed)
        page.on("crash", crashed)
        if self.context is not None:
            self.context.on("page", opened)

    async def _routed(self, route: Route) -> None:
        from playwright.async_api import Error

        request = route.request
        with suppress(Error):  # the page may be gone by now
            if request.resource_type in UNREAD:
                await route.abort()
            elif self._credentials.wanted(request):
                await self._credentials.answer(route)
            else:
                await route.continue_()

    async def _taken(self, page: Page) -> dict[str, Any]:
        """What the page is now; tried again where it moves on in the meantime."""
        from playwright.async_api import Error

        session = await page.context.new_cdp_session(page)
        while True:
            try:
                tree = await session.send("Page.getFrameTree")
                frame = {"frameId": tree["frameTree"]["frame"]["id"], "worldName": "reading"}
                world = (await session.send("Page.createIsolatedWorld", frame))["executionContextId"]
                asked = {"contextId": world, "expression": _TAKE % self._bounds.html, "returnByValue": True}
                told = await session.send("Runtime.evaluate", asked)
            except Error as error:
                if self._crashed or page.is_closed() or not _GONE_WORLD.search(error.message):
                    raise
                await asyncio.sleep(0.1)
                continue
            value = told["result"].get("value")
            return value if isinstance(value, dict) else {"size": self._bounds.html + 1}  # longer than text can be

    def _concluded(self, taken: dict[str, Any]) -> FetchResult:
        response = self._response
        if self._visit.spent:
            return spent()  # something of it is missing
        if self._cut_off:
            return self._failed(self._cut_off)
        if response is None or origin(taken.get("url", response.url)) != origin(response.url):
            return FetchFailed(PollError.NOT_A_PAGE, "the page went to where no server answers")
        if failed := self._refused(response):
            return failed
        if taken["size"] > self._bounds.html:
            return FetchFailed(PollError.TOO_LARGE, f"larger than {self._bounds.html} bytes", response.status)
        if taken["type"] not in _HTML:
            detail = f"the browser shows HTML only, and this is {excerpt(taken['type'])}: remove 'render'"
            return FetchFailed(PollError.NOT_A_PAGE, detail, response.status)
        body = str(taken["html"]).encode("utf-8", "replace")
        if len(body) > self._bounds.html:
            return FetchFailed(PollError.TOO_LARGE, f"larger than {self._bounds.html} bytes", response.status)
        headers = {name: value for name, value in response.headers.items() if name not in _OF_THE_WIRE}
        headers["content-type"] = "text/html; charset=utf-8"
        return Fetched(response.url, response.status, body, headers)

    def _refused(self, response: Response) -> FetchFailed | None:
        """Why what came is not taken: where it came from, how it came there, or what its server says of it."""
        of_the_proxy = response.url.startswith("http:") and response.status in (403, 502)
        if of_the_proxy and (failed := self._fault(response.url)):
            return failed
        if reason := self._guard.check_url(response.url.partition("#")[0]):
            return FetchFailed(PollError.REDIRECT_REFUSED, f"redirect: {reason}")
        hops = _hops(response.request)
        if len(hops) > MAX_REDIRECTS + 1:
            return FetchFailed(PollError.REDIRECT_LIMIT, f"more than {MAX_REDIRECTS} redirects", response.status)
        if hops[-1].startswith("http:") and any(hop.startswith("https:") for hop in (self._url, *hops)):
            return FetchFailed(PollError.REDIRECT_REFUSED, "redirect: from https to http", response.status)
        status = response.status
        if 200 <= status < 300:
            return None
        error = PollError.GONE if status == 410 else PollError.HTTP_STATUS
        wait = parse_retry_after(response.headers.get("retry-after"), self._clock())
        return FetchFailed(error, f"HTTP {status}", status, wait, response.url)

    def _fault(self, url: str) -> FetchFailed | None:
        fault = self._visit.fault(url)
        return None if fault is None else FetchFailed(*fault)

    def _failed(self, message: str) -> FetchFailed:
        """What Playwright's error means for the source."""
        if self._visit.spent:
            return spent()
        if self._crashed or "crash" in message:
            return FetchFailed(PollError.TOO_LARGE, "the page wants more memory than it is given")
        if "Download is starting" in message:
            return FetchFailed(PollError.NOT_A_PAGE, "a file to download, and the browser shows pages: remove 'render'")
        if failed := self._fault(self._asked):
            return failed
        words = excerpt(message.partition("\n")[0])
        found = _NET_ERROR.search(message)
        if found is None:
            return FetchFailed(PollError.BROWSER, words)
        known = (error for pattern, error in _ERRORS if re.search(pattern, found[1]))
        return FetchFailed(next(known, PollError.PROTOCOL), words)


_OF_THE_WIRE = frozenset({"content-encoding", "content-length", "transfer-encoding", "connection", "set-cookie"})


def spent() -> FetchFailed:
    """The document, with all that it loads, is larger than it may be."""
    return FetchFailed(PollError.TOO_LARGE, "the page with what it loads is larger than it may be")


def _is_document(request: Request, page: Page) -> bool:
    from playwright.async_api import Error

    try:
        return request.is_navigation_request() and request.frame == page.main_frame
    except Error:  # of a frame that is not there yet, which is not the page's own
        return False


async def _closed(page: Page) -> None:
    from playwright.async_api import Error

    with suppress(Error):
        await page.close()


def _hops(request: Request) -> list[str]:
    """The addresses that lead to ``request``, its own last."""
    hops: list[str] = []
    step: Request | None = request
    while step is not None:
        hops.insert(0, step.url)
        step = step.redirected_from
    return hops
