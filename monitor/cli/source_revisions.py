"""``monitor sources compare``: any two revisions of a page, or of another source's entry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.changes import How, kinds_of
from monitor.cli.moments import moment
from monitor.cli.output import Json, print_json, shown
from monitor.cli.redlines import Format, print_difference
from monitor.cli.workspace import with_context
from monitor.errors import NotFound, UsageError

if TYPE_CHECKING:
    from monitor.model.change import Diff
    from monitor.pipeline.context import Context
    from monitor.store.changes import StoredRevision
    from monitor.store.database import Tx

_LISTED = 5  # entries that a question names


@dataclass(frozen=True, slots=True)
class _Compared:
    before: StoredRevision
    after: StoredRevision
    diff: Diff


def compare(
    command: typer.Context,
    source_id: Annotated[str, typer.Argument(metavar="ID", help="The source's id in sources.yaml.")],
    from_: Annotated[
        str | None, typer.Argument(metavar="FROM", help="A revision's number, or a day or moment: as it was then.")
    ] = None,
    to: Annotated[str | None, typer.Argument(metavar="TO", help="The same; without it, the latest.")] = None,
    entry: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, max=10**9, help="Which entry, where a source has several (`changes --json`)."),
    ] = None,
    how: How = Format.TEXT,
    as_json: Json = False,
) -> None:
    """Compare two revisions of a page, by default its last two. Revision 1 is the page as it was first seen.

    A day is its end in UTC. Lines and marks are those of `monitor changes`.

    \b
    Example: monitor sources compare flock-statements
             monitor sources compare flock-statements 1 4 --format unified
             monitor sources compare flock-statements 2025-08-01 2025-10-09
    """
    found = with_context(command, lambda ctx: _compare(ctx, source_id, from_, to, entry))
    if as_json:
        print_json(_row(source_id, found))
        return
    before, after = found.before, found.after
    print_difference(
        found.diff.parts,
        how,
        title=after.title or after.url or source_id,
        before=f"revision {before.number}, {shown(before.at)}",
        after=f"revision {after.number}, {shown(after.at)}",
        summary=found.diff.summary,
    )


async def _compare(ctx: Context, source_id: str, from_: str | None, to: str | None, entry: int | None) -> _Compared:
    from monitor.store.changes import list_revisions
    from monitor.store.sources import get_source

    def work(tx: Tx) -> list[StoredRevision]:
        get_source(tx, source_id)
        return list_revisions(tx, source_id, _entry(tx, source_id) if entry is None else entry)

    revisions = await ctx.db.read(work)
    now = ctx.clock()
    after = revisions[-1] if to is None else _chosen(revisions, "TO", to, now)
    if from_ is not None:
        before = _chosen(revisions, "FROM", from_, now)
    elif len(revisions) > 1:
        before = revisions[-2]
    else:
        raise NotFound(f"entry {entry} of {source_id} never changed: it has one revision")
    return _Compared(before, after, _difference(before, after))


def _entry(tx: Tx, source_id: str) -> int:
    """The entry that is meant where none is named: the only one that ever changed."""
    from monitor.store.changes import entries_with_revisions

    found = entries_with_revisions(tx, source_id)
    if not found:
        raise NotFound(f"nothing of {source_id} has changed since it was first seen")
    if len(found) > 1:
        named = "; ".join(f"--entry {each.entry_id} ({each.title[:60]})" for each in found[:_LISTED])
        raise UsageError(f"{len(found)} entries of {source_id} have changed: give one, of late {named}")
    return found[0].entry_id


def _chosen(revisions: Sequence[StoredRevision], option: str, text: str, now: datetime) -> StoredRevision:
    if text.isascii() and text.isdigit() and len(text) < 9:
        known = {revision.number: revision for revision in revisions}
        if int(text) not in known:
            raise NotFound(f"{option}: there is no revision {text}: they go from {min(known)} to {max(known)}")
        return known[int(text)]
    at = moment(option, text, now, end_of_day=True)
    standing = [revision for revision in revisions if revision.at <= at]
    if not standing:
        raise NotFound(f"{option}: it was first seen at {shown(revisions[0].at)}, after {text}")
    return standing[-1]


def _difference(before: StoredRevision, after: StoredRevision) -> Diff:
    from monitor.core.entries import Known, difference
    from monitor.model.source import Item

    known = Known(before.entry_id, "", before.url, before.title, before.text, "", before.number)
    return difference(known, Item("", after.title, after.text, after.url))


def _row(source_id: str, found: _Compared) -> dict[str, Any]:
    return {
        "source": source_id,
        "entry": found.after.entry_id,
        "from": _revision(found.before),
        "to": _revision(found.after),
        "summary": found.diff.summary,
        "kinds": kinds_of(found.diff.parts),
        "parts": list(found.diff.parts),
    }


def _revision(revision: StoredRevision) -> dict[str, Any]:
    return {"revision": revision.number, "at": revision.at, "title": revision.title}
