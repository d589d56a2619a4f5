"""A host that asked for peace is left in peace, whichever of its sources was told."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select

from monitor.core.habits import NO_HABITS, Gone, Habits, Move
from monitor.core.pace import Pace
from monitor.model.source import SourceKind
from monitor.store import schema as s
from monitor.store.database import Database, Tx
from monitor.store.habits import habits_from_row
from monitor.store.hosts import Hold, hold_hosts
from monitor.store.polls import record_poll
from monitor.store.schedule import next_start
from monitor.store.sources import get_source, sync_sources
from tests.store.rows import NOW, a_poll, a_source, claims, sources

HOUR = timedelta(hours=1)
HOST = "one.example:443"


def next_at(tx: Tx) -> object:
    return tx.execute(select(s.host.c.next_at).where(s.host.c.key == HOST)).scalar_one_or_none()


def test_a_hold_lengthens_what_stands_and_never_shortens_it(db: Database) -> None:
    stood = []
    for hours in (2, 1, 3):
        db.write_blocking(lambda tx, hours=hours: hold_hosts(tx, [Hold(HOST, NOW + hours * HOUR)]))  # type: ignore[misc]
        stood.append(db.write_blocking(next_at))

    assert stood == [NOW + 2 * HOUR, NOW + 2 * HOUR, NOW + 3 * HOUR]


def test_no_other_source_of_a_held_host_is_claimed_before_its_time(db: Database) -> None:
    sources(db, a_source("a", "https://one.example/a"), a_source("b", "https://one.example/b"))
    (first,) = db.write_blocking(claims)
    record = replace(a_poll(first), holds=(Hold(HOST, NOW + HOUR),))
    db.write_blocking(lambda tx: record_poll(tx, record))

    held = db.write_blocking(lambda tx: claims(tx, NOW + HOUR - timedelta(seconds=1)))
    start = db.write_blocking(lambda tx: next_start(tx, now=NOW))

    assert (held, start) == ([], NOW + HOUR)
    assert {each.source.id for each in db.write_blocking(lambda tx: claims(tx, NOW + HOUR))} <= {"a", "b"}


def test_what_a_poll_taught_is_there_at_the_next_claim(db: Database) -> None:
    taught = Habits(
        Pace(HOUR / 2, 2 * HOUR, 1.5, 3 * HOUR),
        Move("https://m.example/f", "https://n.example/f", NOW, 3),
        Gone(NOW, 2),
        SourceKind.PAGE,
    )
    sources(db, a_source())
    (claim,) = db.write_blocking(claims)
    record = replace(a_poll(claim), habits=taught, host="m.example:443")
    db.write_blocking(lambda tx: record_poll(tx, record))

    (again,) = db.write_blocking(lambda tx: claims(tx, NOW + HOUR))

    assert claim.habits == NO_HABITS
    assert (again.habits, again.address) == (taught, "https://m.example/f")
    assert (again.succeeded_at, again.changed_at) == (NOW, None)
    assert habits_from_row(db.write_blocking(lambda tx: get_source(tx, "news"))) == taught


def test_a_renamed_source_that_moved_keeps_the_host_that_it_is_asked_at(db: Database) -> None:
    sources(db, a_source())
    (claim,) = db.write_blocking(claims)
    moved = replace(a_poll(claim), habits=Habits(move=Move("https://m.example/f")), host="m.example:443")
    db.write_blocking(lambda tx: record_poll(tx, moved))

    sources(db, replace(a_source(), name="Another name"))

    row = db.write_blocking(lambda tx: get_source(tx, "news"))
    assert (row["host"], row["moved_url"]) == ("m.example:443", "https://m.example/f")


def test_new_sources_are_due_at_once_in_a_shuffled_order(db: Database) -> None:
    chances = iter((0.1, 0.9, 0.5))
    three = [a_source(f"s{n}", f"https://host{n}.example/feed") for n in range(3)]
    db.write_blocking(lambda tx: sync_sources(tx, three, now=NOW, chance=lambda: next(chances)))

    assert [each.source.id for each in db.write_blocking(claims)] == ["s1", "s2", "s0"]
