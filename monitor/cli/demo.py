"""``monitor demo``: the recorded newsroom, played through the real service."""

from __future__ import annotations

import asyncio
import logging
import shutil
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from monitor.cli.output import Json, counted, heading, print_json, say
from monitor.cli.workspace import folder_of

INTRODUCTION = (
    "The recorded newsroom, 27 May to 31 October 2025. The tracked story's headlines and dates are real; all other\n"
    "stories, and every sentence below a headline, were made up for this demonstration. Times are UTC.\n"
)
LOOK_NEXT = (
    "policies show 1777        # the policy with its timeline",
    "flags list --state rejected",
    "deliveries list           # then: deliveries show ID, the message itself",
    "changes --source flock-safety",
    "web                       # the public pages, until Ctrl-C",
)


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

    line(INTRODUCTION)
    try:
        result = asyncio.run(run(folder, speed=speed, workers=workers, say=line))
        if as_json:
            print_json(result)
        else:
            _print(result)
        if keep or not once:
            _print_next(folder, err=as_json)
        if not once:
            from monitor.cli.serve import serve

            serve(folder, worker=False, web=True)
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)


def _print(result: dict[str, Any]) -> None:
    flags = result["flags"]
    accepted = sum(flag["state"] == "accepted" for flag in flags)
    verified = sum(hook["verified"] for hook in result["webhooks"])
    say("")
    heading("What came of it")
    say(f"{counted(len(flags), 'flag')} raised: {accepted} accepted, {len(flags) - accepted} rejected")
    say(f"{counted(len(result['mails']), 'mail')} received on loopback, each once")
    say(f"{counted(len(result['webhooks']), 'webhook')} received on loopback, {verified} with a right signature")
    say(f"The policy's timeline now holds {counted(len(result['actions']), 'subsequent action')}:")
    for action in result["actions"]:
        say(f"  {action['title']}")


def _print_next(folder: Path, *, err: bool) -> None:
    on_path = shutil.which("monitor")
    program = "monitor" if on_path and Path(on_path).samefile(sys.argv[0]) else sys.argv[0]
    typer.echo("\nWhere to look next:", err=err)
    for words in LOOK_NEXT:
        typer.echo(f"  {program} --workspace {folder} {words}", err=err)
