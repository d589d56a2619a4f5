"""Room 6: subsequent actions. An action's words are its latest revision; nothing is ever overwritten."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import insert, select

from monitor.errors import Conflict, NotFound
from monitor.model.policy import ActionRecord
from monitor.store import schema as s
from monitor.store.database import Tx
from monitor.store.policies import StoredAction, list_actions, stored_action
from monitor.store.records import action_from_json, action_to_json


class ActionState(StrEnum):
    """RECORDED and CORRECTED stand; RETRACTED was told and taken back; WITHDRAWN was never told."""

    RECORDED = "recorded"
    CORRECTED = "corrected"
    RETRACTED = "retracted"
    WITHDRAWN = "withdrawn"

    @property
    def stands(self) -> bool:
        """Whether the timeline shows it."""
        return self in (ActionState.RECORDED, ActionState.CORRECTED)


def get_action(tx: Tx, action_id: int) -> StoredAction:
    """An action in its present state, standing or not; on PostgreSQL its row stays locked until commit."""
    tx.execute(select(s.action.c.id).where(s.action.c.id == action_id).with_for_update())
    found = list_actions(tx, action_id=action_id, standing=False)
    if not found:
        raise NotFound(f"no action {action_id}: `monitor actions list` shows them")
    return found[0]


def action_for_flag(tx: Tx, flag_id: int, policy_id: int) -> StoredAction | None:
    """The action that accepting this flag recorded for this policy, standing or not."""
    query = select(s.action.c.id).where(s.action.c.flag_id == flag_id, s.action.c.policy_id == policy_id)
    action_id = tx.execute(query).scalar_one_or_none()
    return None if action_id is None else get_action(tx, action_id)


def action_ids_of_flag(tx: Tx, flag_id: int) -> list[int]:
    """Every action that this flag led to, in the order recorded."""
    return list(
        tx.execute(select(s.action.c.id).where(s.action.c.flag_id == flag_id).order_by(s.action.c.id)).scalars()
    )


def create_action(
    tx: Tx, *, policy_id: int, flag_id: int | None, key: str, record: ActionRecord, at: datetime, actor: str
) -> int:
    """Insert an action with its first revision. Conflict where this policy's timeline has it already."""
    known = select(s.action.c.id).where(s.action.c.policy_id == policy_id, s.action.c.key == key)
    twin = tx.execute(known).scalar_one_or_none()
    if twin is not None:
        raise Conflict(
            f"action {twin} of this policy has the same date and title already: "
            f"correct that one, or change the title to say what is different"
        )
    values = {"policy_id": policy_id, "flag_id": flag_id, "key": key, "created_at": at}
    action_id: int = tx.execute(insert(s.action).values(**values).returning(s.action.c.id)).scalar_one()
    revise_action(tx, action_id, seq=1, state=ActionState.RECORDED, record=record, at=at, actor=actor)
    return action_id


def revise_action(
    tx: Tx,
    action_id: int,
    *,
    seq: int,
    state: ActionState,
    record: ActionRecord,
    at: datetime,
    actor: str,
    reason: str | None = None,
) -> None:
    """Append the action's next state; ``seq`` is the last revision's + 1 (a unique constraint refuses a race)."""
    values = {
        "action_id": action_id,
        "seq": seq,
        "state": state.value,
        "at": at,
        "actor": actor,
        "reason": reason,
        "record": action_to_json(record),
    }
    tx.execute(insert(s.action_revision).values(**values))


def action_keys(tx: Tx, policy_id: int) -> dict[str, int]:
    """``{key: action id}`` of a policy's timeline, taken-back ones included: what an import compares with."""
    query = select(s.action.c.key, s.action.c.id).where(s.action.c.policy_id == policy_id)
    return dict(tx.execute(query).all())


def timeline_words(tx: Tx, policy_id: int) -> list[StoredAction]:
    """Every action of a policy in all the words that it ever had, those that were taken back included.

    One StoredAction a revision; ``state`` is the revision's own.
    """
    query = (
        select(s.action, s.action_revision.c.seq, s.action_revision.c.state, s.action_revision.c.record)
        .add_columns(s.policy.c.url.label("policy_url"))
        .join(s.action_revision, s.action_revision.c.action_id == s.action.c.id)
        .join(s.policy, s.policy.c.id == s.action.c.policy_id)
        .where(s.action.c.policy_id == policy_id)
        .order_by(s.action_revision.c.id)
    )
    return [stored_action(row) for row in tx.execute(query).mappings()]


def action_history(tx: Tx, action_id: int) -> list[dict[str, Any]]:
    """Every state that the action had, oldest first: ``seq, state, at, actor, reason`` and its words (``record``)."""
    r = s.action_revision
    query = select(r).where(r.c.action_id == action_id).order_by(r.c.seq)
    return [dict(row) | {"record": action_from_json(row["record"])} for row in tx.execute(query).mappings()]
