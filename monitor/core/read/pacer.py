"""Courts' RSS of docket entries (PACER, CM/ECF) to items."""

from __future__ import annotations

import re
from datetime import datetime
from typing import NamedTuple

from monitor.core.read.courts import court_of
from monitor.core.read.dates import EARLIEST, read_date
from monitor.core.read.identity import distinct, extended_key, more_than, own_key
from monitor.core.read.prose import TITLE_LIMIT, anchors_of, one_line, parsed, plain_text, plain_title
from monitor.core.read.records import Record, records_of
from monitor.core.text import shorten
from monitor.core.urls import link_line, safe_link
from monitor.model.source import Fetched, Item, ReadFailed, Reading, ReadResult, Source, SourceKind

MOST_ITEMS = 10_000  # a large court's last 24 hours are under 4,000

_RAW_DATE = 100  # characters
_CASE = re.compile(
    r"(?P<number>(?:\d{1,2}:)?\d\d-(?:[a-z]{2}-)?\d{1,6}(?:-[A-Za-z0-9]{1,4}){0,5})(?:\s+(?P<caption>.*))?"
)
_ENTRY = re.compile(r"(?P<about>[^\[]*)\[(?P<what>.*?)\](?=[\s(]|$)")
_BANKRUPTCY = re.compile(r"Type:\s*(?P<type>[a-z]{2})\b(?:.{0,20}?Office:\s*(?P<office>\d{1,2})\b)?")
_RECENT = re.compile(r"\s+-\s+Recent Entries\s*$", re.I)


class _Document(NamedTuple):
    """The filed document that an entry links to: its number or other words, and its address."""

    words: str
    url: str


def read_pacer(fetched: Fetched, source: Source, now: datetime) -> ReadResult:
    """Return the docket entries of a court's RSS in its own order, or why it is none. Never raises.

    The title names case, docket and court as a citation does, then the entry: "Chau v. Donovan et al, No.
    1:18-cv-03365 (S.D.N.Y.): Notice of Appearance (3)"; bankruptcy's numbers get their office and type
    ("1:18-ap-00079"). The text is the entry's description, the court, and the document's address. ``url`` is the
    document, else the entry, else the docket.

    Identity (POLLING 6): guid, link, title and description, as written. In courts whose guid names the case alone, two
    orders of one case are told apart by nothing but their time of filing, which is then part of the key: unlike a
    feed's date it is never touched again.
    """
    document = records_of(fetched.body, fetched.headers.get("content-type"), ("item",), ("rss",), "a court's RSS")
    if isinstance(document, ReadFailed):
        return document
    entries = [item for record in document if (item := _item(record, fetched.url, now)) is not None]
    notes = ["not well-formed XML: read as far as it goes"] if document.broken else []
    listed = more_than(len(entries), MOST_ITEMS)
    if listed:
        notes.append(f"truncated: the newest {MOST_ITEMS:,} of {listed:,} items were kept")
        entries = sorted(entries, key=lambda item: item.published or EARLIEST, reverse=True)[:MOST_ITEMS]
    court = _RECENT.sub("", plain_title(document.about.get("channel/title", "")))
    items, more = distinct(entries)
    return Reading(SourceKind.PACER, court, tuple(items), (*notes, *more), listed=listed)


def _item(record: Record, base: str, now: datetime) -> Item | None:
    guid, raw_title, markup = (record.get(name) for name in ("guid", "title", "description"))
    link = safe_link(record.get("link") or None, base)
    heading = plain_title(raw_title)
    filed = _document(markup, base)
    lines = [line for line in plain_text(markup).split("\n") if line]
    if not (heading or lines):
        return None
    entry = safe_link(guid, base) if guid.startswith(("http://", "https://")) else None
    court = court_of(link or base)
    raw = one_line(record.get("pubDate"))[:_RAW_DATE]
    return Item(
        key=_key(guid, link, heading, markup, raw if filed is None and guid in ("", record.get("link")) else ""),
        title=_title(heading, lines[0] if lines else "", court),
        text="\n".join([*lines, *([f"Court: {court}"] if court else []), *([link_line(*filed)] if filed else [])]),
        url=(filed.url if filed else None) or entry or link,
        published=read_date(raw, now) if raw else None,
        published_raw=raw or None,
    )


def _key(guid: str, link: str | None, title: str, markup: str, filed_at: str) -> str:
    words = "\n".join(filter(None, (one_line(markup), filed_at)))
    return extended_key(Item(own_key(guid, link, title, words), title, words, link))


def _document(markup: str, base: str) -> _Document | None:
    for anchor in anchors_of(parsed(markup).root) if "<" in markup else ():
        url = safe_link(anchor.href, base)
        if url is not None:
            return _Document(anchor.text or "Document", url)
    return None


def _title(heading: str, description: str, court: str) -> str:
    """Return the entry as a citation, from the feed's "NUMBER CAPTION" and "ABOUT [WHAT] (DOCUMENT)"."""
    entry = _ENTRY.match(description)
    what = shorten(one_line(entry["what"]) if entry else description, TITLE_LIMIT // 3)
    number_of = re.search(r"\((\d{1,6})\)\s*$", description)
    if what and number_of is not None and entry is not None:
        what = f"{what} ({number_of[1]})"
    case = _CASE.fullmatch(heading)
    if case is None:
        return shorten(": ".join(filter(None, (heading, what))), TITLE_LIMIT - 1)
    caption = shorten((case["caption"] or "").strip(" ,"), TITLE_LIMIT // 3)
    cited = f"No. {_number(case['number'], entry['about'] if entry else '')}{f' ({court})' if court else ''}"
    return ": ".join(filter(None, (", ".join(filter(None, (caption, cited))), what)))


def _number(number: str, about: str) -> str:
    """Return the docket number; a bankruptcy court's, which looks like an appeal's, with its office and type."""
    stated = _BANKRUPTCY.search(about)
    if stated is None or ":" in number:
        return number
    year, _, rest = number.partition("-")
    return f"{stated['office'] or '1'}:{year}-{stated['type']}-{rest}"
