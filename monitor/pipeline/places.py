"""How many polls, or articles, may be under way, such that slow peers delay nobody else (THREATS I12, fault 51)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Generic, TypeVar

SLOW = 0.25  # seconds; what takes longer waits for its peer, which costs nothing but a socket
MOST_SLOW = 500  # sockets: with those of everything else below the usual 1,024 of a process

_LOOK = 1.0  # seconds between two looks for what fell due, while something is under way

C = TypeVar("C")
T = TypeVar("T")


async def until_nothing_is_due(
    limit: int,
    claim: Callable[[int], Awaitable[Sequence[C]]],
    work: Callable[[C], Coroutine[None, None, T]],
    *,
    stop: asyncio.Event | None = None,
    most_slow: int = MOST_SLOW,
) -> list[T]:
    """Claim (at most so many) and work on it, ``limit`` at once, until nothing can be claimed; what each came to.

    Once ``stop`` is set, what is under way ends.
    """
    results: list[T] = []
    async with asyncio.TaskGroup() as group:
        places = Places[T](limit, group, most_slow)
        while True:
            wanted = 0 if stop is not None and stop.is_set() else places.free()
            was_busy = places.busy
            claims = await claim(wanted) if wanted else []
            for each in claims:
                places.start(work(each))
            if not places.busy:
                if was_busy and wanted:  # what ended meanwhile may have kept the rest from being claimed
                    continue
                break
            if wanted and len(claims) == wanted:
                await places.until_free()
            else:
                await places.until_end(_LOOK)
            results += places.results()
    return results + places.results()


class Places(Generic[T]):
    """Runs coroutines in ``group``, ``quick`` at once; one that is at it for SLOW seconds gives its place to another.

    A coroutine that raises ends the group, as a task of it always does.
    """

    def __init__(self, quick: int, group: asyncio.TaskGroup, most_slow: int = MOST_SLOW) -> None:
        self._quick = quick
        self._most_slow = most_slow
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
        return max(0, self._quick - max(len(self._young), self._running - self._most_slow))

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
