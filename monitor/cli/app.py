"""The ``monitor`` command: its groups, the workspace option, and errors as exit codes."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from monitor import __version__
from monitor.cli import actions, deliveries, digests, flags, policies, sources, subscribers, webhooks
from monitor.cli.changes import changes
from monitor.cli.check import check
from monitor.cli.deliveries import deliver
from monitor.cli.demo import demo
from monitor.cli.doctor import doctor
from monitor.cli.init import init
from monitor.cli.match import match
from monitor.cli.output import tell, warn
from monitor.cli.polling import poll
from monitor.cli.running import run, web, worker
from monitor.cli.status import status
from monitor.errors import ConfigError, MonitorError

_WORKSPACE = "--workspace"


class Root(TyperGroup):
    """The command itself: ``--workspace`` may stand anywhere, and our failures end as one line and an exit code."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """As the group does, with the workspace's option taken to the front."""
        return super().parse_args(ctx, workspace_first(args))

    def main(self, args: Sequence[str] | None = None, *rest: Any, **options: Any) -> Any:
        """As the group does; a MonitorError becomes its exit code."""
        try:
            return super().main(args, *rest, **options)
        except MonitorError as error:
            _end([error])
        except BaseExceptionGroup as group:
            ours, others = group.split(MonitorError)
            if ours is None or others is not None:
                raise
            _end(_leaves(ours))


def workspace_first(args: Sequence[str]) -> list[str]:
    """``args`` with ``--workspace DIR`` in front, wherever it stood before ``--``."""
    words = list(args)
    for place, word in enumerate(words):
        if word == "--":
            break
        if word == _WORKSPACE or word.startswith(_WORKSPACE + "="):
            size = 2 if word == _WORKSPACE else 1
            return words[place : place + size] + words[:place] + words[place + size :]
    return words


def _leaves(group: BaseExceptionGroup[MonitorError]) -> list[MonitorError]:
    found: list[MonitorError] = []
    for error in group.exceptions:
        found += _leaves(error) if isinstance(error, BaseExceptionGroup) else [error]
    return found


def _end(errors: Sequence[MonitorError]) -> NoReturn:
    for error in errors:
        if isinstance(error, ConfigError):
            for problem in error.problems:
                tell(problem)
        else:
            warn(str(error) or type(error).__name__)
    sys.exit(errors[0].exit_code)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"monitor {__version__}")
        raise typer.Exit


app = typer.Typer(
    cls=Root,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


@app.callback()
def root(
    command: typer.Context,
    workspace: Annotated[
        Path | None,
        typer.Option(
            _WORKSPACE,
            metavar="DIR",
            help="The workspace's folder; may stand anywhere. Default: MONITOR_WORKSPACE, else the current folder.",
        ),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Watch feeds and pages for developments on tracked policies, and tell the right people.

    \b
    Begin:   monitor init my-tracker && cd my-tracker
             monitor policies import page.txt && monitor run
    Triage:  monitor flags list; monitor flags accept 3
    Look:    monitor status; monitor COMMAND --help

    Exit codes: 0 done, 1 the work failed, 2 usage, 73 state folder not writable, 74 database error, 75 another worker
    holds the workspace, 76 database damaged, 78 configuration.
    """
    command.obj = workspace


for command_ in (init, check, run, worker, web, poll, changes):
    app.command()(command_)
app.add_typer(sources.group, name="sources")
app.add_typer(policies.group, name="policies")
app.command()(match)
app.add_typer(flags.group, name="flags")
app.add_typer(actions.group, name="actions")
app.add_typer(digests.group, name="digest")
app.command()(deliver)
app.add_typer(deliveries.group, name="deliveries")
app.add_typer(subscribers.group, name="subscribers")
app.add_typer(webhooks.group, name="webhooks")
for command_ in (status, doctor, demo):
    app.command()(command_)


def main() -> None:
    """Run the command line."""
    app(prog_name="monitor")
