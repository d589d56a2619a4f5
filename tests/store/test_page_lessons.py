"""What a host's pages have taught is parsed once while it stays the same, and anew once one of them teaches more."""

from __future__ import annotations

from datetime import UTC, datetime

from monitor.core.noise.learn import SURE, Lesson
from monitor.core.noise.mask import Form, Pattern
from monitor.store.database import Database
from monitor.store.pages import store_lessons, suppressions_of

AT = datetime(2026, 1, 1, tzinfo=UTC)
VIEWS = Pattern(Form.GAP, "p.views", ("Views",), ("today",))


async def teach(db: Database, page: str) -> None:
    await db.write(lambda tx: store_lessons(tx, "gov.example", page, [Lesson(VIEWS, SURE)], at=AT))


async def test_a_pattern_reads_as_it_was_stored_and_holds_for_the_host_once_three_pages_showed_it(db: Database) -> None:
    await teach(db, "p1")
    for _ in range(2):
        (found,) = await db.read(lambda tx: suppressions_of(tx, "gov.example"))
        assert (found.pattern, found.weights, found.first_at) == (VIEWS, {"p1": SURE}, AT)
        assert not found.holds_for_host

    await teach(db, "p2")
    await teach(db, "p3")

    (found,) = await db.read(lambda tx: suppressions_of(tx, "gov.example"))
    assert found.holds_for_host
