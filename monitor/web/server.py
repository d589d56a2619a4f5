"""The web server of one process: uvicorn in the loop that is running, stopped by an event."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import uvicorn
from fastapi import FastAPI

from monitor.net.listening import listening
from monitor.web.login import check_address, login_link

__all__ = ["check_address", "login_link", "serve"]

STOP_WITHIN = 5  # seconds for requests under way


async def serve(app: FastAPI, host: str, port: int, stop: asyncio.Event, ready: Callable[[str], None]) -> None:
    """Serve until ``stop`` is set, then finish what is under way, within 5 s.

    ``ready`` is told the address, as "http://127.0.0.1:8000", once it answers; port 0 takes any free one. Signals are
    the caller's. MonitorError where the address cannot be listened on.
    """
    with closing(listening(host, port)) as sock:
        name, number = sock.getsockname()[:2]
        server = _Server(_config(app), lambda: ready(f"http://{f'[{name}]' if ':' in name else name}:{number}"))
        serving = asyncio.create_task(server.serve(sockets=[sock]))
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
            server.should_exit = True
            await serving


def _config(app: FastAPI) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="critical",  # what breaks is logged by the door; a stranger's garbage is not worth a line
        access_log=False,
        server_header=False,
        proxy_headers=False,  # nobody is trusted to say who the reader is (THREATS A7)
        timeout_graceful_shutdown=STOP_WITHIN,
    )


class _Server(uvicorn.Server):
    """uvicorn that says when it answers, and that leaves the process's signals alone."""

    def __init__(self, config: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._tell = started

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets=sockets)
        self._tell()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
