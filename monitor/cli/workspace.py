"""The workspace that a command works on, opened for as long as the command takes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import typer

if TYPE_CHECKING:
    from monitor.build import Configuration
    from monitor.pipeline.context import Context

T = TypeVar("T")


def folder_of(command: typer.Context) -> Path:
    """``--workspace``, else MONITOR_WORKSPACE, else the current folder."""
    given: Path | None = command.find_root().obj
    if given is not None:
        return given
    from monitor.build import environment

    return Path(environment().get("MONITOR_WORKSPACE") or ".")


def with_context(command: typer.Context, work: Callable[[Context], Awaitable[T]], *, hold: bool = False) -> T:
    """What ``work`` gives on the workspace's context.

    ``hold``: as its worker, which takes over what a dead one left; WorkspaceBusy (exit 75) where another is at work.
    """
    from monitor import build

    configuration = build.configure(folder_of(command))
    build.start_logging(configuration.settings.log)
    with build.holding(configuration) if hold else nullcontext():
        return asyncio.run(_opened(configuration, work, hold))


async def _opened(configuration: Configuration, work: Callable[[Context], Awaitable[T]], hold: bool) -> T:
    from monitor.build import opened
    from monitor.pipeline.maintain import maintain

    async with opened(configuration) as ctx:
        if hold:
            await maintain(ctx, sole_worker=ctx.db.is_sqlite)
        return await work(ctx)
