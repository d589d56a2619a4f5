"""Room 5's matcher, kept beside the database: what changes there is learned in place."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from monitor.core.match import Matched, Matcher, MatchItem
from monitor.model.policy import PolicyRecord
from monitor.model.vocabulary import Vocabulary
from monitor.store.database import Database, Tx
from monitor.store.lessons import Heard, Lesson, News, all_lessons, heard, news_since
from monitor.store.policies import StoredPolicy, Version, list_policies, policies_by_id

_AT_ONCE = 3  # items that are matched without a thread of their own: about 1 ms each


@dataclass(slots=True)
class _Learned:
    """A matcher, the rows that it was taught by, and its policies: by url, and their urls by every name they have."""

    matcher: Matcher
    heard: Heard
    policies: dict[str, PolicyRecord]
    names: dict[str, str]


class Matching:
    """Matches items against the tracked policies as they stand, and learns from what editors decide.

    The matcher is a cache of what the database says, keyed by its version: losing it costs time and nothing else.
    """

    def __init__(self, db: Database, vocabulary: Vocabulary) -> None:
        self._db = db
        self._vocabulary = vocabulary
        self._learned: _Learned | None = None
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
        async with self._lock:  # whoever learns changes the matcher in place
            learned = await self._current(version)
            bound = [_bound(item, learned.names) for item in items]
            if len(bound) <= _AT_ONCE:  # a thread costs as much as matching an item does
                return [ask(learned.matcher, item) for item in bound]
            return await asyncio.to_thread(lambda: [ask(learned.matcher, item) for item in bound])

    async def _current(self, version: Version) -> _Learned:
        learned = self._learned
        if learned is not None and version == learned.heard.version:
            return learned
        if learned is not None:
            news = await self._db.read(lambda tx: _news(tx, learned.heard))
            if news is not None and _heed(learned, *news):
                return learned
        policies, lessons, rows = await self._db.read(_load)
        self._learned = await asyncio.to_thread(_taught, policies, lessons, rows, self._vocabulary)
        return self._learned


def names_of(policy: StoredPolicy) -> tuple[str, ...]:
    """Every name that people give a policy: url, slug, tracker id."""
    tracker_id = policy.record.tracker_id
    return (policy.record.url, policy.slug, *(() if tracker_id is None else (str(tracker_id),)))


def _load(tx: Tx) -> tuple[list[StoredPolicy], list[Lesson], Heard]:
    return list_policies(tx), all_lessons(tx), heard(tx)


def _taught(policies: Iterable[StoredPolicy], lessons: Iterable[Lesson], rows: Heard, words: Vocabulary) -> _Learned:
    known = {policy.record.url: policy for policy in policies}
    learned = _Learned(Matcher.build([each.record for each in known.values()], words), rows, {}, {})
    for policy in known.values():
        _name(learned, policy)
    for lesson in lessons:
        _learn(learned.matcher, lesson)
    return learned


def _name(learned: _Learned, policy: StoredPolicy) -> None:
    learned.policies[policy.record.url] = policy.record
    learned.names |= dict.fromkeys(names_of(policy), policy.record.url)


def _learn(matcher: Matcher, lesson: Lesson) -> None:
    item = MatchItem(lesson.title, lesson.text, lesson.url, lesson.published, lesson.publisher)
    matcher.learn(item, lesson.policies)


def _news(tx: Tx, known: Heard) -> tuple[News, list[StoredPolicy]] | None:
    news = news_since(tx, known)
    return news and (news, policies_by_id(tx, news.policies))


def _heed(learned: _Learned, news: News, changed: Iterable[StoredPolicy]) -> bool:
    """Learn what was decided since; False where a policy's own words changed: the matcher is to be built anew."""
    for policy in changed:
        if _words(policy.record) != _words(learned.policies.get(policy.record.url)):
            return False
        _name(learned, policy)
    for lesson in news.lessons:
        _learn(learned.matcher, lesson)
    return True


def _words(record: PolicyRecord | None) -> PolicyRecord | None:
    """What the matcher reads of a policy: a new status or kind changes no match."""
    return record and replace(record, current_status=None, status_tags=(), effective=None, related=(), actions=())


def _bound(item: MatchItem, names: dict[str, str]) -> MatchItem:
    if not item.bound:
        return item
    urls = tuple(names[name] for name in item.bound if name in names)
    return replace(item, bound=urls)
