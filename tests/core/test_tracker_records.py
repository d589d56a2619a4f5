"""Policy records as mappings and as JSON, JSON Lines and CSV files."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core.text import clean
from monitor.core.tracker import read_records, record_from_mapping, record_to_mapping, write_records
from monitor.errors import Unreadable
from monitor.model.policy import ActionDate, ActionRecord, DateKind, PolicyRecord, SourceDocument
from tests.core.vocabularies import climate, immigration

WORDS = immigration()
URL = "https://tracker.example/policies/x"

_TEXT = st.text(alphabet=st.sampled_from("aZ09 ;,'\"=+-@\\|—•é§\n"), max_size=12).map(lambda text: clean(text).strip())
_SOME = _TEXT.filter(bool)
_DATES = st.none() | st.dates()


def _lists(values: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(values, max_size=3, unique=True).map(tuple)


_LINE = _SOME.map(lambda text: " ".join(text.split()))
_ACTIONS = st.builds(
    ActionRecord,
    kind=_SOME,
    date=_DATES,
    title=_TEXT,
    summary=_TEXT,
    document_url=st.none() | st.just("https://d.example/a"),
    reported=st.booleans(),
    dates=st.lists(st.builds(ActionDate, st.sampled_from(DateKind), st.dates()), max_size=2).map(tuple),
    agencies=_lists(st.sampled_from(WORDS.agency_names)),
    places=_lists(_LINE),
)
_RECORDS = st.builds(
    PolicyRecord,
    url=st.sampled_from([URL, "title:some-slug"]),
    title=st.none() | _TEXT.filter(lambda text: text != "—"),
    tracker_id=st.none() | st.integers(0, 99_999),
    slug=st.none() | _SOME,
    trump_version=st.none() | st.sampled_from(["1.0", "2.0"]),
    announced=_DATES,
    effective=_DATES,
    summary=_TEXT,
    source_document=st.none() | st.builds(SourceDocument, _SOME, st.none() | st.just("https://d.example/b")),
    types=_lists(st.sampled_from(WORDS.types)),
    subjects=_lists(st.sampled_from(WORDS.topics)),
    agencies=_lists(st.sampled_from(WORDS.agency_names)),
    status_tags=_lists(st.sampled_from(WORDS.status_tags)),
    current_status=st.none() | _TEXT.filter(lambda text: text != "—"),
    terms=_lists(_LINE),
    identifiers=_lists(_LINE),
    related=_lists(_LINE),
    actions=st.lists(_ACTIONS, max_size=2).map(tuple),
)


@settings(max_examples=40, deadline=None)
@given(_RECORDS)
def test_a_record_comes_back_from_its_mapping(record: PolicyRecord) -> None:
    assert record_from_mapping(json.loads(json.dumps(record_to_mapping(record))), WORDS) == record


@pytest.mark.parametrize("suffix", [".json", ".jsonl", ".CSV"])
@settings(max_examples=25, deadline=None)
@given(records=st.lists(_RECORDS, max_size=3))
def test_records_come_back_from_a_file_of_any_format(suffix: str, records: list[PolicyRecord]) -> None:
    kept = [replace(record, actions=()) for record in records] if suffix == ".CSV" else records

    assert read_records(write_records(kept, suffix), suffix, WORDS) == tuple(kept)


def test_only_filled_fields_are_written() -> None:
    assert record_to_mapping(PolicyRecord(URL)) == {"url": URL}
    assert record_to_mapping(PolicyRecord(URL, current_status="")) == {"url": URL, "current_status": ""}


def test_a_mapping_is_ready_for_json() -> None:
    action = ActionRecord("A kind", date(2025, 5, 1), "T", dates=(ActionDate(DateKind.HEARING, date(2025, 6, 1)),))
    record = PolicyRecord(URL, announced=date(2025, 5, 27), source_document=SourceDocument("D"), actions=(action,))

    assert record_to_mapping(record) == {
        "url": URL,
        "announced": "2025-05-27",
        "source_document": {"title": "D"},
        "actions": [
            {
                "kind": "A kind",
                "date": "2025-05-01",
                "title": "T",
                "reported": False,
                "dates": [{"kind": "hearing", "on": "2025-06-01"}],
            }
        ],
    }


@pytest.mark.parametrize(
    ("data", "field", "value"),
    [
        ({"tracker_id": "1777"}, "tracker_id", 1777),
        ({"tracker_id": 1777}, "tracker_id", 1777),
        ({"tracker_id": None}, "tracker_id", None),
        ({"url": URL + "/"}, "url", URL),
        ({"url": "title:some-slug"}, "url", "title:some-slug"),
        ({"url": None, "title": "Some title: § 4's"}, "url", "title:some-title-4-s"),
        ({"announced": date(2025, 5, 1)}, "announced", date(2025, 5, 1)),
        ({"source_document": "A memo"}, "source_document", SourceDocument("A memo")),
        ({"source_document": {"title": "A", "url": "https://d"}}, "source_document", SourceDocument("A", "https://d")),
        ({"agencies": ["Border Patrol", "CBP", "ICE"]}, "agencies", ("CBP", "ICE")),
        ({"subjects": ("Interior",)}, "subjects", ("Interior",)),
        ({"current_status": ""}, "current_status", ""),
        ({"summary": None}, "summary", ""),
        ({"title": " a\u200b\x00b "}, "title", "ab"),
    ],
)
def test_a_field_is_read_in_every_form_it_may_have(data: dict[str, Any], field: str, value: object) -> None:
    assert getattr(record_from_mapping({"url": URL} | data, WORDS), field) == value


def test_an_action_without_kind_has_the_default_one_and_tells_reported_by_its_title() -> None:
    record = record_from_mapping({"url": URL, "actions": [{"title": "2025.05.01 Reported: A - B"}]}, WORDS)

    assert record.actions == (ActionRecord(WORDS.default_kind, None, "2025.05.01 Reported: A - B", reported=True),)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"titel": "x"}, r"unknown field 'titel'; did you mean 'title'\?"),
        ({"subjects": ["Interrior"]}, r"subjects\[0\]: unknown topic 'Interrior'; did you mean 'Interior'\?"),
        ({"subjects": ["interior"]}, r"unknown topic 'interior'; did you mean 'Interior'\?"),
        ({"agencies": ["ICE", "UCSIS"]}, r"agencies\[1\]: unknown agency 'UCSIS'; did you mean 'USCIS'\?"),
        ({"types": ["Rules"]}, r"types\[0\]: unknown type 'Rules'; did you mean 'Rule'\?"),
        ({"types": ["Zzzz"]}, r"unknown type 'Zzzz'$"),
        ({"types": "Rule"}, r"types: must be a list, not 'Rule'"),
        ({"subjects": [3]}, r"subjects\[0\]: must be text, not 3"),
        ({"terms": [""]}, r"terms\[0\]: must be text, not ''"),
        ({"announced": "May 27, 2025"}, r"announced: must be a date such as 2025-05-27, not 'May 27, 2025'"),
        ({"announced": "2025-02-30"}, r"announced: must be a date"),
        ({"effective": 20250101}, r"effective: must be a date"),
        ({"tracker_id": "17a"}, r"tracker_id: must be a whole number, not '17a'"),
        ({"tracker_id": True}, r"tracker_id: must be a whole number, not True"),
        ({"tracker_id": -1}, r"tracker_id: must be a whole number"),
        ({"tracker_id": 10**30}, r"tracker_id: must be a whole number"),
        ({"trump_version": 2.0}, r"trump_version: must be text \(in quotes"),
        ({"url": "ftp://x"}, r"url: must be an http\(s\) address or title:some-slug, not 'ftp://x'"),
        ({"url": ""}, r"url: must be an http"),
        ({"url": None}, r"give its url"),
        ({"source_document": {"name": "x"}}, r"source_document: unknown field 'name'"),
        ({"source_document": 5}, r"source_document: must be an object, not 5"),
        ({"actions": {"kind": "x"}}, r"actions: must be a list"),
        ({"actions": [{"titel": "x"}]}, r"actions\[0\]: unknown field 'titel'; did you mean 'title'\?"),
        ({"actions": [{"date": "soon"}]}, r"actions\[0\].date: must be a date"),
        ({"actions": [{"reported": "yes"}]}, r"actions\[0\].reported: must be true or false"),
        ({"actions": [{"agencies": ["X"]}]}, r"actions\[0\].agencies\[0\]: unknown agency 'X'"),
        (
            {"actions": [{"dates": [{"kind": "x", "on": "2025-01-01"}]}]},
            r"actions\[0\].dates\[0\].kind: must be one of",
        ),
        ({"actions": [{"dates": [{"kind": "hearing"}]}]}, r"actions\[0\].dates\[0\].on: must be a date"),
        ({"summary": ["x"] * 1000}, r"summary: must be text .*\.\.\.$"),
    ],
)
def test_what_is_wrong_is_named_with_its_field_value_and_the_nearest_name(data: dict[str, Any], message: str) -> None:
    with pytest.raises(Unreadable, match=message):
        record_from_mapping({"url": URL} | data, WORDS)


def test_a_record_of_one_tracker_does_not_fit_another() -> None:
    with pytest.raises(Unreadable, match="unknown topic 'Detention'"):
        record_from_mapping({"url": URL, "subjects": ["Detention"]}, climate())


def test_a_json_file_may_hold_one_object() -> None:
    assert read_records('\ufeff{"url": "title:a"}\n', ".json", WORDS) == (PolicyRecord("title:a"),)


def test_an_empty_list_or_file_holds_no_records() -> None:
    assert read_records(" [ ] ", ".json", WORDS) == read_records("\n\n", ".jsonl", WORDS) == ()
    assert read_records("url,title\n", ".csv", WORDS) == read_records("", ".csv", WORDS) == ()


GOOD = '{"url": "title:a"}'


@pytest.mark.parametrize(
    ("text", "suffix", "message"),
    [
        (f'[\n{GOOD},\n{{"url": "title:b",\n "titel": 1}}\n]', ".json", r"^line 3: record: unknown field 'titel'"),
        (f"[\n{GOOD},\n\n5]", ".json", r"^line 4: record: must be an object, not 5"),
        (f"[\n{GOOD}\n{GOOD}]", ".json", r"^line 3: not JSON: expected ',' or '\]'"),
        (f"[{GOOD},\n]", ".json", r"^line 2: not JSON"),
        (f"{GOOD}\n{GOOD}", ".json", r"^line 2: .* one object a line is .jsonl"),
        ('{"url":\n\n nope}', ".json", r"^line 3: not JSON: Expecting value"),
        ('{"url": "title:a", "url": "title:b"}', ".json", r"the field 'url' is given twice"),
        ('{"url": "title:a", "tracker_id": NaN}', ".json", r"NaN is not JSON"),
        ("", ".json", r"^line 1: not JSON"),
        ("[" * 200_000, ".json", r"^line 1: not JSON"),
        (f"{GOOD}\n\n{GOOD[:-1]}", ".jsonl", r"^line 3: not JSON"),
        (f"{GOOD} {GOOD}", ".jsonl", r"^line 1: more than one value on the line"),
        (f'{GOOD}\n{{"url": "x"}}', ".jsonl", r"^line 2: url: must be"),
        ("url,name\n", ".csv", r"^line 1: unknown column 'name'"),
        ("url,url\n", ".csv", r"^line 1: the column 'url' is given twice"),
        ('url,title\ntitle:a,"two\nlines"\ntitle:b,x,y\n', ".csv", r"^line 4: 3 cells under 2 columns"),
        ("url,subjects\ntitle:a,Border; Nope\n", ".csv", r"^line 2: subjects\[1\]: unknown topic 'Nope'"),
        ('url\n"title:a" b\n', ".csv", r"^line 2: not CSV"),
        (f"url\ntitle:{'a' * 140_000}\n", ".csv", r"^line 2: not CSV: field larger"),
        (GOOD, ".xml", r"cannot read records from '.xml' files: use .json, .jsonl, .csv"),
    ],
)
def test_an_error_in_a_file_names_the_line(text: str, suffix: str, message: str) -> None:
    with pytest.raises(Unreadable, match=message):
        read_records(text, suffix, WORDS)


def test_an_unknown_format_is_not_written() -> None:
    with pytest.raises(Unreadable, match=r"cannot write records to '.xml'"):
        write_records([], ".xml")


@pytest.mark.parametrize("title", ["=1+1", "+1", "-1", "@a", "'=1", "''=1"])
def test_a_cell_that_a_spreadsheet_would_run_is_text(title: str) -> None:
    text = write_records([PolicyRecord(URL, title)], ".csv")

    cell = next(csv.DictReader(io.StringIO(text)))["title"]
    assert cell == "'" + title
    assert read_records(text, ".csv", WORDS)[0].title == title


def test_lists_in_csv_are_joined_by_semicolons_and_a_document_has_two_columns() -> None:
    record = PolicyRecord(
        URL, subjects=("Border", "TPS"), terms=("a; b", "c"), source_document=SourceDocument("D", "https://d")
    )

    row = next(csv.DictReader(io.StringIO(write_records([record], ".csv"))))

    assert (row["subjects"], row["terms"]) == ("Border; TPS", r"a\; b; c")
    assert (row["source_document"], row["source_document_url"]) == ("D", "https://d")
    assert "actions" not in row


def test_a_csv_file_may_have_some_columns_and_blank_rows() -> None:
    text = "title,tracker_id\r\nA rule,7\r\n,\r\n"

    assert read_records(text, ".csv", WORDS) == (PolicyRecord("title:a-rule", "A rule", 7),)
