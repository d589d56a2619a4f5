"""A database is brought from any schema that was ever shipped to this one, with its rows."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import insert, inspect, select, text

import monitor.store.migrations
from monitor.store import schema as s
from monitor.store.changes import list_changes
from monitor.store.database import Database, Tx
from monitor.store.events import last_seq
from monitor.store.policies import list_policies
from monitor.store.records import policy_to_json
from monitor.store.upgrade import HEAD, upgrade
from tests import databases
from tests.store.rows import FIRST_POLICY, NOW, together


def to(revision: str, tx: Tx) -> None:
    """Bring an empty database to an older schema."""
    config = Config()
    config.set_main_option("script_location", str(Path(monitor.store.migrations.__file__).parent))
    config.attributes["connection"] = tx
    command.upgrade(config, revision)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without any table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/empty.db"
        return
    server: databases.Server = request.getfixturevalue("postgres_server")
    server.execute(f"CREATE DATABASE empty_{os.getpid()}")
    yield server.url(f"empty_{os.getpid()}")
    server.execute(f"DROP DATABASE empty_{os.getpid()} WITH (FORCE)")


@pytest.fixture
def empty(empty_url: str) -> Iterator[Database]:
    """A database without any table."""
    database = Database(empty_url)
    yield database
    database.close()


def version(tx: Tx) -> str:
    return str(tx.execute(text("SELECT version_num FROM alembic_version")).scalar_one())


def test_what_an_older_schema_holds_is_there_after_the_upgrade(empty: Database) -> None:
    empty.write_blocking(lambda tx: to("0001", tx))
    row = "'news', 'News', 'https://news.example/feed', 'news.example:443', '{}', '2025-07-16 00:00:00'"
    columns = "id, name, url, host, config, next_poll_at"  # as that schema had them: this code's table has more
    empty.write_blocking(lambda tx: tx.execute(text(f"INSERT INTO source ({columns}) VALUES ({row})")))
    policy = {"url": FIRST_POLICY.url, "slug": "first", "title": "The first", "record": policy_to_json(FIRST_POLICY)}
    values = {**policy, "tracker_id": 1, "created_at": NOW, "updated_at": NOW}
    empty.write_blocking(lambda tx: tx.execute(insert(s.policy).values(values)))
    tables = empty.write_blocking(lambda tx: set(inspect(tx).get_table_names()))

    assert upgrade(empty) is True

    assert "event" not in tables
    assert empty.write_blocking(version) == HEAD
    assert [policy.record for policy in empty.write_blocking(list_policies)] == [FIRST_POLICY]
    assert empty.write_blocking(lambda tx: tx.execute(select(s.source.c.id)).scalars().all()) == ["news"]
    assert (empty.write_blocking(list_changes), empty.write_blocking(last_seq)) == ([], 0)


def test_an_upgrade_that_breaks_leaves_the_older_schema_whole(empty: Database) -> None:
    empty.write_blocking(lambda tx: to("0001", tx))
    empty.write_blocking(lambda tx: tx.execute(text("CREATE TABLE digest_item (in_the_way INTEGER)")))

    with pytest.raises(Exception, match="digest_item"):
        upgrade(empty)

    tables = empty.write_blocking(lambda tx: set(inspect(tx).get_table_names()))
    assert (empty.write_blocking(version), "subscription" in tables) == ("0001", False)
    empty.write_blocking(lambda tx: tx.execute(text("DROP TABLE digest_item")))
    assert upgrade(empty) is True


def test_two_workers_that_start_at_once_upgrade_once(empty: Database, empty_url: str) -> None:
    second = Database(empty_url)

    results = together(lambda: upgrade(empty), lambda: upgrade(second))
    second.close()

    assert sorted(map(str, results)) == ["False", "True"]
