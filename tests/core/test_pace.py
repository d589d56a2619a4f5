"""How often a source is polled: learned from what its polls brought, and never more than its operator allows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.pace import (
    NO_PACE,
    Lesson,
    Pace,
    interval_for,
    is_hurried,
    is_in_step,
    learn,
    least_interval,
    window_of,
)
from monitor.model.source import Source, Voice

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NEWS = Source("news", "News", "https://news.example/feed")
COURT = replace(NEWS, voice=Voice.COURT)
NOON = datetime(2025, 10, 9, 12, tzinfo=UTC)

spans = st.timedeltas(MINUTE, 400 * DAY)
rates = st.floats(0, 10_000)


def after(source: Source, *lessons: Lesson, before: Pace = NO_PACE) -> Pace:
    for lesson in lessons:
        before = learn(before, source, lesson)
    return before


def quiet(hours: float = 1) -> Lesson:
    return Lesson(elapsed=hours * HOUR, unchanged=hours * HOUR)


@pytest.mark.parametrize(
    ("source", "least"),
    [
        (NEWS, 15 * MINUTE),
        (COURT, 5 * MINUTE),
        (replace(NEWS, every=10 * MINUTE), 10 * MINUTE),
        (replace(COURT, every=MINUTE), MINUTE),
        (replace(COURT, every=10 * MINUTE), 5 * MINUTE),
    ],
)
def test_nothing_is_learned_below_the_floor_and_an_every_below_it_stays(source: Source, least: timedelta) -> None:
    assert least_interval(source) == least
    assert after(source, Lesson(HOUR, new=500, items=500, window=MINUTE, gap=True)).interval == least


@pytest.mark.parametrize(
    ("window", "rate", "minutes"),
    [
        (None, 0.0, 60),  # nothing is known
        (4 * HOUR, 0.0, 60),
        (2 * HOUR, 0.0, 30),  # a quarter of the window
        (10 * MINUTE, 0.0, 15),  # the floor
        (100 * DAY, 0.5, 60),
        (100 * DAY, 2.2, 30),  # ln 3 / 2.2 h: a third of the polls find nothing
        (100 * DAY, 50.0, 15),
        (2 * HOUR, 1.0, 30),  # the shorter of both
    ],
)
def test_an_interval_keeps_a_quarter_of_the_window_and_a_third_of_the_polls(
    window: timedelta | None, rate: float, minutes: int
) -> None:
    interval = interval_for(HOUR, 15 * MINUTE, window, rate)

    assert round(interval / MINUTE) == minutes


@given(every=spans, window=st.none() | spans, rate=rates, court=st.booleans())
def test_an_interval_is_never_above_every_and_never_below_the_floor_unless_every_is(
    every: timedelta, window: timedelta | None, rate: float, court: bool
) -> None:
    source = replace(COURT if court else NEWS, every=every)
    least = least_interval(source)

    interval = interval_for(every, least, window, rate)

    assert least <= interval <= every
    assert least == min(every, (5 if court else 15) * MINUTE)


@given(every=spans, window=st.none() | spans, one=rates, other=rates)
def test_more_entries_an_hour_never_lengthen_the_interval(
    every: timedelta, window: timedelta | None, one: float, other: float
) -> None:
    least = min(every, 15 * MINUTE)
    few, many = sorted((one, other))

    assert interval_for(every, least, window, many) <= interval_for(every, least, window, few)


@given(every=spans, one=spans, other=spans, rate=rates)
def test_a_shorter_window_never_lengthens_the_interval(
    every: timedelta, one: timedelta, other: timedelta, rate: float
) -> None:
    least = min(every, 15 * MINUTE)
    short, long = sorted((one, other))

    assert interval_for(every, least, short, rate) <= interval_for(every, least, long, rate)


lessons = st.builds(
    Lesson,
    elapsed=st.none() | st.timedeltas(timedelta(), 100 * DAY),
    new=st.integers(0, 500),
    items=st.none() | st.integers(0, 500),
    unchanged=st.none() | st.timedeltas(timedelta(), 100 * DAY),
    window=st.none() | spans,
    gap=st.booleans(),
    demand=st.none() | spans,
)


@given(every=spans, taught=st.lists(lessons, max_size=12))
def test_whatever_a_source_teaches_its_interval_stays_within_its_bounds(every: timedelta, taught: list[Lesson]) -> None:
    source = replace(NEWS, every=every)
    pace = NO_PACE
    for lesson in taught:
        pace = learn(pace, source, lesson)
        assert pace.interval is not None
        assert least_interval(source) <= pace.interval <= every
        assert pace.rate >= 0
        assert pace.demand is None or pace.demand <= DAY


def test_a_baseline_tells_the_window_and_nothing_of_the_rate() -> None:
    pace = after(NEWS, Lesson(None, new=40, items=40, window=2 * HOUR))

    assert (pace.interval, pace.rate) == (30 * MINUTE, 0.0)


def test_a_busy_source_comes_down_to_where_a_third_of_its_polls_find_nothing() -> None:
    pace = NO_PACE
    polls = found = waiting = 0
    chance, minute, coming = Random(7), 0, 0.0
    while minute < 60 * 24 * 20:
        step = round((pace.interval or HOUR) / MINUTE)
        minute += step
        while coming <= minute:
            waiting, coming = waiting + 1, coming + chance.expovariate(1 / 30)  # one in 30 minutes
        pace = learn(pace, NEWS, Lesson(step * MINUTE, new=waiting))
        if minute > 60 * 24 * 2:
            polls, found = polls + 1, found + bool(waiting)
        waiting = 0

    assert 0.25 < 1 - found / polls < 0.42


def test_a_source_that_falls_silent_is_left_alone_again() -> None:
    busy = after(NEWS, *[Lesson(15 * MINUTE, new=4)] * 100)

    assert busy.interval == 15 * MINUTE
    assert after(NEWS, *[quiet()] * 100, before=busy).interval == HOUR


def test_one_quiet_poll_does_not_undo_what_a_busy_day_taught() -> None:
    slow = learn(Pace(20 * MINUTE), NEWS, quiet())

    assert slow.interval == 25 * MINUTE


@pytest.mark.parametrize("before", [NO_PACE, Pace(HOUR), Pace(40 * MINUTE)])
def test_fault_48_no_overlap_halves_the_interval(before: Pace) -> None:
    pace = learn(before, NEWS, Lesson(HOUR, new=1, gap=True))

    assert pace.interval == (before.interval or HOUR) / 2


def test_a_batch_of_a_hundred_is_no_hundred_reasons_to_come_sooner() -> None:
    batch, four = (learn(NO_PACE, NEWS, Lesson(HOUR, new=n)) for n in (100, 4))

    assert batch == four


def test_a_document_without_dates_tells_by_how_much_of_it_turns_over_what_it_covers() -> None:
    half_new = Lesson(HOUR, new=10, items=20, unchanged=HOUR)
    taught = learn(NO_PACE, NEWS, half_new)
    slower = learn(taught, NEWS, Lesson(HOUR, new=1, items=20, unchanged=HOUR))

    assert taught.window == 2 * HOUR
    assert slower.window == (2 + 20) / 2 * HOUR
    assert learn(slower, NEWS, half_new).window == 2 * HOUR


def test_an_every_that_the_operator_shortens_holds_at_once() -> None:
    assert learn(Pace(HOUR), replace(NEWS, every=20 * MINUTE), quiet()).interval == 20 * MINUTE


@pytest.mark.parametrize(
    ("minutes", "window"),
    [
        ((), None),
        ((0,), None),
        ((0, 60), HOUR),
        ((0, 30, 60, 90), 90 * MINUTE),
        ((60, 0, 30), HOUR),  # in any order
        ((0, 0, 0), None),  # of one day, without times
        ((0, 60, None), HOUR),
        ((0, 60, None, None), None),  # half of them have none
        ((-100_000, 0, 30, 60), HOUR),  # a pinned one
    ],
)
def test_a_window_is_the_time_between_the_oldest_and_the_newest_item(
    minutes: tuple[int | None, ...], window: timedelta | None
) -> None:
    assert window_of([None if each is None else NOON + each * MINUTE for each in minutes]) == window


@pytest.mark.parametrize(
    ("pace", "hurried"),
    [
        (Pace(HOUR, 2 * HOUR, demand=None), False),
        (Pace(HOUR, None, demand=DAY), False),
        (Pace(HOUR, 100 * HOUR, demand=DAY), False),
        (Pace(HOUR, 6 * HOUR, demand=DAY), True),
        (Pace(15 * MINUTE, 20 * MINUTE, demand=10 * MINUTE), False),  # our own floor is longer
    ],
)
def test_a_server_that_asks_for_more_than_a_quarter_of_the_window_is_noticed(pace: Pace, hurried: bool) -> None:
    assert is_hurried(pace) is hurried


@pytest.mark.parametrize(
    ("minutes", "in_step"), [(None, True), (10, False), (54, False), (60, False), (80, False), (100, True)]
)
def test_a_first_poll_and_a_late_one_came_together_with_many_others(minutes: int | None, in_step: bool) -> None:
    assert is_in_step(Pace(HOUR), None if minutes is None else minutes * MINUTE) is in_step
