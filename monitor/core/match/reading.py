"""An item, and how the matcher reads it: terms, identifiers, agencies, date and words of the field."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from monitor.core.match.dates import published
from monitor.core.match.identifiers import Identifier, identifiers
from monitor.core.match.lexicon import Lexicon
from monitor.core.match.phrases import Found, Phrases
from monitor.core.text import Word, clean, fold, sentences
from monitor.model.vocabulary import Vocabulary

TEXT_LIMIT = 12_000  # characters of an item that are read: an article says what it is about well before
_LEAD = 60  # the terms of a text that count in full; what follows is detail
_MOST = 3.0  # the most that repeating a term in an item can weigh


@dataclass(frozen=True, slots=True)
class MatchItem:
    """Something published, as the matcher takes it.

    ``agencies`` are the source's hints (tracker names); ``bound`` are urls of the policies that its source is bound to.
    """

    title: str
    text: str = ""
    url: str = ""
    published: date | None = None
    publisher: str = ""
    agencies: tuple[str, ...] = ()
    bound: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """What the matcher knows of an item. Spans are offsets into ``whole``: the title, a newline, the text."""

    whole: str
    title: frozenset[str]
    terms: frozenset[str]
    pairs: frozenset[tuple[str, str]]
    weights: dict[str, float]
    spans: dict[str, tuple[int, int]]
    identifiers: tuple[Identifier, ...]
    agencies: dict[str, tuple[int, int] | None]
    field: tuple[Found, ...]
    field_in_title: int
    when: float | None
    trust: float


class Reader:
    """Reads items and policies with one tracker's vocabulary."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        titles = vocabulary.titles
        patterns = (titles.government, titles.court, titles.party, titles.press)
        self.lexicon = Lexicon(vocabulary.synonyms, (_fixed_words(pattern) for pattern in patterns))
        self._agencies = Phrases(
            (phrase, agency.name) for agency in vocabulary.agencies for phrase in (agency.name, *agency.aliases)
        )
        self._field = Phrases((term, fold(term)) for term in vocabulary.field_terms)
        self._notes = tuple(fold(note) for note in vocabulary.standing_notes)

    def read(self, item: MatchItem) -> Reading:
        """Read an item. Never raises: what cannot be found is empty."""
        title = _without_publisher(clean(item.title), item.publisher)
        whole = f"{title}\n{self.prose(item.text[:TEXT_LIMIT])}"
        terms = self.lexicon.terms(whole)
        in_title = [term for term in terms if term.start < len(title)]
        in_text = terms[len(in_title) :]
        spans: dict[str, tuple[int, int]] = {}
        for term in terms:
            spans.setdefault(term.stem, (term.start, term.end))
        named: dict[str, tuple[int, int] | None] = dict.fromkeys(item.agencies)
        for found in self._agencies.find(whole):
            named[found.label] = named.get(found.label) or (found.start, found.end)
        field = self._field.find(whole)
        when, trust = published(item.published, item.url, title, item.text)
        return Reading(
            whole=whole,
            title=frozenset(term.stem for term in in_title),
            terms=frozenset(spans),
            pairs=pairs(in_title) | pairs(in_text),
            weights=_weights(in_title, in_text),
            spans=spans,
            identifiers=identifiers(whole),
            agencies=named,
            field=field,
            field_in_title=len({found.label for found in field if found.start < len(title)}),
            when=when,
            trust=trust,
        )

    def in_field(self, text: str) -> bool:
        """Whether ``text`` has a word of the tracked field."""
        return bool(self._field.find(text))

    def prose(self, text: str) -> str:
        """Return ``text`` clean and without the tracker's standing notes."""
        kept = clean(text)
        flat = fold(kept)
        if not any(note in flat for note in self._notes):
            return kept
        return "\n".join(line for line in sentences(kept) if not fold(line).startswith(self._notes))


def pairs(terms: Iterable[Word]) -> frozenset[tuple[str, str]]:
    """Return the pairs of neighbouring terms."""
    stems = [term.stem for term in terms]
    return frozenset(pairwise(stems))


def _weights(in_title: list[Word], in_text: list[Word]) -> dict[str, float]:
    weights: dict[str, float] = {}
    for part, weight in ((in_title, 2.0), (in_text[:_LEAD], 1.0), (in_text[_LEAD:], 0.3)):
        for term in part:
            weights[term.stem] = min(_MOST, weights.get(term.stem, 0.0) + weight)
    return weights


def _fixed_words(pattern: str) -> str:
    return " ".join(part.rpartition("}")[2] for part in pattern.split("{"))


def _without_publisher(title: str, publisher: str) -> str:
    """Take the outlet's name off either end: it says who speaks, not of what."""
    name = fold(clean(publisher)).strip()
    flat = fold(title).rstrip()
    if name and flat.endswith(name) and flat[: -len(name)].rstrip().endswith(("-", "|", ":", "(")):
        return title[: len(flat) - len(name)].rstrip(" -–—|:(")
    if name and flat.startswith(name) and flat[len(name) :].lstrip().startswith(("-", "|", ":")):
        return title[len(name) :].lstrip(" -–—|:")
    return title
