"""Fixtures of the store's tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from monitor.store.database import Database
from tests.emptied import database_url, db, shared_database

__all__ = ["database_url", "db", "shared_database"]


@pytest.fixture
def other(db: Database, database_url: str) -> Iterator[Database]:
    """Another process's view of the same database: connections and threads of its own."""
    database = Database(database_url)
    yield database
    database.close()
