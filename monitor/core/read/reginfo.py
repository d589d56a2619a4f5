"""Rules under review at the White House's regulatory office (reginfo.gov, OIRA) to items."""

from __future__ import annotations

import re
from datetime import datetime

from monitor.core.read.dates import read_date
from monitor.core.read.identity import distinct, more_than, own_key
from monitor.core.read.prose import TITLE_LIMIT, one_line, plain_title
from monitor.core.read.records import Record, records_of
from monitor.core.text import shorten
from monitor.model.source import Fetched, Item, ReadFailed, Reading, ReadResult, Source, SourceKind

MOST_ITEMS = 5_000  # the list has about 150

_DATES = ("DATE_COMPLETED", "DATE_RECEIVED")  # the later step first
_APART = frozenset({"RIN", "TITLE", "STAGE"})  # said in the title, and first in the text
_ROOT = re.compile(rb"(?>\s+|<\?[^>]*>|<!--.*?-->)*+<OIRA_DATA\b", re.S)
_CAPITALS = re.compile(r"\b(Rin|Cfr|Omb|Oira|Url)\b")
_RAW_DATE = 100  # characters
_LONGEST_VALUE = 2_000  # characters


def is_reginfo(body: bytes) -> bool:
    """Tell whether a document begins as one of the office's lists does."""
    return _ROOT.match(body[:20_000].removeprefix(b"\xef\xbb\xbf")) is not None


def read_reginfo(fetched: Fetched, source: Source, now: datetime) -> ReadResult:
    """Return the rules of an ``EO_RULES_UNDER_REVIEW.xml`` or ``EO_RULE_COMPLETED_30_DAYS.xml``. Never raises.

    The site answers 200 and an HTML page for a file that it does not have: NOT_A_DOCUMENT. Codes stay text, with their
    leading zeros. Each rule is titled "Title (Stage)", its text names the RIN and every other field of the record.

    Identity is the RIN with the stage: the final rule comes back, months later, under the RIN of the proposed one, and
    that is news. There is no link: an address of reginfo.gov needs numbers that the file does not hold.
    """
    document = records_of(
        fetched.body,
        fetched.headers.get("content-type"),
        ("REGACT",),
        ("OIRA_DATA",),
        "reginfo's list of rules",
    )
    if isinstance(document, ReadFailed):
        return document
    found = [item for record in document if (item := _item(record, now)) is not None]
    notes = ["not well-formed XML: read as far as it goes"] if document.broken else []
    if len(found) > MOST_ITEMS:
        notes.append(f"truncated: the first {MOST_ITEMS:,} of {len(found):,} items were kept")
    items, more = distinct(found[:MOST_ITEMS])
    listed = more_than(len(found), MOST_ITEMS)
    return Reading(SourceKind.REGINFO, "Rules under review", tuple(items), (*notes, *more), listed=listed)


def _item(record: Record, now: datetime) -> Item | None:
    rin, title, stage = (plain_title(record.get(name)) for name in ("RIN", "TITLE", "STAGE"))
    if not (rin or title):
        return None
    raw = next((one_line(record.get(name))[:_RAW_DATE] for name in _DATES if record.get(name)), None)
    first = [f"{label}: {value}" for label, value in (("RIN", rin), ("Stage", stage)) if value]
    rest = [
        f"{_label(path)}: {shorten(plain_title(value), _LONGEST_VALUE)}"
        for path, value in record.fields.items()
        if path not in _APART
    ]
    return Item(
        key=own_key(f"{rin} {stage}".strip() if rin else "", None, title, stage),
        title=shorten(f"{title or f'RIN {rin}'}{f' ({stage})' if stage else ''}", TITLE_LIMIT - 1),
        text="\n".join((*first, *rest)),
        published=read_date(raw, now) if raw else None,
        published_raw=raw,
    )


def _label(path: str) -> str:
    """Return a field's name in words: "DATE_RECEIVED" is "Date received"."""
    words = one_line(path.replace("/", " ").replace("_", " "))
    return _CAPITALS.sub(lambda found: found[1].upper(), words.capitalize())
