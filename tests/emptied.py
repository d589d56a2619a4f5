"""Fixtures of the rooms that test on both databases: one database of each kind, emptied before each test."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from itertools import count

import pytest
from sqlalchemy import delete, text, update

from monitor.store.database import Database, Tx
from monitor.store.schema import counter, metadata
from monitor.store.upgrade import HEAD
from tests import databases

_numbers = count()


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def shared_database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Database]]:
    """One database of each kind for all of these tests: to empty it takes a tenth of a new one and its statements."""
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("shared") / "monitor.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        database = Database(f"sqlite:///{path}")
        yield f"sqlite:///{path}", database
        database.close()
        return
    server: databases.Server = request.getfixturevalue("postgres_server")
    with databases.postgres_copy(server, f"shared_{os.getpid()}_{next(_numbers)}") as url:
        database = Database(url)
        yield url, database
        database.close()


def emptied(tx: Tx) -> None:
    """As after the migrations."""
    for table in reversed(metadata.sorted_tables):
        if table is not counter:
            tx.execute(delete(table))
    tx.execute(delete(counter).where(counter.c.name.not_in(("event", "story"))))
    tx.execute(update(counter).values(value=0))
    tx.execute(text("UPDATE alembic_version SET version_num = :head"), {"head": HEAD})
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
