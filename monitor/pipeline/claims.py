"""Room 1's question, for whatever has leases and hosts: what may be worked on now?"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import timedelta
from typing import TypeVar

from monitor.pipeline.context import Context

C = TypeVar("C")


async def claimed(
    ctx: Context,
    claim: Callable[..., list[C]],
    most: int,
    *,
    lease: timedelta,
    only: Collection[str] | None = None,
) -> list[C]:
    """Claim up to ``most`` by ``claim`` (``claim_due``, ``claim_articles``), with the peace that hosts are given."""
    return await ctx.db.write(
        lambda tx: claim(
            tx,
            now=ctx.clock(),
            limit=most,
            lease=lease,
            min_gap=ctx.settings.host_min_gap,
            per_host=ctx.settings.host_concurrency,
            new_token=lambda: ctx.new_id("claim"),
            only=only,
        )
    )
