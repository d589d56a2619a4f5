"""The archive keeps every snapshot's bytes in one chain a source; whatever is altered in it is found and named."""

from __future__ import annotations

import tracemalloc
import zlib
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import pytest
from sqlalchemy import bindparam, delete, insert, select, text, update

from monitor.core.archive import packed
from monitor.core.chain import FIRST, Fault, FaultKind, Head, Snapshot, chained
from monitor.errors import LostClaim
from monitor.model.source import Fetched
from monitor.store import schema as s
from monitor.store.archive import store_blob, store_snapshot
from monitor.store.archive_tables import blob, chain_head
from monitor.store.database import Database, Tx
from monitor.store.polls import record_poll
from monitor.store.verify import ChainVerdict, bytes_verdict, chain_verdict
from tests.store.rows import LEASE, NOW, a_poll, a_source, an_entry, claims, polled, sources, together

BODIES = (b"first " * 50, b"second " * 50, b"third " * 50, b"fourth " * 50)


HTML = {"content-type": "text/html"}


def stored(
    tx: Tx, body: bytes, at: datetime = NOW, *, source_id: str = "news", headers: Mapping[str, str] = HTML
) -> int:
    fetched = Fetched("https://news.example/feed", 200, body, dict(headers))
    return store_snapshot(tx, source_id, at, fetched, packed(body))


@pytest.fixture
def archive(db: Database) -> Database:
    """Four snapshots of one source, a day apart."""
    sources(db, a_source(), a_source("other", "https://other.example/feed"))
    for day, body in enumerate(BODIES):
        db.write_blocking(lambda tx, day=day, body=body: stored(tx, body, NOW + timedelta(days=day)))  # type: ignore[misc]
    return db


def verdict(db: Database, source_id: str = "news") -> ChainVerdict:
    return db.write_blocking(lambda tx: chain_verdict(tx, source_id))


def faults(db: Database) -> list[Fault]:
    """Every fault, as ``doctor --verify-archive`` finds them."""
    hashed = db.write_blocking(lambda tx: bytes_verdict(tx, "", 100))
    return [*verdict(db).faults, *verdict(db, "other").faults, *hashed.faults]


def told(found: list[Fault]) -> list[tuple[FaultKind, str | None, int | None, datetime | None]]:
    return [(each.kind, each.source_id, each.snapshot, each.at) for each in found]


def ids(db: Database) -> list[int]:
    return list(db.write_blocking(lambda tx: tx.execute(select(s.snapshot.c.id).order_by(s.snapshot.c.id))).scalars())


# --- what is kept ----------------------------------------------------------------------------------------------------


def test_a_poll_keeps_the_bytes_of_what_is_new_in_its_own_transaction(db: Database) -> None:
    polled(db, an_entry("1"), an_entry("2"))

    (row,) = db.write_blocking(lambda tx: tx.execute(select(s.snapshot)).mappings().all())
    (kept,) = db.write_blocking(lambda tx: tx.execute(select(blob)).mappings().all())
    revisions = db.write_blocking(lambda tx: tx.execute(select(s.revision.c.snapshot_id)).scalars().all())
    assert (row["sha256"], row["size"], row["place"]) == (kept["sha256"], 2, 1)
    assert zlib.decompress(kept["content"]) == b"12"
    assert revisions == [row["id"]] * 2


def test_a_poll_that_brings_nothing_new_keeps_nothing(db: Database) -> None:
    polled(db)

    assert (ids(db), verdict(db).head) == ([], Head())


def test_a_late_worker_leaves_neither_bytes_nor_a_link(db: Database) -> None:
    sources(db, a_source())
    (late,) = db.write_blocking(claims)
    db.write_blocking(lambda tx: claims(tx, NOW + LEASE + timedelta(seconds=1)))

    with pytest.raises(LostClaim):
        db.write_blocking(lambda tx: record_poll(tx, a_poll(late, an_entry("1"))))

    assert (ids(db), verdict(db).head, faults(db)) == ([], Head(), [])


