"""Rooms 3 to 5 of other trackers: the pages of a list in turn, actions in other words, and policies that are known."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import assert_never
from urllib.parse import urlsplit

from monitor.core.entries import Decided
from monitor.core.match import UNMATCHED, Matched, MatchItem
from monitor.core.read.identity import base_key
from monitor.core.restated import recognise
from monitor.core.tracker.same import alike
from monitor.model.flag import Match, Reason, ReasonKind
from monitor.model.policy import ActionRecord
from monitor.model.source import (
    Fetched,
    FetchFailed,
    Item,
    Kept,
    NotModified,
    PolicyPage,
    PollError,
    ReadFailed,
    Reading,
    ReadResult,
    SourceKind,
    StatedAction,
    Validators,
)
from monitor.pipeline.context import Context, log
from monitor.pipeline.evidence import with_document
from monitor.pipeline.telling import known_twin
from monitor.store.database import Tx
from monitor.store.policies import StoredPolicy, Version, find_policy
from monitor.store.schedule import Claim
from monitor.store.trackers import policy_pages, stated_actions

_FULL_FETCH_EVERY = timedelta(days=1)  # as of any document: servers answer 304 for ever (POLLING 4)
_WITHIN = timedelta(minutes=2)  # of a lease of five; what is left is asked for at the next poll
_SITE = frozenset({PollError.TIMEOUT, PollError.DNS, PollError.CONNECT, PollError.TLS})


async def pages_of_list(ctx: Context, claim: Claim, first: Reading, at: datetime) -> ReadResult:
    """``first`` with the actions of the policy pages that it names: ``max_pages`` documents at most a poll.

    Pages that were never asked for come first, then those that were asked for the longest ago, so that all have their
    turn. A page that did not change costs a conditional request; one page's failure is a note. Fails where the site
    does not answer, where no page can be read, and where what was a policy's page has become a list.
    """
    if not first.next_urls:
        return first
    known = await ctx.db.read(lambda tx: policy_pages(tx, claim.source.id))
    if claim.seeded and not known:
        detail = "this was a policy's page and reads as a list now: has its layout changed?"
        return ReadFailed(PollError.NOT_A_DOCUMENT, detail)
    urls = sorted(first.next_urls, key=lambda url: (known[url].asked_at or at).timestamp() if url in known else 0.0)
    asked = urls[: max(1, claim.source.max_pages - 1)]
    visits = []
    for url in asked:
        if ctx.clock() - at > _WITHIN:
            break
        await asyncio.sleep(ctx.settings.host_min_gap.total_seconds())
        visits.append(await _visit(ctx, claim, known.get(url, PolicyPage(url)), at))
    failures = [reading for _, reading in visits if isinstance(reading, ReadFailed)]
    if failures and len(failures) == len(visits) and (len(failures) > 1 or failures[0].error in _SITE):
        return ReadFailed(failures[0].error, f"no page of the list could be read: {failures[0].detail}")
    return _gathered(first, visits, known, len(urls) - len(visits))


def _gathered(
    first: Reading, visits: Sequence[tuple[PolicyPage, ReadResult]], known: dict[str, PolicyPage], left: int
) -> Reading:
    items: dict[str, Item] = {}
    baseline: set[str] = set()
    notes = list(first.notes)
    kept: list[Kept] = []
    for page, reading in visits:
        if isinstance(reading, ReadFailed):
            notes.append(f"{page.url}: {reading.error}: {reading.detail}")
            continue
        notes += reading.notes
        items |= {item.key: item for item in reading.items}
        kept += reading.kept
        if page.url not in known or known[page.url].full_at is None:
            baseline |= {item.key for item in reading.items}
    if left:
        notes.append(f"{left} more pages of the list have their turn at the next polls (max_pages)")
    pages = tuple(page for page, _ in visits)
    return replace(
        first,
        items=tuple(items.values()),
        notes=tuple(notes),
        next_urls=(),
        pages=pages,
        baseline=frozenset(baseline),
        kept=tuple(kept),
    )


async def _visit(ctx: Context, claim: Claim, page: PolicyPage, at: datetime) -> tuple[PolicyPage, ReadResult]:
    """One page as it answers now, and the actions that it holds; none where it did not change."""
    asked = replace(page, asked_at=at)
    unchanged = Reading(SourceKind.TRACKER, "", ())
    proxy = ctx.proxies(claim.source.id)
    refused = await ctx.robots.refusal(page.url, proxy)
    if refused is not None:
        return asked, ReadFailed(refused.error, refused.detail)
    own = urlsplit(page.url)[:2] == urlsplit(claim.source.url)[:2]
    fresh = claim.seeded and page.full_at is not None and at - page.full_at < _FULL_FETCH_EVERY
    result = await ctx.fetcher.fetch(
        page.url,
        validators=page.validators if fresh else Validators(),
        headers=ctx.credentials(claim.source.id) if own else {},
        proxy=proxy,
    )
    match result:
        case FetchFailed():
            return asked, ReadFailed(result.error, result.detail)
        case NotModified():
            return asked, unchanged
        case Fetched():
            pass
        case _:
            assert_never(result)
    sha256 = hashlib.sha256(result.body).hexdigest()
    received = replace(asked, validators=result.validators, sha256=sha256, full_at=at)
    if claim.seeded and page.full_at is not None and sha256 == page.sha256:
        return received, unchanged
    reading = (await ctx.reader.skim(result, claim.source, at, {}, whole=True)).result
    if isinstance(reading, ReadFailed):
        return asked, reading
    if reading.next_urls:
        return received, replace(unchanged, notes=(f"{page.url} is a list itself, which is not followed",))
    return received, await with_document(reading, result)


async def recognised(ctx: Context, claim: Claim, reading: Reading, decided: Decided) -> Decided:
    """``decided`` without the actions that the tracker only states in other words now."""
    moments = {item.published for item in decided.new if item.published is not None}
    if not moments:
        return decided
    candidates = await ctx.db.read(lambda tx: stated_actions(tx, claim.source.id, moments))
    return recognise(decided, reading.items, candidates)


async def known_policies(
    ctx: Context, claim: Claim, decided: Decided, asked: Sequence[MatchItem], version: Version
) -> list[Matched]:
    """One answer for each of ``asked`` (the new items, then others, which raise nothing: edits are the tracker's).

    An action belongs to the policies that the source is bound to, else to the one that its page is of. One whose policy
    is not tracked here goes to the ordinary matcher. What a timeline has already, in whatever words, raises nothing.
    """
    new = decided.new

    def look_up(tx: Tx) -> list[list[StoredPolicy]]:
        return [_policies_of(tx, claim, item.stated) for item in new if item.stated is not None]

    found = await ctx.db.read(look_up)
    strangers = [place for place, policies in enumerate(found) if not policies]
    others = await ctx.matching.flags([asked[place] for place in strangers], version)
    matches = [_of_page(item, policies) for item, policies in zip(new, found, strict=True)]
    for place, answer in zip(strangers, others, strict=True):
        matches[place] = answer.flags
    matches = await ctx.db.read(lambda tx: [_unrecorded(tx, *pair) for pair in zip(new, matches, strict=True)])
    return [*(Matched(1.0, each) for each in matches), *[UNMATCHED] * (len(asked) - len(new))]


def _policies_of(tx: Tx, claim: Claim, stated: StatedAction) -> list[StoredPolicy]:
    if claim.source.policies:
        bound = (find_policy(tx, name) for name in claim.source.policies)
        return list({policy.id: policy for policy in bound if policy is not None}.values())
    by_url = find_policy(tx, stated.policy_url)
    if by_url is not None:
        return [by_url]
    by_id = None if stated.tracker_id is None else find_policy(tx, stated.tracker_id)
    if by_id is None:
        log.info("tracker_policy_unknown", source=claim.source.id, page=stated.policy_url)
        return []
    if not _may_be(by_id, stated):
        log.warning("tracker_number_of_another", source=claim.source.id, page=stated.policy_url, id=stated.tracker_id)
        return []
    return [by_id]


def _may_be(policy: StoredPolicy, stated: StatedAction) -> bool:
    """Whether a number that both have is the same tracker's: trackers count for themselves."""
    ours = policy.record
    same_host = urlsplit(ours.url).netloc == urlsplit(stated.policy_url).netloc
    untold = not ours.title or not stated.policy_title
    return same_host or untold or ours.url.startswith("title:") or alike(ours.title or "", stated.policy_title)


def _of_page(item: Item, policies: Sequence[StoredPolicy]) -> tuple[Match, ...]:
    term = "" if item.stated is None else item.stated.policy_title or item.stated.policy_url
    reason = Reason(ReasonKind.TRACKER, term, "" if item.stated is None else item.stated.policy_url)
    matches = (Match(each.record.url, each.record.title or each.record.url, 1.0, True, (reason,)) for each in policies)
    return tuple(matches)


def _unrecorded(tx: Tx, item: Item, matches: tuple[Match, ...]) -> tuple[Match, ...]:
    stated = item.stated
    if stated is None:
        return matches
    shared = base_key(item.key) != item.key  # several actions of the day rest on this document: it tells none of them
    document = None if shared else stated.document_url
    record = ActionRecord(stated.kind, stated.date, item.title, item.text, document)

    def is_new(match: Match) -> bool:
        policy = find_policy(tx, match.policy) if match.flag else None
        return policy is None or known_twin(tx, policy.id, record) is None

    return tuple(match for match in matches if is_new(match))
