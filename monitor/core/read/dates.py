"""Dates as documents write them: what parses and can be believed, in UTC."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from email.utils import parsedate_to_datetime

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
NOON = 12  # o'clock in UTC: the same day in every American time zone, where midnight is the day before
AHEAD = timedelta(hours=48)

_MONTH_NAMES = "january february march april may june july august september october november december"
MONTHS = {name[:3]: number for number, name in enumerate(_MONTH_NAMES.split(), 1)}
"""The number of each month by the first three letters of its name, in lower case."""
_MONTH = rf"(?P<month>{'|'.join(f'{name[:3]}(?:{name[3:]})?' for name in _MONTH_NAMES.split())}|sept)"
_CLOCK = r"(?:\D{0,6}?(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::\d{2})?\s*(?P<half>[ap])?\.?m?)?"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>\d{4})"
_WRITTEN = (
    re.compile(rf"\b{_MONTH}\.?\s+{_DAY},?\s+{_YEAR}{_CLOCK}", re.I),
    re.compile(rf"{_DAY}\s+{_MONTH}\.?,?\s+{_YEAR}{_CLOCK}", re.I),
    re.compile(rf"{_YEAR}[./-](?P<month>\d{{1,2}})[./-](?P<day>\d{{1,2}}){_CLOCK}", re.I),
)
_SLASHED = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4}|\d{2})\b" + _CLOCK, re.I)
_TIME = re.compile(r"\d:\d\d|\dT\d|\d\s*[ap]\.?m\b", re.I)
_HALF_DAY = re.compile(r"\d\s*[ap]\.?m\b", re.I)
_YEAR_ZERO = re.compile(r"[A-Za-z]{3}\s+00\d\d\b")
_LEAP_SECOND = re.compile(r":60(?=\D|$)")
_MIDNIGHT = re.compile(r"\b(?:0?0:00|12:00(?::00)?\s*am\b|12:00(?::00)?\s*a\.m)", re.I)
_LONGEST = 100  # characters: no date is longer, and hostile ones are


def read_date(raw: str, now: datetime) -> datetime | None:
    """Return the moment that ``raw`` names, in UTC, or None where it names none that can be believed.

    Read: RFC 822 and its relatives, ISO 8601, "October 9, 2025 3:15 pm", "9 Oct 2025", "10/09/2025" only where day and
    month cannot be mistaken for each other. A time without a zone is taken as UTC; a day without a time is its noon in
    UTC, and believed by its beginning. Not believed (POLLING 9): before 1990, or more than 48 hours after ``now``.
    """
    if is_unset(raw):
        return None
    moment = _stated(raw)
    believed = None if moment is None else believable(moment, now)
    return at_noon(believed) if believed is not None and is_bare_day(raw) else believed


def day_at_midnight(raw: str) -> date | None:
    """Return the day that a date's words name whose clock reads midnight to the second, in its own zone; else None.

    "2025-10-09T00:00:00Z" and "Thu, 09 Oct 2025 00:00:00 +0100" are how sites that keep no time fill the format's.
    """
    moment = _stated(raw) if _MIDNIGHT.search(raw) else None
    return moment.date() if moment is not None and moment.time() == time.min else None


def _stated(raw: str) -> datetime | None:
    """Return the moment that ``raw`` names in the zone that it names, or naive where it names none."""
    text = _LEAP_SECOND.sub(":59", raw.strip()[:_LONGEST])
    found = (reader(text) for reader in (_from_iso, _from_mail, _from_words, _from_slashes))
    return next((moment for moment in found if moment is not None), None)


def is_bare_day(raw: str) -> bool:
    """Tell whether a date's words name a day without a time: "2025-10-09", "Oct. 9, 2025", "Thu, 09 Oct 2025"."""
    return _TIME.search(raw) is None


def at_noon(moment: datetime) -> datetime:
    """Return the noon of a day that was read as its midnight; any other moment as it is."""
    return moment.replace(hour=NOON) if (moment.hour, moment.minute, moment.second) == (0, 0, 0) else moment


def is_unset(raw: str) -> bool:
    """Tell whether a date is a program's zero ("01 Jan 0001"), which two-digit rules would turn into 2001."""
    return _YEAR_ZERO.search(raw) is not None


def believable(moment: datetime, now: datetime) -> datetime | None:
    """Return ``moment`` in UTC if it lies between 1990 and ``now`` + 48 hours, else None. Naive means UTC."""
    try:
        utc = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        return None
    return utc if EARLIEST <= utc <= now + AHEAD else None


def _from_iso(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _from_mail(text: str) -> datetime | None:
    if _HALF_DAY.search(text):  # the mail parser drops "pm" without a word
        return None
    try:
        return parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _from_words(text: str) -> datetime | None:
    for pattern in _WRITTEN:
        found = pattern.search(text)
        if found is None:
            continue
        month = found["month"]
        number = int(month) if month.isdigit() else MONTHS[month[:3].lower()]
        return _moment(found, int(found["year"]), number, int(found["day"]))
    return None


def _from_slashes(text: str) -> datetime | None:
    found = _SLASHED.search(text)
    if found is None:
        return None
    first, second, year = int(found[1]), int(found[2]), int(found[3])
    if first <= 12 and second <= 12 and first != second:
        return None
    month, day = (second, first) if first > 12 else (first, second)
    return _moment(found, year + 2000 if year < 100 else year, month, day)


def _moment(found: re.Match[str], year: int, month: int, day: int) -> datetime | None:
    hour, minute = int(found["hour"] or 0), int(found["minute"] or 0)
    if found["half"]:
        hour = hour % 12 + (12 if found["half"].lower() == "p" else 0)
    try:
        return datetime(year, month, day, hour, minute, tzinfo=UTC)
    except ValueError:
        return None
