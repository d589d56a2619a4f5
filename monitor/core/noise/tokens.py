"""A line of a page as tokens: words, numbers, dates, codes and marks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from monitor.core.date_words import DATES

AGO = "\x02"
"""What a relative time reads as: "3 minutes ago" says when a page was rendered, never what it says."""


class Kind(StrEnum):
    """What a token is. CODE: an id, as of a session or a build."""

    NUMBER = "number"
    DATE = "date"
    CODE = "code"
    WORD = "word"
    MARK = "mark"


class Token(NamedTuple):
    """A piece of a line, with the place of its first character and the one after its last."""

    text: str
    kind: Kind
    start: int
    end: int


_AGO = r"""\b(?:(?:about|over|almost|less\ than)\s)?(?:an?|\d{1,4})\s?
    (?:s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|wks?|weeks?|months?|years?)\.?\sago\b | \bjust\ now\b"""
_CODE = (
    r"\b(?=[\w-]*\d)(?=[\w-]*[a-z])[0-9a-z_-]{8,}\b | \b(?=[0-9]*[a-z])(?=[a-z]*[0-9])[0-9a-z]+\b | \b[0-9a-f]{12,}\b"
)
_NUMBER = r"\d+(?:[.,:]\d+)*%?"
_TOKEN = re.compile(
    rf"(?P<ago>{_AGO})|(?P<date>{DATES})|(?P<code>{_CODE})|(?P<number>{_NUMBER})|(?P<word>[^\W\d_]+(?:['’][^\W\d_]+)?)"
    r"|(?P<mark>[^\s])",
    re.I | re.X,
)
_KINDS = {name: Kind(name) for name in ("date", "code", "number", "word", "mark")}
_LONGEST = 5_000  # characters of a line that are looked at token by token; what follows is one


@lru_cache(maxsize=4_096)
def tokens_of(line: str) -> tuple[Token, ...]:
    """Return the tokens of a line; a date with its time is one."""
    found = [
        Token(match[0], _KINDS[name], match.start(), match.end())
        if (name := match.lastgroup or "mark") != "ago"
        else Token(AGO, Kind.DATE, match.start(), match.end())
        for match in _TOKEN.finditer(line[:_LONGEST])
    ]
    if len(line) > _LONGEST:
        found.append(Token(line[_LONGEST:], Kind.WORD, _LONGEST, len(line)))
    return tuple(found)


def kind_of(values: Sequence[Token]) -> Kind:
    """What may stand where these tokens stood: WORD is anything at all."""
    kinds = {token.kind for token in values} - {Kind.MARK}
    if kinds <= {Kind.NUMBER}:
        return Kind.NUMBER
    if kinds <= {Kind.NUMBER, Kind.DATE}:
        return Kind.DATE
    return Kind.CODE if kinds <= {Kind.NUMBER, Kind.CODE} else Kind.WORD


ALLOWED = {
    Kind.NUMBER: frozenset({Kind.NUMBER, Kind.MARK}),
    Kind.DATE: frozenset({Kind.NUMBER, Kind.DATE, Kind.MARK}),
    Kind.CODE: frozenset({Kind.NUMBER, Kind.CODE, Kind.MARK}),
    Kind.WORD: frozenset(Kind),
}
"""The kinds of the tokens that may fill a gap of a kind."""
