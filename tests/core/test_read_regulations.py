"""regulations.gov v4: documents, comments and dockets."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from monitor.model.source import Item, PollError, SourceKind
from tests.core.answers import failure, one, read, sample

URL = "https://api.regulations.gov/v4/documents?filter[agencyId]=USCIS&sort=-postedDate&page[size]=25"
ATTRIBUTES: dict[str, Any] = {
    "agencyId": "USCIS",
    "objectId": "0900006486819cbb",
    "docketId": "USCIS-2026-0001",
    "documentType": "Proposed Rule",
    "frDocNum": "2026-01234",
    "title": "Fee Schedule &amp; Changes",
    "postedDate": "2026-10-01T04:00:00Z",
    "lastModifiedDate": "2026-10-02T01:33:24Z",
    "commentEndDate": "2026-12-01T04:59:59Z",
    "highlightedContent": "the <mark>fee</mark> schedule",
    "withdrawn": False,
    "openForComment": True,
}


def row(kind: str = "documents", identity: str = "USCIS-2026-0001-0001", **changed: object) -> dict[str, object]:
    return {"type": kind, "id": identity, "attributes": ATTRIBUTES | changed}


def answer(*rows: object, more: bool = False) -> dict[str, object]:
    return {"data": list(rows), "meta": {"hasNextPage": more, "pageNumber": 1}}


def test_a_document_is_known_by_its_id() -> None:
    assert one("regulations", answer(row()), URL) == Item(
        key="USCIS-2026-0001-0001",
        title="Fee Schedule & Changes",
        text="the fee schedule\nAgency: USCIS\nDocument type: Proposed Rule\nDocket: USCIS-2026-0001\n"
        "Federal Register document: 2026-01234\nComments close: 2026-12-01T04:59:59Z",
        url="https://www.regulations.gov/document/USCIS-2026-0001-0001",
        published=datetime(2026, 10, 1, 4, tzinfo=UTC),
        published_raw="2026-10-01T04:00:00Z",
    )


def test_a_later_date_of_modification_changes_nothing() -> None:
    later = answer(row(lastModifiedDate="2026-10-03T00:00:00Z", openForComment=False))

    assert one("regulations", later, URL) == one("regulations", answer(row()), URL)


def test_a_withdrawal_changes_the_text() -> None:
    assert one("regulations", answer(row(withdrawn=True)), URL).text.startswith("Withdrawn\n")


@pytest.mark.parametrize(
    ("kind", "identity", "url"),
    [
        ("comments", "USCIS-2026-0001-0002", "https://www.regulations.gov/comment/USCIS-2026-0001-0002"),
        ("dockets", "USCIS-2026-0001", "https://www.regulations.gov/docket/USCIS-2026-0001"),
        ("documents", "A/../B?c", "https://www.regulations.gov/document/A%2F..%2FB%3Fc"),
    ],
)
def test_each_type_has_its_human_page(kind: str, identity: str, url: str) -> None:
    assert one("regulations", answer(row(kind, identity)), URL).url == url


def test_a_docket_has_its_rin_and_abstract_in_the_text() -> None:
    docket = row("dockets", "USCIS-2026-0001", rin="1615-AC99", dkAbstract="<p>What it is about.</p>")

    text = one("regulations", answer(docket), URL).text

    assert "What it is about.\n" in text
    assert "RIN: 1615-AC99" in text


def test_a_single_document_and_an_empty_list_are_readings() -> None:
    assert one("regulations", {"data": row()}, URL).key == "USCIS-2026-0001-0001"
    assert read("regulations", answer(), URL).items == ()


@pytest.mark.parametrize(
    ("url", "more", "following"),
    [
        (URL, True, (f"{URL}&page%5Bnumber%5D=2",)),
        (f"{URL}&page%5Bnumber%5D=2", True, (f"{URL}&page%5Bnumber%5D=3",)),
        (f"{URL}&page[number]=2", True, (f"{URL}&page%5Bnumber%5D=3",)),
        (URL, False, ()),
        (f"{URL}&page[number]=20", True, ()),
    ],
)
def test_the_next_page_is_the_next_number(url: str, more: bool, following: tuple[str, ...]) -> None:
    assert read("regulations", answer(row(), more=more), url).next_urls == following


FAILURES: list[tuple[object, str]] = [
    ({"error": {"code": "API_KEY_INVALID", "message": "An invalid api_key was supplied."}}, "An invalid api_key was"),
    ({"errors": [{"status": "400", "detail": "filter is wrong"}]}, 'says "filter is wrong"'),
    ({"data": [{"id": "x"}]}, "a JSON object with the keys data"),
    ({"data": None}, "a JSON object with the keys data"),
    (b"<html><title>Oops</title>", 'an HTML page titled "Oops"'),
]


@pytest.mark.parametrize(("body", "words"), FAILURES)
def test_fault_47_what_is_no_answer_is_named(body: object, words: str) -> None:
    failed = failure("regulations", body)

    assert failed.error is PollError.NOT_A_DOCUMENT
    assert words in failed.detail


def test_the_sample_of_documents(shared_data: Path) -> None:
    found = sample(shared_data, "regulations", "regulations_gov_v4_documents.json", URL)

    assert (found.kind, len(found.items)) == (SourceKind.REGULATIONS, 25)
    first, third = found.items[0], found.items[2]
    assert (first.key, first.published) == ("FS_FRDOC_0001-4066", datetime(2025, 1, 16, 5, tzinfo=UTC))
    assert first.title.startswith("Record of Decision: Resource Management Plan for Bears Ears National Monument")
    assert first.url == "https://www.regulations.gov/document/FS_FRDOC_0001-4066"
    assert "Federal Register document: 2025-00863" in first.text
    assert third.text == (
        "Agency: EPA\nDocument type: Supporting & Related Material\nSubtype: Data\nDocket: EPA-HQ-OPPT-2023-0231"
    )
    assert found.next_urls == (f"{URL}&page%5Bnumber%5D=2",)
