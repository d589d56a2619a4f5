"""The API of govinfo.gov to items: collections of packages, granules of a package, and the summary of either."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote, unquote

from monitor.core.read.json_api import JsonApi, api_item, facts, first_date, paragraphs
from monitor.core.read.json_document import Row, at, names_at, text_at
from monitor.core.read.paging import Pages, next_link
from monitor.model.source import Fetched, Item, SourceKind

_DETAILS = "https://www.govinfo.gov/app/details/"
_PACKAGE_OF = re.compile(r"/packages/([^/?#]{1,200})/granules")
# USCOURTS-cand-3_17-cv-06884 and USCOURTS-ca4-17-07510: court, office, number.
_CASE = re.compile(r"USCOURTS-(?P<court>[a-z0-9]{2,10})-(?:(?P<office>\d{1,2})_)?(?P<number>\d\d-[\w-]{2,30})")
_PADDING = re.compile(r"-0+(?=\d+\Z)")  # courts of appeals write 17-7510
_FACTS = (
    ("Collection", ("collectionName", "collectionCode")),
    ("Type", ("granuleClass", "docClass")),
    ("Court", ("courtName",)),
    ("Case type", ("caseType",)),
    ("Congress", ("congress",)),
)


def _rows(value: object) -> Sequence[object] | None:
    for name in ("packages", "granules"):
        listed = at(value, name)
        if isinstance(listed, list):
            return listed
    return [value] if text_at(value, "packageId") else None


def _items(row: Row, url: str, now: datetime) -> list[Item | None]:
    """Return a package under its id, or a granule under its package's id and its own: both have numbers of a kind.

    ``lastModified`` is no news and stays out of the text; it dates what has no date of issue.
    """
    granule = text_at(row, "granuleId").strip()
    package = text_at(row, "packageId").strip() or _package_of(text_at(row, "granuleLink"), url)
    key = "/".join(part for part in (package, granule) if part)
    if not key:
        return []
    case = _case(package)
    return [
        api_item(
            key=key,
            title=text_at(row, "title") or case or key,
            text=paragraphs([case] if case else [], _facts(row)),
            link=_DETAILS + quote(key),
            base=url,
            date=first_date((text_at(row, "dateIssued"), text_at(row, "lastModified")), now),
        )
    ]


def _package_of(granule_link: str, url: str) -> str:
    found = _PACKAGE_OF.search(granule_link) or _PACKAGE_OF.search(url)
    return unquote(found[1]) if found else ""


def _case(package: str) -> str:
    """Return the docket number that a court's package is named after, as courts write it; "" for any other package."""
    case = _CASE.fullmatch(package)
    if case is None:
        return ""
    number = f"{case['office']}:{case['number']}" if case["office"] else _PADDING.sub("-", case["number"])
    return f"Case No. {number} ({case['court']})"


def _facts(row: Row) -> list[str]:
    stated = [(label, text_at(row, *paths)) for label, paths in _FACTS]
    authors = list(filter(None, (text_at(row, "governmentAuthor1"), text_at(row, "governmentAuthor2"))))
    return [
        *facts(*((label, [value]) for label, value in stated if value)),
        *facts(("Authors", authors), ("Agencies", names_at(row, "agencies", "name"))),
    ]


def _pages(value: object, fetched: Fetched) -> Pages:
    return next_link(text_at(value, "nextPage"), fetched)


GOVINFO = JsonApi(SourceKind.GOVINFO, "an answer of the govinfo API", _rows, _items, _pages)
