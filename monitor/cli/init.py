"""``monitor init``: a workspace to start from."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from monitor.cli.output import Json, print_json, say
from monitor.cli.workspace import folder_of
from monitor.errors import StateError

_ABOUT = {
    "subscriptions.yaml": "who is told what, when and how",
    "sources.yaml": "what is polled",
    ".env": "settings; `monitor check --settings` explains each",
}
_PRIVATE = (".env",)  # secrets go there


def init(
    command: typer.Context,
    folder: Annotated[Path | None, typer.Argument(metavar="[DIR]", help="Default: the workspace.")] = None,
    as_json: Json = False,
) -> None:
    """Write a starter workspace with comments. What is there already is kept as it is.

    \b
    Example: monitor init my-tracker
    """
    from monitor.config.files import STARTER

    target = folder or folder_of(command)
    wrote = [name for name in STARTER if write_new(target / name, name)]
    kept = [name for name in STARTER if name not in wrote]
    if as_json:
        print_json({"workspace": target, "wrote": wrote, "kept": kept})
        return
    for name in wrote:
        say(f"wrote {target / name}: {_ABOUT[name]}")
    for name in kept:
        say(f"kept  {target / name}: it was there already")
    where = "" if target == Path() else f" --workspace {target}"
    say(f"Next: edit these files, then `monitor check{where}`, `monitor policies import FILE{where}`,")
    say(f"`monitor run{where}`. The demonstration needs none of them: `monitor demo`.")


def write_new(path: Path, name: str) -> bool:
    """Write the starter's file ``name`` to ``path``; False where something is there already.

    Nobody but the owner may write to it, whatever the umask says: `read_text` refuses a file that others may change.
    """
    from monitor.config.files import starter

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        mode = 0o600 if name in _PRIVATE else 0o644
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    except FileExistsError:
        if path.parent.is_dir():
            return False
        raise StateError(f"{path.parent} is not a folder: give another one") from None
    except OSError as error:
        raise StateError(f"{path}: {error.strerror}; check the folder's owner and mode") from None
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(starter(name))
    return True
