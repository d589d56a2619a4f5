"""``monitor demo``: the recorded newsroom, played through the real service."""

from __future__ import annotations

import asyncio
import logging
import shutil
from typing import Annotated, Any

import typer

from monitor.cli.output import Json, counted, heading, print_json, say
from monitor.cli.workspace import folder_of


def demo(
    command: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="Exit at the end instead of serving the result.")] = False,
    speed: Annotated[
        float | None,
        typer.Option(metavar="N", min=0.1, help="Days of the story a second. Default: as fast as it goes."),
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the workspace in state/demo to look at.")] = False,
    workers: Annotated[int, typer.Option(metavar="N", min=1, max=16, help="Workers side by side.")] = 1,
    as_json: Json = False,
) -> None:
    """Play five months of news through the real service.

    The newsroom and those who are told are servers on loopback; the result is served until Ctrl-C.

    \b
    Example: monitor demo --once --keep
    """
    from monitor.build import start_logging
    from monitor.demo.play import run

    folder = folder_of(command) / "state" / "demo"
    start_logging("text", least=logging.ERROR)  # the story itself tells what happens

    def line(text: str) -> None:
        typer.echo(text, err=as_json)

    try:
        result = asyncio.run(run(folder, speed=speed, workers=workers, say=line))
        if as_json:
            print_json(result)
        else:
            _print(result)
        if keep:
            typer.echo(f"To look further: monitor --workspace {folder} status", err=as_json)
        if not once:
            from monitor.cli.serve import serve

            serve(folder, worker=False, web=True)
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)


def _print(result: dict[str, Any]) -> None:
    heading(f"{result['policy']} now has {counted(len(result['actions']), 'subsequent action')}")
    for action in result["actions"]:
        say(f"  {action['date']}  {action['title']}")
    accepted = sum(flag["state"] == "accepted" for flag in result["flags"])
    verified = sum(hook["verified"] for hook in result["webhooks"])
    say(f"{counted(len(result['flags']), 'flag')} raised, {accepted} of them accepted")
    say(f"{counted(len(result['mails']), 'mail')} received")
    say(f"{counted(len(result['webhooks']), 'webhook')} received, {verified} with a right signature")
