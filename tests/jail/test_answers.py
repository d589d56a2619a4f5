"""What the parent believes of an answer: everything that a reader gives, and nothing else (THREATS D2)."""

from __future__ import annotations

import json
import struct
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.read.skim import Skimmed
from monitor.jail import wire
from monitor.jail.answers import Answer, Distrusted, unpack_hello
from monitor.model.page import Block
from monitor.model.source import Fetched, Item, PollError, ReadFailed, Reading, Source, SourceKind, StatedAction

AT = datetime(2025, 10, 9, 14, 30, 5, 123456, tzinfo=UTC)
FULL = Item(
    "key",
    "Title — “x”",
    "One\nTwo 📰",
    "https://a.example/1?q=%20",
    AT,
    "Thu, 09 Oct",
    "The Daily",
    original="Title[U+202E]",
)
STATED = StatedAction("Kind", AT.date(), "https://a.example/1.pdf", True, "https://a.example/p", "Title", 1777)
OF_TRACKER = Item("k", "T", "x", stated=STATED)
OF_LITTLE = Item("l", "", "", stated=StatedAction("", None, None, False, "https://a.example/p", "", None))
BARE = Item("sha256:1", "", "")
READING = Reading(SourceKind.FEED, "News", (FULL, BARE), ("a note",), ("https://a.example/?page=2",), listed=4_711)
HEAD: dict[str, Any] = {
    "marks": {"ab": "cd"}, "partial": True, "total": 7, "same": ["key"],
    "kind": "feed", "title": "News", "notes": [], "next_urls": [], "listed": None, "items": 0,
    "blocks": ["p", "0", "+", "one"],
}  # fmt: skip


def taken(message: bytes) -> Skimmed:
    answer = Answer(message)
    for _ in answer.steps():
        pass
    return answer.skimmed()


def carried(skimmed: Skimmed) -> Skimmed:
    return taken(wire.pack_answer(wire.pack_result(skimmed), spent=False))


def forged(tail: bytes = b"", **changes: Any) -> bytes:
    head = {key: value for key, value in (HEAD | changes).items() if value is not ...}
    return b"\0" + wire.framed(json.dumps(head).encode()) + tail


def item(**changes: str | None) -> bytes:
    parts: dict[str, str | None] = dict.fromkeys(wire.ITEM) | {"key": "k", "title": "t", "text": "x"} | changes
    encoded = [None if part is None else part.encode("utf-8", "surrogatepass") for part in parts.values()]
    lengths = struct.pack(f">{len(encoded)}i", *(-1 if part is None else len(part) for part in encoded))
    return lengths + b"".join(part for part in encoded if part is not None)


@pytest.mark.parametrize(
    "skimmed",
    [
        Skimmed(READING, {"0a": "1b", "2c": "3d"}, partial=True, total=40, same=frozenset({"key", "é"})),
        Skimmed(Reading(SourceKind.PAGE, "", ())),
        Skimmed(Reading(SourceKind.PAGE, "", (), blocks=(Block("main > p", "One “x”"), Block("p", "12", False)))),
        Skimmed(Reading(SourceKind.TRACKER, "Title", (OF_TRACKER, OF_LITTLE))),
        Skimmed(ReadFailed(PollError.NOT_A_FEED, "not a feed: “this”")),
    ],
)
def test_what_a_reader_gives_comes_through_whole(skimmed: Skimmed) -> None:
    assert carried(skimmed) == skimmed


def test_every_field_that_readers_fill_is_carried() -> None:
    added = {"pages", "baseline", "kept"}  # by the pipeline, for the pages of a list and for the archive
    assert {each.name for each in fields(Reading)} - added == HEAD.keys() - {"marks", "partial", "total", "same"}
    assert {each.name for each in fields(Skimmed)} == {"result", "marks", "partial", "total", "same"}
    assert wire.ITEM == ("key", "title", "text", "url", "published", "published_raw", "publisher", "stated", "original")
    assert len(wire.STATED) == len(fields(StatedAction))


@given(st.text(), st.text(), st.text() | st.none())
def test_any_text_comes_through_without_lone_surrogates(title: str, text: str, publisher: str | None) -> None:
    clean = text.replace("\0", "").encode("utf-8", "replace").decode()
    made = Item("k", "t", clean, publisher=None if publisher is None else publisher.replace("\0", ""))

    found = carried(Skimmed(Reading(SourceKind.FEED, title.replace("\0", "")[:2_000], (made,))))

    assert isinstance(found.result, Reading)
    assert found.result.items[0].text == clean


def test_the_parent_learns_whether_a_child_is_spent() -> None:
    packed = wire.pack_result(Skimmed(READING))

    assert Answer(wire.pack_answer(packed, spent=True)).spent
    assert not Answer(wire.pack_answer(packed, spent=False)).spent


def test_a_request_comes_through_whole() -> None:
    request = wire.Request(Fetched("u", 200, b"x"), Source("s", "S", "u"), AT, {"a": "b"}, True, 2.5)

    assert wire.unpack_request(wire.pack_request(request)) == request


