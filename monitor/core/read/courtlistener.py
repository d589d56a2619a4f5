"""CourtListener's REST API v4 to items: searches, dockets, docket entries, filed documents and opinions.

A search for dockets (type=r) gives each case and each filing that it lists, so that a new filing in a known case is a
new item. Dockets, entries, documents and opinions count their ids separately, so keys begin with which it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from urllib.parse import quote

from monitor.core.read.json_api import JsonApi, api_item, facts, first_date, paragraphs
from monitor.core.read.json_document import Row, at, names_at, rows_at, text_at, texts_at
from monitor.core.read.paging import Pages, next_link
from monitor.core.read.prose import one_line, plain_title
from monitor.core.text import shorten
from monitor.model.source import Fetched, Item, SourceKind

_SITE = "https://www.courtlistener.com"
_STATED_TITLE = 120  # characters
_DAY = re.compile(r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)")


def _rows(value: object) -> Sequence[object] | None:
    results = at(value, "results")
    if isinstance(results, list):
        return results
    return [value] if isinstance(value, dict) and _reader_of(value) is not None else None


def _items(row: Row, url: str, now: datetime) -> list[Item | None]:
    reader = _reader_of(row)
    return reader(row, now) if reader is not None else []


def _reader_of(row: Row) -> Callable[[Row, datetime], list[Item | None]] | None:
    """Return what reads an element: the fields that it has say what it is, since the answer does not."""
    if "cluster_id" in row or "sub_opinions" in row:
        return _opinion
    if "docket_entry_id" in row or "docket_entry" in row:
        return lambda document, now: [_document(document, document, now)]
    if "entry_number" in row and "docket" in row:
        return _entry
    if "docket_id" in row and "recap_documents" not in row and "docketNumber" in row and "id" in row:
        return _hearing
    is_docket = text_at(row, "docket_id") or (text_at(row, "id") and "docket_number" in row)
    return _docket if is_docket else None


def _docket(row: Row, now: datetime) -> list[Item | None]:
    """Return a case, then the filings that a search lists with it."""
    caption, number = _caption(row), _number(row)
    parties = sorted(texts_at(row, "party"), key=str.casefold)  # in no stable order as they come
    case = api_item(
        key=f"docket:{text_at(row, 'docket_id', 'id')}",
        title=", ".join(part for part in (caption, number) if part),
        text=paragraphs([number] if number else [], _case_facts(row), facts(("Parties", parties))),
        link=text_at(row, "docket_absolute_url", "absolute_url"),
        base=_SITE,
        date=first_date((text_at(row, "dateFiled", "date_filed"),), now),
    )
    return [case, *(_document(document, row, now) for document in rows_at(row, "recap_documents"))]


def _caption(row: Row) -> str:
    return one_line(text_at(row, "caseName", "case_name", "case_name_full", "caseNameFull", "case_name_short"))


def _number(row: Row) -> str:
    """Return the docket number and its court in the form that the matcher reads."""
    number = one_line(text_at(row, "docketNumber", "docket_number"))
    court = one_line(text_at(row, "court_citation_string", "court_id"))
    return f"No. {number}" + (f" ({court})" if court else "") if number else ""


def _case_facts(row: Row) -> list[str]:
    court = text_at(row, "court")
    stated = (
        ("Court", "" if court.startswith("http") else court),  # elsewhere an address in the API
        ("Judge", text_at(row, "assignedTo", "assigned_to_str", "judge")),
        ("Cause", text_at(row, "cause")),
        ("Nature of suit", text_at(row, "suitNature", "nature_of_suit")),
        ("Terminated", text_at(row, "dateTerminated", "date_terminated")),
    )
    return facts(*((label, [value]) for label, value in stated if value))


def _document(row: Row, case: Row, now: datetime) -> Item | None:
    """Return a filed document; ``case`` states its docket and may be the same row. A snippet is what a search found."""
    identity = text_at(row, "id")
    if not identity:
        return None
    caption, number = _caption(case), _number(case)
    name = _short(text_at(row, "short_description") or text_at(row, "description")) or _numbered(row)
    return api_item(
        key=f"document:{identity}",
        title=f"{caption}: {name}" if caption else name,
        text=paragraphs(
            text_at(row, "description"),
            facts(("Case", [", ".join(part for part in (caption, number) if part)] if caption or number else [])),
            facts(("Filing", [_numbered(row)])),
            text_at(row, "snippet"),
        ),
        link=text_at(row, "absolute_url"),
        base=_SITE,
        date=first_date((text_at(row, "entry_date_filed"), text_at(row, "date_created")), now),
    )


def _short(description: str) -> str:
    return shorten(plain_title(description), _STATED_TITLE) if description.strip() else ""


def _numbered(row: Row) -> str:
    """Return ``document 29, attachment 3``."""
    number, attachment = text_at(row, "document_number"), text_at(row, "attachment_number")
    return f"document {number or 'without number'}" + (f", attachment {attachment}" if attachment else "")


def _entry(row: Row, now: datetime) -> list[Item | None]:
    """Return an entry of a docket. Court minutes have no number, and entries of a court's feed no description."""
    identity, number = text_at(row, "id"), text_at(row, "entry_number")
    if not identity:
        return []
    documents = names_at(row, "recap_documents", "description")
    description = text_at(row, "description") or "; ".join(documents)
    name = f"Entry {number}" if number else "Minute entry"
    return [
        api_item(
            key=f"entry:{identity}",
            title=f"{name}: {_short(description)}" if description else name,
            text=paragraphs(text_at(row, "description"), facts(("Documents", documents))),
            link=_entry_link(row, identity, number),
            base=_SITE,
            date=first_date((text_at(row, "date_filed"), text_at(row, "date_created")), now),
        )
    ]


