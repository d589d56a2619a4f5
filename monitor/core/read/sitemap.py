"""Sitemaps to items: lists of pages, of news, and indexes that name more sitemaps (sitemaps.org 0.9)."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from monitor.core.read.dates import EARLIEST, read_date
from monitor.core.read.identity import distinct, more_than, own_key
from monitor.core.read.prose import TITLE_LIMIT, one_line, plain_title
from monitor.core.read.records import Record, Records, records_of
from monitor.core.text import shorten
from monitor.core.urls import safe_link
from monitor.model.source import Fetched, Item, PollError, ReadFailed, Reading, ReadResult, Source, SourceKind

MOST_ITEMS = 50_000  # THREATS F16, and the format's own limit
MOST_BYTES = 15 * 2**20  # decompressed (THREATS F3)

_MOST_PARTS = 50_000  # of an index: the format's own limit
_GZIP = b"\x1f\x8b"
_RAW_DATE = 100  # characters
_ENDING = re.compile(r"\.(?:[a-z]{1,5}\d?)$", re.I)
_JOINERS = re.compile(r"[-_+\s]+")
_ROOT = re.compile(rb"(?>\s+|<\?[^>]*>|<!--.*?-->)*+<(?:\w+:)?(?:urlset|sitemapindex)\b", re.S)
_INDEX_PAGES = frozenset({"index", "default", "home"})


class _Dated(NamedTuple):
    """A listed address as it is written, with its date and the date's own words."""

    loc: str
    published: datetime | None
    raw: str | None
    record: Record


def is_sitemap(body: bytes) -> bool:
    """Tell whether a document begins as a sitemap or an index of them does, compressed or not."""
    head = body[:20_000]
    if head.startswith(_GZIP):
        try:
            head = zlib.decompressobj(wbits=31).decompress(head, 4_000)
        except zlib.error:
            return False
    return _ROOT.match(head.removeprefix(b"\xef\xbb\xbf")) is not None


def read_sitemap(fetched: Fetched, source: Source, now: datetime) -> ReadResult:
    """Return the pages of a sitemap as items, or the parts of an index as ``next_urls``. Never raises.

    An item's key is its canonical link. A news sitemap gives titles, publishers and dates of publication; any other
    the last words of the address (``/2025/10/camera-searches.html``: "Camera searches") and ``lastmod``, which is no
    part of identity: many sites stamp all pages at once.

    Of an index, the parts that changed within the source's ``late_after`` are asked for, the latest first, then those
    without a date in the document's order; ``max_pages`` at most, and never none. Bodies may be gzip files. Above
    50,000 addresses the newest are kept, and a note says so (THREATS F16).
    """
    body = _unpacked(fetched.body)
    if isinstance(body, ReadFailed):
        return body
    document = records_of(
        body, fetched.headers.get("content-type"), ("url", "sitemap"), ("urlset", "sitemapindex"), "a sitemap"
    )
    if isinstance(document, ReadFailed):
        return document
    if document.root == "sitemapindex":
        return _index(document, fetched.url, source, now)
    return _pages(document, fetched.url, now)


def _unpacked(body: bytes) -> bytes | ReadFailed:
    """Return the body of a ``.xml.gz``, decompressed; any other as it is. A damaged file is read as far as it goes."""
    if not body.startswith(_GZIP):
        return body
    unpacker = zlib.decompressobj(wbits=31)
    try:
        text = unpacker.decompress(body, MOST_BYTES)
    except zlib.error as error:
        return ReadFailed(PollError.NOT_A_DOCUMENT, f"not a sitemap: its gzip data is damaged ({error})")
    if unpacker.unconsumed_tail:
        return ReadFailed(PollError.TOO_LARGE, f"the sitemap is larger than {MOST_BYTES} bytes when decompressed")
    return text


