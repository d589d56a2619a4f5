"""Real databases for tests: a migrated SQLite file to copy, and a PostgreSQL server on loopback with a template."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from monitor.store.database import Database
from monitor.store.upgrade import upgrade

HOW_TO_GET_POSTGRES = "needs a PostgreSQL server's programs: apt-get install postgresql (or put pg_ctl on the PATH)"
_TEMPLATE = "monitor_template"


@dataclass(frozen=True)
class Server:
    """A PostgreSQL server of this test run alone."""

    port: int

    def url(self, name: str) -> str:
        return f"postgresql://monitor@127.0.0.1:{self.port}/{name}"

    def execute(self, statement: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)


def postgres_programs() -> Path | None:
    """The folder of initdb and pg_ctl: Debian keeps it off the PATH."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    on_path = shutil.which("pg_ctl")
    for folder in [*debian, *([Path(on_path).resolve().parent] if on_path else [])]:
        if (folder / "initdb").exists() and (folder / "pg_ctl").exists():
            return folder
    return None


def _unprivileged_account() -> str | None:
    """PostgreSQL refuses to run as root: the account to run it as there."""
    if os.geteuid() != 0:
        return None
    return "postgres" if any(entry.pw_name == "postgres" for entry in pwd.getpwall()) else "nobody"


@contextmanager
def running_postgres(programs: Path, folder: Path) -> Iterator[Server]:
    """Start a server in ``folder`` on a free loopback port, without fsync: only tests trust it with data."""
    account = _unprivileged_account()
    if account:
        shutil.chown(folder, account)
    data = folder / "data"

    def run(program: str, *words: str) -> None:
        command = [str(programs / program), *words]
        groups: list[int] | None = [] if account else None
        subprocess.run(command, check=True, capture_output=True, cwd=folder, user=account, extra_groups=groups)

    run("initdb", "-D", str(data), "-U", "monitor", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = (
        f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off -c max_connections=200"
    )
    run("pg_ctl", "start", "-w", "-D", str(data), "-l", str(folder / "log"), "-o", settings)
    try:
        yield Server(port)
    finally:
        run("pg_ctl", "stop", "-w", "-m", "immediate", "-D", str(data))


def make_template(server: Server) -> None:
    """Migrate one database, which every test's own is a copy of."""
    server.execute(f"CREATE DATABASE {_TEMPLATE}")
    database = Database(server.url(_TEMPLATE))
    upgrade(database)
    database.close()


@contextmanager
def postgres_copy(server: Server, name: str) -> Iterator[str]:
    """The URL of a fresh database."""
    server.execute(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}")
    try:
        yield server.url(name)
    finally:
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")
