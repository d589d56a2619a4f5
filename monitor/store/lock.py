"""One worker at a time holds a SQLite workspace; the kernel frees the lock however its holder dies."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from monitor.errors import StateError, WorkspaceBusy


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold the lock file at ``path``; WorkspaceBusy (exit 75) where another process does."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StateError(f"{path}: {error.strerror}; check the owner and mode of the state folder") from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(handle, 20).decode(errors="replace").strip() or "unknown"
            raise WorkspaceBusy(
                f"another worker (process {holder}) holds this workspace: stop it, or use `monitor status` to look on"
            ) from None
        os.ftruncate(handle, 0)
        os.write(handle, f"{os.getpid()}\n".encode())
        yield
    finally:
        os.close(handle)
