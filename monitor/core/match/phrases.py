"""Many fixed phrases found in one pass over a text (Aho-Corasick), with their labels and spans."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import ahocorasick

from monitor.core.text import fold, plain


@dataclass(frozen=True, slots=True)
class Found:
    """One phrase in a text: the label it stands for and the span that holds it."""

    label: str
    start: int
    end: int


class Phrases:
    """Phrases with the labels that they stand for; one phrase may stand for several.

    Case, accents and hyphens do not count, except in acronyms: "ICE" is found in capitals only. A plural s is taken
    for the phrase. Of overlapping phrases only the longest counts: "Homeland Security Investigations" is not also
    "Homeland Security".
    """

    def __init__(self, phrases: Iterable[tuple[str, str]]) -> None:
        """``phrases`` are (phrase, label); a phrase of one character or none is not looked for."""
        labels: dict[str, dict[tuple[str, str], None]] = {}
        for phrase, label in phrases:
            exact = plain(phrase).replace("-", " ") if is_acronym(phrase) else ""
            key = _flat(" ".join(phrase.split()))
            if len(key) > 1:
                labels.setdefault(key, {})[label, exact] = None
        self._automaton = ahocorasick.Automaton()
        for key, meanings in labels.items():
            self._automaton.add_word(key, (len(key), tuple(meanings)))
        self._empty = not labels
        if labels:
            self._automaton.make_automaton()

    def find(self, text: str) -> tuple[Found, ...]:
        """Return the phrases in ``text`` in order of appearance."""
        if self._empty:
            return ()
        flat, exact = _flat(text), plain(text).replace("-", " ").replace("\n", " ")
        spans: dict[tuple[int, int], list[str]] = {}
        for last, (length, meanings) in self._automaton.iter(flat):
            start, end = last + 1 - length, last + 1
            if not _is_whole(flat, start, end):
                continue
            labels = [label for label, wanted in meanings if not wanted or exact[start:end] == wanted]
            if labels:
                spans[start, end] = labels
        return tuple(Found(label, start, end) for start, end in _longest(spans) for label in spans[start, end])


def is_acronym(phrase: str) -> bool:
    """Whether a phrase is written in capitals and so is matched with its case ("TPS", "H-1B", not "Flock")."""
    return phrase.isupper() and len(phrase) <= 8 and " " not in phrase


def _flat(text: str) -> str:
    return fold(text).replace("-", " ").replace("\n", " ")


def _is_whole(flat: str, start: int, end: int) -> bool:
    if start > 0 and flat[start - 1].isalnum() and flat[start].isalnum():
        return False
    if end < len(flat) and flat[end] == "s":
        end += 1
    return end >= len(flat) or not flat[end].isalnum() or not flat[end - 1].isalnum()


def _longest(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    kept: list[tuple[int, int]] = []
    for start, end in sorted(spans, key=lambda span: (span[0], -span[1])):
        if not kept or end > kept[-1][1]:
            kept.append((start, end))
    return kept
