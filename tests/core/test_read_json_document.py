"""JSON from servers that mean no good, or make mistakes: bounded, forgiven where that is safe, named where not."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from monitor.core.read.json_api import Dated, api_item, facts, first_date, paragraphs, reading
from monitor.core.read.json_document import (
    DEEPEST,
    JsonDocument,
    at,
    described,
    load_json,
    names_at,
    text_at,
    texts_at,
    walk,
)
from monitor.model.source import Fetched, Item, PollError, ReadFailed, SourceKind
from tests.core.answers import NOW, URL, read


def load(body: bytes | str, content_type: str = "application/json") -> JsonDocument:
    found = attempt(body, content_type)
    assert isinstance(found, JsonDocument), found
    return found


def attempt(body: bytes | str, content_type: str = "application/json") -> JsonDocument | ReadFailed:
    raw = body.encode() if isinstance(body, str) else body
    return load_json(Fetched(URL, 200, raw, {"content-type": content_type}), "an answer")


FORGIVEN = [
    ('{"a": NaN, "b": Infinity, "c": -Infinity, "d": 1e999}', {"a": None, "b": None, "c": None, "d": None}),
    ('{"a": "one\ntwo\tthree"}', {"a": "one\ntwo\tthree"}),
    ('\ufeff{"a": 1}', {"a": 1}),
    (" \n[1, 2.5]\n ", [1, 2.5]),
    ('{"id": 123456789012345678}', {"id": 123456789012345678}),
]


@pytest.mark.parametrize(("body", "value"), FORGIVEN)
def test_what_is_no_strict_json_but_has_one_meaning_is_read(body: str, value: object) -> None:
    assert load(body) == JsonDocument(value)


def test_a_huge_number_stays_as_it_is_written() -> None:
    digits = "9" * 5_000

    assert load(f'{{"id": {digits}}}').value == {"id": digits}


def test_a_key_given_twice_counts_as_it_was_given_last_and_is_noted() -> None:
    document = load('{"a": 1, "b": {"c": 1, "c": 2}, "a": 3}')

    assert document.value == {"a": 3, "b": {"c": 2}}
    assert document.notes == ("2 keys stand twice in one object: the last of each counts",)


def test_f15_a_lone_surrogate_is_taken_out_of_the_text() -> None:
    assert text_at(load(r'{"a": "x\ud800y\u0000z"}').value, "a") == "xyz"


def test_f15_json_is_utf_8_whatever_html_within_it_declares() -> None:
    body = '{"a": "<meta charset=windows-1252>é"}'

    assert text_at(load(body, "application/json; charset=iso-8859-1").value, "a").endswith("é")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_f15_a_byte_order_mark_is_heard(encoding: str) -> None:
    assert load('{"a": "é"}'.encode(encoding)).value == {"a": "é"}


def test_bytes_that_are_no_utf_8_are_replaced() -> None:
    assert load(b'{"a": "caf\xe9"}', "application/json; charset=iso-8859-1").value == {"a": "café"}


@pytest.mark.parametrize("opening", ["[", '{"a":', '[{"b":', "{"])
def test_f1_nesting_is_bounded(opening: str) -> None:
    found = attempt(opening * 100_000)

    assert isinstance(found, ReadFailed)
    assert found.detail == f"not an answer: JSON nested over {DEEPEST} levels deep is not read"


def test_a_hundred_levels_are_read_and_brackets_in_strings_do_not_count() -> None:
    deep = "[" * DEEPEST + json.dumps("[{" * 500 + '\\"') + "]" * DEEPEST

    assert at(load(deep).value, ".".join("0" * DEEPEST)) == "[{" * 500 + '\\"'


@pytest.mark.parametrize("text", ['"' + '\\"' * 200_000, '{"a' * 100_000, "[" + '"' * 200_001, "[\\" * 100_000])
def test_f1_looking_for_depth_takes_linear_time(text: str) -> None:
    assert isinstance(attempt("[" * 99 + "[]" * 99 + text), ReadFailed)


WRONG = [
    (b"<!doctype html><title>Sign in</title><body>", 'not an answer: this looks like an HTML page titled "Sign in"'),
    (b"", "not an answer: this looks like an empty document"),
    (b"\x1f\x8b\x08\x00", "not an answer: this looks like compressed (gzip) bytes"),
    (b"%PDF-1.7", "not an answer: this looks like a PDF"),
    (b"null", 'not an answer: this looks like text that starts "null"'),
    (b'{"a": [1, 2', "not an answer: its JSON is broken or cut off (line 1, column 12: "),
    (b'{"a": 1}\n{"a": 2}', "its JSON is broken or cut off (line 2, column 1: Extra data)"),
]


@pytest.mark.parametrize(("body", "words"), WRONG)
def test_fault_47_what_is_no_json_is_named(body: bytes, words: str) -> None:
    found = attempt(body)

    assert isinstance(found, ReadFailed)
    assert found.error is PollError.NOT_A_DOCUMENT
    assert words in found.detail


ERRORS = [
    ({"detail": "Invalid token."}, 'JSON that says "Invalid token."'),
    ({"code": "rest_no_route", "message": "No route was found", "data": {"status": 404}}, '"No route was found"'),
    ({"error": {"code": "OVER_RATE_LIMIT", "message": "You have exceeded your rate limit."}}, '"You have exceeded'),
    ({"errors": [{"status": "400", "title": "Bad", "detail": "Unknown filter"}]}, 'says "Unknown filter"'),
    ({"errors": {"conditions": ["is not known"]}, "status": 400}, 'says "is not known"'),
    ({"error": "nope\x1b[31m"}, 'says "nope[31m"'),
    ({"items": {}, "b": 1}, "a JSON object with the keys items, b"),
    ({"errors": [{"status": "400", "title": "Bad"}]}, 'says "Bad"'),
    ({"title": "An article", "html": "x"}, "a JSON object with the keys title, html"),
    ({str(number): 0 for number in range(9)}, "the keys 0, 1, 2, 3, 4, 5 and 3 more"),
    ({}, "a JSON object with no keys"),
    ([1, 2], "a JSON list of 2 elements"),
    (None, 'the JSON value "null"'),
]


@pytest.mark.parametrize(("value", "words"), ERRORS)
def test_what_stands_there_instead_is_told_in_its_own_words(value: object, words: str) -> None:
    assert words in described(value)


VALUE = {"a": {"b": [{"c": "x"}, None]}, "n": 7, "f": 2.5, "t": True, "e": " ", "l": ["p", 1, None, "", {}]}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("", [VALUE]),
        ("a.b.0.c", ["x"]),
        ("a.b.1", [None]),
        ("a.b.2", []),
        ("a.b.-1", []),
        ("a.b.c", []),
        ("n.x", []),
        ("a..b", []),
        ("missing", []),
    ],
)
def test_a_path_is_walked_by_keys_and_indexes(path: str, found: list[object]) -> None:
    assert list(walk(VALUE, path)) == found


def test_texts_are_strings_and_numbers() -> None:
    assert [text_at(VALUE, path) for path in ("n", "f", "t", "a", "e")] == ["7", "2.5", "", "", ""]
    assert text_at(VALUE, "missing", "e", "n") == "7"
    assert texts_at(VALUE, "l") == ["p", "1"]
    assert texts_at(VALUE, "n") == ["7"]


def test_names_are_each_told_once_by_the_first_field_that_they_have() -> None:
    rows = {"of": [{"name": "A "}, {"name": None, "raw": "B"}, {"name": "A"}, "C", {}]}

    assert names_at(rows, "of", "name", "raw") == ["A", "B"]


DATES = [
    ("1738777030", datetime(2025, 2, 5, 17, 37, 10, tzinfo=UTC)),
    ("1738777030000", datetime(2025, 2, 5, 17, 37, 10, tzinfo=UTC)),
    ("1738777030.25", datetime(2025, 2, 5, 17, 37, 10, tzinfo=UTC)),
    ('<time datetime="2025-02-05T12:37:10-05:00">1738777030</time>\n', datetime(2025, 2, 5, 17, 37, 10, tzinfo=UTC)),
    ("2026-10-02T11:15:00.000-04:00", datetime(2026, 10, 2, 15, 15, tzinfo=UTC)),
    ("20260708T101500Z", datetime(2026, 7, 8, 10, 15, tzinfo=UTC)),
    ("2026-04-21", datetime(2026, 4, 21, 12, tzinfo=UTC)),
    ("9999999999", None),
    ("bogus", None),
    ("", None),
]


@pytest.mark.parametrize(("raw", "moment"), DATES)
def test_dates_are_read_as_apis_write_them(raw: str, moment: datetime | None) -> None:
    assert first_date([raw], NOW).moment == moment


def test_a_day_without_a_time_is_that_day_in_every_american_time_zone() -> None:
    moment = first_date(["2026-04-21"], NOW).moment

    assert moment is not None
    for zone in ("America/New_York", "America/Anchorage", "Pacific/Honolulu"):
        assert moment.astimezone(ZoneInfo(zone)).date().isoformat() == "2026-04-21"


def test_the_first_believable_date_counts_and_else_the_first_words_stay() -> None:
    assert first_date(["2099-01-01", "2026-10-01T00:00:00Z"], NOW).raw == "2026-10-01T00:00:00Z"
    assert first_date(["", "2099-01-01", "soon"], NOW) == Dated(None, "2099-01-01")
    assert first_date(["", ""], NOW) == Dated(None, None)


def test_facts_are_labelled_lines_and_empty_ones_are_left_out() -> None:
    assert facts(("Agencies", ["A", "B\nC"]), ("RIN", [])) == ["Agencies: A; B C"]
    assert paragraphs("<p>One</p><p>Two &amp; 3</p>", "", ["Type: Rule"]) == "One\nTwo & 3\nType: Rule"


def item(key: str, published: datetime | None = None, title: str = "T") -> Item:
    found = api_item(key=key, title=title, text="", link="", base=URL, date=Dated(published, None))
    assert found is not None
    return found


def test_f16_of_more_than_2000_items_the_newest_are_kept_in_their_order() -> None:
    first = datetime(2025, 1, 1, tzinfo=UTC).timestamp()
    items = [item(str(each), datetime.fromtimestamp(first + each, UTC)) for each in range(2_003)]

    found = reading(SourceKind.JSON, "", items)

    assert [kept.key for kept in found.items] == [str(each) for each in range(3, 2_003)]
    assert found.notes == ("truncated: the newest 2,000 of 2,003 items were kept",)


def test_f16_without_dates_the_first_2000_are_kept() -> None:
    assert reading(SourceKind.JSON, "", [item(str(each)) for each in range(2_003)]).items[-1].key == "1999"


def test_f16_elements_after_the_20000th_are_not_looked_at_and_that_is_noted() -> None:
    rows: list[object] = [{}] * 19_999 + [{"t": "kept"}, {"t": "beyond"}]

    found = read("json", rows, fields={"title": "t"})

    assert [kept.title for kept in found.items] == ["kept"]
    assert found.notes == (
        "only the first 20,000 of 20,001 elements were looked at",
        "19999 elements without title, text and url left out",
    )


def test_fault_44_one_id_for_several_items_gets_them_longer_keys() -> None:
    found = reading(SourceKind.JSON, "", [item("7", title="A"), item("7", title="B"), item("7", title="A")])

    assert len({each.key for each in found.items}) == len(found.items) == 2
    assert "1 repeated items left out" in found.notes


def test_an_item_without_a_title_is_shown_by_its_first_words() -> None:
    found = api_item(key="1", title=" ", text="First line.\nMore", link="", base=URL, date=Dated(None, None))

    assert found is not None
    assert found.title == "First line."


@given(st.binary(max_size=300))
@example(b"[" * 5_000)
@example(b'{"a":\xff"\x00')
def test_any_bytes_are_a_value_or_a_named_failure(body: bytes) -> None:
    assert isinstance(attempt(body), JsonDocument | ReadFailed)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=12,
)


@given(st.lists(JSON, max_size=3), st.text(alphabet="ab01.", max_size=8))
def test_any_value_can_be_described_and_walked(values: list[object], path: str) -> None:
    document = load(json.dumps(values))

    assert described(document.value)
    assert len(list(walk(document.value, path))) <= 1
