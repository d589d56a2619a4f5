"""The end of a pass over a host's pages: what is each page's own is told, what many share is told once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from monitor.core.change_summary import summarise
from monitor.core.diff import diff
from monitor.core.entries import Known, fingerprint
from monitor.core.match import Matched, MatchItem
from monitor.core.noise.compare import Residue, residue, standing
from monitor.core.noise.host import Settled, Shared, settle
from monitor.core.noise.judge import believed, frozen
from monitor.core.noise.mask import Mask
from monitor.core.noise.siblings import ENOUGH
from monitor.core.noise.validity import ALL, Suppression, valid_for
from monitor.core.read.blocks import text_of
from monitor.core.triage import added_text
from monitor.core.urls import split_link_line
from monitor.model.change import Diff, Part, PartKind
from monitor.model.page import Block
from monitor.model.source import Item
from monitor.pipeline.context import Context, log
from monitor.pipeline.report import PollReport
from monitor.store.database import Tx
from monitor.store.known import known_entries
from monitor.store.pages import (
    HeldPage,
    HostNote,
    held_hosts,
    held_pages,
    host_notes,
    looked_at,
    make_siblings_due,
    settle_page,
    store_lessons,
    store_note,
    suppressions_of,
)
from monitor.store.policies import policies_version
from monitor.store.polls import RevisedEntry, tell_revised

PATIENCE = timedelta(minutes=15)
"""How long a change waits for the other pages of its host, where some of them are always due."""

JOIN = timedelta(days=14)
"""How long a page that follows late joins what its host told."""

_PASS = timedelta(minutes=10)  # pages polled so long before the first held change are of the same pass
_WITNESSES = 3  # other pages of the host that are asked whether the change is theirs, too


@dataclass(frozen=True, slots=True)
class _Host:
    """What is known at the end of a pass."""

    held: Sequence[HeldPage]
    suppressions: Sequence[Suppression]
    notes: Sequence[HostNote]
    pages: int


async def settle_hosts(ctx: Context, *, only: Collection[str] | None = None) -> PollReport:
    """Tell the held changes of every host whose pass is over. Each host commits by itself."""
    now = ctx.clock()
    hosts = await ctx.db.read(lambda tx: held_hosts(tx, now=now, patience=PATIENCE, only=only))
    total = PollReport()
    for host in hosts:
        try:
            if only is not None or not await _asked_others(ctx, host):
                total += await _settle(ctx, host)
        except Exception:  # this host's fault keeps no other's changes from being told (I12); it is tried again
            log.exception("host_broke", host=host)
    return total


async def _asked_others(ctx: Context, host: str) -> bool:
    """Let a few other pages of the host be polled first, if none was for a while: one page cannot tell what is shared.

    They are due since before this pass: the host's turn comes when they were polled.
    """
    known = await ctx.db.read(lambda tx: _known_of(tx, host))
    oldest = min((page.held_at for page in known.held), default=None)
    if oldest is None or known.pages >= ENOUGH or ctx.clock() - oldest >= PATIENCE:
        return False
    asked = await ctx.db.write(
        lambda tx: make_siblings_due(tx, host, now=ctx.clock(), before=oldest - _PASS, most=_WITNESSES)
    )
    return asked > 0


def _known_of(tx: Tx, host: str) -> _Host:
    held = held_pages(tx, host)
    if not held:
        return _Host((), (), (), 0)
    first = min(page.held_at for page in held)
    return _Host(
        held=held,
        suppressions=suppressions_of(tx, host),
        notes=host_notes(tx, since=first - JOIN, host=host),
        pages=looked_at(tx, host, since=first - _PASS),
    )


async def _settle(ctx: Context, host: str) -> PollReport:
    known = await ctx.db.read(lambda tx: _known_of(tx, host))
    if not known.held:
        return PollReport()
    now = ctx.clock()
    masks = {page.source.id: Mask(valid_for(page.source.id, known.suppressions, now)[0]) for page in known.held}
    known = replace(known, held=[_by_now(page, masks[page.source.id]) for page in known.held])
    settled = _settled(known, masks)
    told = [await _told(ctx, page, settled, masks[page.source.id], known) for page in known.held]
    ctx.crashpoint("page.before_settle")
    report = await ctx.db.write(lambda tx: _commit(tx, host, settled, told, now))
    ctx.crashpoint("page.after_settle")
    for note in settled.shared:
        log.info("host_note", host=host, pages=len(note.pages), come=note.come[:3], gone=note.gone[:3])
    return report


def _by_now(page: HeldPage, mask: Mask) -> HeldPage:
    """What is left of a change by what the host's other pages have taught since it was held."""
    candidate = page.candidate
    left = standing([candidate.left, residue(page.blocks, candidate.blocks, mask)], mask)
    return replace(page, candidate=replace(candidate, left=left))


def _settled(known: _Host, masks: dict[str, Mask]) -> Settled:
    """What the host's pages tell together, in notes of watched pages: what only control pages share is nobody's."""
    changes: dict[str, Residue] = {page.source.id: page.candidate.left for page in known.held}
    watched = frozenset(changes)
    count = known.pages
    if known.pages < ENOUGH:
        for page in known.held:
            for url, left in page.candidate.controls.items():
                changes[url] = left
                masks[url] = masks[page.source.id]
            count += len(page.candidate.controls)
    joined = {words for note in known.notes for words in note.words}
    bound = {page.source.id for page in known.held if page.source.policies}  # flagged for their policies, however late
    settled = settle(changes, count, masks, known=joined, each=bound)
    return replace(settled, shared=tuple(note for note in settled.shared if watched.intersection(note.pages)))