def _entry_link(row: Row, identity: str, number: str) -> str:
    """Return the page of the entry's first document, else the docket's page with only this entry, or its day.

    The docket's page by itself would be the same address for every entry. The site ignores the words after the id.
    """
    stated = names_at(row, "recap_documents", "absolute_url")
    docket = quote(text_at(row, "docket").rstrip("/").rpartition("/")[2])
    if stated or not docket:
        return stated[0] if stated else ""
    if number:
        return f"/docket/{docket}/case/?entry_gte={quote(number)}&entry_lte={quote(number)}"
    day = _DAY.match(text_at(row, "date_filed"))
    filed = f"{day['month']}%2F{day['day']}%2F{day['year']}" if day else ""
    only = f"?filed_after={filed}&filed_before={filed}" if filed else ""
    return f"/docket/{docket}/case/{only}#minute-entry-{quote(identity)}"


def _opinion(row: Row, now: datetime) -> list[Item | None]:
    """Return a decision: the cluster of its lead opinion, concurrences and dissents."""
    identity = text_at(row, "cluster_id", "id")
    caption, number = _caption(row), _number(row)
    snippets = names_at(row, "opinions", "snippet")
    cited = facts(("Citation", texts_at(row, "citation")), ("Status", texts_at(row, "status")))
    return [
        api_item(
            key=f"opinion:{identity}" if identity else "",
            title=", ".join(part for part in (caption, number) if part),
            text=paragraphs(text_at(row, "syllabus"), *snippets, [number] if number else [], _case_facts(row), cited),
            link=text_at(row, "absolute_url"),
            base=_SITE,
            date=first_date((text_at(row, "dateFiled", "date_filed"),), now),
        )
    ]


def _hearing(row: Row, now: datetime) -> list[Item | None]:
    """Return an oral argument."""
    caption, number = _caption(row), _number(row)
    return [
        api_item(
            key=f"audio:{text_at(row, 'id')}",
            title=", ".join(part for part in (f"Oral argument: {caption}", number) if part),
            text=paragraphs([number] if number else [], _case_facts(row)),
            link=text_at(row, "absolute_url"),
            base=_SITE,
            date=first_date((text_at(row, "dateArgued"),), now),
        )
    ]


def _pages(value: object, fetched: Fetched) -> Pages:
    return next_link(text_at(value, "next"), fetched)


COURTLISTENER = JsonApi(SourceKind.COURTLISTENER, "a CourtListener answer", _rows, _items, _pages)
