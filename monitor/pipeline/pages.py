"""Room 4 for watched pages, while they are polled: fetch again what seems changed, and hold what is confirmed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from monitor.core.noise.compare import residue
from monitor.core.noise.judge import Verdict, judge, schooled
from monitor.core.noise.mask import Mask
from monitor.core.noise.siblings import ENOUGH, siblings
from monitor.core.noise.validity import valid_for
from monitor.model.source import (
    Fetched,
    FetchFailed,
    NotModified,
    PollError,
    ReadFailed,
    Reading,
    SourceKind,
    Validators,
)
from monitor.pipeline.context import Context, log
from monitor.pipeline.fetching import fetch_document
from monitor.pipeline.paging import credentials_for
from monitor.store.pages import MOST_WATCHED, Blocks, Candidate, PageRecord, PageState
from monitor.store.schedule import Claim
from monitor.store.sources import host_key

_PASSING = frozenset({PollError.TIMEOUT, PollError.CONNECT, PollError.PROTOCOL, PollError.INCOMPLETE})
_AT_MOST = 120.0  # seconds until the last further fetch of a poll begins: its lease is five minutes
_LATE = ReadFailed(PollError.TIMEOUT, f"its host answers too slowly to ask again within {_AT_MOST:.0f} s")
_SCHOOL = 2  # further fetches of a page that is seen for the first time
_TRIES = 3  # to fetch once more
_CONTROLS = 2
_CONTROL_TRIES = 4
_EMPTIED = 0.4  # share of its text below which a page is broken, not changed
_LONG = 600  # characters: shorter pages may change as a whole


def is_passing(claim: Claim, failed: FetchFailed) -> bool:
    """Whether a watched page is asked for once more at once: its server stumbled for the first time, and asked for no
    rest. A change would else be told a whole interval late."""
    kinds = {claim.source.kind, claim.habits.read_as}
    if SourceKind.PAGE not in kinds or claim.failures or failed.retry_after is not None:
        return False
    return failed.error in _PASSING or (failed.error is PollError.HTTP_STATUS and (failed.status or 0) >= 500)


async def judge_page(
    ctx: Context, claim: Claim, fetched: Fetched, reading: Reading, state: PageState
) -> PageRecord | ReadFailed:
    """Tell what of a page is new, noise, or broken. Only what further fetches say as well is held, to be told when
    the pass over its host ends (``pipeline/hosts.py``)."""
    source = claim.source
    host = host_key(source.url)
    broken = _broken(claim, fetched, reading, state)
    if broken is not None:
        return broken
    if state.blocks is None or not claim.seeded:
        return await _first(ctx, claim, host, reading, state)
    valid, suspect = valid_for(source.id, state.suppressions, ctx.clock())
    fetches: list[Blocks] = [reading.blocks]
    verdict = judge(state.blocks, fetches, valid, suspect=suspect, confirm=source.confirm)
    began = _now()
    while verdict.more:
        again = await _again(ctx, claim) if _now() - began < _AT_MOST else _LATE
        if isinstance(again, ReadFailed):
            detail = f"the page seems changed, and fetching it once more to be sure failed: {again.detail}"
            return ReadFailed(again.error, detail)
        fetches.append(again)
        verdict = judge(state.blocks, fetches, valid, suspect=suspect)
    held, controls = await _held(ctx, claim, reading, state, verdict)
    return PageRecord(host, None, held, state.held, verdict.lessons, controls)


def _now() -> float:
    return asyncio.get_running_loop().time()


async def _held(
    ctx: Context, claim: Claim, reading: Reading, state: PageState, verdict: Verdict
) -> tuple[Candidate | None, Mapping[str, Blocks]]:
    if not verdict.left:
        return None, {}
    controls = await _controls(ctx, claim, state, reading) if state.watched < ENOUGH and claim.source.confirm else {}
    valid, _ = valid_for(claim.source.id, state.suppressions, ctx.clock())
    mask = Mask([*valid, *(lesson.pattern for lesson in verdict.lessons)])
    changed = {url: residue(state.controls[url], now, mask) for url, now in controls.items() if url in state.controls}
    (item,) = reading.items
    candidate = Candidate(
        blocks=reading.blocks,
        left=verdict.left,
        title=item.title,
        published=item.published,
        published_raw=item.published_raw,
        controls=changed,
    )
    return candidate, controls


async def _first(ctx: Context, claim: Claim, host: str, reading: Reading, state: PageState) -> PageRecord:
    """The first sight of a page: what differs between fetches moments apart is noise from the beginning."""
    fetches: list[Blocks] = [reading.blocks]
    if claim.source.confirm and state.watched < MOST_WATCHED:
        began = _now()
        for _ in range(_SCHOOL):
            again = await _again(ctx, claim) if _now() - began < _AT_MOST else _LATE
            if isinstance(again, ReadFailed):
                log.info("page_not_schooled", source=claim.source.id, detail=again.detail)
                break
            fetches.append(again)
    valid, _ = valid_for(claim.source.id, state.suppressions, ctx.clock())
    controls: Mapping[str, Blocks] = {}
    if claim.source.confirm and state.watched < ENOUGH - 1:
        controls = await _controls(ctx, claim, state, reading)
    return PageRecord(host, reading.blocks, lessons=schooled(fetches, valid), controls=controls)


async def _again(ctx: Context, claim: Claim) -> Blocks | ReadFailed:
    """The page once more, after its host's gap."""
    found: Blocks | ReadFailed = ReadFailed(PollError.INTERNAL, "not tried")
    for _ in range(_TRIES):
        found = await _blocks(ctx, claim, claim.address, headers=credentials_for(ctx, claim, claim.address))
        if not isinstance(found, ReadFailed):
            break
    return found


