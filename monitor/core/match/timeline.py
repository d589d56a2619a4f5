"""What is recorded: the actions on policies' timelines, and the items that editors rejected."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from monitor.core.match.bm25 import Bm25
from monitor.core.match.profile import Key
from monitor.core.match.reading import Reading

_TIMELINE_FIELDS = {"title": 2.0, "text": 1.0}


@dataclass(frozen=True, slots=True)
class Entry:
    """One recorded or rejected item. ``policies`` is empty for a rejected one."""

    title: str
    terms: frozenset[str]
    norm: float
    policies: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Recall:
    """What a timeline says of an item: each policy's BM25 score by its number, and the entry most like the item."""

    scores: Sequence[float]
    nearest: dict[int, tuple[float, Entry]]
    rejected: tuple[float, Entry] | None


class Timelines:
    """All timelines in memory. Policies are known by their number in the matcher."""

    def __init__(self, rarity: Callable[[str], float]) -> None:
        """``rarity`` weighs a term when two texts are compared."""
        self._rarity = rarity
        self._index = Bm25(_TIMELINE_FIELDS)
        self._entries: list[Entry] = []
        self._holders: dict[str, list[int]] = defaultdict(list)
        self._cited: dict[Key, set[int]] = defaultdict(set)

    def add(self, reading: Reading, policies: Sequence[int]) -> None:
        """Add an item to the timelines of ``policies``; with none, remember it as rejected."""
        norm = math.sqrt(sum(self._rarity(term) ** 2 for term in reading.terms))
        number = len(self._entries)
        self._entries.append(Entry(reading.whole.partition("\n")[0], reading.terms, norm, tuple(policies)))
        for term in reading.terms:
            self._holders[term].append(number)
        for policy in policies:
            self._index.add(policy, {"title": reading.title, "text": reading.terms})
            for identifier in reading.identifiers:
                self._cited[identifier.key].add(policy)

    def citing(self, key: Key) -> set[int]:
        """The policies on whose timelines an entry cites the identifier."""
        return self._cited.get(key, set())

    def recall(self, reading: Reading) -> Recall:
        """Compare an item with everything recorded. Likeness is a cosine, 0..1."""
        nearest: dict[int, tuple[float, Entry]] = {}
        rejected: tuple[float, Entry] | None = None
        for number, likeness in self._likeness(reading.terms):
            entry = self._entries[number]
            for policy in entry.policies:
                if policy not in nearest or nearest[policy][0] < likeness:
                    nearest[policy] = (likeness, entry)
            if not entry.policies and (rejected is None or rejected[0] < likeness):
                rejected = (likeness, entry)
        return Recall(self._index.scores(reading.weights, self._rarity), nearest, rejected)

    def _likeness(self, terms: Iterable[str]) -> Iterable[tuple[int, float]]:
        shared: dict[int, float] = defaultdict(float)
        own = 0.0
        for term in terms:
            weight = self._rarity(term) ** 2
            own += weight
            for number in self._holders.get(term, ()):
                shared[number] += weight
        scale = math.sqrt(own)
        return ((number, product / (scale * self._entries[number].norm)) for number, product in shared.items())
