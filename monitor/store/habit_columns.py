"""The columns of the table ``source`` that polls teach: how often it is asked, where, and whether it is gone."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Float, Integer, Text

from monitor.store.types import Instant


def habit_columns() -> list[Column[Any]]:
    """New columns, for one table. ``store.habits`` reads and writes them."""
    return [
        Column("interval_s", Float),  # how long it is left alone of our own accord; null: nothing is learned yet
        Column("window_s", Float),  # between the oldest and the newest item of its document, as far as known
        Column("rate", Float, nullable=False, server_default="0"),  # new entries an hour, a moving average
        Column("demand_s", Float),  # how long its last answer asked to be left alone
        Column("moved_url", Text),  # where it is asked instead of url, once a permanent move has proven itself
        Column("moving_to", Text),  # where permanent redirects have led since moving_since, moving_polls times
        Column("moving_since", Instant),
        Column("moving_polls", Integer, nullable=False, server_default="0"),
        Column("gone_since", Instant),  # answered 410, gone_polls times since then
        Column("gone_polls", Integer, nullable=False, server_default="0"),
        Column("pause_reason", Text),  # why it was paused by itself; null where an operator did it
        Column("read_as", Text),  # the kind that a source of kind auto turned out to be
    ]
