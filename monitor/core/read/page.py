"""Watched pages to one item: the part that matters, as lines, with its links."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from urllib.parse import unquote, urldefrag, urlsplit

import lxml.html
from lxml import etree
from selectolax.lexbor import LexborHTMLParser, LexborNode

from monitor.core.read.dates import read_date
from monitor.core.read.decode import decode
from monitor.core.read.prose import TITLE_LIMIT, anchors_of, is_markup, lines_of, one_line, parsed
from monitor.core.read.rules import line_pattern, problems_of, xpath_of
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
    tree = _without(text if is_markup(text) else f"<pre>{html.escape(text)}</pre>", drop)
    parts = _selected(tree, select) if select else _main_parts(tree)
    if isinstance(parts, ReadFailed):
        return parts
    lines = [line for part in parts for line in lines_of(part)]
    links = list(dict.fromkeys(_link_lines(parts, _base_of(tree, base or url))))
    if not lines and not links:
        where = "what the selectors find" if select else "the page's main, article and body"
        return ReadFailed(PollError.SELECTOR_EMPTY, f"{where} holds no text (a page that scripts fill in?)")
    patterns = [line_pattern(expression) for expression in ignore]
    kept = [line for line in (*lines, *links) if not any(pattern.fullmatch(line) for pattern in patterns)]
    published, raw = _published(tree, parts, now)
    title = _title(tree) or url
    item = Item(url, title, "\n".join(kept), safe_link(url, url), published, raw)
    return Reading(SourceKind.PAGE, title, (item,))


def _without(text: str, drop: Sequence[str]) -> LexborHTMLParser:
    """Return the tree of ``text`` without what ``drop`` and the page itself (``hidden``) take out."""
    paths = [path for rule in drop if (path := xpath_of(rule)) is not None]
    tree = parsed(_without_paths(text, paths) if paths else text)
    for rule in ("[hidden]", *(rule for rule in drop if xpath_of(rule) is None)):
        for node in _outermost(tree.css(rule)):
            if node.tag != "html":  # the parser keeps its root
                node.decompose()
    return tree


def _outermost(nodes: Sequence[LexborNode]) -> list[LexborNode]:
    """Return the nodes that lie in none of the others. (Removing a node twice would crash the parser.)"""
    found = {node.mem_id for node in nodes}
    return [node for node in nodes if not any(above.mem_id in found for above in _ancestors(node))]


def _ancestors(node: LexborNode) -> Iterator[LexborNode]:
    above = node.parent
    while above is not None:
        yield above
        above = above.parent


def _lxml_tree(markup: str) -> lxml.html.HtmlElement | None:
    try:
        parser = lxml.html.HTMLParser(encoding="utf-8", no_network=True, huge_tree=False)
        return lxml.html.document_fromstring(markup.encode("utf-8", "replace"), parser=parser)
    except (etree.LxmlError, ValueError):  # an empty document, or one nested deeper than the parser goes
        return None


def _find(root: lxml.html.HtmlElement, path: str) -> list[object]:
    """Return what an XPath finds, as a list; an expression may also give a string, a number or a truth value."""
    try:
        found = root.xpath(path)
    except etree.XPathError:
        return []
    return list(found) if isinstance(found, list) else [found]


def _without_paths(text: str, paths: Sequence[str]) -> str:
    root = _lxml_tree(text)
    if root is None:
        return text
    for path in paths:
        for node in _find(root, path):
            if isinstance(node, lxml.html.HtmlElement) and node.getparent() is not None:
                node.drop_tree()
    return str(lxml.html.tostring(root, encoding="unicode"))


def _selected(tree: LexborHTMLParser, select: Sequence[str]) -> list[LexborNode] | ReadFailed:
    parts: list[LexborNode] = []
    for rule in select:
        path = xpath_of(rule)
        found = _outermost(tree.css(rule)) if path is None else _found_by_path(tree.html or "", path)
        if not found:
            detail = f'select: "{shorten(rule, 80)}" finds nothing on the page; has its layout changed?'
            return ReadFailed(PollError.SELECTOR_EMPTY, detail)
        parts += found
    return parts


def _found_by_path(markup: str, path: str) -> list[LexborNode]:
    root = _lxml_tree(markup)
    found = [] if root is None else _find(root, path)
    elements = {node for node in found if isinstance(node, lxml.html.HtmlElement)}
    outer = (
        node
        for node in found
        if not isinstance(node, lxml.html.HtmlElement) or elements.isdisjoint(node.iterancestors())
    )
    roots = (parsed(_markup_of(node)).root for node in outer)
    return [root for root in roots if root is not None]


def _markup_of(found: object) -> str:
    if isinstance(found, lxml.html.HtmlElement):
        return str(lxml.html.tostring(found, encoding="unicode", with_tail=False))
    return html.escape(str(found))


def _main_parts(tree: LexborHTMLParser) -> list[LexborNode]:
    """Return the first of main, articles and unframed body that holds text; an empty list where none does."""
    for rule in ("main, [role=main]", "article"):
        parts = _outermost(tree.css(rule))
        if any(lines_of(part) for part in parts):
            return parts
    for node in _outermost(tree.css(_FRAME)):
        node.decompose()
    return [tree.body] if tree.body is not None else []


def _base_of(tree: LexborHTMLParser, found_at: str) -> str:
    stated = tree.css_first("base[href]")
    return (safe_link(stated.attributes.get("href"), found_at) if stated is not None else None) or found_at


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


def _title(tree: LexborHTMLParser) -> str:
    stated = tree.css_first("meta[property='og:title']")
    named = (tree.css_first(rule) for rule in ("title", "h1"))
    candidates = [(stated.attributes.get("content") or "") if stated is not None else ""]
    candidates += [node.text() if node is not None else "" for node in named]
    return next((shorten(flat, TITLE_LIMIT - 1) for flat in map(one_line, candidates) if flat), "")


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
