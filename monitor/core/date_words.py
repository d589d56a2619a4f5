"""Dates and times as pages write them, and what a date is of: taking effect, comments, a hearing, an end."""

from __future__ import annotations

import re
from collections.abc import Iterator

_MONTH = r"""(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?
    |oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?"""
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_MOMENT = rf"""(?:
      {_MONTH}\s{_DAY}(?:,?\s\d{{4}})?
    | {_DAY}\s{_MONTH}(?:,?\s\d{{4}})?
    | {_MONTH}\s\d{{4}}
    | \d{{4}}[-./]\d{{1,2}}[-./]\d{{1,2}}(?:T[\d:.]{{4,15}}(?:Z|[+-]\d\d:?\d\d)?)?
    | \d{{1,2}}[-./]\d{{1,2}}[-./](?:\d{{4}}|\d{{2}})
    | \d{{1,2}}:\d{{2}}(?::\d{{2}})?(?:\s?[ap]\.?m\b\.?)?(?:\s(?:[ECMP][SD]?T|UTC|GMT)\b)?
    | (?:an?|\d{{1,4}})\s(?:second|minute|hour|day|week|month|year)s?\sago
    | (?:mon|tues|wednes|thurs|fri|satur|sun)day
    )(?!\w)"""
DATES = rf"\b{_MOMENT}(?:[\s,|-]{{1,3}}(?:at\s)?{_MOMENT})*"
"""A date or time in words, with what follows of it; for ``re.I | re.X``."""
DATE = re.compile(DATES, re.I | re.X)

DATE_OF_SOMETHING = "date"
_ROLES = {
    "effective date": r"effective|(?:takes?|took|taking|in|into) (?:effect|force)",
    "comment deadline": r"comment (?:period|deadline)|comments?(?: \w+){0,5}? (?:due|clos\w+|deadline|ends?|by|until|"
    r"through|before)",
    "hearing date": r"hearings?|oral arguments?",
    "expiration date": r"expir\w+|sunsets?|valid (?:until|through)",
    "compliance date": r"compliance|comply",
}
_ROLE = re.compile("|".join(rf"\b(?P<r{n}>{words})\b" for n, words in enumerate(_ROLES.values())), re.I)
_NAMES = tuple(_ROLES)
_REACH = 100  # characters before or behind a date in which the words may stand that say what it is of
_STOP = re.compile(r"[.;] ")
_BARE = 3  # words beside its date that a line may have, so that the line above says what it is of


def role_of(before: str, behind: str, heading: str = "") -> str:
    """Return what a date is of, "effective date" or such, from what stands before and behind it; else "date".

    ``heading`` is the line above: it counts where the date's own line holds hardly anything else.
    """
    near = _roles(_STOP.split(before[-_REACH:])[-1])
    if near:
        return near[-1]
    following = _roles(_STOP.split(behind[:_REACH])[0])
    if following:
        return following[0]
    above = _roles(heading[-_REACH:]) if len(f"{before} {behind}".split()) <= _BARE else []
    return above[-1] if above else DATE_OF_SOMETHING


def _roles(text: str) -> list[str]:
    return [_NAMES[int(found.lastgroup[1:])] for found in _ROLE.finditer(text) if found.lastgroup]


def changed_dates(before: str, after: str, heading: str = "") -> Iterator[tuple[str, str, str]]:
    """Yield what each date is of that differs between two lines, with the date before and after.

    Where the lines hold different numbers of dates, nothing is yielded. A date whose words say one thing before and
    another after is a date.
    """
    was, now = list(DATE.finditer(before)), list(DATE.finditer(after))
    if len(was) != len(now):
        return
    for old, new in zip(was, now, strict=True):
        if old.group() != new.group():
            of = role_of(before[: old.start()], before[old.end() :], heading)
            same = of == role_of(after[: new.start()], after[new.end() :], heading)
            yield of if same else DATE_OF_SOMETHING, old.group(), new.group()
