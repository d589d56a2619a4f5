"""A source's colour and its reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor.core.health import Colour, Extent, Vitals, extent_after, health
from monitor.core.pace import Pace
from monitor.model.source import PollError

NOW = datetime(2025, 10, 9, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WELL = Vitals(
    paused=False,
    seeded_at=NOW - 100 * DAY,
    succeeded_at=NOW - HOUR,
    changed_at=NOW - 5 * HOUR,
    failures=0,
    error=None,
    detail="",
    entries=100,
    items=20,
    gap_at=None,
)
CUT = "truncated: the newest 2,000 of 100,000 items were kept"
SHRUNK = replace(WELL, items=9, most=20, shrunk_at=NOW - DAY)
MOVED = replace(WELL, moved_url="https://b.example/")
HURRIED = Pace(HOUR, window=timedelta(minutes=90), demand=DAY)
FAILING = replace(WELL, failures=1, error=PollError.TIMEOUT, detail="no answer in 30 s", succeeded_at=NOW - 2 * HOUR)


@pytest.mark.parametrize(
    ("vitals", "colour", "says"),
    [
        (WELL, Colour.GREEN, ""),
        (replace(WELL, paused=True), Colour.GREY, "paused"),
        (replace(WELL, succeeded_at=None, seeded_at=None, entries=0), Colour.GREY, "not polled yet"),
        (FAILING, Colour.YELLOW, "timeout: no answer in 30 s; last read 2 hours ago"),
        (replace(FAILING, failures=3), Colour.RED, "(3 times in a row)"),
        (replace(FAILING, succeeded_at=NOW - 3 * DAY), Colour.RED, "last read 3 days ago"),
        (replace(FAILING, succeeded_at=None), Colour.RED, "never read yet"),
        (replace(WELL, items=0), Colour.YELLOW, "held no items"),
        (SHRUNK, Colour.YELLOW, "suspicious shrink on 2025-10-08 12:00Z: its document lists 9, where it listed 20"),
        (replace(SHRUNK, items=0), Colour.YELLOW, "lists 0, where it listed 20"),
        (replace(SHRUNK, shrunk_at=NOW - 8 * DAY), Colour.GREEN, ""),
        (replace(WELL, gap_at=NOW - HOUR), Colour.YELLOW, "possible gap on 2025-10-09 11:00Z"),
        (replace(WELL, gap_at=NOW - 3 * DAY), Colour.GREEN, ""),
        (replace(WELL, notes=("a note", CUT), truncated_at=NOW - DAY), Colour.YELLOW, f"its last document was {CUT}"),
        (replace(WELL, notes=("a note", CUT), truncated_at=NOW - 3 * DAY), Colour.GREEN, ""),
        (replace(WELL, notes=("a note",)), Colour.GREEN, ""),
        (replace(WELL, paused=True, pause_reason="it is gone"), Colour.RED, "paused: it is gone: mend or remove"),
        (MOVED, Colour.YELLOW, "moved to https://b.example/: change the url in sources.yaml"),
        (replace(MOVED, line=7), Colour.YELLOW, "change the url in sources.yaml line 7"),
        (replace(WELL, pace=HURRIED), Colour.YELLOW, "left alone for 24 hours, and its document covers 90 minutes"),
        (replace(WELL, changed_at=NOW - 20 * DAY), Colour.YELLOW, "nothing new for 20 days"),
    ],
)
def test_a_source_is_judged_by_its_own_record(vitals: Vitals, colour: Colour, says: str) -> None:
    found = health(vitals, NOW)

    assert found.colour is colour
    assert says in found.reason
    assert bool(found.reason) == (colour is not Colour.GREEN)


def test_an_empty_document_of_a_source_that_never_had_items_is_no_alarm() -> None:
    assert health(replace(WELL, items=0, entries=0), NOW).colour is Colour.GREEN


def test_a_quiet_source_is_quiet_by_its_own_rhythm() -> None:
    monthly = replace(WELL, seeded_at=NOW - 300 * DAY, changed_at=NOW - 40 * DAY, entries=9)

    assert health(monthly, NOW).colour is Colour.GREEN


@pytest.mark.parametrize(
    ("counts", "most", "shrunk_at_place"),
    [
        ((20, 11), None, None),
        ((20, 10), 20, 1),
        ((20, 0), 20, 1),
        ((20, 0, 0, 0), 20, 1),
        ((20, 9, 8), 20, 1),
        ((20, 9, 10), 20, 1),
        ((20, 9, 11), None, None),
        ((20, 10, 5), 20, 2),
        ((3, 1), None, None),
        ((0, 0), None, None),
        ((1, 40), None, None),
    ],
)
def test_fault_46_a_document_of_half_its_items_is_a_shrink_until_it_holds_more_again(
    counts: tuple[int, ...], most: int | None, shrunk_at_place: int | None
) -> None:
    extent = Extent()
    for place, count in enumerate(counts):
        extent = extent_after(extent, count, NOW + place * HOUR)

    assert extent == Extent(counts[-1], most, None if shrunk_at_place is None else NOW + shrunk_at_place * HOUR)


def test_F16_truncation_is_an_alarm_when_it_begins_and_then_how_the_source_is() -> None:
    extent = Extent()
    for place, truncated in enumerate((False, True, True)):
        extent = extent_after(extent, 3_000, NOW + place * DAY, truncated=truncated)
    assert extent.truncated_at == NOW + DAY

    extent = extent_after(extent, 1_900, NOW + 3 * DAY)
    assert (extent.truncated_at, extent.shrunk_at) == (None, None)
    assert extent_after(extent, 3_000, NOW + 9 * DAY, truncated=True).truncated_at == NOW + 9 * DAY
