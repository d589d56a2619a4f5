"""The newsroom on loopback: feeds, article pages and the company's page, as the virtual clock shows them."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime
from email.utils import format_datetime, parsedate_to_datetime
from enum import Enum
from http import HTTPStatus

from monitor.demo.documents import Document, article_page, changing_page, feed
from monitor.demo.loopback import LoopbackServer, Request, Response
from monitor.demo.story import Story

Clock = Callable[[], datetime]


class Hiccup(Enum):
    """What real servers do now and then: refuse for a while, or hang up in the middle of a document."""

    UNAVAILABLE = "503 with Retry-After"
    CUT = "a truncated body"


HICCUPS: dict[tuple[str, date], Hiccup] = {  # by path and day (UTC); none within two days of a seed event
    ("/vpm-news/feed", date(2025, 6, 19)): Hiccup.UNAVAILABLE,
    ("/404-media/feed", date(2025, 8, 6)): Hiccup.CUT,
    ("/flock-safety", date(2025, 9, 12)): Hiccup.UNAVAILABLE,
}
RETRY_AFTER = 3600  # seconds


class Newsroom:
    """Serves the story at the time of ``clock`` (aware). Paths: ``/SOURCE/feed``, the articles, ``/flock-safety``.

    Every document carries ETag and Last-Modified, and conditional requests are honoured (RFC 9110, section 13).
    ``requests`` counts by path, ``statuses`` by status code, ``hiccups`` by kind.
    """

    def __init__(self, story: Story, clock: Clock) -> None:
        self._story = story
        self._clock = clock
        self._server = LoopbackServer(self._answer)
        self._outlets = {f"/{outlet.source}/feed": outlet for outlet in story.outlets}
        self._articles = {
            f"/{outlet.source}{article.path}": (outlet, article)
            for outlet in story.outlets
            for article in outlet.articles
        }
        self.requests: Counter[str] = Counter()
        self.statuses: Counter[int] = Counter()
        self.hiccups: Counter[Hiccup] = Counter()

    async def start(self) -> None:
        """Listens on a free port of 127.0.0.1."""
        await self._server.start()

    async def stop(self) -> None:
        """Closes the port and all connections."""
        await self._server.stop()

    @property
    def base_url(self) -> str:
        """``http://127.0.0.1:PORT``: the value of ``{feeds}`` in the workspace's ``sources.yaml``."""
        return self._server.base_url

    @property
    def not_modified(self) -> int:
        """How many requests were answered with 304."""
        return self.statuses[HTTPStatus.NOT_MODIFIED]

    def _answer(self, request: Request) -> Response:
        now = self._clock()
        response = self._respond(request, now)
        self.requests[request.target] += 1
        self.statuses[response.status] += 1
        headers = {"Date": format_datetime(now.astimezone(UTC), usegmt=True), **response.headers}
        return Response(response.status, headers, response.body, response.cut)

    def _respond(self, request: Request, now: datetime) -> Response:
        if request.method not in ("GET", "HEAD"):
            return Response(HTTPStatus.METHOD_NOT_ALLOWED, {"Allow": "GET, HEAD"})
        document = self._document(request.target, now)
        if document is None:
            return _plain(HTTPStatus.NOT_FOUND, "There is no such page.")
        hiccup = HICCUPS.get((request.target, now.astimezone(UTC).date()))
        if hiccup is not None:
            self.hiccups[hiccup] += 1
            return _trouble(hiccup, document)
        return _conditional(document, request.headers)

    def _document(self, target: str, now: datetime) -> Document | None:
        if outlet := self._outlets.get(target):
            return feed(outlet, self.base_url, now)
        if target == self._story.page.path:
            return changing_page(self._story.page, now)
        if target in self._articles:
            outlet, article = self._articles[target]
            wording = article.at(now)
            return article_page(outlet, article, wording, self.base_url) if wording else None
        return None


def _trouble(hiccup: Hiccup, document: Document) -> Response:
    if hiccup is Hiccup.UNAVAILABLE:
        busy = _plain(HTTPStatus.SERVICE_UNAVAILABLE, "Back soon.")
        return Response(busy.status, {**busy.headers, "Retry-After": str(RETRY_AFTER)}, busy.body)
    return Response(HTTPStatus.OK, _headers(document), document.body, cut=len(document.body) // 2)


def _conditional(document: Document, asked: dict[str, str]) -> Response:
    headers = _headers(document)
    if _unchanged(document, headers["ETag"], asked):
        return Response(HTTPStatus.NOT_MODIFIED, headers)
    return Response(HTTPStatus.OK, headers, document.body)


def _unchanged(document: Document, etag: str, asked: dict[str, str]) -> bool:
    if tags := asked.get("if-none-match"):  # it alone counts when both are sent (RFC 9110, 13.1.3)
        return etag in [tag.strip().removeprefix("W/") for tag in tags.split(",")]
    try:
        since = parsedate_to_datetime(asked.get("if-modified-since", ""))
    except ValueError:
        return False
    return document.modified <= since.replace(tzinfo=since.tzinfo or UTC)


def _headers(document: Document) -> dict[str, str]:
    return {
        "Content-Type": document.media_type,
        "ETag": f'"{hashlib.sha256(document.body).hexdigest()[:16]}"',
        "Last-Modified": format_datetime(document.modified.astimezone(UTC), usegmt=True),
    }


def _plain(status: HTTPStatus, text: str) -> Response:
    return Response(status, {"Content-Type": "text/plain; charset=utf-8"}, f"{text}\n".encode())
