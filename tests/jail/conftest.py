"""Jails whose readers are taken over at will, and documents that say how."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from monitor.jail.jail import Jail
from monitor.model.source import Fetched, ReadResult, Source, SourceKind

NOW = datetime(2025, 10, 10, 12, tzinfo=UTC)
URL = "https://news.example/feed"


async def told(
    jail: Jail, words: bytes | str, kind: SourceKind = SourceKind.AUTO, content_type: str = ""
) -> ReadResult:
    """What the jail makes of a document."""
    body = words.encode() if isinstance(words, str) else words
    return await jail.read(Fetched(URL, 200, body, {"content-type": content_type}), Source("s", "S", URL, kind), NOW)


class LoopLag:
    """How long the event loop was held up, in the worst case: by our own work, not by what else the machine does.

    Nor by a collection of garbage: in a process that has run a thousand tests, one alone takes 0.1 s.
    """

    def __init__(self) -> None:
        self.worst = 0.0

    async def __aenter__(self) -> LoopLag:
        gc.disable()
        self._task = asyncio.create_task(self._probe())
        return self

    async def __aexit__(self, *exc: object) -> None:
        gc.enable()
        self._task.cancel()

    async def _probe(self) -> None:
        while True:
            asked = time.thread_time()
            await asyncio.sleep(0)
            self.worst = max(self.worst, time.thread_time() - asked)
            await asyncio.sleep(0.002)


MakeJail = Callable[..., Jail]


@pytest.fixture
async def jail_of() -> AsyncIterator[MakeJail]:
    """Makes jails whose reader obeys the document; they are closed after the test."""
    made: list[Jail] = []

    def make(reader: str = "tests.jail.readers:obey", **limits: Any) -> Jail:
        made.append(Jail(reader, **limits))
        return made[-1]

    yield make
    for jail in made:
        await jail.aclose()


@pytest.fixture
async def jail(jail_of: MakeJail) -> Jail:
    """One that obeys, with a short patience."""
    return jail_of(cpu=0.5)
