"""The Federal Register: documents, and public inspection."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from monitor.core.match.identifiers import identifiers
from monitor.model.source import PollError, SourceKind
from tests.core.answers import failure, one, read, sample

SITE = "https://www.federalregister.gov"
URL = f"{SITE}/api/v1/documents.json?conditions%5Bterm%5D=asylum&per_page=2"
RULE: dict[str, Any] = {
    "title": "Fee Schedule for Certain Requests  ",
    "type": "Rule",
    "abstract": "DHS changes fees. It also defines terms.",
    "action": "Final rule.",
    "document_number": "2026-01234",
    "html_url": f"{SITE}/documents/2026/09/30/2026-01234/fee-schedule",
    "publication_date": "2026-09-30",
    "effective_on": "2026-11-01",
    "comments_close_on": None,
    "agencies": [
        {"raw_name": "DEPARTMENT OF HOMELAND SECURITY", "name": "Homeland Security Department"},
        {"raw_name": "U.S. Citizenship and Immigration Services", "name": None},
    ],
    "docket_ids": ["USCIS-2026-0001", "CIS No. 2789-26"],
    "regulation_id_numbers": ["1615-AC99"],
    "cfr_references": [{"title": 8, "part": 106}, {"title": 8, "part": "214"}, {"title": 8, "part": None}],
    "citation": "91 FR 4567",
}
WITHDRAWN: dict[str, Any] = {
    "agencies": [{"name": "Homeland Security Department"}],
    "docket_numbers": ["DHS-2026-0007"],
    "document_number": "2026-05678",
    "editorial_note": "The agency asked to withdraw this document after it was placed on public inspection.",
    "filed_at": None,
    "publication_date": None,
    "html_url": f"{SITE}/public-inspection/2026-05678/meetings",
    "title": "Meetings  ",
    "type": "Notice",
}


def answer(*rows: object, **more: object) -> dict[str, object]:
    return {"description": "Documents matching 'asylum'", "count": len(rows), "results": list(rows)} | more


def test_a_document_is_known_by_its_number() -> None:
    item = one("federal-register", answer(RULE), URL)

    assert (item.key, item.title, item.url) == ("2026-01234", "Fee Schedule for Certain Requests", RULE["html_url"])
    assert (item.published, item.published_raw) == (datetime(2026, 9, 30, 12, tzinfo=UTC), "2026-09-30")


def test_agencies_type_docket_rin_and_abstract_are_in_the_text() -> None:
    assert one("federal-register", answer(RULE), URL).text.split("\n") == [
        "DHS changes fees. It also defines terms.",
        "Final rule.",
        "Agencies: Homeland Security Department; U.S. Citizenship and Immigration Services",
        "Type: Rule",
        "Docket: USCIS-2026-0001; CIS No. 2789-26",
        "RIN: 1615-AC99",
        "Federal Register document: 2026-01234",
        "Effective: 2026-11-01",
        "91 FR 4567",
        "8 CFR 106; 8 CFR 214",
    ]


def test_the_matcher_reads_its_citations() -> None:
    order = RULE | {"type": "Presidential Document", "subtype": "Executive Order", "executive_order_number": "14159"}

    found = {one_.key for one_ in identifiers(one("federal-register", answer(order), URL).text)}

    assert {
        ("rin", "1615-AC99"),
        ("fr-document", "2026-01234"),
        ("fr-citation", "91 FR 4567"),
        ("executive-order", "14159"),
    } <= found


def test_what_a_search_found_within_a_document_is_in_the_text() -> None:
    row = RULE | {"abstract": None, "excerpts": 'A camera of the <span class="match">Flock</span> kind \n &amp; more'}

    assert one("federal-register", answer(row), URL).text.split("\n")[1] == "A camera of the Flock kind & more"


def test_a_document_withdrawn_from_public_inspection_has_no_date_and_says_so() -> None:
    item = one("federal-register", answer(WITHDRAWN), URL)

    assert (item.key, item.published, item.published_raw) == ("2026-05678", None, None)
    assert item.text.startswith("The agency asked to withdraw this document")
    assert "Docket: DHS-2026-0007" in item.text


def test_at_public_inspection_the_time_of_filing_is_the_date() -> None:
    row = WITHDRAWN | {"filed_at": "2026-10-02T08:45:00.000-04:00", "publication_date": "2026-10-06"}

    assert one("federal-register", answer(row), URL).published == datetime(2026, 10, 2, 12, 45, tzinfo=UTC)


def test_a_date_of_publication_that_lies_far_ahead_is_kept_in_words_only() -> None:
    item = one("federal-register", answer(RULE | {"publication_date": "2026-10-12"}), URL)

    assert (item.published, item.published_raw) == (None, "2026-10-12")


def test_an_empty_answer_has_no_results() -> None:
    assert read("federal-register", {"description": "Documents matching 'x'", "count": 0}, URL).items == ()
    assert read("federal-register", {"count": 0, "results": []}, URL).items == ()


def test_a_single_document_is_one_item() -> None:
    assert one("federal-register", RULE, f"{SITE}/api/v1/documents/2026-01234.json").key == "2026-01234"


def followed_by(page: int) -> dict[str, object]:
    return answer(RULE, next_page_url=f"{SITE}/api/v1/documents?format=json&page={page}")


def test_the_next_page_belongs_to_the_same_poll() -> None:
    found = read("federal-register", followed_by(2), URL)

    assert found.next_urls == (f"{SITE}/api/v1/documents?format=json&page=2",)


@pytest.mark.parametrize(("page", "following"), [(49, 1), (50, 0), (51, 0)])
def test_no_page_after_the_fiftieth_is_asked_for(page: int, following: int) -> None:
    found = read("federal-register", followed_by(page + 1), f"{URL}&page={page}")

    assert len(found.next_urls) == following


def test_a_search_that_is_too_wide_is_noted() -> None:
    found = read("federal-register", followed_by(51), f"{URL}&page=50")

    assert found.notes == ("stopped after page 50, which is the last that is answered: narrow the search",)


def test_the_last_page_has_no_next() -> None:
    assert read("federal-register", answer(RULE, next_page_url=None), URL).next_urls == ()


FAILURES: list[tuple[object, str]] = [
    (b"<!doctype html><title>Documents</title><p>Text", 'this looks like an HTML page titled "Documents"'),
    ({"errors": {"conditions": "agency is not known"}}, 'this is JSON that says "agency is not known"'),
    ({"description": "x", "count": 3}, "a JSON object with the keys description, count"),
    ({"results": [{"title": "No number"}]}, "not a Federal Register answer: this is a JSON object"),
    ([RULE], "a JSON list of 1 elements"),
]


@pytest.mark.parametrize(("body", "words"), FAILURES)
def test_fault_47_what_is_no_answer_of_the_register_is_named(body: object, words: str) -> None:
    failed = failure("federal-register", body)

    assert failed.error is PollError.NOT_A_DOCUMENT
    assert words in failed.detail


def test_a_row_without_a_number_is_left_out_and_noted() -> None:
    found = read("federal-register", answer(RULE, {"title": "No number"}), URL)

    assert [item.key for item in found.items] == ["2026-01234"]
    assert found.notes == ("1 elements without id, title or text left out",)


def test_the_sample_of_documents(shared_data: Path) -> None:
    found = sample(shared_data, "federal-register", "federalregister_documents_page1.json", URL)

    assert [(item.key, item.published_raw) for item in found.items] == [
        ("2026-07755", "2026-04-21"),
        ("2025-22068", "2025-12-05"),
        ("2025-19485", "2025-10-06"),
        ("2025-00863", "2025-01-16"),
        ("2024-30953", "2024-12-27"),
    ]
    assert "Agencies: Interior Department; Fish and Wildlife Service\nType: Notice\n" in found.items[0].text
    assert "Bears Ears National Monument Advisory Committee" in found.items[2].text
    assert [url.partition("?")[0] for url in found.next_urls] == [f"{SITE}/api/v1/documents"]
    assert (found.kind, found.title) == (SourceKind.FEDERAL_REGISTER, "Documents matching '\"Bears Ears\"'")


def test_the_sample_of_public_inspection(shared_data: Path) -> None:
    name = "federalregister_public_inspection_current.RECON.json"

    lebanon, withdrawn = sample(shared_data, "federal-register", name, URL).items

    assert (lebanon.key, lebanon.published) == ("2026-20439", datetime(2026, 10, 2, 15, 15, tzinfo=UTC))
    assert lebanon.title.endswith("Revocation of Prior Presidential Determinations")
    assert "Presidential Determination No. 2026-25" in lebanon.text
    assert (withdrawn.key, withdrawn.published) == ("2026-20295", None)
    assert withdrawn.text.startswith("An agency letter requesting withdrawal")


def test_the_sample_of_an_empty_answer(shared_data: Path) -> None:
    assert sample(shared_data, "federal-register", "federalregister_documents_empty.RECON.json", URL).items == ()
