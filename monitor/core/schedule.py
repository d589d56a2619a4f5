"""When digests are due and sources are polled again: computed from the clock, never fired by it.

An alarm at 02:30 rings twice on one autumn night and not at all on one spring night (agronholm/apscheduler#120,
#1021). A cut-off that is computed from the local date exists exactly once a local day, however the clocks are moved.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from monitor.model.source import Wait
from monitor.model.subscription import Every, Schedule

LONGEST_WAIT = timedelta(hours=24)
_JITTER = 0.1
_SPREAD = 0.5
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_HOURS, _WEEK = 24, 7
_REACH = 40  # days: longer than any month, so that the walk always meets a cut-off


@dataclass(frozen=True, slots=True)
class Due:
    """One digest window's end. ``period`` is its name, unique for a subscription; ``cutoff`` is aware, in UTC."""

    period: str
    cutoff: datetime


def last_due(schedule: Schedule, now: datetime) -> Due | None:
    """The latest cut-off at or before ``now`` (aware); None for an immediate subscription, which has no windows.

    Periods: ``hour:2025-10-09T07Z``, ``day:2025-10-09``, ``week:2025-10-13``, ``month:2025-10``: the (local) date of
    the cut-off, not of what it covers. A wall time that the clocks skip is the first instant after the gap; one that
    comes twice is its first coming (THREATS fault 39).
    """
    match schedule.every:
        case Every.IMMEDIATE:
            return None
        case Every.HOUR:
            return _hour(now)
        case _:
            return next(due for due in _cutoffs(schedule, now, -1) if due.cutoff <= now)


def next_due(schedule: Schedule, now: datetime) -> Due | None:
    """The first cut-off after ``now`` (aware); None for an immediate subscription."""
    match schedule.every:
        case Every.IMMEDIATE:
            return None
        case Every.HOUR:
            return _hour(now + _HOUR)
        case _:
            return next(due for due in _cutoffs(schedule, now, 1) if due.cutoff > now)


def next_poll(
    *,
    now: datetime,
    every: timedelta,
    failures: int,
    jitter: float,
    demand: timedelta | None = None,
    spread: bool = False,
) -> datetime:
    """When to ask a source again (POLLING rules 1 and 3).

    ``every`` is the wait of our own accord; each of the ``failures`` in a row adds another, up to 24 hours; up to 10 %
    is taken off (``jitter`` is in 0..1), so that sources drift apart, and where they may be in step with many others
    (``spread``) up to a half. What the server demands is never undercut, but for demands beyond 24 hours.
    """
    own = min(every * (1 + failures), max(every, LONGEST_WAIT)) * (1 - (_SPREAD if spread else _JITTER) * jitter)
    return now + max(own, min(demand or timedelta(), LONGEST_WAIT))


def after_skips(moment: datetime, wait: Wait) -> datetime:
    """The first moment from ``moment`` on that a document's skipHours and skipDays (UTC) leave; at most a day on.

    A document that skips every hour, or every day, is not taken at its word: it would never be read again.
    """
    if len(wait.skip_hours) >= _HOURS or len(wait.skip_days) >= _WEEK:
        return moment
    latest = moment + LONGEST_WAIT
    while moment < latest and (moment.hour in wait.skip_hours or moment.weekday() in wait.skip_days):
        moment = moment.replace(minute=0, second=0, microsecond=0) + _HOUR
    return min(moment, latest)


def _hour(now: datetime) -> Due:
    cutoff = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return Due(f"hour:{cutoff:%Y-%m-%dT%H}Z", cutoff)


def _cutoffs(schedule: Schedule, now: datetime, step: int) -> Iterator[Due]:
    """The cut-offs from a day on the far side of ``now``, walking ``step`` days at a time."""
    zone = ZoneInfo(schedule.timezone)
    start = now.astimezone(zone).date() - step * 2 * _DAY  # a zone may jump a whole day over ``now``
    for days in range(_REACH):
        day = start + step * days * _DAY
        if _falls_on(schedule, day, zone):
            yield Due(_period(schedule.every, day), _instant(day, schedule.at, zone))


def _falls_on(schedule: Schedule, day: date, zone: ZoneInfo) -> bool:
    match schedule.every:
        case Every.WEEK:
            return day.weekday() == schedule.weekday
        case Every.MONTH:
            return day.day == schedule.monthday
        case _:
            return _exists(day, zone)


def _period(every: Every, day: date) -> str:
    return f"month:{day:%Y-%m}" if every is Every.MONTH else f"{every}:{day.isoformat()}"


def _exists(day: date, zone: ZoneInfo) -> bool:
    """False for a local day that never was (30 December 2011 in Apia): no day, no daily digest."""
    return _instant(day, time(), zone).astimezone(zone).date() == day


def _instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    wall = datetime.combine(day, at)
    instant = wall.replace(tzinfo=zone).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == wall:
        return instant
    before = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)  # PEP 495: in a gap, fold=1 is the earlier instant
    return _transition(before, instant, zone)


def _transition(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The second at which the clocks moved, found by halving the span between two instants on either side of it."""
    low, high = 0, round((after - before).total_seconds())
    old = before.astimezone(zone).utcoffset()
    while high - low > 1:
        middle = (low + high) // 2
        if (before + timedelta(seconds=middle)).astimezone(zone).utcoffset() == old:
            low = middle
        else:
            high = middle
    return before + timedelta(seconds=high)
