"""One plain sentence about what became different."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from monitor.core.date_words import DATE_OF_SOMETHING, changed_dates
from monitor.core.text import shorten
from monitor.core.urls import split_link_line
from monitor.model.change import Part, PartKind

NO_CHANGE = "no change"
_NAMED = 2  # dates that are told one by one; more are counted
_DATABLE = 100_000  # characters of reworded paragraphs that are searched for dates
_LONGEST_DATE = 40  # characters


def summarise(parts: Sequence[Part], headings: Sequence[str] = ()) -> str:
    """Return one plain sentence about the parts: "2 paragraphs added, 1 changed; effective date changed from X to Y".

    ``headings`` are the lines above the parts, where they are known: they may say what a date is of.
    """
    count = Counter(_aspect(part) for part in parts)
    prose = ("added", "removed", "changed", "moved")
    above = headings or [""] * len(parts)
    dated = [(part, line) for part, line in zip(parts, above, strict=True) if part.op is PartKind.DATE]
    phrases = [
        _counted("paragraph", [(count["paragraph", action], action) for action in prose]),
        _dates(dated, [part for part in parts if part.op is PartKind.CHANGED]),
        _counted("link", [(count["link", action], action) for action in prose]),
    ]
    return "; ".join(phrase for phrase in phrases if phrase) or NO_CHANGE


def _aspect(part: Part) -> tuple[str, str]:
    match part.op:
        case PartKind.LINK:
            return "link", "added" if not part.before else "changed" if part.after else "removed"
        case PartKind.MOVED if split_link_line(part.after) is not None:
            return "link", "moved"
        case _:
            return "paragraph", part.op.value


def _counted(noun: str, actions: Iterable[tuple[int, str]]) -> str:
    told = [(number, action) for number, action in actions if number]
    if not told:
        return ""
    (number, action), *others = told
    first = f"{number:,} {noun}{'' if number == 1 else 's'} {action}"
    return ", ".join((first, *(f"{number:,} {action}" for number, action in others)))


def _dates(dated: Sequence[tuple[Part, str]], reworded: Sequence[Part]) -> str:
    """A single date is told, and so are the first that say what they are of; the others are counted.

    A paragraph whose other words changed too is counted as one already: of its dates only those are told.
    """
    changed = [each for part, line in dated for each in changed_dates(part.before, part.after, line)]
    named = [each for each in changed if each[0] != DATE_OF_SOMETHING]
    beside = [each for part in _readable(reworded) for each in changed_dates(part.before, part.after)]
    beside = [each for each in beside if each[0] != DATE_OF_SOMETHING]
    told = [*named, *beside] if len(named) + len(beside) <= _NAMED else []
    if len(changed) == 1 and not told:
        told = changed
    others = max(len(changed), len(dated)) - sum(each not in beside for each in told)
    phrases = [f"{role} changed from {_short(was)} to {_short(now)}" for role, was, now in told]
    if others:
        phrases.append(f"{others:,} {'other ' if told else ''}date{'' if others == 1 else 's'} changed")
    return ", ".join(phrases)


def _readable(parts: Sequence[Part]) -> Iterator[Part]:
    """Yield the parts that are short enough to be searched for dates, while there is room."""
    left = _DATABLE
    for part in parts:
        left -= len(part.before) + len(part.after)
        if left < 0:
            return
        yield part


def _short(date: str) -> str:
    return shorten(date, _LONGEST_DATE)
