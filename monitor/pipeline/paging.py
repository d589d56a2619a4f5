"""Room 3 beyond the first document: the next pages of an API until known items come, and the parts of an index."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from datetime import datetime
from typing import assert_never
from urllib.parse import urlsplit

from monitor.core.entries import lookup_keys
from monitor.model.source import (
    Fetched,
    FetchFailed,
    Item,
    NotModified,
    PollError,
    ReadFailed,
    Reading,
    ReadResult,
    SourceKind,
    Validators,
)
from monitor.pipeline.context import Context
from monitor.pipeline.tracker import pages_of_list
from monitor.store.known import known_entries
from monitor.store.schedule import Claim


async def further_pages(ctx: Context, claim: Claim, first: Reading, at: datetime) -> ReadResult:
    """``first`` with the items of the documents that it names, ``max_pages`` documents at most.

    A page that holds a known item is the last one that is needed, once the source has its baseline; an index, which
    holds no items, is followed whole. A document that fails fails the poll: half an answer would look like a gap later.
    """
    if first.kind is SourceKind.TRACKER:
        return await pages_of_list(ctx, claim, first, at)
    if not first.next_urls:
        return first
    items, notes = list(first.items), list(first.notes)
    waiting = deque(first.next_urls)
    left = claim.source.max_pages - 1
    reading: Reading = first
    while waiting and left > 0 and not await _meets_known(ctx, claim, reading):
        left -= 1
        url = waiting.popleft()
        found = await _document(ctx, claim, url, at)
        if isinstance(found, ReadFailed):
            return ReadFailed(found.error, f"{url}: {found.detail}")
        reading = found
        items += found.items
        notes += found.notes
        waiting.extend(found.next_urls)
    if waiting and left == 0:
        notes.append(f"max_pages ({claim.source.max_pages}) was reached: {len(waiting)} more were not asked for")
    return replace(first, items=tuple(_once(items)), notes=tuple(notes), next_urls=())


async def _document(ctx: Context, claim: Claim, url: str, at: datetime) -> ReadResult:
    own = urlsplit(url)[:2] == urlsplit(claim.source.url)[:2]
    headers = ctx.credentials(claim.source.id) if own else {}  # keys go to the source's own origin alone (row F10)
    result = await ctx.fetcher.fetch(url, validators=Validators(), headers=headers, proxy=ctx.proxies(claim.source.id))
    match result:
        case Fetched():
            return (await ctx.reader.skim(result, claim.source, at, {}, whole=True)).result
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
