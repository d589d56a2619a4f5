"""T2 of a source that says ``record: auto``: what is certain is accepted in the transaction that flags it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from monitor.model.flag import DecisionKind, FlagState
from monitor.model.policy import ActionRecord
from monitor.pipeline.context import Context
from monitor.pipeline.telling import Act, Speaker, known_twin, record_action, repeats
from monitor.pipeline.triage import Edits, record_of
from monitor.store.database import Tx
from monitor.store.events import append_events
from monitor.store.flags import StoredFlag, get_flag, list_flags, record_decision
from monitor.store.policies import lock_policy, policy_by_id
from monitor.store.polls import PollCounts, PollRecord, record_poll

AUTOMATIC = "automatic"  # the actor


def commit_poll(ctx: Context, tx: Tx, record: PollRecord) -> PollCounts:
    """T2, and with it the decisions that need no editor. Their events are held for MONITOR_HOLD like any other's."""
    counts = record_poll(tx, record)
    if counts.certain:
        act = Act(at=record.at, actor=AUTOMATIC, base_url=ctx.settings.base_url, new_id=ctx.new_id, events=[])
        _accept(ctx, tx, act, counts.certain)
        append_events(tx, act.events, at=act.at, hold=ctx.settings.hold)
    return counts


def _accept(ctx: Context, tx: Tx, act: Act, flag_ids: Sequence[int]) -> None:
    flags = [get_flag(tx, flag_id) for flag_id in flag_ids]
    for policy_id in sorted({flag.policy_id for flag in flags}):  # in one order, as editors' acceptances do
        lock_policy(tx, policy_by_id(tx, policy_id))
    for flag in flags:
        _record(ctx, tx, act, flag)


def _record(ctx: Context, tx: Tx, act: Act, flag: StoredFlag) -> None:
    """Record the flag's draft, unless the timeline has it or an editor rejected it: then an editor sees the flag."""
    record = replace(record_of(flag, ctx.vocabulary, Edits()), reviewed=False)
    if known_twin(tx, flag.policy_id, record) is not None or _was_rejected(ctx, tx, act, flag.policy_id, record):
        return
    decision = record_decision(tx, flag, DecisionKind.ACCEPT, state=FlagState.ACCEPTED, actor=act.actor, at=act.at)
    speaker = Speaker(flag.source.id, flag.publisher, flag.source.voice)
    policy = policy_by_id(tx, flag.policy_id)
    record_action(tx, act.deciding(decision), policy, record, flag_id=flag.id, speaker=speaker)


def _was_rejected(ctx: Context, tx: Tx, act: Act, policy_id: int, record: ActionRecord) -> bool:
    """Whether the same was rejected for the policy as another story: in another tracker's words, or an outlet's."""
    rejected = list_flags(tx, now=act.at, states=(FlagState.REJECTED,), policy_id=policy_id)
    return any(repeats(record_of(flag, ctx.vocabulary, Edits()), record) for flag in rejected)
