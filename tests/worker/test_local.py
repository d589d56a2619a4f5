"""The worker of one machine: alarms that never overlap, faults that stop nothing, a stop that loses nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from monitor.worker import local
from monitor.worker.local import Tick, _alarm, _drain


class Work:
    """Work that counts its starts and goes on until it is let go."""

    def __init__(self) -> None:
        self.started = 0
        self.finished = 0
        self.release = asyncio.Event()

    async def __call__(self) -> None:
        self.started += 1
        await self.release.wait()
        self.finished += 1


Busy = dict[str, asyncio.Task[None]]


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_an_alarm_during_the_work_starts_no_second_one() -> None:
    work, busy, stop = Work(), Busy(), asyncio.Event()
    tick = Tick("poll", 1.0, work)

    await _alarm(tick, busy, stop)
    await settle()
    await _alarm(tick, busy, stop)
    await settle()
    assert work.started == 1

    work.release.set()
    await settle()
    await _alarm(tick, busy, stop)
    await settle()
    assert work.started == 2


async def test_after_the_stop_nothing_new_is_started() -> None:
    work, stop = Work(), asyncio.Event()
    stop.set()

    await _alarm(Tick("poll", 1.0, work), {}, stop)
    await settle()

    assert work.started == 0


async def test_one_ticks_fault_is_logged_and_the_next_tick_asks_again() -> None:
    calls = 0

    async def broken() -> None:
        nonlocal calls
        calls += 1
        raise RuntimeError("a fault of ours")

    busy: Busy = {}
    for _ in range(2):
        await _alarm(Tick("poll", 1.0, broken), busy, asyncio.Event())
        await settle()

    assert calls == 2
    assert busy == {}


async def test_what_is_under_way_at_the_stop_is_finished() -> None:
    work, busy = Work(), Busy()
    await _alarm(Tick("deliver", 1.0, work), busy, asyncio.Event())
    await settle()

    draining = asyncio.create_task(_drain(set(busy.values())))
    await settle()
    assert not draining.done()
    work.release.set()
    await draining

    assert work.finished == 1


async def test_what_takes_too_long_is_left_resumable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "STOP_WITHIN", 0.05)
    work, busy = Work(), Busy()
    await _alarm(Tick("deliver", 1.0, work), busy, asyncio.Event())
    await settle()

    await _drain(set(busy.values()))

    assert (work.started, work.finished) == (1, 0)


def test_the_alarms_are_the_seven_functions_and_the_reading_of_files() -> None:
    async def reload() -> None: ...

    never: Callable[[], Awaitable[object]] = reload

    ticks = local.ticks(None, asyncio.Event(), never)  # type: ignore[arg-type]  # nothing is called here

    asked = ["poll", "pages", "articles", "rematch", "compose", "deliver", "maintain"]
    assert [tick.name for tick in ticks] == [*asked, "reload"]
