"""Statements that are worked out once give what SQLAlchemy gives, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import bindparam, insert, select, update

from monitor.errors import DatabaseError
from monitor.store import schema as s
from monitor.store.database import Database, Tx
from monitor.store.prepared import Prepared

AT = datetime(2025, 10, 9, 8, 0, 0, 250_000, tzinfo=UTC)
ADD = {"founded_at": AT, "normal_title": "the rule", "canonical_url": None}
FOUND = Prepared(insert(s.story).returning(s.story.c.id, sort_by_parameter_order=True))
READ = Prepared(
    select(s.story.c.id, s.story.c.founded_at, s.story.c.normal_title, s.story.c.canonical_url)
    .where(s.story.c.founded_at >= bindparam("since", type_=s.story.c.founded_at.type))
    .order_by(s.story.c.id)
    .limit(2)
)
MOVE = Prepared(update(s.story).where(s.story.c.id == bindparam("which")).values(normal_title=bindparam("title")))


def found(tx: Tx) -> tuple[list[int], list[tuple[object, ...]]]:
    ids = FOUND.ids(tx, [ADD, {**ADD, "founded_at": AT.astimezone(timezone(timedelta(hours=2)))}])
    return list(ids), [tuple(row) for row in READ.rows(tx, {"since": AT})]


def test_rows_come_back_as_they_went_in_with_moments_in_utc(db: Database) -> None:
    ids, rows = db.write_blocking(found)

    assert rows == [(number, AT, "the rule", None) for number in ids]


def test_each_of_many_is_executed_and_the_rows_of_the_last_are_counted(db: Database) -> None:
    ids, _ = db.write_blocking(found)

    moves = [{"which": ids[0], "title": "one"}, {"which": ids[1], "title": "two"}]
    touched = db.write_blocking(lambda tx: MOVE.run(tx, *moves))

    assert touched == 1
    assert db.write_blocking(lambda tx: MOVE.run(tx, {"which": -1, "title": "none"})) == 0
    rows = db.write_blocking(lambda tx: READ.rows(tx, {"since": AT}))
    assert [row[2] for row in rows] == ["one", "two"]


def test_what_the_driver_refuses_is_an_error_of_ours_and_nothing_is_stored(db: Database) -> None:
    def twice(tx: Tx) -> None:
        FOUND.ids(tx, [ADD])
        FOUND.ids(tx, [{**ADD, "normal_title": None}])

    with pytest.raises(DatabaseError):
        db.write_blocking(twice)

    assert not db.write_blocking(lambda tx: READ.rows(tx, {"since": AT}))
