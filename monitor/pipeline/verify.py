"""The archive, checked as a whole: what of it is not as it was stored."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field

from monitor.core.chain import Fault
from monitor.pipeline.context import Context
from monitor.store.sources import source_ids
from monitor.store.verify import bytes_verdict, chain_verdict

_AT_ONCE = 16  # blobs in memory, of 15 MiB at most


@dataclass(slots=True)
class ArchiveVerdict:
    """What was looked at, and every fault. ``older`` snapshots are from before the archive: neither chained nor kept.

    ``head`` is one hash over the ends of all chains: whoever keeps it elsewhere can tell later that none was rewritten.
    """

    snapshots: int = 0
    pruned: int = 0
    older: int = 0
    blobs: int = 0
    size: int = 0
    head: str = ""
    faults: list[Fault] = field(default_factory=list)


async def verify_archive(ctx: Context) -> ArchiveVerdict:
    """Follow every source's chain and hash all bytes again. A source at a time, so that the service goes on beside."""
    verdict = ArchiveVerdict()
    heads = []
    for source_id in await ctx.db.read(source_ids):
        chain = await ctx.db.read(lambda tx, of=source_id: chain_verdict(tx, of))  # type: ignore[misc]
        verdict.snapshots += chain.snapshots
        verdict.pruned += chain.pruned
        verdict.older += chain.older
        verdict.faults += chain.faults
        heads.append([source_id, chain.head.place, chain.head.chain])
    verdict.head = hashlib.sha256(json.dumps(heads, separators=(",", ":")).encode()).hexdigest()
    after: str | None = ""
    while after is not None:
        found = await ctx.db.read(lambda tx, after=after: bytes_verdict(tx, after, _AT_ONCE))  # type: ignore[misc]
        verdict.blobs += found.blobs
        verdict.size += found.size
        verdict.faults += found.faults
        after = found.last
    return verdict
