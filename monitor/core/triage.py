"""What triage decides without asking anybody: what a flag's words are, what an event says, which action is which."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from monitor.core.text import clean, fold
from monitor.model.change import Diff, PartKind
from monitor.model.policy import ActionRecord, PolicyRecord

_MATERIAL_SHARE = 0.15  # of the words that either text has
_MATERIAL_WORDS = 12
_TOLD = (PartKind.ADDED, PartKind.CHANGED, PartKind.DATE)


def added_text(diff: Diff) -> str:
    """The paragraphs that a page's change brought, as its news; what was removed where nothing was added."""
    return changed_text([{"op": part.op.value, "before": part.before, "after": part.after} for part in diff.parts])


def changed_text(parts: Sequence[Mapping[str, str]]) -> str:
    """``added_text`` of stored parts."""
    told = [part["after"] for part in parts if part["op"] in _TOLD and part["after"]]
    return "\n".join(told or [part["before"] for part in parts if part["before"]])


def is_material(old_title: str, old_text: str, title: str, text: str) -> bool:
    """Whether an edit is worth a second look: a typo or a new byline is not, a new paragraph or headline is."""
    before = Counter(fold(f"{old_title} {old_text}").split())
    after = Counter(fold(f"{title} {text}").split())
    different = ((before - after) | (after - before)).total()
    titles = Counter(fold(old_title).split()), Counter(fold(title).split())
    renamed = (titles[0] - titles[1]).total() + (titles[1] - titles[0]).total() > max(2, titles[0].total() // 2)
    share = different / max(1, (before | after).total())
    return renamed or (different >= _MATERIAL_WORDS and share >= _MATERIAL_SHARE)


def action_key(record: ActionRecord, nth: int = 0) -> str:
    """An action's identity within its policy: its date and title, and its place among equal ones.

    It is how an import finds what is recorded already; a correction does not change it.
    """
    title = " ".join(clean(record.title).split())
    return hashlib.sha256(f"{record.date}\n{title}\n{nth}".encode()).hexdigest()


def timeline_keys(actions: Sequence[ActionRecord]) -> list[str]:
    """The key of each action of one timeline, in order; equal entries (untitled ones) are counted."""
    seen: Counter[tuple[date | None, str]] = Counter()
    keys = []
    for record in actions:
        same = (record.date, " ".join(clean(record.title).split()))
        keys.append(action_key(record, seen[same]))
        seen[same] += 1
    return keys


def policy_data(record: PolicyRecord, slug: str) -> dict[str, Any]:
    """An event's ``data.policy``."""
    return {
        "url": record.url,
        "slug": slug,
        "title": record.title or record.url,
        "tracker_id": record.tracker_id,
        "topics": list(record.subjects),
        "agencies": list(record.agencies),
        "current_status": record.current_status,
    }


def slug_of(record: PolicyRecord) -> str:
    """The end of the policy's address, as readers know it; else of its title. At most 100 characters."""
    stem = record.slug or record.url.rstrip("/").rpartition("/")[2].removeprefix("title:") or record.title or "policy"
    kept = "".join(char if char.isascii() and char.isalnum() else "-" for char in stem.lower())
    return "-".join(part for part in kept.split("-") if part)[:100].strip("-") or "policy"


def merged(known: PolicyRecord, read: PolicyRecord) -> PolicyRecord:
    """What an import makes of a known policy: a field that was read replaces, an empty one leaves what is there.

    Pages are often cut off, so what is missing says nothing (CONTRACT, "Policies"). The address stays the known one,
    unless that was only a key for want of one; timelines are merged elsewhere, action by action.
    """
    names = [name for name in PolicyRecord.__slots__ if name not in ("url", "slug", "actions")]
    values = {name: getattr(read, name) for name in names if getattr(read, name) not in (None, "", ())}
    if known.url.startswith("title:"):
        values["url"] = read.url
    if read.current_status == "" and not known.current_status:
        values["current_status"] = ""
    return PolicyRecord(
        **{name: values.get(name, getattr(known, name)) for name in PolicyRecord.__slots__ if name != "actions"}
    )