def test_a_link_is_the_hash_of_everything_that_is_stored(archive: Database) -> None:
    rows = archive.write_blocking(
        lambda tx: tx.execute(select(s.snapshot).order_by(s.snapshot.c.place)).mappings().all()
    )

    previous = FIRST
    for place, row in enumerate(rows, 1):
        fields = (row[name] for name in ("at", "url", "status", "headers", "sha256", "size"))
        previous = chained(previous, Snapshot("news", place, *fields))
        assert row["chain"] == previous
    assert verdict(archive) == ChainVerdict(4, 0, 0, Head(4, previous), ())


def test_the_same_bytes_are_kept_once_and_chained_each_time(archive: Database) -> None:
    archive.write_blocking(lambda tx: stored(tx, BODIES[0], NOW + timedelta(days=9)))

    assert (verdict(archive).snapshots, faults(archive)) == (5, [])
    assert archive.write_blocking(lambda tx: bytes_verdict(tx, "", 100)).blobs == 4


def test_cookies_are_not_kept(archive: Database) -> None:
    id = archive.write_blocking(lambda tx: stored(tx, b"x", headers={"Set-Cookie": "session=1", "Etag": '"a"'}))

    query = select(s.snapshot.c.headers).where(s.snapshot.c.id == id)
    assert archive.write_blocking(lambda tx: tx.execute(query).scalar_one()) == {"etag": '"a"'}


def test_each_source_has_a_chain_of_its_own(archive: Database) -> None:
    archive.write_blocking(lambda tx: stored(tx, b"other", source_id="other"))

    assert (verdict(archive).head.place, verdict(archive, "other").head.place, faults(archive)) == (4, 1, [])


def test_two_transactions_that_chain_at_once_make_one_line(archive: Database, other: Database) -> None:
    together(
        *(lambda n=n: archive.write_blocking(lambda tx: stored(tx, b"a%d" % n)) for n in range(3)),
        *(lambda n=n: other.write_blocking(lambda tx: stored(tx, b"b%d" % n)) for n in range(3)),
    )

    assert (verdict(archive).head.place, faults(archive)) == (10, [])


def test_the_first_two_links_of_a_source_may_be_made_at_once(archive: Database, other: Database) -> None:
    together(
        lambda: archive.write_blocking(lambda tx: stored(tx, b"a", source_id="other")),
        lambda: other.write_blocking(lambda tx: stored(tx, b"b", source_id="other")),
    )

    assert (verdict(archive, "other").head.place, faults(archive)) == (2, [])


def test_snapshots_that_are_older_than_the_archive_are_counted_and_no_fault(archive: Database) -> None:
    old = {"source_id": "news", "at": NOW, "url": "u", "status": 200, "sha256": "f" * 64, "size": 1, "headers": {}}
    archive.write_blocking(lambda tx: tx.execute(insert(s.snapshot), [old, old]))

    assert (verdict(archive).older, faults(archive)) == (2, [])


# --- what is altered -------------------------------------------------------------------------------------------------


def flipped(content: bytes) -> bytes:
    return content[:12] + bytes([content[12] ^ 1]) + content[13:]


def alter(db: Database, snapshot: int, **values: object) -> None:
    db.write_blocking(lambda tx: tx.execute(update(s.snapshot).where(s.snapshot.c.id == snapshot).values(**values)))


def row_of(db: Database, id: int) -> Mapping[str, object]:
    found = db.write_blocking(lambda tx: tx.execute(select(s.snapshot).where(s.snapshot.c.id == id)).mappings().one())
    return dict(found)


def flip_a_byte(db: Database, id: int) -> None:
    def work(tx: Tx) -> None:
        (content,) = tx.execute(select(blob.c.content).where(blob.c.sha256 == packed(BODIES[1]).sha256)).scalars()
        tx.execute(update(blob).where(blob.c.content == content).values(content=flipped(content)))

    db.write_blocking(work)


def exchange_the_bytes(db: Database, id: int) -> None:
    other = packed(b"other bytes " * 9)
    values = {"content": other.content, "size": other.size}
    where = blob.c.sha256 == packed(BODIES[1]).sha256
    db.write_blocking(lambda tx: tx.execute(update(blob).where(where).values(**values)))


