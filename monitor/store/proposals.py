"""Watches proposed for what policies cite, and what was decided on them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite

from monitor.core.derive import Citation, Proposal
from monitor.errors import IllegalTransition, NotFound
from monitor.model.source import SourceKind, Voice
from monitor.store import schema as s
from monitor.store.database import Tx
from monitor.store.proposal_schema import proposal as table


class ProposalState(StrEnum):
    """Where a proposal stands."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DISMISSED = "dismissed"


@dataclass(frozen=True, slots=True)
class StoredProposal:
    """A proposal's row. ``source_id``: the source that an accepted one became."""

    id: int
    policy_id: int
    policy_url: str
    tracker_id: int | None
    state: ProposalState
    proposed_at: datetime
    source_id: str | None
    proposal: Proposal


def propose(tx: Tx, policy_id: int, proposals: Sequence[Proposal], *, at: datetime) -> int:
    """Keep the proposals that were never made for the policy before, whatever became of them; how many were new."""
    upsert = postgresql.insert if tx.dialect.name == "postgresql" else sqlite.insert
    new = 0
    for each in proposals:
        values = {
            "policy_id": policy_id,
            "key": each.key,
            "kind": each.kind.value,
            "url": each.url,
            "name": each.name,
            "voice": each.voice.value,
            "why": [[citation.what, citation.where] for citation in each.why],
            "state": ProposalState.OPEN.value,
            "proposed_at": at,
        }
        once = upsert(table).values(**values).on_conflict_do_nothing().returning(table.c.id)
        new += tx.execute(once).scalar_one_or_none() is not None
    return new


def list_proposals(
    tx: Tx,
    *,
    ids: Collection[int] | None = None,
    policy_id: int | None = None,
    states: Collection[ProposalState] = (),
    lock: bool = False,
) -> list[StoredProposal]:
    """Proposals in the order in which they were made. ``lock`` holds their rows until commit."""
    query = (
        select(table, s.policy.c.url.label("policy_url"), s.policy.c.tracker_id)
        .join(s.policy, s.policy.c.id == table.c.policy_id)
        .order_by(table.c.id)
    )
    if ids is not None:
        query = query.where(table.c.id.in_(ids))
    if policy_id is not None:
        query = query.where(table.c.policy_id == policy_id)
    if states:
        query = query.where(table.c.state.in_([state.value for state in states]))
    if lock:
        query = query.with_for_update(of=table)
    return [_stored(row) for row in tx.execute(query).mappings()]


def open_proposals(tx: Tx, ids: Collection[int]) -> list[StoredProposal]:
    """These proposals, which wait for a decision. Raises NotFound, or IllegalTransition where one was decided."""
    found = list_proposals(tx, ids=ids, lock=True)
    missing = set(ids) - {each.id for each in found}
    if missing:
        raise NotFound(f"no proposal {min(missing)}: `monitor sources proposals` shows them")
    for each in found:
        if each.state is not ProposalState.OPEN:
            raise IllegalTransition(f"proposal {each.id} is {each.state.value} already")
    return found


def settle(
    tx: Tx,
    proposal_id: int,
    state: ProposalState,
    *,
    at: datetime,
    actor: str,
    source_id: str | None = None,
) -> None:
    """Decide on an open proposal; one that was decided meanwhile stays as it is."""
    waits = (table.c.id == proposal_id) & (table.c.state == ProposalState.OPEN.value)
    values = {"state": state.value, "decided_at": at, "actor": actor, "source_id": source_id}
    tx.execute(update(table).where(waits).values(**values))


def _stored(row: Any) -> StoredProposal:
    why = tuple(Citation(what, where) for what, where in row["why"])
    proposed = Proposal(row["key"], SourceKind(row["kind"]), row["url"], row["name"], Voice(row["voice"]), why)
    return StoredProposal(
        id=row["id"],
        policy_id=row["policy_id"],
        policy_url=row["policy_url"],
        tracker_id=row["tracker_id"],
        state=ProposalState(row["state"]),
        proposed_at=row["proposed_at"],
        source_id=row["source_id"],
        proposal=proposed,
    )
