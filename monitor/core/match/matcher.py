"""The matcher: which policies an item is about, how surely, and why.

Policies and their timelines are held in memory. An item costs about 2 ms with 416 policies on one core.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from monitor.core.match.evidence import Archive
from monitor.core.match.features import features
from monitor.core.match.profile import profile
from monitor.core.match.reading import MatchItem, Reader
from monitor.core.match.reasons import Case, reasons
from monitor.core.match.score import BOUND_SCORE, FLAG_THRESHOLD, relevance, score
from monitor.errors import NotFound
from monitor.model.flag import Match
from monitor.model.policy import ActionRecord, PolicyRecord
from monitor.model.vocabulary import Vocabulary

_LEAST = 0.001  # a match below this score is not worth a line; a right one seldom is


@dataclass(frozen=True, slots=True)
class Matched:
    """What the matcher says of an item: 0..1 that it is about the tracked field, and its policies, best first."""

    relevant: float
    matches: tuple[Match, ...]

    @property
    def flags(self) -> tuple[Match, ...]:
        """Those that an editor is to see."""
        return tuple(match for match in self.matches if match.flag)


UNMATCHED = Matched(0.0, ())


class Matcher:
    """Ranks the policies of one tracker for an item, and learns from what editors decide."""

    def __init__(self, policies: Iterable[PolicyRecord], vocabulary: Vocabulary) -> None:
        """As ``build``."""
        self._reader = Reader(vocabulary)
        records = list({policy.url: policy for policy in policies}.values())
        self._profiles = [profile(policy, self._reader) for policy in records]
        self._numbers = {known.url: number for number, known in enumerate(self._profiles)}
        self._archive = Archive(self._profiles, self._reader.lexicon)
        for number, policy in enumerate(records):
            for action in policy.actions:
                self._archive.timelines.add(self._reader.read(_as_item(action)), (number,))

    @classmethod
    def build(cls, policies: Iterable[PolicyRecord], vocabulary: Vocabulary) -> Matcher:
        """Return a matcher of ``policies``, whose recorded actions are their timelines.

        Of two policies with one url the later counts. 416 policies take about 150 ms.
        """
        return cls(policies, vocabulary)

    def flags(self, item: MatchItem) -> Matched:
        """Return ``match(item)`` with those alone that are put before an editor: for items without, half the work."""
        return self.match(item, least=FLAG_THRESHOLD)

    def match(self, item: MatchItem, limit: int = 10, *, least: float = _LEAST) -> Matched:
        """Return at most ``limit`` matches that score ``least`` or more, best first, each with its reasons.

        A pure function of the item and of what was learned before. Policies that the source is bound to are always
        among the matches and flagged, whatever the limit; urls of unknown policies are passed over.
        """
        reading = self._reader.read(item)
        bound = frozenset(self._numbers[url] for url in item.bound if url in self._numbers)
        found: list[tuple[float, Case, bool]] = []
        for number, seen in self._archive.gather(reading, bound).items():
            case = Case(self._profiles[number], reading, seen)
            value = score(features(case.policy, reading, seen, self._archive.rarity))
            found.append((max(value, BOUND_SCORE) if number in bound else value, case, number in bound))
        found.sort(key=_best_first)
        free = [one for one in found if not one[2] and one[0] >= least]
        kept = [one for one in found if one[2]] + free[: max(0, limit - len(bound))]
        matches = tuple(self._match(*one) for one in sorted(kept, key=_best_first))
        best = round(found[0][0], 4) if found else 0.0
        return Matched(max(relevance(reading), best), matches)

    def learn(self, item: MatchItem, policies: Sequence[str]) -> None:
        """Heed an editor's decision on ``item`` for later items: it belongs to ``policies``, or (empty) to none.

        Raises NotFound for a policy that this matcher was not built with, and learns nothing then.
        """
        unknown = [url for url in policies if url not in self._numbers]
        if unknown:
            raise NotFound(f"no policy {unknown[0]}: import it before an item is learned for it")
        self._archive.timelines.add(self._reader.read(item), [self._numbers[url] for url in policies])

    def _match(self, value: float, case: Case, bound: bool) -> Match:
        return Match(
            policy=case.policy.url,
            title=case.policy.title,
            score=round(value, 4),
            flag=bound or value >= FLAG_THRESHOLD,
            reasons=reasons(case, bound, self._archive.rarity),
        )


def _best_first(one: tuple[float, Case, bool]) -> tuple[float, str]:
    return -one[0], one[1].policy.url


def _as_item(action: ActionRecord) -> MatchItem:
    return MatchItem(title=action.title, text=action.summary, published=action.date)