def swell_the_bytes(db: Database, id: int) -> None:
    content = zlib.compress(bytes(50_000_000))
    where = blob.c.sha256 == packed(BODIES[1]).sha256
    db.write_blocking(lambda tx: tx.execute(update(blob).where(where).values(content=content)))


def delete_the_bytes(db: Database, id: int) -> None:
    where = blob.c.sha256 == packed(BODIES[1]).sha256
    db.write_blocking(lambda tx: tx.execute(delete(blob).where(where)))


@pytest.mark.parametrize(
    ("harm", "kind"),
    [
        (flip_a_byte, FaultKind.BYTES_ALTERED),
        (exchange_the_bytes, FaultKind.BYTES_ALTERED),
        (swell_the_bytes, FaultKind.BYTES_ALTERED),
        (delete_the_bytes, FaultKind.BYTES_MISSING),
        (lambda db, id: alter(db, id, headers={"content-type": "text/htmm"}), FaultKind.ALTERED),
        (lambda db, id: alter(db, id, headers=["content-type", "text/html"]), FaultKind.ALTERED),
        (lambda db, id: alter(db, id, url="https://news.example/fees"), FaultKind.ALTERED),
        (lambda db, id: alter(db, id, status=404), FaultKind.ALTERED),
        (lambda db, id: alter(db, id, size=1), FaultKind.ALTERED),
    ],
)
def test_what_is_altered_is_named_by_source_snapshot_and_time(
    archive: Database, harm: Callable[[Database, int], None], kind: FaultKind
) -> None:
    second = ids(archive)[1]

    harm(archive, second)

    assert told(faults(archive)) == [(kind, "news", second, NOW + timedelta(days=1))]


def test_a_moment_that_was_altered_is_named(archive: Database) -> None:
    second = ids(archive)[1]
    moved = NOW + timedelta(days=1, microseconds=1)

    alter(archive, second, at=moved)

    assert told(faults(archive)) == [(FaultKind.ALTERED, "news", second, moved)]


def test_a_link_that_was_altered_breaks_the_chain_on_both_sides(archive: Database) -> None:
    _, second, third, _ = ids(archive)

    alter(archive, second, chain="0" * 64)

    assert [(each.kind, each.snapshot) for each in faults(archive)] == [
        (FaultKind.ALTERED, second),
        (FaultKind.ALTERED, third),
    ]


def test_other_bytes_under_a_snapshot_are_named(archive: Database) -> None:
    """The bytes are whole, and so is the row that names them: but it named others."""
    second = ids(archive)[1]

    alter(archive, second, sha256=packed(BODIES[2]).sha256)

    assert told(faults(archive)) == [(FaultKind.ALTERED, "news", second, NOW + timedelta(days=1))]


def test_a_snapshot_that_was_deleted_in_the_middle_is_named_by_its_place_and_the_times_around_it(
    archive: Database,
) -> None:
    second = ids(archive)[1]

    archive.write_blocking(lambda tx: tx.execute(delete(s.snapshot).where(s.snapshot.c.id == second)))

    (fault,) = faults(archive)
    assert (fault.kind, fault.source_id) == (FaultKind.MISSING, "news")
    assert fault.detail == "number 2 of the chain, after 2025-10-06 09:00:00Z and before 2025-10-08 09:00:00Z"


@pytest.mark.parametrize(("gone", "words"), [(slice(0, 2), "numbers 1 to 2"), (slice(2, 4), "numbers 3 to 4")])
def test_snapshots_that_were_deleted_at_an_end_are_missed(archive: Database, gone: slice, words: str) -> None:
    these = ids(archive)[gone]

    archive.write_blocking(lambda tx: tx.execute(delete(s.snapshot).where(s.snapshot.c.id.in_(these))))

    (fault,) = faults(archive)
    assert (fault.kind, fault.detail.startswith(words)) == (FaultKind.MISSING, True)


