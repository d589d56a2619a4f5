"""Fixtures that every room's tests share: the two databases and the shared data."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings

from monitor.store.database import Database
from monitor.store.upgrade import upgrade
from tests import databases

settings.register_profile("patient", deadline=None)  # a property never depends on how busy the machine is
settings.load_profile("patient")
ROOT = Path(__file__).parent.parent
_numbers = count()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real data beside the project (``MONITOR_SHARED`` or ``../shared``); skips where it is absent."""
    shared = Path(os.environ.get("MONITOR_SHARED", ROOT.parent / "shared")) / "data"
    if not shared.is_dir():
        pytest.skip(f"needs the shared data folder: {shared} is absent (set MONITOR_SHARED)")
    return shared


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file; tests copy it."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    database = Database(f"sqlite:///{path}")
    upgrade(database)
    database.close()
    return path


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[databases.Server]:
    """A PostgreSQL server on loopback with a migrated template; skips where its programs are missing."""
    programs = databases.postgres_programs()
    if programs is None:
        pytest.skip(databases.HOW_TO_GET_POSTGRES)
    # Not under pytest's own folders: those are private to the account that PostgreSQL refuses to run as.
    with (
        TemporaryDirectory(prefix="monitor-postgres-") as folder,
        databases.running_postgres(programs, Path(folder)) as server,
    ):
        databases.make_template(server)
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a fresh, migrated database: the test runs once on each of the two."""
    if request.param == "sqlite":
        path = tmp_path / "monitor.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
    else:
        server: databases.Server = request.getfixturevalue("postgres_server")
        with databases.postgres_copy(server, f"test_{os.getpid()}_{next(_numbers)}") as url:
            yield url


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    """A fresh, migrated database, once SQLite and once PostgreSQL."""
    database = Database(database_url)
    yield database
    database.close()
