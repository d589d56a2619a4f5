"""Room 6: an editor decides on a flag. T3 commits decision, actions, status and events together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from monitor.core.draft import draft, published_on, stated_draft
from monitor.core.status import propose
from monitor.core.text import sentences
from monitor.core.triage import changed_text
from monitor.errors import Conflict, IllegalTransition, UsageError
from monitor.model.event import EventType
from monitor.model.flag import DecisionKind, Draft, FlagState, RejectReason, StatusProposal
from monitor.model.policy import ActionRecord
from monitor.model.vocabulary import Vocabulary
from monitor.pipeline.context import Context
from monitor.pipeline.telling import (
    Act,
    Speaker,
    change_status,
    correct_action,
    record_action,
    restore_action,
    take_back,
)
from monitor.store.actions import (
    ActionState,
    action_for_flag,
    action_history,
    action_ids_of_flag,
    get_action,
)
from monitor.store.database import Tx
from monitor.store.events import append_events, held_events, list_events, withdraw
from monitor.store.flags import StoredDecision, StoredFlag, decisions, get_flag, record_decision
from monitor.store.policies import StoredAction, StoredPolicy, get_policy, lock_policy, policy_by_id, update_policy

T = TypeVar("T")
PROPOSED = "proposed"
"""An editor's word for the status that the flag itself proposes."""
_TEASER = 2  # sentences: fewer make no summary
_STALE_PAGE_DATE = timedelta(days=7)  # a page that changes and keeps its old date of publication


@dataclass(frozen=True, slots=True)
class Edits:
    """What an editor changes of a draft; None keeps the draft's. ``status`` may be PROPOSED."""

    title: str | None = None
    summary: str | None = None
    date: date | None = None
    status: str | None = None


@dataclass(frozen=True, slots=True)
class Decided:
    """What a decision came to. ``actions`` are ids, in the order of the policies."""

    flag: int
    state: FlagState
    version: int
    actions: tuple[int, ...] = ()


def draft_of(flag: StoredFlag, vocabulary: Vocabulary, *, on: date | None = None) -> Draft:
    """The subsequent action that accepting the flag would record. ``on`` is an editor's own date for it."""
    if flag.stated is not None:
        zone = ZoneInfo(vocabulary.timezone)
        return stated_draft(flag.title, flag.text, flag.stated, on or flag.seen_at.astimezone(zone).date(), on)
    published = _published(flag)
    if on is not None:
        published = datetime.combine(on, time(12), ZoneInfo(vocabulary.timezone)).astimezone(UTC)
    return draft(
        headline=f"{flag.title} {flag.vanished}" if flag.vanished else flag.title,
        text=_told_text(flag),
        url=flag.url,
        published=published,
        first_seen=flag.seen_at,
        publisher=flag.publisher,
        voice=flag.source.voice,
        vocabulary=vocabulary,
        zone=vocabulary.timezone,
        published_raw=flag.published_raw if on is None else None,
        policy_title=flag.policy_title,
        as_dated=on is not None or bool(flag.change_parts),
    )


def _told_text(flag: StoredFlag) -> str:
    """What became of a document or changed on a page; else the item's words, its article's where those are a teaser."""
    if flag.vanished:
        return f"The document at {flag.source.url} {flag.vanished}."
    if flag.change_parts:
        return changed_text(flag.change_parts)
    return flag.article if flag.article and len(sentences(flag.text)) < _TEASER else flag.text


def _published(flag: StoredFlag) -> datetime | None:
    published = None if flag.vanished else flag.published
    stale = flag.change_parts and published is not None and flag.seen_at - published > _STALE_PAGE_DATE
    return None if stale else published


def proposal_of(flag: StoredFlag, vocabulary: Vocabulary) -> StatusProposal | None:
    """The change of the policy's status that the flag's words say: read anew each time, so that it is never stale.

    None where a document vanished: that says nothing of the policy.
    """
    if flag.vanished:
        return None
    day = published_on(_published(flag), flag.published_raw, flag.seen_at, vocabulary.timezone)
    return propose(
        flag.title,
        changed_text(flag.change_parts) if flag.change_parts else flag.article or flag.text,
        vocabulary.status_words,
        policy_title=flag.policy_title,
        agencies=vocabulary.agency_names,
        published=day,
    )


