"""``monitor sources import-opml`` and ``export-opml``: lists of feeds, as feed readers exchange them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.output import Json, counted, print_json, say, warn
from monitor.cli.source_file import SOURCES, rewrite
from monitor.cli.workspace import folder_of, with_context
from monitor.errors import Unreadable
from monitor.model.source import SourceKind

if TYPE_CHECKING:
    from monitor.config.source_lines import Entry
    from monitor.core.opml import OpmlOutline
    from monitor.model.vocabulary import Vocabulary
    from monitor.pipeline.context import Context


def import_opml(
    command: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An OPML file of a feed reader.")],
    append: Annotated[bool, typer.Option("--append", help="Add the entries to sources.yaml.")] = False,
    as_json: Json = False,
) -> None:
    """Print entries for sources.yaml that poll the feeds of an OPML file; --append adds them to it.

    Addresses that are polled already are left out, as is what no poll could ask for. --append keeps the file's
    comments and layout, and leaves it as it is unless the result reads back exactly as meant.

    \b
    Example: monitor sources import-opml feeds.opml
             monitor sources import-opml feeds.opml --append
    """
    outlines = _outlines(file)
    entries, vocabulary = with_context(command, lambda ctx: _in_workspace(ctx, outlines))
    if append and entries:
        from monitor.config.source_lines import with_entries

        rewrite(folder_of(command) / SOURCES, lambda text: with_entries(text, entries, SOURCES, vocabulary))
    _tell(entries, outlines, appended=append, as_json=as_json)


def _outlines(file: Path) -> tuple[OpmlOutline, ...]:
    from monitor.config.strict_yaml import MAX_BYTES
    from monitor.core.opml import read_opml
    from monitor.core.read.decode import decode

    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise Unreadable(f"{file}: {error.strerror or error}") from None
    if len(data) > MAX_BYTES:
        raise Unreadable(f"{file}: larger than {MAX_BYTES >> 20} MiB, which no list of feeds is")
    try:
        return read_opml(decode(data))
    except Unreadable as error:
        raise Unreadable(f"{file}: {error}") from None


async def _in_workspace(ctx: Context, outlines: Sequence[OpmlOutline]) -> tuple[list[Entry], Vocabulary]:
    """The entries of what is not polled yet, with ids that no source has or had."""
    from monitor.store.sources import list_sources

    rows = await ctx.db.read(lambda tx: list_sources(tx, retired=True))
    polled = {row["url"] for row in rows if row["retired_at"] is None}
    return _entries(outlines, polled, {row["id"] for row in rows}), ctx.vocabulary


def _entries(outlines: Sequence[OpmlOutline], polled: Collection[str], ids: Collection[str]) -> list[Entry]:
    from monitor.config.addresses import web_address
    from monitor.config.source_lines import new_entry
    from monitor.core.urls import canonical_url

    seen = {canonical_url(url) for url in polled}
    taken = set(ids)
    entries = []
    for outline in outlines:
        if outline.url is None or canonical_url(outline.url) in seen:
            continue
        try:
            web_address(outline.url)
        except ValueError:
            continue
        seen.add(canonical_url(outline.url))
        entries.append(new_entry(outline.title, outline.url, outline.kind, taken))
        taken.add(entries[-1].id)
    return entries


def _tell(entries: Sequence[Entry], outlines: Sequence[OpmlOutline], *, appended: bool, as_json: bool) -> None:
    from monitor.config.source_lines import entry_lines

    for entry in entries:
        if as_json:
            print_json({name: getattr(entry, name) for name in ("id", "name", "url", "kind")})
        elif not appended:
            typer.echo("\n".join(entry_lines(entry)) + "\n")
    left = len(outlines) - len(entries)
    if left:
        warn(f"{counted(left, 'outline')} left out: polled already, or without an address that can be polled")
    if appended and not as_json:
        done = f"{counted(len(entries), 'source')} added to {SOURCES}: a running service takes them up by itself"
        say(done if entries else f"{SOURCES} was left as it is: there is nothing to add")


def export_opml(command: typer.Context) -> None:
    """Print the sources of sources.yaml as OPML 2.0: feeds as feeds, everything else as links. Mailboxes stay out.

    \b
    Example: monitor sources export-opml > sources.opml
    """
    from monitor import build
    from monitor.core.opml import write_opml

    sources = build.configure(folder_of(command)).sources
    typer.echo(write_opml([each for each in sources if each.kind is not SourceKind.MAILBOX]), nl=False)
