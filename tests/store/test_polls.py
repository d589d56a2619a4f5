"""T2: what one poll came to is stored whole or not at all, and only by the worker whose claim still stands."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, insert, select

from monitor.core.entries import Known
from monitor.errors import DatabaseError, LostClaim
from monitor.model.change import Diff, Part, PartKind
from monitor.model.source import Item, PollError, Validators
from monitor.store import schema as s
from monitor.store.database import Database, Tx
from monitor.store.flags import list_flags
from monitor.store.known import known_entries
from monitor.store.polls import PollCounts, RevisedEntry, record_poll
from monitor.store.sources import get_source
from tests.store.rows import (
    LEASE,
    MATCH,
    NOW,
    a_document,
    a_policy,
    a_poll,
    a_source,
    an_entry,
    claims,
    polled,
    sources,
    together,
)

LATER = NOW + timedelta(hours=2)


def number(db: Database, table: object) -> int:
    def work(tx: Tx) -> int:
        return int(tx.execute(select(func.count()).select_from(table)).scalar_one())  # type: ignore[arg-type]

    return db.write_blocking(work)


def known(db: Database, *keys: str, links: tuple[str, ...] = (), titles: tuple[str, ...] = ()) -> list[Known]:
    return db.write_blocking(lambda tx: known_entries(tx, "news", keys=keys, links=links, titles=titles))


def test_a_poll_stores_snapshot_entries_revisions_changes_and_flags_together(db: Database) -> None:
    a_policy(db)

    counts = polled(
        db, an_entry("1", "One headline of five words", MATCH), an_entry("2", "Another headline of five words")
    )

    assert counts == PollCounts(entries_new=2, entries_revised=0, flags=1)
    assert [number(db, table) for table in (s.snapshot, s.entry, s.revision, s.change, s.story, s.flag)] == [
        1,
        2,
        2,
        2,
        2,
        1,
    ]


def test_a_worker_that_lost_its_claim_stores_nothing(db: Database) -> None:
    sources(db, a_source())
    (late,) = db.write_blocking(claims)
    (other,) = db.write_blocking(lambda tx: claims(tx, NOW + LEASE + timedelta(seconds=1)))

    with pytest.raises(LostClaim, match="source news"):
        db.write_blocking(lambda tx: record_poll(tx, a_poll(late, an_entry("1"))))

    assert (number(db, s.entry), number(db, s.snapshot)) == (0, 0)
    assert db.write_blocking(lambda tx: record_poll(tx, a_poll(other, an_entry("1")))).entries_new == 1


def test_of_two_workers_with_the_same_claim_one_stores(db: Database, other: Database) -> None:
    sources(db, a_source())
    (claim,) = db.write_blocking(claims)
    record = a_poll(claim, an_entry("1"))

    results = together(
        lambda: db.write_blocking(lambda tx: record_poll(tx, record)),
        lambda: other.write_blocking(lambda tx: record_poll(tx, record)),
    )

    assert sorted(type(result).__name__ for result in results) == ["LostClaim", "PollCounts"]
    assert number(db, s.entry) == 1


def test_a_poll_that_breaks_half_way_leaves_the_claim_and_nothing_else(db: Database) -> None:
    sources(db, a_source())
    (claim,) = db.write_blocking(claims)

    with pytest.raises(DatabaseError):
        db.write_blocking(lambda tx: record_poll(tx, a_poll(claim, an_entry("1"), an_entry("1"))))

    assert (number(db, s.entry), number(db, s.snapshot)) == (0, 0)
    assert db.write_blocking(lambda tx: get_source(tx, "news"))["claim"] == claim.token


def test_a_baseline_is_silent(db: Database) -> None:
    a_policy(db)

    counts = polled(db, an_entry("1", "A headline", MATCH), seeded=False)

    assert (counts.entries_new, counts.flags) == (1, 0)
    assert (number(db, s.change), number(db, s.story), number(db, s.flag)) == (0, 0, 0)
    assert db.write_blocking(lambda tx: get_source(tx, "news"))["seeded_at"] == NOW


def test_a_failed_poll_keeps_what_is_known_and_counts(db: Database) -> None:
    polled(db, an_entry("1"), seeded=False)
    for failures in (1, 2):
        (claim,) = db.write_blocking(lambda tx: claims(tx, LATER))
        failed = replace(a_poll(claim, at=NOW), error=PollError.TIMEOUT, detail="slow", fetched=None, whole=False)
        db.write_blocking(lambda tx, failed=failed: record_poll(tx, failed))  # type: ignore[misc]
        row = db.write_blocking(lambda tx: get_source(tx, "news"))
        assert (row["failures"], row["poll_error"], row["seeded_at"], row["entries"]) == (failures, "timeout", NOW, 1)


def test_validators_are_kept_where_a_poll_brings_none(db: Database) -> None:
    sources(db, a_source())
    (claim,) = db.write_blocking(claims)
    record = replace(a_poll(claim), validators=Validators('"a"', "Mon"))
    db.write_blocking(lambda tx: record_poll(tx, record))

    (claim,) = db.write_blocking(lambda tx: claims(tx, LATER))

    assert claim.validators == Validators('"a"', "Mon")
    db.write_blocking(lambda tx: record_poll(tx, replace(a_poll(claim), validators=None, fetched=None)))
    row = db.write_blocking(lambda tx: get_source(tx, "news"))
    assert (row["etag"], row["last_modified"]) == ('"a"', "Mon")


def test_an_entry_is_known_by_key_by_link_by_title_and_by_its_further_key(db: Database) -> None:
    polled(db, an_entry("1", "A headline of five words"), an_entry("2", "B headline of five words"))
    (claim,) = db.write_blocking(lambda tx: claims(tx, LATER))
    first = known(db, "1")[0].entry_id
    db.write_blocking(lambda tx: record_poll(tx, replace(a_poll(claim), rekeyed=((first, "renamed"),))))

    assert [entry.entry_id for entry in known(db, "1")] == [first]
    assert [entry.entry_id for entry in known(db, links=("https://news.example/1",))] == [first]
    assert [entry.entry_id for entry in known(db, titles=("A headline of five words",))] == [first]
    assert {(entry.entry_id, entry.key) for entry in known(db, "renamed")} == {(first, "1"), (first, "renamed")}
    assert known(db, "3") == []


def test_an_entry_is_known_by_its_last_words(db: Database) -> None:
    polled(db, an_entry("1", "First headline"))
    (before,) = known(db, "1")
    (claim,) = db.write_blocking(lambda tx: claims(tx, LATER))
    item = Item(key="1", title="Second headline", text="Other words.", url="https://news.example/1")
    diff = Diff((Part(PartKind.CHANGED, "First", "Second"),), "title changed")
    revised = RevisedEntry(before, item, "print", diff, "", own_story=False, material=True)

    poll = replace(a_poll(claim), revised=(revised,), kept=(a_document(claim, "1"),))
    db.write_blocking(lambda tx: record_poll(tx, poll))

    (after,) = known(db, "1")
    assert (after.entry_id, after.last_seq, after.title, after.text) == (
        before.entry_id,
        2,
        "Second headline",
        "Other words.",
    )


def test_entries_of_other_sources_are_not_known(db: Database) -> None:
    polled(db, an_entry("1"), source=a_source("other", "https://other.example/feed"))

    assert known(db, "1", links=("https://news.example/1",)) == []


def test_a_story_is_flagged_for_a_policy_once_whoever_tells_it(db: Database) -> None:
    a_policy(db)
    polled(db, an_entry("1", "Police end their Flock contract today", MATCH))

    again = polled(
        db,
        an_entry("x", "Police end their Flock contract today", MATCH),
        source=a_source("wire", "https://wire.example/feed"),
    )

    assert (again.flags, number(db, s.flag), number(db, s.story)) == (0, 1, 1)


def test_two_workers_that_found_a_story_at_once_found_one(db: Database, other: Database) -> None:
    a_policy(db)
    urls = {f"s{n}": f"https://host{n}.example/feed" for n in range(6)}
    sources(db, *(a_source(id, url) for id, url in urls.items()))
    found = db.write_blocking(claims)
    records = [
        a_poll(claim, an_entry(f"k{n}", "The same headline in each outlet", MATCH)) for n, claim in enumerate(found)
    ]

    def store(n: int) -> int:
        return (db, other)[n % 2].write_blocking(lambda tx: record_poll(tx, records[n])).flags

    results = together(*(lambda n=n: store(n) for n in range(6)))

    assert sorted(map(str, results)) == ["0"] * 5 + ["1"]
    assert (number(db, s.story), number(db, s.flag), number(db, s.story_revision)) == (1, 1, 6)


def test_a_match_with_a_policy_that_is_not_there_any_more_is_passed_over(db: Database) -> None:
    counts = polled(db, an_entry("1", "A headline", MATCH))

    assert (counts.entries_new, counts.flags) == (1, 0)


def test_flags_are_listed_with_the_best_first(db: Database) -> None:
    a_policy(db)
    scored = [replace(MATCH, score=score) for score in (0.5, 0.9, 0.7)]
    polled(db, *(an_entry(str(n), f"Headline number {n} of several", match) for n, match in enumerate(scored)))

    flags = db.write_blocking(lambda tx: list_flags(tx, now=NOW))

    assert [flag.score for flag in flags] == [0.9, 0.7, 0.5]
    assert flags[0].reasons == MATCH.reasons


def test_a_flag_cannot_be_stored_twice_for_a_policy_and_a_story(db: Database) -> None:
    a_policy(db)
    polled(db, an_entry("1", "A headline", MATCH))

    def again(tx: Tx) -> None:
        row = dict(tx.execute(select(s.flag)).mappings().one())
        del row["id"]
        tx.execute(insert(s.flag).values(**row))

    with pytest.raises(DatabaseError):
        db.write_blocking(again)
