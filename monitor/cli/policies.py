"""``monitor policies``: what is tracked, in and out."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.moments import day, day_or_none
from monitor.cli.output import Column, Json, Row, counted, facts, heading, listing, print_json, prose, say, shown, warn
from monitor.cli.workspace import with_context
from monitor.errors import MonitorError, Unreadable, UsageError

if TYPE_CHECKING:
    from monitor.cli.policy_files import Format
    from monitor.model.policy import PolicyRecord
    from monitor.pipeline.context import Context
    from monitor.store.database import Tx
    from monitor.store.policies import StoredAction, StoredPolicy

group = typer.Typer(help="The tracked policies, in and out.", no_args_is_help=True)
Policy = Annotated[str, typer.Argument(metavar="POLICY", help="Its tracker id, url or slug.")]


@group.command("import")
def import_(
    command: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", exists=True, dir_okay=False)],
    derive: Annotated[bool, typer.Option("--derive", help="Propose watches for what the policies cite.")] = False,
    as_json: Json = False,
) -> None:
    """Take policies in: tracker pages (.txt, .html) and records (.yaml, .json, .jsonl, .csv).

    Known policies (by tracker id, then url) are updated; nothing is removed or blanked, so an import can be repeated.
    A file that cannot be read does not stop the others; the exit code is then 1.

    \b
    Example: monitor policies import page.txt policies.jsonl
             monitor policies import page.txt --derive
    """
    result = with_context(command, lambda ctx: _import(ctx, files, derive=derive))
    if as_json:
        print_json(result)
    else:
        counts = ", ".join(f"{result[name]} {name}" for name in ("created", "updated", "unchanged"))
        if derive:
            counts += f", {counted(result['proposed'], 'watch', 'watches')} proposed (`monitor sources proposals`)"
        say(f"{counts}, {len(result['failed'])} failed")
    for each in result["failed"] if not as_json else ():
        warn(f"{each['file']}: {each['error']}")
    if result["failed"]:
        raise typer.Exit(1)


async def _import(ctx: Context, files: list[Path], *, derive: bool) -> dict[str, Any]:
    from monitor.cli.policy_files import read_file
    from monitor.pipeline.policies import import_records

    taken: list[PolicyRecord] = []
    counts = dict.fromkeys(("created", "updated", "unchanged"), 0)
    failed: list[dict[str, str]] = []
    for path in files:
        try:
            records = read_file(path, ctx.vocabulary)
        except Unreadable as error:
            failed.append({"file": str(path), "error": str(error)})
            continue
        report = await import_records(ctx, records)
        for name in counts:
            counts[name] += getattr(report, name)
        broken = {place for place, _ in report.failed}
        taken += [record for place, record in enumerate(records) if place not in broken]
        for place, why in report.failed:
            where = f"record {place + 1}: " if len(records) > 1 else ""
            failed.append({"file": str(path), "error": where + why})
    return {**counts, **(await _derived(ctx, taken) if derive else {}), "failed": failed}


async def _derived(ctx: Context, records: Sequence[PolicyRecord]) -> dict[str, int]:
    from monitor.cli.source_proposals import tell_left
    from monitor.pipeline.proposals import derive_watches

    names = [record.url if record.tracker_id is None else record.tracker_id for record in records]
    made = await derive_watches(ctx, names)
    tell_left(made)
    return {"proposed": sum(each.new for each in made)}


_COLUMNS = (
    Column("Id", "id", right=True),
    Column("Announced", "announced"),
    Column("Title", "title", share=2),
    Column("Topics", "topics", share=1),
    Column("Status", "current_status"),
    Column("Actions", "actions", right=True),
)


@group.command("list")
def list_(
    command: typer.Context,
    topic: Annotated[str | None, typer.Option(metavar="TOPIC", help="Only of this topic.")] = None,
    agency: Annotated[str | None, typer.Option(metavar="AGENCY", help="Only of this agency (or alias).")] = None,
    as_json: Json = False,
) -> None:
    """List the tracked policies, newest announcement first. `id` is the tracker's; `actions` counts the timeline.

    \b
    Example: monitor policies list --topic Interior --agency ICE
    """
    rows = with_context(command, lambda ctx: _list(ctx, topic, agency))
    listing(rows, _COLUMNS, as_json, empty="No policies: `monitor policies import FILE` brings some in.")


async def _list(ctx: Context, topic: str | None, agency: str | None) -> list[Row]:
    from monitor.core.tracker.tags import agency_names
    from monitor.store.policies import list_policies
    from monitor.store.public import timelines

    topics = {name: name for name in ctx.vocabulary.topics}
    wanted_topic = topic and _known("--topic", "topic", topic, topics)
    wanted_agency = agency and _known("--agency", "agency", agency, agency_names(ctx.vocabulary.agencies))

    def work(tx: Tx) -> list[Row]:
        found = timelines(tx)
        return [
            _row(policy) | {"actions": found[policy.id].actions if policy.id in found else 0}
            for policy in list_policies(tx)
            if (not wanted_topic or wanted_topic in policy.record.subjects)
            and (not wanted_agency or wanted_agency in policy.record.agencies)
        ]

    return await ctx.db.read(work)


def _known(option: str, what: str, word: str, names: Mapping[str, str]) -> str:
    """The vocabulary's own name for ``word``, whatever its case; UsageError with the likely one otherwise."""
    from monitor.config.suggest import unknown

    folded = {name.casefold(): meant for name, meant in names.items()}
    meant = folded.get(word.strip().casefold())
    if meant is None:
        raise UsageError(f"{option}: {unknown(what, word, list(names))}")
    return meant


