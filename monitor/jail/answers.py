"""What the parent makes of a child's answer: it is checked part by part, since the child may have been taken over."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

from monitor.core.read.skim import Skimmed
from monitor.jail import wire
from monitor.model.page import Block, unpack_blocks
from monitor.model.source import Item, PollError, ReadFailed, Reading, ReadResult, SourceKind, StatedAction

MOST_ITEMS = 50_000  # sitemaps (THREATS F16)
MOST_NOTES = 1_000
_MOST_HEAD = 8 * 2**20  # bytes
_MOST_TEXT = 32 * 2**20  # characters
_PIECE = 256 * 1024  # bytes that are decoded before the event loop gets its turn
_HEAD = {"marks", "partial", "total", "same"}

T = TypeVar("T")


class Distrusted(ValueError):
    """An answer that no reader of ours gives."""


def unpack_hello(message: bytes) -> bool:
    """Whether the child can reach the network; raises Distrusted."""
    if message not in (b"\0", b"\1"):
        raise Distrusted("it does not begin as children do")
    return message == b"\1"


class Answer:
    """Takes an answer apart. Everything raises Distrusted where a part is not what a reader gives."""

    def __init__(self, message: bytes) -> None:
        begin = 1 + wire.LENGTH
        start = begin + int.from_bytes(message[1:begin], "big")
        if message[:1] not in (b"\0", b"\1") or start > min(len(message), _MOST_HEAD):
            raise Distrusted("it does not begin as answers do")
        self.spent = message[0] == 1
        self._message = message
        self._at = start
        self._items: list[Item] = []
        self._head = _typed(_parsed(message[begin:start]), dict)

    def steps(self) -> Iterator[None]:
        """Read the items; yields after each 256 KiB."""
        turn = self._at + _PIECE
        while self._at < len(self._message):
            self._items.append(self._item())
            if self._at > turn:
                turn = self._at + _PIECE
                yield

    def _item(self) -> Item:
        if len(self._items) == MOST_ITEMS or self._at + wire.LENGTHS.size > len(self._message):
            raise Distrusted(f"it does not end after {len(self._items)} items")
        lengths = wire.LENGTHS.unpack_from(self._message, self._at)
        self._at += wire.LENGTHS.size
        parts: list[str | None] = []
        for length in lengths:
            part = None if length == wire.ABSENT else self._message[self._at : self._at + length]
            parts.append(None if part is None else part.decode("utf-8", "replace"))
            self._at += 0 if part is None else length
        if self._at > len(self._message):
            raise Distrusted("its last item is cut off")
        return Item(*[check(part) for check, part in zip(_CHECKS, parts, strict=True)])

    def skimmed(self) -> Skimmed:
        """What the document holds; after ``steps``."""
        head = self._head
        return Skimmed(
            result=self._result(),
            marks={_text(key, 64): _text(value, 64) for key, value in _typed(head["marks"], dict).items()},
            partial=_typed(head["partial"], bool),
            total=_typed(head["total"], int),
            same=frozenset(_text(key, 2_048) for key in _several(head["same"], MOST_ITEMS)),
        )

    def _result(self) -> ReadResult:
        head = self._head
        if "error" in head:
            _keys(head, _HEAD | {"error", "detail"})
            return ReadFailed(_member(PollError, head["error"]), _text(head["detail"], 2_000))
        _keys(head, _HEAD | {"kind", "title", "notes", "next_urls", "listed", "items", "blocks"})
        if head["items"] != len(self._items):
            raise Distrusted(f"it promises {head['items']!r:.80} items and holds {len(self._items)}")
        return Reading(
            kind=_member(SourceKind, head["kind"]),
            title=_text(head["title"], 2_000),
            items=tuple(self._items),
            notes=tuple(_text(note, 2_000) for note in _several(head["notes"], MOST_NOTES)),
            next_urls=tuple(_address(url) for url in _several(head["next_urls"], MOST_ITEMS)),
            listed=None if head["listed"] is None else _typed(head["listed"], int),
            blocks=_blocks(head["blocks"]),
        )


def _blocks(value: object) -> tuple[Block, ...]:
    packed = [_text(part) for part in _several(value, 4)]
    try:
        return unpack_blocks(packed)
    except ValueError as error:
        raise Distrusted(str(error)) from None


def _parsed(message: bytes) -> Any:
    try:
        return json.loads(message.decode("utf-8", "replace"))
    except (ValueError, RecursionError) as error:
        raise Distrusted(f"it is no JSON ({type(error).__name__})") from None


def _keys(value: dict[str, Any], keys: set[str]) -> None:
    if value.keys() != keys:
        raise Distrusted(f"it has the keys {sorted(value)!r:.200}")


def _typed(value: object, kind: type[T]) -> T:
    if type(value) is not kind:  # not isinstance: true is no number here
        raise Distrusted(f"{value!r:.80} is no {kind.__name__}")
    return value


def _several(value: object, most: int) -> Iterable[object]:
    found: list[object] = _typed(value, list)
    if len(found) > most:
        raise Distrusted(f"a list of {len(found)}")
    return found


def _text(value: object, most: int = _MOST_TEXT) -> str:
    if type(value) is not str:
        raise Distrusted(f"{value!r:.80} is no str")
    text = value
    if len(text) > most or "\0" in text:
        raise Distrusted(f"{text!r:.80} is too long or holds NUL")
    return text if text.isascii() else text.encode("utf-8", "replace").decode()  # "\\ud800" is a lone surrogate


def _perhaps(value: object, most: int) -> str | None:
    return None if value is None else _text(value, most)


def _address(value: object) -> str:
    url = _text(value, 2_048)
    if not url.startswith(("http://", "https://")) or not url.isprintable() or " " in url:
        raise Distrusted(f"{url!r:.80} is no web address")
    return url


def _member(kind: type[T], value: object) -> T:
    try:
        return kind(_typed(value, str))  # type: ignore[call-arg]
    except ValueError:
        raise Distrusted(f"{value!r:.80} is no {kind.__name__}") from None


def _moment(value: object) -> datetime:
    try:
        moment = datetime.fromisoformat(_text(value, 40))
    except ValueError:
        raise Distrusted(f"{value!r:.80} is no moment") from None
    if moment.utcoffset() != timedelta(0):
        raise Distrusted(f"{value!r:.80} is not in UTC")
    return moment.replace(tzinfo=UTC)


def _day(value: object) -> date:
    try:
        return date.fromisoformat(_text(value, 10))
    except ValueError:
        raise Distrusted(f"{value!r:.80} is no day") from None


def _stated(value: object) -> StatedAction:
    parts = list(_several(_parsed(_text(value, 20_000).encode()), len(wire.STATED)))
    if len(parts) != len(wire.STATED):
        raise Distrusted(f"an action of {len(parts)} parts")
    values = dict(zip(wire.STATED, parts, strict=True))
    return StatedAction(**{name: check(values[name]) for name, check in _STATED_CHECKS.items()})


_STATED_CHECKS: dict[str, Callable[[object], Any]] = {
    "kind": lambda value: _text(value, 2_000),
    "date": lambda value: None if value is None else _day(value),
    "document_url": lambda value: None if value is None else _address(value),
    "reported": lambda value: _typed(value, bool),
    "policy_url": _address,
    "policy_title": lambda value: _text(value, 2_000),
    "tracker_id": lambda value: None if value is None else _typed(value, int),
}

_ITEM_CHECKS: dict[str, Callable[[object], Any]] = {
    "key": lambda value: _text(value, 2_048),
    "title": lambda value: _text(value, 2_000),
    "text": _text,
    "url": lambda value: None if value is None else _address(value),
    "published": lambda value: None if value is None else _moment(value),
    "published_raw": lambda value: _perhaps(value, 2_000),
    "publisher": lambda value: _perhaps(value, 2_000),
    "stated": lambda value: None if value is None else _stated(value),
    "original": lambda value: _perhaps(value, _MOST_TEXT),
}
_CHECKS = tuple(_ITEM_CHECKS[name] for name in wire.ITEM)
