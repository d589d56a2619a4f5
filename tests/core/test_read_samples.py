"""Every shared sample is read by the right reader, to what is known of it (each kind's own tests hold its siblings)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.core.read import read_document
from monitor.core.read.identity import base_key
from monitor.model.source import Fetched, PollError, ReadFailed, Reading, ReadResult, Source, SourceKind
from tests.core.storable import check

NOW = datetime(2026, 11, 1, tzinfo=UTC)
AUTO = SourceKind.AUTO
ELSEWHERE = ("README.md", ".expected.json", "blockpage_")  # no documents, or read in test_read_pacer, test_read_blocked


@dataclass(frozen=True)
class Sample:
    """A file, where it was found, and what it holds: so many items; key, title and date of the first; the last date."""

    name: str
    url: str
    kind: SourceKind  # as which AUTO reads it, unless ``stated``
    count: int
    key: str = ""
    title: str = ""
    first: str = ""
    last: str = ""
    stated: bool = False
    items: str = ""
    fields: tuple[tuple[str, str], ...] = ()


BILL = (("id", "number"), ("title", "title"), ("published", "latestAction.actionDate"), ("url", "url"))
ARTICLE = (("title", "title"), ("url", "url"), ("published", "seendate"), ("publisher", "domain"))
K = SourceKind
SAMPLES = (
    Sample(
        "congress_gov_bills.json",
        "https://api.congress.gov/v3/bill",
        K.JSON,
        3,
        "5005",
        "To provide for a land exchange in San Juan County, Utah",
        "2026-07-09T12:00",
        "2026-07-11T12:00",
        stated=True,
        items="bills",
        fields=BILL,
    ),
    Sample(
        "courtlistener_docket_feed.RECON.atom",
        "https://www.courtlistener.com/docket/4214664/feed/",
        K.FEED,
        2,
        "https://www.courtlistener.com/docket/4214664/",
        "Entry #140 in National Veterans Legal Services Program",
        "2022-10-11T07:00",
        "2022-10-05T07:00",
    ),
    Sample(
        "courtlistener_pacer_rss_ca10.xml",
        "https://ecf.ca10.uscourts.gov/cgi-bin/rss_outside.pl",
        K.PACER,
        3,
        "https://ecf.ca10.uscourts.gov/n/beam/servlet/TransportRoom",
        "Navarette v. Horton, et al, No. 22-2127 (10th Cir.)",
        "2023-02-06T16:05:12",
        "2023-02-06T15:07:08",
    ),
    Sample(
        "courtlistener_search_v4.json",
        "https://www.courtlistener.com/api/rest/v4/search/?type=r",
        K.COURTLISTENER,
        6,
        "docket:72491415",
        "Joslin v. U.S. Department of the Interior, No. 1:26-cv-02029",
        "2026-03-13T12:00",
        "2025-07-23T12:00",
    ),
    Sample(
        "dhs_newsroom_index.html",
        "https://www.dhs.gov/news-releases",
        K.LISTING,
        2,
        "https://www.dhs.gov/news/2026/07/31/",
        "DHS Announces the Addition of 43 Companies to the UFLPA Entity List",
        "2026-07-31T12:00",
        "2026-07-30T12:00",
        stated=True,
    ),
    Sample(
        "fema_newsroom_index.html",
        "https://www.fema.gov/about/news-multimedia/press-releases",
        K.LISTING,
        3,
        "https://www.fema.gov/press-release/20260731/",
        "One Month Left to Apply for FEMA Assistance",
        "2026-07-31T09:30",
        "2026-07-30T09:45",
        stated=True,
    ),
    Sample(
        "ofac_recent_actions_index.html",
        "https://ofac.treasury.gov/recent-actions",
        K.LISTING,
        3,
        "https://ofac.treasury.gov/recent-actions/20260730",
        "Counter Terrorism Designations; Non-Proliferation",
        "2026-07-30T12:00",
        "2026-07-27T12:00",
        stated=True,
    ),
    Sample(
        "federalregister_documents_page1.json",
        "https://www.federalregister.gov/api/v1/documents.json",
        K.FEDERAL_REGISTER,
        5,
        "2026-07755",
        "Re-Establishment of the Hunting and Shooting Sports Conservation",
        "2026-04-21T12:00",
        "2024-12-27T12:00",
    ),
    Sample(
        "federalregister_documents_empty.RECON.json",
        "https://www.federalregister.gov/api/v1/documents.json",
        K.FEDERAL_REGISTER,
        0,
        stated=True,
    ),
    Sample(
        "federalregister_documents_rss.RECON.xml",
        "https://www.federalregister.gov/documents/search.rss",
        K.FEED,
        1,
        "https://www.federalregister.gov/documents/2026/10/02/",
        "Inaugurating the Era of Super Intelligence",
        "2026-10-02T04:00",
        "2026-10-02T04:00",
    ),
    Sample(
        "federalregister_public_inspection_current.RECON.json",
        "https://www.federalregister.gov/api/v1/public-inspection-documents/current.json",
        K.FEDERAL_REGISTER,
        2,
        "2026-20439",
        "Lebanon; Presidential Determination on Revocation",
        "2026-10-02T15:15",
        "",
    ),
    Sample(
        "gdelt_doc_artlist.json",
        "https://api.gdeltproject.org/api/v2/doc/doc",
        K.JSON,
        3,
        "https://paper.example/news/flood-barriers-report",
        "Flood barrier pilots expand to twelve cities",
        "2026-07-08T10:15",
        "",
        stated=True,
        items="articles",
        fields=ARTICLE,
    ),
    Sample(
        "google_news_rss_2020_source_element.xml",
        "https://news.google.com/rss",
        K.FEED,
        1,
        "52782335008021",
        "Coronavirus en Belgique: 200 cas",
        "2020-03-08T10:32:07",
        "2020-03-08T10:32:07",
    ),
    Sample(
        "google_news_rss_search_2026.xml",
        "https://news.google.com/rss/search",
        K.FEED,
        4,
        "CBMiwwFBVV95cUxQ",
        "Trump again shrinks two national monuments in Utah",
        "2026-07-14T03:33:16",
        "2026-07-13T22:58:47",
    ),
    Sample(
        "govdelivery_account_feed.RECON.xml",
        "https://public.govdelivery.com/topics/x/feed.rss",
        K.FEED,
        2,
        "https://content.govdelivery.com/accounts/USDHSCBP/bulletins/421d2a7",
        "CSMS # 69326983 - Guidance: Section 301",
        "2026-07-23T17:00",
        "2026-08-13T19:22:47",
    ),
    Sample(
        "govinfo_collections_uscourts.json",
        "https://api.govinfo.gov/collections/USCOURTS/2018",
        K.GOVINFO,
        25,
        "USCOURTS-cand-3_17-cv-06884",
        "Case No. 3:17-cv-06884",
        "2018-04-17T19:53:27",
        "2018-04-16T13:19:45",
        stated=True,
    ),
    Sample(
        "govinfo_granule_fr_document.json",
        "https://api.govinfo.gov/packages/x/granules/y/summary",
        K.GOVINFO,
        1,
        "FR-2018-04-12/2018-07777",
        "Sunshine Act Meetings",
        "2018-04-12T12:00",
        "2018-04-12T12:00",
        stated=True,
    ),
    Sample(
        "govinfo_package_fr_summary.json",
        "https://api.govinfo.gov/packages/x/summary",
        K.GOVINFO,
        1,
        "FR-2018-04-12",
        "Federal Register Volume 83 Issue 71",
        "2018-04-12T12:00",
        "2018-04-12T12:00",
        stated=True,
    ),
    Sample(
        "jsonfeed_1_1.json",
        "https://example.org/feed.json",
        K.FEED,
        2,
        "https://example.org/item1",
        "First JSON Feed Item",
        "2024-01-15T12:00",
        "2024-01-14T10:30",
    ),
    Sample(
        "jsonfeed_example_1_0.json",
        "https://daringfireball.net/feeds/json",
        K.FEED,
        2,
        "https://daringfireball.net/linked/2020/01/24/bezos-iphone-x",
        "How Jeff Bezos’s iPhone X Was Hacked",
        "2020-01-24T23:46:57",
        "2020-01-21T01:07",
    ),
    Sample(
        "justice_press_releases_api.RECON.json",
        "https://www.justice.gov/api/v1/press_releases.json",
        K.JUSTICE,
        2,
        "7c1d1b7e-0000-4000-8000-000000000001",
        "U.S. Attorney Joins MMIP Awareness Day",
        "2025-02-05T17:37:10",
        "2025-02-06T17:00",
        stated=True,
    ),
    Sample(
        "pacer_rss_cadc_appellate.xml",
        "https://ecf.cadc.uscourts.gov/rss",
        K.PACER,
        13,
        "https://ecf.cadc.uscourts.gov/n/beam/servlet/TransportRoom",
        "Food & Water Watch v. FERC, No. 22-1214 (D.C. Cir.)",
        "2023-02-03T16:57:38",
        "2023-02-02T18:21:39",
    ),
    Sample(
        "pacer_rss_mdb_unnumbered.xml",
        "https://ecf.mdb.uscourts.gov/cgi-bin/rss_outside.pl",
        K.PACER,
        2,
        "https://ecf.mdb.uscourts.gov/cgi-bin/DktRpt.pl?711557-19",
        "Dozier v. CN of Dundalk, Inc.",
        "2018-04-24T11:25:12",
        "2018-04-24T11:20:01",
    ),
    Sample(
        "pacer_rss_nyed_readydockets.xml",
        "https://ecf.nyed.uscourts.gov/cgi-bin/rss_outside.pl",
        K.PACER,
        12,
        "https://ecf.nyed.uscourts.gov/cgi-bin/DktRpt.pl?408124",
        "USA v. Shargorodskaya, No. 1:17-cr-00554-MKB (E.D.N.Y.)",
        "2018-05-22T22:10:04",
        "2018-05-22T21:33:46",
    ),
    Sample(
        "pacer_rss_nysd_district.xml",
        "https://ecf.nysd.uscourts.gov/cgi-bin/rss_outside.pl",
        K.PACER,
        12,
        "https://ecf.nysd.uscourts.gov/cgi-bin/DktRpt.pl?492165&10",
        "Chau v. Donovan et al, No. 1:18-cv-03365 (S.D.N.Y.)",
        "2018-04-18T00:09:55",
        "2018-04-17T23:46:42",
    ),
    Sample(
        "reginfo_eo_rules_under_review.RECON.xml",
        "https://www.reginfo.gov/public/do/XMLViewFileAction",
        K.REGINFO,
        2,
        "1615-AC00 Interim Final Rule",
        "Example Rule Title (Interim Final Rule)",
        "2026-10-01T12:00",
        "2025-12-01T12:00",
    ),
    Sample(
        "regulations_gov_v4_documents.json",
        "https://api.regulations.gov/v4/documents",
        K.REGULATIONS,
        25,
        "FS_FRDOC_0001-4066",
        "Record of Decision: Resource Management Plan for Bears Ears",
        "2025-01-16T05:00",
        "2023-08-17T04:00",
    ),
    Sample(
        "sitemap_google_news.xml",
        "https://example.org/sitemap.xml",
        K.SITEMAP,
        2,
        "https://example.org/page1",
        "News Article One",
        "2024-01-01T12:00",
        "2024-01-02T12:00",
    ),
    Sample("sitemap_index.xml", "https://example.org/sitemap.xml", K.SITEMAP, 0),
    Sample(
        "sitemap_urlset.xml",
        "https://example.org/sitemap.xml",
        K.SITEMAP,
        2,
        "https://example.org/page1",
        "Page1",
        "2024-01-01T12:00",
        "2024-01-02T12:00",
    ),
    Sample(
        "whitehouse_presidential_actions_feed.RECON.xml",
        "https://www.whitehouse.gov/presidential-actions/feed/",
        K.FEED,
        3,
        "https://www.whitehouse.gov/?p=51617",
        "Eliminating Disease-Carrying Pests",
        "2026-09-29T21:23:48",
        "2026-08-28T21:00",
    ),
    Sample(
        "wordpress_rest_posts.json",
        "https://trustlands.utah.gov/wp-json/wp/v2/posts",
        K.WORDPRESS,
        3,
        "41168",
        "Land Sale Auction – June 5-10, 2025",
        "2025-02-17T19:25:25",
        "2024-05-21T22:19:37",
    ),
    Sample(
        "wordpress_rss_org_feed.xml",
        "https://suwa.org/feed/",
        K.FEED,
        4,
        "https://suwa.org/?p=20665",
        "Trump Illegally Decimates Bears Ears",
        "2026-07-14T00:40:48",
        "2026-07-07T16:54:54",
    ),
)
REFUSED = {  # what is no source: notices that are pushed, an archive's answers, an API's description, a list of feeds
    "courtlistener_webhook_docket_alert.json": PollError.NOT_A_FEED,
    "courtlistener_webhook_old_alerts.json": PollError.NOT_A_FEED,
    "courtlistener_webhook_search_alert_v2.json": PollError.NOT_A_FEED,
    "federalregister_openapi_v3.yml": PollError.NOT_A_FEED,
    "govinfo_regulatory_feeds.opml": PollError.NOT_A_FEED,
    "reginfo_soft404.RECON.html": PollError.BLOCK_PAGE,
    "wayback_availability.json": PollError.NOT_A_FEED,
    "wayback_cdx_search.txt": PollError.NOT_A_FEED,
}


def read(shared_data: Path, name: str, source: Source) -> ReadResult:
    body = (shared_data / "samples" / name).read_bytes()
    return read_document(Fetched(source.url, 200, body), source, NOW)


def moment(written: str) -> datetime | None:
    return datetime.fromisoformat(written).replace(tzinfo=UTC) if written else None


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_a_sample_is_read_by_the_right_reader_to_what_is_known_of_it(shared_data: Path, sample: Sample) -> None:
    kind = sample.kind if sample.stated else AUTO
    source = Source("s", "S", sample.url, kind, items=sample.items, fields=sample.fields)

    found = read(shared_data, sample.name, source)

    check(found)
    assert isinstance(found, Reading)
    assert (found.kind, len(found.items)) == (sample.kind, sample.count)
    for item in found.items[:1]:
        assert base_key(item.key).startswith(sample.key)
        assert item.title.startswith(sample.title)
        assert (item.published, found.items[-1].published) == (moment(sample.first), moment(sample.last))


@pytest.mark.parametrize(("name", "error"), REFUSED.items())
def test_a_sample_that_is_no_source_is_refused_with_a_named_error(
    shared_data: Path, name: str, error: PollError
) -> None:
    kind = AUTO if name.endswith((".json", ".opml", ".html")) else SourceKind.FEED

    found = read(shared_data, name, Source("s", "S", "https://x.example/", kind))

    assert isinstance(found, ReadFailed)
    assert found.error is error


def test_every_sample_is_known(shared_data: Path) -> None:
    known = {sample.name for sample in SAMPLES} | REFUSED.keys()

    assert set(documents(shared_data)) == known


def documents(shared_data: Path) -> Iterator[str]:
    for path in (shared_data / "samples").iterdir():
        if not path.name.startswith(ELSEWHERE) and not path.name.endswith(ELSEWHERE):
            yield path.name