async def _blocks(ctx: Context, claim: Claim, url: str, *, headers: Mapping[str, str]) -> Blocks | ReadFailed:
    await asyncio.sleep(ctx.settings.host_min_gap.total_seconds())
    fetched = await fetch_document(ctx, claim.source, url, validators=Validators(), headers=headers)
    if isinstance(fetched, FetchFailed):
        return ReadFailed(fetched.error, fetched.detail)
    if isinstance(fetched, NotModified):
        return ReadFailed(PollError.PROTOCOL, "304 to a request without conditions")
    reader = replace(claim.source, kind=SourceKind.PAGE)
    result = await ctx.reader.read(fetched, reader, ctx.clock())
    return result if isinstance(result, ReadFailed) else result.blocks


async def _controls(ctx: Context, claim: Claim, state: PageState, reading: Reading) -> dict[str, Blocks]:
    """The pages beside a lone one, as they are now: those of before, or two that it links to."""
    wanted = list(state.controls) or list(siblings(claim.source.url, reading.blocks))[:_CONTROL_TRIES]
    found: dict[str, Blocks] = {}
    for url in wanted:
        if len(found) == _CONTROLS:
            break
        if await ctx.robots.refusal(url, ctx.proxies(claim.source.id)) is not None:
            continue
        blocks = await _blocks(ctx, claim, url, headers={})
        if not isinstance(blocks, ReadFailed):
            found[url] = blocks
    return found


def _broken(claim: Claim, fetched: Fetched, reading: Reading, state: PageState) -> ReadFailed | None:
    """Why what came is not the page: a failure must never look like a change."""
    asked, found = urlsplit(claim.source.url), urlsplit(fetched.url)
    if found.path in ("", "/") and not found.query and asked.path not in ("", "/"):
        return ReadFailed(PollError.REDIRECTED_HOME, f"redirected to {fetched.url}: the page itself is gone or moved")
    if state.blocks is None or not claim.seeded:
        return None
    before, now = len(state.text), sum(len(item.text) for item in reading.items)
    if before >= _LONG and now < before * _EMPTIED:
        detail = f"{now:,} characters of text where there were {before:,}: an error page, or an emptied one"
        return ReadFailed(PollError.PAGE_EMPTIED, detail)
    return None