def _row(policy: StoredPolicy) -> dict[str, Any]:
    record = policy.record
    return {
        "id": record.tracker_id,
        "url": record.url,
        "slug": policy.slug,
        "title": record.title or record.url,
        "announced": record.announced,
        "topics": record.subjects,
        "agencies": record.agencies,
        "current_status": record.current_status,
    }


@group.command()
def show(command: typer.Context, policy: Policy, as_json: Json = False) -> None:
    """Show one policy with its timeline.

    \b
    Example: monitor policies show 1777
    """
    stored, actions = with_context(command, lambda ctx: _show(ctx, policy))
    if as_json:
        print_json(_whole(stored, actions))
    else:
        _print(stored, actions)


async def _show(ctx: Context, name: str) -> tuple[StoredPolicy, list[StoredAction]]:
    from monitor.store.policies import get_policy, list_actions

    def work(tx: Tx) -> tuple[StoredPolicy, list[StoredAction]]:
        policy = get_policy(tx, name)
        return policy, list_actions(tx, policy_id=policy.id)

    return await ctx.db.read(work)


def _whole(policy: StoredPolicy, actions: Sequence[StoredAction]) -> dict[str, Any]:
    from monitor.cli.actions import action_row
    from monitor.core.tracker.records import record_to_mapping

    times = {"created_at": policy.created_at, "updated_at": policy.updated_at}
    return {**_row(policy), **record_to_mapping(policy.record), **times, "actions": [action_row(a) for a in actions]}


def _print(policy: StoredPolicy, actions: Sequence[StoredAction]) -> None:
    record = policy.record
    say(record.title or record.url)
    document = record.source_document
    facts(
        [
            ("Id", record.tracker_id),
            ("Address", record.url),
            ("Slug", policy.slug),
            ("Announced", record.announced),
            ("Effective", record.effective),
            ("Status", record.current_status),
            ("Types", record.types),
            ("Topics", record.subjects),
            ("Agencies", record.agencies),
            ("Terms", record.terms),
            ("Identifiers", record.identifiers),
            ("Related", record.related),
            ("Document", document and " ".join(filter(None, (document.title, document.url)))),
        ]
    )
    if record.summary:
        heading("Summary")
        prose(record.summary)
    heading(counted(len(actions), "subsequent action"))
    for action in actions:
        say(f"  {action.id:>4}  {shown(action.record.date)}  {action.record.title or action.record.kind}")


@group.command()
def export(
    command: typer.Context,
    policies: Annotated[list[str] | None, typer.Argument(metavar="[POLICY]...", help="Default: all.")] = None,
    form: Annotated[str, typer.Option("--format", metavar="FORMAT", help="page, json, jsonl, yaml or csv.")] = "page",
    output: Annotated[
        Path | None, typer.Option(metavar="DIR|FILE", help="Default: standard output. Pages go into a folder.")
    ] = None,
) -> None:
    """Write policies in the formats that `import` reads: a tracker page each, or records. CSV has no timeline.

    \b
    Example: monitor policies export 1777
             monitor policies export --format page --output pages/
             monitor policies export --format jsonl --output policies.jsonl
    """
    from monitor.cli.policy_files import Format
    from monitor.config.suggest import unknown

    if form not in list(Format):
        raise UsageError(f"--format: {unknown('format', form, list(Format))}")
    into_folder = output is not None and output.is_dir()
    texts = with_context(command, lambda ctx: _export(ctx, policies or [], Format(form), output, into_folder))
    for path, text in texts.items():
        if path is None:
            typer.echo(text, nl=False)
        else:
            _write(path, text)
    if output is not None:
        say(f"wrote {counted(len(texts), 'file')}: {shown(list(texts)[:3])}{' ...' if len(texts) > 3 else ''}")


