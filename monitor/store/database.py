"""The database behind two calls: ``write(work)`` and ``read(work)`` run ``work(tx)`` in one transaction.

SQLite: one writer thread, BEGIN IMMEDIATE (a deferred transaction that turns into a writer fails at once with
SQLITE_BUSY_SNAPSHOT, whatever the busy timeout), WAL, synchronous=FULL. PostgreSQL: a small pool of threads.
``work`` may run again after a deadlock, a serialisation failure or a lost race, so it must touch nothing but ``tx``.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, exc, make_url, pool

from monitor.errors import ConfigError, DatabaseDamaged, DatabaseError, Problem, StateError

Tx = Connection
T = TypeVar("T")

# serialization_failure, deadlock_detected, and unique_violation: two at once did what only one may, and the one that
# came second sees the first's work when it runs again
_RETRYABLE = {"40001", "40P01", "23505"}
_TRIES = 5
_POOL = 4
_TURNS = 8  # of the loop, before what waits is written: with 3, uvloop brings each poll to a commit of its own
_DAMAGED = ("malformed", "not a database", "file is encrypted")
_UNWRITABLE = ("readonly", "read-only", "unable to open database file")


@dataclass(frozen=True, slots=True)
class _Write:
    work: Callable[[Tx], Any]
    loop: asyncio.AbstractEventLoop
    waiting: asyncio.Future[Any]


@dataclass(frozen=True, slots=True)
class _Failed:
    error: BaseException


class Database:
    """One database. ``close()`` waits for work under way."""

    def __init__(self, url: str, *, folder: Path | None = None) -> None:
        """``url`` is ``sqlite:///PATH`` (relative to ``folder``) or ``postgresql://...``."""
        self.is_sqlite = url.startswith("sqlite:")
        if self.is_sqlite:
            self.path: Path | None = _sqlite_path(url, folder)
            self._writer = _sqlite_engine(self.path, "BEGIN IMMEDIATE")
            self._reader = _sqlite_engine(self.path, "BEGIN")
            self._write_pool = ThreadPoolExecutor(1, "db-write")
            self._queue: deque[_Write] = deque()
            self._called_from: asyncio.AbstractEventLoop | None = None  # the loop that has called the writer to it
        else:
            self.path = None
            self._writer = _postgres_engine(url)
            self._reader = self._writer.execution_options(isolation_level="REPEATABLE READ")
            self._write_pool = ThreadPoolExecutor(_POOL, "db-write")
        self._read_pool = ThreadPoolExecutor(_POOL, "db-read")

    async def write(self, work: Callable[[Tx], T]) -> T:
        """Run ``work`` in one transaction that is committed durably before this returns.

        On SQLite, what comes to the one writer within the same moment is committed together: a commit is 0.3 ms.
        """
        loop = asyncio.get_running_loop()
        if not self.is_sqlite:
            return await loop.run_in_executor(self._write_pool, self._run, self._writer, work)
        waiting: asyncio.Future[T] = loop.create_future()
        self._queue.append(_Write(work, loop, waiting))
        if self._called_from is not loop:
            self._called_from = loop
            self._call_writer(loop, _TURNS)
        return await waiting

    def _call_writer(self, loop: asyncio.AbstractEventLoop, turns: int) -> None:
        """Let the loop turn first, so that more may come; where nothing else is to be done, that takes no time."""
        if turns:
            loop.call_soon(self._call_writer, loop, turns - 1)
        else:
            self._write_pool.submit(self._write_waiting)

    async def read(self, work: Callable[[Tx], T]) -> T:
        """Run ``work`` on one consistent view; it must not write."""
        return await asyncio.get_running_loop().run_in_executor(self._read_pool, self._run, self._reader, work)

    def write_blocking(self, work: Callable[[Tx], T]) -> T:
        """``write`` for callers without a loop: the upgrade at start, and the command line's tests."""
        return self._write_pool.submit(self._run, self._writer, work).result()

    def close(self) -> None:
        """Finish what is under way and close every connection."""
        self._write_pool.shutdown(wait=True)
        self._read_pool.shutdown(wait=True)
        self._writer.dispose()
        self._reader.dispose()

    def _write_waiting(self) -> None:
        """Commit all that waits in one transaction, each write in a savepoint of its own."""
        self._called_from = None  # what is appended from here on calls again, so that nothing is left waiting
        group: list[_Write] = []
        while self._queue:
            write = self._queue.popleft()
            if not write.waiting.cancelled():
                group.append(write)
        if not group:
            return
        _deliver(group, self._together(group) if len(group) > 1 else [self._alone(group[0].work)])

    def _together(self, group: Sequence[_Write]) -> Sequence[Any]:
        try:
            return self._run(self._writer, lambda tx: [_in_savepoint(tx, write.work) for write in group])
        except BaseException:  # not one of them failed but the transaction (a full disk): none of it is stored
            return [self._alone(write.work) for write in group]

    def _alone(self, work: Callable[[Tx], Any]) -> Any:
        try:
            return self._run(self._writer, work)
        except BaseException as error:  # the caller's, whatever it is: he waits for it
            return _Failed(error)

    def _run(self, engine: Engine, work: Callable[[Tx], T]) -> T:
        for tries_left in range(_TRIES - 1, -1, -1):
            try:
                with engine.begin() as tx:
                    return work(tx)
            except exc.DBAPIError as error:
                if tries_left and getattr(error.orig, "sqlstate", None) in _RETRYABLE:
                    continue
                raise _ours(error) from error
        raise AssertionError("unreachable")


