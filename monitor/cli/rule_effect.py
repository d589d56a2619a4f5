"""What the rules of a source do to a document: read with one rule more each time, and compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import typer

from monitor.cli.output import heading, prose, say
from monitor.model.source import Fetched, Reading, Source

if TYPE_CHECKING:
    from monitor.pipeline.context import Context

_SHOWN = 5  # lines of each rule
_LINE = 160  # characters of each


async def effect(ctx: Context, source: Source, fetched: Fetched) -> list[dict[str, Any]]:
    """One row a rule, in the order in which they act; ``select``'s parts are joined, so they are one.

    ``before`` and ``after`` count lines of text; ``removed`` and ``added`` are the lines. A rule that does nothing has
    neither. The first row compares with what is read where there is no rule at all.
    """
    rows: list[dict[str, Any]] = []
    before = await _lines(ctx, replace(source, select=(), drop=(), ignore=()), fetched)
    for rule, expression, stage in _stages(source):
        after = await _lines(ctx, stage, fetched)
        removed, added = list((before - after).elements()), list((after - before).elements())
        counts = {"before": before.total(), "after": after.total()}
        rows.append({"rule": rule, "expression": expression, **counts, "removed": removed, "added": added})
        before = after
    return rows


def _stages(source: Source) -> Iterator[tuple[str, str, Source]]:
    """Each rule, and the source with it and those before it."""
    so_far = replace(source, drop=(), ignore=())
    if source.select:
        yield "select", ", ".join(source.select), so_far
    for n, expression in enumerate(source.drop, 1):
        so_far = replace(so_far, drop=source.drop[:n])
        yield "drop", expression, so_far
    for n, expression in enumerate(source.ignore, 1):
        so_far = replace(so_far, ignore=source.ignore[:n])
        yield "ignore", expression, so_far


async def _lines(ctx: Context, source: Source, fetched: Fetched) -> Counter[str]:
    reading = await ctx.reader.read(fetched, source, ctx.clock())
    if not isinstance(reading, Reading):
        return Counter()  # without the rule there is nothing to read
    return Counter(line for item in reading.items for line in (item.title, *item.text.splitlines()) if line.strip())


def print_effect(rows: list[dict[str, Any]]) -> None:
    """Each rule with how many lines it leaves, and the first of those that it takes and brings."""
    if rows:
        heading("What the rules do")
    for row in rows:
        changes = row["removed"] or row["added"]
        done = f"{row['before']} -> {row['after']} lines" if changes else "does nothing here"
        say(f"{row['rule']} {row['expression']}: {done}")
        for sign, lines in (("-", row["removed"]), ("+", row["added"])):
            for line in lines[:_SHOWN]:
                prose(f"  {sign} {line[:_LINE]}{' ...' if len(line) > _LINE else ''}")
            if len(lines) > _SHOWN:
                say(f"  {sign} and {len(lines) - _SHOWN} more")
    if rows:
        typer.echo()
