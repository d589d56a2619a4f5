"""Fixtures of the pipeline's tests: a newsroom on each of the two databases, and a second worker beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from monitor.store.database import Database
from tests.emptied import database_url, db, shared_database
from tests.pipeline.newsroom import HOLD, OTHER, POLICY, Newsroom, Relay, a_hook, a_newsroom, a_reader

__all__ = ["database_url", "db", "shared_database"]


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[EventDict]]:
    """What the pipeline logs during a test."""
    with capture_logs() as entries:
        yield entries


@pytest.fixture
def newsroom(db: Database, tmp_path: Path) -> Newsroom:
    """An empty newsroom: no policy, no source, no subscriber."""
    return a_newsroom(db, tmp_path / "outbox")


@pytest.fixture
def colleague(newsroom: Newsroom, database_url: str) -> Iterator[Newsroom]:
    """Another worker on the same database, by a connection of its own."""
    database = Database(database_url)
    yield newsroom.colleague(database)
    database.close()


@pytest.fixture
async def tracked(newsroom: Newsroom) -> Newsroom:
    """Two policies are tracked."""
    await newsroom.track(POLICY, OTHER)
    return newsroom


@pytest.fixture
def relay() -> Relay:
    """A scripted mail server."""
    return Relay()


@pytest.fixture
async def mailing(tracked: Newsroom, relay: Relay) -> Newsroom:
    """One mail is due at the scripted mail server."""
    mailing = tracked.with_mail(relay)
    await mailing.subscribe(a_reader())
    await mailing.record("One")
    mailing.clock.advance(seconds=HOLD.total_seconds())
    await mailing.compose()
    return mailing


@pytest.fixture
async def posting(tracked: Newsroom) -> Newsroom:
    """One webhook is due."""
    await tracked.subscribe(a_hook())
    await tracked.record("One")
    tracked.clock.advance(seconds=HOLD.total_seconds())
    await tracked.compose()
    return tracked
