"""Rooms 2 to 5 once more, for the page behind a teaser: fetch it, read its main text, match that, commit it at once."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import assert_never

from monitor.core.archive import packed
from monitor.core.articles import fate
from monitor.core.match import MatchItem
from monitor.core.retry import article_retry
from monitor.errors import LostClaim
from monitor.model.article import ArticleState
from monitor.model.source import Fetched, FetchFailed, NotModified, PollError, ReadFailed, SourceKind
from monitor.pipeline.claims import claimed
from monitor.pipeline.context import Context, log
from monitor.pipeline.pacing import held, held_by_robots, patience
from monitor.pipeline.places import until_nothing_is_due
from monitor.pipeline.report import Summed
from monitor.store.articles import ArticleClaim, ArticleRecord, Outcome, claim_articles, next_article, record_article
from monitor.store.policies import policies_version

MOST_SLOW = 100  # sockets that wait for slow peers, beside those of polls
LEASE = timedelta(minutes=5)  # robots.txt and the page, 30 s at most each, and its reading


@dataclass(frozen=True, slots=True)
class ArticleReport(Summed):
    """What one pass did. ``waiting``: tried, and to be tried again; ``flags``: raised by the texts."""

    taken: int = 0
    read: int = 0
    walled: int = 0
    refused: int = 0
    failed: int = 0
    waiting: int = 0
    flags: int = 0


async def read_articles(
    ctx: Context, limit: int, *, only: Collection[str] | None = None, stop: asyncio.Event | None = None
) -> ArticleReport:
    """Read what is due and whose hosts may be asked, ``limit`` at once, until nothing is; each commits by itself."""
    readings = await until_nothing_is_due(
        limit,
        lambda most: _claim(ctx, most, only),
        lambda claim: _read(ctx, claim),
        stop=stop,
        most_slow=MOST_SLOW,
    )
    return sum(readings, ArticleReport())


async def _claim(ctx: Context, most: int, only: Collection[str] | None) -> list[ArticleClaim]:
    claims = await claimed(ctx, claim_articles, most, lease=LEASE, only=only)
    if claims:
        ctx.crashpoint("article.lease")
    return claims


async def read_all_articles(ctx: Context, *, only: Collection[str] | None = None) -> ArticleReport:
    """Read until nothing is due any more, waiting out the gaps of hosts. What is to be tried again is left.

    So is what is of a host that asked for more than a gap.
    """
    total = ArticleReport()
    horizon = ctx.clock()
    while True:
        total += await read_articles(ctx, ctx.settings.fetchers, only=only)
        start = await ctx.db.read(lambda tx: next_article(tx, now=horizon, only=only))
        if start is None or start - ctx.clock() > patience(ctx.settings):
            return total
        await asyncio.sleep(max(0.05, (start - ctx.clock()).total_seconds()))


async def _read(ctx: Context, claim: ArticleClaim) -> ArticleReport:
    try:
        record = await _attend(ctx, claim)
    except Exception as error:  # this article's fault ends it, and no other (I12)
        log.exception("article_broke", url=claim.url)
        record = _failed(ctx, claim, ReadFailed(PollError.INTERNAL, f"{type(error).__name__}: {error}"))
    record = replace(record, holds=(*record.holds, *held_by_robots(ctx, claim.url, claim.source.id)))
    ctx.crashpoint("article.before_commit")
    try:
        flags = await ctx.db.write(lambda tx: record_article(tx, record))
    except LostClaim as lost:
        log.warning("article_discarded", url=claim.url, why=str(lost))
        return ArticleReport(taken=1)
    ctx.crashpoint("article.after_commit")
    return _report(record, flags)


def _report(record: ArticleRecord, flags: int) -> ArticleReport:
    state, detail = record.outcome.state, record.outcome.detail
    log.info("article", source=record.claim.source.id, url=record.claim.url, state=state.value, detail=detail)
    name = "waiting" if state is ArticleState.WANTED else state.value
    return replace(ArticleReport(taken=1, flags=flags), **{name: 1})


async def _attend(ctx: Context, claim: ArticleClaim) -> ArticleRecord:
    if claim.known is not None:
        return await _matched(ctx, ArticleRecord(claim, ctx.clock(), claim.known))
    proxy = ctx.proxies(claim.source.id)
    refused = await ctx.robots.refusal(claim.url, proxy)
    if refused is not None:
        return _failed(ctx, claim, refused)
    # Without the source's own headers: its keys are not for whoever its items link to (row F10).
    fetched = await ctx.fetcher.fetch(claim.url, proxy=proxy)
    ctx.crashpoint("article.fetched")
    match fetched:
        case FetchFailed():
            return _failed(ctx, claim, fetched)
        case NotModified():
            return _failed(ctx, claim, FetchFailed(PollError.PROTOCOL, "304 to a request without conditions"))
        case Fetched():
            return await _judged(ctx, claim, fetched)
        case _:
            assert_never(fetched)


async def _judged(ctx: Context, claim: ArticleClaim, fetched: Fetched) -> ArticleRecord:
    blob = await asyncio.to_thread(packed, fetched.body)
    refused = await _refused_there(ctx, claim, fetched)
    if refused is not None:
        return _failed(ctx, claim, refused)
    reader = replace(claim.source, kind=SourceKind.ARTICLE)
    result = await ctx.reader.read(fetched, reader, ctx.clock())
    ctx.crashpoint("article.parsed")
    if isinstance(result, ReadFailed):
        failed = _failed(ctx, claim, result)
        return replace(failed, blob=blob, outcome=replace(failed.outcome, found_url=fetched.url, blob=blob.sha256))
    (item,) = result.items
    outcome = Outcome(ArticleState.READ, fetched.url, item.title, item.text, blob.sha256)
    return await _matched(ctx, ArticleRecord(claim, ctx.clock(), outcome, blob=blob))


async def _refused_there(ctx: Context, claim: ArticleClaim, fetched: Fetched) -> FetchFailed | None:
    """Whether the page to which the link led forbids what was fetched of it: then it is neither kept nor read."""
    if fetched.url == claim.url:
        return None
    return await ctx.robots.refusal(fetched.url, ctx.proxies(claim.source.id))


async def _matched(ctx: Context, record: ArticleRecord) -> ArticleRecord:
    text = record.outcome.text
    if record.outcome.state is not ArticleState.READ or text is None:
        return record
    claim = record.claim
    asked = MatchItem(
        title=claim.title,
        text=text if claim.text in text else f"{claim.text}\n{text}",
        url=claim.url,
        published=(claim.published or record.at).date(),
        publisher=claim.publisher or claim.source.name,
        agencies=claim.source.agencies,
        bound=claim.source.policies,
    )
    (answer,) = await ctx.matching.flags([asked], await ctx.db.read(policies_version))
    return replace(record, matches=answer.matches)


def _failed(ctx: Context, claim: ArticleClaim, failed: FetchFailed | ReadFailed) -> ArticleRecord:
    now = ctx.clock()
    state = fate(failed)
    wait = None
    if state is ArticleState.WANTED:
        retry_after = failed.retry_after if isinstance(failed, FetchFailed) else None
        wait = article_retry(claim.attempts + 1, ctx.chance(), retry_after)
        state = ArticleState.FAILED if wait is None else state
    outcome = Outcome(state, error=failed.error.value, detail=failed.detail)
    return ArticleRecord(claim, now, outcome, None if wait is None else now + wait, holds=held(claim.url, failed, now))
