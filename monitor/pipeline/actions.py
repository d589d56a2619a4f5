"""Room 6 by hand: actions that editors learned of elsewhere, corrections and retractions."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from monitor.errors import UsageError
from monitor.model.policy import ActionRecord
from monitor.pipeline.context import Context
from monitor.pipeline.telling import Act, correct_action, record_action, review_action, take_back
from monitor.pipeline.triage import decide_in
from monitor.store.actions import ActionState, get_action
from monitor.store.database import Tx
from monitor.store.policies import get_policy


async def add(ctx: Context, policy: str, record: ActionRecord, *, actor: str) -> int:
    """Record an action for a policy (tracker id, url or slug); its id. Told like an accepted flag."""

    def work(tx: Tx, act: Act) -> int:
        return record_action(tx, act, get_policy(tx, policy), record, flag_id=None, speaker=None)

    return await decide_in(ctx, actor, work)


async def correct(
    ctx: Context,
    action_id: int,
    *,
    actor: str,
    title: str | None = None,
    summary: str | None = None,
    on: date | None = None,
    kind: str | None = None,
    document_url: str | None = None,
    reported: bool | None = None,
) -> ActionRecord:
    """Change fields of a standing action; None keeps one. Whoever was told of the action is told what changed."""
    given: dict[str, Any] = {
        "title": title,
        "summary": summary,
        "date": on,
        "kind": kind,
        "document_url": document_url,
        "reported": reported,
    }
    changes = {name: value for name, value in given.items() if value is not None}
    if not changes:
        raise UsageError("nothing to correct: give at least one of --title, --summary, --date, --kind, --document")

    def work(tx: Tx, act: Act) -> ActionRecord:
        action = get_action(tx, action_id)
        record = replace(action.record, **changes, reviewed=True)
        correct_action(tx, act, action, record)
        return record

    return await decide_in(ctx, actor, work)


async def confirm(ctx: Context, action_id: int, *, actor: str) -> ActionRecord:
    """Say that an action which was recorded automatically is right; the history keeps who did. Nobody is told."""

    def work(tx: Tx, act: Act) -> ActionRecord:
        action = get_action(tx, action_id)
        review_action(tx, act, action)
        return replace(action.record, reviewed=True)

    return await decide_in(ctx, actor, work)


async def retract(ctx: Context, action_id: int, *, actor: str, reason: str) -> ActionState:
    """Take an action back: WITHDRAWN while nobody can have been told of it, else RETRACTED, which is told."""

    def work(tx: Tx, act: Act) -> ActionState:
        return take_back(tx, act, get_action(tx, action_id), reason=reason)

    return await decide_in(ctx, actor, work)
