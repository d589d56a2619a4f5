"""What the performance came to, as one object (CONTRACT, ``demo``)."""

from __future__ import annotations

from typing import Any

from monitor.demo.receivers import MailReceiver, WebhookReceiver
from monitor.pipeline.context import Context
from monitor.store.database import Tx
from monitor.store.deliveries import list_deliveries
from monitor.store.digests import action_titles
from monitor.store.flags import list_flags
from monitor.store.policies import get_policy, list_actions


async def report(ctx: Context, policy: int, mail: MailReceiver, hooks: WebhookReceiver) -> dict[str, Any]:
    """The policy's timeline from the database; mails and webhooks as the receivers have them, in order of arrival."""
    stored = await ctx.db.read(lambda tx: _stored(ctx, tx, policy))
    told = stored.pop("told")
    return {
        **stored,
        "mails": [
            {
                "subscriber": told[each.message_id][0],
                "message_id": each.message_id,
                "subject": each.subject,
                "actions": told[each.message_id][1],
            }
            for each in mail.mails
        ],
        "webhooks": [
            {"id": each.id, "type": each.type, "verified": each.verified, "endpoint": each.endpoint}
            for each in hooks.events
        ],
    }


def _stored(ctx: Context, tx: Tx, policy: int) -> dict[str, Any]:
    tracked = get_policy(tx, policy)
    titles = action_titles(tx)
    return {
        "policy": tracked.record.url,
        "actions": [
            {
                "date": str(action.record.date),
                "title": action.record.title,
                "kind": action.record.kind,
                "document_url": action.record.document_url,
            }
            for action in list_actions(tx, policy_id=tracked.id)
        ],
        "flags": [
            {
                "id": flag.id,
                "state": flag.state.value,
                "policy": flag.policy_url,
                "score": flag.score,
                "title": flag.title,
                "source": flag.source.id,
            }
            for flag in sorted(list_flags(tx, now=ctx.clock()), key=lambda flag: flag.id)
        ],
        "told": {
            row["message_id"]: (row["subscription_id"], titles.get(row["digest_id"], [])) for row in list_deliveries(tx)
        },
    }