def _status_of(flag: StoredFlag, vocabulary: Vocabulary, wanted: str | None) -> str | None:
    """The status that an editor set: a name of the vocabulary, or what the flag proposes."""
    if wanted != PROPOSED or PROPOSED in vocabulary.current_statuses:
        return wanted
    proposal = proposal_of(flag, vocabulary)
    if proposal is None:
        raise UsageError(f"flag {flag.id} proposes no status: name one, or leave it as it is")
    if proposal.status not in vocabulary.current_statuses:
        raise UsageError(f"flag {flag.id} proposes {proposal.status!r}, a tag and no current status: name a status")
    return proposal.status


async def decide_in(ctx: Context, actor: str, work: Callable[[Tx, Act], T]) -> T:
    """T3: run ``work`` in one transaction and append its events last."""

    def transaction(tx: Tx) -> T:
        act = Act(at=ctx.clock(), actor=actor, base_url=ctx.settings.base_url, new_id=ctx.new_id, events=[])
        result = work(tx, act)
        append_events(tx, act.events, at=act.at, hold=ctx.settings.hold)
        ctx.crashpoint("triage.before")
        return result

    result = await ctx.db.write(transaction)
    ctx.crashpoint("triage.after")
    return result


def record_of(flag: StoredFlag, vocabulary: Vocabulary, edits: Edits) -> ActionRecord:
    """``draft_of`` as the action's record, with what an editor wrote over it."""
    offered = draft_of(flag, vocabulary, on=edits.date)
    return ActionRecord(
        kind=offered.kind,
        date=edits.date or offered.date,
        title=edits.title if edits.title is not None else offered.title,
        summary=edits.summary if edits.summary is not None else offered.summary,
        document_url=offered.document_url,
        reported=offered.reported,
    )


async def accept(
    ctx: Context,
    flag_id: int,
    *,
    actor: str,
    policies: Sequence[str] = (),
    edits: Edits | None = None,
    version: int | None = None,
) -> Decided:
    """Record the flag's story as a subsequent action of its policy, or of ``policies`` instead.

    ``version`` is the one that the editor saw: Conflict where the flag has moved on. UsageError where the status is
    unknown, or PROPOSED and the flag proposes none.
    """
    edits = edits or Edits()
    if edits.status not in (None, PROPOSED, *ctx.vocabulary.current_statuses):
        known = ", ".join(repr(status) for status in ctx.vocabulary.current_statuses)
        raise UsageError(f"unknown status {edits.status!r}: the vocabulary has {known}")

    def work(tx: Tx, act: Act) -> Decided:
        flag = _undecided(tx, flag_id, version)
        named = [get_policy(tx, name) for name in policies] or [policy_by_id(tx, flag.policy_id)]
        chosen = list({policy.id: policy for policy in named}.values())
        record = record_of(flag, ctx.vocabulary, edits)
        status = _status_of(flag, ctx.vocabulary, edits.status)
        decision = record_decision(tx, flag, DecisionKind.ACCEPT, state=FlagState.ACCEPTED, actor=act.actor, at=act.at)
        act = act.deciding(decision)
        for policy in sorted(chosen, key=lambda each: each.id):
            lock_policy(tx, policy)
        actions = tuple(_accept_for(tx, act, flag, policy, record) for policy in chosen)
        if status is not None:
            for policy in chosen:
                change_status(tx, act, policy_by_id(tx, policy.id), status)
        return Decided(flag.id, FlagState.ACCEPTED, flag.version + 1, actions)

    return await decide_in(ctx, actor, work)


def _undecided(tx: Tx, flag_id: int, version: int | None) -> StoredFlag:
    flag = get_flag(tx, flag_id, lock=True)
    if version is not None and flag.version != version:
        raise Conflict(f"flag {flag_id} is at version {flag.version}, not {version}: look at it again")
    if flag.state not in (FlagState.OPEN, FlagState.SNOOZED):
        raise IllegalTransition(f"flag {flag_id} is {flag.state} already: undo that first")
    return flag


