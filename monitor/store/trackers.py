"""Other trackers: what they state of an action, and how far the policy pages of their lists are known."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, func, insert, select

from monitor.core.entries import Known
from monitor.core.restated import KnownAction
from monitor.model.source import PolicyPage, StatedAction, Validators
from monitor.store import schema as s
from monitor.store.database import Tx


def stated_to_json(stated: StatedAction | None) -> dict[str, Any] | None:
    """What a tracker states beside an action's words, as its revision's row keeps it."""
    if stated is None:
        return None
    return {
        "kind": stated.kind,
        "date": stated.date and stated.date.isoformat(),
        "document_url": stated.document_url,
        "reported": stated.reported,
        "policy_url": stated.policy_url,
        "policy_title": stated.policy_title,
        "tracker_id": stated.tracker_id,
    }


def stated_from_json(data: dict[str, Any] | None) -> StatedAction | None:
    """The inverse of ``stated_to_json``."""
    if data is None:
        return None
    return StatedAction(**{**data, "date": date.fromisoformat(data["date"]) if data["date"] else None})


def stated_actions(tx: Tx, source_id: str, moments: Collection[datetime]) -> list[KnownAction]:
    """The actions that a tracker is known to state at these ``published`` moments, in its latest words."""
    each = s.revision.alias()
    latest = select(func.max(each.c.seq)).where(each.c.entry_id == s.entry.c.id).scalar_subquery()
    query = (
        select(s.entry.c.key, s.revision)
        .select_from(s.entry)
        .join(s.revision, (s.revision.c.entry_id == s.entry.c.id) & (s.revision.c.seq == latest))
        .where(s.entry.c.source_id == source_id, s.revision.c.published.in_(moments))
        .order_by(s.entry.c.id)
    )
    found = []
    for row in tx.execute(query).mappings():
        stated = stated_from_json(row["stated"])
        if stated is not None:
            words = (row["url"], row["title"], row["text"], row["fingerprint"], row["seq"])
            known = Known(row["entry_id"], row["key"], *words)
            found.append(KnownAction(known, stated, frozenset({known.key, *_further_keys(tx, known.entry_id)})))
    return found


def _further_keys(tx: Tx, entry_id: int) -> Sequence[str]:
    return tx.execute(select(s.entry_key.c.key).where(s.entry_key.c.entry_id == entry_id)).scalars().all()


def policy_pages(tx: Tx, source_id: str) -> dict[str, PolicyPage]:
    """The pages of a tracker's list that were ever asked for, by address."""
    query = select(s.policy_page).where(s.policy_page.c.source_id == source_id)
    return {
        row["url"]: PolicyPage(
            row["url"],
            Validators(row["etag"], row["last_modified"]),
            row["sha256"],
            row["asked_at"],
            row["full_at"],
        )
        for row in tx.execute(query).mappings()
    }


def store_pages(tx: Tx, source_id: str, pages: Sequence[PolicyPage]) -> None:
    """Keep how this poll found the pages of a list. The poll's claim fences it."""
    if not pages:
        return
    table = s.policy_page
    asked = [page.url for page in pages]
    tx.execute(delete(table).where(table.c.source_id == source_id, table.c.url.in_(asked)))
    rows = [
        {
            "source_id": source_id,
            "url": page.url,
            "etag": page.validators.etag,
            "last_modified": page.validators.last_modified,
            "sha256": page.sha256,
            "asked_at": page.asked_at,
            "full_at": page.full_at,
        }
        for page in pages
    ]
    tx.execute(insert(table), rows)
