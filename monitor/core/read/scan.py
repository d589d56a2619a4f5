"""Cut a feed into its raw entries at the byte offsets of an XML parser, so that only what is new is parsed in full.

A full parse of a 40 KB feed costs 11 ms, the cut 0.5 ms; what is cut out is cut from the original bytes, so that a
document without some of its entries parses to the same items for the others (tests/core/test_read_scan.py).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from xml.parsers import expat

MOST_BYTES = 2 * 2**20  # larger documents are not cut: a hostile one would hold up the others
_ROOTS = frozenset({"rss", "RDF", "feed"})
_ENTRY = frozenset({"item", "entry"})
_DEEPEST = 3  # of an entry: rss, channel, item
_HASH_BYTES = 10
_OPENING = re.compile(rb"<([^\s/>]+)")
_CLOSING = re.compile(rb"</([^\s>]+)\s*>")
_SEPARATOR = " "  # expat puts it between a namespace and a local name

# An entry with an id of its own is the same whatever its link's query says: session numbers and campaigns stand there,
# and some servers write new ones into each response.
# Possessive: a million blanks must not be shared out between two repeats in all ways.
_OWN_ID = re.compile(rb"<(?:guid|id)\b[^<>]*+>\s*+(?:<!\[CDATA\[)?+\s*+[^\s<\]]")
_LINK = re.compile(rb"<link\b(?:[^<>]*+>\s*+(?:<!\[CDATA\[)?+[^<>?\]]*+|[^<>]*?\bhref=[\"'][^\"'<>?]*)(\?[^<>\"'\]]*)")


@dataclass(frozen=True, slots=True)
class RawEntry:
    """One entry as it stands in the document: bytes ``start`` to ``end``, and a hash of what matters in them.

    Where the entry has an id, the hash leaves out the query of its link. It covers the start tags around the entry
    (namespaces, xml:base), so that it changes when the same bytes come to mean another thing.
    """

    hash: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Scan:
    """A document and where its entries stand in it, in document order."""

    body: bytes
    entries: tuple[RawEntry, ...]

    def reduced(self, keep: Collection[int]) -> bytes:
        """Return the document without the entries whose place (from 0) is not in ``keep``; all else to the byte."""
        pieces, done = [], 0
        for place, entry in enumerate(self.entries):
            if place not in keep:
                pieces.append(self.body[done : entry.start])
                done = entry.end
        return b"".join((*pieces, self.body[done:]))


def with_predecessors(places: Iterable[int]) -> list[int]:
    """Return the places and the one before each, in order: what must be parsed together to read ``places`` truly.

    feedparser carries state from an entry into the next one (which of two texts is the summary), so the entry that
    stands before a wanted one is parsed as well, and its own result is worth nothing.
    """
    return sorted({kept for place in places for kept in (place - 1, place) if kept >= 0})


def scan(body: bytes, *, most_bytes: int = MOST_BYTES) -> Scan | None:
    """Cut a feed of UTF-8 bytes, whatever encoding it declares; None where only a full parse reads it truly.

    None for what is not well-formed (it is read leniently, and that reads all of it differently), has a document type
    (so no entities ever), has entries inside entries, empty ones, ones with a base of their own (feedparser lets it
    leak into the next), or none; is no feed by its root; or is over ``most_bytes``. Never raises.
    """
    if len(body) > most_bytes:
        return None
    cutter = _Cutter(body)
    try:
        cutter.run()
    except (expat.ExpatError, _Unfit):
        return None
    return Scan(body, tuple(cutter.entries)) if cutter.entries else None


class _Unfit(Exception):
    """The document is one that must not be cut."""


class _Cutter:
    def __init__(self, body: bytes) -> None:
        self.entries: list[RawEntry] = []
        self._body = body
        self._depth = 0
        self._declared: list[tuple[str | None, str | None]] = []  # namespaces of the start tag that comes next
        self._around: dict[int, bytes] = {0: b""}  # by depth: the start tags from the root down to the last one there
        self._harmless: set[str] = set()  # names of elements inside entries that are no entries
        self._start_of_entry = -1
        self._entry_depth = 0
        self._parser = expat.ParserCreate("utf-8", _SEPARATOR)

    def run(self) -> None:
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.StartNamespaceDeclHandler = self._namespace
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.Parse(self._body, True)

    def _doctype(self, *_: object) -> None:
        raise _Unfit

    def _namespace(self, prefix: str | None, uri: str | None) -> None:
        if not self._entry_depth:
            self._declared.append((prefix, uri))

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        local = name.rpartition(_SEPARATOR)[2]
        if local.lower() in _ENTRY:  # as feedparser names them
            if not 1 < self._depth <= _DEEPEST or _has_base(attributes):
                raise _Unfit
            self._declared.clear()  # the entry's own bytes say these
            self._entry_depth = self._depth
            self._start_of_entry = self._parser.CurrentByteIndex
            self._parser.StartElementHandler = self._start_inside
        elif self._depth < _DEEPEST:
            if self._depth == 1 and local not in _ROOTS:
                raise _Unfit
            said = repr((name, sorted(attributes.items()), self._declared)).encode("utf-8", "replace")
            self._around[self._depth] = self._around[self._depth - 1] + said
            self._declared.clear()

    def _start_inside(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if name not in self._harmless:
            if name.rpartition(_SEPARATOR)[2].lower() in _ENTRY:
                raise _Unfit
            self._harmless.add(name)
        if attributes and _has_base(attributes):
            raise _Unfit

    def _end(self, _name: str) -> None:
        if self._depth == self._entry_depth:
            start, here = self._start_of_entry, self._parser.CurrentByteIndex
            opening, closing = _OPENING.match(self._body, start), _CLOSING.match(self._body, here)
            if opening is None or closing is None or opening[1] != closing[1]:
                raise _Unfit  # <item/>: some versions of expat say that it ends where it starts, some behind it
            end = closing.end()
            around = self._around[self._depth - 1]
            self.entries.append(RawEntry(_hashed(around, self._body[start:end]), start, end))
            self._entry_depth = 0
            self._parser.StartElementHandler = self._start
        self._depth -= 1


def _has_base(attributes: dict[str, str]) -> bool:
    """Tell whether feedparser would take one of these for xml:base: it looks at the local name."""
    return any(name.rpartition(_SEPARATOR)[2].lower() == "base" for name in attributes)


def _hashed(around: bytes, raw: bytes) -> str:
    hashed = hashlib.blake2b(around, digest_size=_HASH_BYTES)
    for piece in _without_queries(raw) if _OWN_ID.search(raw) else (raw,):
        hashed.update(piece)
    return hashed.hexdigest()


def _without_queries(raw: bytes) -> Iterator[bytes]:
    done, link = 0, raw.find(b"<link")
    while link >= 0:
        found = _LINK.match(raw, link)
        if found is not None:
            yield raw[done : found.start(1)]
            done = found.end(1)
        link = raw.find(b"<link", link + 1)
    yield raw[done:]
