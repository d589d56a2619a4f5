"""What is suppressed of a page, and the page as it reads without that."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from monitor.core.noise.tokens import AGO, ALLOWED, Kind, Token, tokens_of
from monitor.model.page import Block

BEGIN, END, BLANK = "\x03", "\x04", "\x05"
"""Tokens for the beginning and the end of a line, and for what is blanked. No page holds them."""

_MOST_VALUES = {Kind.NUMBER: 4, Kind.DATE: 6, Kind.CODE: 4, Kind.WORD: 60}  # tokens of one gap
_LOUD = re.compile(
    r"\b(?:rescind|rescission|revok|revocation|withdr[ae]w|enjoin|injunction|vacat|stay(?:ed|s)?\b|suspend|suspension|supersed"
    r"|terminat|repeal|reinstat|invalidat|struck down|strikes? down|no longer in (?:effect|force)|blocks?\b|blocked"
    r"|cancel|overturn|set aside|paus(?:e|ed)\b|halt)",
    re.I,
)

Masked = tuple[str, ...]


class Form(StrEnum):
    """GAP: some tokens between two contexts; PLACE: all that stands there; TEXT: a line that comes and goes;
    ORDER: in which the lines there stand."""

    GAP = "gap"
    PLACE = "place"
    TEXT = "text"
    ORDER = "order"


@dataclass(frozen=True, slots=True)
class Pattern:
    """What is noise at one place of a host's pages. ``left`` and ``right`` are the contexts of a GAP; a TEXT is in
    ``left``; ``kind``: what may fill a GAP."""

    form: Form
    place: str
    left: tuple[str, ...] = ()
    right: tuple[str, ...] = ()
    kind: Kind = Kind.WORD


class Mask:
    """A page's valid patterns, ready to be applied."""

    def __init__(self, patterns: Iterable[Pattern] = ()) -> None:
        self._gaps: dict[str, list[Pattern]] = defaultdict(list)
        self._places: set[str] = set()
        self._texts: set[str] = set()
        self._shuffled: set[str] = set()
        for pattern in patterns:
            match pattern.form:
                case Form.GAP:
                    self._gaps[pattern.place].append(pattern)
                case Form.PLACE:
                    self._places.add(pattern.place)
                case Form.TEXT:
                    self._texts |= set(pattern.left)
                case Form.ORDER:
                    self._shuffled.add(pattern.place)

    def masked(self, block: Block) -> Masked:
        """The block's tokens with what is noise blanked. Equal ones say the same."""
        tokens = tokens_of(block.text)
        spans = self.spans(block.place, tokens)
        if not spans:
            return tuple(token.text for token in tokens)
        kept: list[str] = []
        at = 0
        for start, end in spans:
            kept += [token.text for token in tokens[at:start]]
            kept.append(BLANK)
            at = end
        return (*kept, *(token.text for token in tokens[at:]))

    def spans(self, place: str, tokens: Sequence[Token]) -> list[tuple[int, int]]:
        """Which of a line's tokens the gaps of its place take, in order, joined where they touch; never loud words."""
        gaps = self._gaps.get(place)
        if not gaps:
            return []
        found = sorted(
            (start, end)
            for gap in gaps
            for start, end in spans_of(gap, tokens)
            if gap.kind is not Kind.WORD or not is_loud(" ".join(token.text for token in tokens[start:end]))
        )
        joined: list[tuple[int, int]] = []
        for start, end in found:
            if joined and start <= joined[-1][1]:
                joined[-1] = joined[-1][0], max(end, joined[-1][1])
            else:
                joined.append((start, end))
        return joined

    def hides(self, block: Block) -> bool:
        """Whether nothing that this block says counts."""
        return block.place in self._places or block.text in self._texts

    def shuffles(self, place: str) -> bool:
        """Whether the order of lines there is noise."""
        return place in self._shuffled or place in self._places

    def word_gaps(self, place: str) -> int:
        """How many gaps there are filled by any words."""
        return sum(gap.kind is Kind.WORD for gap in self._gaps.get(place, ()))

    def knows(self, place: str) -> bool:
        """Whether anything at a place was learned to be noise."""
        return place in self._gaps or place in self._places or place in self._shuffled


def readable(context: Sequence[str]) -> str:
    """A gap's context in words."""
    names = {BEGIN: "(beginning)", END: "(end)", BLANK: "...", AGO: "(some time ago)"}
    return " ".join(names.get(token, token) for token in context)


def is_loud(text: str) -> bool:
    """Whether a text says what courts and agencies do to policies: such words are heard from wherever they come."""
    return _LOUD.search(text) is not None


def spans_of(gap: Pattern, tokens: Sequence[Token]) -> Iterator[tuple[int, int]]:
    """Yield which tokens fill the gap."""
    words = [BEGIN, *(token.text for token in tokens), END]
    left, right, allowed = list(gap.left), list(gap.right), ALLOWED[gap.kind]
    most = _MOST_VALUES[gap.kind]
    for start in range(len(left), len(words)):
        if left and (words[start - 1] != left[-1] or words[start - len(left) : start] != left):
            continue
        for end in range(start, min(start + most, len(words) - len(right)) + 1):
            if words[end : end + len(right)] == right:
                if end > start:
                    yield start - 1, end - 1
                break
            if end == len(words) - 1 or tokens[end - 1].kind not in allowed or words[end] == AGO:
                break
