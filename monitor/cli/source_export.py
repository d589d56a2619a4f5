"""``monitor sources export-warc``: the archive in the form that other archives read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.moments import moment
from monitor.cli.output import Json, counted, print_json, say, warn
from monitor.cli.workspace import with_context
from monitor.errors import StateError, UsageError

if TYPE_CHECKING:
    from monitor.pipeline.context import Context
    from monitor.pipeline.export import ExportReport


def export_warc(
    command: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file: NAME.warc.gz, or NAME.warc.")],
    source: Annotated[
        list[str] | None, typer.Option("--source", metavar="ID", help="Only this source; repeatable.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="T", help="From then on: 2025-10-09, 2025-10-09T14:00Z, or 36h, 2d ago.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Write the archived documents, as they came, to a WARC 1.1 file that other archives' programs read.

    Exit 1 where some of the archived bytes are damaged: the others are written.

    \b
    Example: monitor sources export-warc --source flock-statements --since 2025-10-01 evidence.warc.gz
    """
    if not file.name.endswith((".warc", ".warc.gz")):
        raise UsageError(f"{file}: the name has to end with .warc.gz or .warc")
    if file.exists():
        raise UsageError(f"{file} is there already: nothing is overwritten")
    report = with_context(command, lambda ctx: _export(ctx, file, source or [], since))
    if as_json:
        print_json(report)
    else:
        say(f"{counted(report.written, 'snapshot')} written to {file}")
        if report.without_bytes:
            say(f"{counted(report.without_bytes, 'snapshot')} left out: retention gave the bytes up")
    if report.damaged:
        warn(f"{counted(report.damaged, 'snapshot')} left out: the bytes are damaged; see `doctor --verify-archive`")
        raise typer.Exit(1)


async def _export(ctx: Context, file: Path, sources: list[str], since: str | None) -> ExportReport:
    from monitor.pipeline.export import export_warc

    start = None if since is None else moment("--since", since, ctx.clock())
    part = file.with_name(f"{file.name}.part")
    try:
        with part.open("wb") as out:
            report = await export_warc(ctx, out, filename=file.name, sources=sources, since=start)
        part.rename(file)
    except OSError as error:
        raise StateError(f"{part}: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)
    return report
