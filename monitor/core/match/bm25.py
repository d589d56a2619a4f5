"""BM25 with weighted fields over an inverted index that grows (Robertson and Zaragoza 2009, section 3.6).

Term frequencies of the fields are weighted and added before they saturate; one length norm serves all fields.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping

K1 = 1.2  # saturation
B = 0.35  # length norm: a third of the usual, because a missing summary must not make a policy look relevant


class Bm25:
    """An inverted index of documents known by number. Adding to a known document extends it."""

    def __init__(self, weights: Mapping[str, float]) -> None:
        """``weights`` are the fields' names and weights."""
        self._weights = dict(weights)
        self._postings: dict[str, dict[int, float]] = {}
        self._lengths: dict[int, float] = {}
        self._total = 0.0

    def __len__(self) -> int:
        return len(self._lengths)

    def add(self, document: int, fields: Mapping[str, Iterable[str]]) -> None:
        """Add the terms of ``fields`` to ``document``. Raises KeyError for a field without a weight."""
        length = 0.0
        for field, terms in fields.items():
            weight = self._weights[field]
            for term in terms:
                holders = self._postings.setdefault(term, {})
                holders[document] = holders.get(document, 0.0) + weight
                length += weight
        self._lengths[document] = self._lengths.get(document, 0.0) + length
        self._total += length

    def frequency(self, term: str) -> int:
        """How many documents hold ``term``."""
        return len(self._postings.get(term, ()))

    def rarity(self, term: str) -> float:
        """The term's inverse document frequency, never negative: ln(1 + (N - d + .5) / (d + .5))."""
        held = self.frequency(term)
        return math.log(1 + (len(self._lengths) - held + 0.5) / (held + 0.5))

    def scores(self, query: Mapping[str, float], rarity: Callable[[str], float] | None = None) -> dict[int, float]:
        """Return the score of every document that shares a term with ``query`` (term -> weight).

        ``rarity`` replaces the index's own: an index of few documents cannot tell a common term from a rare one.
        """
        rarity = rarity or self.rarity
        if not self._total:
            return {}
        average = self._total / len(self._lengths)
        norms = {document: K1 * (1 - B + B * length / average) for document, length in self._lengths.items()}
        found: dict[int, float] = {}
        for term, weight in query.items():
            gain = weight * rarity(term) * (K1 + 1)
            for document, frequency in self._postings.get(term, {}).items():
                found[document] = found.get(document, 0.0) + gain * frequency / (frequency + norms[document])
        return found
