"""The parts that every T3 is made of: a change of the timeline, and the event that tells it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from monitor.core.tracker.same import same_action
from monitor.core.triage import action_key, policy_data
from monitor.errors import Conflict, IllegalTransition
from monitor.model.event import Event, EventType
from monitor.model.policy import ActionRecord
from monitor.model.source import Voice
from monitor.store.actions import (
    ActionState,
    action_keys,
    create_action,
    get_action,
    revise_action,
    timeline_words,
)
from monitor.store.database import Tx
from monitor.store.events import NewEvent, held_events, withdraw
from monitor.store.policies import StoredAction, StoredPolicy, lock_policy, policy_by_id, update_policy
from monitor.store.records import action_to_json


@dataclass(frozen=True, slots=True)
class Speaker:
    """Whose words an action is: an event's ``data.source``."""

    id: str
    name: str
    voice: Voice


@dataclass(frozen=True, slots=True)
class Act:
    """One T3 under way: who decides, when, on which decision, and where its events gather until they are appended."""

    at: datetime
    actor: str
    base_url: str
    new_id: Callable[[str], str]
    events: list[NewEvent]
    decision_id: int | None = None

    def deciding(self, decision_id: int) -> Act:
        """The same act, on a decision."""
        return replace(self, decision_id=decision_id)

    def tell(
        self,
        type_: EventType,
        policy: StoredPolicy,
        *,
        action_id: int | None = None,
        record: ActionRecord | None = None,
        speaker: Speaker | None = None,
        recorded_at: datetime | None = None,
        **more: Any,
    ) -> None:
        """Gather an event that is complete by itself: receivers ask nothing back."""
        data: dict[str, Any] = {}
        if record is not None:
            data["action"] = {"id": action_id, **action_to_json(record), "recorded_at": _stamp(recorded_at or self.at)}
        data["policy"] = policy_data(policy.record, policy.slug)
        data["source"] = speaker and {"id": speaker.id, "name": speaker.name, "voice": speaker.voice.value}
        document = record.document_url if record is not None else None
        data["links"] = {"policy": f"{self.base_url}/policies/{policy.slug}", "document": document}
        agencies = (*policy.record.agencies, *(record.agencies if record is not None else ()))
        tracker_id = policy.record.tracker_id
        event = NewEvent(
            id=self.new_id("evt"),
            type=type_,
            policy_id=policy.id,
            action_id=action_id,
            decision_id=self.decision_id,
            policy_keys=(policy.record.url, policy.slug, *(() if tracker_id is None else (str(tracker_id),))),
            topics=policy.record.subjects,
            agencies=tuple(dict.fromkeys(agencies)),
            data={**data, **more},
        )
        self.events.append(event)


def _stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def record_action(
    tx: Tx, act: Act, policy: StoredPolicy, record: ActionRecord, *, flag_id: int | None, speaker: Speaker | None
) -> int:
    """A new action of the timeline, told as recorded; its id. Conflict where it was recorded automatically before."""
    lock_policy(tx, policy)
    twin = known_twin(tx, policy.id, record)
    if twin is not None and _waits(get_action(tx, twin)):
        raise Conflict(
            f"action {twin} of this policy is the same, recorded automatically: `monitor actions confirm {twin}`, "
            f"or correct it, instead of recording it twice; where this is another one, confirm that one first"
        )
    action_id = create_action(
        tx,
        policy_id=policy.id,
        flag_id=flag_id,
        key=_free_key(tx, policy.id, record),
        record=record,
        at=act.at,
        actor=act.actor,
    )
    act.tell(EventType.ACTION_RECORDED, policy, action_id=action_id, record=record, speaker=speaker)
    return action_id


def known_twin(tx: Tx, policy_id: int, record: ActionRecord) -> int | None:
    """The action of the policy that ``record`` repeats in other words, standing or taken back; None if there is none.

    All the words that an action ever had count: what editors corrected is still that action.
    """
    return next((each.id for each in timeline_words(tx, policy_id) if repeats(each.record, record)), None)


def repeats(one: ActionRecord, other: ActionRecord) -> bool:
    """Whether two records of one policy are the same action in other words (``same_action``)."""
    return same_action(_identity(one), _identity(other))


def _identity(record: ActionRecord) -> tuple[date | None, str, str, str | None]:
    return record.date, record.title, record.summary, record.document_url


def _waits(action: StoredAction) -> bool:
    return _stands(action) and not action.record.reviewed


def _free_key(tx: Tx, policy_id: int, record: ActionRecord) -> str:
    """The record's key; the next one where an equal action was taken back. A standing equal is the store's Conflict."""
    known = action_keys(tx, policy_id)
    nth = 0
    while (twin := known.get(action_key(record, nth))) is not None and not _stands(get_action(tx, twin)):
        nth += 1
    return action_key(record, nth)


