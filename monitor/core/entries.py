"""What a reading means for what is known of its source: new, revised, under another key, or nothing (POLLING 6-8)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from monitor.core.change_summary import summarise
from monitor.core.diff import diff
from monitor.core.read.identity import base_key, digest, extended_key
from monitor.core.text import clean, normal_title
from monitor.core.urls import canonical_url
from monitor.model.change import Diff, Part, PartKind
from monitor.model.source import Item, Reading, SourceKind

MOST_REVISIONS = 24  # of a feed's entry: some feeds put a counter into every item (POLLING 8)
_REKEY_ITEMS = 3  # documents with fewer items say nothing about how ids are made
_TELLING_WORDS = 3  # "Order" names no item
_SINCE_EVER = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Known:
    """An entry as the store has it: one of its keys and its last revision.

    An entry that has had several keys is given once for each that matters, with the same ``entry_id``.
    """

    entry_id: int
    key: str
    url: str | None
    title: str
    text: str
    fingerprint: str
    last_seq: int


@dataclass(frozen=True, slots=True)
class Decided:
    """What to write for one reading.

    ``new`` is oldest first, each under a key that no known entry has. ``revised`` carries what is known, what the
    document says now, and the difference. ``reidentified`` are known entries under a key that is not known: they take
    the item's key as well, and are no news; where their words changed too they also stand in ``revised``.
    ``unchanged`` counts the other items. No entry stands twice in one field. ``notes`` are for the log.
    """

    new: tuple[Item, ...] = ()
    revised: tuple[tuple[Known, Item, Diff], ...] = ()
    reidentified: tuple[tuple[Known, Item], ...] = ()
    unchanged: int = 0
    notes: tuple[str, ...] = ()

    @property
    def is_nothing(self) -> bool:
        """Whether there is nothing to write."""
        return not (self.new or self.revised or self.reidentified)


def fingerprint(item: Item) -> str:
    """Return the SHA-256, in hexadecimal, of title, canonical link and text in NFC; dates are left out."""
    return digest(clean(item.title), canonical_url(item.url or ""), clean(item.text))


def lookup_keys(reading: Reading) -> set[str]:
    """Return every key under which the reading's items may be known: ask the store for these (and for their links)."""
    return {key for item in reading.items for key in (item.key, base_key(item.key), extended_key(item))}


def asks_for_titles(reading: Reading, known: Sequence[Known]) -> bool:
    """Tell whether ``decide`` looks at titles alone, ``known`` being the entries that keys and links have found."""
    keys = {entry.key for entry in known}
    items = _ruled(reading.items, known)
    unknown = sum(item.key not in keys for item in items)
    return len(items) >= _REKEY_ITEMS and unknown * 2 > len(items)


def decide(reading: Reading, known: Mapping[str, Known] | Iterable[Known]) -> Decided:
    """Compare a reading with the known entries of its source. Nothing is ever gone because a document lacks it.

    An item is a known entry if its key is. Keys that once stood for several items keep their longer form
    (``extended_key``), and an entry from before the collision is known again by its words. An unknown key with the
    same canonical link and the same normalised title as one known entry is that entry, unless the link is shared.
    Where over half of a feed's keys are unknown at once, and link or title tells most of those, its ids were remade,
    and link or title is enough. Neither holds for mail: a newsletter's title and link repeat every week.
    """
    entries = list(known.values() if isinstance(known, Mapping) else known)
    comparison = _Comparison(_ruled(reading.items, entries), entries)
    comparison.by_key()
    # Of a tracker one action may stand on the pages of several policies: see ``restated``.
    if reading.kind not in (SourceKind.MAILBOX, SourceKind.TRACKER):
        comparison.by_link_and_title()
    if reading.kind not in (SourceKind.PAGE, SourceKind.MAILBOX, SourceKind.TRACKER):
        comparison.by_link_or_title()
    return comparison.decided(capped=reading.kind is not SourceKind.PAGE)


def _ruled(items: Iterable[Item], entries: Sequence[Known]) -> list[Item]:
    """Return each key's first item, under the longer key where the source's keys have collided before."""
    collided = {base_key(entry.key) for entry in entries if base_key(entry.key) != entry.key}
    ruled = (replace(item, key=extended_key(item)) if item.key in collided else item for item in items)
    first: dict[str, Item] = {}
    for item in ruled:
        first.setdefault(item.key, item)
    return list(first.values())


def _link(url: str | None) -> str:
    return canonical_url(url) if url else ""


def _telling(title: str) -> str:
    normal = normal_title(title)
    return normal if len(normal.split()) >= _TELLING_WORDS else ""


