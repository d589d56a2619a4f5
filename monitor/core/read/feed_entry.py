"""One entry of a parsed feed to one item."""

from __future__ import annotations

import calendar
from datetime import UTC, datetime
from typing import Any, NamedTuple

from monitor.core.read.dates import at_noon, believable, is_bare_day, is_unset, read_date
from monitor.core.read.identity import own_key
from monitor.core.read.prose import TITLE_LIMIT, literal_text, one_line, plain_text, plain_title
from monitor.core.text import shorten
from monitor.core.urls import safe_link
from monitor.model.source import Item

Fields = dict[str, Any]

_STAND_IN_TITLE = 120  # characters
_LONGEST_RAW_DATE = 100  # characters
_DATES = ("published", "updated", "created")
_RELATIONS = ("alternate", "via", "related")  # of links that still lead to the item


class Dated(NamedTuple):
    """An entry with what was read of it so far: its raw id, its date and the date's own words."""

    entry: Fields
    guid: str
    published: datetime | None
    published_raw: str | None


def field(fields: Fields, name: str) -> str:
    """Return a text field, or "". ``dict.get`` goes round feedparser's own lookup, which guesses and warns."""
    value = dict.get(fields, name)
    return value if isinstance(value, str) else ""


def entry_date(entry: Fields, now: datetime) -> tuple[datetime | None, str | None]:
    """Return the first believable of published, updated and created, and its raw words; else the first raw words."""
    first_raw: str | None = None
    for name in _DATES:
        raw = one_line(field(entry, name))[:_LONGEST_RAW_DATE]
        if not raw:
            continue
        moment = (
            None if is_unset(raw) else _from_parser(dict.get(entry, f"{name}_parsed"), raw, now) or read_date(raw, now)
        )
        if moment is not None:
            return moment, raw
        first_raw = first_raw or raw
    return None, first_raw


def _from_parser(parsed: object, raw: str, now: datetime) -> datetime | None:
    if not isinstance(parsed, tuple):
        return None
    try:
        moment = believable(datetime.fromtimestamp(calendar.timegm(parsed), UTC), now)
        return at_noon(moment) if moment is not None and is_bare_day(raw) else moment
    except (ValueError, OverflowError, OSError):
        return None


def entry_item(dated: Dated, url: str, *, is_atom: bool) -> Item | None:
    """Return the entry as an item, or None where it has neither title nor text nor link.

    An item without a title is shown by its first words. ``url`` is the base of relative links.
    """
    entry = dated.entry
    title, text, link = _title(entry, is_atom), _text(entry, is_atom), _link(entry, url)
    shown = title or shorten(text.partition("\n")[0], _STAND_IN_TITLE) or shorten(link or "", TITLE_LIMIT - 1)
    if not shown:
        return None
    key = own_key(dated.guid, link, title, text)
    return Item(key, shown, text, link, dated.published, dated.published_raw, _publisher(entry))


def _title(entry: Fields, is_atom: bool) -> str:
    # In Atom "text/plain" is what the feed says; in RSS it is only the parser's guess.
    literal = is_atom and _detail(entry, "title").get("type") == "text/plain"
    return plain_title(field(entry, "title"), literal=literal)


def _detail(entry: Fields, name: str) -> Fields:
    detail = entry.get(f"{name}_detail")
    return detail if isinstance(detail, dict) else {}


def _text(entry: Fields, is_atom: bool) -> str:
    """Return the longest of contents and summary: feedparser swaps them when a neighbouring entry has two of them."""
    contents = entry.get("content")
    bodies = [body for body in contents if isinstance(body, dict)] if isinstance(contents, list) else []
    summary = {"value": field(entry, "summary"), "type": _detail(entry, "summary").get("type", "text/html")}
    return max((_plain(body, is_atom) for body in (*bodies, summary)), key=len)


def _plain(body: Fields, is_atom: bool) -> str:
    kind = str(body.get("type") or "text/html")
    if not kind.startswith("text/") and not kind.endswith("xml"):
        return ""
    value = field(body, "value")
    return literal_text(value) if is_atom and kind == "text/plain" else plain_text(value)


def _link(entry: Fields, url: str) -> str | None:
    """Return the entry's page: what FeedBurner replaced, else the link, else one that still leads there, else an id
    that is an address."""
    links = [link for link in entry.get("links") or () if isinstance(link, dict)]
    original = safe_link(field(entry, "feedburner_origlink") or None, url)
    if original is not None:
        return original
    stated = field(entry, "link")
    # Without a <link> the parser puts the id there; "123" resolved against the feed would be a page that is none.
    named = [stated] if any(field(link, "href") == stated for link in links) else []
    offered = [field(link, "href") for name in _RELATIONS for link in links if link.get("rel") == name]
    by_id = [stated] if stated.lower().startswith(("http://", "https://")) else []
    safe = (safe_link(href or None, url) for href in (*named, *offered, *by_id))
    return next((link for link in safe if link is not None), None)


def _publisher(entry: Fields) -> str | None:
    """Return the title of the entry's <source>: whom an aggregator took it from."""
    source = entry.get("source")
    return (plain_title(field(source, "title")) or None) if isinstance(source, dict) else None
