"""Whether two trackers' words are of one action: wording differs from tracker to tracker, and from day to day."""

from __future__ import annotations

from datetime import date
from difflib import SequenceMatcher

from monitor.core.text import fold, words
from monitor.core.tracker.dates import dated_prefix
from monitor.core.urls import canonical_url

_NEAR = 0.8  # of the letters, in order
_SHARED = 0.6  # of the words that either has
_COMPARED = 300  # characters


def same_action(one: tuple[date | None, str, str, str | None], other: tuple[date | None, str, str, str | None]) -> bool:
    """Whether two actions of one policy, as (date, title, summary, document's address), are the same.

    They are of the same date, and have the same document or nearly the same title (of untitled ones: summary). An
    action without a date is never the same as another.
    """
    if one[0] is None or one[0] != other[0]:
        return False
    if one[3] and other[3] and canonical_url(one[3]) == canonical_url(other[3]):
        return True
    titled = _bare(one[1]) or _bare(other[1])
    mine, theirs = (one[1], other[1]) if titled else (one[2], other[2])
    return mine == theirs or alike(mine, theirs)


def alike(one: str, other: str) -> bool:
    """Whether two titles say nearly the same, dated prefixes aside."""
    return likeness(one, other) >= _SHARED or _letters(_bare(one), _bare(other)) >= _NEAR


def likeness(one: str, other: str) -> float:
    """The share of the words of two texts that both have, 0..1; dated prefixes aside."""
    first, second = set(words(_bare(one))), set(words(_bare(other)))
    return len(first & second) / len(first | second) if first and second else 0.0


def _bare(title: str) -> str:
    return fold(title[len(dated_prefix(title)) :])[:_COMPARED].strip()


def _letters(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other, autojunk=False).ratio() if one and other else 0.0
