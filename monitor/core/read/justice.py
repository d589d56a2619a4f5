"""The press API of justice.gov (api/v1/press_releases.json and its relatives) to items."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from monitor.core.read.json_api import JsonApi, api_item, facts, first_date, paragraphs
from monitor.core.read.json_document import Row, at, names_at, rows_at, text_at, texts_at
from monitor.core.read.paging import NO_PAGES, Pages, next_number, page_number
from monitor.core.text import shorten
from monitor.model.source import Fetched, Item, SourceKind


def _rows(value: object) -> Sequence[object] | None:
    results = at(value, "results")
    if not isinstance(results, list) or text_at(value, "metadata.responseInfo.status") not in ("", "200"):
        return None
    return results if isinstance(at(value, "metadata"), dict) else None


def _items(row: Row, url: str, now: datetime) -> list[Item | None]:
    """Return one release. ``date`` is seconds since 1970 in a string; ``created`` holds the same within markup."""
    lead, body = paragraphs(text_at(row, "teaser")), paragraphs(text_at(row, "body"))
    stated = facts(
        ("Component", names_at(row, "component", "name")),
        ("Topic", names_at(row, "topic", "name")),
        ("Number", texts_at(row, "number")),
    )
    return [
        api_item(
            key=text_at(row, "uuid"),
            title=text_at(row, "title"),
            text="\n".join(part for part in ("" if _repeats(body, lead) else lead, body, *stated) if part),
            link=text_at(row, "url"),
            base=url,
            date=first_date((text_at(row, "date"), text_at(row, "created")), now),
        )
    ]


def _repeats(body: str, lead: str) -> bool:
    """Tell whether the body begins with the teaser, which may be cut off."""
    return bool(lead) and " ".join(body.split()).startswith(" ".join(lead.split()).rstrip(".… "))


def _pages(value: object, fetched: Fetched) -> Pages:
    """Return the next page, unless the API did not sort: then the newest are 5,000 pages away, and that is told."""
    dates = [int(date) for row in rows_at(value, "results") if (date := text_at(row, "date")).isdecimal()]
    if dates and dates[0] < dates[-1]:
        return Pages(notes=("the releases are not newest first: ask with sort=date&direction=DESC",))
    size, count = (text_at(value, f"metadata.resultset.{name}") for name in ("pagesize", "count"))
    if not (_is_number(size) and _is_number(count)):
        return NO_PAGES
    page = page_number(fetched.url, "page", first=0)
    return next_number(fetched, "page", page + 1) if (page + 1) * int(size) < int(count) else NO_PAGES


def _is_number(text: str) -> bool:
    return text.isdecimal() and shorten(text, 9) == text


JUSTICE = JsonApi(SourceKind.JUSTICE, "an answer of the justice.gov press API", _rows, _items, _pages)
