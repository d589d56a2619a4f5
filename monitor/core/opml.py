"""Lists of feeds as feed readers exchange them: OPML 1.0 and 2.0 in, 2.0 out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lxml import etree

from monitor.core.text import clean
from monitor.core.urls import canonical_url, safe_link
from monitor.errors import Unreadable
from monitor.model.source import Source, SourceKind

MOST_OUTLINES = 10_000

_LONGEST_NAME = 200  # characters
_FOLDERS_SHOWN = 20
_FEEDS = frozenset({SourceKind.AUTO, SourceKind.FEED, SourceKind.PACER})
_BASE = "http://opml.invalid/"  # relative addresses mean nothing in a file


@dataclass(frozen=True, slots=True)
class OpmlOutline:
    """One line of a list: its name, its address, the page that it belongs to, and the folders that it stands in.

    ``kind`` is FEED for a feed (``xmlUrl``) and AUTO for a link; ``url`` is None where the address is no web address.
    """

    title: str
    url: str | None
    page: str | None = None
    folders: tuple[str, ...] = ()
    kind: SourceKind = SourceKind.FEED


def read_opml(text: str) -> tuple[OpmlOutline, ...]:
    """Return the feeds and links of a list in its order, each address once; folders may nest.

    Raises Unreadable, in words, for what is no OPML, or holds none. Entities and external documents are not read
    (THREATS F1); XML that breaks off is read as far as it goes.
    """
    if "<!entity" in text.lower():
        raise Unreadable("the file declares entities of its own (<!ENTITY>), which can expand without end: remove them")
    body = _body(text)
    found: dict[str, OpmlOutline] = {}
    folders: list[str] = []
    for event, node in etree.iterwalk(body, events=("start", "end"), tag="outline"):
        if event == "end":
            folders.pop()
            continue
        outline = _outline(node, tuple(folders[:_FOLDERS_SHOWN]))
        folders.append(_named(node))
        if outline is not None:
            found.setdefault(canonical_url(outline.url) if outline.url else f"? {len(found)}", outline)
        if len(found) >= MOST_OUTLINES:
            break
    if not found:
        raise Unreadable("the file lists no feeds: no <outline> has an xmlUrl")
    return tuple(found.values())


def _body(text: str) -> etree._Element:
    parser = etree.XMLParser(
        encoding="utf-8", recover=True, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    try:
        root = etree.fromstring(text.strip().removeprefix("\ufeff").encode("utf-8", "replace"), parser)
    except (etree.LxmlError, ValueError) as error:
        raise Unreadable(f"not an OPML file: {str(error)[:100]}") from None
    body = root.find("body") if root is not None and root.tag == "opml" else None
    if body is None:
        raise Unreadable("not an OPML file: it has no <opml> with a <body>")
    return body


def _outline(node: etree._Element, folders: tuple[str, ...]) -> OpmlOutline | None:
    attributes = {str(name).lower(): str(value) for name, value in node.attrib.items()}
    feed, link = attributes.get("xmlurl"), attributes.get("url")
    if feed is None and link is None:
        return None
    page = safe_link(attributes.get("htmlurl"), _BASE)
    return OpmlOutline(
        title=_named(node),
        url=_web(feed if feed is not None else link),
        page=page if page is not None and not page.startswith(_BASE) else None,
        folders=tuple(folder for folder in folders if folder),
        kind=SourceKind.FEED if feed is not None else SourceKind.AUTO,
    )


def _web(address: str | None) -> str | None:
    url = safe_link(address, _BASE)
    return url if url is not None and not url.startswith(_BASE) else None


def _named(node: etree._Element) -> str:
    name = str(node.get("title") or node.get("text") or "")
    return " ".join(clean(name).split())[:_LONGEST_NAME].strip()


def write_opml(sources: Iterable[Source], title: str = "Sources") -> str:
    """Return the sources as OPML 2.0: feeds as ``type="rss"``, everything else as ``type="link"``."""
    root = etree.Element("opml", version="2.0")
    etree.SubElement(etree.SubElement(root, "head"), "title").text = _xml_text(title)
    body = etree.SubElement(root, "body")
    for source in sources:
        is_feed = source.kind in _FEEDS
        outline = etree.SubElement(body, "outline", text=_xml_text(source.name or source.id))
        outline.set("type", "rss" if is_feed else "link")
        outline.set("xmlUrl" if is_feed else "url", _xml_text(source.url))
    whole: bytes = etree.tostring(root, xml_declaration=True, encoding="utf-8", pretty_print=True)
    return whole.decode("utf-8")


def _xml_text(text: str) -> str:
    return "".join(char for char in clean(text) if char not in "\ufffe\uffff")
