"""What could be polled at an address."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core.read.discover import MOST_FOUND, Found, discover
from monitor.model.source import Fetched, SourceKind

NOW = datetime(2026, 11, 24, tzinfo=UTC)
HOME = "https://agency.example/news"
HEAD = """<link rel="alternate" type="application/rss+xml" title="All news" href="/all.xml">
<link rel="alternate" type="application/rss+xml" href="/comments/feed/">
<link rel="sitemap" href="/map.xml"><link rel="https://api.w.org/" href="/wp-json/">"""


def at(body: str | bytes, url: str = HOME, kind: str = "text/html") -> tuple[Found, ...]:
    raw = body if isinstance(body, bytes) else body.encode()
    return discover(Fetched(url, 200, raw, {"content-type": kind}), NOW)


def page(head: str = "", body: str = "") -> str:
    text = "<p>A paragraph of some words that anybody may read.</p>"
    return f"<!DOCTYPE html><html><head><title>News</title>{head}</head><body>{text}{body}</body></html>"


def test_a_page_states_its_feed_sitemap_and_api() -> None:
    sure = [(each.kind, each.url) for each in at(page(HEAD)) if each.sure]

    assert sure[:3] == [
        (SourceKind.FEED, "https://agency.example/all.xml"),
        (SourceKind.SITEMAP, "https://agency.example/map.xml"),
        (SourceKind.WORDPRESS, "https://agency.example/wp-json/wp/v2/posts"),
    ]


def test_a_feed_of_comments_is_left_out() -> None:
    assert not any("comments" in each.url for each in at(page(HEAD)))


def test_a_link_that_looks_like_a_feed_is_found() -> None:
    assert at(page(body='<a href="/press/rss.xml">Press</a>'))[0].url == "https://agency.example/press/rss.xml"


def test_usual_addresses_are_guesses() -> None:
    guessed = [each.url for each in at(page()) if not each.sure]

    assert guessed == [f"{HOME}/feed/", "https://agency.example/feed/", "https://agency.example/sitemap.xml"]


def test_robots_txt_names_sitemaps() -> None:
    found = at("User-agent: *\nSitemap: /a.xml\n", "https://agency.example/robots.txt", "text/plain")

    assert [(each.kind, each.url) for each in found] == [(SourceKind.SITEMAP, "https://agency.example/a.xml")]


def test_no_more_than_the_limit_is_found() -> None:
    assert len(at(page(body="".join(f'<a href="/{n}/feed/">f</a>' for n in range(90))))) == MOST_FOUND


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.booleans())
def test_any_bytes_give_a_value(junk: bytes, inside: bool) -> None:
    assert isinstance(at(page(HEAD).encode().replace(b"/all.xml", junk) if inside else junk), tuple)


LOOKS = ["/feed", "/rss", "/news.rss", "/atom.xml", "/index.rdf", "/feeds/all.atom.xml", "/feed.json", "/?feed=rss2"]


@pytest.mark.parametrize("href", LOOKS)
def test_many_addresses_look_like_feeds(href: str) -> None:
    assert at(page(body=f"<a href='{href}'>Here</a>"))[0].url == f"https://agency.example{href}"


@pytest.mark.parametrize("href", ["/feedback", "/press", "/rss-explained", "/dress.html", "mailto:rss@agency.example"])
def test_others_do_not(href: str) -> None:
    found = at(page(body=f"<a href='{href}'>Here</a>"))

    assert [each for each in found if each.kind is SourceKind.FEED and each.sure] == []


def test_a_link_named_rss_is_tried_but_not_believed() -> None:
    (each,) = (each for each in at(page(body="<a href='/subscribe?x=1'>RSS feed</a>")) if "named" in each.why)

    assert (each.url, each.sure) == ("https://agency.example/subscribe?x=1", False)


def test_a_page_of_links_with_dates_is_a_list() -> None:
    rows = "".join(f"<li><a href='/{n}'>Memo {n}</a> October {n}, 2025</li>" for n in (9, 8, 7))

    (each,) = (each for each in at(page(body=f"<ul>{rows}</ul>")) if each.kind is SourceKind.LISTING)

    assert (each.url, each.why) == (HOME, "the page lists 3 links, 3 with dates")


def test_any_page_can_be_watched_as_what_it_is_and_that_comes_last() -> None:
    assert at(page())[-1] == Found(HOME, SourceKind.PAGE, "News", "the page's own text, watched for changes")


RSS = "<rss version='2.0'><channel><item><title>25-1 A v. B</title></item></channel></rss>"
ITSELF = [
    (RSS, HOME, SourceKind.FEED),
    ("<urlset><url><loc>/a</loc></url></urlset>", HOME, SourceKind.SITEMAP),
    (RSS, "https://ecf.cadc.uscourts.gov/rss", SourceKind.PACER),
]


@pytest.mark.parametrize(("document", "url", "kind"), ITSELF)
def test_what_can_be_polled_itself_is_all_that_is_found(document: str, url: str, kind: SourceKind) -> None:
    (each,) = at(document, url, "application/xml")

    assert (each.url, each.kind, each.why) == (url, kind, "the address itself: 1 item")


def test_an_index_of_sitemaps_is_told_by_its_parts() -> None:
    document = "<sitemapindex><sitemap><loc>/a</loc></sitemap><sitemap><loc>/b</loc></sitemap></sitemapindex>"

    assert at(document, kind="application/xml")[0].why == "the address itself: 2 parts"


def test_a_page_in_the_place_of_robots_txt_names_nothing() -> None:
    assert at(page(body="<p>Sitemap: /x.xml"), "https://agency.example/robots.txt") == ()


def test_each_address_is_found_once() -> None:
    urls = [each.url for each in at(page(HEAD, "<a href='/all.xml'>RSS</a><a href='/all.xml#top'>RSS</a>"))]

    assert [url for url in urls if "all.xml" in url] == ["https://agency.example/all.xml"]


def test_f17_addresses_that_are_no_web_addresses_are_left_out() -> None:
    head = '<link rel="alternate" type="application/rss+xml" href="javascript:alert(1)">'

    assert all(each.url.startswith("https://agency.example/") for each in at(page(head)))


@pytest.mark.parametrize("name", ["dhs_newsroom_index", "fema_newsroom_index", "ofac_recent_actions_index"])
def test_the_shared_newsrooms_without_feeds_are_found_to_be_lists(shared_data: Path, name: str) -> None:
    first = at((shared_data / "samples" / f"{name}.html").read_bytes())[0]

    assert (first.url, first.kind) == (HOME, SourceKind.LISTING)
