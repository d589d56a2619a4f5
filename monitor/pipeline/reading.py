"""Rooms 3 and 4: read a document as far as it has to be, and tell what in it is new."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitor.core.entries import Decided, Known, asks_for_titles, decide, lookup_keys
from monitor.core.pace import window_of
from monitor.core.read.skim import Skimmed
from monitor.core.urls import canonical_url
from monitor.model.source import Fetched, ReadFailed, Reading, SourceKind
from monitor.pipeline.context import Context
from monitor.pipeline.paging import further_pages
from monitor.pipeline.tracker import recognised
from monitor.store.database import Tx
from monitor.store.hosts import Hold
from monitor.store.known import have_further_keys, known_entries
from monitor.store.pages import PageState, page_state
from monitor.store.policies import NO_VERSION, Version, policies_version
from monitor.store.schedule import Claim
from monitor.store.sources import host_key

_NOTHING = Decided()


@dataclass(frozen=True, slots=True)
class Document:
    """A document's reading, compared with what is known, and the policies' version at that moment.

    ``window``: what it covers by its dates; ``holds``: of the host that was asked for further pages; ``page``: what is
    known of a watched page. Where its blocks are known, what of it is new is told by those, and not ``decided`` here.
    """

    skimmed: Skimmed
    decided: Decided = _NOTHING
    version: Version = NO_VERSION
    window: timedelta | None = None
    holds: tuple[Hold, ...] = ()
    page: PageState | None = None

    @property
    def paged(self) -> bool:
        """Whether it says of itself that it is but a part."""
        return bool(self.holds)


async def read_and_compare(ctx: Context, claim: Claim, fetched: Fetched, at: datetime) -> Document:
    """Read what is new in the document and tell what it is; read the whole where that alone does not tell."""
    marks = claim.marks if claim.seeded else {}
    window, holds = None, tuple[Hold, ...]()
    for whole in (False, True):
        skimmed = await ctx.reader.skim(fetched, claim.source, at, marks, whole=whole)
        ctx.crashpoint("poll.parsed")
        if isinstance(skimmed.result, Reading):
            first = skimmed.result
            if first.next_urls:
                result = await further_pages(ctx, claim, first, at)
                holds = (Hold(host_key(claim.address), ctx.clock() + ctx.settings.host_min_gap),)
            else:
                result = first
                window = None if skimmed.partial else window_of([item.published for item in first.items])
            skimmed = replace(skimmed, result=result, total=_total(skimmed, first))
        if isinstance(skimmed.result, ReadFailed):
            return Document(skimmed)
        decided, version, page = await _compare(ctx, claim, skimmed.result)
        if not skimmed.partial or await _is_plain(ctx, decided):
            break
    edited = tuple(each for each in decided.revised if each[1].key not in skimmed.same)
    return Document(skimmed, replace(decided, revised=edited), version, window, holds, page)


def _total(skimmed: Skimmed, first: Reading) -> int:
    """How much the document holds: its first page, of which a baseline reads more; an index its parts, not their items:
    which of them are read, and how full each is, changes with every month."""
    if skimmed.partial:
        return skimmed.total
    return len(first.items) if first.listed is None else first.listed


async def _compare(ctx: Context, claim: Claim, reading: Reading) -> tuple[Decided, Version, PageState | None]:
    if not reading.items:
        return Decided(), NO_VERSION, None
    source = claim.source
    keys = lookup_keys(reading)
    links = {canonical_url(item.url) for item in reading.items if item.url}
    titles = {item.title for item in reading.items if item.title}

    def work(tx: Tx) -> tuple[list[Known] | None, Version, PageState | None]:
        page = page_state(tx, host_key(source.url), source.id) if reading.blocks else None
        if claim.seeded and page is not None and page.blocks is not None:
            return None, NO_VERSION, page
        known = known_entries(tx, claim.source.id, keys=keys, links=links)
        if asks_for_titles(reading, known):
            found = {each.entry_id for each in known}
            titled = known_entries(tx, claim.source.id, keys=(), links=(), titles=titles)
            known += [each for each in titled if each.entry_id not in found]
        return known, policies_version(tx), page

    known, version, page = await ctx.db.read(work)
    if known is None:
        return Decided(), version, page
    decided = decide(reading, known)
    if reading.kind is SourceKind.TRACKER:
        decided = await recognised(ctx, claim, reading, decided)
    return decided, version, page


async def _is_plain(ctx: Context, decided: Decided) -> bool:
    """Tell whether the whole document would say the same: entries under new keys are told by what stands around them,
    and of an entry with several keys the document may hold another one, which was not read."""
    revised = {known.entry_id for known, _, _ in decided.revised}
    if decided.reidentified:
        return False
    return not revised or not await ctx.db.read(lambda tx: have_further_keys(tx, revised))
