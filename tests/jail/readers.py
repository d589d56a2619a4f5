"""Readers that do what hostile documents make real ones do; the document's first word says what.

They run in the jail's children, as code that a document has taken over would.
"""

from __future__ import annotations

import ctypes
import json
import os
import re
import resource
import signal
import socket
import stat
import time
from datetime import datetime
from typing import NamedTuple

from monitor.jail import wire
from monitor.model.source import Fetched, Item, Reading, ReadResult, Source, SourceKind

LEAKED: list[bytearray] = []


class Said(NamedTuple):
    """A ``Skimmed``, without loading the readers."""

    result: ReadResult
    marks: dict[str, str] = {}  # noqa: RUF012
    partial: bool = False
    total: int = 0
    same: frozenset[str] = frozenset()


def obey(fetched: Fetched, source: Source, now: datetime, known: object, *, whole: bool, vocabulary: object) -> Said:
    """Do what the document says; then state this process's id as the reading's title."""
    word, _, rest = fetched.body.partition(b" ")
    notes = COMMANDS[word.decode()](rest)
    return Said(Reading(SourceKind.PAGE, str(os.getpid()), (), (json.dumps(notes),)))


def unfold(fetched: Fetched, source: Source, now: datetime, known: object, *, whole: bool, vocabulary: object) -> Said:
    """Twenty million characters from a few bytes."""
    return Said(Reading(SourceKind.PAGE, "", (Item("k", "t", "x" * 20_000_000),)))


def _nothing(rest: bytes) -> None:
    return None


def _spin(rest: bytes) -> None:
    while True:
        pass


def _spin_natively(rest: bytes) -> None:
    """Holds the interpreter's lock, as a parser in C does: no other thread of Python's would run."""
    re.match(r"(a|a)*b", "a" * 100)


def _work(rest: bytes) -> None:
    """So many milliseconds of processor time."""
    end = time.process_time() + int(rest) / 1_000
    while time.process_time() < end:
        pass


def _sleep(rest: bytes) -> None:
    time.sleep(60)


def _hog(rest: bytes) -> None:
    LEAKED.extend(bytearray(2**24) for _ in range(10_000))


def _leak(rest: bytes) -> None:
    LEAKED.append(bytearray(140 * 2**20))


def _crash(rest: bytes) -> None:
    ctypes.string_at(0)


def _die(rest: bytes) -> None:
    os.kill(os.getpid(), signal.Signals[rest.decode()])


def _leave(rest: bytes) -> None:
    os._exit(int(rest))


def _hang_up(rest: bytes) -> None:
    os.close(_answers())
    time.sleep(60)


def _raise(rest: bytes) -> None:
    raise RuntimeError(rest.decode())


def _print(rest: bytes) -> None:
    os.write(1, b"\0\0\0\2{}")
    os.write(2, b"noise" * 1_000)


def _answer(rest: bytes) -> None:
    """Sends bytes of its own, as an answer, and waits for what comes of it."""
    os.write(_answers(), wire.framed(rest))
    time.sleep(60)


def _flood(rest: bytes) -> None:
    """A gigabyte, announced as a small answer or as what it is."""
    pipe = _answers()
    os.write(pipe, int(rest).to_bytes(4, "big"))
    while True:
        os.write(pipe, bytes(2**20))


def _confinement(rest: bytes) -> dict[str, object]:
    names = ("RLIMIT_AS", "RLIMIT_FSIZE", "RLIMIT_NOFILE", "RLIMIT_CORE", "RLIMIT_NPROC")
    return {
        "environment": dict(os.environ),
        "folder": os.getcwd(),
        "limits": {name: resource.getrlimit(getattr(resource, name))[0] for name in names},
        "descriptors": sorted(int(name) for name in os.listdir("/proc/self/fd")),
        "death": _death_signal(),
    }


def _connect(rest: bytes) -> str:
    try:
        socket.create_connection(("127.0.0.1", int(rest)), timeout=2).close()
    except OSError as error:
        return type(error).__name__
    return "connected"


def _write(rest: bytes) -> str:
    try:
        with open(rest, "wb", buffering=0) as file:
            file.write(b"x")
    except OSError as error:
        return str(error.strerror)
    return "written"


COMMANDS = {
    "nothing": _nothing,
    "spin": _spin,
    "spin-natively": _spin_natively,
    "work": _work,
    "sleep": _sleep,
    "hog": _hog,
    "leak": _leak,
    "crash": _crash,
    "die": _die,
    "leave": _leave,
    "hang-up": _hang_up,
    "raise": _raise,
    "print": _print,
    "answer": _answer,
    "flood": _flood,
    "confinement": _confinement,
    "connect": _connect,
    "write": _write,
}


def _answers() -> int:
    """The pipe to the parent, which a taken-over child would find as well."""
    return next(fd for fd in range(3, 32) if _is_pipe(fd))


def _is_pipe(fd: int) -> bool:
    try:
        mode = os.fstat(fd).st_mode
        return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)  # uvloop's pipes are sockets
    except OSError:
        return False


def _death_signal() -> int:
    wanted = ctypes.c_int(0)
    ctypes.CDLL(None).prctl(2, ctypes.byref(wanted), 0, 0, 0)  # PR_GET_PDEATHSIG
    return wanted.value
