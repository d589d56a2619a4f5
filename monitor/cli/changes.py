"""``monitor changes``: what changed on the sources, word by word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.moments import moment
from monitor.cli.output import Json, Row, print_json, say, shown
from monitor.cli.redlines import Format, print_difference, print_redline
from monitor.cli.workspace import with_context
from monitor.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.model.change import Part
    from monitor.pipeline.context import Context
    from monitor.store.changes import StoredChange
    from monitor.store.database import Tx

How = Annotated[Format, typer.Option("--format", help="text; unified, like diff -u; or html, a document of its own.")]

_MOST_PARTS = 12  # of a change in the list
_ROOM = 400  # characters of a part in the list


def changes(
    command: typer.Context,
    since: Annotated[
        str | None, typer.Option(metavar="T", help="A day, a moment (UTC unless it names a zone), or 36h, 2d ago.")
    ] = None,
    source: Annotated[str | None, typer.Option(metavar="ID", help="Only of this source.")] = None,
    show: Annotated[
        int | None, typer.Option(metavar="SEQ", min=1, max=10**9, help="This change alone, and all of it.")
    ] = None,
    how: How = Format.TEXT,
    as_json: Json = False,
) -> None:
    """Show what changed on the sources, oldest first. What a source's first poll found is no change.

    Each line of a change begins with + (added), - (removed), ! (changed) or > (moved); within a changed one, removed
    words stand in [-...-] and added ones in {+...+}. Colours say the same, and are left out under NO_COLOR and where
    the output is no terminal. With --json each line holds the differences paragraph by paragraph (`parts`).

    \b
    Example: monitor changes --since 2d --source flock-statements
             monitor changes --show 17 --format html > change.html
    """
    if show is None:
        if how is not Format.TEXT:
            raise UsageError("--format is for one change: give --show SEQ too")
        _print_all(with_context(command, lambda ctx: _changes(ctx, since, source)), as_json)
        return
    if since is not None or source is not None:
        raise UsageError("--show SEQ names one change: leave --since and --source out")
    change = with_context(command, lambda ctx: _one(ctx, show))
    if as_json:
        print_json(_row_of(change))
    else:
        _print_one(change, how)


def kinds_of(parts: Sequence[Part]) -> list[str]:
    """The kinds that occur among parts, in the order of PartKind."""
    from monitor.model.change import Diff

    return [kind.value for kind in Diff(tuple(parts), "").kinds]


async def _changes(ctx: Context, since: str | None, source: str | None) -> list[Row]:
    from monitor.store.changes import list_changes
    from monitor.store.sources import get_source

    after = None if since is None else moment("--since", since, ctx.clock())

    def work(tx: Tx) -> list[Row]:
        if source is not None:
            get_source(tx, source)
        return [_change(row) for row in list_changes(tx, since=after, source_id=source)]

    return await ctx.db.read(work)


def _change(row: dict[str, Any]) -> Row:
    from monitor.store.changes import parts_of

    return {
        "source": row["source_id"],
        "entry": row["entry_id"],
        "kind": row["kind"],
        "title": row["title"],
        "url": row["url"],
        "seq": row["seq"],
        "at": row["at"],
        "summary": row["summary"],
        "kinds": kinds_of(parts_of(row["parts"])),
        "parts": row["parts"],
    }


async def _one(ctx: Context, seq: int) -> StoredChange:
    from monitor.store.changes import get_change

    return await ctx.db.read(lambda tx: get_change(tx, seq))


def _row_of(change: StoredChange) -> Row:
    return {
        "source": change.source_id,
        "entry": change.entry_id,
        "kind": change.kind,
        "title": change.title,
        "url": change.url,
        "seq": change.seq,
        "at": change.at,
        "summary": change.summary,
        "kinds": kinds_of(change.parts),
        "parts": list(change.parts),
    }


def _print_all(rows: list[Row], as_json: bool) -> None:
    from monitor.store.changes import parts_of

    for row in rows:
        if as_json:
            print_json(row)
            continue
        say(f"{row['seq']}  {shown(row['at'])}  {row['source']}  {row['kind']}: {' '.join(row['title'].split())}")
        if row["parts"]:
            say(f"  {row['summary']}")
        more = f"monitor changes --show {row['seq']}"
        print_redline(parts_of(row["parts"]), most=_MOST_PARTS, room=_ROOM, more=more)
    if not rows and not as_json:
        say("Nothing changed.")


def _print_one(change: StoredChange, how: Format) -> None:
    print_difference(
        change.parts,
        how,
        title=change.title or change.url or change.source_name,
        before=shown(change.before_at) or "not there",
        after=shown(change.at),
        summary=change.summary,
    )
