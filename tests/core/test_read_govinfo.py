"""govinfo: collections, packages and granules."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from monitor.core.match.identifiers import identifiers
from monitor.model.source import PollError, SourceKind
from tests.core.answers import failure, one, read, sample

API = "https://api.govinfo.gov"
URL = f"{API}/collections/USCOURTS/2026-10-01T00:00:00Z?offsetMark=*&pageSize=25"
PACKAGE: dict[str, Any] = {
    "packageId": "USCOURTS-cand-3_26-cv-00190",
    "lastModified": "2026-10-02T19:53:27Z",
    "packageLink": f"{API}/packages/USCOURTS-cand-3_26-cv-00190/summary",
    "docClass": "USCOURTS",
    "title": "Doe v. Noem",
    "dateIssued": "2026-10-01",
}


def listed(*rows: object, name: str = "packages", following: str | None = None) -> dict[str, object]:
    return {"count": len(rows), "message": None, "nextPage": following, "previousPage": None, name: list(rows)}


def test_a_package_is_known_by_its_id_and_dated_by_its_issue() -> None:
    item = one("govinfo", listed(PACKAGE), URL)

    assert (item.key, item.title) == ("USCOURTS-cand-3_26-cv-00190", "Doe v. Noem")
    assert item.url == "https://www.govinfo.gov/app/details/USCOURTS-cand-3_26-cv-00190"
    assert item.published == datetime(2026, 10, 1, 12, tzinfo=UTC)
    assert item.text == "Case No. 3:26-cv-00190 (cand)\nType: USCOURTS"


def test_a_later_date_of_modification_changes_nothing() -> None:
    later = listed(PACKAGE | {"lastModified": "2026-10-03T00:00:00Z"})

    assert one("govinfo", later, URL) == one("govinfo", listed(PACKAGE), URL)


@pytest.mark.parametrize(
    ("package", "title", "key"),
    [
        ("USCOURTS-cand-3_17-cv-06884", "Case No. 3:17-cv-06884 (cand)", ("docket", "17-cv-6884")),
        ("USCOURTS-ca4-17-07510", "Case No. 17-7510 (ca4)", ("appeal", "17-7510")),
        ("FR-2026-10-01", "FR-2026-10-01", None),
    ],
)
def test_a_courts_package_is_named_after_its_case(package: str, title: str, key: tuple[str, str] | None) -> None:
    item = one("govinfo", listed({"packageId": package, "lastModified": "2026-10-02T19:53:27Z"}), URL)

    assert item.title == title
    assert key is None or key in {each.key for each in identifiers(item.text)}
    assert item.published_raw == "2026-10-02T19:53:27Z"


def test_a_granule_is_known_by_its_package_and_itself() -> None:
    granule = {"title": "Notice", "granuleId": "2026-01234", "granuleClass": "NOTICE"}
    linked = granule | {"granuleLink": f"{API}/packages/FR-2026-10-01/granules/2026-01234/summary"}
    url = f"{API}/packages/FR-2026-10-01/granules?offset=0&pageSize=100"

    for row, found_at in ((granule, url), (linked, URL)):
        item = one("govinfo", listed(row, name="granules"), found_at)
        assert item.key == "FR-2026-10-01/2026-01234"
        assert item.url == "https://www.govinfo.gov/app/details/FR-2026-10-01/2026-01234"


def test_the_next_page_takes_the_key_along() -> None:
    following = f"{API}/collections/USCOURTS/2026-10-01T00:00:00Z?offsetMark=AoE%3D&pageSize=25"

    assert read("govinfo", listed(PACKAGE, following=following), URL).next_urls == (following,)
    assert read("govinfo", listed(PACKAGE, following=following), f"{URL}&api_key=K").next_urls == (
        f"{following}&api_key=K",
    )


def test_no_packages_are_a_reading() -> None:
    assert read("govinfo", listed(), URL).items == ()


FAILURES: list[tuple[object, str]] = [
    ({"error": {"code": "API_KEY_MISSING", "message": "No api_key was supplied."}}, 'says "No api_key was supplied."'),
    ({"message": "Error page size must be given"}, 'says "Error page size must be given"'),
    (listed({"lastModified": "2026-10-02T19:53:27Z"}), "holds 1 elements, and none has the id"),
    (b"<html><title>GovInfo</title>", 'an HTML page titled "GovInfo"'),
]


@pytest.mark.parametrize(("body", "words"), FAILURES)
def test_fault_47_what_is_no_answer_is_named(body: object, words: str) -> None:
    failed = failure("govinfo", body)

    assert failed.error is PollError.NOT_A_DOCUMENT
    assert words in failed.detail


def test_the_sample_of_a_collection(shared_data: Path) -> None:
    found = sample(shared_data, "govinfo", "govinfo_collections_uscourts.json", URL)

    assert (found.kind, len(found.items)) == (SourceKind.GOVINFO, 25)
    first, fourth = found.items[0], found.items[3]
    assert (first.key, first.title) == ("USCOURTS-cand-3_17-cv-06884", "Case No. 3:17-cv-06884 (cand)")
    assert first.published == datetime(2018, 4, 17, 19, 53, 27, tzinfo=UTC)
    assert fourth.title == "Case No. 17-7510 (ca4)"
    assert found.next_urls == (f"{API}/collections/USCOURTS/2018-04-03T00:00:00Z?offset=25&pageSize=25",)


def test_the_sample_of_a_package(shared_data: Path) -> None:
    (item,) = sample(shared_data, "govinfo", "govinfo_package_fr_summary.json", URL).items

    assert (item.key, item.published_raw) == ("FR-2018-04-12", "2018-04-12")
    assert item.title == "Federal Register Volume 83 Issue 71 (April 12, 2018)"


def test_the_sample_of_a_granule(shared_data: Path) -> None:
    (item,) = sample(shared_data, "govinfo", "govinfo_granule_fr_document.json", URL).items

    assert (item.key, item.title) == ("FR-2018-04-12/2018-07777", "Sunshine Act Meetings")
    assert item.text == "Collection: Federal Register\nType: NOTICE\nAgencies: CIVIL RIGHTS COMMISSION"
