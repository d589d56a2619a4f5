"""What keeps the service healthy between polls: leases of dead workers are taken over, old bytes given up."""

from __future__ import annotations

from dataclasses import dataclass

from monitor.pipeline.context import Context, log
from monitor.store.articles import release_articles
from monitor.store.deliveries import release_deliveries
from monitor.store.retention import Keep, prune, sources_to_prune
from monitor.store.schedule import release_claims

_SOURCES = 20  # a tick


@dataclass(frozen=True, slots=True)
class MaintainReport:
    """What was taken over (``in_doubt`` deliveries now wait for an editor), and how many snapshots gave bytes up."""

    resumed: int = 0
    in_doubt: int = 0
    pruned: int = 0


async def maintain(ctx: Context, *, sole_worker: bool = False) -> MaintainReport:
    """Take over what dead workers left, and give up bytes that need not be kept longer.

    ``sole_worker``: this one just took the workspace's lock, so every lease is a dead one's; otherwise only leases that
    ran out are.
    """
    now = ctx.clock()
    resend = ctx.settings.email_in_doubt == "resend" or ctx.mail.decides

    if sole_worker:
        await ctx.db.write(release_claims)
        await ctx.db.write(release_articles)
    counts = await ctx.db.write(lambda tx: release_deliveries(tx, now=now, all_leases=sole_worker, resend_mail=resend))
    if counts["in_doubt"]:
        log.error("mail_in_doubt", deliveries=counts["in_doubt"], see="monitor deliveries list --state in_doubt")
    return MaintainReport(counts["resumed"], counts["in_doubt"], await _prune(ctx))


async def _prune(ctx: Context) -> int:
    """Look at a few sources, each once a day, in short transactions: polls go on in between."""
    now = ctx.clock()
    keep = Keep(ctx.settings.archive_age, ctx.settings.archive_count)
    pruned = 0
    for source_id in await ctx.db.read(lambda tx: sources_to_prune(tx, now=now, limit=_SOURCES)):
        last: int | None = 0
        while last is not None:
            step = await ctx.db.write(
                lambda tx, of=source_id, after=last: prune(tx, of, now=now, keep=keep, after=after)  # type: ignore[misc]
            )
            pruned, last = pruned + step.snapshots, step.last
    if pruned:
        log.info("archive_pruned", snapshots=pruned)
    return pruned
