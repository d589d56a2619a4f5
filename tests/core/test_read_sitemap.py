"""Sitemaps: pages, news and indexes."""

from __future__ import annotations

import gzip
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from monitor.core.read import read_document
from monitor.core.read.sitemap import MOST_BYTES, MOST_ITEMS, is_sitemap, read_sitemap, title_of
from monitor.model.source import Fetched, Item, PollError, ReadFailed, Reading, Source, SourceKind

NOW = datetime(2025, 10, 10, 12, tzinfo=UTC)
URL = "https://agency.example/sitemap.xml"
SOURCE = Source("s", "S", URL, SourceKind.SITEMAP)
NAMESPACES = (
    'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"'
)


def read(document: str | bytes, source: Source = SOURCE, now: datetime = NOW) -> Reading:
    body = document if isinstance(document, bytes) else document.encode()
    found = read_sitemap(Fetched(URL, 200, body), source, now)
    assert isinstance(found, Reading), found
    return found


def failure(document: str | bytes) -> ReadFailed:
    body = document if isinstance(document, bytes) else document.encode()
    found = read_sitemap(Fetched(URL, 200, body), SOURCE, NOW)
    assert isinstance(found, ReadFailed), found
    return found


def zipped(document: bytes) -> bytes:
    return gzip.compress(document, mtime=0)  # without it the bytes, and so the tests' names, hold the time of day


def urlset(*urls: str) -> str:
    return f'<?xml version="1.0"?><urlset {NAMESPACES}>' + "".join(f"<url>{url}</url>" for url in urls) + "</urlset>"


def index(*parts: tuple[str, str]) -> str:
    entries = "".join(
        f"<sitemap><loc>{loc}</loc>{f'<lastmod>{date}</lastmod>' if date else ''}</sitemap>" for loc, date in parts
    )
    return f"<sitemapindex {NAMESPACES}>{entries}</sitemapindex>"


def test_a_page_is_an_item_named_by_the_last_words_of_its_address() -> None:
    document = urlset("<loc>https://agency.example/news/2025/camera-searches.html</loc><lastmod>2025-10-09</lastmod>")

    assert read(document).items == (
        Item(
            key="https://agency.example/news/2025/camera-searches.html",
            title="Camera searches",
            text="",
            url="https://agency.example/news/2025/camera-searches.html",
            published=datetime(2025, 10, 9, 12, tzinfo=UTC),
            published_raw="2025-10-09",
        ),
    )


def test_news_state_their_title_publisher_and_date() -> None:
    document = urlset(
        "<loc>/a/1</loc><lastmod>2025-10-10</lastmod><news:news><news:publication><news:name>The Outlet</news:name>"
        "<news:language>en</news:language></news:publication><news:publication_date>2025-10-09T08:00:00-04:00"
        "</news:publication_date><news:title>Order &amp;amp; cameras</news:title>"
        "<news:keywords>ICE, cameras</news:keywords></news:news>"
    )

    reading = read(document)

    assert reading.title == "The Outlet"
    assert reading.items == (
        Item(
            key="https://agency.example/a/1",
            title="Order & cameras",
            text="ICE, cameras",
            url="https://agency.example/a/1",
            published=datetime(2025, 10, 9, 12, tzinfo=UTC),
            published_raw="2025-10-09T08:00:00-04:00",
            publisher="The Outlet",
        ),
    )


TITLES = [
    ("https://a.example/camera-searches", "Camera searches"),
    ("https://a.example/camera_searches.aspx?id=1", "Camera searches"),
    ("https://a.example/news/ice-detainers/", "Ice detainers"),
    ("https://a.example/policy-manual/2025/10/", "Policy manual"),
    ("https://a.example/memos/index.html", "Memos"),
    ("https://a.example/%C3%89tat-d%27urgence", "État d'urgence"),
    ("https://a.example/PM-602-0190", "PM 602 0190"),
    ("https://a.example/2025/10/", "a.example/2025/10"),
    ("https://a.example/", "a.example"),
]


@pytest.mark.parametrize(("url", "title"), TITLES)
def test_an_address_is_read_as_words(url: str, title: str) -> None:
    assert title_of(url) == title


def test_a_new_stamp_makes_no_new_item() -> None:
    before, after = (read(urlset(f"<loc>/a</loc><lastmod>{day}</lastmod>")) for day in ("2025-10-01", "2025-10-09"))

    assert before.items[0].key == after.items[0].key


def test_one_page_twice_is_one_item() -> None:
    reading = read(urlset("<loc>/a?utm_source=x</loc>", "<loc>/a</loc>", "<loc>/b</loc>"))

    assert [item.key for item in reading.items] == ["https://agency.example/a", "https://agency.example/b"]


