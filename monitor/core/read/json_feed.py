"""JSON Feed 1.0 and 1.1 (jsonfeed.org) to items: part of kind feed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from monitor.core.read.json_api import JsonApi, api_item, first_date
from monitor.core.read.json_document import Row, at, text_at
from monitor.core.read.paging import Pages, next_link
from monitor.core.read.prose import literal_text, plain_text
from monitor.model.source import Fetched, Item, PollError, SourceKind

_VERSION = "jsonfeed.org/version/"


def _rows(value: object) -> Sequence[object] | None:
    items = at(value, "items")
    version = text_at(value, "version")
    return items if isinstance(items, list) and _VERSION in version else None


def _items(row: Row, url: str, now: datetime) -> list[Item | None]:
    identity = text_at(row, "id")
    permalink = identity if identity.lower().startswith(("http://", "https://")) else ""
    html = plain_text(text_at(row, "content_html"))
    words = literal_text(text_at(row, "content_text"))
    return [
        api_item(
            key=identity,
            title=text_at(row, "title"),
            text=max(html, words, literal_text(text_at(row, "summary")), key=len),
            link=text_at(row, "url") or permalink or text_at(row, "external_url"),
            base=url,
            date=first_date((text_at(row, "date_published"), text_at(row, "date_modified")), now),
        )
    ]


def _pages(value: object, fetched: Fetched) -> Pages:
    return next_link(text_at(value, "next_url"), fetched)


JSON_FEED = JsonApi(SourceKind.FEED, "a JSON Feed", _rows, _items, _pages, title="title", error=PollError.NOT_A_FEED)
