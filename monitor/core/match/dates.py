"""When an item was published, from what is known of it."""

from __future__ import annotations

import re
from datetime import date

from monitor.core.text import fold

_IN_ADDRESS = re.compile(r"[/_.-](20\d\d)[/_.-]?(\d\d)[/_.-]?(\d\d)(?!\d)")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_IN_WORDS = re.compile(
    r"\b(jan|feb|mar|apr|may|jun|jul|aug|sep)[a-z]{0,6}\.? (\d{1,2}),? (20\d\d)\b"
    r"|\b(oct|nov|dec)[a-z]{0,5}\.? (\d{1,2}),? (20\d\d)\b"
    r"|\b(20\d\d)[.-](\d\d)[.-](\d\d)\b"
)
_YEAR = re.compile(r"\b(20[0-4]\d)\b")


def published(stated: date | None, url: str, title: str, text: str) -> tuple[float | None, float]:
    """Return when an item was published as a year with its fraction, and how far to trust it.

    Trust is 1 for a stated date, a date in the address or a full date in the words; .5 for a year alone (taken as its
    middle); with neither the answer is (None, 0).
    """
    if stated is not None:
        return year_fraction(stated), 1.0
    found = _address_date(url) or _word_date(f"{title}\n{text[:2000]}")
    if found is not None:
        return year_fraction(found), 1.0
    year = _YEAR.search(f"{url} {title} {text[:2000]}")
    return (int(year.group(1)) + 0.5, 0.5) if year else (None, 0.0)


def year_fraction(day: date) -> float:
    """Return a day as a year and its fraction: 2 July 2025 is about 2025.5."""
    return day.year + (day.timetuple().tm_yday - 1) / 365.25


def _address_date(url: str) -> date | None:
    found = _IN_ADDRESS.search(url)
    return _date(*found.groups()) if found else None


def _word_date(text: str) -> date | None:
    for found in _IN_WORDS.finditer(fold(text)):
        if found.group(7):
            day = _date(*found.group(7, 8, 9))
        else:
            month, number, year = found.group(1, 2, 3) if found.group(1) else found.group(4, 5, 6)
            day = _date(year, str(_MONTHS.index(month) + 1), number)
        if day is not None:
            return day
    return None


def _date(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None