@pytest.mark.parametrize("loc", ["javascript:alert(1)", "", "ftp://a.example/x", "https://user@a.example/"])
def test_f17_what_is_no_web_address_is_left_out(loc: str) -> None:
    assert len(read(urlset(f"<loc>{loc}</loc>", "<loc>/kept</loc>")).items) == 1


def test_an_image_of_a_page_is_not_its_address() -> None:
    document = urlset("<i:image xmlns:i='http://i'><i:loc>/image.png</i:loc></i:image><loc>/page</loc>")

    assert read(document).items[0].url == "https://agency.example/page"


def test_a_bare_ampersand_keeps_the_address_whole() -> None:
    assert read(urlset("<loc>https://a.example/?x=1&y=2</loc>")).items[0].url == "https://a.example/?x=1&y=2"


def test_a_sitemap_that_breaks_off_is_read_as_far_as_it_goes() -> None:
    reading = read(urlset("<loc>/a</loc>", "<loc>/b</loc>").removesuffix("</url></urlset>"))

    assert reading.items[0].url == "https://agency.example/a"
    assert reading.notes == ("not well-formed XML: read as far as it goes",)


def test_an_empty_sitemap_is_no_failure() -> None:
    assert read(urlset()).items == ()


class TestAnIndex:
    def test_asks_for_the_parts_that_changed_lately_the_latest_first(self) -> None:
        document = index(("/old.xml", "2024-01-01"), ("/a.xml", "2025-10-01"), ("/b.xml", "2025-10-09"))

        reading = read(document)

        assert reading.items == ()
        assert reading.next_urls == ("https://agency.example/b.xml", "https://agency.example/a.xml")

    def test_asks_for_undated_parts_after_the_dated_ones(self) -> None:
        document = index(("/u.xml", ""), ("/a.xml", "2025-10-01"), ("/v.xml", ""))

        assert [url.rpartition("/")[2] for url in read(document).next_urls] == ["a.xml", "u.xml", "v.xml"]

    def test_asks_for_no_more_than_max_pages(self) -> None:
        document = index(*((f"/{n}.xml", f"2025-10-0{n}") for n in range(1, 10)))

        reading = read(document, replace(SOURCE, max_pages=2))

        assert [url.rpartition("/")[2] for url in reading.next_urls] == ["9.xml", "8.xml"]
        assert "7 more are not: raise max_pages, or poll the wanted part itself" in reading.notes

    def test_follows_the_sources_own_window(self) -> None:
        document = index(("/a.xml", "2025-08-01"), ("/b.xml", "2025-10-01"))

        reading = read(document, replace(SOURCE, late_after=timedelta(days=100)))

        assert len(reading.next_urls) == 2

    def test_whose_parts_are_all_old_asks_for_the_latest_of_them(self) -> None:
        document = index(("/a.xml", "2020-01-01"), ("/b.xml", "2021-01-01"))

        assert read(document).next_urls == ("https://agency.example/b.xml",)

    def test_names_no_part_twice_and_never_itself(self) -> None:
        document = index((URL, "2025-10-09"), ("/a.xml", "2025-10-09"), ("/a.xml", "2025-10-09"))

        assert read(document).next_urls == ("https://agency.example/a.xml",)

    def test_leads_to_web_addresses_only(self) -> None:
        assert read(index(("file:///etc/passwd", ""), ("/a.xml", ""))).next_urls == ("https://agency.example/a.xml",)


