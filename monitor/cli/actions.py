"""``monitor actions``: the recorded subsequent actions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.moments import day, day_or_none
from monitor.cli.output import Column, Json, Row, facts, heading, listing, print_json, prose, say, shown
from monitor.cli.workspace import with_context
from monitor.errors import UsageError

if TYPE_CHECKING:
    from monitor.model.vocabulary import Vocabulary
    from monitor.pipeline.context import Context
    from monitor.store.actions import ActionState
    from monitor.store.database import Tx
    from monitor.store.policies import StoredAction

group = typer.Typer(help="The recorded subsequent actions.", no_args_is_help=True)
ActionId = Annotated[int, typer.Argument(metavar="ID", help="The action's number.", min=1, max=10**9)]

_COLUMNS = (
    Column("Id", "id", right=True),
    Column("Date", "date"),
    Column("Title", "title", share=3),
    Column("Policy", "policy_title", share=2),
    Column("Recorded", "recorded_at"),
    Column("Reviewed", lambda row: "yes" if row["reviewed"] else "no, automatic"),
)


@group.command("list")
def list_(
    command: typer.Context,
    policy: Annotated[
        str | None, typer.Option(metavar="P", help="Only of this policy (tracker id, url, slug).")
    ] = None,
    unreviewed: Annotated[
        bool, typer.Option("--unreviewed", help="Only what was recorded automatically and nobody has looked at.")
    ] = False,
    as_json: Json = False,
) -> None:
    """List the subsequent actions that stand, in the timeline's order. `flag` is what led to one, if a flag did.

    \b
    Example: monitor actions list --policy 1777
             monitor actions list --unreviewed
    """
    found = with_context(command, lambda ctx: _list(ctx, policy))
    found = [pair for pair in found if not (unreviewed and pair[0].record.reviewed)]
    rows = [action_row(action) for action, _ in found]
    if not as_json:
        rows = [row | {"policy_title": title} for row, (_, title) in zip(rows, found, strict=True)]
    listing(rows, _COLUMNS, as_json, empty="No subsequent actions are recorded.")


async def _list(ctx: Context, name: str | None) -> list[tuple[StoredAction, str]]:
    from monitor.store.policies import get_policy, list_actions, list_policies

    def work(tx: Tx) -> list[tuple[StoredAction, str]]:
        policies = list_policies(tx) if name is None else [get_policy(tx, name)]
        titles = {policy.id: policy.record.title or policy.record.url for policy in policies}
        actions = list_actions(tx, policy_id=None if name is None else policies[0].id)
        return [(action, titles[action.policy_id]) for action in actions]

    return await ctx.db.read(work)


def action_row(action: StoredAction) -> dict[str, Any]:
    """An action as the contract has it."""
    record = action.record
    return {
        "id": action.id,
        "policy": action.policy_url,
        "date": record.date,
        "title": record.title,
        "kind": record.kind,
        "summary": record.summary,
        "document_url": record.document_url,
        "recorded_at": action.recorded_at,
        "flag": action.flag_id,
        "reviewed": record.reviewed,
    }


@group.command()
def show(command: typer.Context, action_id: ActionId, as_json: Json = False) -> None:
    """Show one action, standing or taken back, with its history.

    \b
    Example: monitor actions show 12
    """
    row = with_context(command, lambda ctx: _show(ctx, action_id))
    if as_json:
        print_json(row)
        return
    say(row["title"])
    if not row["reviewed"]:
        say(f"Automatic, not reviewed: `monitor actions confirm {action_id}` says that it is right")
    names = ("id", "state", "policy", "date", "kind", "document_url", "reported", "agencies", "places", "flag")
    facts((name.replace("_", " ").capitalize(), row[name]) for name in names)
    if row["summary"]:
        prose(row["summary"])
    heading("History")
    for each in row["history"]:
        why = f" ({each['reason']})" if each["reason"] else ""
        say(f"  {shown(each['at'])}  {_step(each)} by {each['actor']}{why}: {each['title']}")


def _step(each: Row) -> str:
    return str(each["state"]) if each["reviewed"] else f"{each['state']}, not reviewed,"


async def _show(ctx: Context, action_id: int) -> Row:
    from monitor.store.actions import action_history, get_action

    def work(tx: Tx) -> Row:
        action = get_action(tx, action_id)
        record = action.record
        more = {name: getattr(record, name) for name in ("reported", "dates", "agencies", "places")}
        history = [
            {name: each[name] for name in ("seq", "state", "at", "actor", "reason")}
            | {"title": each["record"].title, "reviewed": each["record"].reviewed}
            for each in action_history(tx, action_id)
        ]
        return {**action_row(action), **more, "state": action.state, "history": history}

    return await ctx.db.read(work)


Kind = Annotated[str | None, typer.Option(metavar="KIND", help="One of the vocabulary's action_kinds.")]


@group.command()
def add(
    command: typer.Context,
    policy: Annotated[str, typer.Option(metavar="P", help="Its tracker id, url or slug.")],
    date: Annotated[str, typer.Option(metavar="D", help="2025-10-09")],
    title: Annotated[str, typer.Option(metavar="T", help="To the letter, with its date: '2025.10.09 ...'.")],
    summary: Annotated[str, typer.Option(metavar="S")] = "",
    kind: Kind = None,
    document: Annotated[str | None, typer.Option(metavar="URL", help="The document that it rests on.")] = None,
    reported: Annotated[bool, typer.Option("--reported", help="The press is the only source so far.")] = False,
    as_json: Json = False,
) -> None:
    """Record an action that you learned of elsewhere. Subscribers are told, as of an accepted flag.

    \b
    Example: monitor actions add --policy 1777 --date 2025-10-09 --title "2025.10.09 Court enjoins the searches" \\
                 --document https://example.org/order.pdf
    """
    on, document_url = day("--date", date), _address(document)

    async def work(ctx: Context) -> int:
        from monitor.build import actor
        from monitor.model.policy import ActionRecord
        from monitor.pipeline.actions import add as record

        action = ActionRecord(
            kind=_kind(kind, ctx.vocabulary) or ctx.vocabulary.default_kind,
            date=on,
            title=title,
            summary=summary,
            document_url=document_url,
            reported=reported,
        )
        return await record(ctx, policy, action, actor=actor())

    _done(with_context(command, work), "recorded", as_json)


@group.command()
def correct(
    command: typer.Context,
    action_id: ActionId,
    title: Annotated[str | None, typer.Option(metavar="T")] = None,
    summary: Annotated[str | None, typer.Option(metavar="S")] = None,
    date: Annotated[str | None, typer.Option(metavar="D")] = None,
    kind: Kind = None,
    document: Annotated[str | None, typer.Option(metavar="URL")] = None,
    reported: Annotated[bool | None, typer.Option("--reported/--not-reported")] = None,
    as_json: Json = False,
) -> None:
    """Change an action. Who was told of it is told what changed.

    \b
    Example: monitor actions correct 12 --date 2025-10-08 --title "2025.10.08 Court enjoins the searches"
    """
    on, document_url = day_or_none("--date", date), _address(document)

    async def work(ctx: Context) -> None:
        from monitor.build import actor
        from monitor.pipeline.actions import correct as change

        await change(
            ctx,
            action_id,
            actor=actor(),
            title=title,
            summary=summary,
            on=on,
            kind=_kind(kind, ctx.vocabulary),
            document_url=document_url,
            reported=reported,
        )

    with_context(command, work)
    _done(action_id, "corrected", as_json)


@group.command()
def confirm(command: typer.Context, action_id: ActionId, as_json: Json = False) -> None:
    """Say that an action which was recorded automatically is right. Nobody is told; corrections are `correct`'s.

    \b
    Example: monitor actions confirm 12
    """

    async def work(ctx: Context) -> None:
        from monitor.build import actor
        from monitor.pipeline.actions import confirm as review

        await review(ctx, action_id, actor=actor())

    with_context(command, work)
    _done(action_id, "confirmed", as_json)


@group.command()
def retract(
    command: typer.Context,
    action_id: ActionId,
    reason: Annotated[str, typer.Option(metavar="R", help="Subscribers read it.")],
    as_json: Json = False,
) -> None:
    """Take an action back: withdrawn while nobody was told of it, else retracted, and who was told is told why.

    \b
    Example: monitor actions retract 12 --reason "The order concerns another policy."
    """

    async def work(ctx: Context) -> ActionState:
        from monitor.build import actor
        from monitor.pipeline.actions import retract as take_back

        return await take_back(ctx, action_id, actor=actor(), reason=reason)

    _done(action_id, with_context(command, work).value, as_json)


def _kind(kind: str | None, vocabulary: Vocabulary) -> str | None:
    from monitor.config.suggest import unknown

    if kind is not None and kind not in vocabulary.action_kinds:
        raise UsageError(f"--kind: {unknown('kind of action', kind, vocabulary.action_kinds)}")
    return kind


def _address(url: str | None) -> str | None:
    from monitor.config.addresses import web_address

    try:
        return None if url is None else web_address(url)
    except ValueError as error:
        raise UsageError(f"--document: {error}") from None


def _done(action_id: int, state: str, as_json: bool) -> None:
    if as_json:
        print_json({"action": action_id, "state": state})
    else:
        say(f"action {action_id} is {state}")
