"""Feeds to items: RSS 0.9x, 1.0 and 2.0, Atom 0.3 and 1.0."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from monitor.core.read.dates import EARLIEST
from monitor.core.read.decode import decode, is_legal
from monitor.core.read.feed_entry import Dated, Fields, entry_date, entry_item, field
from monitor.core.read.feed_parser import parse
from monitor.core.read.identity import distinct, more_than
from monitor.core.read.newest import MOST_ITEMS, newest_entries
from monitor.core.read.prose import is_overloaded, one_line, plain_title
from monitor.core.read.sniff import is_binary, is_html, looks_like
from monitor.core.text import shorten
from monitor.model.source import PollError, ReadFailed, Reading, ReadResult, SourceKind

# What the parser lets out on malformed input (fuzzing: chr() of a huge reference, sgmllib's own asserts).
_PARSER_FAULTS = (ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
_PLAIN_PROLOG = re.compile(r"\s*(?:<\?[^<>]*\?>\s*)*")
_REFERENCE = re.compile(r"&#(?:[xX]([0-9a-fA-F]+)|([0-9]+));")
_WRAPPED = re.compile(  # a feed in the shell of a web page, as some filters leave it
    r"(?>\s+|<\?[^<>]*>|<!doctype\s+html[^<>]*>|<(?:html|body)\b[^<>]*>)*+(?=<(?:feed|rss)\s[^<>]*>)", re.I
)
_ROOT = re.compile(r"<\w")
_FEED_ROOT = re.compile(r"\s*(?:<\?[^<>]*\?>\s*)*<(?:\w+:)?(?:RDF|rss|feed)\b")


def read_feed(body: bytes, *, url: str, content_type: str | None = None, now: datetime) -> ReadResult:
    """Return the items of a feed in its own order, or why it is none. Never raises, whatever the bytes (THREATS F1-F3).

    ``url`` is where the document was found: relative links are resolved against it. ``now`` bounds believable dates.
    Above 2,000 items the newest are kept and a note says so. Item keys follow POLLING 6 and are unique.
    """
    text = decode(body, content_type).strip().removeprefix("\ufeff").lstrip()
    wrapped = _WRAPPED.match(text)
    text = text[wrapped.end() :] if wrapped else text
    if is_binary(body) or is_html(text):
        return _not_a_feed(looks_like(body, text))
    if declares_entities(text):
        detail = "the document declares entities of its own (<!ENTITY>): not read, since they can expand without end"
        return ReadFailed(PollError.PARSE_ENTITIES, detail)
    if is_overloaded(text):
        return ReadFailed(PollError.NOT_A_FEED, "not a feed: one of its elements has over 500 attributes")
    try:
        text, total = newest_entries(text, now)
        document = _parse(text)
        if not _is_feed(document, text):
            return _not_a_feed(looks_like(body, text))
        return _reading(document, _raw_ids(text, document.entries), url, now, total)
    except _PARSER_FAULTS as fault:
        detail = f"the feed's XML is broken beyond what the parser survives ({type(fault).__name__}: {fault})"
        return ReadFailed(PollError.NOT_A_FEED, shorten(one_line(detail), 200))


def read_kept(text: str, kept: int, wanted: Sequence[int], *, url: str, now: datetime) -> Reading | None:
    """Return the items at the ``wanted`` places of a document that was cut down to ``kept`` entries (``scan``).

    Their keys are their own, not yet made distinct. None where a full parse must tell: the parser finds another number
    of entries, leniently, or one of the wanted is no item. ``text`` is decoded already.
    """
    try:
        document = _parse(text)
        if document.get("bozo") or len(document.entries) != kept or not _is_feed(document, text):
            return None
        ids = _raw_ids(text, document.entries)
        is_atom = str(document.version).startswith("atom")
        items = []
        for place in wanted:
            entry = document.entries[place]
            items.append(entry_item(Dated(entry, ids[place], *entry_date(entry, now)), url, is_atom=is_atom))
    except _PARSER_FAULTS:
        return None
    found = tuple(item for item in items if item is not None)
    if len(found) != len(wanted):
        return None
    return Reading(SourceKind.FEED, plain_title(field(document.feed, "title")), found)


def _not_a_feed(seen: str) -> ReadFailed:
    return ReadFailed(PollError.NOT_A_FEED, f"not a feed: this looks like {seen}")


def declares_entities(text: str) -> bool:
    """Tell whether an XML parser could meet an entity declaration in ``text``.

    After nothing but processing instructions a root element ends the prolog, and later declarations are only words (an
    article about XML). After anything else, a DOCTYPE or a comment, each ``<!ENTITY`` counts: where a prolog ends is
    what hostile documents make parsers disagree on.
    """
    root = _ROOT.search(text)
    head = text[: root.start()] if root else text
    return _PLAIN_PROLOG.fullmatch(head) is None and "<!entity" in text.lower()


def _parse(text: str) -> Any:
    return parse(_REFERENCE.sub(_checked, text).encode("utf-8", "replace"))


def _checked(reference: re.Match[str]) -> str:
    """Return a character reference, or "" for one to a character that no document may hold: it would end the parse."""
    hexadecimal, decimal = reference.groups()
    digits = (hexadecimal or decimal).lstrip("0")[:8]
    return reference[0] if is_legal(int(digits or "0", 16 if hexadecimal else 10)) else ""


def _is_feed(document: Any, text: str) -> bool:
    """Tell whether the parser recognised a feed, or found items under a feed's root in a namespace it does not know."""
    return bool(document.get("version") or (document.entries and _FEED_ROOT.match(text)))


def _raw_ids(text: str, entries: Sequence[Fields]) -> list[str]:
    """Return each entry's id as it is written.

    feedparser resolves ids against xml:base, so that an id would change with the base: such documents (3 in 400) are
    parsed once more without it.
    """
    if "xml:base" in text:
        unbased = _parse(text.replace("xml:base", "xml:was-base")).entries
        entries = unbased if len(unbased) == len(entries) else entries
    return [field(entry, "id") for entry in entries]


def _reading(document: Any, ids: Sequence[str], url: str, now: datetime, total: int) -> Reading:
    notes = ["not well-formed XML: read leniently"] if document.get("bozo") else []
    dated = [Dated(entry, guid, *entry_date(entry, now)) for entry, guid in zip(document.entries, ids, strict=True)]
    total = max(total, len(dated))
    if total > MOST_ITEMS:
        notes.append(f"truncated: the newest {MOST_ITEMS:,} of {total:,} items were kept")
        dated = _newest(dated)
    is_atom = str(document.version).startswith("atom")
    found = [entry_item(entry, url, is_atom=is_atom) for entry in dated]
    items, more = distinct(item for item in found if item is not None)
    empty = found.count(None)
    if empty:
        notes.append(f"{empty} items without title, text and link left out")
    return Reading(
        SourceKind.FEED,
        plain_title(field(document.feed, "title")),
        tuple(items),
        (*notes, *more),
        listed=more_than(total, MOST_ITEMS),
    )


def _newest(dated: list[Dated]) -> list[Dated]:
    """Return the newest, in document order: by date where each item has one, else the first of the document."""
    if len(dated) <= MOST_ITEMS:
        return dated
    if any(entry.published is None for entry in dated):
        return dated[:MOST_ITEMS]
    ranked = sorted(range(len(dated)), key=lambda place: dated[place].published or EARLIEST, reverse=True)
    return [dated[place] for place in sorted(ranked[:MOST_ITEMS])]
