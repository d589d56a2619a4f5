"""Digest windows and polls, computed (THREATS faults 39 and 40; POLLING rules 1 and 3)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.schedule import Due, after_skips, last_due, next_due, next_poll
from monitor.model.source import Wait
from monitor.model.subscription import Every, Schedule

NEW_YORK, LONDON, LORD_HOWE, APIA = "America/New_York", "Europe/London", "Australia/Lord_Howe", "Pacific/Apia"
DAY = timedelta(days=1)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def daily(at: str, zone: str) -> Schedule:
    return Schedule(Every.DAY, at=time.fromisoformat(at), timezone=zone)


def walk(schedule: Schedule, start: datetime, end: datetime) -> list[Due]:
    """Every cut-off in (start, end], as a worker meets them one after another."""
    found: list[Due] = []
    now = start
    while (due := next_due(schedule, now)) is not None and due.cutoff <= end:
        found.append(due)
        now = due.cutoff
    return found


def test_an_immediate_subscription_has_no_windows() -> None:
    assert last_due(Schedule(Every.IMMEDIATE), utc("2025-10-09T12:00")) is None
    assert next_due(Schedule(Every.IMMEDIATE), utc("2025-10-09T12:00")) is None


@pytest.mark.parametrize(
    ("schedule", "now", "period", "cutoff"),
    [
        (Schedule(Every.HOUR, timezone="Asia/Kolkata"), "2025-10-09T07:59", "hour:2025-10-09T07Z", "2025-10-09T07:00"),
        (daily("07:00", NEW_YORK), "2025-10-09T11:00", "day:2025-10-09", "2025-10-09T11:00"),
        (daily("07:00", NEW_YORK), "2025-10-09T10:59:59", "day:2025-10-08", "2025-10-08T11:00"),
        (daily("23:30", "Pacific/Kiritimati"), "2025-10-09T09:30", "day:2025-10-09", "2025-10-09T09:30"),
        (Schedule(Every.WEEK, weekday=0, timezone=LONDON), "2025-10-15T12:00", "week:2025-10-13", "2025-10-13T06:00"),
        (Schedule(Every.WEEK, weekday=3, timezone=LONDON), "2026-01-03T12:00", "week:2026-01-01", "2026-01-01T07:00"),
        (Schedule(Every.MONTH, monthday=1), "2025-10-31T23:59", "month:2025-10", "2025-10-01T07:00"),
        (Schedule(Every.MONTH, monthday=28), "2025-10-09T12:00", "month:2025-09", "2025-09-28T07:00"),
        (daily("07:00", "UTC"), "2024-02-29T08:00", "day:2024-02-29", "2024-02-29T07:00"),
        (daily("07:00", "UTC"), "2026-01-01T06:00", "day:2025-12-31", "2025-12-31T07:00"),
    ],
)
def test_the_last_window_is_named_by_the_local_date_of_its_cutoff(
    schedule: Schedule, now: str, period: str, cutoff: str
) -> None:
    assert last_due(schedule, utc(now)) == Due(period, utc(cutoff))


@pytest.mark.parametrize(
    ("schedule", "now", "period"),
    [
        (Schedule(Every.HOUR), "2025-10-09T23:10", "hour:2025-10-10T00Z"),
        (daily("07:00", NEW_YORK), "2025-10-09T11:00", "day:2025-10-10"),
        (Schedule(Every.WEEK, weekday=6), "2025-10-13T00:00", "week:2025-10-19"),
        (Schedule(Every.MONTH, monthday=1), "2025-12-09T00:00", "month:2026-01"),
    ],
)
def test_the_next_window_comes_after_now(schedule: Schedule, now: str, period: str) -> None:
    due = next_due(schedule, utc(now))
    assert due is not None
    assert due.period == period
    assert due.cutoff > utc(now)


@pytest.mark.parametrize(
    ("at", "zone", "day", "cutoff"),
    [
        ("02:30", NEW_YORK, "2025-03-09", "2025-03-09T07:00"),  # no 02:30: 03:00 EDT
        ("01:30", NEW_YORK, "2025-11-02", "2025-11-02T05:30"),  # twice: the first, EDT
        ("01:15", LONDON, "2025-03-30", "2025-03-30T01:00"),  # 02:00 BST
        ("01:30", LONDON, "2025-10-26", "2025-10-26T00:30"),
        ("02:15", LORD_HOWE, "2025-10-05", "2025-10-04T15:30"),  # half an hour is skipped: 02:30
        ("01:45", LORD_HOWE, "2025-04-06", "2025-04-05T14:45"),  # and given back
    ],
)
def test_a_wall_time_that_is_skipped_or_repeated_is_one_instant(at: str, zone: str, day: str, cutoff: str) -> None:
    noon_after = datetime.combine(date.fromisoformat(day), time(23), tzinfo=ZoneInfo(zone))
    assert last_due(daily(at, zone), noon_after) == Due(f"day:{day}", utc(cutoff))


def test_a_day_that_never_was_has_no_digest() -> None:
    periods = [due.period for due in walk(daily("07:00", APIA), utc("2011-12-28T00:00"), utc("2012-01-01T00:00"))]
    assert periods == ["day:2011-12-28", "day:2011-12-29", "day:2011-12-31", "day:2012-01-01"]


def test_a_week_whose_day_never_was_ends_when_the_clocks_go_on() -> None:
    fridays = Schedule(Every.WEEK, weekday=4, timezone=APIA)
    found = walk(fridays, utc("2011-12-28T00:00"), utc("2012-01-08T00:00"))
    assert [due.period for due in found] == ["week:2011-12-30", "week:2012-01-06"]
    assert found[0].cutoff == utc("2011-12-30T10:00")  # midnight of the 31st there


@pytest.mark.parametrize("zone", [NEW_YORK, LONDON, LORD_HOWE, "America/Sao_Paulo", "Asia/Kathmandu", "UTC"])
@pytest.mark.parametrize("at", ["00:00", "01:30", "02:30", "23:59"])
def test_there_is_exactly_one_digest_a_local_day_all_year(at: str, zone: str) -> None:
    start = datetime(2018, 1, 1, tzinfo=ZoneInfo(zone)) - timedelta(microseconds=1)
    end = datetime(2018, 12, 31, 23, 59, 59, tzinfo=ZoneInfo(zone))
    periods = [due.period for due in walk(daily(at, zone), start, end)]
    assert periods == [f"day:{date(2018, 1, 1) + number * DAY}" for number in range(365)]


@given(
    seconds=st.integers(400_000, 2_840_000_000),  # 1970 to 2059
    every=st.sampled_from([Every.HOUR, Every.DAY, Every.WEEK, Every.MONTH]),
    at=st.times(),
    weekday=st.integers(0, 6),
    monthday=st.integers(1, 28),
    zone=st.sampled_from([NEW_YORK, LONDON, LORD_HOWE, APIA, "Asia/Kolkata", "Pacific/Kiritimati"]),
)
def test_now_lies_between_the_last_window_and_the_next_and_none_lies_between_them(
    seconds: int, every: Every, at: time, weekday: int, monthday: int, zone: str
) -> None:
    schedule = Schedule(every, at=at, weekday=weekday, monthday=monthday, timezone=zone)
    moment = datetime.fromtimestamp(seconds, UTC)
    last, following = last_due(schedule, moment), next_due(schedule, moment)
    assert last is not None
    assert following is not None
    assert last.cutoff <= moment < following.cutoff
    assert last.period != following.period
    assert next_due(schedule, last.cutoff) == following
    assert last_due(schedule, following.cutoff) == following


NOON = utc("2025-10-09T12:00")
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def wait(**options: Any) -> timedelta:
    usual: dict[str, Any] = {"every": HOUR, "failures": 0, "jitter": 0.0}
    return next_poll(now=NOON, **(usual | options)) - NOON


def test_a_source_is_polled_again_after_its_own_interval() -> None:
    assert wait() == HOUR


def test_what_the_server_demands_lengthens_the_wait_and_never_shortens_it() -> None:
    assert wait(demand=3 * HOUR) == 3 * HOUR
    assert wait(demand=MINUTE) == HOUR


def test_no_demand_reaches_beyond_a_day() -> None:
    assert wait(demand=timedelta(days=365)) == DAY


def test_an_interval_of_more_than_a_day_is_kept() -> None:
    assert wait(every=2 * DAY, failures=5, demand=30 * DAY) == 2 * DAY


@pytest.mark.parametrize(("failures", "hours"), [(0, 1), (1, 2), (2, 3), (22, 23), (23, 24), (500, 24)])
def test_failures_back_off_evenly_up_to_a_day(failures: int, hours: int) -> None:
    assert wait(failures=failures) == hours * HOUR


def test_jitter_takes_up_to_a_tenth_off_but_never_undercuts_the_server() -> None:
    assert wait(jitter=1.0) == 54 * MINUTE
    assert wait(jitter=1.0, demand=HOUR) == HOUR


def test_what_may_be_in_step_with_many_others_is_spread_over_half_of_its_interval() -> None:
    assert wait(jitter=1.0, spread=True) == 30 * MINUTE
    assert wait(jitter=0.0, spread=True) == HOUR
    assert wait(jitter=1.0, spread=True, demand=HOUR) == HOUR


class TestAfterSkips:
    NOON = datetime(2025, 10, 9, 12, 30, tzinfo=UTC)  # a Thursday

    @pytest.mark.parametrize(
        ("wait", "expected"),
        [
            (Wait(), NOON),
            (Wait(skip_hours=frozenset({11, 13})), NOON),
            (Wait(skip_hours=frozenset({12, 13})), datetime(2025, 10, 9, 14, tzinfo=UTC)),
            (Wait(skip_days=frozenset({3})), datetime(2025, 10, 10, tzinfo=UTC)),
            (Wait(skip_hours=frozenset({0}), skip_days=frozenset({3})), datetime(2025, 10, 10, 1, tzinfo=UTC)),
        ],
    )
    def test_what_a_document_skips_is_waited_out(self, wait: Wait, expected: datetime) -> None:
        assert after_skips(self.NOON, wait) == expected

    @pytest.mark.parametrize("wait", [Wait(skip_hours=frozenset(range(24))), Wait(skip_days=frozenset(range(7)))])
    def test_a_document_that_skips_all_is_not_taken_at_its_word(self, wait: Wait) -> None:
        assert after_skips(self.NOON, wait) == self.NOON

    def test_nothing_is_waited_for_longer_than_a_day(self) -> None:
        days = Wait(skip_days=frozenset({3, 4, 5}))

        assert after_skips(self.NOON, days) == self.NOON + timedelta(days=1)
