"""What the story needs of the outside, wired once in ``build.py``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from monitor.config.settings import Settings
from monitor.core.read.skim import Skimmed
from monitor.core.render import Renderer
from monitor.model.delivery import Deferred, Outcome, Refused
from monitor.model.source import Fetched, FetchFailed, FetchResult, Proxy, ReadResult, Source, Validators
from monitor.model.vocabulary import Vocabulary
from monitor.pipeline.matching import Matching
from monitor.store.database import Database

log = structlog.get_logger("monitor")


class Fetching(Protocol):
    """Room 2's view of the network."""

    async def fetch(
        self,
        url: str,
        *,
        validators: Validators = ...,
        headers: Mapping[str, str] = ...,
        proxy: Proxy | None = ...,
    ) -> FetchResult:
        """The document, or why there is none; never raises for the peer's faults."""
        ...


class Rendering(Protocol):
    """Room 2's view of a browser."""

    async def fetch(self, url: str, headers: Mapping[str, str] = ...) -> FetchResult:
        """What a browser shows at ``url``, as HTML, or why it shows nothing; never raises for the peer's faults."""
        ...


class Reading(Protocol):
    """Room 3's view of a document: read where it can do no harm."""

    async def read(self, fetched: Fetched, source: Source, now: datetime) -> ReadResult:
        """What the whole document holds; never raises, whatever the bytes."""
        ...

    async def skim(
        self, fetched: Fetched, source: Source, now: datetime, known: Mapping[str, str], *, whole: bool = ...
    ) -> Skimmed:
        """What the document holds; never raises, whatever the bytes (``core.read.skim``)."""
        ...


class Permitting(Protocol):
    """What a site says of programs that fetch its pages."""

    async def refusal(self, url: str, proxy: Proxy | None = ...) -> FetchFailed | None:
        """Why the page may not be fetched; None where it may. ``proxy`` is what the page is fetched through."""
        ...

    def crawl_delay(self, url: str, proxy: Proxy | None = ...) -> timedelta | None:
        """How far apart its site wants two requests, where its robots.txt was asked; at most a minute."""
        ...


class Posting(Protocol):
    """A webhook's view of the network."""

    async def post(self, url: str, body: bytes, headers: dict[str, str]) -> Outcome:
        """What came of one POST."""
        ...


class MailSession(Protocol):
    """One connection to where mail leaves. ``name`` is the delivery's id."""

    async def envelope(self, sender: str, recipient: str) -> Deferred | Refused | None:
        """Everything before the point of no return; None where the message may follow."""
        ...

    async def data(self, name: str, message: bytes) -> Outcome:
        """The point of no return."""
        ...

    async def close(self) -> None:
        """End the connection; its failure changes nothing."""
        ...


class MailRoute(Protocol):
    """Where mail leaves: an SMTP relay, or a Maildir."""

    decides: bool  # False: a crash after DATA leaves it unknown whether the message was taken

    async def open(self) -> MailSession | Deferred:
        """A connection, or why every message must wait."""
        ...


@dataclass(frozen=True, slots=True)
class Context:
    """Wired parts and settings. ``clock`` gives aware UTC moments; ``chance`` numbers in 0..1; ``new_id`` unique ids
    with a prefix. ``secrets`` gives the signing secrets of a subscription, ``credentials`` the
    headers that go to a source's own origin, ``proxies`` what its requests go through. ``crashpoint`` ends the process
    there in tests of crashes and does nothing otherwise.
    """

    settings: Settings
    db: Database
    vocabulary: Vocabulary
    renderer: Renderer
    packaged_renderer: Renderer
    matching: Matching
    fetcher: Fetching
    browser: Rendering
    robots: Permitting
    reader: Reading
    webhooks: Posting
    mail: MailRoute
    key: bytes
    secrets: Callable[[str], Sequence[str]]
    credentials: Callable[[str], Mapping[str, str]]
    proxies: Callable[[str], Proxy | None]
    clock: Callable[[], datetime]
    chance: Callable[[], float]
    new_id: Callable[[str], str]
    crashpoint: Callable[[str], None]
