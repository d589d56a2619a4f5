"""How often a source is polled of our own accord: learned from what its polls brought (POLLING rule 1).

``every`` is the start and the longest wait; what is learned only shortens it. A poll that comes later than a quarter of
what the document covers may lose items; one that hardly ever finds nothing is late with what it finds.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitor.model.source import Source, Voice

LEAST = timedelta(minutes=15)
LEAST_OF_COURTS = timedelta(minutes=5)  # 358 items of a court covered 2.8 hours
LONGEST_DEMAND = timedelta(hours=24)

_WINDOW_PARTS = 4
_REPEATS = 1 / 3  # the share of polls that shall find nothing new
_BATCH = 4  # entries; a poll that finds more says only that it came late, not how late
_MEMORY = timedelta(hours=12)
_GROWTH = 1.25  # times the last interval: a quiet poll does not undo what a busy day taught
_SHORTEST = timedelta(minutes=1)  # between two polls: below it a rate says nothing
_HOUR = timedelta(hours=1)
_LATE = 1.5  # times the interval


@dataclass(frozen=True, slots=True)
class Pace:
    """What polls have taught of a source. ``interval``: how long it is left alone; None: nothing is learned yet.

    ``window`` is the time that its document covers, ``rate`` its new entries an hour (a batch counts as four), and
    ``demand`` the wait that its last answer asked for.
    """

    interval: timedelta | None = None
    window: timedelta | None = None
    rate: float = 0.0
    demand: timedelta | None = None


NO_PACE = Pace()


@dataclass(frozen=True, slots=True)
class Lesson:
    """What one successful poll saw: ``new`` entries among ``items`` (None: the document is as it was).

    ``elapsed`` since the last successful poll, None where this is the baseline; ``unchanged`` since the document last
    held anything new. ``window``: what the document covers by its dates, None where that was not seen. ``gap``: it
    shares nothing with what was known. ``demand``: how long it asks to be left alone.
    """

    elapsed: timedelta | None
    new: int = 0
    items: int | None = None
    unchanged: timedelta | None = None
    window: timedelta | None = None
    gap: bool = False
    demand: timedelta | None = None


def least_interval(source: Source) -> timedelta:
    """The shortest interval that is ever learned; an ``every`` below it stays as the operator set it."""
    return min(source.every, LEAST_OF_COURTS if source.voice is Voice.COURT else LEAST)


def interval_for(every: timedelta, least: timedelta, window: timedelta | None, rate: float) -> timedelta:
    """The interval for a document that covers ``window`` and a source of ``rate`` new entries an hour.

    A quarter of the window, and what leaves a third of the polls without news if entries come at random (then a poll
    after t hours finds none with the probability exp(-rate t)); within ``least`` and ``every``.
    """
    goal = every
    if window is not None:
        goal = min(goal, window / _WINDOW_PARTS)
    if rate > 0:
        goal = min(goal, every, _HOUR * min(-math.log(_REPEATS) / rate, every / _HOUR))
    return max(goal, least)


def learn(before: Pace, source: Source, lesson: Lesson) -> Pace:
    """The pace after one more successful poll. It is shortened at once, halved by a gap, and lengthened slowly."""
    least = least_interval(source)
    rate = _rate(before.rate, lesson)
    window = lesson.window or _turned_over(before.window, lesson)
    last = min(before.interval or source.every, source.every)
    goal = interval_for(source.every, least, window, rate)
    if lesson.gap:
        goal = min(goal, last / 2)
    interval = max(least, min(goal, last * _GROWTH))
    demand = None if lesson.demand is None else min(lesson.demand, LONGEST_DEMAND)
    return replace(before, interval=interval, window=window, rate=rate, demand=demand)


def _rate(before: float, lesson: Lesson) -> float:
    """A moving average by time, so that it forgets as much in one long wait as in many short ones."""
    if lesson.elapsed is None:
        return before
    elapsed = max(lesson.elapsed, _SHORTEST)
    found = min(lesson.new, _BATCH) / (elapsed / _HOUR)
    rate = before + (found - before) * -math.expm1(-(elapsed / _MEMORY))
    return rate if rate > 1e-3 else 0.0  # less than one in six weeks, which is below any ``every``


def _turned_over(before: timedelta | None, lesson: Lesson) -> timedelta | None:
    """What a document covers where its dates do not say: so many of its items came anew since it last changed.

    A shorter time is believed at once, a longer one by halves.
    """
    if not lesson.new or not lesson.items or lesson.unchanged is None or lesson.elapsed is None:
        return before
    found = min(lesson.unchanged * max(1.0, lesson.items / lesson.new), timedelta(days=365))
    return found if before is None or found < before else (before + found) / 2


def window_of(dates: Collection[datetime | None]) -> timedelta | None:
    """The time that a document covers, by the dates of its items; None where half of them or more have none.

    One item that lies further back than all others are apart was pinned, and is left out.
    """
    known = sorted(date for date in dates if date is not None)
    if len(known) < 2 or 2 * len(known) <= len(dates):
        return None
    span = known[-1] - known[0]
    pinned = len(known) > 2 and known[1] - known[0] > span / 2
    return (known[-1] - known[1] if pinned else span) or None  # of one day without times: unknown


def is_hurried(pace: Pace) -> bool:
    """Whether the server asks us to wait longer than a quarter of what its document covers: items may be missed."""
    if pace.demand is None or pace.window is None or pace.interval is None:
        return False
    return pace.demand > max(pace.window / _WINDOW_PARTS, pace.interval)


def is_in_step(pace: Pace, elapsed: timedelta | None) -> bool:
    """Whether a poll came together with many others: a first one, or one that was late, as all are after an outage."""
    return elapsed is None or pace.interval is None or elapsed > pace.interval * _LATE
