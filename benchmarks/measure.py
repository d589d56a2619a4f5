"""How a figure is measured: CPU time of everything that works for it, and polls that came to what they should."""

from __future__ import annotations

import resource
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from benchmarks.workspace import Clock, FeedSite
from monitor.pipeline.context import Context
from monitor.pipeline.poll import poll_all_due
from monitor.pipeline.report import PollReport

FEED_BYTES = 40_000
_HOUR = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Figure:
    """One line: what was done, milliseconds of CPU for one, and what it is measured against."""

    work: str
    ms: float
    against: float | None = None
    target: str = ""

    def __str__(self) -> str:
        ratio = f"{self.ms / self.against:.2f}x" if self.against else ""
        return f"{self.work:<62} {self.ms:8.2f} {ratio:>7}  {self.target}"


class Meter:
    """CPU time of this process and of its children, the site of feeds left out."""

    def __init__(self, site: FeedSite) -> None:
        self._site = site.pid

    async def each(self, times: int, work: Callable[[], Awaitable[object]]) -> float:
        """Milliseconds for one of the ``times`` things that ``work`` does."""
        began = self._spent()
        await work()
        return (self._spent() - began) / times * 1000

    def _spent(self) -> float:
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        return time.process_time() + ended.ru_utime + ended.ru_stime + sum(map(_cpu_of, self.children()))

    def children(self) -> set[int]:
        """The processes that work for this one."""
        lists = (path.read_text().split() for path in Path("/proc/self/task").glob("*/children"))
        return {int(pid) for pids in lists for pid in pids} - {self._site}


def _cpu_of(pid: int) -> float:
    """Seconds that a process has run, to the nanosecond."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


async def _poll(ctx: Context, clock: Clock) -> PollReport:
    clock.ahead += _HOUR
    return await poll_all_due(ctx)


async def checked(ctx: Context, clock: Clock, **expected: int) -> None:
    """A poll of everything that must come to what is expected: a figure of something else is worth nothing."""
    report = await _poll(ctx, clock)
    found = {name: getattr(report, name) for name in expected}
    assert found == expected, f"{found} where {expected} was expected"


def largest(meter: Meter) -> float:
    """The most memory that any one process of this work ever held, in MB."""
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return max(own, *map(peak_of, meter.children()), 0) / 1024


def peak_of(pid: int) -> int:
    """The most memory that a process ever held, in kB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmHWM:")))


def stable(site: FeedSite, feeds: int, count: int, share: float) -> tuple[list[int], int]:
    """Feeds of which ``share`` have a new entry in pass 2 and none was edited; how many have."""
    site.turn(2)
    new, edited = site.truth()
    site.turn(1)
    changed = new[: round(count * share)]
    steady = sorted(set(range(feeds)) - set(new) - set(edited))[: count - len(changed)]
    return sorted(changed + steady), len(changed)
