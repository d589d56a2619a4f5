"""Room 5's matcher, kept while the policies that it was built from stay the same."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

from monitor.core.match import Matched, Matcher, MatchItem
from monitor.model.vocabulary import Vocabulary
from monitor.store.database import Database, Tx
from monitor.store.policies import (
    StoredAction,
    StoredPolicy,
    Version,
    list_actions,
    list_policies,
    policies_version,
    with_actions,
)

_AT_ONCE = 3  # items that are matched without a thread of their own: about 1 ms each


class Matching:
    """Matches items against the tracked policies as they stand.

    The matcher is a cache of what the database says, keyed by its version: losing it costs time and nothing else.
    """

    def __init__(self, db: Database, vocabulary: Vocabulary) -> None:
        self._db = db
        self._vocabulary = vocabulary
        self._version: Version | None = None
        self._matcher: Matcher | None = None
        self._names: dict[str, str] = {}
        self._lock = asyncio.Lock()

    async def flags(self, items: Sequence[MatchItem], version: Version) -> list[Matched]:
        """Each item's relevance, and its matches that an editor is to see, in order.

        ``bound`` may name policies by tracker id, url, slug.

        ``version`` is what ``policies_version`` said in the transaction in which the items were compared.
        """
        return await self._each(items, version, Matcher.flags)

    async def matches(self, items: Sequence[MatchItem], version: Version) -> list[Matched]:
        """As ``flags``, with the matches that are too weak for an editor."""
        return await self._each(items, version, Matcher.match)

    async def _each(
        self, items: Sequence[MatchItem], version: Version, ask: Callable[[Matcher, MatchItem], Matched]
    ) -> list[Matched]:
        if not items:
            return []
        async with self._lock:
            matcher, names = await self._current(version), self._names
        bound = [_bound(item, names) for item in items]
        if len(bound) <= _AT_ONCE:  # a thread costs as much as matching an item does
            return [ask(matcher, item) for item in bound]
        return await asyncio.to_thread(lambda: [ask(matcher, item) for item in bound])

    async def _current(self, version: Version) -> Matcher:
        if self._matcher is not None and version == self._version:
            return self._matcher
        version = await self._db.read(policies_version)  # the caller's may be older than the matcher's
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
