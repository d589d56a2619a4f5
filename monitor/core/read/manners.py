"""When a feed asks to be left alone: ttl, sy:updatePeriod and sy:updateFrequency, skipHours and skipDays."""

from __future__ import annotations

import re
from datetime import timedelta

from monitor.model.source import NO_WAIT, Wait

_HEAD = 16 * 1024  # a channel states its manners before its items; what comes later is not looked for
_TTL = re.compile(rb"<ttl>\s*(\d{1,6})\s*</ttl>", re.IGNORECASE)
_PERIOD = re.compile(rb"<sy:updatePeriod>\s*(hourly|daily|weekly|monthly|yearly)\s*</", re.IGNORECASE)
_FREQUENCY = re.compile(rb"<sy:updateFrequency>\s*(\d{1,4})\s*</", re.IGNORECASE)
_SKIP_HOURS = re.compile(rb"<skipHours>(.{0,2000}?)</skipHours>", re.IGNORECASE | re.DOTALL)
_SKIP_DAYS = re.compile(rb"<skipDays>(.{0,2000}?)</skipDays>", re.IGNORECASE | re.DOTALL)
_HOUR = re.compile(rb"<hour>\s*(\d{1,2})\s*</hour>", re.IGNORECASE)
_DAY = re.compile(rb"<day>\s*(\w{3})\w*\s*</day>", re.IGNORECASE)
_PERIODS = {b"hourly": 1, b"daily": 24, b"weekly": 168, b"monthly": 720, b"yearly": 8760}
_DAYS = (b"mon", b"tue", b"wed", b"thu", b"fri", b"sat", b"sun")


def wait_of(body: bytes) -> Wait:
    """What a feed's head asks for. ``least`` is the longer of ttl (minutes) and the update period by its frequency."""
    head = body[:_HEAD]
    hours = _SKIP_HOURS.search(head)
    days = _SKIP_DAYS.search(head)
    demands = [demand for demand in (_ttl(head), _period(head)) if demand is not None]
    if hours is None and days is None and not demands:
        return NO_WAIT
    return Wait(max(demands, default=None), _hours(hours), _days(days))


def _hours(found: re.Match[bytes] | None) -> frozenset[int]:
    hours = [int(hour) for hour in _HOUR.findall(found[1])] if found else []
    return frozenset(hour % 24 for hour in hours if hour <= 24)  # RSS 0.91 counts from 1: its 24 is midnight


def _days(found: re.Match[bytes] | None) -> frozenset[int]:
    days = [day.lower() for day in _DAY.findall(found[1])] if found else []
    return frozenset(_DAYS.index(day) for day in days if day in _DAYS)


def _ttl(head: bytes) -> timedelta | None:
    found = _TTL.search(head)
    return timedelta(minutes=int(found[1])) if found else None


def _period(head: bytes) -> timedelta | None:
    found = _PERIOD.search(head)
    if found is None:
        return None
    frequency = _FREQUENCY.search(head)
    return timedelta(hours=_PERIODS[found[1].lower()]) / max(1, int(frequency[1]) if frequency else 1)
