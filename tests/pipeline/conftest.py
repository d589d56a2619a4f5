"""Fixtures of the pipeline's tests: a newsroom on each of the two databases, and a second worker beside it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete, text, update
from structlog.testing import capture_logs
from structlog.typing import EventDict

from monitor.store.database import Database, Tx
from monitor.store.schema import counter, metadata
from tests import databases
from tests.pipeline.newsroom import Newsroom, a_newsroom


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def shared_database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Database]]:
    """One database of each kind for all of these tests: to empty it takes a tenth of a new one and its statements."""
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("pipeline") / "monitor.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        database = Database(f"sqlite:///{path}")
        yield f"sqlite:///{path}", database
        database.close()
        return
    server: databases.Server = request.getfixturevalue("postgres_server")
    with databases.postgres_copy(server, f"pipeline_{os.getpid()}") as url:
        database = Database(url)
        yield url, database
        database.close()


def emptied(tx: Tx) -> None:
    """As after the migrations."""
    for table in reversed(metadata.sorted_tables):
        if table is not counter:
            tx.execute(delete(table))
    tx.execute(update(counter).values(value=0))
    if tx.dialect.name == "postgresql":
        tx.execute(text("SELECT setval(format('%I', sequencename)::regclass, 1, false) FROM pg_sequences"))


@pytest.fixture
def db(shared_database: tuple[str, Database]) -> Database:
    """An empty, migrated database, once SQLite and once PostgreSQL."""
    shared_database[1].write_blocking(emptied)
    return shared_database[1]


@pytest.fixture
def database_url(shared_database: tuple[str, Database]) -> str:
    """The URL of ``db``, for a second connection to it."""
    return shared_database[0]


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
