"""T2 of a poll that found a cited document gone: a revision with the same words, and a flag for each bound policy."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, func, insert, select

from monitor.core.archive import packed
from monitor.core.lost import Vanished
from monitor.model.change import ChangeKind
from monitor.model.flag import Match, Reason, ReasonKind
from monitor.model.source import Fetched
from monitor.store import schema as s
from monitor.store.archive import store_snapshot
from monitor.store.database import Tx
from monitor.store.flags import raise_flags
from monitor.store.policies import StoredPolicy, find_policy
from monitor.store.stories import found_story

_SCORE = 1.0  # it is a fact, and an operator said whose


def tell_vanished(tx: Tx, source_id: str, at: datetime, vanished: Vanished) -> int:
    """Store that the source's document is gone, and flag it for the policies of its source; how many flags."""
    policies = [found for name in vanished.policies if (found := find_policy(tx, name)) is not None]
    if not policies:
        return 0
    last = _last_words(tx, source_id, vanished)
    values = _never_read(tx, source_id, at, vanished) if last is None else _repeated(tx, last, at)
    revision_id = tx.execute(insert(s.revision).values(**values).returning(s.revision.c.id)).scalar_one()
    change = {"source_id": source_id, "revision_id": revision_id, "kind": ChangeKind.GONE.value, "at": at}
    tx.execute(insert(s.change).values(**change, summary=vanished.words, parts=[]))
    story_id = found_story(tx, at, "", None)
    tx.execute(insert(s.story_revision).values(revision_id=revision_id, story_id=story_id))
    ids = {policy.record.url: policy.id for policy in policies}
    return len(raise_flags(tx, at, story_id, revision_id, [_match(each, vanished) for each in policies], ids))


def _match(policy: StoredPolicy, vanished: Vanished) -> Match:
    reason = Reason(ReasonKind.VANISHED, vanished.words, vanished.url)
    return Match(policy.record.url, policy.record.title or policy.record.url, _SCORE, flag=True, reasons=(reason,))


def _last_words(tx: Tx, source_id: str, vanished: Vanished) -> RowMapping | None:
    """The newest revision of a document's entry; of a list's, what was told of it as a whole before."""
    query = (
        select(s.revision)
        .join(s.entry, s.entry.c.id == s.revision.c.entry_id)
        .where(s.entry.c.source_id == source_id)
        .order_by(s.revision.c.id.desc())
        .limit(1)
    )
    if not vanished.whole:
        query = query.where(s.entry.c.key == vanished.url)
    return tx.execute(query).mappings().first()


def _repeated(tx: Tx, last: RowMapping, at: datetime) -> dict[str, Any]:
    """The same words once more, of the snapshot that held them."""
    of_entry = s.revision.c.entry_id == last["entry_id"]
    seq = tx.execute(select(func.max(s.revision.c.seq)).where(of_entry)).scalar_one()
    same = {name: value for name, value in last.items() if name not in ("id", "stated")}
    return {**same, "seq": seq + 1, "at": at}


def _never_read(tx: Tx, source_id: str, at: datetime, vanished: Vanished) -> dict[str, Any]:
    """An entry without words, for a document that was gone before it was first read, and for a list as a whole."""
    answer = Fetched(vanished.url, vanished.status, b"")
    snapshot_id = store_snapshot(tx, source_id, at, answer, packed(b""))
    entry = insert(s.entry).values(source_id=source_id, key=vanished.url, first_seen=at).returning(s.entry.c.id)
    return {
        "entry_id": tx.execute(entry).scalar_one(),
        "seq": 1,
        "snapshot_id": snapshot_id,
        "at": at,
        "title": vanished.name,
        "text": "",
        "url": vanished.url,
        "fingerprint": hashlib.sha256(b"").hexdigest(),
    }
