"""The columns of a source's row that keep its habits (``core.habits``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from monitor.core.habits import Gone, Habits, Move
from monitor.core.lost import Lost
from monitor.core.pace import Pace
from monitor.model.source import SourceKind
from monitor.store import schema as s

COLUMNS = (
    s.source.c.interval_s,
    s.source.c.window_s,
    s.source.c.rate,
    s.source.c.demand_s,
    s.source.c.moved_url,
    s.source.c.moving_to,
    s.source.c.moving_since,
    s.source.c.moving_polls,
    s.source.c.gone_since,
    s.source.c.gone_polls,
    s.source.c.lost_as,
    s.source.c.lost_since,
    s.source.c.lost_polls,
    s.source.c.lost_told,
    s.source.c.read_as,
)


def habits_from_values(values: Sequence[Any]) -> Habits:
    """What the columns say, in the order of COLUMNS."""
    (interval, window, rate, demand), move, gone, lost = values[:4], values[4:8], values[8:10], values[10:14]
    read_as = values[14]
    return Habits(
        Pace(_span(interval), _span(window), rate, _span(demand)),
        Move(*move),
        Gone(*gone),
        None if read_as is None else SourceKind(read_as),
        Lost(*lost),
    )


def habits_from_row(row: Mapping[str, Any]) -> Habits:
    """What the columns of a source's whole row say."""
    return habits_from_values([row[column.name] for column in COLUMNS])


def habits_to_row(habits: Habits) -> dict[str, Any]:
    """The inverse of ``habits_from_row``."""
    pace, move = habits.pace, habits.move
    return {
        "interval_s": _seconds(pace.interval),
        "window_s": _seconds(pace.window),
        "rate": pace.rate,
        "demand_s": _seconds(pace.demand),
        "moved_url": move.url,
        "moving_to": move.to,
        "moving_since": move.since,
        "moving_polls": move.polls,
        "gone_since": habits.gone.since,
        "gone_polls": habits.gone.polls,
        "lost_as": habits.lost.what,
        "lost_since": habits.lost.since,
        "lost_polls": habits.lost.polls,
        "lost_told": habits.lost.told,
        "read_as": habits.read_as and habits.read_as.value,
    }


def _span(seconds: float | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)


def _seconds(span: timedelta | None) -> float | None:
    return None if span is None else span.total_seconds()
