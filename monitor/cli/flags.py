"""``monitor flags``: stories put before an editor, and the decisions on them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.moments import day_or_none, length, moment
from monitor.cli.output import (
    Column,
    Json,
    Marked,
    Row,
    counted,
    facts,
    heading,
    listing,
    print_json,
    prose,
    say,
    shown,
    stamp,
)
from monitor.cli.redlines import print_redline
from monitor.cli.workspace import with_context
from monitor.errors import UsageError
from monitor.model.article import ArticleState
from monitor.model.flag import FlagState, Reason, RejectReason

if TYPE_CHECKING:
    from monitor.model.vocabulary import Vocabulary
    from monitor.pipeline.context import Context
    from monitor.pipeline.triage import Decided
    from monitor.store.articles import StoredArticle
    from monitor.store.database import Tx
    from monitor.store.flags import StoredFlag

group = typer.Typer(help="Triage: stories that concern a tracked policy.", no_args_is_help=True)
FlagId = Annotated[int, typer.Argument(metavar="ID", help="The flag's number.", min=1, max=10**9)]
Version = Annotated[
    int | None, typer.Option(metavar="N", help="Only if the flag is still at this version (else exit 1).")
]

_MOST_PARTS = 60  # of a page's change
_ROOM = 2_000  # characters of a part


class Wanted(StrEnum):
    """Which flags `list` shows."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    SNOOZED = "snoozed"
    ALL = "all"


_COLUMNS = (
    Column("Id", "id", right=True),
    Column("State", "state"),
    Column("Score", "score", right=True),
    Column("Published", lambda row: row["story"]["published"] and row["story"]["published"].date()),
    Column("Publisher", lambda row: row["story"]["publisher"], share=1),
    Column("Story", lambda row: row["story"]["title"], share=3),
    Column("Policy", "policy_title", share=2),
)


@group.command("list")
def list_(
    command: typer.Context,
    state: Annotated[Wanted, typer.Option(help="Which ones.")] = Wanted.OPEN,
    policy: Annotated[
        str | None, typer.Option(metavar="P", help="Only of this policy (tracker id, url, slug).")
    ] = None,
    as_json: Json = False,
) -> None:
    """List flags, the surest first; by default those that wait for a decision.

    \b
    Example: monitor flags list --state open --policy 1777
    """
    flags = with_context(command, lambda ctx: _list(ctx, state, policy))
    rows = [row for row, _ in flags] if as_json else [{**row, "policy_title": title} for row, title in flags]
    listing(rows, _COLUMNS, as_json, empty="No flags." if state is Wanted.ALL else f"No {state.value} flags.")


async def _list(ctx: Context, wanted: Wanted, policy: str | None) -> list[tuple[Row, str]]:
    from monitor.store.flags import list_flags, outlets
    from monitor.store.policies import get_policy

    states = () if wanted is Wanted.ALL else (FlagState(wanted.value),)

    def work(tx: Tx) -> list[tuple[Row, str]]:
        policy_id = None if policy is None else get_policy(tx, policy).id
        flags = list_flags(tx, now=ctx.clock(), states=states, policy_id=policy_id)
        told = outlets(tx, {flag.story_id for flag in flags})
        return [(_row(flag, told.get(flag.story_id, []), ctx.vocabulary), flag.policy_title) for flag in flags]

    return await ctx.db.read(work)


def _row(flag: StoredFlag, told: list[str], vocabulary: Vocabulary) -> dict[str, Any]:
    """A flag as the contract has it."""
    from monitor.pipeline.triage import draft_of, proposal_of

    offered, proposed = draft_of(flag, vocabulary), proposal_of(flag, vocabulary)
    return {
        "id": flag.id,
        "state": flag.state,
        "version": flag.version,
        "policy": flag.policy_url,
        "score": flag.score,
        "reasons": list(flag.reasons),
        "story": {
            "id": flag.story_id,
            "title": flag.title,
            "url": flag.url,
            "publisher": flag.publisher,
            "outlets": told,
            "published": flag.published,
            "first_seen": flag.first_seen,
        },
        "draft": {"title": offered.title, "date": offered.date, "summary": offered.summary},
        "status_proposed": proposed and proposed.status,
        "status_proposed_by": proposed and proposed.sentence,
    }


@group.command()
def show(command: typer.Context, flag_id: FlagId, as_json: Json = False) -> None:
    """Show one flag: the story's words, why it was flagged, what accepting it would record, and what was decided.

    \b
    Example: monitor flags show 3
    """
    row = with_context(command, lambda ctx: _show(ctx, flag_id))
    if as_json:
        print_json(row)
    else:
        _print(row)


