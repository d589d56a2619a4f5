"""Room 5: which policies each item of a poll concerns, by the page that states it or by the matcher."""

from __future__ import annotations

from collections.abc import Sequence

from monitor.core.entries import Decided
from monitor.core.match import UNMATCHED, Matched, MatchItem
from monitor.model.source import Reading, Record, Seed, SourceKind
from monitor.pipeline.context import Context
from monitor.pipeline.tracker import known_policies
from monitor.store.policies import Version
from monitor.store.schedule import Claim


async def answers(
    ctx: Context, claim: Claim, reading: Reading, decided: Decided, asked: Sequence[MatchItem], version: Version
) -> list[Matched]:
    """One answer for each of ``asked``, in order; none of a silent baseline.

    Of a source that says ``record: auto`` those matches too that are not flagged: a number is certain only where it
    speaks for no other policy.
    """
    if not claim.seeded and claim.source.seed is Seed.SILENT:
        return [UNMATCHED] * len(asked)
    if reading.kind is SourceKind.TRACKER:
        return await known_policies(ctx, claim, decided, asked, version)
    if claim.source.record is Record.AUTO:
        return await ctx.matching.matches(asked, version)
    return await ctx.matching.flags(asked, version)
