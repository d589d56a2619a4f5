"""``monitor doctor``: what is wrong, why it matters, and what to do about it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.check import Findings, examine
from monitor.cli.output import Json, counted, facts, print_json, say, shown, stamp
from monitor.cli.status import TO_DO, TROUBLED
from monitor.cli.webhooks import webhook_row
from monitor.cli.workspace import folder_of, with_context
from monitor.errors import DatabaseDamaged
from monitor.model.delivery import DeliveryState

if TYPE_CHECKING:
    from monitor.core.chain import Fault
    from monitor.pipeline.context import Context
    from monitor.pipeline.verify import ArchiveVerdict
    from monitor.store.database import Tx

_LEAST_ROOM = 2**30  # bytes on the disk of the state folder
_OVERDUE = timedelta(minutes=10)  # a worker that runs polls what is due within seconds, or within its host's gap


class Level(StrEnum):
    """How bad a finding is: the command fails for an ERROR only."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to know: of what, what is the matter, and what to do."""

    level: Level
    about: str
    message: str
    advice: str


def doctor(
    command: typer.Context,
    verify_archive: Annotated[
        bool,
        typer.Option("--verify-archive", help="Hash all archived bytes again and follow every chain of snapshots too."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Explain what is wrong with this workspace, and suggest what to do.

    Exit 1 where something needs a person; 78 where the configuration is wrong; 73, 74 or 76 where the database cannot
    be used; 76 where the archive is not as it was stored. Warnings and notes are no failure.

    \b
    Example: monitor doctor --verify-archive
    """
    examined = examine(folder_of(command))
    findings = list(_configured(examined))
    verdict = None
    if not examined.errors:
        found, verdict = with_context(command, lambda ctx: _look(ctx, verify_archive))
        findings += [*found, *map(_of_fault, verdict.faults if verdict else ())]
    failed = any(each.level is Level.ERROR for each in findings)
    if as_json:
        print_json({"ok": not failed, "findings": findings, "archive": verdict and _figures(verdict)})
    else:
        _print(findings, verdict)
    if failed:
        raise typer.Exit(examined.exit_code or (DatabaseDamaged.exit_code if verdict and verdict.faults else 1))


def _configured(examined: Findings) -> Iterator[Finding]:
    for level, problems in ((Level.ERROR, examined.errors), (Level.WARNING, examined.warnings)):
        for problem in problems:
            yield Finding(level, str(problem), "", "`monitor check` shows every problem of the configuration")


async def _look(ctx: Context, verify: bool) -> tuple[list[Finding], ArchiveVerdict | None]:
    from monitor.pipeline.verify import verify_archive

    findings = await ctx.db.read(lambda tx: [*_sources(ctx, tx), *_deliveries(tx), *_webhooks(tx)])
    findings += [*_surroundings(ctx), *await _readers(ctx)]
    return findings, await verify_archive(ctx) if verify else None


def _sources(ctx: Context, tx: Tx) -> Iterator[Finding]:
    from monitor.core.health import Colour, health
    from monitor.store.sources import list_sources, vitals_of

    now = ctx.clock()
    levels = {Colour.RED: Level.ERROR, Colour.YELLOW: Level.WARNING}
    rows = [row for row in list_sources(tx) if row["paused_at"] is None]
    for row in rows:
        found = health(vitals_of(row), now)
        if found.colour in levels:
            advice = f"`monitor sources test {row['url']}` shows what can be read there now"
            yield Finding(levels[found.colour], f"source {row['id']}", found.reason, advice)
    overdue = [row for row in rows if row["next_poll_at"] < now - _OVERDUE and row["claim"] is None]
    if overdue:
        words = f"{counted(len(overdue), 'source')} due for longer than {_OVERDUE.seconds // 60} minutes"
        yield Finding(Level.WARNING, "worker", words, "nothing polls: start `monitor run` (or `monitor worker`)")


def _deliveries(tx: Tx) -> Iterator[Finding]:
    from monitor.store.deliveries import count_deliveries

    counts = count_deliveries(tx)
    for state in TROUBLED:
        if count := counts.get(state.value, 0):
            level = Level.WARNING if state is DeliveryState.HELD else Level.ERROR
            words = f"{count} {state.value.replace('_', ' ')}"
            advice = f"{TO_DO[state.value]}; `monitor deliveries list --state {state.value}`"
            yield Finding(level, "deliveries", words, advice)


def _webhooks(tx: Tx) -> Iterator[Finding]:
    from monitor.store.endpoints import list_webhooks

    for row in map(webhook_row, list_webhooks(tx)):
        if row["state"] != "enabled":
            why = row["disabled_reason"] or f"since {shown(row['failing_since'])}"
            advice = f"`monitor webhooks test {row['id']}`, then `monitor webhooks enable {row['id']}`"
            yield Finding(Level.WARNING, f"webhook {row['id']}", f"{row['state']}: {why}", advice)


def _surroundings(ctx: Context) -> Iterator[Finding]:
    smtp = ctx.settings.smtp_url.get_secret_value()
    if smtp.startswith("maildir:"):
        words = f"mail stays in the folder {smtp.removeprefix('maildir:')}"
        yield Finding(Level.NOTE, "mail", words, "set MONITOR_SMTP_URL to send it")
    if ctx.db.path is not None:
        free = shutil.disk_usage(ctx.db.path.parent).free
        if free < _LEAST_ROOM:
            words = f"{free / 2**20:.0f} MiB are left on the disk of {ctx.db.path.parent}"
            yield Finding(Level.WARNING, "disk", words, "make room, or shorten MONITOR_ARCHIVE_AGE")


async def _readers(ctx: Context) -> list[Finding]:
    """Start one child of the jail: the kernel may not let it give up the network (THREATS D1)."""
    from monitor.jail.jail import Jail
    from monitor.model.source import Fetched, Source, SourceKind

    if not isinstance(ctx.reader, Jail):
        return []
    source = Source("doctor", "doctor", "https://doctor.invalid/", SourceKind.PAGE)
    await ctx.reader.read(Fetched(source.url, 200, b"<p>Words."), source, ctx.clock())
    if ctx.reader.network is False:
        return []
    words = "documents are read in processes that could reach the network: the kernel allows no namespace of their own"
    return [Finding(Level.NOTE, "readers", words, "allow unprivileged user namespaces, if the system is yours")]


def _of_fault(fault: Fault) -> Finding:
    where = f"source {fault.source_id}" if fault.source_id is not None else "archive"
    which = f", snapshot {fault.snapshot}" if fault.snapshot is not None else ""
    when = f" of {stamp(fault.at)}" if fault.at is not None else ""
    advice = "compare with a backup: what differs was changed outside the program, or by a failing disk"
    return Finding(Level.ERROR, f"{where}{which}{when}", f"{fault.kind}: {fault.detail}", advice)


def _figures(verdict: ArchiveVerdict) -> dict[str, Any]:
    names = ("snapshots", "pruned", "older", "blobs", "size", "head", "faults")
    return {name: getattr(verdict, name) for name in names}


def _print(findings: list[Finding], verdict: ArchiveVerdict | None) -> None:
    for finding in findings:
        say(f"{finding.level}: {': '.join(filter(None, (finding.about, finding.message)))}")
        say(f"    {finding.advice}")
    if verdict is not None:
        older = f"; {verdict.older} older than the archive, without bytes" if verdict.older else ""
        pruned = f", {verdict.pruned} of them without bytes by retention" if verdict.pruned else ""
        facts(
            [
                ("Archive", f"{counted(verdict.snapshots, 'snapshot')} chained{pruned}{older}"),
                ("Bytes", f"{counted(verdict.blobs, 'document')} hashed, {verdict.size / 2**20:.1f} MiB"),
                ("Head", verdict.head),
                ("Verdict", f"{counted(len(verdict.faults), 'fault')}" if verdict.faults else "as it was stored"),
            ]
        )
    if not findings:
        say("Everything is in order.")
