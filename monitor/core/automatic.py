"""What may be recorded before an editor has looked: only where it is certain which policy an item concerns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from monitor.core.match.identifiers import IdentifierKind, identifiers
from monitor.core.match.reasons import OFF_FIELD
from monitor.core.tracker.dates import dated_prefix
from monitor.model.flag import Match, ReasonKind
from monitor.model.source import UNCERTAIN, Item, Record, Source, SourceKind, Voice

_EXACT = frozenset(
    {
        IdentifierKind.DOCKET,
        IdentifierKind.APPEAL,
        IdentifierKind.ORDER,
        IdentifierKind.PROCLAMATION,
        IdentifierKind.RIN,
        IdentifierKind.DOCUMENT,
    }
)
_SPEAKERS = (Voice.COURT, Voice.GOVERNMENT)
_AHEAD = timedelta(days=1)  # a tracker east of here is a day ahead; a later date is a slip, or a plan


def certain(source: Source, kind: SourceKind, item: Item, matches: Sequence[Match], today: date) -> frozenset[str]:
    """The policies (urls) for which ``record: auto`` records the item; empty for sources that do not say so.

    Of another tracker: those whose page states the action, where it has a title and a date that is not to come. Of
    courts and agencies: a policy that alone among all cites a number which the item cites (docket, case, executive
    order, proclamation, RIN, Federal Register document), with nothing that speaks against it. ``kind`` is what the
    document was read as.
    """
    if source.record is not Record.AUTO:
        return frozenset()
    flagged = [match for match in matches if match.flag]
    if item.stated is not None:
        dated = item.stated.date is not None and item.stated.date <= today + _AHEAD
        titled = item.title[len(dated_prefix(item.title)) :].strip()
        return frozenset(match.policy for match in flagged if dated and titled and _has(match, ReasonKind.TRACKER))
    if source.voice not in _SPEAKERS or kind in UNCERTAIN:
        return frozenset()
    cited = {one.value for one in identifiers(f"{item.title}\n{item.text}") if one.kind in _EXACT}
    holders = {number: [match for match in matches if number in _numbers(match)] for number in cited}
    sole = {found[0].policy for found in holders.values() if len(found) == 1}
    return frozenset(match.policy for match in flagged if match.policy in sole and not _is_doubted(match))


def _has(match: Match, kind: ReasonKind) -> bool:
    return any(reason.kind is kind for reason in match.reasons)


def _is_doubted(match: Match) -> bool:
    """Whether something speaks against it, other than that dockets are written without a word of any field."""
    return any(reason.kind is ReasonKind.AGAINST and reason.term != OFF_FIELD for reason in match.reasons)


def _numbers(match: Match) -> set[str]:
    return {reason.term for reason in match.reasons if reason.kind is ReasonKind.IDENTIFIER}
