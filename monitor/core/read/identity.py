"""Which item is which within one source (POLLING 6): the feed's own id, else its link, else its words; no date."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from monitor.core.read.prose import one_line
from monitor.core.urls import canonical_url
from monitor.model.source import Item

LONGEST_KEY = 512  # characters, extended or not: a PostgreSQL index row ends at 2,704 bytes
EXTENSION = " #x"
_DIGEST = 16  # hexadecimal digits
_LONGEST_OWN = LONGEST_KEY - len(EXTENSION) - _DIGEST


def digest(*parts: str) -> str:
    """Return the SHA-256 of ``parts`` in hexadecimal digits; NUL separates them, since clean text has none."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()


def own_key(guid: str, link: str | None, title: str, text: str) -> str:
    """Return the key of one item: raw guid, else canonical link, else ``sha256:`` and the hash of its words.

    Short enough that ``extended_key`` still fits into 512 characters; the end of a longer one is replaced by a hash.
    """
    key = one_line(guid) or (canonical_url(link) if link else f"sha256:{digest(title, text)}")
    if len(key) <= _LONGEST_OWN:
        return key
    return f"{key[: _LONGEST_OWN - _DIGEST - 1]}~{digest(key)[:_DIGEST]}"


def base_key(key: str) -> str:
    """Return a key without what ``extended_key`` put to it; any other key as it is."""
    base, mark, tail = key.rpartition(EXTENSION)
    return base if mark and len(tail) == _DIGEST else key


def extended_key(item: Item) -> str:
    """Return the item's key with a hash of link, title and text: for documents that use one id for several items."""
    if base_key(item.key) != item.key:
        return item.key
    words = digest(canonical_url(item.url or ""), item.title, item.text)
    return f"{item.key}{EXTENSION}{words[:_DIGEST]}"


def distinct(items: Iterable[Item]) -> tuple[list[Item], list[str]]:
    """Return each distinct item once, in order, with keys that are unique, and notes on what had to be done.

    The same item twice is kept once; different items under one key (courts' dockets, THREATS fault 44) all get the
    longer key, so that none depends on which of them stands first.
    """
    groups: dict[str, dict[str, Item]] = defaultdict(dict)
    order: list[tuple[str, str]] = []
    repeats = 0
    for item in items:
        longer = extended_key(item)
        if longer in groups[item.key]:
            repeats += 1
            continue
        groups[item.key][longer] = item
        order.append((item.key, longer))
    kept = [
        groups[key][longer] if len(groups[key]) == 1 else replace(groups[key][longer], key=longer)
        for key, longer in order
    ]
    return kept, _notes(repeats, [key for key, group in groups.items() if len(group) > 1])


def _notes(repeats: int, collided: Sequence[str]) -> list[str]:
    notes = [f"{repeats} repeated items left out"] if repeats else []
    if collided:
        notes.append(f"{len(collided)} ids stand for several items each (such as {collided[0][:80]!r}): keys extended")
    return notes


def more_than(number: int, most: int) -> int | None:
    """Return the number where it is over what is kept: what ``Reading.listed`` states of a document that was cut."""
    return number if number > most else None
