"""The same action in other words: a tracker's page was edited, and the keys of its items no longer tell it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from monitor.core.entries import Decided, Known, difference, fingerprint
from monitor.core.tracker.same import likeness, same_action
from monitor.core.urls import canonical_url
from monitor.model.source import Item, StatedAction

_RESTATED = 0.3  # of the words of the one action that came and the one that went, of one policy and day


@dataclass(frozen=True, slots=True)
class KnownAction:
    """An action that a tracker is known to state. ``keys`` are all keys that its entry ever had."""

    known: Known
    stated: StatedAction
    keys: frozenset[str]


def recognise(decided: Decided, items: Sequence[Item], candidates: Iterable[KnownAction]) -> Decided:
    """``decided`` without the new items that are known actions in other words: those are under another key, or revised.

    ``items`` are the whole reading's: an entry that one of them is by its key is no other item's. An item is the known
    action of its policy and date that has its document or nearly its title; where one action of a policy and date came
    and one went, they are the same if they share words enough.
    """
    present = {item.key for item in items} | {item.key for _, item in decided.reidentified}
    taken = {known.entry_id for known, _ in decided.reidentified}
    free = [each for each in candidates if present.isdisjoint(each.keys) and each.known.entry_id not in taken]
    pairs: list[tuple[KnownAction, Item]] = []
    open_items = [item for item in decided.new if item.stated is not None and item.published is not None]
    for item in list(open_items):
        found = next((each for each in free if _of_one_policy(each, item) and _same(each, item)), None)
        if found is not None:
            free.remove(found)
            open_items.remove(item)
            pairs.append((found, item))
    pairs += _restated(open_items, free)
    return _joined(decided, pairs)


def _restated(items: Sequence[Item], free: Sequence[KnownAction]) -> list[tuple[KnownAction, Item]]:
    pairs = []
    for item in items:
        rivals = [other for other in items if _day(other) == _day(item)]
        gone = [each for each in free if _of_one_policy(each, item) and each.stated.date == _day(item)[1]]
        if len(rivals) == len(gone) == 1:
            words = f"{gone[0].known.title}\n{gone[0].known.text}", f"{item.title}\n{item.text}"
            if likeness(*words) >= _RESTATED:
                pairs.append((gone[0], item))
    return pairs


def _day(item: Item) -> tuple[str, object]:
    return ("", None) if item.stated is None else (canonical_url(item.stated.policy_url), item.stated.date)


def _of_one_policy(each: KnownAction, item: Item) -> bool:
    if item.stated is None:
        return False
    number = item.stated.tracker_id
    return _page(each.stated) == _page(item.stated) or (number is not None and number == each.stated.tracker_id)


def _page(stated: StatedAction) -> tuple[str, str]:
    """A policy's page without its host, which may move."""
    parts = urlsplit(canonical_url(stated.policy_url))
    return parts.path, parts.query


def _same(each: KnownAction, item: Item) -> bool:
    if item.stated is None:
        return False
    known = (each.stated.date, each.known.title, each.known.text, each.stated.document_url)
    return same_action(known, (item.stated.date, item.title, item.text, item.stated.document_url))


def _joined(decided: Decided, pairs: Sequence[tuple[KnownAction, Item]]) -> Decided:
    keys = {item.key for _, item in pairs}
    changed = [(each.known, item) for each, item in pairs if each.known.fingerprint != fingerprint(item)]
    notes = [f"the tracker restated {item.title[:120]!r}" for _, item in changed]
    return replace(
        decided,
        new=tuple(item for item in decided.new if item.key not in keys),
        revised=(*decided.revised, *((known, item, difference(known, item)) for known, item in changed)),
        reidentified=(*decided.reidentified, *((each.known, item) for each, item in pairs)),
        notes=(*decided.notes, *notes),
    )
