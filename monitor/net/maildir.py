"""The outbox as files: the transport where no mail server is configured (https://cr.yp.to/proto/maildir.html)."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

from monitor.model.delivery import Deferred, Outcome, Refused, Sent


class Maildir:
    """A Maildir at ``root``. A message's file is named after its delivery, so that it is never in doubt."""

    def __init__(self, root: Path) -> None:
        self.root = root

    async def deliver(self, name: str, message: bytes) -> Outcome:
        """Sent once the message stands under ``name`` on the disk, also where an earlier attempt had put it there.

        Deferred where the disk is full or cannot be written; Refused where other bytes stand under ``name``.
        ``name`` is a plain file name: anything else is a ValueError.
        """
        if not name or name.startswith(".") or any(char in "/:\0" for char in name):
            raise ValueError(f"{name!r} cannot name a message in a Maildir")
        return await asyncio.to_thread(self._deliver, name, message)

    def _deliver(self, name: str, message: bytes) -> Outcome:
        try:
            self._make()
            for path in self._standing(name):
                if path.read_bytes() != message:
                    return Refused(f"{path.parent.name}/{path.name} already holds another message")
                _sync(path)  # the attempt that wrote it may have died before it could say so
                _sync(path.parent)
                return Sent("already there")
            self._write(name, message)
        except OSError as error:
            return Deferred(f"{self.root.name}: {error.strerror or error}")
        return Sent(f"new/{name}")

    def _make(self) -> None:
        for folder in (self.root, *(self.root / part for part in ("tmp", "new", "cur"))):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def _standing(self, name: str) -> Iterator[Path]:
        if (self.root / "new" / name).exists():
            yield self.root / "new" / name
        for read in os.listdir(self.root / "cur"):  # a reader adds its flags: NAME:2,S
            if read == name or read.startswith(f"{name}:"):
                yield self.root / "cur" / read

    def _write(self, name: str, message: bytes) -> None:
        draft = self.root / "tmp" / name
        try:
            with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "wb") as file:
                os.fchmod(file.fileno(), 0o600)
                file.write(message)
                file.flush()
                os.fsync(file.fileno())
            draft.rename(self.root / "new" / name)
        except OSError:
            draft.unlink(missing_ok=True)
            raise
        _sync(self.root / "new")
        _sync(self.root)


def _sync(path: Path) -> None:
    """Make a file, or the names in a folder, survive a loss of power."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
