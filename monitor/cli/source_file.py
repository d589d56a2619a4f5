"""``sources.yaml`` as commands change it: whole or not at all, and never over somebody else's change."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from monitor.errors import Conflict, StateError

SOURCES = "sources.yaml"


def rewrite(path: Path, change: Callable[[str], str]) -> None:
    """Put what ``change`` makes of the file's text in its place at once, under its mode.

    Raises StateError where it may not be written, Conflict where it was changed meanwhile; the file is then as it was.
    """
    from monitor.config.files import read_text

    before = read_text(path)
    after = change(before)
    if after == before:
        return
    target = path.resolve()
    try:
        mode = target.stat().st_mode & 0o777
        if not mode & 0o200:  # its folder may be written to, but its owner has said that it stays as it is
            raise StateError(f"{path} is read-only and was left as it is: chmod u+w {path}, then repeat the command")
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=".sources-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
                file.write(after)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(name, mode)
            if read_text(path) != before:
                raise Conflict(f"{path} was changed meanwhile, and was left as it is: repeat the command")
            os.replace(name, target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise StateError(f"{path}: {error.strerror}; check the folder's owner and mode") from None
