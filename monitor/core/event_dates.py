"""Days as news writes them, resolved against the day on which it appeared: "on Tuesday", "October 6", "yesterday"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from monitor.core.read.dates import MONTHS
from monitor.core.text import fold
from monitor.core.verbs import word_set

_MONTH = (
    r"(?P<month>jan(?:uary|\.)?|feb(?:ruary|\.)?|mar(?:ch|\.)?|apr(?:il|\.)?|may|june?\.?|july?\.?|aug(?:ust|\.)?"
    r"|sep(?:t(?:ember)?)?\.?|oct(?:ober|\.)?|nov(?:ember|\.)?|dec(?:ember|\.)?)"
)
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DATE = re.compile(
    rf"\b{_MONTH} (?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?!\d)(?:,? (?P<year>(?:19|20)\d\d)\b)?"
    rf"|\b(?P<weekday>{'|'.join(_WEEKDAYS)})\b|\b(?P<near>yesterday|today)\b"
    r"|\b(?:in|since|of|from|during) (?:(?P<only_month>[a-z]{3,9})\.? )?(?P<only_year>(?:19|20)\d\d)\b"
)
_LEAD = re.compile(r"(?P<word>[a-z]+),? (?:the )?\Z")
_NOT_THE_DEED = word_set(
    "effective until through beginning starting next by from before after since till expires expire "
    "ends end ending the between to every each of and coming this dated deadline"
)
_BEFORE_A_DAY = word_set("on late early last")


@dataclass(frozen=True, slots=True)
class DatedWords:
    """A day that a text names, where it stands, and whether it can be the day of what the text tells.

    ``year_only``: a year, or a month of one.
    ``of_deed`` is False of a day within a name or a term ("the October 3, 2023 designation", "until May 1").
    """

    day: date
    start: int
    of_deed: bool
    year_only: bool


def dated(text: str, published: date) -> Iterator[DatedWords]:
    """Every day that ``text`` names, in order. Without a year it is the nearest past one; a weekday is at most six days
    back. A year alone, or with its month, is the last day of it."""
    folded = fold(text)
    for found in _DATE.finditer(folded):
        day = _day(found, published)
        if day is not None:
            yield DatedWords(day, found.start(), _is_of_deed(folded, found), found["only_year"] is not None)


def _is_of_deed(text: str, found: re.Match[str]) -> bool:
    lead = _LEAD.search(text, max(0, found.start() - 20), found.start())
    word = lead["word"] if lead else ""
    if found["month"]:
        return word == "on" or (word not in _NOT_THE_DEED and not _names_a_thing(text, found))
    if found["only_year"]:
        return not text[found.start() :].startswith(("of", "from"))
    return word not in _NOT_THE_DEED


def _names_a_thing(text: str, found: re.Match[str]) -> bool:
    """A day right before a noun is part of its name: "the Oct. 3, 2023 designation"."""
    return (
        re.match(r" [a-z]+", text[found.end() :]) is not None
        and re.search(r"\b(?:the|a|its|his|her) \Z", text[: found.start()]) is not None
    )


def _day(found: re.Match[str], published: date) -> date | None:
    if found["near"]:
        return published - timedelta(days=1 if found["near"] == "yesterday" else 0)
    if found["weekday"]:
        return published - timedelta(days=(published.weekday() - _WEEKDAYS.index(found["weekday"])) % 7)
    if found["only_year"]:
        return _end_of(found["only_month"], int(found["only_year"]))
    month, day = MONTHS[found["month"][:3]], int(found["day"])
    if found["year"]:
        return _valid(int(found["year"]), month, day)
    return next(
        (
            near
            for year in (published.year, published.year - 1)
            if (near := _valid(year, month, day)) and near <= published
        ),
        None,
    )


def _end_of(month: str | None, year: int) -> date | None:
    if month is None or month[:3] not in MONTHS:
        return date(year, 12, 31)
    number = MONTHS[month[:3]]
    return date(year + number // 12, number % 12 + 1, 1) - timedelta(days=1)


def _valid(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
