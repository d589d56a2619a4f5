"""T1: a due source is claimed by one worker, hosts are left their peace, and no lease outlives its time."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from monitor.errors import NotFound
from monitor.store import schema as s
from monitor.store.database import Database, Tx
from monitor.store.polls import record_poll
from monitor.store.schedule import Claim, make_due, next_start, release_claims
from monitor.store.sources import get_source, list_sources, set_paused, source_from_config, sync_sources
from tests.store.rows import LEASE, NOW, a_poll, a_source, claims, sources, together


def ids(found: list[Claim]) -> list[str]:
    return [claim.source.id for claim in found]


def elsewhere(count: int) -> list[str]:
    return [f"https://host{n}.example/feed" for n in range(count)]


def test_a_due_source_is_claimed_with_all_that_a_poll_needs(db: Database) -> None:
    source = a_source()
    sources(db, source)

    (claim,) = db.write_blocking(claims)

    assert (claim.source, claim.seeded, claim.failures, claim.body_sha256) == (source, False, 0, None)
    row = db.write_blocking(lambda tx: get_source(tx, "news"))
    assert (row["claim"], row["lease_until"]) == (claim.token, NOW + LEASE)


def test_a_source_that_is_not_due_is_left_alone(db: Database) -> None:
    sources(db, a_source(), now=NOW + timedelta(seconds=1))

    assert db.write_blocking(claims) == []


def test_the_longest_due_are_claimed_first_and_no_more_than_asked(db: Database) -> None:
    for n, url in enumerate(elsewhere(3)):
        db.write_blocking(
            lambda tx, n=n, url=url: sync_sources(  # type: ignore[misc]
                tx,
                [a_source(f"s{k}", elsewhere(3)[k]) for k in range(n + 1)],
                now=NOW - timedelta(minutes=n),
            )
        )

    assert ids(db.write_blocking(lambda tx: claims(tx, limit=2))) == ["s2", "s1"]


def test_two_workers_never_claim_one_source(db: Database, other: Database) -> None:
    sources(db, *(a_source(f"s{n}", url) for n, url in enumerate(elsewhere(12))))

    def claim(database: Database) -> list[str]:
        return [id for _ in range(6) for id in ids(database.write_blocking(lambda tx: claims(tx, limit=2)))]

    results = together(*[lambda: claim(db), lambda: claim(other)] * 2)
    left = ids(db.write_blocking(lambda tx: claims(tx, limit=12)))

    claimed = [id for result in results if isinstance(result, list) for id in result] + left
    assert sorted(claimed) == sorted(f"s{n}" for n in range(12))


def test_a_claim_stands_until_its_lease_runs_out_and_then_another_worker_takes_it_over(db: Database) -> None:
    sources(db, a_source())
    (first,) = db.write_blocking(claims)

    at_the_end = db.write_blocking(lambda tx: claims(tx, NOW + LEASE))
    (second,) = db.write_blocking(lambda tx: claims(tx, NOW + LEASE + timedelta(seconds=1)))

    assert at_the_end == []
    assert second.token != first.token


def test_one_host_is_asked_once_at_a_time(db: Database) -> None:
    sources(db, a_source("a", "https://one.example/a"), a_source("b", "https://one.example/b"))
    (first,) = db.write_blocking(claims)
    busy = db.write_blocking(lambda tx: claims(tx, NOW + timedelta(minutes=1)))

    db.write_blocking(lambda tx: record_poll(tx, a_poll(first)))

    assert (first.source.id, busy) == ("a", [])
    assert ids(db.write_blocking(lambda tx: claims(tx, NOW + timedelta(minutes=1)))) == ["b"]


def test_two_workers_do_not_ask_one_host_at_once(db: Database, other: Database) -> None:
    sources(db, *(a_source(f"s{n}", f"https://one.example/{n}") for n in range(6)))

    results = together(*[lambda: db.write_blocking(claims), lambda: other.write_blocking(claims)] * 2)

    assert sum(len(result) for result in results if isinstance(result, list)) == 1


def test_the_least_time_between_two_starts_at_one_host_is_kept(db: Database) -> None:
    sources(db, *(a_source(f"s{n}", f"https://one.example/{n}") for n in range(3)))

    def claimed_at(moment: datetime) -> list[str]:
        return ids(db.write_blocking(lambda tx: claims(tx, moment, min_gap=timedelta(seconds=3), per_host=9)))

    counts = [len(claimed_at(NOW + timedelta(seconds=second))) for second in range(8)]

    assert counts == [1, 0, 0, 1, 0, 0, 1, 0]


def test_hosts_are_told_apart_by_their_port(db: Database) -> None:
    sources(
        db,
        a_source("a", "https://one.example/a"),
        a_source("b", "https://one.example:8443/b"),
        a_source("c", "http://one.example/c"),
    )

    assert len(db.write_blocking(claims)) == 3


def test_a_paused_source_is_left_alone_until_it_is_taken_up_again(db: Database) -> None:
    sources(db, a_source())
    db.write_blocking(lambda tx: set_paused(tx, "news", paused_at=NOW, now=NOW))
    paused = db.write_blocking(claims)

    db.write_blocking(lambda tx: set_paused(tx, "news", paused_at=None, now=NOW))

    assert (paused, len(db.write_blocking(claims))) == ([], 1)


def test_a_source_that_left_the_file_is_left_alone_and_its_history_stays(db: Database) -> None:
    sources(db, a_source(), a_source("b", "https://b.example/feed"))
    sources(db, a_source("b", "https://b.example/feed"))

    assert ids(db.write_blocking(claims)) == ["b"]
    everything = db.write_blocking(lambda tx: list_sources(tx, retired=True))
    assert [(row["id"], row["retired_at"]) for row in everything] == [("b", None), ("news", NOW)]
    assert [row["id"] for row in db.write_blocking(list_sources)] == ["b"]


def test_only_the_sources_that_are_named_are_claimed(db: Database) -> None:
    sources(db, a_source("a", "https://a.example/feed"), a_source("b", "https://b.example/feed"))

    assert ids(db.write_blocking(lambda tx: claims(tx, only=("b", "unknown")))) == ["b"]


def test_the_one_worker_of_a_workspace_takes_over_every_lease_at_once(db: Database) -> None:
    sources(db, a_source("a", "https://a.example/feed"), a_source("b", "https://b.example/feed"))
    db.write_blocking(claims)

    assert db.write_blocking(release_claims) == 2
    assert len(db.write_blocking(claims)) == 2


def test_the_next_start_is_when_the_host_of_a_due_source_may_be_asked(db: Database) -> None:
    gap = timedelta(seconds=3)
    sources(db, a_source("a", "https://one.example/a"), a_source("b", "https://one.example/b"))
    before = db.write_blocking(lambda tx: next_start(tx, now=NOW))
    (first,) = db.write_blocking(lambda tx: claims(tx, min_gap=gap))

    during = db.write_blocking(lambda tx: next_start(tx, now=NOW))

    assert (before, during) == (NOW, NOW + gap)
    assert db.write_blocking(lambda tx: next_start(tx, now=NOW, only=(first.source.id,))) is None


def test_sources_can_be_made_due_by_hand(db: Database) -> None:
    sources(db, a_source("a", "https://a.example/feed"), a_source("b", "https://b.example/feed"))
    for claim in db.write_blocking(claims):
        db.write_blocking(lambda tx, claim=claim: record_poll(tx, a_poll(claim)))  # type: ignore[misc]

    assert db.write_blocking(claims) == []
    assert db.write_blocking(lambda tx: make_due(tx, now=NOW, only=["a"])) == 1
    assert ids(db.write_blocking(claims)) == ["a"]


# --- sources.yaml -----------------------------------------------------------------------------------------------------


def test_the_same_file_again_changes_nothing(db: Database) -> None:
    both = [a_source("a", "https://a.example/feed"), a_source("b", "https://b.example/feed")]

    def sync(tx: Tx) -> int:
        return sync_sources(tx, both, now=NOW)

    assert [db.write_blocking(sync) for _ in range(3)] == [2, 0, 0]


def written_before_a_key_existed(tx: Tx) -> None:
    """What a row of the first version holds."""
    first = ("id", "name", "url", "kind", "voice", "every", "select", "drop", "ignore", "agencies", "policies")
    for id, config in tx.execute(select(s.source.c.id, s.source.c.config)).all():
        kept = {key: config[key] for key in first}
        tx.execute(update(s.source).where(s.source.c.id == id).values(config=kept))


def test_a_row_of_an_older_version_is_neither_changed_nor_started_over(db: Database) -> None:
    sources(db, a_source())
    (claim,) = db.write_blocking(claims)
    db.write_blocking(lambda tx: record_poll(tx, a_poll(claim, seeded=False)))
    db.write_blocking(written_before_a_key_existed)
    before = db.write_blocking(list_sources)

    assert db.write_blocking(lambda tx: sync_sources(tx, [a_source()], now=NOW + LEASE)) == 0
    assert db.write_blocking(list_sources) == before
    assert before[0]["seeded_at"] is not None


def test_a_source_that_left_before_a_key_existed_is_still_read(db: Database) -> None:
    sources(db, a_source())
    db.write_blocking(lambda tx: sync_sources(tx, [], now=NOW))
    db.write_blocking(written_before_a_key_existed)

    (row,) = db.write_blocking(lambda tx: list_sources(tx, retired=True))

    assert source_from_config(row["config"]) == a_source()


@pytest.mark.parametrize(
    ("changed", "starts_over"),
    [
        (replace(a_source(), name="Another name"), False),
        (replace(a_source(), every=timedelta(minutes=15)), False),
        (replace(a_source(), policies=("1777",)), False),
        (replace(a_source(), url="https://moved.example/feed"), True),
        (replace(a_source(), select=("main",)), True),
        (replace(a_source(), ignore=("^Updated",)), True),
    ],
)
def test_only_what_makes_a_source_read_differently_makes_it_start_over(
    db: Database, changed: object, starts_over: bool
) -> None:
    sources(db, a_source())
    (claim,) = db.write_blocking(claims)
    db.write_blocking(lambda tx: record_poll(tx, a_poll(claim, seeded=False)))

    sources(db, changed)  # type: ignore[arg-type]

    row = db.write_blocking(lambda tx: get_source(tx, "news"))
    assert (row["seeded_at"] is None, row["body_sha256"] is None, row["full_at"] is None) == (starts_over,) * 3
    assert row["host"] == ("moved.example:443" if "moved" in row["url"] else "news.example:443")


def test_a_source_that_returns_is_taken_up_where_it_was_left(db: Database) -> None:
    sources(db, a_source())
    (claim,) = db.write_blocking(claims)
    db.write_blocking(lambda tx: record_poll(tx, a_poll(claim, seeded=False)))
    sources(db)

    sources(db, a_source())

    (again,) = db.write_blocking(claims)
    assert again.seeded
    assert db.write_blocking(lambda tx: tx.execute(select(func.count()).select_from(s.source)).scalar_one()) == 1


def test_a_source_that_does_not_exist_is_named(db: Database) -> None:
    with pytest.raises(NotFound, match="no source 'x'"):
        db.write_blocking(lambda tx: set_paused(tx, "x", paused_at=NOW, now=NOW))
