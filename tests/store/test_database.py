"""``write`` and ``read``: one transaction each, on either database; faults become errors that say what to do."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import StatementError

from monitor.errors import ConfigError, DatabaseDamaged, DatabaseError, StateError
from monitor.store import schema as s
from monitor.store.database import Database, Tx
from tests.store.rows import NOW, together


def put(name: str, value: int = 0) -> object:
    return insert(s.counter).values(name=name, value=value)


def value_of(tx: Tx, name: str) -> int | None:
    found: int | None = tx.execute(select(s.counter.c.value).where(s.counter.c.name == name)).scalar_one_or_none()
    return found


def add_one(tx: Tx) -> int:
    """Read, then write: what two at once must not do on the same value."""
    value = tx.execute(select(s.counter.c.value).where(s.counter.c.name == "story").with_for_update()).scalar_one()
    tx.execute(update(s.counter).where(s.counter.c.name == "story").values(value=value + 1))
    return int(value) + 1


async def test_what_is_written_is_read_by_others_once_the_write_returned(db: Database, other: Database) -> None:
    await db.write(lambda tx: tx.execute(text("INSERT INTO counter (name, value) VALUES ('x', 7)")))

    assert await other.read(lambda tx: value_of(tx, "x")) == 7


async def test_work_that_raises_leaves_nothing_behind(db: Database) -> None:
    def work(tx: Tx) -> None:
        tx.execute(insert(s.counter).values(name="x", value=7))
        raise KeyError("half done")

    with pytest.raises(KeyError, match="half done"):
        await db.write(work)

    assert await db.read(lambda tx: value_of(tx, "x")) is None


async def test_a_read_sees_one_moment_however_long_it_takes(db: Database, other: Database) -> None:
    begun, written = threading.Event(), threading.Event()

    def look_twice(tx: Tx) -> tuple[int | None, int | None]:
        first = value_of(tx, "story")
        begun.set()
        written.wait(10)
        return first, value_of(tx, "story")

    looking = asyncio.create_task(db.read(look_twice))
    await asyncio.to_thread(begun.wait, 10)
    await other.write(add_one)
    written.set()

    assert await looking == (0, 0)
    assert await db.read(lambda tx: value_of(tx, "story")) == 1


def test_writers_of_several_processes_lose_none_of_each_others_work(db: Database, other: Database) -> None:
    results = together(*(lambda each=each: each.write_blocking(add_one) for each in (db, other) * 5))  # type: ignore[misc]

    assert sorted(results) == list(range(1, 11))  # type: ignore[type-var]


def test_what_two_inserted_at_once_is_seen_by_the_one_that_came_second(db: Database, other: Database) -> None:
    barrier = threading.Barrier(2)

    def once(tx: Tx) -> str:
        if value_of(tx, "x") is not None:
            return "found"
        if tx.dialect.name == "postgresql" and not barrier.broken:
            try:
                barrier.wait(5)
            except threading.BrokenBarrierError:
                return "alone"
        tx.execute(insert(s.counter).values(name="x", value=1))
        return "made"

    assert sorted(map(str, together(*(lambda each=each: each.write_blocking(once) for each in (db, other))))) == [  # type: ignore[misc]
        "found",
        "made",
    ]


def test_a_constraint_that_is_broken_for_good_is_an_error_of_ours(db: Database) -> None:
    def twice(tx: Tx) -> None:
        tx.execute(insert(s.counter).values(name="story", value=1))

    with pytest.raises(DatabaseError):
        db.write_blocking(twice)


def test_a_statement_that_the_database_refuses_is_an_error_of_ours(db: Database) -> None:
    with pytest.raises(DatabaseError, match="no_such_table") as caught:
        db.write_blocking(lambda tx: tx.execute(text("SELECT * FROM no_such_table")))

    assert (caught.value.exit_code, caught.value.http_status) == (74, 503)


def test_a_deadlock_ends_with_both_works_done(db: Database, other: Database) -> None:
    db.write_blocking(lambda tx: tx.execute(insert(s.counter).values(name="second", value=0)))
    if db.is_sqlite:
        return  # one writer at a time: there is no such thing
    barrier = threading.Barrier(2)

    def cross(first: str, second: str) -> object:
        def work(tx: Tx) -> None:
            tx.execute(update(s.counter).where(s.counter.c.name == first).values(value=s.counter.c.value + 1))
            if not barrier.broken:
                try:
                    barrier.wait(2)
                except threading.BrokenBarrierError:
                    return
            tx.execute(update(s.counter).where(s.counter.c.name == second).values(value=s.counter.c.value + 1))

        return work

    together(
        lambda: db.write_blocking(cross("story", "second")),  # type: ignore[arg-type]
        lambda: other.write_blocking(cross("second", "story")),  # type: ignore[arg-type]
    )

    both = [db.write_blocking(lambda tx, name=name: value_of(tx, name)) for name in ("story", "second")]  # type: ignore[misc]
    assert both[0] is not None
    assert both[0] >= 1


@pytest.mark.parametrize(
    ("moment", "kept"),
    [
        (NOW, NOW),
        (datetime(2025, 10, 6, 5, 0, tzinfo=timezone(timedelta(hours=-4))), NOW),
        (datetime(1970, 1, 1, tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC)),
        (datetime(2100, 2, 28, 23, 59, 59, 999999, tzinfo=UTC), datetime(2100, 2, 28, 23, 59, 59, 999999, tzinfo=UTC)),
    ],
)
def test_moments_come_back_aware_and_in_utc(db: Database, moment: datetime, kept: datetime) -> None:
    db.write_blocking(lambda tx: tx.execute(insert(s.host).values(key="h:80", next_at=moment)))

    found = db.write_blocking(lambda tx: tx.execute(select(s.host.c.next_at)).scalar_one())

    assert (found, found.utcoffset()) == (kept, timedelta())


def test_a_moment_without_a_zone_is_refused(db: Database) -> None:
    with pytest.raises(StatementError, match="without a time zone"):
        db.write_blocking(lambda tx: tx.execute(insert(s.host).values(key="h:80", next_at=NOW.replace(tzinfo=None))))


# --- SQLite -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def sqlite(tmp_path: Path, sqlite_template: Path) -> Database:
    (tmp_path / "monitor.db").write_bytes(sqlite_template.read_bytes())
    database = Database("sqlite:///monitor.db", folder=tmp_path)
    yield database
    database.close()


@pytest.mark.parametrize(
    ("pragma", "value"), [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 60000)]
)
async def test_sqlite_is_set_up_to_lose_nothing(sqlite: Database, pragma: str, value: object) -> None:
    def ask(tx: Tx) -> object:
        return tx.execute(text(f"PRAGMA {pragma}")).scalar_one()

    assert (await sqlite.write(ask), await sqlite.read(ask)) == (value, value)


async def test_a_file_that_cannot_be_written_is_a_fault_of_the_state_folder(sqlite: Database) -> None:
    def work(tx: Tx) -> None:
        tx.execute(text("PRAGMA query_only=ON"))
        tx.execute(insert(s.counter).values(name="x", value=1))

    with pytest.raises(StateError, match="owner and mode") as caught:
        await sqlite.write(work)
    assert caught.value.exit_code == 73


def test_a_folder_that_does_not_exist_is_a_fault_of_the_state_folder(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/absent/monitor.db")

    with pytest.raises(StateError, match="unable to open"):
        database.write_blocking(lambda tx: tx.execute(text("SELECT 1")))
    database.close()


def test_a_file_that_is_damaged_is_named_so(tmp_path: Path) -> None:
    (tmp_path / "monitor.db").write_bytes(b"garbage" * 1000)
    database = Database(f"sqlite:///{tmp_path}/monitor.db")

    with pytest.raises(DatabaseDamaged, match="restore a backup"):
        database.write_blocking(lambda tx: tx.execute(text("SELECT 1")))
    database.close()


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_a_database_in_memory_is_refused_since_it_would_forget_everything(url: str) -> None:
    with pytest.raises(ConfigError, match="names no file"):
        Database(url)


async def test_the_folder_of_a_database_is_the_workspace_unless_the_path_is_absolute(tmp_path: Path) -> None:
    assert Database("sqlite:///state/monitor.db", folder=tmp_path).path == tmp_path / "state" / "monitor.db"
    assert Database("sqlite:////var/monitor.db", folder=tmp_path).path == Path("/var/monitor.db")


# --- PostgreSQL -------------------------------------------------------------------------------------------------------


def test_a_server_that_does_not_answer_is_a_fault_of_the_database() -> None:
    database = Database("postgresql://nobody@127.0.0.1:1/none")

    with pytest.raises(DatabaseError):
        database.write_blocking(lambda tx: tx.execute(text("SELECT 1")))
    database.close()


async def test_a_connection_that_the_server_ended_is_replaced(db: Database, other: Database) -> None:
    if db.is_sqlite:
        pytest.skip("SQLite has no connections to lose")
    await db.write(lambda tx: tx.execute(text("SELECT 1")))
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()"
    await other.write(lambda tx: tx.execute(text(others)).all())

    assert await db.write(lambda tx: tx.execute(text("SELECT 1")).scalar_one()) == 1
