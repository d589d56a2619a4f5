"""Words as meanings: phrases that mean the same become one term."""

from __future__ import annotations

from collections.abc import Iterable

from monitor.core.text import Word, tokens, words


class Lexicon:
    """Reads text into terms: each a word's stem, or a name shared by a set of synonymous phrases."""

    def __init__(self, synonyms: Iterable[Iterable[str]] = (), ignored: Iterable[str] = ()) -> None:
        """Each of ``synonyms`` is a set of phrases that mean the same; the first names it. The first set wins a phrase.

        ``ignored`` are phrases whose words say nothing here, such as the fixed words of a title pattern.
        """
        self._ignored = frozenset(stem for phrase in ignored for stem in words(phrase))
        self._meanings: dict[tuple[str, ...], str] = {}
        self._lengths: dict[str, tuple[int, ...]] = {}
        lengths: dict[str, set[int]] = {}
        for group in synonyms:
            name = ""
            for phrase in group:
                stems = tuple(words(phrase))
                if stems:
                    name = name or "=" + " ".join(stems)
                    self._meanings.setdefault(stems, name)
                    lengths.setdefault(stems[0], set()).add(len(stems))
        self._lengths = {first: tuple(sorted(found, reverse=True)) for first, found in lengths.items()}

    def terms(self, text: str) -> list[Word]:
        """Return the terms of ``text`` in order, the longest synonymous phrase at each place, with their spans."""
        found = [word for word in tokens(text) if word.stem not in self._ignored]
        stems = [word.stem for word in found]
        terms: list[Word] = []
        at = 0
        while at < len(found):
            if stems[at] not in self._lengths:
                terms.append(found[at])
                at += 1
                continue
            size, name = self._longest(stems, at)
            terms.append(Word(name, found[at].start, found[at + size - 1].end))
            at += size
        return terms

    def _longest(self, stems: list[str], at: int) -> tuple[int, str]:
        for size in self._lengths.get(stems[at], ()):
            name = self._meanings.get(tuple(stems[at : at + size]))
            if name is not None and at + size <= len(stems):
                return size, name
        return 1, stems[at]