async def _show(ctx: Context, flag_id: int) -> dict[str, Any]:
    from monitor.pipeline.triage import draft_of
    from monitor.store.actions import action_ids_of_flag
    from monitor.store.articles import article_of
    from monitor.store.flags import decisions, get_flag, outlets

    def work(tx: Tx) -> dict[str, Any]:
        flag = get_flag(tx, flag_id)
        article = article_of(tx, flag.revision_id)
        return {
            **_row(flag, outlets(tx, {flag.story_id}).get(flag.story_id, []), ctx.vocabulary),
            "draft": draft_of(flag, ctx.vocabulary),
            "policy_title": flag.policy_title,
            "source": flag.source.id,
            "voice": flag.source.voice,
            "raised_at": flag.raised_at,
            "snoozed_until": flag.snoozed_until,
            "text": (article and article.text) or flag.text,
            "article": None if article is None else _article(article),
            "original": flag.original,
            "change": list(flag.change_parts),
            "decisions": decisions(tx, flag_id),
            "actions": action_ids_of_flag(tx, flag_id),
        }

    return await ctx.db.read(work)


def _article(article: StoredArticle) -> dict[str, Any]:
    words = None if article.text is None else len(article.text.split())
    return {"state": article.state, "url": article.url, "words": words, "detail": article.detail}


def _article_line(article: dict[str, Any] | None) -> str | None:
    if article is None:
        return None
    if article["state"] is ArticleState.READ:
        return f"read, {counted(article['words'], 'word')}: the text below"
    why = f" ({article['detail']})" if article["detail"] else ""
    return f"{article['state'].value}{why}: the text below is the item's own"


def _words(reason: Reason) -> str:
    return " - ".join(filter(None, (reason.term, reason.excerpt)))


def _marked(text: str, reasons: Sequence[Reason]) -> Marked:
    """A text in which the words of these reasons stand out."""
    from monitor.core.highlight import highlights

    return Marked(text, highlights(text, reasons))


def _print(row: dict[str, Any]) -> None:
    story, offered = row["story"], row["draft"]
    say(story["title"])
    facts(
        [
            ("Flag", f"{row['id']}, {row['state'].value}, version {row['version']}, score {row['score']:.2f}"),
            ("Policy", f"{row['policy_title']} ({row['policy']})"),
            ("Publisher", story["publisher"]),
            ("Also told by", [name for name in story["outlets"] if name != story["publisher"]]),
            ("Published", story["published"]),
            ("Seen", story["first_seen"]),
            ("Address", story["url"]),
            ("Article", _article_line(row["article"])),
            ("Snoozed until", row["snoozed_until"]),
            ("Actions", row["actions"]),
        ]
    )
    heading("Why")
    reasons = row["reasons"]
    facts((f"  {each.kind.value}", _marked(_words(each), [each])) for each in reasons)
    if row["state"] in (FlagState.OPEN, FlagState.SNOOZED):
        heading("Accepting it records")
        names = ("date", "title", "kind", "summary", "document_url")
        facts((f"  {name.replace('_', ' ').capitalize()}", getattr(offered, name)) for name in names)
        _print_proposal(row)
    if row["change"]:
        heading("What changed on the page")
        _print_change(row["change"])
    else:
        heading("Text")
        prose(_marked(row["text"], reasons))
    if row["original"]:
        heading("As it was written: the characters in brackets are not seen, and were taken out")
        prose(row["original"])
    if row["decisions"]:
        heading("Decisions")
    for each in row["decisions"]:
        why = f" ({each.reason})" if each.reason else ""
        say(f"  {shown(each.at)}  {each.actor}: {each.kind.value}{why}")


def _print_change(stored: list[dict[str, str]]) -> None:
    from monitor.core.change_summary import summarise
    from monitor.store.changes import parts_of

    parts = parts_of(stored)
    say(f"  {summarise(parts)}")
    print_redline(parts, most=_MOST_PARTS, room=_ROOM)


def _print_proposal(row: dict[str, Any]) -> None:
    if row["status_proposed"]:
        heading("The policy's status, as these words have it (set by `flags accept --status proposed`)")
        facts([("  Status", row["status_proposed"]), ("  Sentence", row["status_proposed_by"])])


