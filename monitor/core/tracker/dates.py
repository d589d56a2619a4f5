"""The dates of tracker pages: "January 20, 2025", "Jan. 4, 2021", "Sept. 28, 2018"; and the prefixes of titles."""

from __future__ import annotations

import re
from datetime import date

MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)

# Word and numbers are bounded, so that a match costs a fixed number of steps wherever it is tried.
_WORDED = re.compile(r"([A-Z][a-z]{2,8})\.?\s{1,3}(\d{1,2}),?\s{1,3}(\d{4})")
_DAY_FIRST = re.compile(r"(\d{1,2})\s([A-Z][a-z]{2,8})\.?\s(\d{4})")
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_CUT = re.compile(r"([A-Z][a-z]{0,8})\.?(?: \d{0,2},?(?: \d{0,3})?)?")

_PREFIX = re.compile(
    r"(?:\d{4}[.\-]\s?\d{1,2}(?:[.\-]\s?\d{1,2})?"  # 2025.05.27, 2017-02-21, 2021. 09.28, 2025.01
    r"|\d{1,2}\.\d{1,2}\.\d{2,4})"  # 5.14.21
    r"(?![\d-])[.:_]?\s{0,3}(?:[-–—:]\s{0,3})?"
)


def _month(word: str) -> int | None:
    """1-12 for a month's name, its first three letters, or "Sept"."""
    if word == "Sept":
        return 9
    for number, name in enumerate(MONTHS, start=1):
        if word in (name, name[:3]):
            return number
    return None


def _valid(year: int, month: int | None, day: int) -> date | None:
    try:
        return None if month is None else date(year, month, day)
    except ValueError:
        return None


def take_date(text: str) -> tuple[date | None, str]:
    """The worded date that ``text`` begins with, and what follows it, spaces kept; (None, ``text``) without one.

    In flat text nothing need stand between the two: "January 20, 2025Section 10", "May 20, 20252025.05.30 Reported".
    """
    found = _WORDED.match(text)
    if found is None:
        return None, text
    day = _valid(int(found[3]), _month(found[1]), int(found[2]))
    return (None, text) if day is None else (day, text[found.end() :])


def read_date(text: str) -> date | None:
    """The date that ``text`` is, and nothing but is: worded, day first, or ISO 8601; else None."""
    text = text.strip()
    day, rest = take_date(text)
    if day is not None:
        return None if rest.strip(" .") else day
    if found := _DAY_FIRST.fullmatch(text):
        return _valid(int(found[3]), _month(found[2]), int(found[1]))
    if found := _ISO.fullmatch(text):
        return _valid(int(found[1]), int(found[2]), int(found[3]))
    return None


def is_cut_date(text: str) -> bool:
    """Whether ``text`` is the beginning of a worded date and not a whole one: "Janu", "May 20", "May 27, 20"."""
    found = _CUT.fullmatch(text)
    return found is not None and any(name.startswith(found[1]) for name in MONTHS)


def write_date(day: date) -> str:
    """``day`` as pages print it: "May 27, 2025"."""
    return f"{MONTHS[day.month - 1]} {day.day}, {day.year:04d}"


def dated_prefix(title: str) -> str:
    """The dated beginning of an action's title with its separator, or "": "2025.05.27_", "2025.01 ", "5.14.21 "."""
    found = _PREFIX.match(title)
    return "" if found is None else found[0]
