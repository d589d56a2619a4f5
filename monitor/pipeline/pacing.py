"""When a source is polled again, and what its answer taught of it: the record of a poll but for its entries."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitor.config.settings import Settings
from monitor.core.habits import GONE_FOR_GOOD, Habits, after_failure, redirected
from monitor.core.health import hurry
from monitor.core.lost import Lost, Vanished, after_document, after_refusal, words_of
from monitor.core.pace import Lesson, is_hurried, is_in_step, learn
from monitor.core.schedule import after_skips, next_poll
from monitor.model.source import WHOLE, FetchFailed, PollError, ReadFailed, SourceKind, Validators, Wait
from monitor.net.robots import LONGEST_DELAY
from monitor.pipeline.context import Context, log
from monitor.store.hosts import Hold
from monitor.store.polls import PollRecord
from monitor.store.schedule import Claim
from monitor.store.sources import host_key

_MAX_AGE = re.compile(r"\bmax-age\s*=\s*\"?(\d{1,9})", re.IGNORECASE)
_REDIRECTED = 301
_WHOLE_HOST = frozenset({429, 503})  # statuses whose Retry-After is meant for whoever asks there


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of asking, as far as the schedule wants to know: ``wait`` is the document's own wish.

    ``permanent_url``: where nothing but permanent redirects led to.
    """

    headers: Mapping[str, str]
    validators: Validators
    wait: Wait
    permanent_url: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What the document held: ``proven`` to be the source's own by something that was known before."""

    new: int = 0
    items: int | None = None
    window: timedelta | None = None
    gap: bool = False
    proven: bool = False
    read_as: SourceKind | None = None


def succeeded(ctx: Context, claim: Claim, answer: Answer, found: Found, now: datetime) -> PollRecord:
    """The record of a poll that was answered at ``now``; when the next one is due is learned from what was found."""
    habits, vanished = _noticed(claim, _learned(claim, answer, found, now), now)
    elapsed = _since(claim.succeeded_at, now) if claim.seeded else None
    due = next_poll(
        now=now,
        every=habits.pace.interval or claim.source.every,
        failures=0,
        jitter=ctx.chance(),
        demand=habits.pace.demand,
        spread=is_in_step(claim.habits.pace, elapsed),
    )
    _tell(claim, habits)
    return PollRecord(
        source_id=claim.source.id,
        token=claim.token,
        at=now,
        next_poll_at=after_skips(due, answer.wait),
        seeded=claim.seeded,
        seed=claim.source.seed,
        validators=answer.validators,
        gap=found.gap,
        habits=habits if habits != claim.habits else None,
        host=_new_host(claim, habits),
        vanished=vanished,
    )


def _learned(claim: Claim, answer: Answer, found: Found, now: datetime) -> Habits:
    before = claim.habits
    lesson = Lesson(
        elapsed=_since(claim.succeeded_at, now) if claim.seeded else None,
        new=found.new,
        items=found.items,
        unchanged=_since(claim.changed_at, now),
        window=found.window,
        gap=found.gap,
        demand=_demand(answer),
    )
    proven = claim.seeded and found.proven
    move = redirected(before.move, claim.source.url, answer.permanent_url, now, proven=proven)
    lost = after_document(
        before.lost, claim.source.url, answer.permanent_url, now, moved=claim.address != claim.source.url
    )
    read_as = found.read_as or before.read_as
    return Habits(learn(before.pace, claim.source, lesson), move, lost=lost, read_as=read_as)


def _noticed(claim: Claim, habits: Habits, now: datetime) -> tuple[Habits, Vanished | None]:
    """What editors are told of a document that is gone, once; only of a source that is there for their policies."""
    lost, source = habits.lost, claim.source
    if lost.told or not source.policies or not lost.is_certain(now):
        return habits, None
    words = words_of(lost)
    log.warning("document_vanished", source=source.id, url=source.url, why=words)
    whole = (habits.read_as or source.kind) in WHOLE
    vanished = Vanished(source.url, source.name, whole, words, _status(lost), source.policies)
    return replace(habits, lost=replace(lost, told=True)), vanished


