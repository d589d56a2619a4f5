"""Room 5's matcher, kept while the policies that it was built from stay the same."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from monitor.core.match import Matched, Matcher, MatchItem
from monitor.model.vocabulary import Vocabulary
from monitor.store.database import Database, Tx
from monitor.store.policies import (
    StoredAction,
    StoredPolicy,
    list_actions,
    list_policies,
    policies_version,
    with_actions,
)


class Matching:
    """Matches items against the tracked policies as they stand.

    The matcher is a cache of what the database says, keyed by its version: losing it costs time and nothing else.
    """

    def __init__(self, db: Database, vocabulary: Vocabulary) -> None:
        self._db = db
        self._vocabulary = vocabulary
        self._version: tuple[int, int] | None = None
        self._matcher: Matcher | None = None
        self._names: dict[str, str] = {}
        self._lock = asyncio.Lock()

    async def match(self, items: Sequence[MatchItem]) -> list[Matched]:
        """One answer an item, in order. ``bound`` may name policies by tracker id, url or slug."""
        if not items:
            return []
        async with self._lock:
            matcher, names = await self._current(), self._names
            return await asyncio.to_thread(lambda: [matcher.match(_bound(item, names)) for item in items])

    async def _current(self) -> Matcher:
        version = await self._db.read(policies_version)
        if self._matcher is not None and version == self._version:
            return self._matcher
        policies, actions = await self._db.read(_load)
        records = with_actions(policies, actions)
        self._matcher = await asyncio.to_thread(Matcher.build, records, self._vocabulary)
        self._names = {name: policy.record.url for policy in policies for name in names_of(policy)}
        self._version = version
        return self._matcher


def names_of(policy: StoredPolicy) -> tuple[str, ...]:
    """Every name that people give a policy: url, slug, tracker id."""
    tracker_id = policy.record.tracker_id
    return (policy.record.url, policy.slug, *(() if tracker_id is None else (str(tracker_id),)))


def _load(tx: Tx) -> tuple[list[StoredPolicy], list[StoredAction]]:
    return list_policies(tx), list_actions(tx)


def _bound(item: MatchItem, names: dict[str, str]) -> MatchItem:
    if not item.bound:
        return item
    urls = tuple(names[name] for name in item.bound if name in names)
    return replace(item, bound=urls)
