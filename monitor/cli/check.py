"""``monitor check``: configuration, templates and database, before the service needs them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.output import Column, Json, print_json, say, table, tell
from monitor.cli.workspace import folder_of
from monitor.errors import ConfigError, MonitorError, Problem, Unrenderable
from monitor.model.source import Render

if TYPE_CHECKING:
    from monitor.build import Configuration

_TEMPLATE = re.compile(r"(templates/[^:]+)(?::(\d+))?: (.*)", re.DOTALL)

_SETTINGS = (
    Column("Setting", "name"),
    Column("Value", "value", share=2),
    Column("Default", "default", share=2),
    Column("Meaning", "meaning", share=5),
)


@dataclass(slots=True)
class Findings:
    """What is wrong, and what only looks so. ``exit_code`` is the gravest of what was found."""

    errors: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    exit_code: int = 0

    def add(self, *problems: Problem, exit_code: int = ConfigError.exit_code) -> None:
        """Note errors."""
        if problems:
            self.errors.extend(problems)
            self.exit_code = self.exit_code or exit_code


def check(
    command: typer.Context,
    settings: Annotated[bool, typer.Option("--settings", help="Show every setting too; secrets are masked.")] = False,
    as_json: Json = False,
) -> None:
    """Validate the configuration, the templates and the database. Every problem is told at once.

    Exit 78 where the configuration is wrong; 73, 74 or 76 where the database cannot be used.

    \b
    Example: monitor check --settings
    """
    folder = folder_of(command)
    found = examine(folder)
    rows = settings_rows(folder) if settings else None
    if as_json:
        more = {} if rows is None else {"settings": rows}
        print_json({"ok": not found.errors, "errors": found.errors, "warnings": found.warnings, **more})
    else:
        _print(found, rows)
    if found.errors:
        raise typer.Exit(found.exit_code)


def _print(found: Findings, rows: list[dict[str, str]] | None) -> None:
    if rows:
        table(rows, _SETTINGS)
    for problem in found.errors:
        tell(problem)
    for problem in found.warnings:
        tell(problem, " (a warning)")
    if not found.errors:
        say("Everything is in order.")


def examine(folder: Path) -> Findings:
    """Look at everything that can be wrong before the service runs."""
    from monitor.build import configure

    found = Findings()
    try:
        configuration = configure(folder)
    except ConfigError as error:
        found.add(*error.problems)
        found.add(*_templates(folder, None))
        return found
    found.add(
        *_rules(configuration), *_browser(configuration), *_mail(configuration), *_templates(folder, configuration)
    )
    if not found.errors:
        _database(configuration, found)
    return found


def _rules(configuration: Configuration) -> list[Problem]:
    from monitor.core.read import rule_problems

    return [
        Problem("sources.yaml", source.line, problem)
        for source in configuration.sources
        for problem in rule_problems(source)
    ]


def _browser(configuration: Configuration) -> list[Problem]:
    """What is missing to show the pages of sources that say ``render: browser``."""
    from monitor.build import browser_program
    from monitor.net.browser_process import what_is_missing

    rendered = [source for source in configuration.sources if source.render is Render.BROWSER]
    stated = configuration.settings.browser
    missing = what_is_missing(browser_program(configuration.settings), stated) if rendered else None
    return (
        []
        if missing is None
        else [
            Problem("sources.yaml", source.line, f"'render: browser' needs a browser: {missing}") for source in rendered
        ]
    )


def _mail(configuration: Configuration) -> list[Problem]:
    from monitor.net.smtp import parse_smtp_url

    url = configuration.settings.smtp_url.get_secret_value()
    try:
        if not url.startswith("maildir:"):
            parse_smtp_url(url)
    except ValueError as error:
        return [Problem("MONITOR_SMTP_URL", None, str(error))]
    return []


def _templates(folder: Path, configuration: Configuration | None) -> list[Problem]:
    """Compile the e-mail templates and render a sample digest of every kind of line."""
    from monitor.build import templates_of
    from monitor.cli.sample import sample_view
    from monitor.core.render import Renderer

    tracker = configuration.vocabulary.tracker if configuration is not None else "Policy tracker"
    try:
        Renderer(templates_of(folder)).mail(sample_view(tracker))
    except Unrenderable as error:
        return [_template_problem(str(error))]
    except ConfigError as error:
        return list(error.problems)
    return []


def _template_problem(text: str) -> Problem:
    found = _TEMPLATE.fullmatch(text)
    if found is None:
        return Problem("templates", None, text)
    return Problem(found[1], int(found[2]) if found[2] else None, found[3])


def _database(configuration: Configuration, found: Findings) -> None:
    from monitor.build import opened_database

    where = configuration.settings.database_url.get_secret_value()
    name = where.removeprefix("sqlite:///") if where.startswith("sqlite:") else "MONITOR_DATABASE_URL"
    try:
        with opened_database(configuration) as db:
            found.warnings += db.write_blocking(lambda tx: _untracked(tx, configuration))
    except ConfigError as error:
        found.add(*error.problems)
    except MonitorError as error:
        found.add(Problem(name, None, str(error)), exit_code=error.exit_code)


def _untracked(tx: Any, configuration: Configuration) -> list[Problem]:
    """Policies that the files name and nobody tracks (yet)."""
    from monitor.store.policies import find_policy

    named = [("sources.yaml", each.line, each.policies) for each in configuration.sources]
    named += [("subscriptions.yaml", each.line, each.criteria.policies) for each in configuration.subscriptions]
    return [
        Problem(file, line, f"policy {policy} is not tracked: `monitor policies import FILE` brings it in")
        for file, line, policies in named
        for policy in policies
        if find_policy(tx, policy) is None
    ]


def settings_rows(folder: Path) -> list[dict[str, str]]:
    """Every setting with its value in force; none where the settings themselves are wrong."""
    from monitor.build import environment
    from monitor.config.files import read_text
    from monitor.config.settings import load_settings, settings_table

    path = folder / ".env"
    try:
        settings = load_settings(environment(), read_text(path) if path.exists() else None)
    except ConfigError:
        return []
    names = ("name", "value", "default", "meaning")
    return [dict(zip(names, row, strict=True)) for row in settings_table(settings)]
