"""``monitor sources derive``, ``proposals``, ``accept`` and ``dismiss``: watches for what policies cite."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.output import Column, Json, Row, counted, listing, print_json, say, warn
from monitor.cli.source_file import SOURCES
from monitor.cli.workspace import folder_of, with_context
from monitor.errors import UsageError

if TYPE_CHECKING:
    from monitor.pipeline.context import Context
    from monitor.pipeline.proposals import Made
    from monitor.store.proposals import StoredProposal

Numbers = Annotated[list[int] | None, typer.Argument(metavar="[N]...", help="Numbers of proposals.", min=1)]
All = Annotated[bool, typer.Option("--all", help="Every open proposal of --policy.")]
OfPolicy = Annotated[str | None, typer.Option("--policy", metavar="P", help="Its tracker id, url or slug.")]


class Wanted(StrEnum):
    """Which proposals `proposals` lists."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DISMISSED = "dismissed"
    ALL = "all"


_COLUMNS = (
    Column("Id", "id", right=True),
    Column("State", lambda row: "" if row["state"] == "open" else row["state"]),
    Column("Kind", "kind"),
    Column("Name", "name", share=2),
    Column("Cited as", lambda row: _first(row["why"]), share=3),
    Column("Policy", lambda row: row["tracker_id"] or row["policy"], share=1),
)


def derive(
    command: typer.Context,
    policies: Annotated[list[str], typer.Argument(metavar="POLICY...", help="Tracker ids, urls or slugs.")],
    as_json: Json = False,
) -> None:
    """Propose watches for what policies cite: dockets, RINs, Federal Register documents, and every cited document.

    What is polled for the policy already, what was dismissed, and the tracker's own pages are left out. Nothing is
    polled until a proposal is accepted.

    \b
    Example: monitor sources derive 1777
             monitor sources proposals --policy 1777
             monitor sources accept --all --policy 1777
    """

    async def work(ctx: Context) -> tuple[list[Made], list[StoredProposal]]:
        from monitor.pipeline.proposals import derive_watches, proposals
        from monitor.store.proposals import ProposalState

        made = await derive_watches(ctx, policies)
        waiting = [await proposals(ctx, policy=each.policy, states=(ProposalState.OPEN,)) for each in made]
        return made, [proposal for each in waiting for proposal in each]

    made, waiting = with_context(command, work)
    listing([_row(each) for each in waiting], _COLUMNS, as_json, empty="Nothing is proposed that is not watched.")
    tell_left(made)
    if not as_json:
        new = sum(each.new for each in made)
        say(f"{counted(new, 'new proposal')}, {len(waiting)} open: `monitor sources accept N...` makes them sources")


def tell_left(made: Sequence[Made]) -> None:
    """Say what is cited and cannot be watched, and why."""
    for each in made:
        for citation, why in each.derived.left:
            warn(f"not proposed: {citation.what} ({citation.where} of {each.title}): {why}")


def proposals(
    command: typer.Context,
    policy: OfPolicy = None,
    state: Annotated[Wanted, typer.Option(help="Which ones.")] = Wanted.OPEN,
    as_json: Json = False,
) -> None:
    """List proposed watches, by default those that wait for a decision.

    \b
    Example: monitor sources proposals --policy 1777
    """

    async def work(ctx: Context) -> list[StoredProposal]:
        from monitor.pipeline.proposals import proposals as find
        from monitor.store.proposals import ProposalState

        states = () if state is Wanted.ALL else (ProposalState(state.value),)
        return await find(ctx, policy=policy, states=states)

    rows = [_row(each) for each in with_context(command, work)]
    listing(rows, _COLUMNS, as_json, empty="No proposals: `monitor sources derive POLICY` makes some.")


def _row(stored: StoredProposal) -> Row:
    proposed = stored.proposal
    return {
        "id": stored.id,
        "policy": stored.policy_url,
        "tracker_id": stored.tracker_id,
        "state": stored.state.value,
        "kind": proposed.kind,
        "url": proposed.url,
        "name": proposed.name,
        "voice": proposed.voice,
        "why": [{"what": each.what, "where": each.where} for each in proposed.why],
        "proposed_at": stored.proposed_at,
        "source": stored.source_id,
    }


def _first(why: Sequence[dict[str, str]]) -> str:
    more = f" (and {len(why) - 1} more)" if len(why) > 1 else ""
    return f"{why[0]['what']}, in {why[0]['where']}{more}"


def accept(
    command: typer.Context,
    numbers: Numbers = None,
    all_: All = False,
    policy: OfPolicy = None,
    auth: Annotated[
        str | None,
        typer.Option(metavar="REF", help="Where the key of regulations.gov is found: env:NAME or file:PATH."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Make proposed watches sources: entries at the end of sources.yaml, bound to their policies and silent at first.

    The file keeps its comments and layout, and is left as it is unless the result reads back exactly as meant. What a
    source watches already for another policy is bound to this one too. The key of an API is that of a source of the
    same site, else --auth. A running service takes the sources up by itself.

    \b
    Example: monitor sources accept 3 4
             monitor sources accept --all --policy 1777 --auth env:DATA_GOV_KEY
    """
    ids = _chosen(numbers, all_, policy)
    folder = folder_of(command)

    async def work(ctx: Context) -> list[dict[str, Any]]:
        from monitor.build import actor, environment
        from monitor.cli.source_entries import check_key, enter
        from monitor.pipeline.proposals import accepted, chosen, taken_ids

        if auth is not None:
            check_key(folder, auth, environment())
        found = await chosen(ctx, ids, policy if all_ else None)
        entered = enter(folder / SOURCES, found, await taken_ids(ctx), ctx.vocabulary, auth)
        for each in entered.left:
            if not all_:
                raise UsageError(f"proposal {each.id}: {entered.why_left}")
            warn(f"proposal {each.id} still waits: {entered.why_left}")
        await accepted(ctx, entered.sources, actor=actor())
        return [
            {"id": each.id, "source": source_id, "url": each.proposal.url, "policy": each.policy_url}
            for each, source_id in entered.sources
        ]

    rows = with_context(command, work)
    for row in rows:
        if as_json:
            print_json(row)
        else:
            say(f"proposal {row['id']} is source {row['source']}: {row['url']}")
    if not as_json:
        say(f"{counted(len(rows), 'proposal')} accepted: a running service takes them up by itself")


def dismiss(command: typer.Context, numbers: Numbers = None, all_: All = False, policy: OfPolicy = None) -> None:
    """Dismiss proposed watches for good: they are not proposed again for their policy.

    \b
    Example: monitor sources dismiss 5
    """
    ids = _chosen(numbers, all_, policy)

    async def work(ctx: Context) -> int:
        from monitor.build import actor
        from monitor.pipeline.proposals import dismissed

        return len(await dismissed(ctx, ids, policy if all_ else None, actor=actor()))

    say(f"{counted(with_context(command, work), 'proposal')} dismissed")


def _chosen(numbers: list[int] | None, all_: bool, policy: str | None) -> list[int]:
    if all_ and (numbers or policy is None):
        raise UsageError("--all is every open proposal of one policy: give --policy P, and no numbers")
    if not all_ and not numbers:
        raise UsageError("give the numbers of proposals, or --all --policy P: `monitor sources proposals` shows them")
    if numbers and policy is not None:
        raise UsageError("numbers name their proposals alone: leave --policy out")
    return numbers or []
