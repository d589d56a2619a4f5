"""``monitor poll``."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.output import Json, counted, plain, print_json, say
from monitor.cli.workspace import with_context
from monitor.errors import IllegalTransition, UsageError

if TYPE_CHECKING:
    from monitor.pipeline.context import Context
    from monitor.store.database import Tx

Sources = Annotated[list[str] | None, typer.Option("--source", metavar="ID", help="Only this source; repeatable.")]


def poll(
    command: typer.Context,
    all_: Annotated[bool, typer.Option("--all", help="Every source, due or not.")] = False,
    source: Sources = None,
    as_json: Json = False,
) -> None:
    """Poll what is due, once, and flag what concerns a policy.

    The first poll of a source only learns what is there. The articles behind new teasers are read too, and
    what was stored before a policy or a name of it was known is matched again.

    Exit 1 where a source that --source names failed; without
    --source failures are counted and are no failure of the command. Exit 75 where another worker holds the workspace.

    \b
    Example: monitor poll --all
             monitor poll --source 404-media --source vpm-news
    """
    if all_ and source:
        raise UsageError("give --all or --source, not both")
    result = with_context(command, lambda ctx: _poll(ctx, all_, source or []), hold=True)
    if as_json:
        print_json(result)
    else:
        say(
            f"{counted(result['polled'], 'source')} polled: {result['changed']} changed, "
            f"{result['unchanged']} unchanged, {result['failed']} failed"
        )
        say(
            f"{counted(result['entries_new'], 'new entry', 'new entries')}, {result['entries_revised']} revised, "
            f"{counted(result['flags'], 'flag')} raised, in {result['seconds']:.1f} s"
        )
    if source and result["failed"]:
        raise typer.Exit(1)


async def _poll(ctx: Context, everything: bool, names: list[str]) -> dict[str, Any]:
    from monitor.pipeline.articles import read_all_articles
    from monitor.pipeline.poll import poll_all_due
    from monitor.pipeline.rematching import rematch_due
    from monitor.store.schedule import make_due

    def due(tx: Tx) -> None:
        _check_live(tx, names)
        make_due(tx, now=ctx.clock(), only=names or None)

    started = perf_counter()
    if everything or names:
        await ctx.db.write(due)
    report = await poll_all_due(ctx, only=names or None)
    articles = await read_all_articles(ctx, only=names or None)
    again = await rematch_due(ctx)
    told = {**plain(report), "flags": report.flags + articles.flags + again}
    return {**told, "seconds": round(perf_counter() - started, 3)}


def _check_live(tx: Tx, names: list[str]) -> None:
    from monitor.store.sources import get_source

    for name in names:
        row = get_source(tx, name)
        if row["retired_at"] is not None:
            raise IllegalTransition(f"source {name} is not in sources.yaml any more")
        if row["paused_at"] is not None:
            raise IllegalTransition(f"source {name} is paused: `monitor sources resume {name}` takes it up again")
