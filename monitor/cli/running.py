"""``monitor run``, ``worker`` and ``web``: the service, whole or in parts."""

from __future__ import annotations

import signal
import sys

import typer

from monitor.cli.workspace import folder_of


def _stop_at_once() -> None:
    """Until the service has its own handlers, SIGTERM ends the start with exit 0: nothing is under way yet."""
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))


def run(command: typer.Context) -> None:
    """Run the service until SIGTERM or Ctrl-C.

    It polls, composes digests, delivers, and shows the web pages. What is under way at the end is finished or left to
    be resumed, within 30 seconds. Exit 75 where another worker holds the workspace.

    \b
    Example: monitor run --workspace /srv/tracker
    """
    _stop_at_once()
    from monitor.cli.serve import serve

    serve(folder_of(command), worker=True, web=True)


def worker(command: typer.Context) -> None:
    """Run the worker alone: polls, digests, deliveries.

    On PostgreSQL any number of workers may run side by side; on SQLite one (exit 75).

    \b
    Example: monitor worker
    """
    _stop_at_once()
    from monitor.cli.serve import serve

    serve(folder_of(command), worker=True, web=False)


def web(command: typer.Context) -> None:
    """Run the web pages alone.

    \b
    Example: MONITOR_HTTP_ADDR=127.0.0.1:8080 monitor web
    """
    _stop_at_once()
    from monitor.cli.serve import serve

    serve(folder_of(command), worker=False, web=True)
