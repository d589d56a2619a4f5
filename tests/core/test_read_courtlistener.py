"""CourtListener's REST API: what a search, a docket and its entries become."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from monitor.core.match.identifiers import identifiers
from monitor.model.source import Item, PollError, SourceKind
from tests.core.answers import failure, one, read, sample

SITE = "https://www.courtlistener.com"
URL = f"{SITE}/api/rest/v4/search/?type=r&q=asylum"
FILING: dict[str, Any] = {
    "id": 501,
    "docket_entry_id": 401,
    "absolute_url": "/docket/301/12/1/doe-v-noem/",
    "description": "MOTION for Preliminary Injunction by Jane Doe. (Attachments: # 1 Declaration)",
    "short_description": "Declaration",
    "document_number": 12,
    "attachment_number": 1,
    "entry_date_filed": "2026-09-30",
    "snippet": "the <mark>asylum</mark> rule",
}
CASE: dict[str, Any] = {
    "docket_id": 301,
    "docket_absolute_url": "/docket/301/doe-v-noem/",
    "caseName": "Doe v. Noem",
    "docketNumber": "1:26-cv-00190",
    "court": "District Court, District of Columbia",
    "court_citation_string": "D.D.C.",
    "assignedTo": "Ada Judge",
    "dateFiled": "2026-01-21",
    "dateTerminated": None,
    "party": ["Noem", "Jane Doe"],
    "recap_documents": [FILING],
}
ENTRY: dict[str, Any] = {
    "id": 401,
    "docket": f"{SITE}/api/rest/v4/dockets/301/",
    "date_filed": "2026-09-30",
    "entry_number": 12,
    "description": "MOTION for Preliminary Injunction by Jane Doe. (Entered: 09/30/2026)",
    "recap_documents": [
        {"id": 500, "description": "Motion", "absolute_url": "/docket/301/12/doe-v-noem/"},
        {"id": 501, "description": "Declaration", "absolute_url": "/docket/301/12/1/doe-v-noem/"},
    ],
}
MINUTES = ENTRY | {"id": 402, "entry_number": None, "description": "MINUTE ORDER. Hearing set.", "recap_documents": []}


def answer(*rows: object, **more: object) -> dict[str, object]:
    return {"count": len(rows), "next": None, "previous": None, "results": list(rows)} | more


def test_a_search_gives_each_case_and_each_filing_that_it_lists() -> None:
    case, filing = read("courtlistener", answer(CASE), URL).items

    assert case == Item(
        key="docket:301",
        title="Doe v. Noem, No. 1:26-cv-00190 (D.D.C.)",
        text="No. 1:26-cv-00190 (D.D.C.)\nCourt: District Court, District of Columbia\nJudge: Ada Judge\n"
        "Parties: Jane Doe; Noem",
        url=f"{SITE}/docket/301/doe-v-noem/",
        published=datetime(2026, 1, 21, 12, tzinfo=UTC),
        published_raw="2026-01-21",
    )
    assert filing == Item(
        key="document:501",
        title="Doe v. Noem: Declaration",
        text="MOTION for Preliminary Injunction by Jane Doe. (Attachments: # 1 Declaration)\n"
        "Case: Doe v. Noem, No. 1:26-cv-00190 (D.D.C.)\nFiling: document 12, attachment 1\nthe asylum rule",
        url=f"{SITE}/docket/301/12/1/doe-v-noem/",
        published=datetime(2026, 9, 30, 12, tzinfo=UTC),
        published_raw="2026-09-30",
    )


def test_the_case_does_not_change_when_filings_and_the_order_of_parties_do() -> None:
    later = CASE | {"recap_documents": [], "party": ["Jane Doe", "Noem"], "meta": {"score": 3}}

    assert read("courtlistener", answer(later), URL).items[0] == read("courtlistener", answer(CASE), URL).items[0]


def test_the_matcher_reads_docket_court_and_caption() -> None:
    case, filing = read("courtlistener", answer(CASE), URL).items

    for item in (case, filing):
        found = {(each.key, each.court) for each in identifiers(f"{item.title}\n{item.text}")}
        assert (("docket", "26-cv-190"), "ddc") in found


def test_a_docket_of_the_api_is_the_same_case() -> None:
    docket = {
        "id": 301,
        "court": f"{SITE}/api/rest/v4/courts/dcd/",
        "court_id": "dcd",
        "absolute_url": "/docket/301/doe-v-noem/",
        "case_name": "Doe v. Noem",
        "docket_number": "1:26-cv-00190",
        "date_filed": "2026-01-21",
        "date_terminated": "2026-09-01",
    }

    item = one("courtlistener", answer(docket), f"{SITE}/api/rest/v4/dockets/?court_id=dcd")

    assert (item.key, item.title) == ("docket:301", "Doe v. Noem, No. 1:26-cv-00190 (dcd)")
    assert item.text == "No. 1:26-cv-00190 (dcd)\nTerminated: 2026-09-01"
    assert one("courtlistener", docket, f"{SITE}/api/rest/v4/dockets/301/") == item


def test_an_entry_is_known_by_its_id_and_leads_to_its_first_document() -> None:
    item = one("courtlistener", answer(ENTRY), f"{SITE}/api/rest/v4/docket-entries/?docket=301")

    assert (item.key, item.url) == ("entry:401", f"{SITE}/docket/301/12/doe-v-noem/")
    assert item.title == "Entry 12: MOTION for Preliminary Injunction by Jane Doe. (Entered: 09/30/2026)"
    assert item.text == f"{ENTRY['description']}\nDocuments: Motion; Declaration"
    assert item.published == datetime(2026, 9, 30, 12, tzinfo=UTC)


def test_an_entry_without_description_is_named_after_its_documents() -> None:
    assert one("courtlistener", answer(ENTRY | {"description": ""})).title == "Entry 12: Motion; Declaration"


def test_a_minute_entry_leads_to_its_day_on_the_docket() -> None:
    item = one("courtlistener", answer(MINUTES))

    assert (item.key, item.title) == ("entry:402", "Minute entry: MINUTE ORDER. Hearing set.")
    assert item.url == (
        f"{SITE}/docket/301/case/?filed_after=09%2F30%2F2026&filed_before=09%2F30%2F2026#minute-entry-402"
    )


def test_a_minute_entry_without_a_date_leads_to_its_place_on_the_docket() -> None:
    item = one("courtlistener", answer(MINUTES | {"date_filed": None}))

    assert item.url == f"{SITE}/docket/301/case/#minute-entry-402"


def test_an_entry_without_documents_leads_to_itself_on_the_docket() -> None:
    item = one("courtlistener", answer(ENTRY | {"recap_documents": [], "docket": 301}))

    assert item.url == f"{SITE}/docket/301/case/?entry_gte=12&entry_lte=12"


def test_a_filed_document_by_itself_names_no_case() -> None:
    item = one("courtlistener", answer(FILING | {"short_description": "", "snippet": ""}))

    assert item.key == "document:501"
    assert item.title == FILING["description"]
    assert item.text == f"{FILING['description']}\nFiling: document 12, attachment 1"


def test_a_decision_is_known_by_its_cluster() -> None:
    opinion = {
        "cluster_id": 77,
        "absolute_url": "/opinion/77/doe-v-noem/",
        "caseName": "Doe v. Noem",
        "docketNumber": "26-1234",
        "court_citation_string": "9th Cir.",
        "court": "Court of Appeals for the Ninth Circuit",
        "dateFiled": "2026-09-29",
        "citation": ["99 F.5th 1"],
        "status": "Published",
        "opinions": [{"id": 1, "snippet": "We affirm."}],
    }

    item = one("courtlistener", answer(opinion))

    assert (item.key, item.url) == ("opinion:77", f"{SITE}/opinion/77/doe-v-noem/")
    assert item.title == "Doe v. Noem, No. 26-1234 (9th Cir.)"
    assert item.text.split("\n")[:2] == ["We affirm.", "No. 26-1234 (9th Cir.)"]
    assert "Citation: 99 F.5th 1" in item.text


def test_an_oral_argument_has_keys_of_its_own() -> None:
    argument = {
        "id": 77,
        "docket_id": 301,
        "docketNumber": "26-1234",
        "caseName": "Doe v. Noem",
        "dateArgued": "2026-09-29",
        "absolute_url": "/audio/77/doe-v-noem/",
    }

    item = one("courtlistener", answer(argument))

    assert (item.key, item.title) == ("audio:77", "Oral argument: Doe v. Noem, No. 26-1234")


def test_the_cursor_leads_to_the_next_page() -> None:
    found = read("courtlistener", answer(CASE, next=f"{URL}&cursor=abc%3D"), URL)

    assert found.next_urls == (f"{URL}&cursor=abc%3D",)


def test_no_hits_are_a_reading() -> None:
    assert read("courtlistener", answer(), URL).items == ()


FAILURES: list[tuple[object, str]] = [
    ({"detail": "Authentication credentials were not provided."}, 'says "Authentication credentials were not'),
    (b"<html><title>CourtListener</title>", 'an HTML page titled "CourtListener"'),
    (answer({"name": "x"}), "holds 1 elements, and none has the id, title or text of one"),
    ({"payload": {"results": []}, "webhook": {}}, "a JSON object with the keys payload, webhook"),
]


@pytest.mark.parametrize(("body", "words"), FAILURES)
def test_fault_47_what_is_no_answer_is_named(body: object, words: str) -> None:
    failed = failure("courtlistener", body)

    assert failed.error is PollError.NOT_A_DOCUMENT
    assert words in failed.detail


def test_the_sample_of_a_search(shared_data: Path) -> None:
    found = sample(shared_data, "courtlistener", "courtlistener_search_v4.json", URL)

    assert found.kind is SourceKind.COURTLISTENER
    assert [(item.key, item.title, item.published_raw) for item in found.items] == [
        ("docket:72491415", "Joslin v. U.S. Department of the Interior, No. 1:26-cv-02029 (E.D. Cal.)", "2026-03-13"),
        (
            "document:474266727",
            "Joslin v. U.S. Department of the Interior: Exhibits 1 - 42 to the Wydman Declaration",
            "2026-03-31",
        ),
        ("docket:72312534", "JOSLIN v. U.S. DEPARTMENT OF THE INTERIOR, No. 1:26-cv-00576 (D.D.C.)", "2026-02-23"),
        (
            "document:469621331",
            "JOSLIN v. U.S. DEPARTMENT OF THE INTERIOR: Exhibit Wydman Decl. Exhibits",
            "2026-02-23",
        ),
        ("docket:70650072", "United States v. Finucane, No. 2:25-po-00539 (D. Utah)", "2025-06-27"),
        (
            "document:450131007",
            "United States v. Finucane: ENTRY OF PLEA and STIPULATED DISPOSITION as to Devin R Finucane (tls) "
            "(Entered: 08/04/2025)",
            "2025-07-23",
        ),
    ]
    assert found.items[1].url == f"{SITE}/docket/72491415/29/3/joslin-v-us-department-of-the-interior/"
    assert "Terminated: 2026-03-12" in found.items[2].text
    assert "cursor=cz0xMzM3OTA0MDAwMDAwMC4w" in found.next_urls[0]


def test_the_entry_of_the_webhook_sample_reads_as_an_entry(shared_data: Path) -> None:
    event = json.loads((shared_data / "samples" / "courtlistener_webhook_docket_alert.json").read_bytes())

    item = one("courtlistener", event["payload"])

    assert (item.key, item.published_raw) == ("entry:2208776613", "2022-10-11")
    assert item.title.startswith("Entry 140: MOTION for Settlement Preliminary Approval by ALLIANCE FOR JUSTICE")
    assert item.url == f"{SITE}/docket/4214664/140/national-veterans-legal-services-program-v-united-states/"