class _Comparison:
    """The items of one document beside the known entries: which is which, each item and each entry once."""

    def __init__(self, items: Sequence[Item], entries: Sequence[Known]) -> None:
        self._items = items
        self._known = {entry.key: entry for entry in entries}
        self._entries = {entry.entry_id: entry for entry in entries}
        self._same: dict[int, Known] = {}  # place of an item: the entry that has its key
        self._moved: dict[int, Known] = {}  # place of an item: the entry that takes its key
        self._taken: set[int] = set()
        self._links_in = Counter(_link(item.url) for item in items)
        self._links_known = Counter(_link(entry.url) for entry in self._entries.values())

    def by_key(self) -> None:
        for place, item in enumerate(self._items):
            entry = self._known.get(item.key)
            if entry is not None and entry.entry_id not in self._taken:
                self._same[place] = entry
                self._taken.add(entry.entry_id)
        for place in self._open():
            bare = self._known.get(base_key(self._items[place].key))
            if bare is not None and bare.fingerprint == fingerprint(self._items[place]):
                self._move(place, bare)

    def by_link_and_title(self) -> None:
        self._join(
            lambda item: (_link(item.url), normal_title(item.title)) if self._is_unshared(item.url) else None,
            lambda entry: (_link(entry.url), normal_title(entry.title)) if entry.url else None,
        )

    def by_link_or_title(self) -> None:
        unknown = len(self._open()) + len(self._moved)
        if len(self._items) < _REKEY_ITEMS or unknown * 2 <= len(self._items):
            return
        before = dict(self._moved), set(self._taken)
        self._join(lambda item: _link(item.url), lambda entry: _link(entry.url))
        self._join(lambda item: _telling(item.title), lambda entry: _telling(entry.title))
        if len(self._moved) * 2 <= unknown:
            self._moved, self._taken = before

    def _open(self) -> list[int]:
        """Return the places of the items whose key is not known and that no entry was found for."""
        done = self._same.keys() | self._moved.keys()
        return [place for place, item in enumerate(self._items) if place not in done and item.key not in self._known]

    def _move(self, place: int, entry: Known) -> None:
        if entry.entry_id not in self._taken:
            self._moved[place] = entry
            self._taken.add(entry.entry_id)

    def _is_unshared(self, url: str | None) -> bool:
        """Tell whether a link leads to one item of the document and to at most one known entry."""
        return bool(url) and self._links_in[_link(url)] == 1 and self._links_known[_link(url)] <= 1

    def _join(self, of_item: Callable[[Item], object], of_entry: Callable[[Known], object]) -> None:
        """Join unknown items and free entries whose marks are equal, where one of each kind has that mark."""
        if len(self._taken) == len(self._entries):
            return
        items = Counter(mark for item in self._items if (mark := of_item(item)))
        free = [entry for entry in self._entries.values() if entry.entry_id not in self._taken]
        marks = Counter(mark for entry in self._entries.values() if (mark := of_entry(entry)))
        by_mark = {of_entry(entry): entry for entry in free}
        for place in self._open():
            mark = of_item(self._items[place])
            if mark and items[mark] == 1 and marks[mark] == 1 and mark in by_mark:
                self._move(place, by_mark[mark])

    def decided(self, *, capped: bool) -> Decided:
        revised: dict[int, tuple[Known, Item, Diff]] = {}
        notes = []
        for place, entry in sorted((self._same | self._moved).items()):
            change = difference(entry, self._items[place])
            if not change.parts:
                continue
            if capped and entry.last_seq >= MOST_REVISIONS:
                notes.append(f"{entry.key[:80]!r} was revised {entry.last_seq} times: later edits are not kept")
                continue
            revised[place] = entry, self._items[place], change
        new = self._open()
        return Decided(
            new=tuple(_oldest_first([self._items[place] for place in new])),
            revised=tuple(revised.values()),
            reidentified=tuple((entry, self._items[place]) for place, entry in sorted(self._moved.items())),
            unchanged=len(self._items) - len(new) - len(revised.keys() | self._moved.keys()),
            notes=tuple(notes),
        )


def difference(entry: Known, item: Item) -> Diff:
    """Return how the item differs from the entry's last words: title, link, then text; no parts where it does not."""
    if entry.fingerprint == fingerprint(item):
        return diff("", "")
    link = _link(entry.url), _link(item.url)
    text = diff(entry.text, item.text)
    parts, summary = text.parts, text.summary
    if link[0] != link[1]:
        parts = (Part(PartKind.LINK, *link), *parts)
        summary = summarise(parts)
    phrases = [summary] if parts else []
    if clean(entry.title) != clean(item.title):
        parts = (Part(PartKind.CHANGED, entry.title, item.title), *parts)
        phrases.insert(0, "title changed")
    return Diff(parts, "; ".join(phrases) or summarise(parts))


def _oldest_first(items: Sequence[Item]) -> list[Item]:
    """Return the items by date; where dates are equal or missing, in reverse document order (newest stand first).

    An item without a date goes after the one that stands below it in the document.
    """
    dated: list[tuple[datetime, Item]] = []
    last = _SINCE_EVER
    for item in reversed(items):
        last = item.published or last
        dated.append((last, item))
    return [item for _, item in sorted(dated, key=lambda pair: pair[0])]
