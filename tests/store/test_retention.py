"""Retention gives up the bytes of old snapshots, and never what an action, a decision or a flag rests on."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import delete, insert, select, text, update

from monitor.core.archive import packed
from monitor.model.source import Fetched
from monitor.store import schema as s
from monitor.store.actions import create_action
from monitor.store.archive import store_blob, store_snapshot
from monitor.store.archive_tables import blob
from monitor.store.database import Database, Tx
from monitor.store.polls import record_poll
from monitor.store.retention import EVERY, Keep, Pruned, prune, sources_to_prune
from monitor.store.verify import bytes_verdict, chain_verdict
from tests.store.rows import MATCH, NOW, a_policy, a_poll, a_source, an_action_record, an_entry, claims, sources

_WAITING = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
YEAR = Keep(timedelta(days=365), 1000)
LATER = NOW + timedelta(days=400)


def stored(tx: Tx, body: bytes, url: str = "https://news.example/feed") -> int:
    return store_snapshot(tx, "news", NOW, Fetched(url, 200, body), packed(body))


@pytest.fixture
def archive(db: Database) -> Database:
    """A source whose newest two snapshots are b"new" and b"newest"; tests put older ones before them."""
    sources(db, a_source())
    return db


def closed(db: Database) -> None:
    for body in (b"new", b"newest"):
        db.write_blocking(lambda tx, body=body: stored(tx, body))  # type: ignore[misc]


def pruned(db: Database, keep: Keep = YEAR) -> int:
    return db.write_blocking(lambda tx: prune(tx, "news", now=LATER, keep=keep, after=0)).snapshots


def kept(db: Database) -> set[int]:
    """The places of the snapshots that have their bytes."""
    query = select(s.snapshot.c.place).join(blob, blob.c.sha256 == s.snapshot.c.sha256)
    return set(db.write_blocking(lambda tx: tx.execute(query)).scalars())


def is_whole(db: Database) -> bool:
    chain = db.write_blocking(lambda tx: chain_verdict(tx, "news"))
    return not chain.faults and not db.write_blocking(lambda tx: bytes_verdict(tx, "", 1000)).faults


def test_bytes_that_are_old_are_given_up_and_the_chain_stays_whole(archive: Database) -> None:
    archive.write_blocking(lambda tx: stored(tx, b"old"))
    closed(archive)

    assert pruned(archive) == 1
    assert (kept(archive), is_whole(archive)) == ({2, 3}, True)
    assert archive.write_blocking(lambda tx: chain_verdict(tx, "news")).pruned == 1


def test_bytes_that_are_lost_are_not_taken_for_given_up(archive: Database) -> None:
    archive.write_blocking(lambda tx: stored(tx, b"old"))
    closed(archive)
    archive.write_blocking(lambda tx: tx.execute(delete(blob).where(blob.c.sha256 == packed(b"old").sha256)))

    assert pruned(archive) == 0
    assert not is_whole(archive)


def test_what_is_young_is_kept_unless_there_are_too_many(archive: Database) -> None:
    for body in (b"1", b"2", b"3"):
        archive.write_blocking(lambda tx, body=body: stored(tx, body))  # type: ignore[misc]
    closed(archive)
    young = replace(YEAR, age=timedelta(days=500))

    assert (pruned(archive, young), kept(archive)) == (0, {1, 2, 3, 4, 5})
    assert (pruned(archive, replace(young, count=3)), kept(archive)) == (2, {3, 4, 5})
    assert (pruned(archive, replace(young, count=1)), kept(archive)) == (1, {4, 5})


def test_the_newest_two_are_kept_however_old_they_are(archive: Database) -> None:
    closed(archive)

    assert (pruned(archive), kept(archive)) == (0, {1, 2})


def polled(db: Database, *flagged: str) -> None:
    """One poll with an entry of each of two stories; those of ``flagged`` raise a flag."""
    a_policy(db)
    (claim,) = db.write_blocking(claims)
    entries = [
        an_entry(key, f"A headline of five words {key}", *([MATCH] if key in flagged else [])) for key in ("1", "2")
    ]
    db.write_blocking(lambda tx: record_poll(tx, a_poll(claim, *entries)))
    closed(db)


@pytest.mark.parametrize("state", ["open", "accepted", "rejected", "snoozed"])
def test_what_a_flag_rests_on_is_kept_whatever_came_of_it(archive: Database, state: str) -> None:
    polled(archive, "2")
    archive.write_blocking(lambda tx: tx.execute(update(s.flag).values(state=state)))

    assert (pruned(archive), kept(archive)) == (0, {1, 2, 3})


def test_what_raised_no_flag_is_given_up(archive: Database) -> None:
    polled(archive)

    assert (pruned(archive), kept(archive)) == (1, {2, 3})


@pytest.mark.parametrize(
    "url", ["https://news.example/2", "https://news.example/2?utm_source=mail", "https://news.example/feed"]
)
def test_what_an_action_cites_is_kept_as_document_and_as_item(archive: Database, url: str) -> None:
    polled(archive)
    (policy,) = archive.write_blocking(lambda tx: tx.execute(select(s.policy.c.id))).scalars()
    record = replace(an_action_record(), document_url=url)
    action = {"policy_id": policy, "flag_id": None, "key": "k", "record": record, "at": NOW, "actor": "anna"}
    archive.write_blocking(lambda tx: create_action(tx, **action))

    assert pruned(archive) == 0
    assert 1 in kept(archive)


def test_the_same_bytes_of_a_younger_snapshot_are_kept(archive: Database) -> None:
    archive.write_blocking(lambda tx: stored(tx, b"newest"))
    closed(archive)

    assert (pruned(archive), kept(archive), is_whole(archive)) == (1, {1, 2, 3}, True)


def test_the_same_bytes_of_an_article_are_kept(archive: Database) -> None:
    polled(archive)
    (sha256,) = archive.write_blocking(
        lambda tx: tx.execute(select(s.snapshot.c.sha256).where(s.snapshot.c.place == 1))
    ).scalars()
    entry = archive.write_blocking(lambda tx: tx.execute(select(s.entry.c.id)).scalars().first())
    link = {"url": "https://a.example/", "canonical_url": "https://a.example/", "host": "a.example:443"}
    values = {"entry_id": entry, **link, "state": "read", "blob_sha256": sha256}
    archive.write_blocking(lambda tx: tx.execute(insert(s.article).values(**values)))

    assert (pruned(archive), kept(archive)) == (1, {1, 2, 3})


def test_bytes_that_come_back_are_kept_anew(archive: Database) -> None:
    archive.write_blocking(lambda tx: stored(tx, b"old"))
    closed(archive)
    pruned(archive)

    archive.write_blocking(lambda tx: stored(tx, b"old"))

    assert (4 in kept(archive), is_whole(archive)) == (True, True)


def test_a_source_is_looked_at_once_a_day(archive: Database) -> None:
    closed(archive)

    assert archive.write_blocking(lambda tx: sources_to_prune(tx, now=LATER, limit=5)) == ["news"]
    pruned(archive)
    assert archive.write_blocking(lambda tx: sources_to_prune(tx, now=LATER, limit=5)) == []
    after = LATER + EVERY + timedelta(seconds=1)
    assert archive.write_blocking(lambda tx: sources_to_prune(tx, now=after, limit=5)) == ["news"]


def test_a_long_history_is_looked_at_step_by_step(archive: Database) -> None:
    def many(tx: Tx) -> None:
        for number in range(130):
            stored(tx, b"%d" % number)

    archive.write_blocking(many)
    closed(archive)

    first = archive.write_blocking(lambda tx: prune(tx, "news", now=LATER, keep=YEAR, after=0))
    second = archive.write_blocking(lambda tx: prune(tx, "news", now=LATER, keep=YEAR, after=first.last or 0))

    assert (first, second) == (Pruned(100, 100), Pruned(30, None))
    assert (kept(archive), is_whole(archive)) == ({131, 132}, True)


def test_bytes_that_a_poll_needs_at_that_moment_are_not_deleted_under_it(archive: Database, other: Database) -> None:
    """A T2 that stores the same bytes has not committed yet when retention comes to them."""
    archive.write_blocking(lambda tx: stored(tx, b"old"))
    closed(archive)
    pruning = threading.Thread(target=lambda: pruned(other))

    def poll(tx: Tx) -> None:
        store_blob(tx, packed(b"old"), at=LATER)
        pruning.start()
        while not archive.is_sqlite and not tx.execute(_WAITING).scalar_one():
            time.sleep(0.005)
        stored(tx, b"old")

    archive.write_blocking(poll)
    pruning.join()

    assert (4 in kept(archive), is_whole(archive)) == (True, True)