def _in_savepoint(tx: Tx, work: Callable[[Tx], Any]) -> Any:
    """What ``work`` gives, or how it failed: then what it wrote is gone and the transaction goes on."""
    raw = _driver(tx)
    raw.execute("SAVEPOINT one_write").close()
    try:
        result = work(tx)
    except BaseException as error:
        raw.execute("ROLLBACK TO one_write").close()
        result = _Failed(_ours(error) if isinstance(error, exc.DBAPIError) else error)
    raw.execute("RELEASE one_write").close()
    return result


def _driver(tx: Tx) -> sqlite3.Connection:
    """The connection past SQLAlchemy, where a statement of no parameters costs a tenth."""
    raw = tx.connection.driver_connection
    assert isinstance(raw, sqlite3.Connection)
    return raw


def _deliver(group: Sequence[_Write], results: Sequence[Any]) -> None:
    """Wake each caller's loop once, whatever it waits for: each wake-up is a system call."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Any], Any]]] = {}
    for write, result in zip(group, results, strict=True):
        by_loop.setdefault(write.loop, []).append((write.waiting, result))
    for loop, outcomes in by_loop.items():
        with suppress(RuntimeError):  # the loop was closed: nobody waits any more
            loop.call_soon_threadsafe(_settle, outcomes)


def _settle(outcomes: Sequence[tuple[asyncio.Future[Any], Any]]) -> None:
    for waiting, result in outcomes:
        if waiting.done():  # cancelled meanwhile
            continue
        if isinstance(result, _Failed):
            waiting.set_exception(result.error)
        else:
            waiting.set_result(result)


def _sqlite_path(url: str, folder: Path | None) -> Path:
    name = make_url(url).database
    if not name or name == ":memory:":
        raise ConfigError(
            Problem("MONITOR_DATABASE_URL", None, f"{url} names no file: write sqlite:///state/monitor.db")
        )
    return (folder or Path()) / name


def _sqlite_engine(path: Path, begin: str) -> Engine:
    engine = create_engine(
        f"sqlite:///{path}", poolclass=pool.QueuePool, pool_size=_POOL, connect_args={"check_same_thread": False}
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # transactions are begun below, not by the driver
        connection.execute("PRAGMA busy_timeout=60000").close()
        _into_wal(connection)
        for pragma in ("synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def start(connection: Connection) -> None:
        try:
            _driver(connection).execute(begin).close()
        except sqlite3.Error as error:
            raise exc.OperationalError(begin, None, error) from error

    return engine


def _into_wal(connection: sqlite3.Connection) -> None:
    """Change a new file to WAL. Two processes may do so at once, and this one change does not wait for a lock.

    SQLite answers "locked" here without asking its busy handler (of 60 pairs of starts on a fresh file 19 failed); to
    begin a writer does ask it, so that waits for the other process.
    """
    for last in (*[False] * _TRIES, True):
        try:
            connection.execute("PRAGMA journal_mode=WAL").close()
            return
        except sqlite3.OperationalError as error:
            if last or "locked" not in str(error):
                raise
        connection.execute("BEGIN IMMEDIATE").close()
        connection.execute("COMMIT").close()


def _postgres_engine(url: str) -> Engine:
    address = make_url(url).set(drivername="postgresql+psycopg")
    return create_engine(address, pool_size=2 * _POOL, max_overflow=0, pool_pre_ping=True)


def _ours(error: exc.DBAPIError) -> Exception:
    """The driver's error as one of ours, so that the exit code and the message say what to do."""
    words = str(error.orig)
    if any(sign in words for sign in _DAMAGED):
        return DatabaseDamaged(f"{words}: nothing was changed; restore a backup, or run `sqlite3 FILE .recover`")
    if any(sign in words for sign in _UNWRITABLE):
        return StateError(f"the database cannot be written: {words}; check the owner and mode of the state folder")
    return DatabaseError(words)


def check_integrity(path: Path) -> None:
    """Refuse a damaged SQLite file before anything is written to it (fault 14: ``count(*)`` still works on one)."""
    if not path.exists() or not os.path.getsize(path):
        return
    try:
        connection = sqlite3.connect(f"file:{path}?mode=rw", uri=True, timeout=60)
        try:
            verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        finally:
            connection.close()
    except sqlite3.DatabaseError as error:
        verdict = str(error)
    if verdict != "ok":
        if any(sign in verdict for sign in _UNWRITABLE):
            raise StateError(f"{path}: {verdict}; check the owner and mode of the state folder")
        raise DatabaseDamaged(f"{path}: {verdict}; nothing was changed; restore a backup")
