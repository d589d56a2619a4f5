"""What commands print, and the days and moments that they read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from enum import Enum
from pathlib import Path

import pytest

from monitor.cli import output
from monitor.cli.moments import day, length, moment
from monitor.errors import UsageError

NOW = datetime(2025, 10, 9, 14, 30, tzinfo=UTC)


class Colour(Enum):
    RED = "red"


@dataclass(frozen=True)
class Pair:
    left: date
    right: tuple[int, ...]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        (0.25, 0.25),
        (Colour.RED, "red"),
        (date(2025, 10, 9), "2025-10-09"),
        (NOW, "2025-10-09T14:30:00Z"),
        (NOW.astimezone(timezone(timedelta(hours=-4))), "2025-10-09T14:30:00Z"),
        (timedelta(minutes=2), 120.0),
        (Path("a/b"), "a/b"),
        ({"a": (Colour.RED,)}, {"a": ["red"]}),
        (Pair(date(2025, 1, 2), (1, 2)), {"left": "2025-01-02", "right": [1, 2]}),
    ],
)
def test_every_value_has_one_form_in_json(value: object, expected: object) -> None:
    assert output.plain(value) == expected


def test_a_value_without_a_form_is_an_error() -> None:
    with pytest.raises(TypeError, match="object has no form"):
        output.plain(object())


@pytest.mark.parametrize("text", ["Pérez v. Noem – “order”", "\ud800", "line\nbreak\x1b[1m"])
def test_json_stands_on_one_line_and_reads_back(text: str) -> None:
    line = output.json_line({"title": text})
    assert "\n" not in line
    assert "\x1b" not in line
    assert json.loads(line) == {"title": text}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, ""),
        (True, "yes"),
        (0.9084, "0.91"),
        (NOW, "2025-10-09 14:30Z"),
        (date(2025, 10, 9), "2025-10-09"),
        (["ICE", "CBP"], "ICE, CBP"),
        ("a\x1b[31mred\u202etext", "a\ufffd[31mred\ufffdtext"),
        ("no\u00a0break", "no break"),
    ],
)
def test_people_read_values_plainly(value: object, expected: str) -> None:
    assert output.shown(value) == expected


def test_markup_in_a_title_is_only_text(capsys: pytest.CaptureFixture[str]) -> None:
    output.table([{"title": "[bold]x[/bold] :smile: [ID #1777]"}], [output.Column("Title", "title", share=1)])
    assert "[bold]x[/bold] :smile: [ID #1777]" in capsys.readouterr().out


def test_a_table_wraps_and_loses_no_word(capsys: pytest.CaptureFixture[str]) -> None:
    words = [f"word{number}" for number in range(60)]
    columns = [output.Column("Id", "id", right=True), output.Column("Title", "title", share=1)]
    output.table([{"id": 1, "title": " ".join(words)}], columns)
    printed = capsys.readouterr().out
    assert [word for word in printed.split() if word.startswith("word")] == words
    assert all(line == line.rstrip() for line in printed.splitlines())


def test_a_column_that_nothing_stands_in_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    output.table([{"id": 1, "trouble": None}], [output.Column("Id", "id"), output.Column("Trouble", "trouble")])
    assert "Trouble" not in capsys.readouterr().out


def test_an_empty_list_says_what_that_means(capsys: pytest.CaptureFixture[str]) -> None:
    output.listing([], [], False, empty="Nothing changed.")
    output.listing([], [], True, empty="Nothing changed.")
    assert capsys.readouterr().out == "Nothing changed.\n"


@pytest.mark.parametrize(
    ("text", "end_of_day", "expected"),
    [
        ("2025-10-01", False, "2025-10-01T00:00:00Z"),
        ("2025-10-01", True, "2025-10-02T00:00:00Z"),
        ("2025-10-01T12:00", False, "2025-10-01T12:00:00Z"),
        ("2025-10-01T12:00:30Z", True, "2025-10-01T12:00:30Z"),
        ("2025-10-01T12:00-04:00", False, "2025-10-01T16:00:00Z"),
        ("36h", False, "2025-10-08T02:30:00Z"),
        ("2d", True, "2025-10-07T14:30:00Z"),
    ],
)
def test_moments_are_read_as_people_write_them(text: str, end_of_day: bool, expected: str) -> None:
    assert output.stamp(moment("--since", text, NOW, end_of_day=end_of_day)) == expected


@pytest.mark.parametrize("text", ["", "yesterday", "2025-02-30", "10/09/2025", "9999999d", "25:00"])
def test_what_is_no_moment_is_wrong_usage_that_names_the_option(text: str) -> None:
    with pytest.raises(UsageError, match="--since: "):
        moment("--since", text, NOW)


@pytest.mark.parametrize("text", ["2025-13-01", "2025-10-09T10:00", "today", "20251009"])
def test_what_is_no_day_is_wrong_usage(text: str) -> None:
    with pytest.raises(UsageError, match=r"--date: .* is not a day: write it as 2025-10-09"):
        day("--date", text)


def test_a_length_needs_its_unit() -> None:
    assert length("--for", "3d") == timedelta(days=3)
    with pytest.raises(UsageError, match="--for: '3' is not a length of time"):
        length("--for", "3")
