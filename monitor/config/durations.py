"""Lengths of time as people write them: ``90s``, ``15m``, ``1h``, ``2d``."""

from __future__ import annotations

import re
from datetime import timedelta

from monitor.config.suggest import quoted

_DURATION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?) ?([smhd]?)")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def duration(value: object, least: timedelta, most: timedelta, *, bare_seconds: bool = False) -> timedelta:
    """A duration within limits, or ValueError. With ``bare_seconds`` a number alone means seconds."""
    match = _DURATION.fullmatch(str(value).strip()) if isinstance(value, str | int | float) else None
    if match is None or isinstance(value, bool) or not (match[2] or bare_seconds):
        seconds = "120 (seconds), " if bare_seconds else ""
        raise ValueError(f"{quoted(value)} is not a length of time: write {seconds}90s, 15m, 1h or 2d")
    length = timedelta(seconds=float(match[1]) * _SECONDS[match[2] or "s"])
    if not least <= length <= most:
        raise ValueError(f"{quoted(value)} is out of range: {spoken(least)} to {spoken(most)}")
    return length


def spoken(length: timedelta) -> str:
    """The shortest way to write a duration: ``15m``."""
    seconds = length.total_seconds()
    for unit, size in sorted(_SECONDS.items(), key=lambda item: -item[1]):
        if seconds and seconds % size == 0:
            return f"{seconds / size:g}{unit}"
    return f"{seconds:g}s"