def _accept_for(tx: Tx, act: Act, flag: StoredFlag, policy: StoredPolicy, record: ActionRecord) -> int:
    speaker = Speaker(flag.source.id, flag.publisher, flag.source.voice)
    known = action_for_flag(tx, flag.id, policy.id)
    if known is None:
        return record_action(tx, act, policy, record, flag_id=flag.id, speaker=speaker)
    if ActionState(known.state).stands:  # the story was revised, and its flag put before the editor again
        correct_action(tx, act, known, record)
    else:
        restore_action(tx, act, known, record, speaker=speaker)
    return known.id


async def reject(
    ctx: Context,
    flag_id: int,
    *,
    actor: str,
    reason: RejectReason = RejectReason.NOT_ABOUT_IT,
    note: str | None = None,
    version: int | None = None,
) -> Decided:
    """Say that the story is no subsequent action of the policy, and why."""

    def work(tx: Tx, act: Act) -> Decided:
        flag = _undecided(tx, flag_id, version)
        record_decision(
            tx,
            flag,
            DecisionKind.REJECT,
            state=FlagState.REJECTED,
            actor=act.actor,
            at=act.at,
            reason=reason.value,
            note=note,
        )
        return Decided(flag.id, FlagState.REJECTED, flag.version + 1)

    return await decide_in(ctx, actor, work)


async def snooze(ctx: Context, flag_id: int, *, actor: str, until: datetime, version: int | None = None) -> Decided:
    """Put the flag aside until a moment, when it is open again by itself."""

    def work(tx: Tx, act: Act) -> Decided:
        flag = _undecided(tx, flag_id, version)
        kind, state = DecisionKind.SNOOZE, FlagState.SNOOZED
        record_decision(tx, flag, kind, state=state, actor=act.actor, at=act.at, snoozed_until=until)
        return Decided(flag.id, state, flag.version + 1)

    return await decide_in(ctx, actor, work)


async def undo(ctx: Context, flag_id: int, *, actor: str) -> Decided:
    """Take the latest decision back and open the flag again.

    Of an acceptance, what nobody has been told yet is withdrawn; what was told is retracted.
    """

    def work(tx: Tx, act: Act) -> Decided:
        flag = get_flag(tx, flag_id, lock=True)
        taken = decisions(tx, flag_id)
        if not taken or taken[-1].kind is DecisionKind.UNDO:
            raise IllegalTransition(f"flag {flag_id} has no decision to undo")
        last = taken[-1]
        decision = record_decision(tx, flag, DecisionKind.UNDO, state=FlagState.OPEN, actor=act.actor, at=act.at)
        act = act.deciding(decision)
        if last.kind is DecisionKind.ACCEPT:
            _undo_accept(tx, act, flag, last)
        return Decided(flag.id, FlagState.OPEN, flag.version + 1)

    return await decide_in(ctx, actor, work)


def _undo_accept(tx: Tx, act: Act, flag: StoredFlag, accepted: StoredDecision) -> None:
    for action_id in action_ids_of_flag(tx, flag.id):
        _undo_action(tx, act, get_action(tx, action_id), accepted.at)
    held = {event.seq for event in held_events(tx, at=act.at, decision_id=accepted.id)}
    for event in list_events(tx, decision_id=accepted.id):
        if event.type is EventType.POLICY_STATUS_CHANGED:
            before, after = event.data["changes"]["current_status"]
            policy = get_policy(tx, event.data["policy"]["url"])
            if policy.record.current_status != after:
                continue  # somebody has set another one since: that stands
            if event.seq in held:
                withdraw(tx, [event], at=act.at)
                update_policy(tx, policy, replace(policy.record, current_status=before), at=act.at, actor=act.actor)
            else:
                change_status(tx, act, policy, before)


def _undo_action(tx: Tx, act: Act, action: StoredAction, accepted_at: datetime) -> None:
    """Bring an action that the acceptance recorded or corrected back to its state before, later corrections or not."""
    history = action_history(tx, action.id)
    if not ActionState(action.state).stands or all(each["at"] != accepted_at for each in history):
        return
    before = next((each for each in reversed(history) if each["at"] < accepted_at), None)
    if before is not None and ActionState(before["state"]).stands:
        correct_action(tx, act, action, before["record"])
    else:
        take_back(tx, act, action, reason="the editor's decision was undone")
