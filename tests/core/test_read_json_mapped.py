"""Kind json: any API, by the paths that sources.yaml gives."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.model.source import Item, PollError, SourceKind
from tests.core.answers import failure, read

FIELDS = {
    "title": "headline",
    "text": "body.paragraphs",
    "url": "links.0.href",
    "id": "uid",
    "published": "meta.at",
    "publisher": "meta.outlet",
}
ROW = {
    "headline": "Order &amp; cameras",
    "body": {"paragraphs": ["<p>First</p>", "", "Second & last"]},
    "links": [{"href": "/a"}],
    "uid": 12345678901234567890123,
    "meta": {"at": 1790859600, "outlet": "The Desk"},
}


def test_the_paths_say_what_stands_where() -> None:
    found = read("json", {"data": {"rows": [ROW]}}, items="data.rows", fields=FIELDS)

    assert found.kind is SourceKind.JSON
    assert found.items == (
        Item(
            key="12345678901234567890123",
            title="Order & cameras",
            text="First\nSecond & last",
            url="https://api.example.org/a",
            published=datetime(2026, 10, 1, 13, tzinfo=UTC),
            published_raw="1790859600",
            publisher="The Desk",
        ),
    )


def test_a_document_that_is_the_list_has_the_empty_path() -> None:
    found = read("json", [{"t": "One"}, {"t": "Two"}], fields={"title": "t"})

    assert [item.title for item in found.items] == ["One", "Two"]


def test_rows_that_are_lists_are_walked_by_index() -> None:
    found = read("json", {"rows": [["One", "https://x.example/1"]]}, items="rows", fields={"title": "0", "url": "1"})

    assert (found.items[0].title, found.items[0].key) == ("One", "https://x.example/1")


def test_an_index_may_stand_in_the_path_of_the_list() -> None:
    answer = {"sections": [{"stories": []}, {"stories": [{"t": "One"}]}]}

    found = read("json", answer, items="sections.1.stories", fields={"title": "t"})

    assert len(found.items) == 1


def test_an_empty_list_is_a_reading() -> None:
    assert read("json", {"rows": []}, items="rows", fields={"title": "t"}).items == ()


def test_without_an_id_the_link_and_then_the_words_are_the_identity() -> None:
    rows = [{"t": "One", "u": "https://x.example/1?utm_source=a"}, {"t": "Two", "u": None}]

    one, two = read("json", rows, fields={"title": "t", "url": "u"}).items

    assert one.key == "https://x.example/1"
    assert two.key.startswith("sha256:")


def test_an_element_without_the_mapped_id_is_noted() -> None:
    found = read("json", [{"t": "One", "id": 1}, {"t": "Two"}], fields={"title": "t", "id": "id"})

    assert found.notes == ("1 elements without an id: known by their link or their words",)


def test_a_broken_element_costs_no_other() -> None:
    found = read("json", [{"t": "One"}, {"t": None}, "x", {"t": {"deep": 1}}], fields={"title": "t"})

    assert [item.title for item in found.items] == ["One"]
    assert found.notes == ("3 elements without title, text and url left out",)


MISFITS: list[tuple[object, str, dict[str, str], str]] = [
    ({"rows": []}, "data.rows", {"title": "t"}, 'items: no list at "data.rows" (the document has no such place)'),
    ({"rows": {"a": 1}}, "rows", {"title": "t"}, 'items: no list at "rows" (that is an object): this is a JSON object'),
    ({"rows": "soon"}, "rows", {"title": "t"}, 'items: no list at "rows" (that is "soon")'),
    ({"rows": None}, "rows", {"title": "t"}, 'items: no list at "rows" (that is empty)'),
    ({"error": "No key"}, "rows", {"title": "t"}, 'no such place): this is JSON that says "No key"'),
    ({"a": 1}, "", {"title": "t"}, "items: the document is no list, so its path is needed"),
    ([1, 2], "", {"title": "t"}, "items: none of the 2 elements is an object"),
    (
        [{"headline": "x"}, {"headline": "y"}],
        "",
        {"title": "titel"},
        'fields: title: none of the 2 elements has "titel"; the first has the keys headline',
    ),
    (
        [{"t": "x", "at": None}],
        "",
        {"title": "t", "published": "at", "id": "uid"},
        'fields: id: none of the 1 elements has "uid"; the first has the keys t, at',
    ),
    ([["x"]], "", {"title": "3"}, 'fields: title: none of the 1 elements has "3"; the first is a list'),
    (b"<html><title>Sign in here</title>", "", {"title": "t"}, 'looks like an HTML page titled "Sign in here"'),
    (b"", "", {"title": "t"}, "not the API's answer: this looks like an empty document"),
]


@pytest.mark.parametrize(("answer", "items", "fields", "words"), MISFITS)
def test_fault_47_a_path_that_does_not_fit_is_told(
    answer: object, items: str, fields: dict[str, str], words: str
) -> None:
    failed = failure("json", answer, items=items, fields=fields)

    assert failed.error is PollError.NOT_A_DOCUMENT
    assert words in failed.detail


def test_the_sample_of_gdelt(shared_data: Path) -> None:
    body = (shared_data / "samples" / "gdelt_doc_artlist.json").read_bytes()
    fields = {"title": "title", "url": "url", "published": "seendate"}

    first, second, broken = read("json", body, items="articles", fields=fields).items

    assert first.key == "https://paper.example/news/flood-barriers-report"
    assert first.published == datetime(2026, 7, 8, 10, 15, tzinfo=UTC)
    assert second.title == "Rising flood costs strain municipal budgets"
    assert (broken.published, broken.published_raw) == (None, "bogus")


def test_the_sample_of_congress(shared_data: Path) -> None:
    body = (shared_data / "samples" / "congress_gov_bills.json").read_bytes()
    fields = {"title": "title", "text": "latestAction.text", "id": "number", "published": "latestAction.actionDate"}

    found = read("json", body, items="bills", fields=fields)

    assert [item.key for item in found.items] == ["5005", "2200", "4400"]
    assert found.items[1].title == "Antiquities Act Reform Act of 2026"
    assert found.items[1].text == "Read twice and referred to the Committee on Energy and Natural Resources."
    assert found.items[1].published == datetime(2026, 7, 7, 12, tzinfo=UTC)