class TestACompressedSitemap:
    def test_is_read(self) -> None:
        assert len(read(zipped(urlset("<loc>/a</loc>").encode())).items) == 1

    def test_f3_that_would_be_too_large_is_refused(self) -> None:
        assert failure(zipped(b" " * (MOST_BYTES + 1))).error is PollError.TOO_LARGE

    def test_that_is_damaged_is_told(self) -> None:
        assert failure(b"\x1f\x8bnothing of the sort").error is PollError.NOT_A_DOCUMENT

    def test_that_breaks_off_is_read_as_far_as_it_goes(self) -> None:
        whole = zipped(urlset(*(f"<loc>/{n * 7919}</loc>" for n in range(500))).encode())

        reading = read(whole[: len(whole) // 2])

        assert 0 < len(reading.items) < 500


def test_f16_above_50000_addresses_the_newest_are_kept_and_it_is_told() -> None:
    old = [f"<loc>https://a.example/o{n}</loc><lastmod>2025-01-01</lastmod>" for n in range(MOST_ITEMS)]
    new = [f"<loc>https://a.example/n{n}</loc><lastmod>2025-10-01</lastmod>" for n in range(5)]

    reading = read(urlset(*old, *new))

    assert len(reading.items) == MOST_ITEMS
    assert [item.title for item in reading.items[-5:]] == ["N0", "N1", "N2", "N3", "N4"]
    assert reading.notes == ("truncated: the newest 50,000 of 50,005 items were kept",)


REFUSED = [
    ("<!doctype html><title>Not found</title>", 'this looks like an HTML page titled "Not found"'),
    ('<rss version="2.0"/>', "XML with the root <rss>"),
    ("", "an empty document"),
    ('{"a": 1}', "JSON"),
    ("User-agent: *", 'text that starts "User-agent: *"'),
    ("<", "broken XML"),
]


@pytest.mark.parametrize(("document", "words"), REFUSED)
def test_what_is_no_sitemap_is_told_in_words(document: str, words: str) -> None:
    found = failure(document)

    assert found.error is PollError.NOT_A_DOCUMENT
    assert words in found.detail


BOMB = '<!DOCTYPE urlset [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>'


def test_f1_a_document_that_declares_entities_is_refused() -> None:
    assert failure(BOMB + urlset("<loc>/&b;</loc>")).error is PollError.PARSE_ENTITIES


def test_f1_an_external_doctype_is_not_followed() -> None:
    document = '<!DOCTYPE urlset SYSTEM "file:///etc/passwd">' + urlset("<loc>/a</loc>").partition("?>")[2]

    assert read(document).items[0].url == "https://agency.example/a"


def test_f19_deep_nesting_ends_quietly() -> None:
    assert read("<urlset>" + "<url>" * 50_000).items == ()


@pytest.mark.parametrize(
    "document", [urlset("<loc>/a</loc>"), zipped(urlset("<loc>/a</loc>").encode())], ids=["plain", "compressed"]
)
def test_kind_auto_knows_a_sitemap(document: str | bytes) -> None:
    body = document if isinstance(document, bytes) else document.encode()

    found = read_document(Fetched(URL, 200, body), replace(SOURCE, kind=SourceKind.AUTO), NOW)

    assert isinstance(found, Reading)
    assert found.kind is SourceKind.SITEMAP


@pytest.mark.parametrize(
    "body",
    [b"<html>urlset", b"<rss>", b"", b"\x1f\x8b", zipped(b"<rss>")],
    ids=["a page", "a feed", "nothing", "a mark alone", "a feed compressed"],
)
def test_anything_else_is_not_taken_for_one(body: bytes) -> None:
    assert not is_sitemap(body)


@given(st.binary(max_size=300) | st.text(alphabet="<>/&;![]urlsetiocndxmp 1", max_size=200).map(str.encode))
@example(b"<urlset><url><loc>" + b"&#xFFFFFFFF;" + b"</loc></url></urlset>")
@example("<urlset><url><loc>/\ud800</loc></url>".encode("utf-8", "surrogatepass"))
@example(b'<?xml version="1.0" encoding="utf-16"?><urlset><url><loc>/a</loc></url></urlset>')
def test_f15_no_bytes_raise(body: bytes) -> None:
    for each in (body, b"<urlset><url><loc>" + body, zipped(body)):
        assert isinstance(read_sitemap(Fetched(URL, 200, each), SOURCE, NOW), Reading | ReadFailed)


def test_the_shared_news_sitemap(shared_data: Path) -> None:
    reading = read((shared_data / "samples" / "sitemap_google_news.xml").read_bytes())

    assert reading.title == "Example.org News"
    assert [(item.title, item.url, item.published) for item in reading.items] == [
        ("News Article One", "https://example.org/page1", datetime(2024, 1, 1, 12, tzinfo=UTC)),
        ("News Article Two", "https://example.org/page2", datetime(2024, 1, 2, 12, tzinfo=UTC)),
    ]


def test_the_shared_list_of_pages(shared_data: Path) -> None:
    reading = read((shared_data / "samples" / "sitemap_urlset.xml").read_bytes())

    assert [(item.title, item.key) for item in reading.items] == [
        ("Page1", "https://example.org/page1"),
        ("Page2", "https://example.org/page2"),
    ]


def test_the_shared_index(shared_data: Path) -> None:
    body = (shared_data / "samples" / "sitemap_index.xml").read_bytes()

    reading = read(body, now=datetime(2024, 1, 15, tzinfo=UTC))

    assert reading.next_urls == ("https://example.org/sitemap2.xml", "https://example.org/sitemap1.xml")


def test_f19_a_million_sections_that_never_close_take_linear_time() -> None:
    """Quadratic, it would not end within the suite's timeout."""
    assert read("<urlset><url><loc>/a</loc></url>" + "<![CDATA[" * 200_000).items[0].url == "https://agency.example/a"
