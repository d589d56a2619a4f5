"""How a source is doing, in a colour and in words: a silently green, half-dead source is how monitoring dies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from monitor.core.pace import NO_PACE, Pace, is_hurried
from monitor.model.source import PollError

_RED_FAILURES = 3
_RED_SILENCE = timedelta(days=1)
_GAP_SHOWN = timedelta(days=2)
_TRUNCATED_SHOWN = timedelta(days=2)  # then it is how the source is
TRUNCATED = "truncated: "  # how a reader's note on too many items begins
_SHRINK_SHOWN = timedelta(days=7)  # then the new size is the usual one
_SHRINK_LEAST = 4  # items before: fewer halve by chance
_RHYTHM_ENTRIES = 5  # as many at least before a source has a rhythm of its own
_STALE_TIMES = 5  # times the usual wait between two changes
_STALE_LEAST = timedelta(days=3)


class Colour(StrEnum):
    """GREEN: nothing to do. YELLOW: look at it. RED: nothing is being read from it."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"
    GREY = "grey"  # paused, or never polled yet


@dataclass(frozen=True, slots=True)
class Vitals:
    """What a source is judged by. ``entries`` were told since ``seeded_at``; ``items`` stood in its last document.

    ``most`` stood in it before it shrank at ``shrunk_at``; since ``truncated_at`` its documents hold more than are kept
    (``Extent``); ``notes`` are its reader's. ``pause_reason``: why it was paused by itself. ``moved_url``: where it is
    asked instead of the address in line ``line`` of the file.
    """

    paused: bool
    seeded_at: datetime | None
    succeeded_at: datetime | None
    changed_at: datetime | None
    failures: int
    error: PollError | None
    detail: str
    entries: int
    items: int | None
    gap_at: datetime | None
    most: int | None = None
    shrunk_at: datetime | None = None
    truncated_at: datetime | None = None
    notes: tuple[str, ...] = ()
    pause_reason: str | None = None
    pace: Pace = NO_PACE
    moved_url: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Extent:
    """How much a source's last document held: its items, those that were not kept among them, or an index's parts.

    Once it shrank, when that was, and the ``most`` it held before. ``truncated_at``: since when there are more than are
    kept.
    """

    items: int | None = None
    most: int | None = None
    shrunk_at: datetime | None = None
    truncated_at: datetime | None = None


UNKNOWN_EXTENT = Extent()


def extent_after(before: Extent, items: int, at: datetime, *, truncated: bool = False) -> Extent:
    """Return the extent with a document of ``items`` at ``at``: half of the last one, or less, is a suspicious shrink.

    The high-water mark stands until a document holds more than half of it again (THREATS fault 46).
    """
    since = (before.truncated_at or at) if truncated else None
    last = before.items or 0
    most = max(before.most or 0, last)
    if last >= _SHRINK_LEAST and items * 2 <= last:
        return Extent(items, most, at, since)
    if before.shrunk_at is not None and items * 2 <= most:
        return Extent(items, most, before.shrunk_at, since)
    return Extent(items, truncated_at=since)


@dataclass(frozen=True, slots=True)
class Health:
    """A colour, and the reason in one sentence for the operator."""

    colour: Colour
    reason: str


def health(vitals: Vitals, now: datetime) -> Health:
    """Judge a source at ``now`` by its own record."""
    if vitals.paused and vitals.pause_reason is not None:
        words = (
            f"paused: {vitals.pause_reason}: mend or remove its entry, or `monitor sources resume` takes it up again"
        )
        return Health(Colour.RED, words)
    if vitals.paused:
        return Health(Colour.GREY, "paused: `monitor sources resume` takes it up again")
    if vitals.error is not None:
        return _failing(vitals, now)
    if vitals.succeeded_at is None:
        return Health(Colour.GREY, "not polled yet")
    if vitals.shrunk_at is not None and now - vitals.shrunk_at < _SHRINK_SHOWN:
        when = f"{vitals.shrunk_at:%Y-%m-%d %H:%M}Z"
        words = f"suspicious shrink on {when}: its document lists {vitals.items}, where it listed {vitals.most}"
        return Health(Colour.YELLOW, words)
    if vitals.items == 0 and vitals.entries:
        return Health(Colour.YELLOW, "its last document held no items, where there were some before")
    if vitals.gap_at is not None and now - vitals.gap_at < _GAP_SHOWN:
        when = f"{vitals.gap_at:%Y-%m-%d %H:%M}Z"
        return Health(Colour.YELLOW, f"possible gap on {when}: nothing in it was known, so items may be missing")
    truncated = next((note for note in vitals.notes if note.startswith(TRUNCATED)), None)
    lately = vitals.truncated_at is not None and now - vitals.truncated_at < _TRUNCATED_SHOWN
    if truncated is not None and lately:  # later it is no news: were anything missed, it would be a gap
        return Health(Colour.YELLOW, f"its last document was {truncated}")
    stale = _stale(vitals, now)
    if stale is not None:
        return Health(Colour.YELLOW, f"nothing new for {_days(stale)}, much longer than it usually takes")
    if vitals.moved_url is not None:
        where = f" line {vitals.line}" if vitals.line else ""
        return Health(Colour.YELLOW, f"moved to {vitals.moved_url}: change the url in sources.yaml{where}")
    return Health(Colour.YELLOW, hurry(vitals.pace)) if is_hurried(vitals.pace) else Health(Colour.GREEN, "")


def hurry(pace: Pace) -> str:
    """What is wrong where the server asks for a longer wait than its document allows (``core.pace.is_hurried``)."""
    demand, window = (_span(span) for span in (pace.demand, pace.window))
    return f"its server asks to be left alone for {demand}, and its document covers {window}: items may be missed"


def _failing(vitals: Vitals, now: datetime) -> Health:
    silence = now - vitals.succeeded_at if vitals.succeeded_at is not None else None
    red = vitals.failures >= _RED_FAILURES or vitals.succeeded_at is None or (silence or timedelta()) > _RED_SILENCE
    since = f"; last read {_days(silence)} ago" if silence is not None else "; never read yet"
    times = f" ({vitals.failures} times in a row)" if vitals.failures > 1 else ""
    reason = f"{vitals.error}: {vitals.detail}{times}{since}"
    return Health(Colour.RED if red else Colour.YELLOW, reason)


def _stale(vitals: Vitals, now: datetime) -> timedelta | None:
    """How long nothing came, where that is long for this source: measured against its own rhythm."""
    if vitals.seeded_at is None or vitals.changed_at is None or vitals.entries < _RHYTHM_ENTRIES:
        return None
    usual = (vitals.changed_at - vitals.seeded_at) / vitals.entries
    silence = now - vitals.changed_at
    return silence if silence > max(usual * _STALE_TIMES, _STALE_LEAST) else None


def _span(span: timedelta | None) -> str:
    minutes = (span or timedelta()).total_seconds() / 60
    return f"{minutes:.0f} minutes" if minutes < 120 else f"{minutes / 60:.0f} hours"


def _days(span: timedelta) -> str:
    hours = span.total_seconds() / 3600
    if hours < 1:
        return "less than an hour"
    return f"{hours:.0f} hours" if hours < 48 else f"{hours / 24:.0f} days"
