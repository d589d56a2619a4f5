"""Room 3 beyond the first document: the next pages of an API until known items come, and the parts of an index."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import assert_never
from urllib.parse import urlsplit

from monitor.core.entries import lookup_keys
from monitor.model.source import (
    Fetched,
    FetchFailed,
    Item,
    Kept,
    NotModified,
    PollError,
    ReadFailed,
    Reading,
    ReadResult,
    SourceKind,
    Validators,
)
from monitor.pipeline.context import Context
from monitor.pipeline.evidence import with_document
from monitor.pipeline.fetching import fetch_document
from monitor.pipeline.tracker import pages_of_list
from monitor.store.known import known_entries
from monitor.store.schedule import Claim
from monitor.store.sources import host_key

PAGES_WITHIN = timedelta(minutes=3)  # with robots.txt, the first page and the last, under way, less than a lease


async def further_pages(ctx: Context, claim: Claim, first: Reading, at: datetime) -> ReadResult:
    """``first`` with the items of the documents that it names, ``max_pages`` documents at most.

    A page that holds a known item is the last one that is needed, once the source has its baseline; an index, which
    holds no items, is followed whole. A document that fails fails the poll: half an answer would look like a gap later.
    Two requests to one host are the gap apart; what does not fit into the claim's lease is not asked for.
    """
    if first.kind is SourceKind.TRACKER:
        return await pages_of_list(ctx, claim, first, at)
    if not first.next_urls:
        return first
    items, notes = list(first.items), list(first.notes)
    kept: list[Kept] = []
    waiting = deque(first.next_urls)
    left = claim.source.max_pages - 1
    reading: Reading = first
    gaps = _Gaps(ctx, claim.address)
    index = not first.items  # its parts are no pages of one list: what is known in one says nothing of the next
    while waiting and left > 0 and (index or not await _meets_known(ctx, claim, reading)):
        if not await gaps.wait_for(waiting[0]):
            notes.append(f"time was up after {gaps.asked} requests: {len(waiting)} more were not asked for")
            break
        left -= 1
        url = waiting.popleft()
        found = await _document(ctx, claim, url, at)
        if isinstance(found, ReadFailed):
            return ReadFailed(found.error, f"{url}: {found.detail}")
        reading = found
        kept += _told_first(found.kept, items)
        items += found.items
        notes += found.notes
        waiting.extend(found.next_urls)
    if waiting and left == 0:
        notes.append(f"max_pages ({claim.source.max_pages}) was reached: {len(waiting)} more were not asked for")
    return replace(first, items=tuple(_once(items)), notes=tuple(notes), next_urls=(), kept=tuple(kept))


def _told_first(kept: Sequence[Kept], items: Sequence[Item]) -> list[Kept]:
    """These without the items that stand in an earlier document too."""
    known = {item.key for item in items}
    return [replace(each, keys=each.keys - known) for each in kept if each.keys - known]


def credentials_for(ctx: Context, claim: Claim, url: str) -> Mapping[str, str]:
    """The source's keys and headers, where ``url`` is of its own origin: they go nowhere else (row F10)."""
    own = urlsplit(url)[:2] == urlsplit(claim.source.url)[:2]
    return ctx.credentials(claim.source.id) if own else {}


class _Gaps:
    """Keeps the requests of one poll to a host the least gap apart, and all of them within PAGES_WITHIN."""

    def __init__(self, ctx: Context, first: str) -> None:
        self._gap = ctx.settings.host_min_gap.total_seconds()
        self._now = asyncio.get_running_loop().time
        self._end = self._now() + PAGES_WITHIN.total_seconds()
        self._last = {host_key(first): self._now()}
        self.asked = 1

    async def wait_for(self, url: str) -> bool:
        """Wait until ``url`` may be asked; False, at once, where that is too late."""
        host, now = host_key(url), self._now()
        wait = max(0.0, self._last[host] + self._gap - now) if host in self._last else 0.0
        if now + wait > self._end:
            return False
        await asyncio.sleep(wait)
        self._last[host] = self._now()
        self.asked += 1
        return True


async def _document(ctx: Context, claim: Claim, url: str, at: datetime) -> ReadResult:
    headers = credentials_for(ctx, claim, url)
    result = await fetch_document(ctx, claim.source, url, validators=Validators(), headers=headers)
    match result:
        case Fetched():
            found = (await ctx.reader.skim(result, claim.source, at, {}, whole=True)).result
            return found if isinstance(found, ReadFailed) else await with_document(found, result)
        case FetchFailed():
            return ReadFailed(result.error, result.detail)
        case NotModified():
            return ReadFailed(PollError.PROTOCOL, "304 to a request without conditions")
        case _:
            assert_never(result)


async def _meets_known(ctx: Context, claim: Claim, reading: Reading) -> bool:
    if not claim.seeded or not reading.items:
        return False
    keys = lookup_keys(reading)
    known = await ctx.db.read(lambda tx: known_entries(tx, claim.source.id, keys=keys, links=(), titles=()))
    return bool(known)


def _once(items: list[Item]) -> list[Item]:
    """Each key once: an item that moved to the next page between two requests stands on both."""
    return list({item.key: item for item in reversed(items)}.values())[::-1]
