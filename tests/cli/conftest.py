"""A real workspace in a temporary folder, the command line in this process, and a newsroom on loopback."""

from __future__ import annotations

import json
import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from monitor.cli.app import app
from monitor.store.database import Database, Tx

T = TypeVar("T")

ENV = """MONITOR_ALLOW_NETWORKS=127.0.0.0/8
MONITOR_HOST_MIN_GAP=0s
MONITOR_HOLD=0s
MONITOR_SECRET_KEY=0123456789abcdef0123456789abcdef
"""
SUBSCRIPTIONS = """version: 1
subscribers:
  - id: desk
    name: Desk
    email: desk@example.org
    topics: [Interior]
    every: immediate
"""
POLICY = "https://tracker.example/policies/camera-searches"
PAGE = f"""URL: {POLICY}

2.0

ICE uses automated camera networks for immigration enforcement

  1. Original Date Announced

    May 27, 2025

    Reporters say that ICE asks local police to search the Lynxcam license-plate camera network.

    Trump 2.0 [ID #9001]

    2025.05.27_A document
  2. Effective Date

    May 27, 2025
  3. Subsequent Trump and Court Action

    July 16, 2025

    2025.07.16 Reported: Searches of the Lynxcam cameras raise questions - The Outlet

    The Outlet says so.

    View Document

Current Status

None

Original Trump Policy Status

Status: Final/Actual
Trump Administration Action: Change in Practice
Subject Matter: Interior
Agencies Affected: ICE
"""


@dataclass(frozen=True)
class Ran:
    """What a command came to."""

    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        """The one object that it printed."""
        return json.loads(self.stdout)

    @property
    def rows(self) -> list[Any]:
        """The objects that it printed, one a line."""
        return [json.loads(line) for line in self.stdout.splitlines()]


COMMAND = get_command(app)  # built once: it takes 70 ms


@dataclass
class Monitor:
    """The command line on one workspace, in this process."""

    folder: Path

    def __call__(self, *words: object, code: int = 0, env: dict[str, str | None] | None = None) -> Ran:
        """Run ``monitor --workspace FOLDER words...``, which has to end with ``code``."""
        ran = run("--workspace", self.folder, *words, env=env)
        assert ran.code == code, f"exit {ran.code}: {ran.stdout}{ran.stderr}"
        return ran

    def stored(self, work: Callable[[Tx], T]) -> T:
        """What the database holds, asked without a command."""
        database = Database("sqlite:///state/monitor.db", folder=self.folder)
        try:
            return database.write_blocking(work)
        finally:
            database.close()

    def write(self, name: str, text: str) -> Path:
        """Write a file of the workspace."""
        return write(self.folder / name, text)


def run(*words: object, env: dict[str, str | None] | None = None) -> Ran:
    """Run ``monitor words...``; an exception that is nobody's exit code is raised."""
    code: Any = 0
    with CliRunner().isolation(env=env) as (stdout, stderr, _):
        try:
            COMMAND.main(args=[str(word) for word in words], prog_name="monitor")
        except SystemExit as end:
            code = end.code
        sys.stdout.flush()
        sys.stderr.flush()
        return Ran(code or 0, stdout.getvalue().decode(), stderr.getvalue().decode())


@dataclass
class Newsroom:
    """An HTTP server on loopback: documents by path, and what was posted to it."""

    documents: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    answer: int = 200
    posts: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""

    def feed(self, *items: tuple[str, str]) -> None:
        """Publish (headline, text) pairs, the newest first."""
        entries = "".join(
            f"<item><title>{title}</title><link>{self.url}/{len(text)}</link><guid>{title}</guid>"
            f"<pubDate>{formatdate()}</pubDate><description>{text}</description></item>"
            for title, text in items
        )
        body = f'<rss version="2.0"><channel><title>The Outlet</title>{entries}</channel></rss>'
        self.documents["/feed"] = ("application/rss+xml", body.encode())

    def page(self, text: str) -> None:
        """Publish the page at /statement."""
        body = f"<html><head><title>A statement</title></head><body><main>{text}</main></body></html>"
        self.documents["/statement"] = ("text/html", body.encode())


NEWS = (
    "ICE searches of Lynxcam license-plate cameras tapped thousands of times for immigration cases",
    "Local police ran searches of the Lynxcam automated license-plate camera network for ICE, records show.",
)
OTHER = ("School board adopts a new lunch menu", "The menu has soup on Mondays.")


@pytest.fixture(autouse=True)
def own_umask() -> Iterator[None]:
    """Commands make their files private, which would last in this process."""
    before = os.umask(0o022)
    yield
    os.umask(before)


@contextmanager
def serving() -> Iterator[Newsroom]:
    room = Newsroom()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = room.documents.get(self.path)
            kind, body = found or ("text/plain", b"none")
            self._send(200 if found else 404, kind, body)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            room.posts.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self._send(room.answer, "text/plain", b"ok")

        def _send(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    room.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield room
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def newsroom() -> Iterator[Newsroom]:
    with serving() as room:
        yield room


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o644)
    return path


def sources_yaml(*sources: str) -> str:
    """``sources.yaml`` with one line a source: "id: a, url: http://..."."""
    return "version: 1\nsources: [" + ", ".join(f"{{{source}}}" for source in sources) + "]\n"


def new_workspace(folder: Path, template: Path) -> Monitor:
    (folder / "state").mkdir(parents=True)
    shutil.copy(template, folder / "state" / "monitor.db")
    made = Monitor(folder)
    made.write(".env", ENV)
    made.write("sources.yaml", sources_yaml())
    made.write("subscriptions.yaml", SUBSCRIPTIONS)
    return made


@pytest.fixture(scope="session")
def tracked_template(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Path:
    made = new_workspace(tmp_path_factory.mktemp("tracked") / "workspace", sqlite_template)
    made("policies", "import", made.write("page.txt", PAGE))
    return made.folder


@pytest.fixture(scope="session")
def flagged_template(tmp_path_factory: pytest.TempPathFactory, tracked_template: Path) -> Path:
    made = Monitor(tmp_path_factory.mktemp("flagged") / "workspace")
    shutil.copytree(tracked_template, made.folder)
    with serving() as room:
        source = f"id: outlet, name: The Outlet, url: {room.url}/feed, policies: [9001]"
        made.write("sources.yaml", sources_yaml(source))
        room.feed(OTHER)
        made("poll")
        room.feed(NEWS, OTHER)
        made("poll", "--all")
    return made.folder


@pytest.fixture
def monitor(tmp_path: Path, sqlite_template: Path) -> Monitor:
    """A workspace with one mail subscriber, no sources and no policies."""
    return new_workspace(tmp_path / "workspace", sqlite_template)


@pytest.fixture
def tracked(tmp_path: Path, tracked_template: Path) -> Monitor:
    """... and the policy of PAGE."""
    return Monitor(Path(shutil.copytree(tracked_template, tmp_path / "workspace")))


@pytest.fixture
def flagged(tmp_path: Path, flagged_template: Path) -> Monitor:
    """... and a feed that is bound to it, whose newest item was flagged (flag 1)."""
    return Monitor(Path(shutil.copytree(flagged_template, tmp_path / "workspace")))
