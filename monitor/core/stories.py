"""Which texts of several outlets are one story: copies are, and what brings news of its own is not.

A syndicated copy repeats the words, a machine-spun one most of them. Neither joins a story that knows less than it
does: an identifier that is new, a deed of a court or an agency, or a later day begins a story of its own, so that a
ruling never vanishes into the card of the hearing before it. In doubt there are two cards.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from monitor.core.event_dates import dated
from monitor.core.match.identifiers import IdentifierKind, identifiers
from monitor.core.status_sentence import all_verbs
from monitor.core.status_targets import uses, verb_table
from monitor.core.text import ELLIPSIS, clean, fold, normal_title, sentences, words
from monitor.core.verbs import is_done, read
from monitor.model.status_words import StatusWords

READ = 4_000  # characters of a text: what is the same in both stands there
_RUN = 4  # words of a shingle
_LEAST_RUNS = 12  # shingles: fewer are no text that one could recognise
_OWN_RUNS = 40  # shingles: with so many, two equal texts are one; dockets repeat shorter ones
_COPIED = 0.5  # of the shorter text's shingles that the other has
_COPIED_SHORT = 0.8  # of a text so short that one sentence of a form, or of a tracker's notes, is half of it
_LEAST_STEMS = 20
_SPUN = 0.5  # of the stems that either has
_LEAST_TITLE = 5  # stems of a headline
_SAME_TITLE = 0.8  # of the stems that either headline has
_LEAD = 4  # sentences: what a text brings stands there; what it explains, below
_TEASER = 80  # words: a shorter beginning of a text is what a feed shows of it
_WEAK = frozenset({IdentifierKind.CFR, IdentifierKind.LAW, IdentifierKind.CAPTION})
"""What a text cites in passing, or says in several ways: no case and no document of its own."""
_NUMBER = re.compile(r"(?<![\w.,])\d[\d,.]*\d|(?<![\w.,])\d")
_NAME = re.compile(r"\b[A-Z][a-z]{2,}\b")
_DEEDS = ("strike", "halt", "rescind", "lapse", "restore", "start", "keep", "lift", "permit")


@dataclass(frozen=True)
class Told:
    """One outlet's text. ``publisher`` is who speaks (the source's name where no other is known), ``link`` canonical,
    ``day`` when it was published."""

    title: str
    text: str
    source: str
    publisher: str
    link: str
    day: date

    @cached_property
    def head(self) -> str:
        """The headline without the outlet's name."""
        return normal_title(self.title, self.publisher)

    @cached_property
    def body(self) -> list[str]:
        """The words of the text, as they stand."""
        return re.findall(r"\w+", fold(clean(self.text[:READ])).replace("'", ""))

    @cached_property
    def runs(self) -> frozenset[tuple[str, ...]]:
        """Every four words in a row."""
        return frozenset(tuple(self.body[at : at + _RUN]) for at in range(len(self.body) - _RUN + 1))

    @cached_property
    def stems(self) -> frozenset[str]:
        """What headline and text speak of."""
        return frozenset(words(f"{self.head}\n{clean(self.text[:READ])}"))

    @cached_property
    def whole(self) -> str:
        """Headline and text."""
        return f"{self.title}.\n{clean(self.text[:READ])}"


def joins(new: Told, story: Sequence[Told], deeds: StatusWords, *, alike: bool) -> bool:
    """Whether ``new`` is one more telling of ``story``, whose tellings are given.

    ``alike``: link or headline have said so already; else the words have to. Two texts of one publisher are never one
    story: dockets link all their entries to one page, and head them "Order". One text that it tells twice is one.
    """
    if any(fold(each.publisher) == fold(new.publisher) and not _is_repeated(new, each) for each in story):
        return False
    if not alike and not any(is_copy(new, each) for each in story):
        return False
    return not brings_news(new, story, deeds)


