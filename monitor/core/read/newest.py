"""A feed of far too many entries, cut to the newest of them before it is parsed: a full parse would end at a limit."""

from __future__ import annotations

import re
from datetime import datetime

from monitor.core.read.dates import EARLIEST, read_date
from monitor.core.read.scan import RawEntry, Scan, scan

MOST_ITEMS = 2_000  # THREATS F16

_MOST_BYTES = 20 * 2**20  # of a document; the fetch ends before
_ENTRY = re.compile(r"<(?:\w+:)?(?:item|entry)\b", re.I)
_DATE = re.compile(rb"<(?:\w+:)?(pubDate|published|issued|updated|modified|date|created)\b[^<>]*>([^<>]{1,100})<", re.I)
_FIRST = {b"pubdate": 0, b"published": 0, b"issued": 0, b"created": 2}  # as the parser prefers them; others: 1


def newest_entries(text: str, now: datetime) -> tuple[str, int]:
    """Return a feed's text with its newest 2,000 entries, in document order, and how many it had.

    By date where each entry has one, else the first of the document. The text comes back as it is, with 0, where there
    are no more than that, or where its entries cannot be cut out (``scan``).
    """
    if len(_ENTRY.findall(text)) <= MOST_ITEMS:
        return text, 0
    cut = scan(text.encode("utf-8", "replace"), most_bytes=_MOST_BYTES)
    if cut is None or len(cut.entries) <= MOST_ITEMS:
        return text, 0
    dates = [_date(cut, entry, now) for entry in cut.entries]
    places = list(range(len(dates)))
    if None not in dates:
        places.sort(key=lambda place: dates[place] or EARLIEST, reverse=True)
    return cut.reduced(set(places[:MOST_ITEMS])).decode(), len(dates)


def _date(cut: Scan, entry: RawEntry, now: datetime) -> datetime | None:
    stated = [(_FIRST.get(found[1].lower(), 1), found[2]) for found in _DATE.finditer(cut.body, entry.start, entry.end)]
    for _, raw in sorted(stated, key=lambda each: each[0]):
        moment = read_date(raw.decode("utf-8", "replace"), now)
        if moment is not None:
            return moment
    return None
