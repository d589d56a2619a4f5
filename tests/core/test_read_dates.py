"""Dates as documents write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.read.dates import AHEAD, EARLIEST, believable, read_date

NOW = datetime(2025, 10, 10, 12, tzinfo=UTC)

READ = [
    ("Thu, 09 Oct 2025 12:00:00 EDT", datetime(2025, 10, 9, 16, tzinfo=UTC)),
    ("Thu, 09 Oct 2025 12:00:00 +0200", datetime(2025, 10, 9, 10, tzinfo=UTC)),
    ("Thu, 09 Oct 25 12:00 -0400", datetime(2025, 10, 9, 16, tzinfo=UTC)),
    ("2025-10-09T12:00:00Z", datetime(2025, 10, 9, 12, tzinfo=UTC)),
    ("2025-10-09T12:00:00.5+02:00", datetime(2025, 10, 9, 10, 0, 0, 500_000, tzinfo=UTC)),
    ("2025-10-09", datetime(2025, 10, 9, 12, tzinfo=UTC)),
    ("2025.10.09", datetime(2025, 10, 9, 12, tzinfo=UTC)),
    ("October 9, 2025", datetime(2025, 10, 9, 12, tzinfo=UTC)),
    ("Thursday, October 9, 2025 - 3:15pm", datetime(2025, 10, 9, 15, 15, tzinfo=UTC)),
    ("Oct. 9th, 2025 12:05 a.m.", datetime(2025, 10, 9, 0, 5, tzinfo=UTC)),
    ("9 Oct 2025", datetime(2025, 10, 9, 12, tzinfo=UTC)),
    ("09/23/2025 - 14:30", datetime(2025, 9, 23, 14, 30, tzinfo=UTC)),
    ("23.09.2025", datetime(2025, 9, 23, 12, tzinfo=UTC)),
    ("10/10/25", datetime(2025, 10, 10, 12, tzinfo=UTC)),
    ("Thu, 29 Feb 2024 10:00:00 GMT", datetime(2024, 2, 29, 10, tzinfo=UTC)),
]


@pytest.mark.parametrize(("raw", "moment"), READ)
def test_a_date_in_any_usual_form_is_a_moment_in_utc(raw: str, moment: datetime) -> None:
    assert read_date(raw, NOW) == moment


DAYS = ["2025-10-25", "20251025", "Sat, 25 Oct 2025", "25 October 2025", "Oct. 25, 2025", "10/25/2025", "25.10.2025"]


@pytest.mark.parametrize("raw", DAYS)
@pytest.mark.parametrize("zone", ["America/New_York", "America/Los_Angeles", "Pacific/Honolulu", "Europe/Berlin"])
def test_a_day_without_a_time_is_that_day_in_every_american_time_zone(raw: str, zone: str) -> None:
    moment = read_date(raw, datetime(2025, 10, 26, tzinfo=UTC))

    assert moment is not None
    assert moment.astimezone(ZoneInfo(zone)).day == 25


def test_a_day_is_believed_by_its_beginning() -> None:
    assert read_date("2025-10-12", NOW - timedelta(hours=12)) == datetime(2025, 10, 12, 12, tzinfo=UTC)


@pytest.mark.parametrize("raw", ["Sat, 31 Dec 2016 23:59:60 GMT", "2016-12-31T23:59:60Z"])
def test_fault_40_a_leap_second_is_the_second_before_it(raw: str) -> None:
    assert read_date(raw, NOW) == datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    "raw", ["", "yesterday", "2025", "1760000000", "2025-02-30", "Seg, 32 Set 2025", "13/13/2025", "Maybe 5, 2025"]
)
def test_what_names_no_day_is_no_date(raw: str) -> None:
    assert read_date(raw, NOW) is None


def test_day_and_month_that_can_be_mistaken_for_each_other_are_not_guessed() -> None:
    assert read_date("10/09/2025", NOW) is None


@pytest.mark.parametrize("raw", ["0001-01-01T00:00:00Z", "1989-12-31", "9999-12-31T23:59:59-12:00", "2025-10-13"])
def test_fault_50_a_date_before_1990_or_far_ahead_is_not_believed(raw: str) -> None:
    assert read_date(raw, NOW) is None


def test_the_bounds_of_belief_belong_to_it() -> None:
    assert believable(EARLIEST, NOW) == EARLIEST
    assert believable(NOW + AHEAD, NOW) == NOW + AHEAD
    assert believable(NOW + AHEAD + timedelta(seconds=1), NOW) is None


def test_a_moment_in_another_zone_is_turned_into_utc() -> None:
    local = datetime(2025, 10, 9, 8, tzinfo=timezone(timedelta(hours=-4)))

    assert believable(local, NOW) == datetime(2025, 10, 9, 12, tzinfo=UTC)


@given(st.text(max_size=120))
def test_any_text_is_a_believable_date_or_none(raw: str) -> None:
    moment = read_date(raw, NOW)

    assert moment is None or (moment.tzinfo is UTC and EARLIEST <= moment <= NOW + AHEAD + timedelta(hours=12))
