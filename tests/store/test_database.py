"""``write`` and ``read``: one transaction each, on either database; faults become errors that say what to do."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import StatementError

from monitor.errors import ConfigError, DatabaseDamaged, DatabaseError, StateError
from monitor.store import schema as s
from monitor.store.database import Database, Tx
from tests.store.rows import NOW, together


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
    results = together(*[lambda: db.write_blocking(add_one), lambda: other.write_blocking(add_one)] * 5)

    assert sorted(map(str, results), key=int) == [str(n) for n in range(1, 11)]


class Meeting:
    """Two transactions meet here the first time that each comes by; a repetition walks past."""

    def __init__(self) -> None:
        self._barrier = threading.Barrier(2)
        self._been: set[str] = set()

    def attend(self, name: str) -> None:
        if name not in self._been:
            self._been.add(name)
            self._barrier.wait(10)


@pytest.fixture
def on_postgres(db: Database) -> None:
    if db.is_sqlite:
        pytest.skip("SQLite has one writer at a time: two transactions never meet")


@pytest.mark.usefixtures("on_postgres")
def test_of_two_that_insert_the_same_at_once_the_second_sees_the_firsts(db: Database, other: Database) -> None:
    meeting = Meeting()

    def once(name: str) -> Callable[[Tx], str]:
        def work(tx: Tx) -> str:
            if value_of(tx, "x") is not None:
                return "found"
            meeting.attend(name)
            tx.execute(insert(s.counter).values(name="x", value=1))
            return "made"

        return work

    results = together(lambda: db.write_blocking(once("a")), lambda: other.write_blocking(once("b")))

    assert sorted(map(str, results)) == ["found", "made"]


@pytest.mark.usefixtures("on_postgres")
def test_a_deadlock_ends_with_both_works_done(db: Database, other: Database) -> None:
    meeting = Meeting()
    db.write_blocking(lambda tx: tx.execute(insert(s.counter).values(name="other", value=0)))

    def raise_both(first: str, second: str) -> Callable[[Tx], None]:
        def work(tx: Tx) -> None:
            tx.execute(text("SET LOCAL deadlock_timeout = '20ms'"))
            raised = {"value": s.counter.c.value + 1}
            tx.execute(update(s.counter).where(s.counter.c.name == first).values(raised))
            meeting.attend(first)
            tx.execute(update(s.counter).where(s.counter.c.name == second).values(raised))

        return work

    together(
        lambda: db.write_blocking(raise_both("story", "other")),
        lambda: other.write_blocking(raise_both("other", "story")),
    )

    assert db.write_blocking(lambda tx: (value_of(tx, "story"), value_of(tx, "other"))) == (2, 2)


def test_a_constraint_that_is_broken_for_good_is_an_error_of_ours(db: Database) -> None:
    def twice(tx: Tx) -> None:
        tx.execute(insert(s.counter).values(name="story", value=1))

    with pytest.raises(DatabaseError):
        db.write_blocking(twice)


def test_a_statement_that_the_database_refuses_is_an_error_of_ours(db: Database) -> None:
    with pytest.raises(DatabaseError, match="no_such_table") as caught:
        db.write_blocking(lambda tx: tx.execute(text("SELECT * FROM no_such_table")))

    assert (caught.value.exit_code, caught.value.http_status) == (74, 503)


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
def sqlite(tmp_path: Path, sqlite_template: Path) -> Iterator[Database]:
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


@pytest.mark.usefixtures("on_postgres")
async def test_a_connection_that_the_server_ended_is_replaced(db: Database, other: Database) -> None:
    await db.write(lambda tx: tx.execute(text("SELECT 1")))
    mine = "datname = current_database() AND pid <> pg_backend_pid()"
    await other.write(
        lambda tx: tx.execute(text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {mine}")).all()
    )

    assert await db.write(lambda tx: tx.execute(text("SELECT 1")).scalar_one()) == 1


def test_whoever_opens_a_fresh_file_at_once_opens_it(tmp_path: Path) -> None:
    """The change to WAL does not wait for locks: a web process and a worker that start together both must."""
    for n in range(20):
        databases = [Database(f"sqlite:///{tmp_path}/{n}.db") for _ in range(3)]

        modes = together(*(partial(each.write_blocking, journal_mode) for each in databases))
        for each in databases:
            each.close()

        assert modes == ["wal"] * 3


def journal_mode(tx: Tx) -> str:
    return str(tx.exec_driver_sql("PRAGMA journal_mode").scalar_one())


def counting(name: str) -> Callable[[Tx], str]:
    """Work that stores a counter and gives its name."""

    def work(tx: Tx) -> str:
        tx.execute(insert(s.counter).values(name=name, value=1))
        return name

    return work


def raising(error: BaseException) -> Callable[[Tx], None]:
    """Work that stores something and then breaks."""

    def work(tx: Tx) -> None:
        tx.execute(insert(s.counter).values(name="half", value=1))
        raise error

    return work


async def test_each_of_many_writes_at_once_gets_its_own_result(db: Database) -> None:
    names = [f"n{number}" for number in range(40)]

    results = await asyncio.gather(*(db.write(counting(name)) for name in names))

    assert results == names
    assert [await db.read(lambda tx, n=name: value_of(tx, n)) for name in names] == [1] * 40  # type: ignore[misc]


@pytest.mark.parametrize("error", [KeyError("broke"), GeneratorExit("ended")])
async def test_a_write_that_breaks_takes_none_of_those_beside_it_along(db: Database, error: BaseException) -> None:
    works = [counting("before"), raising(error), counting("after")]

    results = await asyncio.wait_for(asyncio.gather(*map(db.write, works), return_exceptions=True), 10)

    assert (results[0], type(results[1]), results[2]) == ("before", type(error), "after")
    found = [await db.read(lambda tx, n=name: value_of(tx, n)) for name in ("before", "half", "after")]  # type: ignore[misc]
    assert found == [1, None, 1]


async def test_a_caller_that_gave_up_does_not_hold_up_the_next(db: Database) -> None:
    given_up = asyncio.create_task(db.write(counting("given up")))
    await asyncio.sleep(0)
    given_up.cancel()

    assert await asyncio.wait_for(db.write(counting("next")), 10) == "next"


def test_a_loop_that_ended_with_a_write_in_hand_does_not_hold_up_the_next_loop(db: Database) -> None:
    async def leave() -> None:
        task = asyncio.create_task(db.write(counting("left")))
        await asyncio.sleep(0)
        task.cancel()

    asyncio.run(leave())

    assert asyncio.run(asyncio.wait_for(db.write(counting("next")), 10)) == "next"
