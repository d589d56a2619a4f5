"""What the archive keeps of a poll: the documents, as they came, that its new words were read from."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import replace

from monitor.core.archive import packed
from monitor.model.source import Fetched, Kept, Reading


async def with_document(reading: Reading, fetched: Fetched) -> Reading:
    """``reading`` with the document that it was read from, for those that are not a poll's first."""
    if not reading.items:
        return reading
    return replace(reading, kept=(await _kept(fetched, [item.key for item in reading.items]),))


async def _kept(fetched: Fetched, keys: Collection[str]) -> Kept:
    """``fetched`` packed beside the loop: a feed of 40 KB takes half a millisecond."""
    blob = await asyncio.to_thread(packed, fetched.body)
    return Kept(replace(fetched, body=b""), blob, frozenset(keys))


async def kept(fetched: Fetched, reading: Reading, keys: Collection[str]) -> tuple[Kept, ...]:
    """The documents of one poll that the items of ``keys`` stand in, each item in one; none where there are no keys.

    ``fetched`` is the first, in which everything stands that ``reading.kept`` do not hold.
    """
    further = [replace(each, keys=each.keys.intersection(keys)) for each in reading.kept]
    elsewhere = frozenset[str]().union(*(each.keys for each in further))
    here = frozenset(keys) - elsewhere
    first = [await _kept(fetched, here)] if here else []
    return (*first, *(each for each in further if each.keys))
