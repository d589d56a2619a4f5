"""What keeps the service healthy between polls: leases of dead workers are taken over."""

from __future__ import annotations

from dataclasses import dataclass

from monitor.pipeline.context import Context, log
from monitor.store.articles import release_articles
from monitor.store.deliveries import release_deliveries
from monitor.store.schedule import release_claims


@dataclass(frozen=True, slots=True)
class MaintainReport:
    """What was taken over: ``in_doubt`` deliveries now wait for an editor."""

    resumed: int = 0
    in_doubt: int = 0


async def maintain(ctx: Context, *, sole_worker: bool = False) -> MaintainReport:
    """Take over what dead workers left. ``sole_worker``: this one just took the workspace's lock, so every lease is
    a dead one's; otherwise only leases that ran out are.
    """
    now = ctx.clock()
    resend = ctx.settings.email_in_doubt == "resend" or ctx.mail.decides

    if sole_worker:
        await ctx.db.write(release_claims)
        await ctx.db.write(release_articles)
    counts = await ctx.db.write(lambda tx: release_deliveries(tx, now=now, all_leases=sole_worker, resend_mail=resend))
    if counts["in_doubt"]:
        log.error("mail_in_doubt", deliveries=counts["in_doubt"], see="monitor deliveries list --state in_doubt")
    return MaintainReport(counts["resumed"], counts["in_doubt"])
