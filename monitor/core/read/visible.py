"""What of a tree a reader sees, and which of its elements break lines."""

from __future__ import annotations

from collections.abc import Iterator

from selectolax.lexbor import LexborNode

from monitor.core.text import clean

_UNSEEN_WORDS = """
    script style noscript template svg iframe object embed canvas audio video map head title textarea select datalist
"""
UNSEEN_TAGS = frozenset(_UNSEEN_WORDS.split())
_BLOCK_WORDS = """
    address article aside blockquote body br caption center dd details dialog dir div dl dt fieldset figcaption figure
    footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main menu nav ol optgroup p pre search section summary
    table tbody tfoot thead tr ul
"""
BLOCK_TAGS = frozenset(_BLOCK_WORDS.split())
CELL_TAGS = frozenset({"td", "th"})
# A row that holds any of these arranges the page; it does not state a record.
LAYOUT = "table, ul, ol, dl, h1, h2, h3, h4, h5, h6, p + p, article, section, form"


def one_line(text: str) -> str:
    """Return ``text`` clean and on one line, runs of white space as one space."""
    return " ".join(clean(text).split())


def seen(root: LexborNode | None) -> Iterator[tuple[LexborNode, str]]:
    """Yield each seen node with its tag, in document order. No recursion: hostile pages nest 100,000 deep."""
    levels: list[Iterator[LexborNode]] = [] if root is None else [iter((root,))]
    while levels:
        for node in levels[-1]:
            tag = node.tag or ""
            if tag in UNSEEN_TAGS:
                continue
            yield node, tag
            if tag != "-text":
                levels.append(node.iter(include_text=True))
                break
        else:
            levels.pop()
