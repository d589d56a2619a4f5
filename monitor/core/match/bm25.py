"""BM25 with weighted fields over an inverted index that grows (Robertson and Zaragoza 2009, section 3.6).

Term frequencies of the fields are weighted and added before they saturate; one length norm serves all fields.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping

K1 = 1.2  # saturation
B = 0.35  # length norm: a third of the usual, because a missing summary must not make a policy look relevant


class Bm25:
    """An inverted index of documents known by number, from 0. Adding to a known document extends it."""

    def __init__(self, weights: Mapping[str, float]) -> None:
        """``weights`` are the fields' names and weights."""
        self._weights = dict(weights)
        self._postings: dict[str, dict[int, float]] = {}
        self._lengths: dict[int, float] = {}
        self._total = 0.0
        self._numbers = 0
        self._rarities: dict[
            str, float
        ] = {}  # both are worked out when they are first asked for, until a text is added
        self._shares: dict[str, tuple[tuple[int, float], ...]] = {}

    def __len__(self) -> int:
        return len(self._lengths)

    def add(self, document: int, fields: Mapping[str, Iterable[str]]) -> None:
        """Add the terms of ``fields`` to ``document``. Raises KeyError for a field without a weight."""
        self._rarities.clear()
        self._shares.clear()
        length = 0.0
        for field, terms in fields.items():
            weight = self._weights[field]
            for term in terms:
                holders = self._postings.setdefault(term, {})
                holders[document] = holders.get(document, 0.0) + weight
                length += weight
        self._numbers = max(self._numbers, document + 1)
        self._lengths[document] = self._lengths.get(document, 0.0) + length
        self._total += length

    def frequency(self, term: str) -> int:
        """How many documents hold ``term``."""
        return len(self._postings.get(term, ()))

    def rarity(self, term: str) -> float:
        """The term's inverse document frequency, never negative: ln(1 + (N - d + .5) / (d + .5))."""
        known = self._rarities.get(term)
        if known is None:
            held = self.frequency(term)
            known = self._rarities[term] = math.log(1 + (len(self._lengths) - held + 0.5) / (held + 0.5))
        return known

    def scores(self, query: Mapping[str, float], rarity: Callable[[str], float] | None = None) -> list[float]:
        """Return each document's score by its number; 0 where it shares no term with ``query`` (term -> weight).

        ``rarity`` replaces the index's own: an index of few documents cannot tell a common term from a rare one.
        """
        rarity = rarity or self.rarity
        scores = [0.0] * self._numbers
        for term, weight in query.items():
            gain = weight * rarity(term) * (K1 + 1)
            for document, share in self._shares_of(term):
                scores[document] += gain * share
        return scores

    def _shares_of(self, term: str) -> tuple[tuple[int, float], ...]:
        """The documents that hold the term, and how far its frequency in each saturates."""
        shares = self._shares.get(term)
        if shares is None:
            holders = self._postings.get(term)
            if not holders:
                return ()
            average = self._total / len(self._lengths)
            norms = ((document, K1 * (1 - B + B * self._lengths[document] / average)) for document in holders)
            shares = self._shares[term] = tuple(
                (document, holders[document] / (holders[document] + norm)) for document, norm in norms
            )
        return shares
