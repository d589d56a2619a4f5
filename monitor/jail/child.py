"""The child's side: read requests until the parent closes the pipe. Never imported by the parent."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from monitor.jail import confine, wire
from monitor.model.source import Fetched, PollError, Source

MOST_DOCUMENTS = 10_000
_MOST_DESCRIPTORS = 2**20  # the kernel's own default for a process
MOST_GROWTH = 128 * 2**20  # bytes that a child may keep after its documents before it asks to be replaced

if TYPE_CHECKING:
    from monitor.core.read.skim import Skimmed
    from monitor.model.vocabulary import Vocabulary


class Reader(Protocol):
    """``monitor.core.read.skim.skim``, or what a test puts in its place."""

    def __call__(
        self,
        fetched: Fetched,
        source: Source,
        now: datetime,
        known: Mapping[str, str],
        *,
        whole: bool,
        vocabulary: Vocabulary | None,
    ) -> Skimmed:
        """What is new in the document."""
        ...


def serve(reader: str, parent: int, memory: int) -> None:
    """Confine this process and answer requests with ``reader`` ("module:function"), until the parent is gone.

    Requests come on descriptor 0, answers leave where descriptor 1 led; 1 and 2 lead nowhere from now on, so that what
    a library prints is no answer.
    """
    network = not confine.cut_network()
    os.closerange(3, _MOST_DESCRIPTORS)  # uvloop hands its children whatever was inherited
    answers = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    module, _, function = reader.partition(":")
    read: Reader = getattr(importlib.import_module(module), function)
    if "monitor.core.read.pdf" in sys.modules:
        importlib.import_module("pypdfium2")  # loaded late in there: it shall not count as a document's memory and time
    confine.confine(parent, memory)
    _send(answers, wire.pack_hello(network=network))
    most = confine.address_space() + MOST_GROWTH
    for number in range(1, MOST_DOCUMENTS + 1):
        message = _receive()
        if message is None:
            return
        request = wire.unpack_request(message)
        packed = _read(read, request)
        spent = number == MOST_DOCUMENTS or confine.address_space() > most
        _send(answers, wire.pack_answer(packed, spent=spent))


def _read(read: Reader, request: wire.Request) -> bytes:
    confine.limit_processor(request.cpu)
    try:
        skimmed = read(
            request.fetched,
            request.source,
            request.now,
            request.known,
            whole=request.whole,
            vocabulary=request.vocabulary,
        )
        return _packed(skimmed, request)
    except MemoryError:
        os._exit(wire.OUT_OF_MEMORY)  # what is left is in an unknown state
    except Exception as error:  # a reader's fault is this document's, and the parent's log has it
        return wire.pack_failure(PollError.INTERNAL, f"the reader failed: {type(error).__name__}: {error}"[:500])
    finally:
        confine.limit_processor(0)


def _packed(skimmed: Skimmed, request: wire.Request) -> bytes:
    packed = wire.pack_result(skimmed)
    if len(packed) > wire.allowed(request.fetched.body):
        return wire.pack_failure(PollError.TOO_LARGE, f"the document unfolds to {len(packed):,} bytes of text")
    return packed


def _receive() -> bytes | None:
    head = _exactly(wire.LENGTH)
    return None if head is None else _exactly(int.from_bytes(head, "big"))


def _exactly(length: int) -> bytes | None:
    pieces: list[bytes] = []
    while length:
        piece = os.read(0, min(length, 2**20))
        if not piece:
            return None  # the parent is gone
        pieces.append(piece)
        length -= len(piece)
    return b"".join(pieces)


def _send(answers: int, message: bytes) -> None:
    rest = memoryview(wire.framed(message))
    while rest:
        rest = rest[os.write(answers, rest) :]
