"""The archive as a WARC file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from monitor import __version__
from monitor.core.archive import unpacked
from monitor.core.warc import Archived, Warc
from monitor.pipeline.context import Context, log
from monitor.store.archive import archived_snapshots
from monitor.store.sources import get_source, source_ids

_AT_ONCE = 16  # snapshots in memory, of 15 MiB at most


@dataclass(slots=True)
class ExportReport:
    """How many snapshots were written, and of how many there are no bytes: given up by retention, or ``damaged``."""

    written: int = 0
    without_bytes: int = 0
    damaged: int = 0


async def export_warc(
    ctx: Context, out: BinaryIO, *, filename: str, sources: Sequence[str] = (), since: datetime | None = None
) -> ExportReport:
    """Write the snapshots of ``sources`` (else of all) from ``since`` on, source by source, oldest first.

    ``filename`` is what the file is called; ``.gz`` at its end compresses it. NotFound where there is no such source.
    """
    warc = Warc(compressed=filename.endswith(".gz"))
    report = ExportReport()
    chosen = await ctx.db.read(lambda tx: [get_source(tx, name)["id"] for name in sources] or source_ids(tx))
    software = f"Policy Monitor {__version__}"
    out.write(warc.opening(filename=filename, written_at=ctx.clock(), software=software))
    for source_id in dict.fromkeys(chosen):
        await _source(ctx, warc, out, source_id, since, report)
    return report


async def _source(
    ctx: Context, warc: Warc, out: BinaryIO, source_id: str, since: datetime | None, report: ExportReport
) -> None:
    place = 0
    while True:
        found = await ctx.db.read(
            lambda tx, place=place: archived_snapshots(  # type: ignore[misc]
                tx, source_id, after=place, since=since, most=_AT_ONCE
            )
        )
        for snapshot, chain, blob in found:
            place = snapshot.place
            if blob is None:
                report.without_bytes += 1
                continue
            try:
                body = unpacked(blob)
            except ValueError as error:
                log.error("archive_damaged", source=source_id, at=snapshot.at.isoformat(), why=str(error))
                report.damaged += 1
                continue
            out.write(warc.record(Archived(snapshot, chain, body)))
            report.written += 1
        if len(found) < _AT_ONCE:
            return