def _status(lost: Lost) -> int:
    what = lost.what or ""
    return int(what.removeprefix("HTTP ")) if what.startswith("HTTP ") else _REDIRECTED


def _demand(answer: Answer) -> timedelta | None:
    max_age = _MAX_AGE.search(answer.headers.get("cache-control", ""))
    stated = timedelta(seconds=int(max_age[1])) if max_age else timedelta()
    return max(stated, answer.wait.least or timedelta()) or None


def _since(moment: datetime | None, now: datetime) -> timedelta | None:
    return None if moment is None else now - moment


def _tell(claim: Claim, habits: Habits) -> None:
    """Say what an operator should know, once: when it begins."""
    source, before = claim.source, claim.habits
    if habits.move.url != before.move.url:
        log.warning("source_moved", source=source.id, to=habits.move.url or source.url, asked=claim.address)
    if is_hurried(habits.pace) and not is_hurried(before.pace):
        log.warning("asked_to_wait_too_long", source=source.id, why=hurry(habits.pace))


def _new_host(claim: Claim, habits: Habits) -> str | None:
    moved = habits.move.url != claim.habits.move.url
    return host_key(habits.move.url or claim.source.url) if moved else None


def failed(ctx: Context, claim: Claim, failure: FetchFailed | ReadFailed, *, led_to: str | None = None) -> PollRecord:
    """The record of a poll that brought no document: the next ones are further and further apart.

    ``led_to``: where permanent redirects led to what could not be read.
    """
    now = ctx.clock()
    retry_after = failure.retry_after if isinstance(failure, FetchFailed) else None
    failures = claim.failures + 1
    due = next_poll(
        now=now,
        every=min(claim.habits.pace.interval or claim.source.every, claim.source.every),
        failures=failures,
        jitter=ctx.chance(),
        demand=retry_after,
    )
    habits = after_failure(claim.habits, failure.error, failures, now)
    habits, vanished = _noticed(claim, replace(habits, lost=_lost(claim, failure, led_to, now)), now)
    _tell(claim, habits)
    pause = GONE_FOR_GOOD if habits.gone.is_final(now) else None
    if pause is not None:
        log.warning("source_paused", source=claim.source.id, why=pause)
    return PollRecord(
        source_id=claim.source.id,
        token=claim.token,
        at=now,
        next_poll_at=due,
        seeded=claim.seeded,
        validators=Validators() if habits.move.url != claim.habits.move.url else None,
        error=failure.error,
        detail=failure.detail,
        habits=habits if habits != claim.habits else None,
        host=_new_host(claim, habits),
        pause=pause,
        holds=held(claim.address, failure, now),
        vanished=vanished,
    )


def _lost(claim: Claim, failure: FetchFailed | ReadFailed, led_to: str | None, now: datetime) -> Lost:
    before = claim.habits.lost
    if led_to is not None:
        return after_document(before, claim.source.url, led_to, now, moved=True)
    is_answer = isinstance(failure, FetchFailed) and failure.error in (PollError.HTTP_STATUS, PollError.GONE)
    return after_refusal(before, failure.status if is_answer and isinstance(failure, FetchFailed) else None, now)


def held(url: str, failure: FetchFailed | ReadFailed, now: datetime) -> tuple[Hold, ...]:
    """Retry-After holds the whole host that answered so when ``url`` was asked, whichever of its sources was told."""
    if not isinstance(failure, FetchFailed) or failure.retry_after is None or failure.error is PollError.ROBOTS:
        return ()
    if failure.status not in _WHOLE_HOST:
        return ()
    return (Hold(host_key(failure.url or url), now + failure.retry_after),)


def held_by_robots(ctx: Context, url: str, source_id: str) -> tuple[Hold, ...]:
    """What robots.txt of the host that was just asked for ``url``, where it is known, wants between two requests."""
    delay = ctx.robots.crawl_delay(url, ctx.proxies(source_id))
    return () if delay is None else (Hold(host_key(url), ctx.clock() + delay),)


def patience(settings: Settings) -> timedelta:
    """How long a pass by hand waits for a host: a gap, and not what a server demanded by Retry-After."""
    return max(settings.host_min_gap, LONGEST_DELAY) + timedelta(seconds=1)