async def _export(
    ctx: Context, names: list[str], form: Format, output: Path | None, into_folder: bool
) -> dict[Path | None, str]:
    """What to write where; the path None is standard output."""
    from monitor.cli.policy_files import Format, written
    from monitor.pipeline.policies import export as exported

    records = await exported(ctx, names)
    if output is None:
        return {None: written(records, form, ctx.vocabulary)}
    many = form is Format.PAGE and len(records) != 1
    if not (into_folder or (many and not output.suffix)):
        if many:
            raise UsageError(f"{counted(len(records), 'page')} do not fit into one file: give a folder to --output")
        return {output: written(records, form, ctx.vocabulary)}
    if form is not Format.PAGE:
        return {output / f"policies{form.suffix}": written(records, form, ctx.vocabulary)}
    slugs = await _slugs(ctx)
    return {output / f"{slugs[each.url]}.txt": written([each], form, ctx.vocabulary) for each in records}


async def _slugs(ctx: Context) -> dict[str, str]:
    from monitor.store.policies import list_policies

    return {policy.record.url: policy.slug for policy in await ctx.db.read(list_policies)}


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise MonitorError(f"{path}: {error.strerror}") from None


@group.command()
def add(
    command: typer.Context,
    title: Annotated[str, typer.Option(metavar="T")],
    url: Annotated[str | None, typer.Option(metavar="URL", help="Default: title:SLUG.")] = None,
    announced: Annotated[str | None, typer.Option(metavar="D")] = None,
    summary: Annotated[str, typer.Option(metavar="S")] = "",
    topic: Annotated[list[str] | None, typer.Option(metavar="TOPIC", help="Repeatable.")] = None,
    agency: Annotated[list[str] | None, typer.Option(metavar="AGENCY", help="Repeatable.")] = None,
    type_: Annotated[list[str] | None, typer.Option("--type", metavar="TYPE", help="Repeatable.")] = None,
    term: Annotated[list[str] | None, typer.Option(metavar="TERM", help="What else texts call it. Repeatable.")] = None,
    as_json: Json = False,
) -> None:
    """Track a new policy. Subscribers of its topics and agencies are told.

    \b
    Example: monitor policies add --title "ICE reopens a detention site" --url https://example.org/p/1 \\
                 --announced 2025-10-01 --topic Detention --agency ICE --term "Camp East"
    """
    given = {
        "title": title,
        "url": url,
        "announced": announced and day("--announced", announced).isoformat(),
        "summary": summary,
        "subjects": topic or [],
        "agencies": agency or [],
        "types": type_ or [],
        "terms": term or [],
    }
    stored = with_context(command, lambda ctx: _add(ctx, given))
    _say_policy("tracked", stored, as_json)


async def _add(ctx: Context, given: dict[str, Any]) -> StoredPolicy:
    from monitor.build import actor
    from monitor.pipeline.policies import add as track

    return await track(ctx, _record(ctx, given), actor=actor())


def _record(ctx: Context, given: dict[str, Any]) -> PolicyRecord:
    from monitor.core.tracker.records import record_from_mapping

    try:
        return record_from_mapping(given, ctx.vocabulary)
    except Unreadable as error:
        raise UsageError(str(error)) from None


def _say_policy(what: str, policy: StoredPolicy, as_json: bool) -> None:
    if as_json:
        print_json(_row(policy))
    else:
        say(f"{what}: {policy.record.title} ({policy.slug})")


@group.command()
def edit(
    command: typer.Context,
    policy: Policy,
    status: Annotated[str | None, typer.Option(metavar="ST", help="One of the vocabulary's current_statuses.")] = None,
    title: Annotated[str | None, typer.Option(metavar="T")] = None,
    summary: Annotated[str | None, typer.Option(metavar="S")] = None,
    effective: Annotated[str | None, typer.Option(metavar="D")] = None,
    term: Annotated[list[str] | None, typer.Option(metavar="TERM", help="One more name for it. Repeatable.")] = None,
    identifier: Annotated[
        list[str] | None, typer.Option(metavar="NUMBER", help="Docket, EO, RIN or FR number. Repeatable.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Change a policy. A new status is told to subscribers; terms and identifiers help to match news.

    \b
    Example: monitor policies edit 1777 --status "In effect" --term "plate readers"
    """
    given: Collection[object] = (status, title, summary, effective, term, identifier)
    if not any(each is not None for each in given):
        raise UsageError("nothing to change: give at least one option (`monitor policies edit --help`)")

    day_effective = day_or_none("--effective", effective)

    async def work(ctx: Context) -> StoredPolicy:
        from monitor.build import actor
        from monitor.pipeline.policies import edit as change

        return await change(
            ctx,
            policy,
            actor=actor(),
            status=status,
            title=title,
            summary=summary,
            effective=day_effective,
            terms=term or (),
            identifiers=identifier or (),
        )

    _say_policy("changed", with_context(command, work), as_json)
