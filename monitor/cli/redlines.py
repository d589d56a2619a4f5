"""Redlines on a terminal: coloured where it shows colours, and told by signs and marks wherever they end up."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

import typer

from monitor.cli.output import console, counted, draw, safe, say

if TYPE_CHECKING:
    from rich.text import Text

    from monitor.core.redline import Marked
    from monitor.model.change import Part


class Format(StrEnum):
    """How a difference is printed."""

    TEXT = "text"
    UNIFIED = "unified"
    HTML = "html"


_STYLES = {"removed": "red strike", "added": "green", "same": ""}
_INDENT = 2


def print_redline(parts: Sequence[Part], *, most: int, room: int, more: str = "") -> None:
    """Print up to ``most`` parts, each in about ``room`` characters: a line begins with ``+ - !`` or ``>`` (moved).

    ``more`` is the command that shows the rest.
    """
    from monitor.core.redline_text import excerpt

    shown, left_out = excerpt(parts, most=most, room=room)
    for marked in shown:
        _draw(marked)
    if left_out:
        say(f"{' ' * _INDENT}and {counted(left_out, 'more change')}{f': `{more}`' if more else ''}")


def print_difference(parts: Sequence[Part], how: Format, *, title: str, before: str, after: str, summary: str) -> None:
    """Print a whole difference as text, as a unified text, or as an HTML document."""
    from monitor.core.redline import redline
    from monitor.core.redline_text import unified

    marked = redline(parts)
    match how:
        case Format.HTML:
            from monitor.core.redline_html import document

            typer.echo(document(marked, title=title, before=before, after=after, summary=summary), nl=False)
        case Format.UNIFIED:
            names = (f"{' '.join(title.split())}  {moment}" for moment in (before, after))
            text = unified(marked, before=next(names), after=next(names), summary=summary)
            typer.echo(safe(text), nl=False)
        case Format.TEXT:
            say(title)
            say(f"{before} -> {after}: {summary}")
            for each in marked:
                _draw(each)


def _draw(marked: Marked) -> None:
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    from monitor.core.redline_text import sign_of

    line = Table.grid(padding=(0, 1))
    line.add_column(no_wrap=True)
    line.add_column(overflow="fold")
    line.add_row(Text(sign_of(marked), style="bold"), _styled(marked))
    draw(Padding(line, (0, 0, 0, _INDENT)))


def _styled(marked: Marked) -> Text:
    """The words in their colours; the marks say the same without any."""
    from rich.text import Text

    from monitor.core.redline_text import line_pieces, sign_of, with_marks

    plain, changed = console().no_color, sign_of(marked) == "!"
    pieces = (
        (safe(with_marks(piece) if changed else piece.text), "" if plain else _STYLES[piece.mark])
        for piece in line_pieces(marked)
    )
    return Text.assemble(*pieces)
