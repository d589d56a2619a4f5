"""Why a policy is a match: each reason with the words of the item that hold it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from monitor.core.match.evidence import Evidence
from monitor.core.match.features import EARLY, NEAR, off_field, other_numbers, years_since
from monitor.core.match.profile import Profile
from monitor.core.match.reading import Reading
from monitor.core.text import excerpt, shorten
from monitor.model.flag import Reason, ReasonKind

_WORDS_SHOWN = 4
_LIKE = 0.15  # a likeness to a recorded or rejected item from which it is worth a reason
_TERM_LIMIT = 120
OFF_FIELD = "no word of the tracked field"


class Case(NamedTuple):
    """One policy put against one item, with the evidence for it."""

    policy: Profile
    reading: Reading
    evidence: Evidence


def reasons(case: Case, bound: bool, rarity: Callable[[str], float]) -> tuple[Reason, ...]:
    """Return what speaks for the match and then what speaks against it. Excerpts are of the item."""
    found = [Reason(ReasonKind.BOUND, case.policy.title)] if bound else []
    found += _identifiers(case)
    found += _names(case)
    found += _words(case, rarity)
    found += _timeline(case, rarity)
    found += _agencies(case)
    found += _dates(case)
    found += _against(case)
    return tuple(found)


def _identifiers(case: Case) -> Iterator[Reason]:
    shared = {one.key: one for one, _ in (*case.evidence.identifiers, *case.evidence.cited)}
    for one in shared.values():
        yield Reason(ReasonKind.IDENTIFIER, one.value, _excerpt(case, one.start, one.end))


def _names(case: Case) -> Iterator[Reason]:
    for name, _ in (*case.evidence.terms, *case.evidence.names):
        term = case.reading.whole[name.start : name.end]
        yield Reason(ReasonKind.ALIAS, " ".join(term.split()), _excerpt(case, name.start, name.end))


def _words(case: Case, rarity: Callable[[str], float]) -> Iterator[Reason]:
    """The shared words that weigh most, as the item writes them; those of the policy's title count double."""

    def weight(term: str) -> float:
        return rarity(term) * case.reading.weights[term] * (2 if term in case.policy.title_terms else 1)

    shared = sorted(case.policy.terms & case.reading.terms, key=lambda term: (-weight(term), term))[:_WORDS_SHOWN]
    if shared:
        spans = [case.reading.spans[term] for term in shared]
        shown = ", ".join(" ".join(case.reading.whole[start:end].split()) for start, end in spans)
        yield Reason(ReasonKind.WORDS, shown, _excerpt(case, *spans[0]))


def _timeline(case: Case, rarity: Callable[[str], float]) -> Iterator[Reason]:
    if case.evidence.nearest is None or case.evidence.nearest[0] < _LIKE:
        return
    entry = case.evidence.nearest[1]
    shared = sorted(entry.terms & case.reading.terms, key=lambda term: (-rarity(term), term))
    yield Reason(ReasonKind.TIMELINE, shorten(entry.title, _TERM_LIMIT), _excerpt(case, *case.reading.spans[shared[0]]))


def _agencies(case: Case) -> Iterator[Reason]:
    for agency in case.policy.agencies:
        if agency in case.reading.agencies:
            span = case.reading.agencies[agency]
            yield Reason(ReasonKind.AGENCY, agency, _excerpt(case, *span) if span else "")


def _dates(case: Case) -> Iterator[Reason]:
    years = years_since(case.policy, case.reading)
    if years is None:
        return
    if years < -EARLY:
        yield Reason(ReasonKind.AGAINST, f"published {_span(-years)} before the policy was announced")
    elif years < NEAR:
        yield Reason(ReasonKind.DATE, "published within three months of the announcement")


def _against(case: Case) -> Iterator[Reason]:
    for one in case.reading.identifiers:
        if one.key in other_numbers(case.policy, case.reading):
            yield Reason(ReasonKind.AGAINST, f"another number: {one.value}", _excerpt(case, one.start, one.end))
            break
    if off_field(case.policy, case.reading):
        yield Reason(ReasonKind.AGAINST, OFF_FIELD)
    rejected, nearest = case.evidence.rejected, case.evidence.nearest
    if rejected and rejected[0] >= _LIKE and rejected[0] > (nearest[0] if nearest else 0.0):
        yield Reason(ReasonKind.AGAINST, shorten(f"like a rejected item: {rejected[1].title}", _TERM_LIMIT))


def _span(years: float) -> str:
    months = round(years * 12)
    return f"{months} months" if months < 24 else f"{round(years)} years"


def _excerpt(case: Case, start: int, end: int) -> str:
    return excerpt(case.reading.whole, start, end)
