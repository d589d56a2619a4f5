"""Where a source moved to, and whether it is gone: believed only after several polls over days."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from monitor.core.habits import NO_HABITS, Gone, Habits, Move, after_failure, redirected
from monitor.model.source import PollError

NOW = datetime(2025, 10, 9, 12, tzinfo=UTC)
DAY = timedelta(days=1)
OWN, NEW, OTHER = "https://a.example/feed", "https://b.example/feed", "https://c.example/feed"


def led(before: Move, *targets: str | None, every: timedelta = DAY, proven: bool = True) -> Move:
    """The move after polls that were led there, one every ``every`` from NOW on."""
    for n, target in enumerate(targets):
        before = redirected(before, OWN, target, NOW + n * every, proven=proven)
    return before


@pytest.mark.parametrize(
    ("targets", "every", "moved"),
    [
        ((NEW,) * 5, DAY, NEW),
        ((NEW,) * 4, DAY, None),  # four polls
        ((NEW,) * 40, timedelta(hours=1), None),  # less than three days
        ((NEW,) * 80, timedelta(hours=1), NEW),
        ((NEW, NEW, OTHER, NEW, NEW), DAY, None),  # another target between
        ((NEW, NEW, None, NEW, NEW), DAY, None),  # its own address answered between
        ((OWN,) * 9, DAY, None),
    ],
)
def test_a_move_is_believed_after_five_polls_over_three_days(
    targets: tuple[str | None, ...], every: timedelta, moved: str | None
) -> None:
    assert led(Move(), *targets, every=every).url == moved


def test_a_target_that_is_not_proven_is_never_a_move_until_it_is() -> None:
    waiting = led(Move(), *[NEW] * 30, proven=False)

    assert waiting.url is None
    assert redirected(waiting, OWN, NEW, NOW + 31 * DAY, proven=True).url == NEW


def test_a_source_that_moved_may_move_on_and_may_come_back() -> None:
    assert led(Move(NEW), *[OTHER] * 5).url == OTHER
    assert led(Move(NEW), *[OWN] * 5) == Move()
    assert led(Move(NEW), None) == Move(NEW)


def test_a_lost_move_is_forgotten_after_five_failures() -> None:
    moved = Habits(move=Move(NEW))

    assert after_failure(moved, PollError.DNS, 4, NOW) == moved
    assert after_failure(moved, PollError.DNS, 5, NOW).move == Move()
    assert after_failure(NO_HABITS, PollError.DNS, 50, NOW) == NO_HABITS


@pytest.mark.parametrize(
    ("hours", "final"), [((0,), False), ((0, 80), False), ((0, 1, 2), False), ((0, 1, 71), False), ((0, 40, 72), True)]
)
def test_three_410s_over_three_days_are_final(hours: tuple[int, ...], final: bool) -> None:
    habits = NO_HABITS
    for hour in hours:
        habits = after_failure(habits, PollError.GONE, 1, NOW + timedelta(hours=hour))

    assert habits.gone == Gone(NOW, len(hours))
    assert habits.gone.is_final(NOW + timedelta(hours=hours[-1])) is final


def test_other_failures_between_two_410s_change_nothing() -> None:
    once = after_failure(NO_HABITS, PollError.GONE, 1, NOW)

    assert after_failure(once, PollError.TIMEOUT, 2, NOW + DAY) == once