def test_a_snapshot_that_was_taken_out_of_the_chain_is_missed(archive: Database) -> None:
    alter(archive, ids(archive)[1], place=None, chain=None)

    assert [each.kind for each in faults(archive)] == [FaultKind.MISSING]


def test_a_swapped_pair_is_found(archive: Database) -> None:
    """All of two rows but their ids, so that revisions rest on the wrong one."""
    _, second, third, _ = ids(archive)
    rows = {id: {**row_of(archive, id), "id": other} for id, other in ((second, third), (third, second))}

    alter(archive, second, place=99)
    alter(archive, third, **rows[second])
    alter(archive, second, **rows[third])

    assert told(faults(archive)) == [(FaultKind.OUT_OF_ORDER, "news", second, NOW + timedelta(days=2))]


def test_a_pair_that_was_swapped_in_its_places_too_is_found(archive: Database) -> None:
    _, second, third, _ = ids(archive)
    columns = ("at", "url", "headers", "sha256", "size")
    rows = {id: {name: row_of(archive, id)[name] for name in columns} for id in (second, third)}

    alter(archive, second, **rows[third])
    alter(archive, third, **rows[second])

    assert [(each.kind, each.snapshot) for each in faults(archive)] == [
        (FaultKind.ALTERED, second),
        (FaultKind.ALTERED, third),
    ]


def test_an_end_that_was_moved_or_deleted_is_found(archive: Database) -> None:
    of_news = chain_head.c.source_id == "news"

    archive.write_blocking(lambda tx: tx.execute(update(chain_head).where(of_news).values(place=3)))
    assert [each.kind for each in faults(archive)] == [FaultKind.ALTERED]

    archive.write_blocking(lambda tx: tx.execute(delete(chain_head).where(of_news)))
    assert [each.kind for each in faults(archive)] == [FaultKind.MISSING]


def test_bytes_of_an_article_are_named_by_its_address(archive: Database) -> None:
    polled(archive, an_entry("1"), source=a_source("paper", "https://paper.example/feed"))
    page = packed(b"an article " * 20)

    def work(tx: Tx) -> None:
        store_blob(tx, page, at=NOW)
        entry = tx.execute(select(s.entry.c.id)).scalar_one()
        link = {
            "url": "https://paper.example/a",
            "canonical_url": "https://paper.example/a",
            "host": "paper.example:443",
        }
        values = {"entry_id": entry, **link, "state": "read", "settled_at": NOW, "blob_sha256": page.sha256}
        tx.execute(insert(s.article).values(**values))
        tx.execute(update(blob).where(blob.c.sha256 == page.sha256).values(content=flipped(page.content)))

    archive.write_blocking(work)

    (fault,) = faults(archive)
    assert (fault.kind, fault.source_id, fault.at) == (FaultKind.BYTES_ALTERED, None, NOW)
    assert "https://paper.example/a" in fault.detail


@pytest.mark.parametrize(
    ("column", "value"), [("headers", b'{"content-type: "text/html"}'), ("at", b"2025-10-0x"), ("url", b"\xff\xfe")]
)
def test_a_row_that_cannot_be_read_any_more_is_a_fault_and_no_traceback(
    archive: Database, column: str, value: bytes
) -> None:
    if not archive.is_sqlite:
        pytest.skip("PostgreSQL stores no such value")
    second = ids(archive)[1]
    statement = text(f"UPDATE snapshot SET {column} = CAST(:value AS TEXT) WHERE id = :id")
    archive.write_blocking(lambda tx: tx.execute(statement.bindparams(bindparam("value"), id=second), {"value": value}))

    assert FaultKind.ALTERED in {each.kind for each in faults(archive)}


@pytest.mark.slow
def test_a_long_chain_is_followed_in_little_memory(archive: Database) -> None:
    def many(tx: Tx) -> None:
        for hour in range(20_000):
            stored(tx, BODIES[0], NOW + timedelta(days=5, hours=hour))

    archive.write_blocking(many)
    tracemalloc.start()
    found = verdict(archive)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert (found.snapshots, found.faults, peak < 8 * 2**20) == (20_004, (), True)
