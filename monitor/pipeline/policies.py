"""Policies in and out: imports are idempotent, remove nothing and blank nothing; an editor's new policy is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from monitor.core.tracker.keys import normal_address
from monitor.core.triage import merged, slug_of, timeline_keys
from monitor.errors import Conflict, Unreadable, UsageError
from monitor.model.event import EventType
from monitor.model.policy import ActionRecord, PolicyRecord
from monitor.pipeline.context import Context
from monitor.pipeline.telling import Act, change_status
from monitor.pipeline.triage import decide_in
from monitor.store.actions import ActionState, action_keys, create_action, get_action, revise_action
from monitor.store.database import Tx
from monitor.store.policies import (
    StoredPolicy,
    create_policy,
    find_policy,
    get_policy,
    list_actions,
    list_policies,
    lock_policy,
    slugs_like,
    update_policy,
    with_actions,
)

IMPORTER = "import"


class Imported(StrEnum):
    """What an import made of one record."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class ImportReport:
    """Counts, and the records that could not be taken (their position, and why)."""

    created: int
    updated: int
    unchanged: int
    failed: tuple[tuple[int, str], ...]


async def import_records(ctx: Context, records: Sequence[PolicyRecord]) -> ImportReport:
    """Take records in, silently: nobody is told of what a tracker page already showed.

    A policy is known by its tracker id, then by its url. One record's fault does not stop the others.
    """
    done: list[Imported] = []
    failed: list[tuple[int, str]] = []

    def work(tx: Tx) -> None:
        done.clear()
        failed.clear()
        for place, record in enumerate(records):
            try:
                done.append(_import(tx, ctx, record))
            except (Conflict, Unreadable) as error:
                failed.append((place, str(error)))

    await ctx.db.write(work)
    counts = {outcome: done.count(outcome) for outcome in Imported}
    return ImportReport(counts[Imported.CREATED], counts[Imported.UPDATED], counts[Imported.UNCHANGED], tuple(failed))


def _import(tx: Tx, ctx: Context, record: PolicyRecord) -> Imported:
    record = replace(record, url=normal_address(record.url))
    known = _known(tx, record)
    if known is None:
        if not record.title:
            raise Unreadable(f"{record.url}: no title, and no policy of this url or tracker id is known yet")
        policy = create_policy(tx, record, slug=_free_slug(tx, record), at=ctx.clock(), actor=IMPORTER)
        _import_actions(tx, ctx, policy, record.actions)
        return Imported.CREATED
    after = merged(known.record, record)
    changed = after != known.record
    if changed:
        update_policy(tx, known, after, at=ctx.clock(), actor=IMPORTER)
    changed = _import_actions(tx, ctx, known, record.actions) or changed
    return Imported.UPDATED if changed else Imported.UNCHANGED


def _known(tx: Tx, record: PolicyRecord) -> StoredPolicy | None:
    by_url = find_policy(tx, record.url)
    if record.tracker_id is None:
        return by_url
    by_id = find_policy(tx, record.tracker_id)
    if by_url is not None and by_url.record.tracker_id not in (None, record.tracker_id):
        raise Conflict(f"{record.url} is known with tracker id {by_url.record.tracker_id}: correct the record")
    if by_id is not None and by_url is not None and by_url.id != by_id.id:
        raise Conflict(f"{record.url} is known without a tracker id, and {record.tracker_id} is {by_id.record.url}'s")
    return by_id or by_url


def _free_slug(tx: Tx, record: PolicyRecord) -> str:
    stem = slug_of(record)
    taken = slugs_like(tx, stem)
    slug, n = stem, 2
    while slug in taken:
        slug, n = f"{stem}-{n}", n + 1
    return slug


def _import_actions(tx: Tx, ctx: Context, policy: StoredPolicy, actions: Sequence[ActionRecord]) -> bool:
    """Add what the timeline lacks, and fill in what it has without words. What an editor took back stays so."""
    known = action_keys(tx, policy.id)
    changed = False
    for key, record in zip(timeline_keys(actions), actions, strict=True):
        if key not in known:
            at = ctx.clock()
            create_action(tx, policy_id=policy.id, flag_id=None, key=key, record=record, at=at, actor=IMPORTER)
            changed = True
        else:
            changed = _fill_in(tx, ctx, known[key], record) or changed
    return changed


def _fill_in(tx: Tx, ctx: Context, action_id: int, read: ActionRecord) -> bool:
    action = get_action(tx, action_id)
    state = ActionState(action.state)
    filled = replace(
        action.record,
        summary=action.record.summary or read.summary,
        document_url=action.record.document_url or read.document_url,
    )
    if not state.stands or filled == action.record:
        return False
    revise_action(tx, action.id, seq=action.seq + 1, state=state, record=filled, at=ctx.clock(), actor=IMPORTER)
    return True


async def add(ctx: Context, record: PolicyRecord, *, actor: str) -> StoredPolicy:
    """Track a new policy; subscribers of its topics and agencies are told (``policy.created``)."""
    record = replace(record, url=normal_address(record.url))

    def work(tx: Tx, act: Act) -> StoredPolicy:
        if _known(tx, record) is not None:
            raise Conflict(f"{record.url} is tracked already: `monitor policies edit` changes it")
        if not record.title:
            raise UsageError("a policy needs a title")
        policy = create_policy(tx, record, slug=_free_slug(tx, record), at=act.at, actor=act.actor)
        act.tell(EventType.POLICY_CREATED, policy)
        return policy

    return await decide_in(ctx, actor, work)


async def edit(
    ctx: Context,
    name: str,
    *,
    actor: str,
    status: str | None = None,
    title: str | None = None,
    summary: str | None = None,
    effective: date | None = None,
    terms: Sequence[str] = (),
    identifiers: Sequence[str] = (),
) -> StoredPolicy:
    """Change a policy's fields; None keeps one. ``terms`` and ``identifiers`` are added. A new status is told."""
    if status is not None and status not in ctx.vocabulary.current_statuses:
        known = ", ".join(repr(each) for each in ctx.vocabulary.current_statuses)
        raise UsageError(f"unknown status {status!r}: the vocabulary has {known}")

    def work(tx: Tx, act: Act) -> StoredPolicy:
        policy = lock_policy(tx, get_policy(tx, name))
        before = policy.record
        after = replace(
            before,
            title=title if title is not None else before.title,
            summary=summary if summary is not None else before.summary,
            effective=effective or before.effective,
            terms=tuple(dict.fromkeys((*before.terms, *terms))),
            identifiers=tuple(dict.fromkeys((*before.identifiers, *identifiers))),
        )
        if after != before:
            update_policy(tx, policy, after, at=act.at, actor=act.actor)
        if status is not None:
            change_status(tx, act, get_policy(tx, policy.record.url), status)
        return get_policy(tx, policy.record.url)

    return await decide_in(ctx, actor, work)


async def export(ctx: Context, names: Sequence[str] = ()) -> list[PolicyRecord]:
    """Complete records with their standing actions: of the named policies, or of all."""

    def work(tx: Tx) -> list[PolicyRecord]:
        policies = [get_policy(tx, name) for name in names] or list_policies(tx)
        return with_actions(policies, list_actions(tx))

    return await ctx.db.read(work)
