"""The recorded newsroom, played: the real service on loopback servers, with virtual time running fast.

Everything goes through the functions that a real workspace uses; only the clock, the editor's script and the peers are
the demonstration's own.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from monitor.build import Configuration, configure, opened
from monitor.core.schedule import next_due
from monitor.core.tracker import read_page
from monitor.core.tracker.records import read_records
from monitor.demo.editor import ScriptedEditor
from monitor.demo.receivers import MailReceiver, WebhookReceiver
from monitor.demo.report import report
from monitor.demo.servers import Newsroom
from monitor.demo.story import END, POLICY, START, load_story
from monitor.demo.workspace import ICE_WATCH, ICE_WATCH_HOOK, NEWSROOM_HOOK, NEWSROOM_SECRET, lay_out
from monitor.model.flag import FlagState, RejectReason
from monitor.pipeline import triage
from monitor.pipeline.context import Context
from monitor.pipeline.deliver import deliver_due
from monitor.pipeline.digest import compose_due
from monitor.pipeline.hosts import settle_hosts
from monitor.pipeline.policies import import_records
from monitor.pipeline.poll import poll_due
from monitor.store.flags import StoredFlag, list_flags
from monitor.store.policies import get_policy
from monitor.store.schedule import next_moment

EDITOR = "demo editor (scripted)"
_READING_TIME = timedelta(minutes=20)  # from the flag to the editor's decision
_BATCH = 50
_DAY = timedelta(days=1)

Say = Callable[[str], None]


class VirtualClock:
    """The time of the story; it moves only forward."""

    def __init__(self, start: datetime) -> None:
        self.now = start

    def __call__(self) -> datetime:
        return self.now

    def move_to(self, moment: datetime) -> None:
        """Let the time pass up to ``moment``."""
        self.now = max(self.now, moment)


@dataclass(frozen=True, slots=True)
class Stage:
    """The running parts of one performance."""

    ctx: Context
    clock: VirtualClock
    configuration: Configuration
    newsroom: Newsroom
    mail: MailReceiver
    hooks: WebhookReceiver
    editor: ScriptedEditor
    workers: int
    say: Say


async def run(folder: Path, *, speed: float | None, workers: int, say: Say) -> dict[str, Any]:
    """Play the story in a fresh workspace at ``folder``; the result (CONTRACT, ``demo``).

    ``speed`` is virtual days a second, None for as fast as it goes; ``workers`` poll and deliver side by side; ``say``
    takes each line of the story as it happens.
    """
    async with _stage(folder, workers=workers, say=say) as stage:
        await _import(stage)
        await _play(stage, speed)
        return await report(stage.ctx, POLICY, stage.mail, stage.hooks)


@asynccontextmanager
async def _stage(folder: Path, *, workers: int, say: Say) -> AsyncIterator[Stage]:
    clock = VirtualClock(START)
    story = load_story()
    newsroom, mail, hooks = Newsroom(story, clock), MailReceiver(clock), WebhookReceiver(clock)
    peers = (newsroom, mail, hooks)
    for peer in peers:
        await peer.start()
    try:
        _clear(folder)
        lay_out(folder, feeds=newsroom.base_url, hooks=hooks.base_url)
        configuration = configure(folder, _environment(mail.url))
        # No jitter: polls that fall due together cost the story one step.
        async with opened(configuration, clock=clock, chance=lambda: 0.0, environ={}) as ctx:
            hooks.expect(NEWSROOM_HOOK, [NEWSROOM_SECRET])
            hooks.expect(ICE_WATCH_HOOK, ctx.secrets(ICE_WATCH))
            yield Stage(ctx, clock, configuration, newsroom, mail, hooks, ScriptedEditor(story), workers, say)
    finally:
        for peer in peers:
            await peer.stop()


def _clear(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)


def _environment(smtp_url: str) -> dict[str, str]:
    return {
        "MONITOR_SMTP_URL": smtp_url,
        "MONITOR_MAIL_FROM": "Policy Monitor demo <monitor@example.org>",
        "MONITOR_ALLOW_NETWORKS": "127.0.0.0/8",
        "MONITOR_HOST_MIN_GAP": "0s",
        "MONITOR_HOST_CONCURRENCY": "4",
    }


async def _import(stage: Stage) -> None:
    folder, vocabulary = stage.configuration.folder, stage.configuration.vocabulary
    page = read_page((folder / "policy_page.txt").read_text(encoding="utf-8"), vocabulary)
    others = read_records((folder / "policies.jsonl").read_text(encoding="utf-8"), ".jsonl", vocabulary)
    taken = await import_records(stage.ctx, [page, *others])
    stage.say(f"{_time(stage.clock)}  {taken.created} policies imported, among them #{POLICY}: {page.title}")


async def _play(stage: Stage, speed: float | None) -> None:
    while stage.clock() < END:
        await _poll(stage)
        await _triage(stage)
        await _tell(stage)
        before = stage.clock()
        stage.clock.move_to(await _next_moment(stage))
        if speed:
            await asyncio.sleep((stage.clock() - before) / _DAY / speed)
    await _tell(stage)


async def _next_moment(stage: Stage) -> datetime:
    """When something falls due next; at least a minute on, so that time always passes."""
    now = stage.clock()
    moments = [END, await stage.ctx.db.read(lambda tx: next_moment(tx, now=now)) or END]
    for subscription in stage.configuration.subscriptions:
        due = next_due(subscription.schedule, now)
        if due is not None:
            moments.append(due.cutoff)
    return max(min(moments), now + timedelta(minutes=1))


async def _poll(stage: Stage) -> None:
    async with asyncio.TaskGroup() as group:
        polls = [group.create_task(poll_due(stage.ctx, _BATCH)) for _ in range(stage.workers)]
    await settle_hosts(stage.ctx)
    failed = sum(poll.result().failed for poll in polls)
    if failed:
        stage.say(
            f"{_time(stage.clock)}  {failed} poll failed as real ones do: nothing is lost, it is tried again later"
        )


async def _triage(stage: Stage) -> None:
    """The editor looks at what is open, reads it, and decides by the script."""
    opened_flags = await stage.ctx.db.read(lambda tx: list_flags(tx, now=stage.clock(), states=[FlagState.OPEN]))
    if not opened_flags:
        return
    for flag in opened_flags:
        stage.say(f"{_time(stage.clock)}  flag {flag.id} ({flag.score:.2f}) {flag.publisher}: {flag.title}")
        stage.say(f"{'':18}for {flag.policy_title}")
    stage.clock.move_to(stage.clock() + _READING_TIME)
    for flag in opened_flags:
        await _decide(stage, flag)


async def _decide(stage: Stage, flag: StoredFlag) -> None:
    ctx = stage.ctx
    policy = await ctx.db.read(lambda tx: get_policy(tx, flag.policy_url))
    decision = stage.editor.decide(
        policy.record.tracker_id, flag.title, flag.source.id, triage.draft_of(flag, ctx.vocabulary).title
    )
    if not decision.accept:
        reason = decision.reason or RejectReason.NOT_ABOUT_IT
        await triage.reject(ctx, flag.id, actor=EDITOR, reason=reason, note=decision.note)
        stage.say(f"{_time(stage.clock)}  {EDITOR} rejects flag {flag.id}: {reason.value}. {decision.note or ''}")
        return
    edits = triage.Edits(title=decision.title, summary=decision.summary, date=decision.date)
    await triage.accept(ctx, flag.id, actor=EDITOR, edits=edits)
    title = decision.title or triage.draft_of(flag, ctx.vocabulary, on=decision.date).title
    stage.say(f"{_time(stage.clock)}  {EDITOR} accepts flag {flag.id} as")
    stage.say(f"{'':18}{title}")


async def _tell(stage: Stage) -> None:
    mails, hooks = len(stage.mail.mails), len(stage.hooks.events)
    while (await compose_due(stage.ctx, _BATCH)).digests:
        pass
    async with asyncio.TaskGroup() as group:
        passes = [group.create_task(deliver_due(stage.ctx, _BATCH)) for _ in range(stage.workers)]
    for _ in range(sum(each.result().deferred for each in passes)):
        stage.say(f"{_time(stage.clock)}  a receiver did not take a message: the same bytes go out again later")
    for mail in stage.mail.mails[mails:]:
        stage.say(f"{_time(stage.clock)}  mail to {mail.recipient}: {mail.subject}")
    for hook in stage.hooks.events[hooks:]:
        verified = "signature verified" if hook.verified else "SIGNATURE WRONG"
        stage.say(f"{_time(stage.clock)}  webhook to {hook.endpoint}: {hook.type}, {verified}")


def _time(clock: VirtualClock) -> str:
    return f"{clock():%Y-%m-%d %H:%M}"
