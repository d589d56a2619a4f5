"""What the story needs of the outside, wired once in ``build.py``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import structlog

from monitor.config.settings import Settings
from monitor.core.render import Renderer
from monitor.model.delivery import Deferred, Outcome, Refused
from monitor.model.source import FetchResult, Validators
from monitor.model.vocabulary import Vocabulary
from monitor.pipeline.matching import Matching
from monitor.store.database import Database

log = structlog.get_logger("monitor")


class Fetching(Protocol):
    """Room 2's view of the network."""

    async def fetch(self, url: str, *, validators: Validators = ...) -> FetchResult:
        """The document, or why there is none; never raises for the peer's faults."""
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
    with a prefix. ``secrets`` gives the signing secrets of a subscription. ``crashpoint`` ends the process
    there in tests of crashes and does nothing otherwise.
    """

    settings: Settings
    db: Database
    vocabulary: Vocabulary
    renderer: Renderer
    packaged_renderer: Renderer
    matching: Matching
    fetcher: Fetching
    webhooks: Posting
    mail: MailRoute
    key: bytes
    secrets: Callable[[str], Sequence[str]]
    clock: Callable[[], datetime]
    chance: Callable[[], float]
    new_id: Callable[[str], str]
    crashpoint: Callable[[str], None]
