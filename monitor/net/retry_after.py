"""How long a server asks to be left alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

SHORTEST = timedelta(seconds=1)
LONGEST = timedelta(hours=24)


def parse_retry_after(value: str | None, now: datetime) -> timedelta | None:
    """The wait that a ``Retry-After`` asks for (RFC 9110 10.2.3), clamped to 1 s .. 24 h.

    None where there is no header, or it is neither a count of seconds nor an HTTP date that lies ahead of ``now``.
    """
    wait = _wait(value.strip(), now) if value else None
    return None if wait is None else min(max(wait, SHORTEST), LONGEST)


def _wait(value: str, now: datetime) -> timedelta | None:
    if value.isascii() and value.isdigit():
        return LONGEST if len(value.lstrip("0")) > 9 else timedelta(seconds=int(value))
    try:
        then = parsedate_to_datetime(value)
        ahead = (then if then.tzinfo else then.replace(tzinfo=UTC)) - now
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return ahead if ahead > timedelta(0) else None
