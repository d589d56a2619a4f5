"""Rooms 1 to 5: claim what is due, fetch it, read it, tell what is new, match that, and commit all of it at once."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta
from typing import assert_never

from monitor.core.articles import wanted
from monitor.core.automatic import certain
from monitor.core.entries import Decided, Known, fingerprint
from monitor.core.health import TRUNCATED, Extent, extent_after
from monitor.core.match import Matched, MatchItem
from monitor.core.read.manners import wait_of
from monitor.core.read.skim import Skimmed
from monitor.core.text import story_title
from monitor.core.triage import added_text, is_material
from monitor.core.urls import canonical_url
from monitor.errors import LostClaim
from monitor.model.change import Diff
from monitor.model.flag import Match
from monitor.model.source import (
    NO_WAIT,
    WHOLE,
    Fetched,
    FetchFailed,
    FetchResult,
    Item,
    NotModified,
    PollError,
    ReadFailed,
    Reading,
    RobotsRule,
    Seed,
    SourceKind,
    Validators,
)
from monitor.net.robots import OBEYING
from monitor.pipeline.answers import answers
from monitor.pipeline.automatic import commit_poll
from monitor.pipeline.claims import claimed
from monitor.pipeline.context import Context, log
from monitor.pipeline.evidence import kept
from monitor.pipeline.fetching import fetch_document
from monitor.pipeline.hosts import settle_hosts
from monitor.pipeline.pacing import Answer, Found, failed, held_by_robots, patience, succeeded
from monitor.pipeline.pages import is_passing, judge_page
from monitor.pipeline.paging import credentials_for
from monitor.pipeline.places import until_nothing_is_due
from monitor.pipeline.reading import Document, read_and_compare
from monitor.pipeline.report import PollReport
from monitor.store.policies import Version
from monitor.store.polls import (
    NewEntry,
    PollCounts,
    PollRecord,
    RevisedEntry,
)
from monitor.store.schedule import Claim, claim_due, next_start

LEASE = timedelta(minutes=5)  # ten times what a fetch may take (THREATS F5)
FULL_FETCH_EVERY = timedelta(days=1)  # servers that answer 304 for ever (POLLING 4, fault 50)
ONLY_NEW = frozenset({SourceKind.MAILBOX})  # its document is what came since; its validator, how far it was read


async def poll_due(
    ctx: Context, limit: int, *, only: Collection[str] | None = None, stop: asyncio.Event | None = None
) -> PollReport:
    """Poll what is due and whose hosts may be asked, ``limit`` at once, until nothing is; each commits by itself.

    A peer that is slow takes no place from the others (``places``). Once ``stop`` is set, what is under way ends. What
    watched pages have to tell is held: ``settle_hosts`` tells it.
    """
    polls = await until_nothing_is_due(
        limit,
        lambda most: _claim(ctx, most, only),
        lambda claim: _poll(ctx, claim),
        stop=stop,
    )
    return sum(polls, PollReport())


async def _claim(ctx: Context, most: int, only: Collection[str] | None) -> list[Claim]:
    claims = await claimed(ctx, claim_due, most, lease=LEASE, only=only)
    if claims:
        ctx.crashpoint("poll.lease")
    return claims


async def poll_all_due(ctx: Context, *, only: Collection[str] | None = None) -> PollReport:
    """Poll until nothing is due any more, waiting out the gaps of hosts: ``monitor poll`` but for articles."""
    total = PollReport()
    horizon = ctx.clock()
    while True:
        total += await poll_due(ctx, ctx.settings.fetchers, only=only)
        total += await settle_hosts(ctx, only=only)
        start = await ctx.db.read(lambda tx: next_start(tx, now=horizon, only=only))
        if start is None:
            return total
        if start - ctx.clock() > patience(ctx.settings):
            log.info("poll_left", until=start, why="the hosts of what is still due asked for a longer wait")
            return total
        await asyncio.sleep(max(0.05, (start - ctx.clock()).total_seconds()))


async def _poll(ctx: Context, claim: Claim) -> PollReport:
    source = claim.source
    try:
        record = await _attend(ctx, claim)
    except Exception as error:  # a reader's fault ends this poll, not those of other sources (I12)
        log.exception("poll_broke", source=source.id)
        record = failed(ctx, claim, ReadFailed(PollError.INTERNAL, f"{type(error).__name__}: {error}"))
    record = replace(record, holds=(*record.holds, *held_by_robots(ctx, claim.address, source.id)))
    ctx.crashpoint("poll.before_commit")
    try:
        counts = await ctx.db.write(lambda tx: commit_poll(ctx, tx, record))
    except LostClaim as lost:
        log.warning("poll_discarded", source=source.id, why=str(lost))
        return PollReport(polled=1, failed=1)
    ctx.crashpoint("poll.after_commit")
    return _report(record, counts)


def _report(record: PollRecord, counts: PollCounts) -> PollReport:
    if record.error is not None:
        log.warning("poll_failed", source=record.source_id, error=record.error.value, detail=record.detail)
        return PollReport(polled=1, failed=1, flags=counts.flags)
    changed = bool(record.new or record.revised)
    if changed:
        log.info("poll_changed", source=record.source_id, new=counts.entries_new, revised=counts.entries_revised)
    return PollReport(1, int(not changed), int(changed), 0, counts.entries_new, counts.entries_revised, counts.flags)


async def _attend(ctx: Context, claim: Claim) -> PollRecord:
    """Fetch and judge one source; its record is what T2 commits."""
    proxy = ctx.proxies(claim.source.id)
    refused = await ctx.robots.refusal(claim.address, proxy) if _obeys_robots(claim) else None
    if refused is not None:
        return failed(ctx, claim, refused)
    conditional = claim.full_at is not None and ctx.clock() - claim.full_at < FULL_FETCH_EVERY
    conditional |= claim.source.kind in ONLY_NEW
    validators = claim.validators if conditional else Validators()
    result = await _fetch(ctx, claim, validators)
    if isinstance(result, FetchFailed) and is_passing(claim, result):
        await asyncio.sleep(ctx.settings.host_min_gap.total_seconds())
        result = await _fetch(ctx, claim, validators)
    ctx.crashpoint("poll.fetched")
    match result:
        case FetchFailed():
            return failed(ctx, claim, result)
        case NotModified():
            validators = _fresher(claim.validators, result.validators)
            answer = Answer(result.headers, validators, claim.wait, result.permanent_url)
            return succeeded(ctx, claim, answer, _as_before(claim), ctx.clock())
        case Fetched():
            return await _judge(ctx, claim, result)
        case _:
            assert_never(result)


async def _fetch(ctx: Context, claim: Claim, validators: Validators) -> FetchResult:
    headers = credentials_for(ctx, claim, claim.address)
    return await fetch_document(ctx, claim.source, claim.address, validators=validators, headers=headers)


def _obeys_robots(claim: Claim) -> bool:
    """What is meant for programs is exempt, unless the operator says otherwise; AUTO is what it turned out to be."""
    source = claim.source
    kind = claim.habits.read_as if source.kind is SourceKind.AUTO else source.kind
    return source.robots is RobotsRule.OBEY or (source.robots is RobotsRule.AUTO and kind in OBEYING)


def _fresher(stored: Validators, sent: Validators) -> Validators:
    return Validators(sent.etag or stored.etag, sent.last_modified or stored.last_modified)


def _as_before(claim: Claim) -> Found:
    return Found(proven=bool(claim.extent.items))


async def _judge(ctx: Context, claim: Claim, fetched: Fetched) -> PollRecord:
    at = ctx.clock()
    sha256 = hashlib.sha256(fetched.body).hexdigest()
    wait = NO_WAIT if claim.source.kind in ONLY_NEW else wait_of(fetched.body)
    answer = Answer(fetched.headers, fetched.validators, wait, fetched.permanent_url)

    def settled(found: Found) -> PollRecord:
        record = replace(succeeded(ctx, claim, answer, found, at), whole=True, wait=wait, more=fetched.more)
        return replace(record, next_poll_at=at) if fetched.more else record

    is_tracker = claim.source.kind is SourceKind.TRACKER  # a list stays the same while the pages that it names change
    if claim.seeded and sha256 == claim.body_sha256 and not is_tracker:
        return settled(_as_before(claim))
    document = await read_and_compare(ctx, claim, fetched, at)
    skimmed, decided, reading = document.skimmed, document.decided, document.skimmed.result
    if isinstance(reading, ReadFailed):
        return failed(ctx, claim, reading, led_to=fetched.permanent_url)
    refused = await _refused_as_page(ctx, claim, reading)
    if refused is not None:
        return refused
    for note in (*reading.notes, *decided.notes):
        log.info("poll_note", source=claim.source.id, note=note)
    record = replace(settled(_found(claim, document, reading)), body_sha256=sha256, holds=document.holds)
    if claim.source.kind not in ONLY_NEW and not reading.pages:  # each poll brings other mail, other pages of a list
        record = replace(record, extent=_extent(claim, skimmed, at))
    if is_tracker:
        validators = Validators() if reading.pages else record.validators  # so that a list is never "not modified"
        record = replace(record, validators=validators, pages=reading.pages)
    if (skimmed.partial and not reading.items) or (is_tracker and claim.seeded and decided.is_nothing):
        return record
    if document.page is not None:
        judged = await judge_page(ctx, claim, fetched, reading, document.page)
        if isinstance(judged, ReadFailed):
            return failed(ctx, claim, judged, led_to=fetched.permanent_url)
        record = replace(record, page=judged)
        if judged.blocks is None:  # told, if anything is, when the pass over its host ends
            record = replace(record, notes=reading.notes)
            if judged.held is None:
                return record
            evidence = await kept(fetched, reading, [item.key for item in reading.items])
            return replace(record, fetched=fetched, kept=evidence)
    new, revised = await _match(ctx, claim, reading, decided, document.version, at)
    keys = {entry.item.key for entry in new} | {entry.item.key for entry in revised}
    if record.gap:
        log.warning("possible_gap", source=claim.source.id, items=len(reading.items))
    return replace(
        record,
        notes=None if skimmed.partial else reading.notes,
        fetched=fetched,
        kept=await kept(fetched, reading, keys),
        new=new,
        revised=revised,
        deeds=ctx.vocabulary.status_words,
        rekeyed=tuple((known.entry_id, item.key) for known, item in decided.reidentified),
        marks=skimmed.marks,
    )


async def _refused_as_page(ctx: Context, claim: Claim, reading: Reading) -> PollRecord | None:
    """A document of kind AUTO that turns out to be a page is asked for like one: before it is stored, too."""
    source = claim.source
    if source.kind is not SourceKind.AUTO or source.robots is not RobotsRule.AUTO or reading.kind not in OBEYING:
        return None
    if claim.habits.read_as in OBEYING:
        return None  # robots.txt was asked
    refused = await ctx.robots.refusal(claim.address, ctx.proxies(source.id))
    if refused is None:
        return None
    record = failed(ctx, claim, refused)
    return replace(record, habits=replace(record.habits or claim.habits, read_as=reading.kind))


def _found(claim: Claim, document: Document, reading: Reading) -> Found:
    skimmed, decided = document.skimmed, document.decided
    overlaps = len(decided.new) < len(reading.items) or bool(decided.revised or decided.reidentified)
    is_tracker = reading.kind is SourceKind.TRACKER  # its new actions stand on pages of their own
    gap = claim.seeded and bool(claim.extent.items) and bool(decided.new) and not overlaps
    countable = not document.paged and not is_tracker and claim.source.kind not in ONLY_NEW
    return Found(
        new=len(decided.new),
        items=skimmed.total if countable else None,
        window=None if is_tracker else document.window,
        gap=gap and not skimmed.partial and not is_tracker,  # more may have come and gone between two polls (fault 48)
        proven=_is_same(document, reading) if reading.kind in WHOLE else overlaps or skimmed.partial,
        read_as=reading.kind if claim.source.kind is SourceKind.AUTO else None,
    )


def _is_same(document: Document, reading: Reading) -> bool:
    """Whether a document that is one entry says what it did."""
    if document.page is not None and document.page.blocks is not None:
        return all(item.text == document.page.text for item in reading.items)
    return not document.decided.new and not document.decided.revised


def _extent(claim: Claim, skimmed: Skimmed, at: datetime) -> Extent:
    """Half the items of the last document, or none: a server's fault more often than news (fault 46)."""
    notes = skimmed.result.notes if isinstance(skimmed.result, Reading) else ()
    truncated = any(note.startswith(TRUNCATED) for note in notes)
    extent = extent_after(claim.extent, skimmed.total, at, truncated=truncated)
    if extent.shrunk_at == at:
        log.warning("suspicious_shrink", source=claim.source.id, items=extent.items, before=extent.most)
    return extent


