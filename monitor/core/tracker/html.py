"""A tracker page as HTML -> the text that ``read_page`` reads: items numbered, content indented, links kept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from monitor.errors import Unreadable

_DROPPED = frozenset(
    {"script", "style", "noscript", "template", "svg", "head", "nav", "select", "option", "button", "iframe"}
    | {"object", "canvas", "audio", "video"}
)
_SPACED = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "ol", "ul", "dl", "pre", "blockquote", "table"})
_BLOCKS = (
    _SPACED
    | {"address", "article", "aside", "body", "center", "dd", "details", "dialog", "div", "dt", "fieldset"}
    | {"figcaption", "figure", "footer", "form", "header", "hr", "html", "legend", "li", "main", "menu", "section"}
    | {"summary", "tbody", "td", "tfoot", "th", "thead", "tr"}
)
_SPACE = re.compile(r"\s+")
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,20})")
_UNNESTED = frozenset(  # elements without content, and those that the next of their kind closes
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
    | {"p", "li", "dt", "dd", "option", "optgroup", "tr", "td", "th", "thead", "tbody", "tfoot", "html", "head", "body"}
)
_MOST_NESTED = 1000  # the HTML parser's time grows with the square of the depth: 40,000 open elements take 5 s
_DEEPEST = 12  # list levels that are indented: hostile nesting must not make every line as long as the page


@dataclass(slots=True)
class _Link:
    href: str
    text: str = ""


@dataclass(slots=True)
class _Writer:
    """Gathers inline text into lines, and lines under the marks of the list items that hold them."""

    base: str
    lines: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    links: list[_Link] = field(default_factory=list)
    counters: list[int | None] = field(default_factory=list)  # of the open lists; None: bullets
    mark: str = ""  # of a list item that has no line yet
    link: _Link | None = None

    def text(self, text: str) -> None:
        self.words.append(text)
        if self.link is not None:
            self.link.text += text

    def end_line(self) -> None:
        """Write the words so far as one line, with the address of a link that is all of the line."""
        line = _SPACE.sub(" ", "".join(self.words)).strip()
        if line:
            self._write(line + self._address(line))
        self.words.clear()
        self.links = [] if self.link is None else [self.link]

    def _address(self, line: str) -> str:
        whole = _SPACE.sub("", "".join(link.text for link in self.links))
        href = next((link.href for link in self.links if link.href), "")
        return f" <{href}>" if href and whole == line.replace(" ", "") else ""

    def _write(self, line: str) -> None:
        depth = min(len(self.counters), _DEEPEST)
        if self.mark:
            self.lines.append("  " * (2 * depth - 1) + self.mark + " " + line)
            self.mark = ""
        else:
            self.lines.append("    " * depth + line)

    def gap(self) -> None:
        """A blank line, unless one stands there or an item's mark still waits for its first line."""
        if self.lines and self.lines[-1] and not self.mark:
            self.lines.append("")

    def open_item(self, value: str | None) -> None:
        if not self.counters:
            self.counters.append(None)
        count = self.counters[-1]
        if count is not None:
            self.counters[-1] = count = int(value) if value and value.isdigit() and len(value) < 4 else count + 1
        self.mark = "•" if count is None else f"{count}."

    def close_item(self) -> None:
        if self.mark.endswith("."):
            self._write("")
        self.mark = ""


def _children(node: LexborNode) -> Iterator[LexborNode]:
    return node.iter(include_text=True)


def _address_of(tree: LexborHTMLParser) -> str:
    """The page's own address as it states it, or ""."""
    for selector, attribute in (('link[rel="canonical"]', "href"), ('meta[property="og:url"]', "content")):
        found = tree.css_first(selector)
        value = (found.attributes.get(attribute) or "").strip() if found is not None else ""
        if _is_address(value):
            return value
    return ""


def _is_address(url: str) -> bool:
    """Whether ``url`` is an absolute http(s) address without characters that would end it early in text."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc) and not re.search(r"[\s<>]", url)


def page_text(html: str, found_at: str = "") -> str:
    """The page's text in the numbered layout: ``URL: ...`` first where the page states its address.

    ``found_at`` is where it was found: its links start there, and it is the address where the page states none.
    A link that is all of a line keeps its address: ``View Document <https://...>``. Navigation, scripts and forms'
    controls are left out; a document without text gives "". Raises Unreadable where 1000 elements are nested.
    """
    _check_depth(html)
    tree = LexborHTMLParser(html)
    address = _address_of(tree) or found_at
    root = tree.css_first("main") if tree.css_first("main ol") is not None else tree.body
    if root is None:
        return ""
    writer = _Writer(found_at or address)
    _walk(root, writer)
    writer.end_line()
    head = [f"URL: {address}"] if address else []
    return "\n".join(head + writer.lines).rstrip() + "\n" if writer.lines else ""


def _check_depth(html: str) -> None:
    depth = 0
    for found in _TAG.finditer(html):
        if found[2].lower() not in _UNNESTED:
            depth = max(depth - 1, 0) if found[1] else depth + 1
            if depth > _MOST_NESTED:
                raise Unreadable(f"not a page that can be read: more than {_MOST_NESTED} elements within each other")


def _walk(root: LexborNode, writer: _Writer) -> None:
    """Depth first without recursion: pages are untrusted, and nesting is free of charge in HTML."""
    stack = [(root, iter(_children(root)))]
    _enter(root, writer)
    while stack:
        node, rest = stack[-1]
        child = next(rest, None)
        if child is None:
            stack.pop()
            _leave(node, writer)
        elif child.is_text_node:
            writer.text(child.text_content or "")
        elif child.tag == "br":
            writer.end_line()
        elif child.tag and child.tag not in _DROPPED and child.is_element_node and not _hidden(child):
            _enter(child, writer)
            stack.append((child, iter(_children(child))))


def _hidden(node: LexborNode) -> bool:
    attributes = node.attributes
    return "hidden" in attributes or attributes.get("aria-hidden") == "true"


def _enter(node: LexborNode, writer: _Writer) -> None:
    tag = node.tag
    if tag in _BLOCKS:
        writer.end_line()
    if tag in _SPACED and not (tag in ("ol", "ul") and writer.counters):
        writer.gap()
    if tag in ("ol", "ul", "menu"):
        start = node.attributes.get("start") or ""
        first = int(start) if start.isdigit() and len(start) < 4 else 1
        writer.counters.append(first - 1 if tag == "ol" else None)
    elif tag == "li":
        writer.open_item(node.attributes.get("value"))
    elif tag == "a":
        href = _absolute(writer.base, node.attributes.get("href") or "")
        writer.link = _Link(href)
        writer.links.append(writer.link)


def _absolute(base: str, href: str) -> str:
    try:
        url = urljoin(base, href.strip())
    except ValueError:
        return ""
    return url if _is_address(url) and not href.startswith("#") else ""


def _leave(node: LexborNode, writer: _Writer) -> None:
    tag = node.tag
    if tag in _BLOCKS:
        writer.end_line()
    if tag == "a":
        writer.link = None
    elif tag == "li":
        writer.close_item()
    elif tag in ("ol", "ul", "menu") and writer.counters:
        writer.counters.pop()
    if tag in _SPACED and not (tag in ("ol", "ul") and writer.counters):
        writer.gap()
