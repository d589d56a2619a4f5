"""One sentence about a policy, with what its reading needs: the vocabulary's words and the courts it names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from monitor.core.status_targets import nouns
from monitor.core.verbs import Token
from monitor.model.status_words import StatusWords


@dataclass(frozen=True, slots=True)
class Sentence:
    """``names``: acronyms of the policy's title, in lower case, by which it may be called."""

    text: str
    tokens: list[Token]
    headline: bool
    words: StatusWords
    names: frozenset[str]
    title: frozenset[str]  # stems of the policy's title
    deed: bool  # the policy itself ends or halts something


@cache
def against(words: StatusWords) -> tuple[str, ...]:
    """The verbs by which somebody acts against a policy."""
    return (*words.strike, *words.halt, *words.rescind)


@cache
def all_verbs(words: StatusWords) -> tuple[str, ...]:
    """Every verb of the vocabulary that can change a status, each once."""
    lists = (words.strike, words.halt, words.rescind, words.lapse, words.restore, words.start, words.keep, words.lift)
    return tuple(dict.fromkeys(verb for verbs in (*lists, words.permit) for verb in verbs))


def phrases_in(tokens: Sequence[Token], phrases: tuple[str, ...]) -> Iterator[tuple[int, int]]:
    """The places (start, end) at which one of ``phrases`` stands, singular or plural, the longest first."""
    known = nouns(phrases)
    at = 0
    while at < len(tokens):
        length = next((n for n in (3, 2, 1) if tuple(each.word for each in tokens[at : at + n]) in known), 0)
        if length:
            yield at, at + length
        at += length or 1


def court_in(line: Sentence, start: int, end: int) -> int:
    """The rank of the court that stands last between two places; -1 where none does."""
    span = line.tokens[start:end]
    best = -1
    for at in range(len(span)):
        for rank, court in enumerate(line.words.courts):
            parts = court.lower().split()
            told = [token.word for token in span[at : at + len(parts)]]
            if told[:-1] == parts[:-1] and told and told[-1] in (parts[-1], parts[-1] + "s"):
                best = rank
    return best
