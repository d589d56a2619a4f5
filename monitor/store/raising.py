"""Room 5: flags are raised once a story and policy, and reopened where a story was revised."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite

from monitor.model.flag import FlagState, Match
from monitor.store import schema as s
from monitor.store.database import Tx


def raise_flags(
    tx: Tx, at: datetime, story_id: int, revision_id: int, matches: Iterable[Match], policies: dict[str, int]
) -> list[tuple[int, str]]:
    """The flags that were not there before, each with its policy's url."""
    upsert = postgresql.insert if tx.dialect.name == "postgresql" else sqlite.insert
    raised = []
    for match in matches:
        if match.policy not in policies:  # deleted by an import of another worker meanwhile: nothing to flag
            continue
        values = {
            "policy_id": policies[match.policy],
            "story_id": story_id,
            "revision_id": revision_id,
            "state": FlagState.OPEN.value,
            "version": 1,
            "raised_at": at,
            **_scored(match),
        }
        once = upsert(s.flag).values(**values).on_conflict_do_nothing().returning(s.flag.c.id)
        flag_id = tx.execute(once).scalar_one_or_none()
        if flag_id is not None:
            raised.append((flag_id, match.policy))
    return raised


def reopen_flags(
    tx: Tx, entry_id: int, story_id: int, revision_id: int, matches: Iterable[Match], policies: dict[str, int]
) -> int:
    """Put decided flags of the story before the editor again, at version + 1, with the new words.

    Those that the new words concern; and what was accepted on this entry's word, also where it no longer says so.
    """
    scores = {policies[match.policy]: _scored(match) for match in matches if match.policy in policies}
    words = select(s.revision.c.id).where(s.revision.c.entry_id == entry_id)
    accepted = (s.flag.c.state == FlagState.ACCEPTED.value) & s.flag.c.revision_id.in_(words)
    decided = s.flag.c.state.in_((FlagState.ACCEPTED.value, FlagState.REJECTED.value))
    here = (s.flag.c.story_id == story_id) & (accepted | (decided & s.flag.c.policy_id.in_(scores)))
    found = tx.execute(select(s.flag.c.id, s.flag.c.policy_id).where(here).with_for_update()).all()
    for flag_id, policy_id in found:
        values = {
            "state": FlagState.OPEN.value,
            "version": s.flag.c.version + 1,
            "revision_id": revision_id,
            **scores.get(policy_id, {}),
        }
        tx.execute(update(s.flag).where(s.flag.c.id == flag_id).values(**values))
    return len(found)


def _scored(match: Match) -> dict[str, Any]:
    reasons = [{"kind": each.kind.value, "term": each.term, "excerpt": each.excerpt} for each in match.reasons]
    return {"score": match.score, "reasons": reasons}
