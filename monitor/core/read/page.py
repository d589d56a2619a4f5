"""Watched pages to one item: the part that matters, as lines, with its links."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from monitor.core.read.blocks import LinkLine, blocks_of, text_of
from monitor.core.read.dates import read_date
from monitor.core.read.decode import decode
from monitor.core.read.main_text import surroundings
from monitor.core.read.prose import TITLE_LIMIT, has_words, is_markup, one_line, spoken_of
from monitor.core.read.rules import line_pattern, problems_of
from monitor.core.read.selection import base_of, outermost, page_title, selected, without
from monitor.core.read.sniff import is_binary, looks_like
from monitor.core.text import shorten
from monitor.core.urls import link_line, safe_link, without_tracking
from monitor.model.page import Block
from monitor.model.source import Item, PollError, ReadFailed, Reading, ReadResult, SourceKind

_DATED = ("meta[property='article:published_time']", "meta[itemprop=datePublished]", "meta[name=date]")
_LINK_WORDS = 200  # characters
_RAW_DATE = 100  # characters


def read_page(
    body: bytes,
    *,
    url: str,
    base: str | None = None,
    content_type: str | None = None,
    select: Sequence[str] = (),
    drop: Sequence[str] = (),
    ignore: Sequence[str] = (),
    now: datetime,
) -> ReadResult:
    """Return a page as one item whose key is ``url``, or why it cannot be. Never raises, whatever the bytes.

    The text is first prose (a paragraph, list item or table row a line, without addresses), then the links of that
    prose, each once, as lines ``Link: words -> absolute address`` without tracking parameters: a PDF that was exchanged
    is a change, and the prose stays readable. ``base`` is where the document was found, if not at ``url``.

    ``select``: CSS, or XPath after ``xpath:``; the parts are joined in the order of the rules. Without it the text is
    that of ``main``, else the articles, else the body, without what stands around it there (navigation, footers, side
    columns, what class names call a banner or a share bar); the blocks hold that, too, since a notice that a page is
    out of force may stand anywhere. ``drop`` takes elements out before; ``ignore`` takes whole lines out after. A
    selector that finds nothing is SELECTOR_EMPTY: a page that was rebuilt must not look like one that was emptied.
    """
    problems = problems_of(select, drop, ignore)
    if problems:
        return ReadFailed(PollError.SELECTOR_EMPTY, problems[0])
    text = decode(body, content_type)
    if is_binary(body):
        return ReadFailed(PollError.NOT_A_PAGE, f"not a page: this looks like {looks_like(body, text)}")
    tree = without(text if is_markup(text) else f"<pre>{html.escape(text)}</pre>", drop)
    parts = selected(tree, select) if select else _main_parts(tree)
    if isinstance(parts, ReadFailed):
        return parts
    blocks = _kept(_blocks(tree, parts, base_of(tree, base or url), whole=not select), ignore)
    if not any(block.main for block in blocks):
        where = "what the selectors find" if select else "the page's main, article and body"
        return ReadFailed(PollError.SELECTOR_EMPTY, f"{where} holds no text (a page that scripts fill in?)")
    published, raw = _published(tree, parts, now)
    title = page_title(tree) or shorten(url, TITLE_LIMIT - 1)
    item = Item(url, title, text_of(blocks), safe_link(url, url), published, raw)
    return Reading(SourceKind.PAGE, title, (item,), blocks=tuple(blocks))


def _blocks(tree: LexborHTMLParser, parts: Sequence[LexborNode], base: str, *, whole: bool) -> Iterator[Block]:
    """The blocks of the parts; with ``whole``, those of all of the body, the parts being its main text."""
    write = _link_writer(base)
    if not whole:
        for part in parts:
            yield from blocks_of(part, {part.mem_id: True}, write)
    elif tree.body is not None:
        zones = {node.mem_id: False for node in surroundings(tree)} | {part.mem_id: True for part in parts}
        yield from blocks_of(tree.body, zones, write)


def _kept(blocks: Iterable[Block], ignore: Sequence[str]) -> list[Block]:
    patterns = [line_pattern(expression) for expression in ignore]
    return [block for block in blocks if not any(pattern.fullmatch(block.text) for pattern in patterns)]


def _link_writer(base: str) -> LinkLine:
    here = urldefrag(base).url
    root = urljoin(base, "/")

    def write(anchor: LexborNode, words: str) -> str | None:
        href = anchor.attributes.get("href") or ""
        link = _link(href, root if href[:1] == "/" and href[:2] != "//" else base)
        if link is None or ("#" in link and urldefrag(link).url == here):
            return None  # no link, or one within the page
        return _line(words or one_line(spoken_of(anchor)), link)

    return write


@lru_cache(maxsize=4_096)
def _link(href: str, base: str) -> str | None:
    """The address without tracking. Kept, since the pages of a site share most of their links."""
    link = safe_link(href, base)
    return None if link is None else without_tracking(link)


@lru_cache(maxsize=4_096)
def _line(words: str, link: str) -> str:
    return link_line(shorten(words, _LINK_WORDS) if words else _file_name(link), link)


def _main_parts(tree: LexborHTMLParser) -> list[LexborNode]:
    """Return the first of main, articles and the body that holds text."""
    for rule in ("main, [role=main]", "article"):
        parts = outermost(tree.css(rule))
        if any(has_words(part) for part in parts):
            return parts
    return [tree.body] if tree.body is not None else []


def _file_name(link: str) -> str:
    parts = urlsplit(link)
    return one_line(unquote(parts.path.rstrip("/").rpartition("/")[2])) or parts.netloc


def _published(
    tree: LexborHTMLParser, parts: Iterable[LexborNode], now: datetime
) -> tuple[datetime | None, str | None]:
    """Return the page's own date of publication, else the first machine-readable time in the selected parts."""
    stated = [node.attributes.get("content") for rule in _DATED if (node := tree.css_first(rule)) is not None]
    times = [
        node.attributes.get("datetime") for part in parts if (node := part.css_first("time[datetime]")) is not None
    ]
    words = [one_line(raw)[:_RAW_DATE] for raw in (*stated, *times) if raw]
    for raw in words:
        moment = read_date(raw, now)
        if moment is not None:
            return moment, raw
    return None, words[0] if words else None
