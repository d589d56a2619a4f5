"""Room 5 once more: what was stored before a policy, or one of its names, was known is matched again for it."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from monitor.core.match import MatchItem
from monitor.core.text import story_title
from monitor.core.triage import changed_text
from monitor.core.urls import canonical_url
from monitor.model.flag import Match, Reason, ReasonKind
from monitor.pipeline.context import Context, log
from monitor.store.database import Tx
from monitor.store.policies import Version, policies_version
from monitor.store.rematching import Found, StoredWords, Wanted, record_rematch, stored_words, wanted

_BATCH = 200  # items between two commits: below a second
_AGAIN = Reason(ReasonKind.REMATCHED, "matched again: the policy, or a name of it, is newer than this story")


async def rematch_due(ctx: Context, *, batch: int = _BATCH, stop: asyncio.Event | None = None) -> int:
    """Match what is stored for new policies and new names, ``batch`` at a time, until none waits; the flags raised.

    Such flags say so among their reasons, and are never recorded without an editor. Where a source is bound to a
    policy, its old items are judged by their words like any others.
    """
    raised = 0
    while stop is None or not stop.is_set():
        asked = await ctx.db.read(wanted)
        if asked is None:
            break
        raised += await _some(ctx, asked, batch)
    if raised:
        log.info("rematched", flags=raised)
    return raised


async def _some(ctx: Context, asked: Wanted, most: int) -> int:
    now = ctx.clock()

    def load(tx: Tx) -> tuple[list[StoredWords], Version]:
        since = now - ctx.settings.rematch_age
        return stored_words(tx, asked, since=since, limit=most), policies_version(tx)

    words, version = await ctx.db.read(load)
    answers = await ctx.matching.flags([_as_item(each) for each in words], version)
    found = []
    for each, answer in zip(words, answers, strict=True):
        matches = tuple(_marked(match) for match in answer.flags if match.policy in asked.policies)
        if matches:
            found.append(_found(each, matches))
    ended = len(words) < most
    reached = asked.until if ended else words[-1].revision_id
    ctx.crashpoint("rematch.before")
    raised = await ctx.db.write(
        lambda tx: record_rematch(tx, asked, found, reached=reached, at=now, deeds=ctx.vocabulary.status_words)
    )
    ctx.crashpoint("rematch.after")
    return raised


def _as_item(words: StoredWords) -> MatchItem:
    text = words.text if words.parts is None else changed_text(words.parts)
    appeared = words.seen_at if words.parts is not None or words.published is None else words.published
    return MatchItem(
        title=words.title,
        text=f"{text}\n{words.article}" if words.article else text,
        url=words.url or "",
        published=appeared.date(),
        publisher=words.publisher or words.source_name,
        agencies=words.agencies,
    )


def _marked(match: Match) -> Match:
    return replace(match, reasons=(*match.reasons, _AGAIN))


def _found(words: StoredWords, matches: tuple[Match, ...]) -> Found:
    title = story_title(words.title, words.publisher or words.source_name)
    return Found(words, matches, title, canonical_url(words.url) if words.url else None)
