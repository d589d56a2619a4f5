"""Watched pages to one item: the part that matters, as lines, with its links."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from urllib.parse import unquote, urldefrag, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from monitor.core.read.dates import read_date
from monitor.core.read.decode import decode
from monitor.core.read.prose import TITLE_LIMIT, anchors_of, is_markup, lines_of, one_line
from monitor.core.read.rules import line_pattern, problems_of
from monitor.core.read.selection import base_of, outermost, page_title, selected, without
from monitor.core.read.sniff import is_binary, looks_like
from monitor.core.text import shorten
from monitor.core.urls import link_line, safe_link, without_tracking
from monitor.model.source import Item, PollError, ReadFailed, Reading, ReadResult, SourceKind

_FRAME = "nav, header, footer, aside"
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

    ``select``: CSS, or XPath after ``xpath:``; the parts are joined in the order of the rules. Without it: ``main``,
    else the articles, else the body without navigation, header, footer and side column; the first that holds text.
    ``drop`` takes elements out before; ``ignore`` takes whole lines out after. A selector that finds nothing is
    SELECTOR_EMPTY: a page that was rebuilt must not look like one that was emptied.
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
    lines = [line for part in parts for line in lines_of(part)]
    links = list(dict.fromkeys(_link_lines(parts, base_of(tree, base or url))))
    if not lines and not links:
        where = "what the selectors find" if select else "the page's main, article and body"
        return ReadFailed(PollError.SELECTOR_EMPTY, f"{where} holds no text (a page that scripts fill in?)")
    patterns = [line_pattern(expression) for expression in ignore]
    kept = [line for line in (*lines, *links) if not any(pattern.fullmatch(line) for pattern in patterns)]
    published, raw = _published(tree, parts, now)
    title = page_title(tree) or shorten(url, TITLE_LIMIT - 1)
    item = Item(url, title, "\n".join(kept), safe_link(url, url), published, raw)
    return Reading(SourceKind.PAGE, title, (item,))


def _main_parts(tree: LexborHTMLParser) -> list[LexborNode]:
    """Return the first of main, articles and unframed body that holds text; an empty list where none does."""
    for rule in ("main, [role=main]", "article"):
        parts = outermost(tree.css(rule))
        if any(lines_of(part) for part in parts):
            return parts
    for node in outermost(tree.css(_FRAME)):
        node.decompose()
    return [tree.body] if tree.body is not None else []


def _link_lines(parts: Iterable[LexborNode], base: str) -> Iterator[str]:
    here = urldefrag(base).url
    for part in parts:
        for anchor in anchors_of(part):
            link = safe_link(anchor.href, base)
            if link is None or ("#" in link and urldefrag(link).url == here):
                continue  # no link, or one within the page
            words = shorten(anchor.text, _LINK_WORDS) if anchor.text else _file_name(link)
            yield link_line(words, without_tracking(link))


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
