"""Room 1's places: how many polls may be under way, such that slow peers delay nobody else (THREATS I12, fault 51)."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Generic, TypeVar

SLOW = 0.25  # seconds; what takes longer waits for its peer, which costs nothing but a socket
MOST_SLOW = 500  # sockets: with those of everything else below the usual 1,024 of a process

T = TypeVar("T")


class Places(Generic[T]):
    """Runs coroutines in ``group``, ``quick`` at once; one that is at it for SLOW seconds gives its place to another.

    A coroutine that raises ends the group, as a task of it always does.
    """

    def __init__(self, quick: int, group: asyncio.TaskGroup) -> None:
        self._quick = quick
        self._group = group
        self._young: dict[asyncio.Task[T], float] = {}  # and when each started, in that order
        self._running = 0
        self._ended: list[T] = []
        self._end = asyncio.Event()
        self._now = asyncio.get_running_loop().time

    @property
    def busy(self) -> bool:
        """Whether anything is under way."""
        return self._running > 0

    def free(self) -> int:
        """How many may start now."""
        since = self._now() - SLOW
        while self._young and next(iter(self._young.values())) <= since:
            del self._young[next(iter(self._young))]
        return max(0, self._quick - max(len(self._young), self._running - MOST_SLOW))

    def start(self, work: Coroutine[None, None, T]) -> None:
        """Take a place."""
        task = self._group.create_task(work)
        self._young[task] = self._now()
        self._running += 1
        task.add_done_callback(self._ends)

    async def until_free(self) -> None:
        """Wait until half of the places are free: claims in batches cost less."""
        while self.busy and 2 * self.free() < self._quick:
            oldest = next(iter(self._young.values()), self._now())
            await self.until_end(max(0.01, oldest + SLOW - self._now()))

    async def until_end(self, seconds: float) -> None:
        """Wait until something ends, at most so long."""
        self._end.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._end.wait()

    def results(self) -> list[T]:
        """What ended since the last call."""
        ended, self._ended = self._ended, []
        return ended

    def _ends(self, task: asyncio.Task[T]) -> None:
        self._young.pop(task, None)
        self._running -= 1
        self._end.set()
        if not task.cancelled() and task.exception() is None:
            self._ended.append(task.result())
