"""Checks a YAML document against what its keys may hold, and remembers every problem with its line.

A check that fails notes a problem and returns None or what is usable, so that one run shows a person everything that
is wrong. ``finish`` raises if anything was noted.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from monitor.config.strict_yaml import Document
from monitor.config.suggest import quoted, unknown
from monitor.errors import ConfigError, Problem

T = TypeVar("T")
Path = tuple[str | int, ...]

MAX_ENTRIES = 10_000
MAX_TEXT = 2000
MAX_PROBLEMS = 100
ENCODED_WORD = "=?"  # how one begins for mail programs (RFC 2047): no name may hold it

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class Form:
    """One document being checked."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.problems: list[Problem] = []

    def note(self, path: Path, message: str) -> None:
        """Remember a problem at the line of ``path``. The hundredth ends the check: suggestions take time to find."""
        self.problems.append(Problem(self.document.file, self.document.line(path), message))
        if len(self.problems) >= MAX_PROBLEMS:
            self.finish()

    def line(self, path: Path) -> int:
        """The line of ``path``; 1 where the file is empty."""
        return self.document.line(path) or 1

    def finish(self) -> None:
        """Raise ConfigError with every problem, in the order of the file, if there is any."""
        if self.problems:
            raise ConfigError(sorted(self.problems, key=lambda problem: problem.line or 0))

    def attempt(self, path: Path, check: Callable[[Any], T], value: object) -> T | None:
        """``check(value)``, or None where it raised ValueError: the error's words become the problem."""
        try:
            return check(value)
        except ValueError as error:
            self.note(path, str(error))
            return None

    def mapping(self, path: Path, value: object, known: Collection[str], what: str) -> dict[str, Any]:
        """A mapping with none but ``known`` keys, keys without a value dropped; empty where it is something else."""
        if not isinstance(value, dict):
            self.note(path, f"{what} has to be a block of 'key: value' lines, not {kind_of(value)}")
            return {}
        for key in value:
            if key not in known:
                self.note((*path, key), unknown("key", key, known))
        return {key: item for key, item in value.items() if key in known and item is not None}

    def entries(self, path: Path, value: object, what: str) -> Iterator[tuple[Path, Any]]:
        """The elements of a list with their paths. No value at all is an empty list."""
        if value is None:
            return
        if not isinstance(value, list):
            self.note(path, f"{what} has to be a list, not {kind_of(value)}")
            return
        if len(value) > MAX_ENTRIES:
            self.note(path, f"{what} has more than {MAX_ENTRIES} elements")
            return
        for index, item in enumerate(value):
            yield (*path, index), item

    def header(self, known: Collection[str], version: int = 1) -> dict[str, Any]:
        """The top level of a versioned file."""
        value = self.document.value
        if value is None:
            self.note((), f"the file is empty: it begins with 'version: {version}'")
            return {}
        top = self.mapping((), value, known, "the file")
        if isinstance(value, dict) and top.get("version") != version:
            given = "missing" if "version" not in top else f"{quoted(top['version'])} is not known here"
            self.note(("version",), f"'version' {given}: write 'version: {version}'")
        return top

    def states(self, key: str) -> bool:
        """Whether the top level has this key, with or without a value."""
        return isinstance(self.document.value, dict) and key in self.document.value

    def text(self, path: Path, value: object, what: str, limit: int = MAX_TEXT) -> str | None:
        """One line of text, not blank."""
        if not isinstance(value, str):
            hint = ": put it in quotes" if isinstance(value, int | float) else ""
            self.note(path, f"{what} has to be text, not {kind_of(value)}{hint}")
        elif not value.strip():
            self.note(path, f"{what} is empty")
        elif len(value) > limit:
            self.note(path, f"{what} is longer than {limit} characters")
        elif _UNSAFE.search(value.strip()):
            self.note(path, f"{what} has to be one line without control characters")
        else:
            return value.strip()
        return None

    def name(self, path: Path, value: object) -> str | None:
        """A name that people read: one line, composed characters, no invisible ones."""
        text = self.text(path, value, "'name'", limit=200)
        if text is None:
            return None
        if ENCODED_WORD in text:
            self.note(path, "'name' holds '=?', which mail programs take for an encoded word: remove it")
            return None
        cleaned = clean(text)
        if not cleaned:
            self.note(path, "'name' holds invisible characters only")
        return cleaned or None

    def identity(self, path: Path, value: object, taken: dict[str, int]) -> str | None:
        """A stable id, unique among ``taken`` (id to line), to which it is added."""
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str) or not _ID.fullmatch(value):
            hint = slug(value) if isinstance(value, str) else ""
            suggestion = f": did you mean {quoted(hint)}?" if hint else ""
            self.note(path, f"'id' {quoted(value)} may hold a-z, 0-9 and '-' only, 64 at most{suggestion}")
            return None
        if value in taken:
            self.note(path, f"the id {quoted(value)} is taken in line {taken[value]}: ids are unique and never reused")
            return None
        taken[value] = self.line(path)
        return value

    def choice(self, path: Path, value: object, what: str, choices: Mapping[str, T]) -> T | None:
        """One of a few words."""
        if isinstance(value, str) and value in choices:
            return choices[value]
        self.note(path, unknown(what, value, choices))
        return None

    def words(self, path: Path, value: object, what: str, check: Callable[[str], T]) -> tuple[T, ...]:
        """A text or a list of texts, each through ``check``; each result once, in the order of the file."""
        label = f"an element of {what}" if isinstance(value, list) else what
        return self._results(
            (place, check, self.text(place, item, label)) for place, item in self._elements(path, value, what)
        )

    def each(self, path: Path, value: object, what: str, check: Callable[[Any], T]) -> tuple[T, ...]:
        """Like ``words``, where an element need not be text: ``check`` judges what it is."""
        elements = list(self._elements(path, value, what))
        for place, item in elements:
            if item is None:
                self.note(place, f"an element of {what} is empty (a '#' begins a comment)")
        return self._results((place, check, item) for place, item in elements)

    def _results(self, checks: Iterable[tuple[Path, Callable[[Any], T], object]]) -> tuple[T, ...]:
        results = (self.attempt(place, check, item) for place, check, item in checks if item is not None)
        return tuple(dict.fromkeys(result for result in results if result is not None))

    def _elements(self, path: Path, value: object, what: str) -> Iterator[tuple[Path, Any]]:
        if isinstance(value, str | int) and not isinstance(value, bool):
            yield path, value
        else:
            yield from self.entries(path, value, what)


def kind_of(value: object) -> str:
    """What a value is, in words for people."""
    if value is None:
        return "nothing (a '#' begins a comment)"
    if isinstance(value, bool):
        return "yes or no"
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, dict):
        return "a block of keys (quote text that holds ': ')"
    return "a list" if isinstance(value, list) else "text"


def clean(text: str) -> str:
    """Text in NFC without control and format characters (bidi marks, zero-width), blanks collapsed."""
    kept = (c for c in unicodedata.normalize("NFC", text) if unicodedata.category(c) not in {"Cf", "Cc", "Cn", "Co"})
    return " ".join("".join(kept).split())


def slug(text: str) -> str:
    """The nearest valid id, "" where nothing is left."""
    return re.sub(r"[^a-z0-9]+", "-", text.casefold()).strip("-")[:64]