BAD = {
    "no bytes": b"",
    "another first byte": b"\2" + forged()[1:],
    "a head that is cut off": forged()[:20],
    "a head longer than the message": b"\0\xff\xff\xff\xff{}",
    "no JSON": b"\0" + wire.framed(b"{]"),
    "a list": b"\0" + wire.framed(b"[]"),
    "deep JSON": b"\0" + wire.framed(b"[" * 100_000),
    "a number without end": b"\0" + wire.framed(b'{"total": ' + b"9" * 100_000 + b"}"),
    "an unknown kind": forged(kind="spell"),
    "a missing field": forged(title=...),
    "one field more": forged(extra=1),
    "a kind that is a list": forged(kind=["feed"]),
    "a title that is a number": forged(title=1),
    "a title without end": forged(title="x" * 3_000),
    "a note that is an object": forged(notes=[{}]),
    "notes that are one text": forged(notes="abc"),
    "too many notes": forged(notes=["x"] * 2_000),
    "a number that is none": forged(listed=True),
    "an address of a file": forged(next_urls=["file:///etc/passwd"]),
    "an address with a line break": forged(next_urls=["https://a.example/\r\nHost:b"]),
    "truth as a number": forged(total=True),
    "a number as truth": forged(partial=1),
    "marks as a list": forged(marks=[]),
    "a mark that is a number": forged(marks={"a": 1}),
    "a mark without end": forged(marks={"a" * 65: "b"}),
    "same as an object": forged(same={}),
    "blocks as an object": forged(blocks={}),
    "blocks of one text": forged(blocks=["p"]),
    "a block of a place that is not there": forged(blocks=["p", "1", "+", "one"]),
    "a block of no place": forged(blocks=["p", "", "+", "one"]),
    "a failure of no known kind": b"\0" + wire.framed(b'{"error":"no_such","detail":"","marks":{},"partial":false,'
                                                      b'"total":0,"same":[]}'),
    "items that were promised": forged(item(), items=2),
    "items that were not promised": forged(item()),
    "an item that is cut off": forged(item()[:-1], items=1),
    "lengths that are cut off": forged(item()[:10], items=1),
    "a length below nothing": forged(struct.pack(">7i", -2, 0, 0, 0, 0, 0, 0), items=1),
    "lengths beyond the end": forged(struct.pack(">7i", 2**31 - 1, 0, 0, 0, 0, 0, 0), items=1),
    "an item without a key": forged(item(key=None), items=1),
    "an item without a text": forged(item(text=None), items=1),
    "a key without end": forged(item(key="k" * 3_000), items=1),
    "a text with NUL": forged(item(text="a\0b"), items=1),
    "a script for a link": forged(item(url="javascript:alert(1)"), items=1),
    "a link with a blank": forged(item(url="https://a.example/ b"), items=1),
    "a date that is none": forged(item(published="yesterday"), items=1),
    "a date without a zone": forged(item(published="2025-10-09T00:00:00"), items=1),
    "a date in another zone": forged(item(published="2025-10-09T00:00:00+02:00"), items=1),
}  # fmt: skip


@pytest.mark.parametrize("message", BAD.values(), ids=BAD.keys())
def test_D2_an_answer_that_no_reader_gives_is_refused(message: bytes) -> None:
    with pytest.raises(Distrusted):
        taken(message)


def test_what_the_forgeries_are_made_from_is_believed() -> None:
    assert taken(forged(item(), items=1)).total == 7


@given(st.binary(max_size=300))
def test_D2_no_bytes_raise_anything_else(rest: bytes) -> None:
    whole = forged(item(url="https://a.example/"), items=1)
    for message in (rest, b"\0" + rest, whole[: len(rest)] + rest, whole[:-30] + rest):
        try:
            taken(message)
        except Distrusted:
            continue


@pytest.mark.parametrize("words", [b"", b"\2", b"\0\0", b'{"network": false}'])
def test_first_words_that_no_child_of_ours_says_are_refused(words: bytes) -> None:
    with pytest.raises(Distrusted):
        unpack_hello(words)


def test_pieces_of_a_large_answer_leave_room_for_others() -> None:
    items = tuple(Item(str(number), "t", "x" * 100_000) for number in range(20))

    answer = Answer(wire.pack_answer(wire.pack_result(Skimmed(Reading(SourceKind.FEED, "", items))), spent=False))

    assert 5 <= sum(1 for _ in answer.steps()) <= 10


@pytest.mark.parametrize(
    "stated",
    [
        "{}",
        "[]",
        '["Kind", "2025-10-09", null, true, "https://a.example", "T", 7, 8]',
        '["Kind", "yesterday", null, true, "https://a.example", "T", 7]',
        '["Kind", null, "javascript:alert(1)", true, "https://a.example", "T", 7]',
        '["Kind", null, null, 1, "https://a.example", "T", 7]',
        '["Kind", null, null, true, "https://a.example", "T", true]',
        '["Kind", null, null, true, null, "T", 7]',
        "[" * 15_000,
        "x" * 21_000,
    ],
)
def test_an_action_that_no_reader_states_is_not_taken(stated: str) -> None:
    with pytest.raises(Distrusted):
        taken(forged(item(stated=stated), items=1))
