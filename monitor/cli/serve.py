"""``monitor run``, ``worker`` and ``web``: the service until SIGTERM or SIGINT."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from contextlib import AsyncExitStack, nullcontext
from pathlib import Path

import typer
import uvloop

from monitor.build import Configuration, Reloading, configure, holding, opened, start_logging, templates_of
from monitor.pipeline.context import Context
from monitor.web.app import create_app
from monitor.web.server import check_address, login_link
from monitor.web.server import serve as serve_web
from monitor.worker import local


def serve(folder: Path, *, worker: bool, web: bool) -> None:
    """Run until a signal asks to stop; what is under way is finished or left resumable, within 30 s."""
    configuration = configure(folder)
    start_logging(configuration.settings.log)
    if web:
        check_address(configuration.settings)
    held = holding(configuration) if worker else nullcontext()
    with held, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(configuration, worker=worker, web=web))


async def _serve(configuration: Configuration, *, worker: bool, web: bool) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        ctx = await stack.enter_async_context(opened(configuration))
        async with asyncio.TaskGroup() as group:
            if worker:
                group.create_task(_ending(local.run(ctx, stop, reload=Reloading(ctx, configuration)), stop))
            if web:
                group.create_task(_ending(_web(ctx, configuration, stop), stop))


async def _ending(part: Coroutine[None, None, None], stop: asyncio.Event) -> None:
    """When one part of the service ends, however it ends, the other stops too."""
    try:
        await part
    finally:
        stop.set()


async def _web(ctx: Context, configuration: Configuration, stop: asyncio.Event) -> None:
    link = await login_link(ctx)

    listen = configuration.settings.http_addr

    def ready(address: str) -> None:
        own = link if listen.port else link.replace(ctx.settings.base_url, address)  # port 0: known only now
        typer.echo(f"Policy Monitor is at {address}", err=True)
        typer.echo(f"Editors: open {own} once to log in (it works once, for a day)", err=True)

    app = create_app(ctx, templates=templates_of(configuration.folder))
    await serve_web(app, listen.host, listen.port, stop, ready)
