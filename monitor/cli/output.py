"""What commands print: tables and plain lines for people, JSON for scripts."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from monitor.errors import Problem

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.text import Text

Json = Annotated[bool, typer.Option("--json", help="Print JSON: one object, or one object a line for a list.")]
Row = Mapping[str, Any]

_STANDS_OUT = "bold underline"
_PIPED_WIDTH = 120  # columns of a table that goes to a file or another program


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its heading, and the key of a row or what makes the cell of one.

    Columns with a ``share`` share the room that the others leave, in proportion; a ``right`` one holds numbers.
    """

    title: str
    value: str | Callable[[Row], object]
    share: int = 0
    right: bool = False

    def cell(self, row: Row) -> str:
        """The text of this column in ``row``."""
        return shown(row[self.value] if isinstance(self.value, str) else self.value(row))


def listing(rows: Sequence[Row], columns: Sequence[Column], as_json: bool, *, empty: str) -> None:
    """A list: one JSON object a line, or a table; ``empty`` says what it means that there is nothing."""
    if as_json:
        for row in rows:
            print_json(row)
    elif rows:
        table(rows, columns)
    else:
        typer.echo(empty)


def print_json(value: object) -> None:
    """``value`` as JSON on one line: dates ISO 8601, moments in UTC with Z."""
    typer.echo(json_line(value))


def json_line(value: object) -> str:
    """``value`` as JSON that standard output can hold, whatever its encoding."""
    line = json.dumps(plain(value), ensure_ascii=False)
    try:
        line.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        line = json.dumps(plain(value))
    return line


def plain(value: object) -> Any:
    """``value`` in JSON's own types."""
    match value:
        case None | bool() | int() | float() | str() if not isinstance(value, Enum):
            return value
        case Enum():
            return value.value
        case datetime():
            return stamp(value)
        case date():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case Mapping():
            return {str(key): plain(each) for key, each in value.items()}
        case list() | tuple():
            return [plain(each) for each in value]
        case Path():
            return str(value)
    if is_dataclass(value):
        return {each.name: plain(getattr(value, each.name)) for each in fields(value)}
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def stamp(moment: datetime) -> str:
    """``2025-10-09T14:00:00Z``."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def shown(value: object) -> str:
    """``value`` as a person reads it: moments to the minute in UTC, lists with commas, nothing for None."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case Enum():
            return str(value.value)
        case float():
            return f"{value:.2f}"
        case datetime():
            return f"{value.astimezone(UTC):%Y-%m-%d %H:%M}Z"
        case list() | tuple():
            return ", ".join(shown(each) for each in value)
        case _:
            return safe(str(value))


def safe(text: str) -> str:
    """``text`` without characters that a terminal obeys instead of showing (THREATS P2); line breaks stay."""
    return "".join(char if char.isprintable() or char == "\n" else " " if char.isspace() else "\ufffd" for char in text)


def table(rows: Sequence[Row], columns: Sequence[Column]) -> None:
    """A table, at most as wide as the terminal, without the columns that nothing stands in."""
    from rich.box import SIMPLE_HEAD
    from rich.measure import Measurement
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold")
    cells = [[column.cell(row) for row in rows] for column in columns]
    filled = [(column, texts) for column, texts in zip(columns, cells, strict=True) if any(texts)]
    for column, _ in filled:
        grid.add_column(
            Text(column.title),
            justify="right" if column.right else "left",
            ratio=column.share or None,
            no_wrap=not column.share,
            overflow="fold",
        )
    for texts in zip(*(texts for _, texts in filled), strict=True):
        grid.add_row(*map(Text, texts))
    wide = console()
    # rich heeds the columns' shares only in a table that is stretched
    grid.expand = Measurement.get(wide, wide.options, grid).maximum >= wide.width
    draw(grid)


class Marked(NamedTuple):
    """A text with the spans that are to stand out where it is drawn."""

    text: str
    spans: Sequence[tuple[int, int]]


def _drawn(value: object) -> Text:
    from rich.text import Text

    if not isinstance(value, Marked):
        return Text(shown(value), overflow="fold")
    text = Text(safe(value.text), overflow="fold")
    for span in value.spans:
        text.stylize(_STANDS_OUT, *span)
    return text


def facts(pairs: Iterable[tuple[str, object]]) -> None:
    """Names and values below each other; what has no value is left out."""
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True, style="bold")
    grid.add_column(overflow="fold")
    for name, value in pairs:
        text = _drawn(value)
        if text.plain:
            grid.add_row(Text(name), text)
    draw(grid)


def heading(text: str) -> None:
    """A line above a further part of what is shown."""
    typer.echo()
    typer.secho(safe(text), bold=True)


def prose(text: str | Marked) -> None:
    """Paragraphs, wrapped and indented."""
    from rich.padding import Padding

    draw(Padding(_drawn(text), (0, 0, 0, 2)))


def say(text: str) -> None:
    """A line for a person."""
    typer.echo(safe(text))


def warn(text: str) -> None:
    """A line to standard error."""
    typer.echo(f"monitor: {safe(text)}", err=True)


def tell(problem: Problem, note: str = "") -> None:
    """``FILE:LINE: message`` to standard error, as editors and other tools know it."""
    typer.echo(safe(f"{problem}{note}"), err=True)


def counted(number: int, singular: str, plural: str | None = None) -> str:
    """``1 flag``, ``2 flags``, ``3 policies``."""
    return f"{number} {singular if number == 1 else plural or singular + 's'}"


def console() -> Console:
    """Where tables and texts are drawn: the terminal's width and colours, or plain text of 120 columns."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else _PIPED_WIDTH
    return Console(highlight=False, emoji=False, markup=False, width=width)


def draw(drawn: RenderableType) -> None:
    """Draw without the blanks that rich puts at the ends of lines."""
    canvas = console()
    with canvas.capture() as captured:
        canvas.print(drawn)
    for line in captured.get().splitlines():
        typer.echo(line.rstrip(), color=canvas.is_terminal or None)
