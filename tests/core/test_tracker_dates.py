"""Dates of tracker pages and the dated prefixes of titles."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core.tracker.dates import dated_prefix, is_cut_date, read_date, take_date, write_date


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("January 20, 2025", date(2025, 1, 20)),
        ("Jan. 4, 2021", date(2021, 1, 4)),
        ("Sept. 28, 2018", date(2018, 9, 28)),
        ("Sep 28, 2018", date(2018, 9, 28)),
        ("May 1 2020", date(2020, 5, 1)),
        ("  March 5,  2019. ", date(2019, 3, 5)),
        ("28 February 2020", date(2020, 2, 28)),
        ("2020-02-29", date(2020, 2, 29)),
        ("February 30, 2021", None),
        ("Smarch 1, 2021", None),
        ("May 20", None),
        ("May 20, 202", None),
        ("May 22, 2017 Implementation", None),
        ("03/10/2021", None),
        ("", None),
    ],
)
def test_a_line_that_is_a_date_and_nothing_else_is_read(text: str, expected: date | None) -> None:
    assert read_date(text) == expected


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("January 20, 2025Section 10", "Section 10"),
        ("May 20, 20252025.05.30 Reported: X", "2025.05.30 Reported: X"),
        ("May 22, 2017 Implementation", " Implementation"),
    ],
)
def test_a_date_is_taken_off_the_words_that_are_glued_to_it(text: str, rest: str) -> None:
    day, left = take_date(text)

    assert day is not None
    assert left == rest


@pytest.mark.parametrize("text", ["2025.01.20 EO", "On May 1, 2020", "Mayor 1, 2020", ""])
def test_words_that_begin_with_no_date_stay_whole(text: str) -> None:
    assert take_date(text) == (None, text)


@settings(max_examples=40, deadline=None)
@given(st.dates(min_value=date(1000, 1, 1)))
def test_a_written_date_reads_back(day: date) -> None:
    assert read_date(write_date(day)) == day


@pytest.mark.parametrize("text", ["Ja", "January", "Sept", "May 2", "May 20,", "May 20, 20", "May 20, 202"])
def test_the_beginning_of_a_date_is_known_for_one(text: str) -> None:
    assert is_cut_date(text)


@pytest.mark.parametrize("text", ["May 20, 2025", "Judge", "may", "May day", "A"[:0]])
def test_a_whole_date_or_other_words_are_no_cut_date(text: str) -> None:
    assert not is_cut_date(text)


@pytest.mark.parametrize(
    ("title", "prefix"),
    [
        ("2025.02.26 Complaint", "2025.02.26 "),
        ("2025.01.22 - Reported: CNN", "2025.01.22 - "),
        ("2025.01 ICE", "2025.01 "),
        ("2017-02-21 Memo", "2017-02-21 "),
        ("5.14.21 Rescission", "5.14.21 "),
        ("2022.08.24.Federal Rule", "2022.08.24."),
        ("2025.07.15: ICE", "2025.07.15: "),
        ("2021. 09.28 Press Release", "2021. 09.28 "),
        ("2025.05.27_Reported: X", "2025.05.27_"),
        ("2021.04.28 Reuters", "2021.04.28 "),
        ("Texas v. Biden", ""),
        ("404 Media", ""),
        ("2025 budget", ""),
        ("1.5 million", ""),
    ],
)
def test_every_form_of_dated_prefix_is_found(title: str, prefix: str) -> None:
    assert dated_prefix(title) == prefix
