"""Watches for what policies cite: proposed from the record, reviewed by a person, then ordinary sources."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from monitor.core.derive import Derived, derive
from monitor.model.policy import PolicyRecord
from monitor.pipeline.context import Context
from monitor.pipeline.matching import names_of
from monitor.store.database import Tx
from monitor.store.policies import StoredPolicy, get_policy, list_actions, list_policies, with_actions
from monitor.store.proposals import (
    ProposalState,
    StoredProposal,
    list_proposals,
    open_proposals,
    propose,
    settle,
)
from monitor.store.sources import list_sources


@dataclass(frozen=True, slots=True)
class Made:
    """What was derived from one policy's record: how many proposals are ``new``, and what cannot be watched."""

    policy: str
    title: str
    new: int
    derived: Derived


async def derive_watches(ctx: Context, names: Sequence[str | int]) -> list[Made]:
    """Propose watches for these policies; one that was ever proposed for the policy is not proposed again."""

    def load(tx: Tx) -> list[tuple[StoredPolicy, PolicyRecord, Collection[str]]]:
        policies = list({policy.id: policy for policy in (get_policy(tx, name) for name in names)}.values())
        records = with_actions(policies, list_actions(tx))
        rows = list_sources(tx)
        return [(one, record, _watched(rows, one)) for one, record in zip(policies, records, strict=True)]

    loaded = await ctx.db.read(load)
    own = [ctx.settings.base_url, *await ctx.db.read(_addresses)]
    derived = [(policy, derive(record, watched=watched, own=own)) for policy, record, watched in loaded]

    def work(tx: Tx) -> list[Made]:
        at = ctx.clock()
        return [
            Made(
                policy.record.url,
                policy.record.title or policy.record.url,
                propose(tx, policy.id, each.proposals, at=at),
                each,
            )
            for policy, each in derived
        ]

    return await ctx.db.write(work)


def _addresses(tx: Tx) -> list[str]:
    return [policy.record.url for policy in list_policies(tx)]


def _watched(rows: Sequence[dict[str, Any]], policy: StoredPolicy) -> list[str]:
    """The addresses that are polled for this policy. A source that is bound to others alone would not tell it."""
    names = set(names_of(policy))
    bound = [(row, set(row["config"]["policies"])) for row in rows]
    return [row["url"] for row, policies in bound if not policies or policies & names]


async def proposals(
    ctx: Context, *, policy: str | None = None, states: Collection[ProposalState] = ()
) -> list[StoredProposal]:
    """The proposals, of one policy or of all."""

    def work(tx: Tx) -> list[StoredProposal]:
        policy_id = None if policy is None else get_policy(tx, policy).id
        return list_proposals(tx, policy_id=policy_id, states=states)

    return await ctx.db.read(work)


async def chosen(ctx: Context, ids: Sequence[int], policy: str | None) -> list[StoredProposal]:
    """The open proposals that a person named: by their numbers, or all of a policy."""
    if policy is not None:
        return await proposals(ctx, policy=policy, states=(ProposalState.OPEN,))
    return await ctx.db.write(lambda tx: open_proposals(tx, ids))


async def taken_ids(ctx: Context) -> set[str]:
    """The ids that a new source may not have: of every source that there is or was."""
    rows = await ctx.db.read(lambda tx: list_sources(tx, retired=True))
    return {row["id"] for row in rows}


async def accepted(ctx: Context, sources: Sequence[tuple[StoredProposal, str]], *, actor: str) -> None:
    """Keep that these proposals became these sources, which stand in ``sources.yaml`` by now."""
    await ctx.db.write(_settling(ctx, [(each, ProposalState.ACCEPTED, id) for each, id in sources], actor))


async def dismissed(ctx: Context, ids: Sequence[int], policy: str | None, *, actor: str) -> list[StoredProposal]:
    """Dismiss open proposals for good; which ones."""
    found = await chosen(ctx, ids, policy)
    await ctx.db.write(_settling(ctx, [(each, ProposalState.DISMISSED, None) for each in found], actor))
    return found


def _settling(
    ctx: Context, decided: Sequence[tuple[StoredProposal, ProposalState, str | None]], actor: str
) -> Callable[[Tx], None]:
    def work(tx: Tx) -> None:
        at = ctx.clock()
        for each, state, source_id in decided:
            settle(tx, each.id, state, at=at, actor=actor, source_id=source_id)

    return work