async def _match(
    ctx: Context, claim: Claim, reading: Reading, decided: Decided, version: Version, at: datetime
) -> tuple[tuple[NewEntry, ...], tuple[RevisedEntry, ...]]:
    """What was decided, with the flags that it raises. A baseline raises none, and nor does what is long past."""
    own_story = reading.kind in WHOLE
    asked = [_as_match_item(claim, item, item.text, at) for item in decided.new]
    asked += [
        _as_match_item(claim, item, added_text(diff) if own_story else item.text, at)
        for _, item, diff in decided.revised
    ]
    asked += [
        _as_match_item(claim, replace(item, title=known.title), known.text, at) for known, item, _ in decided.revised
    ]
    ctx.crashpoint("match.before")
    found = await answers(ctx, claim, reading, decided, asked, version)
    ctx.crashpoint("match.after")
    new = [_new_entry(claim, reading, item, found[n], at) for n, item in enumerate(decided.new)]
    flags = [answer.flags for answer in found]
    now, before = flags[len(new) : len(new) + len(decided.revised)], flags[len(new) + len(decided.revised) :]
    revised = [
        _revised_entry(claim, known, item, diff, own_story, now[n], before[n])
        for n, (known, item, diff) in enumerate(decided.revised)
    ]
    return tuple(new), tuple(revised)


