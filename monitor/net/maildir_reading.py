"""Reading a Maildir that a mail server of this machine fills (https://cr.yp.to/proto/maildir.html)."""

from __future__ import annotations

import base64
import hashlib
import os
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from monitor.core.read.bundle import Message
from monitor.net.batch import Batch, Limits

_MARK = 8  # characters that stand for a message: 48 bits of a hash of its name


def read_maildir(root: Path, validator: str | None, limits: Limits) -> Batch:
    """The messages whose names ``validator`` does not know, oldest first. Raises OSError where it is no Maildir.

    The validator holds a mark of every message that was read and is still there. Not the newest moment: files come
    with old times after a copy, and clocks are set back, and a message behind that moment would be lost without a word.
    """
    known = _marks(validator or "")
    standing = {_mark(path.name): path for path in _files(root)}
    sized = []
    for mark, path in standing.items():
        if mark not in known and (status := _status(path)) is not None:
            sized.append((status.st_mtime_ns, path.name, mark, status.st_size))
    sized.sort()
    taken = sized[: limits.within(size for *_, size in sized)]
    read = {mark: _message(standing[mark], limits.message) for _, _, mark, _ in taken}
    kept = (known & standing.keys()) | {mark for mark, message in read.items() if message is not None}
    messages = tuple(message for message in read.values() if message is not None)
    return Batch(messages, "".join(sorted(kept)), more=len(taken) < len(sized))


def _files(root: Path) -> Iterator[Path]:
    # cur before new: what a reader moves meanwhile from new to cur is then seen at least next time, under its mark.
    for folder in ("cur", "new"):
        for name in os.listdir(root / folder):
            if not name.startswith("."):
                yield root / folder / name


def _mark(name: str) -> str:
    """Of the part of the name that stays: readers put flags after it, and move the file."""
    digest = hashlib.sha256(os.fsencode(name.partition(":2,")[0])).digest()
    return base64.urlsafe_b64encode(digest[: _MARK * 6 // 8]).decode()


def _marks(validator: str) -> set[str]:
    return {validator[at : at + _MARK] for at in range(0, len(validator), _MARK)}


def _status(path: Path) -> os.stat_result | None:
    try:
        status = path.lstat()
    except FileNotFoundError:  # taken away, or given flags, since the folder was listed
        return None
    return status if stat.S_ISREG(status.st_mode) else None


def _message(path: Path, most: int) -> Message | None:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    with os.fdopen(handle, "rb") as file:
        data = file.read(most + 1)
        arrived = datetime.fromtimestamp(os.fstat(handle).st_mtime, UTC)
    return Message(data[:most], arrived, whole=len(data) <= most)
