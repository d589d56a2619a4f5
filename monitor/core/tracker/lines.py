"""Page text as lines: cleaned, with what tells the layout (indentation, blank lines), without a cut's left-over."""

from __future__ import annotations

import re
from dataclasses import dataclass

from monitor.core.text import clean
from monitor.core.tracker.headings import Headings
from monitor.core.tracker.keys import normal_address

# Printed alone on a line, it says that nothing stands here; the writer needs it where the next line would be misread.
SLOT = "—"

# The last paragraph of an action that nobody has looked at, in pages that we write.
UNREVIEWED = "Recorded automatically, not reviewed by an editor."

_BULLET = re.compile(r"[•◦▪‣·*–-](?:\s+|$)")
_ADDRESS = re.compile(r"URL:\s*(\S+)\s*")
_CUT_ID = re.compile(r"\[\s?[^\W\d_]{0,12}\s?:?\s?#?\s?:?\s?\d{0,9}$")
_TITLED_LINK = re.compile(r" <([a-z][a-z0-9+.-]{0,20}:[^\s<>]{1,4000})>$")


@dataclass(frozen=True, slots=True)
class Line:
    """One line that is not blank. ``gap``: a blank line stands before it."""

    text: str
    indent: int = 0
    gap: bool = False


def bullet_of(text: str) -> str | None:
    """What follows the bullet that ``text`` begins with; None without a bullet."""
    found = _BULLET.match(text)
    return None if found is None else text[found.end() :]


def split_titled_link(text: str) -> tuple[str, str | None]:
    """``Title <https://...>`` -> the title and the address, None where there is none."""
    found = _TITLED_LINK.search(text[-4100:])
    return (text, None) if found is None else (text[: -len(found[0])], found[1])


def link_address(text: str, headings: Headings) -> tuple[bool, str | None]:
    """Whether ``text`` is nothing but document links ("Go to article on aila.org"), and their first address."""
    at, url = 0, None
    while at < len(text):
        found = headings.link.match(text, at)
        if found is None:
            return False, None
        url = url or found["url"]
        at = found.end()
        while at < len(text) and text[at] in " *":
            at += 1
    return bool(text), url


def split_address(text: str) -> tuple[str | None, str]:
    """The address of a first line ``URL: ...``, without its trailing slash, or None; and the text below that line."""
    first, _, rest = text.lstrip("\ufeff\n ").partition("\n")
    found = _ADDRESS.fullmatch(first)
    return (None, text) if found is None else (normal_address(found[1]), rest)


def read_lines(text: str, headings: Headings) -> tuple[Line, ...]:
    """The lines of ``text`` in order. A last line that only begins a link label ("View Docu") is left out."""
    lines: list[Line] = []
    gap = False
    for raw in clean(text.expandtabs(4)).split("\n"):
        stripped = raw.strip()
        if stripped:
            lines.append(Line(stripped, len(raw) - len(raw.lstrip()), gap))
        gap = not stripped
    if lines:
        text = _uncut(lines[-1].text, headings)
        lines = [*lines[:-1], *([Line(text, lines[-1].indent, lines[-1].gap)] if text else [])]
    return tuple(lines)


def _uncut(text: str, headings: Headings) -> str:
    """A page's last line without the beginning of a link ("View Docu") or of an id ("[ID #1")."""
    if text in headings.link_labels:
        return text
    if any(label.startswith(text) for label in headings.link_labels):
        return ""
    for label in headings.link_labels:
        host = text.removeprefix(label + " ")
        if host != text and " " not in host and "<" not in host:
            return label
    begun = _CUT_ID.search(text[-30:])
    return text if begun is None else text[: len(text) - len(begun[0])].rstrip()
