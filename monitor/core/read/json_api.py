"""What the readers of JSON APIs share: rows to items, dates, facts, and the limits of one reading."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from monitor.core.read.dates import EARLIEST, believable, read_date
from monitor.core.read.identity import distinct, more_than, own_key
from monitor.core.read.json_document import Row, load_json, refused, text_at
from monitor.core.read.paging import NO_PAGES, Pages
from monitor.core.read.prose import TITLE_LIMIT, one_line, plain_text, plain_title
from monitor.core.text import shorten
from monitor.core.urls import safe_link
from monitor.model.source import Fetched, Item, PollError, ReadFailed, Reading, ReadResult, Source, SourceKind

MOST_ITEMS = 2_000  # THREATS F16
MOST_ROWS = 20_000  # elements that are looked at: a megabyte holds 300,000 empty ones

_STAND_IN_TITLE = 120  # characters
_LONGEST_RAW_DATE = 100  # characters
_EPOCH = re.compile(r"(\d{10})(\d{3})?(?:\.\d*)?")  # seconds since 2001, or milliseconds
_TIME_TAG = re.compile(r"<time[^<>]{0,200}?\bdatetime=[\"']([^\"'<>]{1,100})", re.I)


class Dated(NamedTuple):
    """A date as a document gives it: the moment, if it can be believed, and the document's own words."""

    moment: datetime | None
    raw: str | None


def no_pages(value: object, fetched: Fetched) -> Pages:
    """Say that a document stands alone."""
    return NO_PAGES


@dataclass(frozen=True, slots=True)
class JsonApi:
    """How one API's documents are read.

    ``rows`` gives a document's elements, or None where it is not this API's. ``items`` turns one of them into items:
    none where it lacks what names it; its other arguments are the address for relative links and the time. ``what``
    names a document of the API in errors; ``title`` is the dotted path of a reading's title.
    """

    kind: SourceKind
    what: str
    rows: Callable[[object], Sequence[object] | None]
    items: Callable[[Row, str, datetime], Iterable[Item | None]]
    pages: Callable[[object, Fetched], Pages] = no_pages
    title: str = ""
    error: PollError = PollError.NOT_A_DOCUMENT

    def read(self, fetched: Fetched, source: Source, now: datetime) -> ReadResult:
        """Return the document's items and its next page, or why it is not this API's. Never raises.

        Above 2,000 items the newest are kept and a note says so. Item keys are unique within the reading.
        """
        document = load_json(fetched, self.what, self.error)
        if isinstance(document, ReadFailed):
            return document
        rows = self.rows(document.value)
        if rows is None:
            return refused(document.value, self.what, self.error)
        found = [self._of(row, fetched.url, now) for row in rows[:MOST_ROWS]]
        if rows and not any(found):
            detail = f"not {self.what}: it holds {len(rows):,} elements, and none has the id, title or text of one"
            return ReadFailed(self.error, detail)
        empty = found.count([])
        notes = [*document.notes, *too_many(rows)]
        if empty:
            notes.append(f"{empty} elements without id, title or text left out")
        title = plain_title(text_at(document.value, self.title)) if self.title else ""
        pages = self.pages(document.value, fetched)
        return reading(self.kind, title, [item for items in found for item in items], notes, pages)

    def _of(self, row: object, url: str, now: datetime) -> list[Item]:
        return [item for item in self.items(row, url, now) if item is not None] if isinstance(row, dict) else []


def too_many(rows: Sequence[object]) -> list[str]:
    """Return the note that elements after the 20,000th were not looked at, if there are any."""
    return [f"only the first {MOST_ROWS:,} of {len(rows):,} elements were looked at"] if len(rows) > MOST_ROWS else []


def reading(
    kind: SourceKind, title: str, items: Sequence[Item], notes: Iterable[str] = (), pages: Pages = NO_PAGES
) -> Reading:
    """Return a reading of at most 2,000 items, in their order, each under a key of its own."""
    told = list(notes)
    if len(items) > MOST_ITEMS:
        told.append(f"truncated: the newest {MOST_ITEMS:,} of {len(items):,} items were kept")
    kept, more = distinct(_newest(items))
    listed = more_than(len(items), MOST_ITEMS)
    return Reading(kind, title, tuple(kept), (*told, *more, *pages.notes), pages.urls, listed=listed)


def _newest(items: Sequence[Item]) -> Sequence[Item]:
    """Return the newest: by date where each item has one, else the first of the document."""
    if len(items) <= MOST_ITEMS or any(item.published is None for item in items):
        return items[:MOST_ITEMS]
    ranked = sorted(range(len(items)), key=lambda place: items[place].published or EARLIEST, reverse=True)
    return [items[place] for place in sorted(ranked[:MOST_ITEMS])]


def api_item(*, key: str, title: str, text: str, link: str, base: str, date: Dated, publisher: str = "") -> Item | None:
    """Return an item whose key is the API's own ``key``, or None where it has neither title nor text nor link.

    ``title`` may hold markup, ``text`` is plain lines. Without a title the first words of the text stand in. Without a
    key the link is the identity, else the words (POLLING 6).
    """
    url = safe_link(link or None, base)
    shown = (
        plain_title(title) or shorten(text.partition("\n")[0], _STAND_IN_TITLE) or shorten(url or "", TITLE_LIMIT - 1)
    )
    if not shown:
        return None
    named = plain_title(publisher) or None
    return Item(own_key(key, url, shown, text), shown, text, url, date.moment, date.raw, named)


def first_date(raws: Iterable[str], now: datetime) -> Dated:
    """Return the first date that can be believed, else the first raw words of any."""
    words = [flat[:_LONGEST_RAW_DATE] for raw in raws if (flat := one_line(raw))]
    for raw in words:
        moment = _moment(raw, now)
        if moment is not None:
            return Dated(moment, raw)
    return Dated(None, words[0] if words else None)


def _moment(raw: str, now: datetime) -> datetime | None:
    """Return a date as APIs give it: seconds or milliseconds since 1970, an HTML ``<time>``, or as ``read_date``."""
    epoch = _EPOCH.fullmatch(raw)
    if epoch is not None:
        return believable(datetime.fromtimestamp(int(epoch[1]), UTC), now)
    tag = _TIME_TAG.search(raw)
    return read_date(tag[1] if tag else raw, now)


def facts(*stated: tuple[str, Sequence[str]]) -> list[str]:
    """Return ``label: one; two`` for each label with values: what the matcher and an editor should see of a row."""
    lines = ((label, "; ".join(map(one_line, values))) for label, values in stated)
    return [f"{label}: {values}" for label, values in lines if values]


def paragraphs(*parts: str | Iterable[str]) -> str:
    """Return texts, which may hold markup, and plain lines (given as a list) as one text of lines."""
    lines = [plain_text(part) if isinstance(part, str) else "\n".join(part) for part in parts]
    return "\n".join(line for line in lines if line)
