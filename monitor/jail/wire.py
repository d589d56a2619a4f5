"""What crosses the wall: the parent's requests, as pickles of our own dataclasses, and how the child packs its answers.

What the parent makes of an answer is in ``answers``: it trusts nothing of it.
"""

from __future__ import annotations

import json
import pickle
import struct
from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from monitor.model.page import pack_blocks
from monitor.model.source import Fetched, Item, PollError, ReadFailed, Source, StatedAction
from monitor.model.vocabulary import Vocabulary

if TYPE_CHECKING:
    from monitor.core.read.skim import Skimmed  # a child that does not read with it does not load it

LENGTH = 4  # bytes before each message, big-endian: how many follow
_LEAST_ALLOWED = 8 * 2**20  # bytes: the 2,000,000 characters of a PDF, in any script
ABSENT = -1  # the length of a field that is None
ITEM = tuple(each.name for each in fields(Item))
STATED = tuple(each.name for each in fields(StatedAction))
LENGTHS = struct.Struct(f">{len(ITEM)}i")
OUT_OF_MEMORY = 70  # a child's exit status: the document needed more than the limit


class Request(NamedTuple):
    """One document to read, as ``skim`` takes it. ``cpu``: seconds of processor time that it may take.

    ``vocabulary`` goes along where the reader needs it (20 kB otherwise unused).
    """

    fetched: Fetched
    source: Source
    now: datetime
    known: Mapping[str, str]
    whole: bool
    cpu: float
    vocabulary: Vocabulary | None = None


def allowed(body: bytes) -> int:
    """Bytes that the answer to a document may have (THREATS D2)."""
    return _LEAST_ALLOWED + 2 * len(body)


def framed(message: bytes) -> bytes:
    """The message with its length before it."""
    return len(message).to_bytes(LENGTH, "big") + message


def pack_request(request: Request) -> bytes:
    """A request as the child's ``unpack_request`` takes it. The pickle goes from the parent to the child only."""
    plain = request._replace(known=dict(request.known))
    return pickle.dumps(tuple(plain), protocol=pickle.HIGHEST_PROTOCOL)


def unpack_request(message: bytes) -> Request:
    """The parent's request. For the child: it trusts its parent."""
    return Request(*pickle.loads(message))  # noqa: S301  written by our own parent, never by a peer


def pack_hello(*, network: bool) -> bytes:
    """A child's first words: whether it can reach the network."""
    return b"\1" if network else b"\0"


def pack_answer(packed: bytes, *, spent: bool) -> bytes:
    """A packed result as the child sends it. ``spent``: the child asks to be replaced."""
    return (b"\1" if spent else b"\0") + packed


def pack_result(skimmed: Skimmed) -> bytes:
    """A result: a JSON head with its length before it, then each item as the lengths of its fields and their bytes.

    Not JSON throughout: of that, a few megabytes of nested lists would fill the parent's memory.
    """
    head: dict[str, object] = {
        "marks": dict(skimmed.marks),
        "partial": skimmed.partial,
        "total": skimmed.total,
        "same": list(skimmed.same),
    }
    result = skimmed.result
    if isinstance(result, ReadFailed):
        return framed(_json(head | {"error": result.error, "detail": result.detail}))
    head |= {"kind": result.kind, "title": result.title, "notes": result.notes, "next_urls": result.next_urls}
    head["listed"] = result.listed
    head["blocks"] = pack_blocks(result.blocks)
    return framed(_json(head | {"items": len(result.items)})) + b"".join(map(_packed_item, result.items))


def pack_failure(error: PollError, detail: str) -> bytes:
    """A result that is a failure."""
    stated = {"marks": {}, "partial": False, "total": 0, "same": [], "error": error, "detail": detail}
    return framed(_json(stated))


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _packed_item(item: Item) -> bytes:
    packed = {
        "published": None if item.published is None else item.published.isoformat(),
        "stated": None if item.stated is None else _packed_stated(item.stated),
    }
    values = [packed[name] if name in packed else getattr(item, name) for name in ITEM]
    parts = [None if value is None else value.encode("utf-8", "replace") for value in values]
    lengths = (ABSENT if part is None else len(part) for part in parts)
    return LENGTHS.pack(*lengths) + b"".join(part for part in parts if part is not None)


def _packed_stated(stated: StatedAction) -> str:
    day = stated.date and stated.date.isoformat()
    return _json([day if name == "date" else getattr(stated, name) for name in STATED]).decode()
