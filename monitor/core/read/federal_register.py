"""The Federal Register's API v1 to items: documents, and documents on public inspection."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from monitor.core.read.json_api import MOST_ROWS, JsonApi, api_item, facts, first_date, paragraphs
from monitor.core.read.json_document import Row, at, names_at, rows_at, text_at, texts_at
from monitor.core.read.paging import NO_PAGES, Pages, next_link, page_number
from monitor.model.source import Fetched, Item, SourceKind

LAST_PAGE = 50  # a later page is silently page 1 again (es_application_search.rb)

_DATES = (
    ("Signed", "signing_date"),
    ("Effective", "effective_on"),
    ("Comments close", "comments_close_on"),
)


def _rows(value: object) -> Sequence[object] | None:
    """Return the documents. A search without a hit has no ``results`` at all, only a count of 0."""
    results = at(value, "results")
    if isinstance(results, list):
        named = any(text_at(row, "document_number") for row in results[:MOST_ROWS])
        return results if named or not results else None
    if results is None and text_at(value, "document_number"):
        return [value]
    return [] if results is None and at(value, "count") == 0 else None


def _items(row: Row, url: str, now: datetime) -> list[Item | None]:
    """Return one document. One that was withdrawn from public inspection has no dates, and a note that says so.

    The time of filing goes first: at public inspection the date of publication lies ahead.
    """
    number = text_at(row, "document_number")
    if not number:
        return []
    return [
        api_item(
            key=number,
            title=text_at(row, "title", "subject_1"),
            text=paragraphs(*_prose(row), _facts(row), _citations(row)),
            link=text_at(row, "html_url", "pdf_url"),
            base=url,
            date=first_date((text_at(row, "filed_at"), text_at(row, "publication_date")), now),
        )
    ]


def _prose(row: Row) -> list[str]:
    """Return the words on the document: editors' notes (a withdrawal), abstract, and what a search found in it."""
    paths = ("editorial_note", "abstract", "action", "dates", "subject_1", "subject_2", "subject_3", "excerpts")
    title = " ".join(text_at(row, "title").split())
    return [text for path in paths if (text := text_at(row, path)) and " ".join(text.split()) != title]


def _facts(row: Row) -> list[str]:
    agencies = names_at(row, "agencies", "name", "raw_name") or texts_at(row, "agency_names")
    return facts(
        ("Agencies", agencies),
        ("Type", [text for path in ("type", "subtype") if (text := text_at(row, path))]),
        ("Docket", texts_at(row, "docket_ids") or texts_at(row, "docket_numbers") or texts_at(row, "docket_id")),
        ("RIN", texts_at(row, "regulation_id_numbers") or texts_at(row, "regulation_id_number")),
        ("Topics", texts_at(row, "topics")),
        ("Federal Register document", texts_at(row, "document_number")),
        *((label, texts_at(row, path)) for label, path in _DATES),
    )


def _citations(row: Row) -> list[str]:
    """Return citations as law writes them, so that the matcher reads them: Executive Order 14159, 8 CFR 214."""
    order, proclamation = text_at(row, "executive_order_number"), text_at(row, "proclamation_number")
    pairs = ((text_at(cited, "title"), text_at(cited, "part")) for cited in rows_at(row, "cfr_references"))
    parts = dict.fromkeys(f"{title} CFR {part}" for title, part in pairs if title and part)
    stated = (
        f"Executive Order {order}" if order else "",
        f"Proclamation {proclamation}" if proclamation else "",
        text_at(row, "citation"),
        "; ".join(parts),
    )
    return [line for line in stated if line]


def _pages(value: object, fetched: Fetched) -> Pages:
    pages = next_link(text_at(value, "next_page_url"), fetched)
    if any(page_number(url, "page") > LAST_PAGE for url in pages.urls):
        return Pages(notes=(f"stopped after page {LAST_PAGE}, which is the last that is answered: narrow the search",))
    return pages if page_number(fetched.url, "page") < LAST_PAGE else NO_PAGES


FEDERAL_REGISTER = JsonApi(
    SourceKind.FEDERAL_REGISTER, "a Federal Register answer", _rows, _items, _pages, title="description"
)
