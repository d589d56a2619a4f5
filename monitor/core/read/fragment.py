"""Simple fragments of HTML to lines without a tree: most entries of feeds are a few paragraphs with links.

The tree of a paragraph costs ten times what cutting it at its tags does. Read here is only what a parser of HTML cannot
understand otherwise (tests/core/test_read_fragment.py): known tags that close in order, with nothing to mend.
"""

from __future__ import annotations

import html
import re
from html.entities import html5

_ATTRIBUTE = r"\s+[A-Za-z_:][\w:.-]*+(?:\s*+=\s*+(?:\"[^\"<>]*+\"|'[^'<>]*+'|[^\s\"'<>=`/]++))?+"
_TAG = re.compile(rf"<(/?)([A-Za-z][A-Za-z0-9]*+)(?:{_ATTRIBUTE})*+\s*+(/?)>")
_REFERENCE = re.compile(r"&(?:#([0-9]{2,5})|#[xX]([0-9A-Fa-f]{2,4})|([A-Za-z][A-Za-z0-9]{1,31}));")
_DEEPEST = 50

_INLINE_TAGS = "a abbr b cite code em i mark q s small span strong sub sup u"
_INLINE = frozenset(_INLINE_TAGS.split())
_WORDS_ONLY = frozenset(("p", "h1", "h2", "h3", "h4", "h5", "h6"))  # blocks that another block would end
_LISTS = frozenset(("ul", "ol"))
_CONTAINER_TAGS = "div section article blockquote figure figcaption header footer main aside"
_CONTAINERS = _LISTS.union(_CONTAINER_TAGS.split())
_BLOCKS = _WORDS_ONLY | _CONTAINERS | {"li"}
_BREAKS = frozenset(("br", "hr"))
_NOTHING = frozenset(("img", "wbr"))


def fragment_lines(markup: str) -> list[str] | None:
    """Return the lines of a fragment as its tree has them, empty ones included; None where the tree must tell."""
    text, *rest = _TAG.split(markup)
    lines: list[str] = []
    line = [text]
    open_tags: list[str] = []
    for at in range(0, len(rest), 4):
        closing, name, empty, text = rest[at : at + 4]
        tag = name if name.islower() else name.lower()
        if tag in _BREAKS or tag in _NOTHING:
            if closing:
                return None
        elif closing:
            if empty or not open_tags or open_tags.pop() != tag:
                return None
        elif empty or not _may_open(tag, open_tags):
            return None
        else:
            open_tags.append(tag)
        if tag in _BLOCKS or tag in _BREAKS:
            lines.append("".join(line))
            line = [text]
        else:
            line.append(text)
    if open_tags:
        return None
    lines.append("".join(line))
    return _finished(lines)


def _may_open(tag: str, open_tags: list[str]) -> bool:
    if tag in _INLINE:
        return len(open_tags) < _DEEPEST and (tag != "a" or "a" not in open_tags)
    if tag not in _BLOCKS or not _WORDS_ONLY.isdisjoint(open_tags):
        return False
    return len(open_tags) < _DEEPEST and (tag != "li" or (bool(open_tags) and open_tags[-1] in _LISTS))


def _finished(lines: list[str]) -> list[str] | None:
    text = "\n".join(lines)
    if "<" in text:
        return None
    if "&" in text:
        if text.count("&") != sum(map(_is_known, _REFERENCE.finditer(text))):
            return None
        return [html.unescape(line) for line in lines]
    return lines


def _is_known(reference: re.Match[str]) -> bool:
    """Tell whether a reference is one that all parsers read alike."""
    decimal, hexadecimal, name = reference.groups()
    if name is not None:
        return f"{name};" in html5
    point = int(decimal) if decimal is not None else int(hexadecimal, 16)
    return 0x20 <= point < 0x7F or 0xA0 <= point < 0xD800