def is_copy(one: Told, other: Told) -> bool:
    """Whether two texts are one text, copied, cut or spun."""
    if _names_alien(one, other) and _names_alien(other, one):
        return False
    shorter = min(len(one.runs), len(other.runs))
    share = _COPIED if shorter >= _OWN_RUNS else _COPIED_SHORT
    if shorter >= _LEAST_RUNS and len(one.runs & other.runs) >= share * shorter:
        return True
    if min(len(one.stems), len(other.stems)) >= _LEAST_STEMS:
        return _overlap(one.stems, other.stems) >= _SPUN
    titles = frozenset(words(one.head)), frozenset(words(other.head))
    return min(map(len, titles)) >= _LEAST_TITLE and _overlap(*titles) >= _SAME_TITLE


def brings_news(new: Told, story: Sequence[Told], deeds: StatusWords) -> bool:
    """Whether ``new`` has an identifier, a deed or a later day of which the story does not tell."""
    if any(_shows_more(new, each) for each in story):
        return False
    known = {key for each in story for key in _cited(each)}
    if any(key not in known for key in _cited(new)):
        return True
    days = list(_days(new))
    told = [day for each in story for day in _days(each)] or [min(each.day for each in story)]
    if days and max(days) > max(told):
        return True
    done = set(_done(new, deeds, _LEAD))
    return bool(done) and not done <= {deed for each in story for deed in _done(each, deeds)}


def _is_repeated(one: Told, other: Told) -> bool:
    """Whether a publisher tells one text twice: in two feeds, or in one, where the text is too long for a form."""
    if one.head != other.head:
        return False
    if one.source == other.source:
        return one.body == other.body and len(one.runs) >= _OWN_RUNS
    return bool(one.link and one.link == other.link) or one.body == other.body


def _overlap(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other)


def _names_alien(one: Told, other: Told) -> bool:
    """Whether a headline names or counts what the other text lacks: "nationals of Malawi" are not those of Zambia."""
    text = fold(other.whole)
    return any(fold(word) not in text for word in [*_NUMBER.findall(one.title), *_names(one)])


def _names(told: Told) -> Iterator[str]:
    """The names in a headline. One that writes each word with a capital shows them only where the text does, too."""
    title_case = _is_title_case(told.title)
    for found in _NAME.finditer(told.title):
        word = found.group()
        inside = word in told.text and word.lower() not in told.text
        if inside or (found.start() and not title_case):
            yield word


def _is_title_case(title: str) -> bool:
    found: list[str] = re.findall(r"\b[A-Za-z]{4,}\b", title)
    return sum(word[0].isupper() for word in found) * 2 > len(found)


def _shows_more(new: Told, known: Told) -> bool:
    """Whether ``known`` is the beginning of ``new`` that a feed shows: what follows was there all along."""
    short = known.body[:-1] if known.text.rstrip().endswith((ELLIPSIS, "...", "[...]", "[…]")) else known.body
    return (
        len(short) >= _RUN * 2
        and (len(short) < _TEASER or len(short) < len(known.body))
        and new.head == known.head
        and new.body[: len(short)] == short
    )


def _cited(told: Told) -> Iterator[tuple[str, str]]:
    return (each.key for each in identifiers(told.whole) if each.kind not in _WEAK)


def _days(told: Told) -> Iterator[date]:
    return (each.day for each in dated(told.whole, told.day) if each.of_deed and not each.year_only)


def _done(told: Told, deeds: StatusWords, lead: int | None = None) -> Iterable[str]:
    """What was done: classes of verbs, since copies say "blocks" for "halts"; procedure word for word."""
    verbs = all_verbs(deeds) + deeds.procedure
    if not verbs:
        return
    heads = verb_table(verbs)
    for at, sentence in enumerate((told.title, *sentences(clean(told.text[:READ]))[:lead])):
        if not any(word in heads for word in re.findall(r"[a-z]+", fold(sentence))):
            continue
        tokens = read(sentence)
        for use in uses(tokens, verbs):
            if is_done(tokens, use.at, use.form, headline=not at):
                yield next((name for name in _DEEDS if use.verb in getattr(deeds, name)), use.verb)
