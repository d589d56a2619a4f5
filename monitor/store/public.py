"""What the public pages ask: only actions that stand, without the history behind them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import exists, func, select

from monitor.model.source import Voice
from monitor.store import schema as s
from monitor.store.database import Tx
from monitor.store.policies import StoredAction, StoredPolicy, action_rows, find_policy, stored_action
from monitor.store.sources import source_from_config


@dataclass(frozen=True, slots=True)
class Timeline:
    """How long a policy's timeline is, and the date of its latest action (None where none has a date)."""

    actions: int
    latest: date | None


def latest_actions(tx: Tx, limit: int) -> list[StoredAction]:
    """The actions that were told last, the newest first. What an import brings is silent: history, not news."""
    told = exists().where(s.event.c.action_id == s.action.c.id)
    query = action_rows().where(told).order_by(s.action.c.id.desc()).limit(limit)
    return [stored_action(row) for row in tx.execute(query).mappings()]


def actions_after(tx: Tx, after: int, limit: int) -> list[StoredAction]:
    """Up to ``limit`` actions with a greater id, in the order recorded."""
    query = action_rows().where(s.action.c.id > after).order_by(s.action.c.id).limit(limit)
    return [stored_action(row) for row in tx.execute(query).mappings()]


def timelines(tx: Tx) -> dict[int, Timeline]:
    """The timeline of each policy that has one, by the policy's row id."""
    standing = action_rows().subquery()
    day = func.max(standing.c.record["date"].as_string())
    query = select(standing.c.policy_id, func.count(), day).group_by(standing.c.policy_id)
    return {
        policy_id: Timeline(count, date.fromisoformat(latest) if latest else None)
        for policy_id, count, latest in tx.execute(query)
    }


def voices(tx: Tx, policy_id: int) -> dict[int, Voice]:
    """Who spoke in each action of a policy that a flag led to, by the action's id."""
    query = (
        select(s.action.c.id, s.source.c.config)
        .join(s.flag, s.flag.c.id == s.action.c.flag_id)
        .join(s.revision, s.revision.c.id == s.flag.c.revision_id)
        .join(s.entry, s.entry.c.id == s.revision.c.entry_id)
        .join(s.source, s.source.c.id == s.entry.c.source_id)
        .where(s.action.c.policy_id == policy_id)
    )
    return {action_id: source_from_config(config).voice for action_id, config in tx.execute(query)}


def policy_by_slug(tx: Tx, slug: str) -> StoredPolicy | None:
    """The policy of an address, and of no other name of it; None if there is none."""
    found = find_policy(tx, slug)
    return found if found is not None and found.slug == slug else None
