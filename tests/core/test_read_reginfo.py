"""Rules under review, as reginfo.gov lists them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from monitor.core.match.identifiers import IdentifierKind, identifiers
from monitor.core.read import read_document
from monitor.core.read.reginfo import MOST_ITEMS, is_reginfo, read_reginfo
from monitor.model.source import Fetched, Item, PollError, ReadFailed, Reading, Source, SourceKind

NOW = datetime(2025, 10, 10, 12, tzinfo=UTC)
URL = "https://www.reginfo.gov/public/do/XMLViewFileAction?f=EO_RULES_UNDER_REVIEW.xml"
SOURCE = Source("s", "S", URL, SourceKind.REGINFO)


def read(document: str | bytes, now: datetime = NOW) -> Reading:
    body = document if isinstance(document, bytes) else document.encode()
    found = read_reginfo(Fetched(URL, 200, body), SOURCE, now)
    assert isinstance(found, Reading), found
    return found


def rules(*records: str) -> str:
    inside = "".join(f"<REGACT>{record}</REGACT>" for record in records)
    return f'<?xml version="1.0"?><OIRA_DATA RUNDATE="2025-10-10">{inside}</OIRA_DATA>'


def rule(rin: str = "0348-AB93", stage: str = "Final Rule", more: str = "") -> str:
    return (
        f"<AGENCY_CODE>0348</AGENCY_CODE><RIN>{rin}</RIN><TITLE>Fees for Parole</TITLE><STAGE>{stage}</STAGE>"
        f"<DATE_RECEIVED>2025-10-01</DATE_RECEIVED>{more}"
    )


def test_a_rule_is_told_whole_with_its_leading_zeros() -> None:
    document = rules(rule(more="<LEGAL_DEADLINE>No</LEGAL_DEADLINE><EMPTY/>"))

    assert read(document).items == (
        Item(
            key="0348-AB93 Final Rule",
            title="Fees for Parole (Final Rule)",
            text="RIN: 0348-AB93\nStage: Final Rule\nAgency code: 0348\nDate received: 2025-10-01\nLegal deadline: No",
            published=datetime(2025, 10, 1, 12, tzinfo=UTC),
            published_raw="2025-10-01",
        ),
    )


def test_a_concluded_review_is_dated_by_its_end() -> None:
    document = rules(
        rule(more="<DECISION>Consistent with Change</DECISION><DATE_COMPLETED>2025-10-08</DATE_COMPLETED>")
    )

    assert read(document).items[0].published == datetime(2025, 10, 8, 12, tzinfo=UTC)


def test_a_rule_that_comes_back_at_a_later_stage_is_another_item() -> None:
    first, second = (read(rules(rule(stage=stage))).items[0].key for stage in ("Proposed Rule", "Final Rule"))

    assert first != second
    assert first.startswith("0348-AB93")


def test_a_corrected_title_or_date_is_the_same_item() -> None:
    later = rule().replace("Fees for Parole", "Fees for Immigration Parole").replace("10-01", "10-02")

    assert read(rules(later)).items[0].key == read(rules(rule())).items[0].key


def test_the_matcher_finds_the_rin() -> None:
    item = read(rules(rule(rin="1615-AC96"))).items[0]

    found = {(each.kind, each.value) for each in identifiers(item.text)}

    assert (IdentifierKind.RIN, "1615-AC96") in found


def test_a_record_without_a_rin_is_known_by_its_words() -> None:
    assert read(rules("<TITLE>A rule</TITLE>")).items[0].key.startswith("sha256:")


def test_a_record_that_says_nothing_is_left_out() -> None:
    assert len(read(rules("<AGENCY_CODE>1</AGENCY_CODE>", rule())).items) == 1


def test_an_empty_list_is_no_failure() -> None:
    assert read(rules()).items == ()


def test_f16_of_too_many_the_first_are_kept_and_it_is_told() -> None:
    reading = read(rules(*(rule(rin=str(n)) for n in range(MOST_ITEMS + 1))))

    assert len(reading.items) == MOST_ITEMS
    assert reading.notes == ("truncated: the first 5,000 of 5,001 items were kept",)


def test_a_list_that_breaks_off_is_read_as_far_as_it_goes() -> None:
    reading = read(rules(rule(), rule(rin="2")).partition("<RIN>2")[0])

    assert reading.items[0].key == "0348-AB93 Final Rule"
    assert reading.notes[0].startswith("not well-formed XML")


REFUSED = [
    ("<!DOCTYPE html><html><title>RegInfo.gov</title><h1>could not be found", PollError.NOT_A_DOCUMENT),
    ("<rss/>", PollError.NOT_A_DOCUMENT),
    ("", PollError.NOT_A_DOCUMENT),
    ('<!DOCTYPE a [<!ENTITY b "c">]>' + rules(rule()).partition("?>")[2], PollError.PARSE_ENTITIES),
]


@pytest.mark.parametrize(("document", "error"), REFUSED)
def test_a_page_in_the_place_of_an_unknown_file_is_a_failure(document: str, error: PollError) -> None:
    found = read_reginfo(Fetched(URL, 200, document.encode()), SOURCE, NOW)

    assert isinstance(found, ReadFailed)
    assert found.error is error


def test_kind_auto_knows_the_list() -> None:
    found = read_document(Fetched(URL, 200, rules(rule()).encode()), replace(SOURCE, kind=SourceKind.AUTO), NOW)

    assert isinstance(found, Reading)
    assert found.kind is SourceKind.REGINFO
    assert not is_reginfo(b"<OIRA_DATABASE>")


@given(st.binary(max_size=300) | st.text(alphabet="<>/&;![]RINTLE 1", max_size=200).map(str.encode))
@example(b"&#0;</RIN>")
def test_f15_no_bytes_raise(body: bytes) -> None:
    for each in (body, b"<OIRA_DATA><REGACT><RIN>" + body):
        assert isinstance(read_reginfo(Fetched(URL, 200, each), SOURCE, NOW), Reading | ReadFailed)


def test_the_shared_list(shared_data: Path) -> None:
    body = (shared_data / "samples" / "reginfo_eo_rules_under_review.RECON.xml").read_bytes()

    items = read(body, datetime(2026, 10, 3, tzinfo=UTC)).items

    assert [(item.key, item.title, item.published) for item in items] == [
        (
            "1615-AC00 Interim Final Rule",
            "Example Rule Title (Interim Final Rule)",
            datetime(2026, 10, 1, 12, tzinfo=UTC),
        ),
        (
            "0348-AB93 Interim Final Rule",
            "Leading-zero agency code and RIN must stay strings (Interim Final Rule)",
            datetime(2025, 12, 1, 12, tzinfo=UTC),
        ),
    ]
    assert "Agency code: 0348" in items[1].text


def test_the_shared_page_for_an_unknown_file(shared_data: Path) -> None:
    body = (shared_data / "samples" / "reginfo_soft404.RECON.html").read_bytes()

    by_itself = read_reginfo(Fetched(URL, 200, body), SOURCE, NOW)
    in_a_poll = read_document(Fetched(URL, 200, body), SOURCE, NOW)

    assert isinstance(by_itself, ReadFailed)
    assert by_itself.error is PollError.NOT_A_DOCUMENT
    assert isinstance(in_a_poll, ReadFailed)
