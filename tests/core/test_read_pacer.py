"""Courts' RSS of docket entries, and the names of the courts."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from monitor.core.match.identifiers import IdentifierKind, identifiers
from monitor.core.read import read_document
from monitor.core.read.courts import court_of, is_court
from monitor.core.read.identity import base_key
from monitor.core.read.pacer import read_pacer
from monitor.model.source import Fetched, Item, PollError, ReadFailed, Reading, Source, SourceKind

NOW = datetime(2025, 10, 10, 12, tzinfo=UTC)
URL = "https://ecf.nysd.uscourts.gov/cgi-bin/rss_outside.pl"
SOURCE = Source("s", "S", URL, SourceKind.PACER)
DOCKET = "https://ecf.nysd.uscourts.gov/cgi-bin/DktRpt.pl?7001"
DOCUMENT = "https://ecf.nysd.uscourts.gov/doc1/12712001?caseid=7001&de_seq_num=10"
FILED = "Wed, 08 Oct 2025 14:09:55 GMT"


def read(document: str | bytes, url: str = URL) -> Reading:
    body = document if isinstance(document, bytes) else document.encode()
    found = read_pacer(Fetched(url, 200, body), SOURCE, NOW)
    assert isinstance(found, Reading), found
    return found


def rss(*items: str, title: str = "Southern District of New York - Recent Entries") -> str:
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>{title}</title>{"".join(items)}</channel></rss>'


def entry(
    title: str = "1:25-cv-07001 Doe v. Noem et al",
    what: str = "[Notice of Appearance]",
    document: str = DOCUMENT,
    number: str = "3",
    link: str = DOCKET,
    guid: str = f"{DOCKET}&10",
    filed: str = FILED,
) -> str:
    words = f'{what} (<a href="{document}" >{number}</a>)' if document else what
    return (
        f"<item><title>{escape(title)}</title><link>{escape(link)}</link><description>{escape(words)}</description>"
        f'<guid isPermaLink="true">{escape(guid)}</guid><pubDate>{filed}</pubDate></item>'
    )


def one(**values: str) -> Item:
    (item,) = read(rss(entry(**values))).items
    return item


def test_a_docket_entry_reads_as_a_citation() -> None:
    item = one()

    assert replace(item, key="") == Item(
        key="",
        title="Doe v. Noem et al, No. 1:25-cv-07001 (S.D.N.Y.): Notice of Appearance (3)",
        text=f"[Notice of Appearance] (3)\nCourt: S.D.N.Y.\nLink: 3 -> {DOCUMENT}",
        url=DOCUMENT,
        published=datetime(2025, 10, 8, 14, 9, 55, tzinfo=UTC),
        published_raw=FILED,
    )


def test_the_courts_name_is_the_readings_title() -> None:
    assert read(rss()).title == "Southern District of New York"


COURT = "https://ecf.{}.uscourts.gov/cgi-bin/x?1"
TITLES = [
    (
        {"title": "25-5012 Food &amp; Water v. FERC", "link": COURT.format("cadc"), "what": "[Order Filed (CLERK)]"},
        "Food & Water v. FERC, No. 25-5012 (D.C. Cir.): Order Filed (CLERK) (3)",
    ),
    (
        {"title": "18-00079 Dozier v. Dundalk   ", "link": COURT.format("mdb"), "what": "Type: ap Office: 1 [Answer]"},
        "Dozier v. Dundalk, No. 1:18-ap-00079 (Bankr. D. Md.): Answer (3)",
    ),
    (
        {"title": "16-10992-smb SunEdison, Inc., et al., ", "link": COURT.format("nysb"), "what": "Type: bk [Claim]"},
        "SunEdison, Inc., et al., No. 1:16-bk-10992-smb (Bankr. S.D.N.Y.): Claim (3)",
    ),
    ({"title": "25-90003 "}, "No. 25-90003 (S.D.N.Y.): Notice of Appearance (3)"),
    ({"title": "In re: A Petition"}, "In re: A Petition: Notice of Appearance (3)"),
    ({"what": "[Order(Other)] Doe", "document": ""}, "Doe v. Noem et al, No. 1:25-cv-07001 (S.D.N.Y.): Order(Other)"),
    ({"what": "Plain words", "document": ""}, "Doe v. Noem et al, No. 1:25-cv-07001 (S.D.N.Y.): Plain words"),
    ({"what": "", "document": ""}, "Doe v. Noem et al, No. 1:25-cv-07001 (S.D.N.Y.)"),
    ({"number": "Document"}, "Doe v. Noem et al, No. 1:25-cv-07001 (S.D.N.Y.): Notice of Appearance"),
    ({"link": "https://court.example/1"}, "Doe v. Noem et al, No. 1:25-cv-07001: Notice of Appearance (3)"),
]  # fmt: skip


@pytest.mark.parametrize(("values", "title"), TITLES)
def test_every_courts_titles_become_one_form(values: dict[str, str], title: str) -> None:
    assert one(**values).title == title


NUMBERS = [
    ("1:25-cv-07001-ABC-DEF Doe v. Noem", "nysd", IdentifierKind.DOCKET, "25-cv-7001"),
    ("2:24-cr-00012-2 USA v. Doe", "cacd", IdentifierKind.DOCKET, "24-cr-12"),
    ("25-5012 Doe v. Noem", "ca9", IdentifierKind.APPEAL, "25-5012"),
]


@pytest.mark.parametrize(("title", "court", "kind", "value"), NUMBERS)
def test_the_matcher_finds_the_docket_number(title: str, court: str, kind: IdentifierKind, value: str) -> None:
    item = one(title=title, link=COURT.format(court))

    assert (kind, value) in {(found.kind, found.value) for found in identifiers(item.title)}


def test_the_matcher_finds_the_court() -> None:
    (docket,) = (found for found in identifiers(one().title) if found.kind is IdentifierKind.DOCKET)

    assert docket.court == "sdny"


class TestIdentity:
    def test_fault_44_entries_of_one_case_under_one_guid_are_told_apart(self) -> None:
        items = read(rss(*(entry(guid=DOCKET, what=f"[{what}]") for what in ("Order", "Letter", "Motion")))).items

        assert len({item.key for item in items}) == 3
        assert {base_key(item.key) for item in items} == {DOCKET}

    def test_does_not_depend_on_what_else_stands_in_the_document(self) -> None:
        alone = one(guid=DOCKET)

        assert alone.key in {
            item.key for item in read(rss(entry(guid=DOCKET, what="[Other]"), entry(guid=DOCKET))).items
        }

    def test_is_no_matter_of_the_date_where_a_document_is_named(self) -> None:
        assert one(filed="Thu, 09 Oct 2025 00:00:00 GMT").key == one().key

    def test_fault_44_two_bare_orders_of_one_case_are_two_entries(self) -> None:
        bare = {"guid": DOCKET, "document": "", "what": "[Order]"}
        first, second = entry(**bare), entry(**bare, filed="Thu, 09 Oct 2025 09:00:00 GMT")

        assert len(read(rss(first, second)).items) == 2
        assert read(rss(first, first)).items == read(rss(first)).items

    @pytest.mark.parametrize(
        "change", [{"what": "[Order]"}, {"title": "1:25-cv-07001 Doe v. Lyons"}, {"link": "https://a.example/"}]
    )
    def test_is_link_title_and_description(self, change: dict[str, str]) -> None:  # fmt: skip
        assert one(**change).key != one().key

    def test_is_there_without_a_guid(self) -> None:
        assert one(guid="").key.startswith("https://ecf.nysd.uscourts.gov/cgi-bin/DktRpt.pl?7001")


def test_an_entry_without_a_document_leads_to_itself_or_to_its_docket() -> None:
    assert one(document="").url == f"{DOCKET}&10"
    assert one(document="", guid="17").url == DOCKET


DATES = [
    ("Fri, 03 Feb 2023 11:57:38 EST", datetime(2023, 2, 3, 16, 57, 38, tzinfo=UTC)),
    ("Mon, 06 Feb 2023 09:05:12 MST", datetime(2023, 2, 6, 16, 5, 12, tzinfo=UTC)),
    ("Wed, 18 Apr 2018 00:09:55 GMT", datetime(2018, 4, 18, 0, 9, 55, tzinfo=UTC)),
    ("yesterday", None),
]


@pytest.mark.parametrize(("raw", "moment"), DATES)
def test_the_time_of_filing_is_read_in_its_zone(raw: str, moment: datetime | None) -> None:
    item = one(filed=raw)

    assert (item.published, item.published_raw) == (moment, raw)


def test_f17_a_dangerous_link_is_not_shown() -> None:
    assert one(document="javascript:alert(1)", guid="1").url == DOCKET


def test_an_item_without_words_is_left_out() -> None:
    assert read(rss("<item><guid>1</guid></item>", entry())).items == read(rss(entry())).items


def test_kind_auto_knows_a_court_by_its_address() -> None:
    body = rss(entry()).encode()
    kinds = [
        read_document(Fetched(url, 200, body), replace(SOURCE, kind=SourceKind.AUTO), NOW)
        for url in (URL, "https://news.example/rss")
    ]

    assert [found.kind for found in kinds if isinstance(found, Reading)] == [SourceKind.PACER, SourceKind.FEED]


REFUSED = [
    ("<!doctype html><title>Down for maintenance</title>", PollError.NOT_A_DOCUMENT),
    ("<feed/>", PollError.NOT_A_DOCUMENT),
    ("", PollError.NOT_A_DOCUMENT),
    ('<!DOCTYPE rss [<!ENTITY a "b">]>' + rss(entry()), PollError.PARSE_ENTITIES),
]


@pytest.mark.parametrize(("document", "error"), REFUSED)
def test_f1_what_is_no_courts_rss_is_a_value(document: str, error: PollError) -> None:
    found = read_pacer(Fetched(URL, 200, document.encode()), SOURCE, NOW)

    assert isinstance(found, ReadFailed)
    assert found.error is error


@given(st.binary(max_size=300) | st.text(alphabet="<>/&;![]()ademitl:1-2 ", max_size=200).map(str.encode))
@example(b"[" * 5000)
@example(b"<![CDATA[<a href=x>")
def test_f15_no_bytes_raise(body: bytes) -> None:
    head = b"<rss><channel><item>"
    for each in (body, head + b"<title>" + body, head + b"<title>x</title><description>" + body):
        assert isinstance(read_pacer(Fetched(URL, 200, each), SOURCE, NOW), Reading | ReadFailed)


COURTS = [
    ("nysd", "S.D.N.Y."), ("nyed", "E.D.N.Y."), ("txsd", "S.D. Tex."), ("cacd", "C.D. Cal."), ("dcd", "D.D.C."),
    ("mad", "D. Mass."), ("njd", "D.N.J."), ("ndd", "D.N.D."), ("wvnd", "N.D. W. Va."), ("almd", "M.D. Ala."),
    ("prd", "D.P.R."), ("mdb", "Bankr. D. Md."), ("nysb", "Bankr. S.D.N.Y."), ("ca1", "1st Cir."), ("ca2", "2d Cir."),
    ("ca3", "3d Cir."), ("ca9", "9th Cir."), ("ca11", "11th Cir."), ("cadc", "D.C. Cir."), ("cafc", "Fed. Cir."),
    ("cofc", ""), ("jpml", ""),
]  # fmt: skip


@pytest.mark.parametrize(("name", "cited"), COURTS)
def test_a_court_is_known_by_its_filing_system(name: str, cited: str) -> None:
    address = f"https://ecf.{name}.uscourts.gov/cgi-bin/rss_outside.pl"

    assert (is_court(address), court_of(address)) == (True, cited)


@pytest.mark.parametrize(
    "url", ["https://www.uscourts.gov/", "https://ecf.nysd.uscourts.gov.example/", "https://[", ""]
)
def test_no_other_address_is_a_courts(url: str) -> None:
    assert (is_court(url), court_of(url)) == (False, "")


def sample(shared_data: Path, name: str) -> Reading:
    return read((shared_data / "samples" / name).read_bytes())


def expected(shared_data: Path, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((shared_data / "samples" / name).read_text())
    return found


@pytest.mark.parametrize("name", ["pacer_rss_cadc_appellate", "pacer_rss_nysd_district"])
def test_the_shared_feeds_say_what_they_are_known_to_say(shared_data: Path, name: str) -> None:
    items = sample(shared_data, f"{name}.xml").items
    truth = expected(shared_data, f"{name}.expected.json")

    for item, case in zip(items, truth, strict=False):
        filed = case["docket_entries"][0]
        assert f"No. {case['docket_number']} (" in item.title
        assert case["case_name"].split(" v. ")[-1] in item.title
        assert filed["short_description"] in item.title
        assert item.published == datetime.fromisoformat(filed["date_filed"]).astimezone(UTC)
        if name.endswith("district"):
            assert item.title.endswith(f"({filed['document_number']})")
        assert filed["pacer_doc_id"][4:] in (item.url or "")  # the fourth digit varies with who asks
    assert len(truth) in (4, len(items))


def test_the_shared_feed_whose_guids_name_cases_loses_no_entry(shared_data: Path) -> None:
    body = (shared_data / "samples" / "pacer_rss_nyed_readydockets.xml").read_bytes()

    items = read(body).items

    assert len(items) == len({item.key for item in items}) == 12
    assert max(Counter(base_key(item.key) for item in items).values()) == 2


def test_the_shared_bankruptcy_feed_has_entries_without_numbers(shared_data: Path) -> None:
    assert [item.title for item in sample(shared_data, "pacer_rss_mdb_unnumbered.xml").items] == [
        "Dozier v. CN of Dundalk, Inc. d/b/a CNAC of D, No. 1:18-ap-00079 (Bankr. D. Md.): Close Adversary Case",
        "No. 0:18-ap-90003 (Bankr. D. Md.): Miscellaneous Motion (1)",
    ]


def test_every_real_court_feed_keeps_its_distinct_entries(shared_data: Path) -> None:
    feeds = sorted((shared_data / "feeds" / "real").glob("*pacer*.xml"))
    for feed in feeds:
        body = feed.read_bytes()
        entries = re.findall(rb"<item>.*?</item>", body, re.S)

        assert len(read(body).items) == len({b" ".join(each.split()) for each in entries}), feed.name
    assert len(feeds) == 8
