"""What of the archive is not as it was stored: every chain followed, all bytes hashed again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, Select, Text, cast, exc, func, select

from monitor.core.archive import unpacked
from monitor.core.chain import ChainCheck, Fault, FaultKind, Head, Snapshot
from monitor.store import schema as s
from monitor.store.archive import blob_of
from monitor.store.database import Tx

_AT_ONCE = 500  # rows in memory


@dataclass(frozen=True, slots=True)
class ChainVerdict:
    """One source's chain: its length, how many gave their bytes up, how many snapshots are older than it, its end."""

    snapshots: int
    pruned: int
    older: int
    head: Head
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class BytesVerdict:
    """A few of the blobs, in order of their hashes. ``last`` is where to go on; None where there are no more."""

    last: str | None
    blobs: int
    size: int
    faults: tuple[Fault, ...]


def chain_verdict(tx: Tx, source_id: str) -> ChainVerdict:
    """Follow a source's chain in one view of the database, whatever is stored meanwhile; a few rows at a time."""
    check = ChainCheck(source_id)
    faults: list[Fault] = []
    snapshots = pruned = 0
    last = None
    try:
        for row in tx.execute(_links(source_id, tx.dialect.name)).mappings():
            last, snapshots, pruned = row["id"], snapshots + 1, pruned + (row["pruned_at"] is not None)
            snapshot = _snapshot(source_id, row)
            faults += check.follow(row["id"], snapshot, row["chain"] or "")
            if row["bytes"] is None and row["pruned_at"] is None:
                detail = f"no bytes are there for {row['sha256']}, and retention did not delete them"
                faults.append(Fault(FaultKind.BYTES_MISSING, source_id, row["id"], snapshot.at, detail))
    except (exc.DBAPIError, TypeError, ValueError) as error:  # SQLite stores anything anywhere
        detail = f"the row after this one cannot be read ({error}), nor can what follows it"
        faults.append(Fault(FaultKind.ALTERED, source_id, last, None, detail))
        return ChainVerdict(snapshots, pruned, 0, Head(), tuple(faults))
    head = _head(tx, source_id)
    faults += check.end(head)
    return ChainVerdict(snapshots, pruned, _older(tx, source_id), head or Head(), tuple(faults))


def _links(source_id: str, dialect: str) -> Select[Any]:
    """As text what may have been altered so that it is no JSON and, on SQLite, no moment any more."""
    columns = ("id", "place", "url", "status", "sha256", "size", "chain", "pruned_at")
    texts: list[ColumnElement[Any]] = [cast(s.snapshot.c.headers, Text).label("headers")]
    texts += [cast(s.snapshot.c.at, Text).label("at") if dialect == "sqlite" else s.snapshot.c.at]
    return (
        select(*(s.snapshot.c[name] for name in columns), *texts, s.blob.c.sha256.label("bytes"))
        .outerjoin(s.blob, s.blob.c.sha256 == s.snapshot.c.sha256)
        .where(s.snapshot.c.source_id == source_id, s.snapshot.c.place.is_not(None))
        .order_by(s.snapshot.c.place)
        .execution_options(yield_per=_AT_ONCE)
    )


def _snapshot(source_id: str, row: RowMapping) -> Snapshot:
    """What cannot be read becomes what was never chained."""
    at = row["at"]
    try:
        at = at if isinstance(at, datetime) else datetime.fromisoformat(at)
    except ValueError:
        at = datetime.min.replace(tzinfo=UTC)
    try:
        headers = json.loads(row["headers"])
    except ValueError:
        headers = {"": row["headers"]}
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at
    return Snapshot(source_id, row["place"], at, row["url"], row["status"], headers, row["sha256"], row["size"])


def _head(tx: Tx, source_id: str) -> Head | None:
    query = select(s.chain_head.c.place, s.chain_head.c.chain).where(s.chain_head.c.source_id == source_id)
    row = tx.execute(query).first()
    return None if row is None else Head(*row)


def _older(tx: Tx, source_id: str) -> int:
    unchained = (s.snapshot.c.source_id == source_id) & s.snapshot.c.place.is_(None)
    older: int = tx.execute(select(func.count()).select_from(s.snapshot).where(unchained)).scalar_one()
    return older


def bytes_verdict(tx: Tx, after: str, most: int) -> BytesVerdict:
    """Hash the bytes of up to ``most`` blobs beyond the hash ``after`` again ("" to begin)."""
    query = select(s.blob).where(s.blob.c.sha256 > after).order_by(s.blob.c.sha256).limit(most)
    faults: list[Fault] = []
    last, count, size = None, 0, 0
    for row in tx.execute(query).mappings():
        last, count, size = row["sha256"], count + 1, size + row["size"]
        try:
            unpacked(blob_of(row))
        except ValueError as error:
            faults += _holders(tx, row["sha256"], str(error))
    return BytesVerdict(last, count, size, tuple(faults))


def _holders(tx: Tx, sha256: str, detail: str) -> Sequence[Fault]:
    """A fault for each that rests on these bytes."""
    kind = FaultKind.BYTES_ALTERED
    snapshots = select(s.snapshot.c.source_id, s.snapshot.c.id, s.snapshot.c.at).where(s.snapshot.c.sha256 == sha256)
    articles = select(s.article.c.url, s.article.c.settled_at).where(s.article.c.blob_sha256 == sha256)
    faults = [Fault(kind, *row, detail) for row in tx.execute(snapshots.order_by(s.snapshot.c.id)).all()]
    faults += [Fault(kind, None, None, at, f"of the article {url}: {detail}") for url, at in tx.execute(articles).all()]
    return faults or [Fault(kind, None, None, None, detail)]
