"""What a person probably meant: the end of an error message about an unknown word."""

from __future__ import annotations

import difflib
from collections.abc import Collection

_LIST_UP_TO = 12


def quoted(value: object, limit: int = 60) -> str:
    """A value as an error message shows it: on one line, controls escaped, cut to ``limit`` characters."""
    shown = value if isinstance(value, str) else repr(value)
    shown = shown if len(shown) <= limit else shown[: limit - 3] + "..."
    return "'" + "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in shown) + "'"


def closest(word: str, known: Collection[str]) -> str | None:
    """The known word nearest to ``word``: same but for case and blanks, then the spelling, then a word within it."""
    folded = {_fold(name): name for name in known}
    wanted = _fold(word)
    if wanted in folded:
        return folded[wanted]
    near = difflib.get_close_matches(wanted, folded, n=1, cutoff=0.7)
    if near:
        return folded[near[0]]
    within = [name for key, name in folded.items() if len(wanted) > 3 and wanted in key]
    return min(within, key=len) if within else None


def unknown(what: str, word: object, known: Collection[str]) -> str:
    """``unknown topic 'Intrior': did you mean 'Interior'?``, or the list of what is known where nothing is near."""
    near = closest(word, known) if isinstance(word, str) else None
    if near is not None:
        quotes = " (it has to stand in quotes)" if ", " in near or ": " in near else ""
        return f"unknown {what} {quoted(word)}: did you mean {quoted(near)}{quotes}?"
    if len(known) <= _LIST_UP_TO:
        return f"unknown {what} {quoted(word)}: use {listed(known)}"
    return f"unknown {what} {quoted(word)}"


def listed(names: Collection[str]) -> str:
    """``a, b or c``."""
    *first, last = names
    return f"{', '.join(first)} or {last}" if first else last


def _fold(word: str) -> str:
    return " ".join(word.replace("_", " ").split()).casefold()
