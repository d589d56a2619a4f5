"""JSON Feed 1.0 and 1.1, as kind feed and as auto."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from monitor.model.source import Item, PollError, SourceKind
from tests.core.answers import failure, one, read, sample

URL = "https://news.example/feeds/all.json"
VERSION = "https://jsonfeed.org/version/1.1"
ORDER: dict[str, Any] = {
    "id": "order-1",
    "url": "/order-1",
    "title": "Order &amp; cameras",
    "content_html": "<p>First paragraph.</p><p>Second &amp; last.</p>",
    "date_published": "2025-10-09T08:00:00-04:00",
}


def feed(*items: object, **more: object) -> dict[str, object]:
    return {"version": VERSION, "title": "Desk", "items": list(items)} | more


@pytest.mark.parametrize("kind", ["feed", "auto"])
@pytest.mark.parametrize("version", [VERSION, "https://jsonfeed.org/version/1", "http://jsonfeed.org/version/1.0"])
def test_a_json_feed_is_a_feed(kind: str, version: str) -> None:
    found = read(kind, feed(ORDER) | {"version": version}, URL)

    assert (found.kind, found.title) == (SourceKind.FEED, "Desk")
    assert found.items == (
        Item(
            key="order-1",
            title="Order & cameras",
            text="First paragraph.\nSecond & last.",
            url="https://news.example/order-1",
            published=datetime(2025, 10, 9, 12, tzinfo=UTC),
            published_raw="2025-10-09T08:00:00-04:00",
        ),
    )


def test_an_empty_feed_is_a_feed() -> None:
    assert read("feed", feed(), URL).items == ()


@pytest.mark.parametrize(
    ("bodies", "text"),
    [
        ({"content_text": "a <b> & c\n\nd"}, "a <b> & c\nd"),
        ({"content_text": "short", "content_html": "<p>the longer one</p>"}, "the longer one"),
        ({"summary": "only a summary"}, "only a summary"),
        ({}, ""),
    ],
)
def test_the_text_is_the_longest_of_contents_and_summary(bodies: dict[str, str], text: str) -> None:
    assert one("feed", feed({"id": "1", "title": "T"} | bodies), URL).text == text


@pytest.mark.parametrize(
    ("fields", "key", "url"),
    [
        ({"id": 17}, "17", None),
        ({"id": "https://news.example/a"}, "https://news.example/a", "https://news.example/a"),
        ({"url": "https://news.example/b"}, "https://news.example/b", "https://news.example/b"),
        ({"id": "1", "external_url": "https://x.example/c"}, "1", "https://x.example/c"),
        ({"id": "1", "url": "javascript:alert(1)"}, "1", None),
    ],
)
def test_identity_and_link(fields: dict[str, object], key: str, url: str | None) -> None:
    item = one("feed", feed({"title": "T"} | fields), URL)

    assert (item.key, item.url) == (key, url)


def test_an_item_without_a_title_is_shown_by_its_words() -> None:
    assert one("feed", feed({"id": "1", "content_text": "A short post."}), URL).title == "A short post."


def test_the_next_page_belongs_to_the_same_poll() -> None:
    found = read("feed", feed(ORDER, next_url="https://news.example/feeds/all.json?page=2"), URL)

    assert found.next_urls == ("https://news.example/feeds/all.json?page=2",)


def test_elements_that_are_no_items_are_left_out_and_noted() -> None:
    found = read("feed", feed(ORDER, None, {}, "x"), URL)

    assert len(found.items) == 1
    assert found.notes == ("3 elements without id, title or text left out",)


FAILURES: list[tuple[object, str]] = [
    ({"a": 1}, "not a JSON Feed: this is a JSON object with the keys a"),
    ({"version": "2", "items": []}, "not a JSON Feed: this is a JSON object with the keys version, items"),
    ({"version": VERSION, "items": {}}, "not a JSON Feed"),
    ({"error": "gone"}, 'not a JSON Feed: this is JSON that says "gone"'),
    (b'{"version": "https://jsonfeed.org/version/1.1", "items": [', "not a JSON Feed: its JSON is broken or cut off"),
    (feed({}, {}), "holds 2 elements, and none has the id, title or text of one"),
]


@pytest.mark.parametrize(("answer", "words"), FAILURES)
def test_fault_47_json_that_is_no_feed_is_named(answer: object, words: str) -> None:
    failed = failure("feed", answer)

    assert failed.error is PollError.NOT_A_FEED
    assert words in failed.detail


def test_the_sample_of_1_1(shared_data: Path) -> None:
    found = sample(shared_data, "feed", "jsonfeed_1_1.json", "https://example.org/feed.json")

    assert found.title == "Example JSON Feed"
    assert [(item.key, item.title, item.text) for item in found.items] == [
        ("https://example.org/item1", "First JSON Feed Item", "This is the first item in our JSON feed."),
        (
            "https://example.org/item2",
            "Second JSON Feed Item",
            "This is plain text content for the second item.",
        ),
    ]
    assert found.items[0].published == datetime(2024, 1, 15, 12, tzinfo=UTC)


def test_the_sample_of_1_0(shared_data: Path) -> None:
    first, second = sample(shared_data, "auto", "jsonfeed_example_1_0.json").items

    assert first.title == "How Jeff Bezos’s iPhone X Was Hacked"
    assert first.url == "https://daringfireball.net/linked/2020/01/24/bezos-iphone-x"
    assert second.text == "Delightful work by Petrick Studio."
    assert second.published == datetime(2020, 1, 21, 1, 7, tzinfo=UTC)


def test_every_item_of_the_real_feeds_is_read(shared_data: Path) -> None:
    feeds = sorted((shared_data / "feeds" / "real").glob("*.json"))

    assert feeds
    for path in feeds:
        body = path.read_bytes()
        found = read("auto", body, URL)
        assert len(found.items) == len(json.loads(body)["items"]), path.name
        assert all(item.title and item.key for item in found.items)
