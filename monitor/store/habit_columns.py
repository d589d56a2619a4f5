"""The columns of the table ``source`` that say how often it is asked, and where: what its answers taught."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, Column, Float, Integer, Text, false

from monitor.store.types import Instant, json_type


def habit_columns() -> list[Column[Any]]:
    """New columns, for one table."""
    return [
        Column("wait", json_type(none_as_null=True)),  # ttl, skipHours and skipDays of the last document read
        Column("gap_at", Instant),  # when a document last shared nothing with what was known: items may be missing
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
        Column("lost_as", Text),  # its document is gone ("HTTP 404") or elsewhere (an address), lost_polls times
        Column("lost_since", Instant),
        Column("lost_polls", Integer, nullable=False, server_default="0"),
        Column("lost_told", Boolean, nullable=False, server_default=false()),  # to the editors of its policies
        Column("pause_reason", Text),  # why it was paused by itself; null where an operator did it
        Column("read_as", Text),  # the kind that a source of kind auto turned out to be
    ]
