"""The API v4 of regulations.gov (documents, comments, dockets) to items."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote

from monitor.core.read.json_api import JsonApi, api_item, facts, first_date, paragraphs
from monitor.core.read.json_document import Row, at, text_at, texts_at
from monitor.core.read.paging import NO_PAGES, Pages, next_number, page_number
from monitor.model.source import Fetched, Item, SourceKind

LAST_PAGE = 20  # of at most 250 rows: the API refuses a higher page[number]

_PAGES = {"documents": "document", "comments": "comment", "dockets": "docket"}  # an API's type: its human page
_PROSE = ("docAbstract", "dkAbstract", "comment", "highlightedContent")
_FACTS = (
    ("Agency", "agencyId"),
    ("Document type", "documentType"),
    ("Docket type", "docketType"),
    ("Subtype", "subtype"),
    ("Docket", "docketId"),
    ("RIN", "rin"),
    ("Federal Register document", "frDocNum"),
    ("Comments open", "commentStartDate"),
    ("Comments close", "commentEndDate"),
)


def _rows(value: object) -> Sequence[object] | None:
    data = at(value, "data")
    rows = data if isinstance(data, list) else [data]
    return rows if all(isinstance(at(row, "attributes"), dict) for row in rows) else None


def _items(row: Row, url: str, now: datetime) -> list[Item | None]:
    """Return one document, comment or docket under its id. ``lastModifiedDate`` is no news and stays out of the text.

    ``postedDate`` is the midnight of the agency's day in UTC (05:00 in winter).
    """
    attributes = row["attributes"]
    identity, kind = text_at(row, "id"), text_at(row, "type")
    if not identity:
        return []
    withdrawn = ["Withdrawn"] if at(attributes, "withdrawn") is True else []
    stated = facts(*((label, texts_at(attributes, path)) for label, path in _FACTS))
    return [
        api_item(
            key=identity,
            title=text_at(attributes, "title") or identity,
            text=paragraphs(withdrawn, *(text_at(attributes, path) for path in _PROSE), stated),
            link=f"https://www.regulations.gov/{_PAGES.get(kind, 'document')}/{quote(identity, safe='')}",
            base=url,
            date=first_date(
                (text_at(attributes, path) for path in ("postedDate", "receiveDate", "modifyDate", "lastModifiedDate")),
                now,
            ),
        )
    ]


def _pages(value: object, fetched: Fetched) -> Pages:
    if at(value, "meta.hasNextPage") is not True:
        return NO_PAGES
    page = page_number(fetched.url, "page[number]")
    if page >= LAST_PAGE:
        return Pages(notes=(f"stopped after page {LAST_PAGE}, which is the last that is answered: narrow the search",))
    return next_number(fetched, "page[number]", page + 1)


REGULATIONS = JsonApi(SourceKind.REGULATIONS, "an answer of the regulations.gov API", _rows, _items, _pages)
