"""The demonstration's servers on loopback, at a time that the test sets."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest

from monitor.demo.servers import Newsroom
from monitor.demo.story import START, Story, load_story


class VirtualClock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def set(self, text: str) -> None:
        self.now = datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture(scope="session")
def story() -> Story:
    return load_story()


@pytest.fixture
async def newsroom(story: Story, clock: VirtualClock) -> AsyncIterator[Newsroom]:
    server = Newsroom(story, clock)
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False, timeout=5) as client:
        yield client
