"""What is suppressed of watched pages, and how an editor takes that back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.output import counted, heading, say, shown
from monitor.cli.workspace import with_context

if TYPE_CHECKING:
    from monitor.core.noise.validity import Suppression
    from monitor.pipeline.context import Context
    from monitor.store.pages import HostNote

_WORDS = 80  # characters of a line
_STATES = {"host": "for all pages of the host", "page": "for this page", None: "not yet for this page"}


def strike(
    command: typer.Context,
    number: Annotated[int, typer.Argument(metavar="N", help="Its number in `sources show`.")],
    undo: Annotated[bool, typer.Option("--undo", help="Let it hold again.")] = False,
) -> None:
    """Take back what was learned to be noise on pages, so that it hides nothing any more.

    \b
    Example: monitor sources strike 12
    """
    struck = with_context(command, lambda ctx: _strike(ctx, number, undo=undo))
    done = "holds again" if undo else "is struck: what it hid counts from the next poll on"
    say(f"Suppression {struck.id} of {struck.host} {done}.")


async def _strike(ctx: Context, number: int, *, undo: bool) -> Suppression:
    from monitor.store.pages import strike

    at = None if undo else ctx.clock()
    return await ctx.db.write(lambda tx: strike(tx, number, at=at))


def suppression_row(each: Suppression, source_id: str) -> dict[str, Any]:
    """A pattern of the source's host, and whether it holds for the source: ``scope`` is host, page or none yet."""
    scope = "host" if each.holds_for_host else "page" if each.holds_for(source_id) else None
    return {
        "id": each.id,
        "form": each.pattern.form.value,
        "place": each.pattern.place,
        "what": what(each),
        "scope": scope,
        "taught_by": each.taught_by,
        "first_at": each.first_at,
        "last_at": each.last_at,
        "struck_at": each.struck_at,
    }


def what(each: Suppression) -> str:
    """A pattern in words."""
    from monitor.core.noise.mask import Form, readable

    pattern = each.pattern
    match pattern.form:
        case Form.GAP:
            return f"any {pattern.kind.value} in: {readable(pattern.left)} ... {readable(pattern.right)}"
        case Form.PLACE:
            return "everything there, but for words of courts and agencies that are new"
        case Form.TEXT:
            return f"a line that comes and goes: {pattern.left[0][:_WORDS]}"
        case Form.ORDER:
            return "the order of the lines there"


def note_row(note: HostNote) -> dict[str, Any]:
    """What many pages of a host told together. ``told``: as a change; else it is a turn of their frame."""
    return {
        "host": note.host,
        "at": note.at,
        "pages": list(note.pages),
        "come": list(note.come),
        "gone": list(note.gone),
        "told": note.told,
    }


def print_noise(suppressions: list[dict[str, Any]], notes: list[dict[str, Any]]) -> None:
    """What `sources show` says of a page's noise."""
    if suppressions:
        heading("Suppressed as noise (`monitor sources strike N` takes it back)")
    for row in suppressions:
        state = (
            "struck" if row["struck_at"] else {"host": "all pages of the host", "page": "this page"}.get(row["scope"])
        )
        say(f"  {row['id']}: {row['what']}")
        say(f"      at {row['place']}; for {state or 'no page yet'}; taught by {row['taught_by']}")
    print_notes(notes)


def print_notes(notes: list[dict[str, Any]]) -> None:
    """What hosts told, the latest first."""
    if notes:
        heading("The same change on many pages of a host")
    for row in notes:
        kind = "" if row["told"] else ", as their frame does"
        say(f"  {shown(row['at'])} {row['host']}: {counted(len(row['pages']), 'page')} changed alike{kind}")
        for sign, lines in (("+", row["come"]), ("-", row["gone"])):
            for line in lines[:3]:
                say(f"      {sign} {line[:_WORDS]}")
