"""What a policy's record cites becomes watches: each once, canonical, with the citations that they are for."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from monitor.config.addresses import web_address
from monitor.config.vocabulary import packaged_vocabulary
from monitor.core.derive import Citation, Proposal, derive, watch_key
from monitor.core.match.identifiers import agency_dockets
from monitor.core.read.courts import court_id
from monitor.core.tracker import read_page, record_from_mapping
from monitor.model.policy import ActionRecord, PolicyRecord, SourceDocument
from monitor.model.source import SourceKind, Voice

TRACKER = "https://tracker.example/policies/site"
COURTLISTENER = "https://www.courtlistener.com"
SEARCH = f"{COURTLISTENER}/api/rest/v4/search/?type=r&q=docketNumber%3A%22"
REGISTER = "https://www.federalregister.gov/api/v1"
REGULATIONS = "https://api.regulations.gov/v4/documents?filter[docketId]="


def action(
    title: str = "2025.10.09 A step", url: str | None = None, summary: str = "", *, reported: bool = False
) -> ActionRecord:
    return ActionRecord("Subsequent Action", date(2025, 10, 9), title, summary, url, reported)


def proposed(*actions: ActionRecord, identifiers: tuple[str, ...] = (), summary: str = "") -> tuple[Proposal, ...]:
    record = PolicyRecord(TRACKER, "A policy", summary=summary, identifiers=identifiers, actions=actions)
    return derive(record).proposals


LINKS = [
    # what is cited, the kind, what is polled, who speaks
    (
        f"{COURTLISTENER}/docket/695730/make-the-road-v-noem/",
        "feed",
        f"{COURTLISTENER}/docket/695730/feed/",
        "court",
    ),
    (f"{COURTLISTENER}/docket/695730/29/make-the-road/", "feed", f"{COURTLISTENER}/docket/695730/feed/", "court"),
    (f"{COURTLISTENER}/docket/695730/feed/", "feed", f"{COURTLISTENER}/docket/695730/feed/", "court"),
    (
        "https://storage.courtlistener.com/recap/gov.uscourts.dcd.1.pdf",
        "pdf",
        "https://storage.courtlistener.com/recap/gov.uscourts.dcd.1.pdf",
        "court",
    ),
    (
        "https://www.federalregister.gov/documents/2025/01/30/2025-01234/a-rule?utm_source=x",
        "federal-register",
        f"{REGISTER}/documents/2025-01234.json",
        "government",
    ),
    (
        "http://federalregister.gov/d/E5-8282",
        "federal-register",
        f"{REGISTER}/documents/E5-8282.json",
        "government",
    ),
    (
        "https://www.reginfo.gov/public/do/eAgendaViewRule?pubId=202504&RIN=1615-AC96",
        "federal-register",
        f"{REGISTER}/documents.json?conditions[regulation_id_number]=1615-AC96&order=newest&per_page=100",
        "government",
    ),
    (
        "https://www.regulations.gov/document/USCIS-2025-0001-0042",
        "regulations",
        f"{REGULATIONS}USCIS-2025-0001&sort=-postedDate&page[size]=250",
        "government",
    ),
    (
        "https://www.regulations.gov/#!docketDetail;D=ICEB-2020-0004",
        "regulations",
        f"{REGULATIONS}ICEB-2020-0004&sort=-postedDate&page[size]=250",
        "government",
    ),
    (
        "https://www.uscis.gov/sites/memo.PDF#page=2",
        "pdf",
        "https://www.uscis.gov/sites/memo.PDF",
        "government",
    ),
    ("https://www.justice.gov/opa/media/1/dl", "auto", "https://www.justice.gov/opa/media/1/dl", "government"),
    ("https://dps.texas.gov/notice", "page", "https://dps.texas.gov/notice", "government"),
    ("https://flock.example/blog/statement", "page", "https://flock.example/blog/statement", "party"),
]


@pytest.mark.parametrize(("cited", "kind", "url", "voice"), LINKS)
def test_a_cited_address_is_watched_where_that_is_best(cited: str, kind: str, url: str, voice: str) -> None:
    (found,) = proposed(action(url=cited))

    assert (found.kind.value, found.url, found.voice.value) == (kind, url, voice)
    assert [each.where for each in found.why] == ['the action "2025.10.09 A step"']


NUMBERS = [
    ("No. 1:25-cv-00190-JMC (D.D.C.)", "courtlistener", f"{SEARCH}25-cv-00190%22&order_by=dateFiled+desc&court=dcd"),
    ("25-cv-190", "courtlistener", f"{SEARCH}25-cv-00190%22&order_by=dateFiled+desc"),
    ("9th Cir. 19-15716", "courtlistener", f"{SEARCH}19-15716%22&order_by=dateFiled+desc&court=ca9"),
    ("RIN 1615-AC96", "federal-register", f"{REGISTER}/documents.json?conditions[regulation_id_number]=1615-AC96"),
    ("2025-01234", "federal-register", f"{REGISTER}/documents/2025-01234.json"),
    ("USCIS-2025-0001", "regulations", f"{REGULATIONS}USCIS-2025-0001"),
]


@pytest.mark.parametrize(("number", "kind", "begins"), NUMBERS)
def test_a_number_is_watched_by_a_search_for_it(number: str, kind: str, begins: str) -> None:
    (found,) = proposed(identifiers=(number,))

    assert (found.kind.value, found.url[: len(begins)]) == (kind, begins)
    assert found.why[0].where == "its identifiers"


def test_without_a_court_the_party_that_stays_the_same_tells_the_case() -> None:
    (found,) = proposed(action("Kiakombua v. Wolf, No. 19-cv-1872"))

    assert found.url.startswith(f"{SEARCH}19-cv-01872%22+AND+caseName%3A%28kiakombua%29")
    assert found.name == "Kiakombua v. Wolf, No. 19-cv-01872"


def test_what_is_cited_twice_is_proposed_once_with_both_citations() -> None:
    memo = "https://www.uscis.gov/memo"
    found = proposed(action("One", f"{memo}/?utm_campaign=a"), action("Two", summary=f"See ({memo}), again."))

    assert [each.url for each in found] == [f"{memo}/"]
    assert found[0].why == (Citation(f"{memo}/", 'the action "One"'), Citation(memo, 'the action "Two"'))


def test_two_addresses_of_one_document_are_one_watch_by_https() -> None:
    (found,) = proposed(action(url="http://www.uscis.gov/memo"), action(url="https://uscis.gov/memo/#top"))

    assert found.url == "https://uscis.gov/memo/"
    assert watch_key("http://uscis.gov/memo") == found.key


def test_a_number_beside_the_link_to_its_docket_is_that_docket() -> None:
    complaint = action("Kiakombua v. Wolf, No. 19-cv-1872 (D.D.C.)", f"{COURTLISTENER}/docket/7/kiakombua-v-wolf/")
    found = proposed(complaint, action("An order in 1:19-cv-01872"), identifiers=("19-cv-1872",))

    assert [each.url for each in found] == [f"{COURTLISTENER}/docket/7/feed/"]
    assert len(found[0].why) == 4


def test_a_number_whose_court_is_stated_once_is_searched_for_there() -> None:
    found = proposed(action("No. 25-cv-00868"), action("No. 25-cv-00868 (N.D. Ill.)"))

    assert [each.url[-11:] for each in found] == ["&court=ilnd"]


def test_what_is_watched_already_is_not_proposed() -> None:
    record = PolicyRecord(
        TRACKER,
        "A policy",
        identifiers=("RIN 1615-AC96",),
        actions=(action(url="https://www.uscis.gov/memo"), action(url=f"{COURTLISTENER}/docket/7/x/")),
    )
    rulemaking = f"{REGISTER}/documents.json?order=newest&per_page=100&conditions[regulation_id_number]=1615-AC96"

    assert derive(record, watched=["http://x.example/"]).proposals != ()
    assert derive(record, watched=["https://www.uscis.gov/memo/#top", f"{COURTLISTENER}/docket/7/y/", rulemaking]) == (
        derive(PolicyRecord(TRACKER))
    )


@pytest.mark.parametrize(
    "own",
    [
        "https://tracker.example/policies/other",
        "https://www.tracker.example/about",
        "https://dev.tracker.example/x",
        "https://other-tracker.example/policies/9",
    ],
)
def test_the_trackers_own_pages_are_no_citations(own: str) -> None:
    record = PolicyRecord(TRACKER, "A policy", actions=(action(url=own),))

    assert derive(record, own=["https://other-tracker.example/policies/1"]).proposals == ()


def test_a_government_is_no_tracker_even_where_a_policy_is_known_by_its_page() -> None:
    record = PolicyRecord("https://www.uscis.gov/rule", "A rule", actions=(action(url="https://www.uscis.gov/memo"),))

    assert [each.url for each in derive(record, own=[record.url]).proposals] == ["https://www.uscis.gov/memo"]
    assert derive(PolicyRecord(record.url, actions=(action(url=record.url),))).proposals == ()


LEFT = [
    (action(url="https://web.archive.org/web/2025/https://www.uscis.gov/memo"), "archived"),
    (action(url="https://ecf.dcd.uscourts.gov/doc1/045"), "login"),
    (action(url="https://www.uscis.gov/form.docx"), "neither a page nor a PDF"),
    (action("Application for a stay, No. 19A230"), "every circuit counts alike"),
]


@pytest.mark.parametrize(("cited", "why"), LEFT)
def test_what_cannot_be_watched_is_told_with_the_reason(cited: ActionRecord, why: str) -> None:
    derived = derive(PolicyRecord(TRACKER, "A policy", actions=(cited,)))

    assert derived.proposals == ()
    ((citation, reason),) = derived.left
    assert citation.where.startswith("the action")
    assert why in reason


def test_no_link_that_may_not_be_followed_is_proposed() -> None:
    hostile = (
        "javascript:alert(1)",
        "ftp://a.example/x",
        "https://user:pw@a.example/x",
        "/relative",
        "https://",
        "https://[broken/x",
        "x" * 3000,
    )

    assert proposed(*(action(url=each) for each in hostile), summary=" ".join(hostile)) == ()


def test_the_source_document_and_the_summary_are_cited_too() -> None:
    record = PolicyRecord(
        TRACKER,
        "A policy",
        summary="It rests on https://agency.example/report.",
        source_document=SourceDocument("2025.05.27_Memo on parole", "https://www.dhs.gov/memo.pdf"),
    )

    summary, memo = derive(record).proposals

    assert (summary.url, summary.why[0].where) == ("https://agency.example/report", "its record")
    assert (memo.name, memo.kind, memo.why[0].where) == (
        "dhs.gov: Memo on parole",
        SourceKind.PDF,
        "its source document",
    )


def test_a_report_of_the_press_is_named_after_its_outlet() -> None:
    (found,) = proposed(action("2025.07.16 Reported: A search - VPM News", "https://www.vpm.org/1", reported=True))

    assert (found.name, found.voice) == ("VPM News", Voice.PRESS)


@pytest.mark.parametrize(
    ("citation", "court"),
    [
        ("D.D.C.", "dcd"),
        ("sdny", "nysd"),
        ("N.D. Cal.", "cand"),
        ("W.D. Wash.", "wawd"),
        ("D. Mass.", "mad"),
        ("2nd Cir.", "ca2"),
        ("11th Cir.", "ca11"),
        ("D.C. Cir.", "cadc"),
        ("Fed. Cir.", "cafc"),
        ("High Court", ""),
    ],
)
def test_a_cited_court_is_known_by_its_filing_system(citation: str, court: str) -> None:
    assert court_id(citation) == court


@pytest.mark.parametrize(
    ("text", "dockets"),
    [
        ("Docket ID USCIS-2025-0001; see EOIR-2020-0003-1234.", ("USCIS-2025-0001", "EOIR-2020-0003")),
        ("DHS Docket No. ICEB-2020-0004, USCIS-2025-0001 and USCIS-2025-0001", ("ICEB-2020-0004", "USCIS-2025-0001")),
        ("2025-0001, A-2025-0001, ABC-2525-0001, X-USCIS-2025-00012", ()),
    ],
)
def test_rulemaking_dockets_are_read_from_prose(text: str, dockets: tuple[str, ...]) -> None:
    assert agency_dockets(text) == dockets


def test_every_citation_of_the_real_records_is_proposed_at_most_once_and_well_formed(shared_data: Path) -> None:
    vocabulary = packaged_vocabulary()
    lines = (shared_data / "iptp" / "policies.jsonl").read_text().splitlines()
    pages = [path.read_text() for path in sorted((shared_data / "iptp" / "pages").glob("*.txt"))]
    records = [record_from_mapping(json.loads(line), vocabulary) for line in lines]
    records += [read_page(page, vocabulary) for page in pages]
    count = 0

    for record in records:
        found = derive(record, own=["https://immpolicytracking.org/"]).proposals
        assert len({each.key for each in found}) == len(found)
        assert len({citation for each in found for citation in each.why}) == sum(len(each.why) for each in found)
        for each in found:
            assert web_address(each.url) == each.url
            assert watch_key(each.url) == each.key
            assert "immpolicytracking" not in each.url
            assert each.name.strip()
        count += len(found)

    assert count > 25
