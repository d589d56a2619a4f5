"""The archive: every snapshot with its bytes, chained to the one before it."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import RowMapping, bindparam, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from monitor.core.archive import kept_headers
from monitor.core.chain import Head, Snapshot, chained
from monitor.model.article import Blob
from monitor.model.source import Fetched
from monitor.store import schema as s
from monitor.store.database import Tx
from monitor.store.prepared import Prepared

_HEAD = Prepared(
    select(s.chain_head.c.place, s.chain_head.c.chain)
    .where(s.chain_head.c.source_id == bindparam("of_source"))
    .with_for_update()
)
_BEGIN = Prepared(insert(s.chain_head))
_MOVE = Prepared(
    update(s.chain_head)
    .where(s.chain_head.c.source_id == bindparam("of_source"))
    .values(place=bindparam("place"), chain=bindparam("chain"))
)
_SNAPSHOT = Prepared(insert(s.snapshot).returning(s.snapshot.c.id))


def store_snapshot(tx: Tx, source_id: str, at: datetime, fetched: Fetched, blob: Blob) -> int:
    """Keep a document of a source with its bytes (``packed`` of its body) as the next of the chain; the row's id.

    The source's chain stays locked until the transaction ends. Cookies are not kept.
    """
    store_blob(tx, blob, at=at)
    found = _HEAD.rows(tx, {"of_source": source_id})
    head = Head(*found[0]) if found else Head()
    headers = kept_headers(fetched.headers)
    snapshot = Snapshot(source_id, head.place + 1, at, fetched.url, fetched.status, headers, blob.sha256, blob.size)
    end = {"place": snapshot.place, "chain": chained(head.chain, snapshot)}
    if found:
        _MOVE.run(tx, {"of_source": source_id, **end})
    else:
        _BEGIN.run(tx, {"source_id": source_id, **end})
    values = {
        "source_id": source_id,
        "at": at,
        "url": fetched.url,
        "status": fetched.status,
        "sha256": blob.sha256,
        "size": blob.size,
        "headers": headers,
        **end,
    }
    return _SNAPSHOT.ids(tx, [values])[0]


def store_blob(tx: Tx, blob: Blob, *, at: datetime) -> None:
    """Keep bytes in the archive; the same ones once."""
    values = {"sha256": blob.sha256, "codec": blob.codec, "content": blob.content, "size": blob.size, "stored_at": at}
    _storing(tx.dialect.name).run(tx, values)


@cache
def _storing(dialect: str) -> Prepared:
    if dialect == "sqlite":  # one writer at a time
        return Prepared(sqlite.insert(s.blob).on_conflict_do_nothing())
    # Locks the row that is there already: retention, which may be about to delete it, waits and then sees who needs it.
    same = {"stored_at": s.blob.c.stored_at}
    return Prepared(postgresql.insert(s.blob).on_conflict_do_update(index_elements=[s.blob.c.sha256], set_=same))


def blob_of(row: Any) -> Blob:
    """Return the bytes of a row of ``blob``."""
    return Blob(row["sha256"], row["codec"], bytes(row["content"]), row["size"])


def archived_snapshots(
    tx: Tx, source_id: str, *, after: int, since: datetime | None, most: int
) -> list[tuple[Snapshot, str, Blob | None]]:
    """Up to ``most`` of a source's chained snapshots beyond the place ``after``, with their links.

    No bytes where retention gave them up, or where they are missing.
    """
    names = ("place", "at", "url", "status", "headers", "sha256", "size")
    bytes_ = (s.blob.c[name].label(f"blob_{name}") for name in ("sha256", "codec", "content", "size"))
    query = (
        select(*(s.snapshot.c[name] for name in names), s.snapshot.c.chain, *bytes_)
        .outerjoin(s.blob, s.blob.c.sha256 == s.snapshot.c.sha256)
        .where(s.snapshot.c.source_id == source_id, s.snapshot.c.place > after)
        .order_by(s.snapshot.c.place)
        .limit(most)
    )
    if since is not None:
        query = query.where(s.snapshot.c.at >= since)
    return [
        (
            Snapshot(source_id, *(row[name] for name in names)),
            row["chain"],
            None if row["blob_sha256"] is None else _blob(row),
        )
        for row in tx.execute(query).mappings()
    ]


def _blob(row: RowMapping) -> Blob:
    return Blob(row["blob_sha256"], row["blob_codec"], bytes(row["blob_content"]), row["blob_size"])
