"""When a delivery that was not taken, or an article that did not come, is tried again, and when it is given up."""

from __future__ import annotations

from datetime import timedelta
from typing import assert_never

from monitor.model.delivery import Deferred, Gone, InDoubt, Outcome, Refused, Sent
from monitor.model.subscription import EndpointKind

# CONTRACT "Webhooks"; the example schedule of Standard Webhooks 1.0: ten attempts within 75:35:05
WEBHOOK_WAITS = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
ENDPOINT_FAILS_FOR = timedelta(days=5)  # CONTRACT "Webhooks": without one success, then it is disabled
# RFC 5321 4.5.4.1 asks a sender to keep trying for four to five days
EMAIL_FIRST_WAIT = timedelta(minutes=1)
EMAIL_LONGEST_WAIT = timedelta(hours=4)
EMAIL_GIVES_UP = timedelta(days=5)
# An article is news for a day: its teaser is before the editor meanwhile.
ARTICLE_WAITS = (timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=3))
_SPREAD = 0.2


def webhook_retry(attempts: int, jitter: float) -> timedelta | None:
    """The wait after ``attempts`` (1 or more) failed ones, +-20 %; None: dead. ``jitter`` is in 0..1."""
    return _spread(WEBHOOK_WAITS[attempts - 1], jitter) if attempts <= len(WEBHOOK_WAITS) else None


def email_retry(attempts: int, jitter: float) -> timedelta | None:
    """The wait after ``attempts`` (1 or more): a minute, doubling to four hours, +-20 %; None once the waits so far
    and the next one come to more than five days. ``jitter`` is in 0..1.
    """
    waited = timedelta()
    for attempt in range(1, attempts + 1):
        wait = _email_wait(attempt)
        waited += wait
        if waited > EMAIL_GIVES_UP:
            return None
    return _spread(wait, jitter)


def article_retry(attempts: int, jitter: float, retry_after: timedelta | None = None) -> timedelta | None:
    """The wait after ``attempts`` (1 or more) at an article, +-20 % and never less than the server asks for; None:
    given up. ``jitter`` is in 0..1.
    """
    if attempts > len(ARTICLE_WAITS):
        return None
    return max(_spread(ARTICLE_WAITS[attempts - 1], jitter), retry_after or timedelta())


def after(outcome: Outcome, attempts: int, jitter: float, kind: EndpointKind) -> timedelta | None:
    """How long to wait after ``outcome`` of attempt number ``attempts``; None: not again.

    Never sooner than the peer's own ``retry_after``, which the caller has clamped. A webhook in doubt is sent again
    (its receiver knows the id); a mail in doubt is an editor's decision, never ours (RFC 1047).
    """
    match outcome:
        case Sent() | Refused() | Gone():
            return None
        case InDoubt():
            return webhook_retry(attempts, jitter) if kind is EndpointKind.WEBHOOK else None
        case Deferred():
            wait = webhook_retry(attempts, jitter) if kind is EndpointKind.WEBHOOK else email_retry(attempts, jitter)
            return wait if wait is None else max(wait, outcome.retry_after or timedelta())
        case _:
            assert_never(outcome)


def _email_wait(attempt: int) -> timedelta:
    doublings = min(attempt - 1, 8)  # beyond it the longest wait applies anyway
    return min(EMAIL_FIRST_WAIT * (1 << doublings), EMAIL_LONGEST_WAIT)


def _spread(wait: timedelta, jitter: float) -> timedelta:
    return wait * (1 - _SPREAD + 2 * _SPREAD * jitter)