def _stands(action: StoredAction) -> bool:
    return ActionState(action.state).stands


def restore_action(tx: Tx, act: Act, action: StoredAction, record: ActionRecord, *, speaker: Speaker | None) -> None:
    """Record an action again that was taken back: the same action, told as recorded."""
    _revise(tx, act, action, ActionState.RECORDED, record)
    act.tell(
        EventType.ACTION_RECORDED,
        policy_by_id(tx, action.policy_id),
        action_id=action.id,
        record=record,
        speaker=speaker,
    )


def correct_action(tx: Tx, act: Act, action: StoredAction, record: ActionRecord) -> None:
    """Change a standing action: who was told of it is told what changed; if nobody was, the new words are the first."""
    if not _stands(action):
        raise IllegalTransition(f"action {action.id} is {action.state}: only a standing action is corrected")
    if action.record == record:
        return
    held = _held(tx, act, action)
    withdraw(tx, held, at=act.at)
    policy = policy_by_id(tx, action.policy_id)
    first = next((event for event in held if event.type is EventType.ACTION_RECORDED), None)
    if first is None:
        _revise(tx, act, action, ActionState.CORRECTED, record)
        if changes := _changes_since_told(held, action.record, record):
            recorded_at = action.recorded_at
            told = EventType.ACTION_CORRECTED
            act.tell(told, policy, action_id=action.id, record=record, recorded_at=recorded_at, changes=changes)
        return
    _revise(tx, act, action, ActionState.RECORDED, record)
    source = first.data["source"]
    speaker = source and Speaker(source["id"], source["name"], Voice(source["voice"]))
    act.tell(EventType.ACTION_RECORDED, policy, action_id=action.id, record=record, speaker=speaker)


def _held(tx: Tx, act: Act, action: StoredAction) -> list[Event]:
    """What nobody knows of the action yet. A retraction stays: those who know what it retracts wait for it."""
    held = held_events(tx, at=act.at, action_id=action.id)
    return [event for event in held if event.type is not EventType.ACTION_RETRACTED]


def _changes_since_told(held: Sequence[Event], before: ActionRecord, after: ActionRecord) -> dict[str, list[Any]]:
    """``{field: [old, new]}`` against the words that were told last: the ``held`` corrections are withdrawn."""
    told = action_to_json(before)
    for event in reversed(held):
        told |= {name: old for name, (old, _) in event.data["changes"].items()}
    return {name: [told[name], new] for name, new in action_to_json(after).items() if told[name] != new}


def review_action(tx: Tx, act: Act, action: StoredAction) -> None:
    """Mark a standing action as looked at. What is still held is told as reviewed; who knows already is not told."""
    if not _stands(action):
        raise IllegalTransition(f"action {action.id} is {action.state}: only a standing action is confirmed")
    if action.record.reviewed:
        raise IllegalTransition(f"action {action.id} is reviewed already")
    record = replace(action.record, reviewed=True)
    if any(event.type is EventType.ACTION_RECORDED for event in _held(tx, act, action)):
        correct_action(tx, act, action, record)
    else:
        _revise(tx, act, action, ActionState(action.state), record)


def take_back(tx: Tx, act: Act, action: StoredAction, *, reason: str) -> ActionState:
    """Take a standing action back: withdrawn unseen while its event is held, retracted afterwards."""
    if not _stands(action):
        raise IllegalTransition(f"action {action.id} is {action.state} already")
    held = _held(tx, act, action)
    withdraw(tx, held, at=act.at)
    if any(event.type is EventType.ACTION_RECORDED for event in held):
        _revise(tx, act, action, ActionState.WITHDRAWN, action.record, reason=reason)
        return ActionState.WITHDRAWN
    _revise(tx, act, action, ActionState.RETRACTED, action.record, reason=reason)
    act.tell(
        EventType.ACTION_RETRACTED,
        policy_by_id(tx, action.policy_id),
        action_id=action.id,
        record=action.record,
        recorded_at=action.recorded_at,
        reason=reason,
    )
    return ActionState.RETRACTED


def _revise(
    tx: Tx, act: Act, action: StoredAction, state: ActionState, record: ActionRecord, *, reason: str | None = None
) -> None:
    revise_action(
        tx, action.id, seq=action.seq + 1, state=state, record=record, at=act.at, actor=act.actor, reason=reason
    )


def change_status(tx: Tx, act: Act, policy: StoredPolicy, status: str | None) -> None:
    """Set a policy's current status and tell it; nothing where it is that already."""
    policy = lock_policy(tx, policy)
    before = policy.record.current_status
    if before == status:
        return
    record = replace(policy.record, current_status=status)
    update_policy(tx, policy, record, at=act.at, actor=act.actor)
    changed = replace(policy, record=record)
    act.tell(EventType.POLICY_STATUS_CHANGED, changed, changes={"current_status": [before, status]})
