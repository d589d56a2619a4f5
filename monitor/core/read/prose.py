"""Markup to lines: one paragraph, list item or table row a line, without what a reader never sees."""

from __future__ import annotations

import html
import re
from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser, LexborNode

from monitor.core.read.blocks import blocks_of
from monitor.core.read.fragment import fragment_lines
from monitor.core.read.visible import one_line as one_line
from monitor.core.read.visible import seen
from monitor.core.text import clean, shorten

TITLE_LIMIT = 512  # characters (THREATS F16)

_TAG = re.compile(r"</?[A-Za-z][^<>]*>|<!--")
_INLINE_TAG = re.compile(r"</?(?:a|abbr|b|cite|code|em|i|mark|q|s|small|span|strong|sub|sup|u)(?:\s[^<>]*)?>", re.I)
_SCRIPT = re.compile(r"<(script|style)\b[^<>]*>.*?</\1\s*>", re.I | re.S)
_DEEPEST = 2_000
_MOST_ATTRIBUTES = 500  # of one element; parsers compare each with all before it
_QUOTED = re.compile(r"""\"[^"]*+"|'[^']*+'""")
_LONG_TAG = 5_000  # characters: a shorter one has not so many
_INSIDE_TAG = re.compile(r"""[^"'>]*+(?:"[^"]*+"[^"'>]*+|'[^']*+'[^"'>]*+)*+""")
# Tags that nobody closes: they do not nest.
_UNCLOSED = "area|base|br|col|dd|dt|hr|img|input|li|link|meta|option|p|param|source|tbody|td|tfoot|th|thead|tr|wbr"
_NESTING_TAG = re.compile(rf"<(/?)(?!(?:{_UNCLOSED})\b)[a-z]", re.I)
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")


class Anchor(NamedTuple):
    """A link as it stands in the markup: the words it hangs on, and its unresolved address."""

    text: str
    href: str


def is_markup(text: str) -> bool:
    """Tell whether ``text`` holds at least one tag or comment."""
    return _TAG.search(text) is not None


def plain_text(markup: str) -> str:
    """Return a fragment of HTML as clean lines joined by newlines; text without tags keeps its own line breaks."""
    if is_markup(markup):
        lines = fragment_lines(markup)
        return "\n".join(lines_of(parsed(markup).root) if lines is None else filter(None, map(one_line, lines)))
    return literal_text(html.unescape(markup))


def literal_text(text: str) -> str:
    """Return text that is no markup as clean lines joined by newlines."""
    return "\n".join(line for line in map(one_line, clean(text).split("\n")) if line)


def plain_title(text: str, *, literal: bool = False) -> str:
    """Return a title on one line, at most 512 characters.

    Feeds escape titles once, twice or not at all whatever they declare, so entities are always resolved, and tags taken
    off unless the title is ``literal`` (Atom's ``type="text"``).
    """
    text = text[: TITLE_LIMIT * 20]
    if not literal:
        text = _TAG.sub(" ", _INLINE_TAG.sub("", _SCRIPT.sub("", text)))
    if _ENTITY.search(text):
        text = html.unescape(text)
    return shorten(one_line(text), TITLE_LIMIT - 1)


def parsed(markup: str) -> LexborHTMLParser:
    """Return the tree of an HTML document or fragment; of one nested over 2,000 deep, or with over 500 attributes at an
    element, only its words.

    The parser looks back over the whole stack at each block, so 40,000 nested ones took 2.5 s and a million would take
    half an hour (THREATS F19). Real pages stay under a few hundred.
    """
    return LexborHTMLParser(_TAG.sub("\n", markup) if _too_deep(markup) or is_overloaded(markup, bare=True) else markup)


def is_overloaded(markup: str, *, bare: bool = False) -> bool:
    """Tell whether an element has over 500 attributes: 20,000 of them took a feed's parser 5 s (THREATS F19).

    ``bare``: words without a value count too, as HTML has them.
    """
    if len(markup) < _LONG_TAG:
        return False
    pieces = markup.split("<")
    if max(map(len, pieces)) <= _LONG_TAG:  # nearly always: told without a loop
        return False
    long = (piece for piece in pieces if len(piece) > _LONG_TAG and piece[0].isalpha())
    return any(_attributes_in(piece, bare) > _MOST_ATTRIBUTES for piece in long)


def _attributes_in(piece: str, bare: bool) -> int:
    """Count the attributes of the tag that ``piece`` begins with: its equal signs outside of quotes, or its words."""
    inside = _INSIDE_TAG.match(piece)
    tag = _QUOTED.sub("", piece if inside is None or inside.end() == 0 else inside[0])
    return max(tag.count("="), len(tag.split()) if bare else 0)


def _too_deep(markup: str) -> bool:
    if markup.count("<") <= _DEEPEST:
        return False
    depth = 0
    for closing in _NESTING_TAG.findall(markup):
        depth = max(0, depth - 1) if closing else depth + 1
        if depth > _DEEPEST:
            return True
    return False


def lines_of(root: LexborNode | None) -> list[str]:
    """Return the visible text under ``root`` as clean lines, none of them empty. A table row reads ``cell | cell``."""
    return [block.text for block in blocks_of(root)]


def has_words(root: LexborNode) -> bool:
    """Whether there is any visible text under ``root``."""
    return any(tag == "-text" and one_line(node.text_content or "") for node, tag in seen(root))


def anchors_of(root: LexborNode | None) -> list[Anchor]:
    """Return the links under ``root`` in document order, ``root`` itself included, with their visible words."""
    return [
        Anchor(" ".join(lines_of(node)) or one_line(spoken_of(node)), href)
        for node, tag in seen(root)
        if tag == "a" and (href := node.attributes.get("href"))
    ]


def spoken_of(link: LexborNode) -> str:
    """Return what a screen reader would say of a link without words."""
    image = link.css_first("img[alt]")
    named = link.attributes.get("aria-label") or link.attributes.get("title")
    return named or (image.attributes.get("alt") if image is not None else None) or ""
