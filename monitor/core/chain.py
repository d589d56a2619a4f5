"""The hash chain over a source's snapshots: each link names the one before it, so that none can be altered unseen."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

FIRST = ""  # what stands before the first snapshot of a chain


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is chained of a snapshot. ``place`` counts from 1 within its source; ``sha256`` and ``size`` are the body's.

    ``at`` is aware; ``headers`` are the response's, names in lower case.
    """

    source_id: str
    place: int
    at: datetime
    url: str
    status: int
    headers: Mapping[str, str]
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Head:
    """Where a source's chain ends."""

    place: int = 0
    chain: str = FIRST


class FaultKind(StrEnum):
    """What is wrong with the archive at one place."""

    ALTERED = "altered"  # the snapshot's row, or the row of the chain's end
    MISSING = "missing"  # one snapshot or several
    OUT_OF_ORDER = "out of order"
    BYTES_ALTERED = "bytes altered"
    BYTES_MISSING = "bytes missing"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is not as it was stored. ``source_id`` None: bytes of an article, which ``detail`` names."""

    kind: FaultKind
    source_id: str | None
    snapshot: int | None
    at: datetime | None
    detail: str


def chained(previous: str, snapshot: Snapshot) -> str:
    """SHA-256 (hexadecimal) over the previous link and everything that is stored of the snapshot.

    Of the compact JSON, keys sorted and all but ASCII escaped, of ``[previous, source, place, sha256, size, url, at,
    status, headers]``; ``at`` in UTC with microseconds: ``2025-10-09T14:00:00.000000+00:00``.
    """
    at = snapshot.at.astimezone(UTC).isoformat(timespec="microseconds")
    fields = [previous, snapshot.source_id, snapshot.place, snapshot.sha256, snapshot.size, snapshot.url, at]
    fields += [snapshot.status, snapshot.headers]
    return hashlib.sha256(json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


class ChainCheck:
    """Follows one source's chain from its beginning. Each fault is told once, where it is: what follows is judged by
    the stored link, not by the one that should have been there."""

    def __init__(self, source_id: str) -> None:
        self._source_id = source_id
        self._head = Head()
        self._id = 0
        self._at: datetime | None = None

    def follow(self, id: int, snapshot: Snapshot, chain: str) -> list[Fault]:
        """Return the faults at the next snapshot by ``place``; ``id`` is its row's, ``chain`` its stored link."""
        faults = []
        if snapshot.place > self._head.place + 1:
            faults.append(self._gap(snapshot.place - 1, snapshot.at))
        elif chained(self._head.chain, snapshot) != chain:
            faults.append(self._fault(FaultKind.ALTERED, id, snapshot.at, "its row is not what was chained"))
        if id <= self._id:
            detail = f"it stands after snapshot {self._id}, which was stored later"
            faults.append(self._fault(FaultKind.OUT_OF_ORDER, id, snapshot.at, detail))
        self._head, self._id, self._at = Head(snapshot.place, chain), id, snapshot.at
        return faults

    def end(self, head: Head | None) -> list[Fault]:
        """Return the faults at the end of the chain; ``head`` is the stored one, None where there is none."""
        if head is None:
            detail = "the record of the chain's end is missing, so that the last snapshots may be missing too"
            return [self._fault(FaultKind.MISSING, None, self._at, detail)] if self._head.place else []
        if head.place > self._head.place:
            return [self._gap(head.place, None)]
        if head != self._head:
            detail = "the record of the chain's end does not name the last snapshot"
            return [self._fault(FaultKind.ALTERED, None, self._at, detail)]
        return []

    def _gap(self, last: int, until: datetime | None) -> Fault:
        first = self._head.place + 1
        places = f"number {first}" if first == last else f"numbers {first} to {last}"
        after = f"after {self._at:%Y-%m-%d %H:%M:%S}Z" if self._at is not None else "from the beginning"
        before = f" and before {until:%Y-%m-%d %H:%M:%S}Z" if until is not None else ""
        return self._fault(FaultKind.MISSING, None, self._at, f"{places} of the chain, {after}{before}")

    def _fault(self, kind: FaultKind, id: int | None, at: datetime | None, detail: str) -> Fault:
        return Fault(kind, self._source_id, id, at, detail)
