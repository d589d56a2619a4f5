"""Messages of a mailbox as one document: what a poll fetches, and what the reader takes apart again."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

CONTENT_TYPE = "application/x-policy-monitor-mail"
_FIRST = b"MESSAGES 1\n"
_HEAD = re.compile(rb"([0-9]{1,9}) ([0-9T:.+-]{1,40}) (whole|cut)\n")


@dataclass(frozen=True, slots=True)
class Message:
    """One mail as it is stored. ``arrived``: when the mailbox got it. ``whole``: False where the end was cut off."""

    data: bytes
    arrived: datetime
    whole: bool = True


def pack(messages: Iterable[Message]) -> bytes:
    """The messages as one document, in their order; the same messages give the same bytes."""
    pieces = [_FIRST]
    for each in messages:
        state = "whole" if each.whole else "cut"
        pieces += [f"{len(each.data)} {each.arrived.isoformat()} {state}\n".encode(), each.data]
    return b"".join(pieces)


def unpack(body: bytes) -> list[Message] | None:
    """What ``pack`` was given; None where ``body`` is no document of it."""
    if not body.startswith(_FIRST):
        return None
    at, found = len(_FIRST), list[Message]()
    while at < len(body):
        head = _HEAD.match(body, at)
        if head is None or head.end() + int(head[1]) > len(body):
            return None
        try:
            arrived = datetime.fromisoformat(head[2].decode())
        except ValueError:
            return None
        at = head.end() + int(head[1])
        found.append(Message(body[head.end() : at], arrived, head[3] == b"whole"))
    return found
