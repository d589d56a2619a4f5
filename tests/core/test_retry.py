"""When a delivery is tried again (CONTRACT, "Webhooks"; RFC 5321 4.5.4.1)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.retry import after, email_retry, webhook_retry
from monitor.model.delivery import Deferred, Gone, InDoubt, Outcome, Refused, Sent
from monitor.model.subscription import EndpointKind

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
EVEN = 0.5  # the jitter that changes nothing
EMAIL, WEBHOOK = EndpointKind.EMAIL, EndpointKind.WEBHOOK


@pytest.mark.parametrize(
    ("attempts", "wait"),
    [
        (1, 5 * SECOND),
        (2, 5 * MINUTE),
        (3, 30 * MINUTE),
        (4, 2 * HOUR),
        (5, 5 * HOUR),
        (6, 10 * HOUR),
        (7, 14 * HOUR),
        (8, 20 * HOUR),
        (9, 24 * HOUR),
        (10, None),
        (11, None),
    ],
)
def test_a_webhook_is_tried_ten_times_on_the_published_schedule(attempts: int, wait: timedelta | None) -> None:
    assert webhook_retry(attempts, EVEN) == wait


def test_the_webhook_schedule_takes_seventy_five_hours_and_a_half() -> None:
    waits = [webhook_retry(attempts, EVEN) or timedelta() for attempts in range(1, 11)]
    assert sum(waits, timedelta()) == timedelta(hours=75, minutes=35, seconds=5)


@pytest.mark.parametrize(
    ("attempts", "wait"), [(1, MINUTE), (2, 2 * MINUTE), (8, 128 * MINUTE), (9, 4 * HOUR), (10, 4 * HOUR)]
)
def test_a_mail_waits_a_minute_doubling_to_four_hours(attempts: int, wait: timedelta) -> None:
    assert email_retry(attempts, EVEN) == wait


def test_a_mail_is_given_up_after_five_days() -> None:
    waits: list[timedelta] = []
    while (wait := email_retry(len(waits) + 1, EVEN)) is not None:
        waits.append(wait)
    total = sum(waits, timedelta())
    assert timedelta(days=4, hours=20) < total <= timedelta(days=5)
    assert email_retry(10_000, EVEN) is None


@pytest.mark.parametrize(("jitter", "factor"), [(0.0, 0.8), (0.5, 1.0), (1.0, 1.2)])
def test_jitter_spreads_waits_by_a_fifth_either_way(jitter: float, factor: float) -> None:
    assert webhook_retry(4, jitter) == 2 * HOUR * factor
    assert email_retry(9, jitter) == 4 * HOUR * factor


@pytest.mark.parametrize("kind", [EMAIL, WEBHOOK])
@pytest.mark.parametrize("outcome", [Sent(), Refused("550 no such user"), Gone("410")])
def test_what_is_decided_is_not_tried_again(outcome: Outcome, kind: EndpointKind) -> None:
    assert after(outcome, 1, EVEN, kind) is None


def test_a_webhook_in_doubt_is_sent_again_and_a_mail_is_not() -> None:
    assert after(InDoubt("closed"), 1, EVEN, WEBHOOK) == 5 * SECOND
    assert after(InDoubt("closed"), 1, EVEN, EMAIL) is None


@pytest.mark.parametrize(
    ("kind", "asked", "wait"),
    [
        (WEBHOOK, None, 5 * MINUTE),
        (WEBHOOK, HOUR, HOUR),
        (WEBHOOK, SECOND, 5 * MINUTE),
        (EMAIL, None, 2 * MINUTE),
        (EMAIL, HOUR, HOUR),
    ],
)
def test_a_peer_may_ask_for_a_longer_wait_but_not_for_a_shorter_one(
    kind: EndpointKind, asked: timedelta | None, wait: timedelta
) -> None:
    assert after(Deferred("busy", retry_after=asked), 2, EVEN, kind) == wait


@pytest.mark.parametrize(("kind", "attempts"), [(WEBHOOK, 10), (EMAIL, 40)])
def test_a_peer_that_asks_for_patience_is_given_up_all_the_same(kind: EndpointKind, attempts: int) -> None:
    assert after(Deferred("busy", retry_after=HOUR), attempts, EVEN, kind) is None


@given(
    attempts=st.integers(1, 50),
    jitter=st.floats(0, 1),
    asked=st.none() | st.timedeltas(timedelta(), timedelta(days=1)),
    kind=st.sampled_from(EndpointKind),
)
def test_no_wait_is_shorter_than_what_was_asked_for(
    attempts: int, jitter: float, asked: timedelta | None, kind: EndpointKind
) -> None:
    wait = after(Deferred("busy", retry_after=asked), attempts, jitter, kind)
    assert wait is None or wait >= (asked or timedelta(seconds=4))