@dataclass(frozen=True, slots=True)
class _Telling:
    """What is told of one page, in order: what it stands for of its host's note, then what is its own."""

    page: HeldPage
    blocks: Sequence[Block]
    entries: Sequence[RevisedEntry]

    @property
    def is_change(self) -> bool:
        return any(not entry.silent for entry in self.entries)


async def _told(ctx: Context, page: HeldPage, settled: Settled, mask: Mask, known: _Host) -> _Telling:
    source = page.source
    now = believed(page.blocks, page.candidate.blocks, mask)
    entry = await ctx.db.read(lambda tx: _entry_of(tx, source.url, source.id))
    if entry is None:  # nothing was told of it that could have changed
        return _Telling(page, now, ())
    item = Item(source.url, page.candidate.title, text_of(now), source.url)
    item = replace(item, published=page.candidate.published, published_raw=page.candidate.published_raw)
    changes = [
        (_note_diff(note, known, source.url), _bound(note, known))
        for note in settled.shared
        if note.is_news and _speaker(note, known) == source.id
    ]
    own = _own_diff(page, now, settled.own[source.id], mask)
    if own.parts:
        changes.append((own, source.policies))
    if not changes:
        silent = _revised(entry, item, own, Matched(0.0, ()), silent=True)
        return _Telling(page, now, () if entry.text == item.text else (silent,))
    version = await ctx.db.read(policies_version)
    asked = [_asked(page, item, each, bound) for each, bound in changes]
    answers = await ctx.matching.flags(asked, version)
    entries = [
        _revised(replace(entry, last_seq=entry.last_seq + n), item, each, answer)
        for n, ((each, _), answer) in enumerate(zip(changes, answers, strict=True))
    ]
    return _Telling(page, now, entries)


def _entry_of(tx: Tx, key: str, source_id: str) -> Known | None:
    found = [each for each in known_entries(tx, source_id, keys=[key], links=()) if each.key == key]
    return found[0] if found else None


def _asked(page: HeldPage, item: Item, told: Diff, bound: Sequence[str]) -> MatchItem:
    source = page.source
    return MatchItem(
        title=item.title,
        text=added_text(told),
        url=item.url or "",
        published=page.held_at.date(),
        publisher=source.name,
        agencies=source.agencies,
        bound=tuple(bound),
    )


def _revised(known: Known, item: Item, told: Diff, answer: Matched, *, silent: bool = False) -> RevisedEntry:
    return RevisedEntry(
        known=known,
        item=item,
        fingerprint=fingerprint(item),
        diff=told,
        normal_title="",
        own_story=True,
        material=True,
        flags=answer.flags,
        silent=silent,
    )


def _own_diff(page: HeldPage, now: Sequence[Block], own: Residue, mask: Mask) -> Diff:
    """The difference without what other pages tell, too."""
    left = page.candidate.left
    others_came = {frozen(block, page.blocks, mask).text for block in left.come if block not in own.come}
    others_went = {block.text for block in left.gone if block not in own.gone}
    whole = diff(_whole(page.blocks), _whole(now))
    parts = tuple(
        part
        for part in whole.parts
        if not (part.before == part.after and not own.moved)
        and not ({part.before, part.after} - {""} <= others_came | others_went)
    )
    return whole if parts == whole.parts else Diff(parts, summarise(parts))


def _whole(blocks: Sequence[Block]) -> str:
    return f"{text_of(blocks)}\n{text_of(blocks, main=False)}"


def _note_diff(note: Shared, known: _Host, url: str) -> Diff:
    parts = (
        *(Part(_kind(line, PartKind.REMOVED), line, "") for line in note.gone),
        *(Part(_kind(line, PartKind.ADDED), "", line) for line in note.come),
    )
    return Diff(parts, f"on {len(note.pages)} of {known.pages} pages of {urlsplit(url).hostname}: {summarise(parts)}")


def _kind(line: str, kind: PartKind) -> PartKind:
    return kind if split_link_line(line) is None else PartKind.LINK


def _bound(note: Shared, known: _Host) -> tuple[str, ...]:
    """The policies of all pages that share the change: it is flagged for each."""
    policies = (policy for page in known.held if page.source.id in note.pages for policy in page.source.policies)
    return tuple(dict.fromkeys(policies))


def _speaker(note: Shared, known: _Host) -> str:
    """The page that tells for all."""
    return next(page.source.id for page in known.held if page.source.id in note.pages)


def _commit(tx: Tx, host: str, settled: Settled, told: Sequence[_Telling], now: datetime) -> PollReport:
    """Everything that the end of a pass changes; what another worker has settled is left out."""
    report = PollReport()
    settled_pages = 0
    for telling in told:
        page = telling.page
        if not settle_page(tx, page.source.id, page.held_at, telling.blocks):
            continue
        settled_pages += 1
        flags = tell_revised(tx, page.source.id, page.candidate.snapshot_id, telling.entries, at=now)
        if telling.is_change:
            count = sum(not entry.silent for entry in telling.entries)
            report += PollReport(unchanged=-1, changed=1, entries_revised=count, flags=flags)
    if not settled_pages:
        return report
    store_lessons(tx, host, ALL, settled.lessons, at=now)
    watched = {telling.page.source.id for telling in told}
    for note in settled.shared:
        pages = tuple(page for page in note.pages if page in watched)
        store_note(tx, HostNote(host, now, note.come, note.gone, note.words, pages, note.is_news))
    return report