@group.command()
def accept(
    command: typer.Context,
    flag_id: FlagId,
    policy: Annotated[
        list[str] | None, typer.Option(metavar="P", help="Record it for this policy instead; repeatable.")
    ] = None,
    title: Annotated[str | None, typer.Option(metavar="T", help="Instead of the draft's title, to the letter.")] = None,
    summary: Annotated[str | None, typer.Option(metavar="S", help="Instead of the draft's summary.")] = None,
    date: Annotated[str | None, typer.Option(metavar="D", help="The action's date; also in the draft's title.")] = None,
    status: Annotated[
        str | None,
        typer.Option(metavar="ST", help="Set the policy's current status too; 'proposed': as `flags show` proposes."),
    ] = None,
    version: Version = None,
    as_json: Json = False,
) -> None:
    """Record a flag's story as a subsequent action of its policy. Subscribers are told after MONITOR_HOLD (120 s).

    \b
    Example: monitor flags accept 3
             monitor flags accept 3 --policy 1777 --policy 1502 --date 2025-10-09 --status "Not in effect"
             monitor flags accept 3 --status proposed
    """
    on = day_or_none("--date", date)

    async def work(ctx: Context) -> Decided:
        from monitor.build import actor
        from monitor.pipeline import triage

        edits = triage.Edits(title, summary, on, status)
        return await triage.accept(ctx, flag_id, actor=actor(), policies=policy or (), edits=edits, version=version)

    _decided(command, work, as_json)


@group.command()
def reject(
    command: typer.Context,
    flag_id: FlagId,
    reason: Annotated[RejectReason, typer.Option(help="Why.")] = RejectReason.NOT_ABOUT_IT,
    note: Annotated[str | None, typer.Option(metavar="TEXT", help="For the history.")] = None,
    version: Version = None,
    as_json: Json = False,
) -> None:
    """Say that a story is no subsequent action of its policy, and why.

    \b
    Example: monitor flags reject 4 --reason already-recorded
    """

    async def work(ctx: Context) -> Decided:
        from monitor.build import actor
        from monitor.pipeline import triage

        return await triage.reject(ctx, flag_id, actor=actor(), reason=reason, note=note, version=version)

    _decided(command, work, as_json)


@group.command()
def snooze(
    command: typer.Context,
    flag_id: FlagId,
    until: Annotated[str | None, typer.Option(metavar="T", help="A day, or a moment.")] = None,
    for_: Annotated[str | None, typer.Option("--for", metavar="LENGTH", help="36h, 3d ...")] = None,
    version: Version = None,
    as_json: Json = False,
) -> None:
    """Put a flag aside; it is open again by itself.

    \b
    Example: monitor flags snooze 5 --for 3d
             monitor flags snooze 5 --until 2025-11-03
    """
    if (until is None) == (for_ is None):
        raise UsageError("give --until T or --for LENGTH")

    async def work(ctx: Context) -> Decided:
        from monitor.build import actor
        from monitor.pipeline import triage

        end = _end(ctx.clock(), until, for_)
        return await triage.snooze(ctx, flag_id, actor=actor(), until=end, version=version)

    _decided(command, work, as_json)


def _end(now: datetime, until: str | None, for_: str | None) -> datetime:
    end = now + length("--for", for_ or "") if until is None else moment("--until", until, now)
    if end <= now:
        raise UsageError(f"{stamp(end)} is past: a flag is put aside until later")
    return end


@group.command()
def undo(command: typer.Context, flag_id: FlagId, as_json: Json = False) -> None:
    """Take the latest decision on a flag back. Who was told of an action is told that it is retracted.

    \b
    Example: monitor flags undo 3
    """

    async def work(ctx: Context) -> Decided:
        from monitor.build import actor
        from monitor.pipeline import triage

        return await triage.undo(ctx, flag_id, actor=actor())

    _decided(command, work, as_json)


def _decided(command: typer.Context, decide: Callable[[Context], Awaitable[Decided]], as_json: bool) -> None:
    from monitor.config.durations import spoken

    async def work(ctx: Context) -> tuple[Decided, str]:
        return await decide(ctx), spoken(ctx.settings.hold)

    decided, hold = with_context(command, work)
    if as_json:
        print_json(decided)
        return
    recorded = f", recorded as {', '.join(f'action {each}' for each in decided.actions)}" if decided.actions else ""
    say(f"flag {decided.flag} is {decided.state.value}{recorded}")
    if decided.actions:
        say(f"subscribers are told in {hold} (MONITOR_HOLD); `monitor flags undo {decided.flag}` takes it back")
