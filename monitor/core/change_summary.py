"""One plain sentence about what became different."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from monitor.core.date_words import DATE_OF_SOMETHING, changed_dates
from monitor.core.text import shorten
from monitor.core.urls import split_link_line
from monitor.model.change import Part, PartKind

NO_CHANGE = "no change"
_NAMED = 2  # dates that are told one by one; more are counted
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
        _dates(dated),
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


def _dates(dated: Sequence[tuple[Part, str]]) -> str:
    """A single date is told, and so are the first that say what they are of; the others are counted."""
    if not dated:
        return ""
    changed = [each for part, line in dated for each in changed_dates(part.before, part.after, line)]
    named = [each for each in changed if each[0] != DATE_OF_SOMETHING]
    told = (named or changed)[:_NAMED] if len(changed) == 1 or 0 < len(named) <= _NAMED else []
    others = max(len(changed), len(dated)) - len(told)
    phrases = [f"{role} changed from {_short(was)} to {_short(now)}" for role, was, now in told]
    if others:
        phrases.append(f"{others:,} {'other ' if told else ''}date{'' if others == 1 else 's'} changed")
    return ", ".join(phrases)


def _short(date: str) -> str:
    return shorten(date, _LONGEST_DATE)
