"""The press API of justice.gov: epoch strings, markup in dates, and an order that cannot be trusted."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from monitor.model.source import Item, PollError, SourceKind
from tests.core.answers import failure, one, read, sample

URL = "https://www.justice.gov/api/v1/press_releases.json?pagesize=2&sort=date&direction=DESC"
RELEASE: dict[str, Any] = {
    "title": "Court Orders a Halt &amp; More",
    "url": "https://www.justice.gov/opa/pr/halt",
    "uuid": "7c1d1b7e-1111-4000-8000-000000000001",
    "date": "1790859600",
    "created": '<time datetime="2026-10-01T09:30:00-04:00">1790861400</time>\n',
    "component": [{"name": "Civil Division"}, {"name": "Civil Rights Division"}],
    "topic": [{"name": "Immigration"}],
    "teaser": "<p>A federal court</p>",
    "body": "<p>A federal court ordered a halt.</p><p>It was <b>today</b>.</p>",
    "number": "26-1001",
}


def answer(*rows: object, count: object = "2", size: object = "2", status: object = 200) -> dict[str, object]:
    return {
        "metadata": {
            "responseInfo": {"status": status, "developerMessage": "OK" if status == 200 else "Too many requests"},
            "resultset": {"count": count, "pagesize": size, "page": "0"},
        },
        "results": list(rows),
    }


def test_a_release_is_known_by_its_uuid() -> None:
    assert one("justice", answer(RELEASE), URL) == Item(
        key="7c1d1b7e-1111-4000-8000-000000000001",
        title="Court Orders a Halt & More",
        text="A federal court ordered a halt.\nIt was today.\n"
        "Component: Civil Division; Civil Rights Division\nTopic: Immigration\nNumber: 26-1001",
        url="https://www.justice.gov/opa/pr/halt",
        published=datetime(2026, 10, 1, 13, tzinfo=UTC),
        published_raw="1790859600",
    )


def test_a_teaser_that_the_body_does_not_repeat_is_kept() -> None:
    item = one("justice", answer(RELEASE | {"teaser": "<p>Another angle</p>"}), URL)

    assert item.text.startswith("Another angle\nA federal court ordered")


def test_without_a_date_the_markup_of_created_is_read() -> None:
    item = one("justice", answer(RELEASE | {"date": ""}), URL)

    assert item.published == datetime(2026, 10, 1, 13, 30, tzinfo=UTC)


OLDER = RELEASE | {"uuid": "b", "date": "1790000000"}


@pytest.mark.parametrize(
    ("url", "count", "size", "following"),
    [
        (URL, "5", "2", (f"{URL}&page=1",)),
        (f"{URL}&page=1", "5", "2", (f"{URL}&page=2",)),
        (f"{URL}&page=2", "5", "2", ()),
        (URL, 5, 2, (f"{URL}&page=1",)),
        (URL, "2", "2", ()),
        (URL, None, "2", ()),
        (URL, "9" * 400, "2", ()),
    ],
)
def test_pages_are_counted_from_0(url: str, count: object, size: object, following: tuple[str, ...]) -> None:
    assert read("justice", answer(RELEASE, OLDER, count=count, size=size), url).next_urls == following


def test_an_api_that_did_not_sort_is_noted_and_not_paged() -> None:
    found = read("justice", answer(OLDER, RELEASE, count="269012"), URL)

    assert found.next_urls == ()
    assert found.notes == ("the releases are not newest first: ask with sort=date&direction=DESC",)


def test_no_releases_are_a_reading() -> None:
    assert read("justice", answer(count="0"), URL).items == ()


FAILURES: list[tuple[object, str]] = [
    (answer(RELEASE, status=429), 'this is JSON that says "Too many requests"'),
    ({"results": [RELEASE]}, "a JSON object with the keys results"),
    (b"<html><title>Justice</title>", 'an HTML page titled "Justice"'),
    (answer({"nid": 4}), "holds 1 elements, and none has the id, title or text of one"),
]


@pytest.mark.parametrize(("body", "words"), FAILURES)
def test_fault_47_what_is_no_answer_is_named(body: object, words: str) -> None:
    failed = failure("justice", body)

    assert failed.error is PollError.NOT_A_DOCUMENT
    assert words in failed.detail


def test_the_sample_of_releases(shared_data: Path) -> None:
    found = sample(shared_data, "justice", "justice_press_releases_api.RECON.json", URL)

    assert found.kind is SourceKind.JUSTICE
    assert [(item.key[-2:], item.url, item.published) for item in found.items] == [
        ("01", "https://www.justice.gov/usao-ak/pr/mmip-awareness-day", datetime(2025, 2, 5, 17, 37, 10, tzinfo=UTC)),
        ("02", "https://www.justice.gov/opa/pr/lockheed", datetime(2025, 2, 6, 17, tzinfo=UTC)),
    ]
    assert found.items[0].text == (
        "Missing and murdered indigenous persons initiative\nANCHORAGE – ...\n"
        "Component: USAO - Alaska\nTopic: Indian Country Law and Justice\nNumber: 25-123"
    )
