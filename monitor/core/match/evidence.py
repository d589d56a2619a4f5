"""What speaks for a policy before it is weighed: gathered once for an item, over all policies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from heapq import nlargest
from typing import NamedTuple, TypeVar

from monitor.core.match.bm25 import Bm25
from monitor.core.match.identifiers import Identifier
from monitor.core.match.lexicon import Lexicon
from monitor.core.match.phrases import Found, Phrases
from monitor.core.match.profile import FIELDS, Key, Profile
from monitor.core.match.reading import Reading
from monitor.core.match.timeline import Entry, Timelines
from monitor.core.text import fold

_T = TypeVar("_T")

_BY_WORDS = 20  # policies judged for their words: with 16 the prototype lost none of its right answers
_BY_TIMELINE = 8
_COMMON = 3  # a title's name of which every word is in more policies than this names none of them


class Evidence(NamedTuple):
    """What speaks for one policy. Each share is 1 over the number of policies that the thing speaks for.

    ``words_best`` is the best score of any policy, ``words_rival`` that of any other one. ``title_rarity`` and
    ``item_rarity`` are what all terms of the policy's and of the item's title say together.
    """

    words: float
    words_best: float
    words_rival: float
    timeline: float
    timeline_best: float
    identifiers: tuple[tuple[Identifier, float], ...]
    cited: tuple[tuple[Identifier, float], ...]
    terms: tuple[tuple[Found, float], ...]
    names: tuple[tuple[Found, float], ...]
    nearest: tuple[float, Entry] | None
    rejected: tuple[float, Entry] | None
    title_rarity: float
    item_rarity: float


class Archive:
    """All policies and their timelines, indexed. A policy is known by its number in ``profiles``."""

    def __init__(self, profiles: Sequence[Profile], lexicon: Lexicon) -> None:
        """Index the policies' own texts; timelines start empty."""
        self._index = Bm25(FIELDS)
        self._citing: dict[Key, set[int]] = defaultdict(set)
        self._courts = [known.courts for known in profiles]
        for number, known in enumerate(profiles):
            self._index.add(number, known.fields)
            for key in known.identifiers:
                self._citing[key].add(number)
        numbered = list(enumerate(profiles))
        self._terms = Phrases((term, str(number)) for number, known in numbered for term in known.given_terms)
        self._names = Phrases(
            (name, str(number))
            for number, known in numbered
            for name in known.title_names
            if any(self._index.frequency(term.stem) <= _COMMON for term in lexicon.terms(name))
        )
        self.rarity = self._index.rarity
        """How much a shared term says: its inverse document frequency over the policies."""
        self._title_rarities = [sum(map(self.rarity, known.title_terms)) for known in profiles]
        self.timelines = Timelines(self.rarity)

    def gather(self, reading: Reading, wanted: Iterable[int] = ()) -> dict[int, Evidence]:
        """Return the evidence for every policy worth judging, and for each of ``wanted``."""
        words = self._index.scores(reading.weights)
        recall = self.timelines.recall(reading)
        identifiers = _shares((one, self._holders(one)) for one in _distinct(reading.identifiers))
        cited = _shares((one, self.timelines.citing(one.key)) for one in _distinct(reading.identifiers))
        terms = _shares(_named(self._terms, reading.whole))
        names = _shares(_named(self._names, reading.whole))
        best_words = _top(words, _BY_WORDS)
        numbers = {*wanted, *best_words, *_top(recall.scores, _BY_TIMELINE)}
        numbers.update(identifiers, cited, terms, names)
        best, second = (*(words[number] for number in best_words[:2]), 0.0, 0.0)[:2]
        item_rarity = sum(map(self.rarity, reading.title))
        timeline_best = max(recall.scores, default=0.0)
        return {
            number: Evidence(
                words=words[number],
                words_best=best,
                words_rival=second if words[number] == best else best,
                timeline=_of(recall.scores, number),
                timeline_best=timeline_best,
                identifiers=tuple(identifiers.get(number, ())),
                cited=tuple(cited.get(number, ())),
                terms=tuple(terms.get(number, ())),
                names=tuple(names.get(number, ())),
                nearest=recall.nearest.get(number),
                rejected=recall.rejected,
                title_rarity=self._title_rarities[number],
                item_rarity=item_rarity,
            )
            for number in sorted(numbers)
        }

    def _holders(self, identifier: Identifier) -> set[int]:
        """Policies that cite the identifier, unless both name a court and the courts differ."""
        holders = self._citing.get(identifier.key, set())
        if not identifier.court:
            return holders
        courts = {number: self._courts[number].get(identifier.key, "") for number in holders}
        return {number for number, court in courts.items() if court in ("", identifier.court)}


def _named(phrases: Phrases, text: str) -> Iterable[tuple[Found, set[int]]]:
    """Return each different phrase that the text has, where it first stands, with the policies it names."""
    holders: dict[str, tuple[Found, set[int]]] = {}
    for found in phrases.find(text):
        name = fold(text[found.start : found.end])
        holders.setdefault(name, (found, set()))[1].add(int(found.label))
    return holders.values()


def _distinct(identifiers: Iterable[Identifier]) -> Iterable[Identifier]:
    return {one.key: one for one in reversed(tuple(identifiers))}.values()


def _top(scores: Sequence[float], count: int) -> list[int]:
    """The numbers of the highest scores above 0, best first."""
    least = (nlargest(count, scores) or [0.0])[-1]
    numbers = (number for number, score in enumerate(scores) if score >= least and score)
    return sorted(numbers, key=lambda number: (-scores[number], number))[:count]


def _of(scores: Sequence[float], number: int) -> float:
    return scores[number] if number < len(scores) else 0.0


def _shares(found: Iterable[tuple[_T, set[int]]]) -> dict[int, list[tuple[_T, float]]]:
    """Turn (thing, policies it speaks for) round: policy -> (thing, 1 / number of its policies)."""
    shares: dict[int, list[tuple[_T, float]]] = defaultdict(list)
    for thing, numbers in found:
        for number in numbers:
            shares[number].append((thing, 1 / len(numbers)))
    return shares
