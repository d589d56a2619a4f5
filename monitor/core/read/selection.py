"""The part of a page that an operator's rules leave: ``select`` and ``drop``, in CSS or XPath."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence

import lxml.html
from lxml import etree
from selectolax.lexbor import LexborHTMLParser, LexborNode

from monitor.core.read.prose import TITLE_LIMIT, one_line, parsed
from monitor.core.read.rules import xpath_of
from monitor.core.text import shorten
from monitor.core.urls import safe_link
from monitor.model.source import PollError, ReadFailed


def without(text: str, drop: Sequence[str]) -> LexborHTMLParser:
    """Return the tree of ``text`` without what ``drop`` and the page itself (``hidden``) take out."""
    paths = [path for rule in drop if (path := xpath_of(rule)) is not None]
    tree = parsed(_without_paths(text, paths) if paths else text)
    for rule in ("[hidden]", *(rule for rule in drop if xpath_of(rule) is None)):
        for node in outermost(tree.css(rule)):
            if node.tag != "html":  # the parser keeps its root
                node.decompose()
    return tree


def outermost(nodes: Sequence[LexborNode]) -> list[LexborNode]:
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


def selected(tree: LexborHTMLParser, select: Sequence[str]) -> list[LexborNode] | ReadFailed:
    """Return what each rule finds, in the rules' order; SELECTOR_EMPTY where one of them finds nothing."""
    parts: list[LexborNode] = []
    for rule in select:
        path = xpath_of(rule)
        found = outermost(tree.css(rule)) if path is None else _found_by_path(tree.html or "", path)
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


def base_of(tree: LexborHTMLParser, found_at: str) -> str:
    """Return what the page's relative links are resolved against."""
    stated = tree.css_first("base[href]")
    return (safe_link(stated.attributes.get("href"), found_at) if stated is not None else None) or found_at


def page_title(tree: LexborHTMLParser) -> str:
    """Return the page's own title on one line, or ""."""
    stated = tree.css_first("meta[property='og:title']")
    named = (tree.css_first(rule) for rule in ("title", "h1"))
    candidates = [(stated.attributes.get("content") or "") if stated is not None else ""]
    candidates += [node.text() if node is not None else "" for node in named]
    return next((shorten(flat, TITLE_LIMIT - 1) for flat in map(one_line, candidates) if flat), "")