def _listed(document: Records, now: datetime, most: int) -> tuple[list[_Dated], int]:
    """Return the addresses, the newest ``most`` of them, and how many there were."""
    found: list[_Dated] = []
    total = 0
    for record in document:
        loc = record.get("loc")
        if not loc:
            continue
        total += 1
        raw = one_line(record.get("news/publication_date") or record.get("lastmod"))[:_RAW_DATE]
        found.append(_Dated(loc, read_date(raw, now) if raw else None, raw or None, record))
        if len(found) >= 2 * most:  # memory stays bounded, whatever the document's length
            found = _newest(found, most)
    return _newest(found, most), total


def _newest(found: list[_Dated], most: int) -> list[_Dated]:
    """Return the newest, in document order: dated before undated, and of equals the first."""
    if len(found) <= most:
        return found
    ranked = sorted(range(len(found)), key=lambda place: found[place].published or EARLIEST, reverse=True)
    return [found[place] for place in sorted(ranked[:most])]


def _pages(document: Records, base: str, now: datetime) -> Reading:
    listed, total = _listed(document, now, MOST_ITEMS)
    items, notes = distinct(item for each in listed if (item := _item(each, base)) is not None)
    title = next((item.publisher for item in items if item.publisher), "")
    return Reading(
        SourceKind.SITEMAP,
        title or (urlsplit(base).hostname or ""),
        tuple(items),
        (*_defects(document), *_cut(total, MOST_ITEMS, "items"), *notes),
        listed=more_than(total, MOST_ITEMS),
    )


def _item(listed: _Dated, base: str) -> Item | None:
    url, record = safe_link(listed.loc, base), listed.record
    if url is None:
        return None
    if len(record.fields) < 3:  # an address and a date: 50,000 of these are the common case
        title = title_of(url)
        return Item(own_key("", url, title, ""), title, "", url, listed.published, listed.raw)
    title = plain_title(record.get("news/title")) or title_of(url)
    keywords = one_line(record.get("news/keywords"))
    publisher = plain_title(record.get("news/publication/name")) or None
    return Item(own_key("", url, title, ""), title, keywords, url, listed.published, listed.raw, publisher)


def title_of(url: str) -> str:
    """Return the readable words of an address: the last part of its path that holds any; else host and path."""
    parts = urlsplit(url)
    for segment in reversed(parts.path.split("/")):
        words = one_line(_JOINERS.sub(" ", _ENDING.sub("", unquote(segment))))
        if any(character.isalpha() for character in words) and words.lower() not in _INDEX_PAGES:
            return shorten(words[:1].upper() + words[1:], TITLE_LIMIT - 1)
    return shorten(one_line(unquote(f"{parts.netloc}{parts.path.rstrip('/')}")) or url, TITLE_LIMIT - 1)


def _index(document: Records, base: str, source: Source, now: datetime) -> Reading:
    listed, total = _listed(document, now, _MOST_PARTS)
    parts = {url: part for part in listed if (url := safe_link(part.loc, base)) and url != base}
    wanted = _recent(parts, now - source.late_after)
    most = max(1, source.max_pages)
    notes = [*_defects(document), *_cut(total, _MOST_PARTS, "parts")]
    notes.append(f"an index of {len(parts):,} sitemaps: {min(len(wanted), most)} of them changed lately and are read")
    if len(wanted) > most:
        notes.append(f"{len(wanted) - most:,} more are not: raise max_pages, or poll the wanted part itself")
    host = urlsplit(base).hostname or ""
    return Reading(SourceKind.SITEMAP, host, (), tuple(notes), tuple(wanted[:most]), listed=total)


def _recent(parts: Mapping[str, _Dated], since: datetime) -> list[str]:
    """Return the parts worth reading: the latest first, then the undated; the latest alone where all are old."""
    dates = {url: part.published for url, part in parts.items()}
    dated = sorted((url for url in parts if dates[url]), key=lambda url: dates[url] or since, reverse=True)
    fresh = [url for url in dated if (dates[url] or since) >= since]
    return [*fresh, *(url for url in parts if dates[url] is None)] or dated[:1]


def _defects(document: Records) -> Iterable[str]:
    return ("not well-formed XML: read as far as it goes",) if document.broken else ()


def _cut(total: int, most: int, what: str) -> Iterable[str]:
    return (f"truncated: the newest {most:,} of {total:,} {what} were kept",) if total > most else ()
