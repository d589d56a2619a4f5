"""WordPress's REST API: rendered posts."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from monitor.model.source import Item, PollError, SourceKind
from tests.core.answers import failure, one, read, sample

URL = "https://agency.example/wp-json/wp/v2/posts?per_page=2"
POST: dict[str, Any] = {
    "id": 41,
    "date": "2026-10-01T09:00:00",
    "date_gmt": "2026-10-01T13:00:00",
    "modified_gmt": "2026-10-02T13:00:00",
    "guid": {"rendered": "https://agency.example/?p=41"},
    "link": "https://agency.example/news/order/",
    "title": {"rendered": "New order &#8211; &#8220;cameras&#8221; &amp; more"},
    "content": {"rendered": "<p>First&nbsp;part.</p>\n<ul><li>A</li></ul>\n<style>.a{}</style>", "protected": False},
    "excerpt": {"rendered": "<p>First [&hellip;]</p>"},
}


def test_a_post_is_known_by_its_id_and_its_entities_are_resolved() -> None:
    assert one("wordpress", [POST], URL) == Item(
        key="41",
        title="New order – “cameras” & more",
        text="First part.\nA",
        url="https://agency.example/news/order/",
        published=datetime(2026, 10, 1, 13, tzinfo=UTC),
        published_raw="2026-10-01T13:00:00",
    )


def test_an_edit_moves_no_date() -> None:
    assert one("wordpress", [POST | {"modified_gmt": "2026-10-03T00:00:00"}], URL) == one("wordpress", [POST], URL)


def test_a_post_that_is_protected_is_read_by_its_excerpt() -> None:
    assert one("wordpress", [POST | {"content": {"rendered": "", "protected": True}}], URL).text == "First […]"


def test_fields_may_have_left_out_all_but_a_few() -> None:
    item = one("wordpress", [{"id": 41, "link": "https://agency.example/a/"}], URL)

    assert (item.key, item.title) == ("41", "https://agency.example/a/")


def test_the_sites_own_time_stands_in_where_utc_is_missing() -> None:
    assert one("wordpress", [POST | {"date_gmt": None}], URL).published_raw == "2026-10-01T09:00:00"


def test_a_single_post_and_an_empty_list_are_readings() -> None:
    assert one("wordpress", POST, "https://agency.example/wp-json/wp/v2/posts/41").key == "41"
    assert read("wordpress", [], URL).items == ()


@pytest.mark.parametrize(
    ("url", "total", "following"),
    [
        (URL, "3", (f"{URL}&page=2",)),
        (f"{URL}&page=2", "3", (f"{URL}&page=3",)),
        (f"{URL}&page=3", "3", ()),
        (URL, "1", ()),
        (URL, "", ()),
        (URL, "many", ()),
    ],
)
def test_the_header_says_how_many_pages_there_are(url: str, total: str, following: tuple[str, ...]) -> None:
    assert read("wordpress", [POST], url, headers={"x-wp-totalpages": total}).next_urls == following


FAILURES: list[tuple[object, str]] = [
    ({"code": "rest_forbidden", "message": "Sorry.", "data": {"status": 401}}, 'this is JSON that says "Sorry."'),
    ([{"id": 1}], "a JSON list of 1 elements"),
    ([POST, "x"], "a JSON list of 2 elements"),
    (b"<html><title>My site</title>", 'an HTML page titled "My site"'),
]


@pytest.mark.parametrize(("body", "words"), FAILURES)
def test_fault_47_what_is_no_list_of_posts_is_named(body: object, words: str) -> None:
    failed = failure("wordpress", body)

    assert failed.error is PollError.NOT_A_DOCUMENT
    assert words in failed.detail


def test_the_sample_of_posts(shared_data: Path) -> None:
    found = sample(shared_data, "wordpress", "wordpress_rest_posts.json", URL)

    assert found.kind is SourceKind.WORDPRESS
    assert [(item.key, item.title, item.published_raw) for item in found.items] == [
        ("41168", "Land Sale Auction – June 5-10, 2025", "2025-02-17T19:25:25"),
        ("41167", "Land Sale Auction – April 24-29, 2025", "2025-02-17T19:21:58"),
        ("40281", "Land Sale Auction – June 20-25, 2024", "2024-05-21T22:19:37"),
    ]
    assert found.items[0].url == "https://trustlands.utah.gov/news/land-sale-auction-june-5-10-2025/"
    assert found.items[0].text.startswith("A land sale auction will be held online June 5-10, 2025. For this auction,")
    assert found.items[0].text.endswith("June 5-10, 2025 Auction Link")
