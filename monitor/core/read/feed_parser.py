"""feedparser at two thirds of its cost: its own strict parser, driven straight by expat.

What costs feedparser most is none of its rules: a layer of SAX between expat and it, copies of small dictionaries made
by ``deepcopy``, and look-ups in them that try other names first. Documents that it would read leniently, or in another
encoding, are left to ``feedparser.parse``; what is read here equals what that makes of it, entry by entry
(tests/core/test_read_feed_parser.py).
"""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any
from xml.parsers import expat
from xml.sax.xmlreader import AttributesNSImpl

import feedparser
from feedparser.api import StrictFeedParser
from feedparser.util import FeedParserDict

_HEADERS = {"content-type": "application/xml; charset=utf-8"}  # decoded already: no second guess
_DECLARED = re.compile(rb"<\?xml\b[^>]*\bencoding\s*=\s*[\"']([^\"']*)[\"']")
_SEPARATOR = " "
_NONE = AttributesNSImpl({}, {})


def parse(data: bytes) -> Any:
    """Return what ``feedparser.parse`` makes of UTF-8 bytes: entries, feed, version and bozo; nothing sanitised."""
    declared = _DECLARED.match(data)
    if declared is None or declared[1].lower() == b"utf-8":
        parser = _Parser()
        if parser.reads(data):
            return parser.document()
    # Only ever a stream: it opens a string that looks like a path or an address.
    return feedparser.parse(BytesIO(data), sanitize_html=False, resolve_relative_uris=False, response_headers=_HEADERS)


class _Parameters(FeedParserDict):  # type: ignore[misc]
    """How a text is to be read. None of its names is one for which feedparser knows others."""

    get = dict.get
    __getitem__ = dict.__getitem__

    def __deepcopy__(self, memo: object) -> Any:
        return FeedParserDict(self)


class _Doctype(Exception):
    """The document has a document type: feedparser looks into it first."""


class _Parser(StrictFeedParser):  # type: ignore[misc]
    """feedparser's own, which remembers how it names an element without attributes until a namespace is declared."""

    def __init__(self) -> None:
        super().__init__("", None, "utf-8")
        self.resolve_relative_uris = False
        self.sanitize_html = False
        self._named: str | None = None
        self._opened: dict[str, str] = {}
        self._closed: dict[str, str] = {}

    def reads(self, data: bytes) -> bool:
        """Read a document; False where another parser must."""
        parser = expat.ParserCreate("utf-8", _SEPARATOR)
        parser.namespace_prefixes = True
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartNamespaceDeclHandler = self.startPrefixMapping
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self.handle_data
        try:
            parser.Parse(data, True)
        except (expat.ExpatError, _Doctype):
            return False
        return True

    def document(self) -> Any:
        """What was read, as ``feedparser.parse`` gives it."""
        return FeedParserDict(
            bozo=False,
            entries=self.entries,
            feed=self.feeddata,
            version=self.version,
            namespaces=self.namespaces_in_use,
        )

    def push_content(self, *how: Any) -> None:
        super().push_content(*how)
        self.contentparams: FeedParserDict = _Parameters(self.contentparams)

    def track_namespace(self, prefix: str | None, uri: str) -> None:
        self._opened.clear()
        self._closed.clear()
        super().track_namespace(prefix, uri)

    def unknown_starttag(self, tag: str, attributes: list[tuple[str, str]]) -> None:
        self._named = None if attributes else tag
        super().unknown_starttag(tag, attributes)

    def unknown_endtag(self, tag: str) -> None:
        self._named = tag
        super().unknown_endtag(tag)

    def _doctype(self, *_: object) -> None:
        raise _Doctype

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        known = None if attributes or self.decls else self._opened.get(name)
        if known is not None:
            super().unknown_starttag(known, [])
            return
        plain = not attributes and not self.decls
        self.startElementNS(_pair(name), None, _attributes(attributes) if attributes else _NONE)
        if plain and self._named is not None:
            self._opened[name] = self._named

    def _end(self, name: str) -> None:
        known = self._closed.get(name)
        if known is not None:
            super().unknown_endtag(known)
            return
        self.endElementNS(_pair(name), None)
        if self._named is not None:
            self._closed[name] = self._named


def _pair(name: str) -> tuple[str | None, str]:
    """Namespace and local name, as SAX gives them."""
    parts = name.split(_SEPARATOR)
    return (None, name) if len(parts) == 1 else (parts[0], parts[1])


def _attributes(attributes: dict[str, str]) -> AttributesNSImpl:
    values: dict[tuple[str | None, str], str] = {}
    names: dict[tuple[str | None, str], str] = {}
    for name, value in attributes.items():
        parts = name.split(_SEPARATOR)
        pair = _pair(name)
        values[pair] = value
        names[pair] = f"{parts[2]}:{parts[1]}" if len(parts) == 3 else parts[-1]
    return AttributesNSImpl(values, names)
