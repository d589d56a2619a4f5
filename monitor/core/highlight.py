"""Where a text has the words of a match's reasons, so that whoever reads it sees why it was flagged."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from monitor.core.match.identifiers import identifiers
from monitor.core.text import plain
from monitor.model.flag import Reason, ReasonKind

Span = tuple[int, int]
_WRITTEN = frozenset({ReasonKind.ALIAS, ReasonKind.WORDS, ReasonKind.AGENCY, ReasonKind.IDENTIFIER})


def highlights(text: str, reasons: Sequence[Reason]) -> list[Span]:
    """The spans of ``text`` that speak for the match, in order and apart from one another.

    Words stand in a reason as one text had them: other forms of them are not found.
    """
    found = [*_numbers(text, reasons), *_words(text, reasons)]
    return list(_apart(sorted(found)))


def _numbers(text: str, reasons: Sequence[Reason]) -> Iterator[Span]:
    """A docket is written in many ways, and a reason gives one."""
    wanted = {reason.term for reason in reasons if reason.kind is ReasonKind.IDENTIFIER}
    return ((one.start, one.end) for one in identifiers(text) if wanted and one.value in wanted)


def _words(text: str, reasons: Sequence[Reason]) -> Iterator[Span]:
    written = [reason for reason in reasons if reason.kind in _WRITTEN]
    parts = (part.strip() for each in written for part in (each.term.split(",") if _lists(each) else [each.term]))
    terms = sorted({plain(part) for part in parts if part}, key=len, reverse=True)
    if not terms:
        return iter(())
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(_written, terms))})(?!\w)")
    return (match.span() for match in pattern.finditer(plain(text)))


def _written(term: str) -> str:
    """A pattern of a term in either case, over any breaks of lines; ICE is no ice."""
    words = r"\s+".join(map(re.escape, term.split()))
    return words if term.isupper() else f"(?i:{words})"


def _lists(reason: Reason) -> bool:
    return reason.kind is ReasonKind.WORDS


def _apart(spans: Iterable[Span]) -> Iterator[Span]:
    end = 0
    for start, stop in spans:
        if stop > end:
            yield max(start, end), stop
            end = stop
