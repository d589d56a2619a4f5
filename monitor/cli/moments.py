"""Days and moments as people type them into options."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta

from monitor.errors import UsageError

_AGO = re.compile(r"\d+(\.\d+)?[smhd]")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_LONGEST = timedelta(days=36_500)


def day(option: str, text: str) -> date:
    """``2025-10-09``; UsageError that names ``option`` otherwise."""
    try:
        if _DAY.fullmatch(text.strip()):
            return date.fromisoformat(text.strip())
    except ValueError:
        pass  # shaped as a day, but not in the calendar
    raise UsageError(f"{option}: {_quoted(text)} is not a day: write it as 2025-10-09")


def day_or_none(option: str, text: str | None) -> date | None:
    """``day``, or None where the option is not given."""
    return None if text is None else day(option, text)


def moment(option: str, text: str, now: datetime, *, end_of_day: bool = False) -> datetime:
    """A day, a moment (UTC where it names no zone), or a length of time before ``now`` (``36h``).

    A day is its beginning in UTC, or with ``end_of_day`` its end. UsageError that names ``option`` otherwise.
    """
    words = text.strip()
    if _AGO.fullmatch(words):
        return now - length(option, words)
    if _DAY.fullmatch(words):
        begin = datetime.combine(day(option, words), time(), UTC)
        return begin + timedelta(days=1) if end_of_day else begin
    try:
        found = datetime.fromisoformat(words)
    except ValueError:
        raise UsageError(
            f"{option}: {_quoted(text)} is no moment: write 2025-10-09, 2025-10-09T14:00Z, or 36h, 2d for that long ago"
        ) from None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def length(option: str, text: str) -> timedelta:
    """``90s``, ``15m``, ``1h``, ``2d``; UsageError that names ``option`` otherwise."""
    from monitor.config.durations import duration

    try:
        return duration(text, timedelta(0), _LONGEST)
    except ValueError as error:
        raise UsageError(f"{option}: {error}") from None


def _quoted(text: str) -> str:
    from monitor.config.suggest import quoted

    return quoted(text)