def _revised_entry(
    claim: Claim,
    known: Known,
    item: Item,
    diff: Diff,
    own_story: bool,
    flags: tuple[Match, ...],
    before: tuple[Match, ...],
) -> RevisedEntry:
    """An edit of a feed's entry is news of a policy if it is material, or if the old words did not concern it."""
    # the tracker's own edits are its own: what editors made of the action stands
    material = item.stated is None and is_material(known.title, known.text, item.title, item.text)
    concerned = {match.policy for match in before}
    return RevisedEntry(
        known=known,
        item=item,
        fingerprint=fingerprint(item),
        diff=diff,
        normal_title=story_title(item.title, item.publisher or claim.source.name),
        own_story=own_story,
        material=material,
        flags=tuple(match for match in flags if own_story or material or match.policy not in concerned),
    )


def _as_match_item(claim: Claim, item: Item, text: str, at: datetime) -> MatchItem:
    source = claim.source
    published = item.published if item.published and source.kind not in WHOLE else at
    return MatchItem(
        title=item.title,
        text=text,
        url=item.url or "",
        published=published.date(),
        publisher=item.publisher or source.name,
        agencies=source.agencies,
        bound=source.policies,
    )


def _new_entry(claim: Claim, reading: Reading, item: Item, answer: Matched, at: datetime) -> NewEntry:
    silent = item.key in reading.baseline and claim.source.seed is Seed.SILENT
    late = item.published is not None and item.published < at - claim.source.late_after
    if late and answer.flags:
        log.info("late_item", entry=item.key, title=item.title, published=item.published)
    return NewEntry(
        item=item,
        fingerprint=fingerprint(item),
        canonical_url=canonical_url(item.url) if item.url and _is_article(item) else None,
        normal_title=story_title(item.title, item.publisher or claim.source.name),
        flags=() if late else answer.flags,
        article=None if late or silent else wanted(claim.source, reading.kind, item, answer.relevant),
        silent=silent,
        certain=certain(claim.source, reading.kind, item, answer.matches, at.date()),
    )


def _is_article(item: Item) -> bool:
    """Whether a link is one story's: several actions of a timeline may rest on one docket's page."""
    return item.stated is None or item.stated.reported
