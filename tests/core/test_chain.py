"""Links of a chain, and bytes of the archive: the smallest change shows."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from monitor.core.archive import kept_headers, packed, unpacked
from monitor.core.chain import FIRST, ChainCheck, FaultKind, Head, Snapshot, chained

AT = datetime(2025, 10, 9, 14, 0, tzinfo=UTC)
SNAPSHOT = Snapshot("news", 1, AT, "https://a.example/x", 200, {"etag": '"ä"', "date": "x"}, "a" * 64, 3)


def test_a_link_is_made_as_the_documentation_says() -> None:
    written = (
        '["","news",1,"' + "a" * 64 + '",3,"https://a.example/x","2025-10-09T14:00:00.000000+00:00",200,'
        '{"date":"x","etag":"\\"\\u00e4\\""}]'
    )

    assert chained(FIRST, SNAPSHOT) == hashlib.sha256(written.encode("ascii")).hexdigest()


@pytest.mark.parametrize(
    "change",
    [
        {"source_id": "newt"},
        {"place": 2},
        {"at": AT + timedelta(microseconds=1)},
        {"url": "https://a.example/y"},
        {"status": 201},
        {"headers": {"etag": '"a"', "date": "x"}},
        {"headers": {}},
        {"sha256": "b" * 64},
        {"size": 4},
    ],
)
def test_every_part_of_a_snapshot_counts(change: dict[str, Any]) -> None:
    assert chained(FIRST, replace(SNAPSHOT, **change)) != chained(FIRST, SNAPSHOT)


def test_what_stood_before_counts() -> None:
    assert chained("0" * 64, SNAPSHOT) != chained(FIRST, SNAPSHOT)


def test_neither_the_order_of_headers_nor_the_zone_of_the_moment_counts() -> None:
    same = replace(SNAPSHOT, headers={name: SNAPSHOT.headers[name] for name in ("date", "etag")})
    elsewhere = replace(same, at=AT.astimezone(timezone(timedelta(hours=-4))))

    assert chained(FIRST, elsewhere) == chained(FIRST, SNAPSHOT)


def test_an_empty_chain_is_whole() -> None:
    assert ChainCheck("news").end(None) == []
    assert ChainCheck("news").end(Head()) == []


def test_a_snapshot_after_a_gap_is_taken_as_it_is_and_the_next_is_judged_by_it() -> None:
    check = ChainCheck("news")
    third = replace(SNAPSHOT, place=3)
    fourth = replace(SNAPSHOT, place=4)

    (gap,) = check.follow(7, third, "c" * 64)

    assert (gap.kind, gap.detail) == (
        FaultKind.MISSING,
        "numbers 1 to 2 of the chain, from the beginning and before 2025-10-09 14:00:00Z",
    )
    assert check.follow(8, fourth, chained("c" * 64, fourth)) == []


@pytest.mark.parametrize("mask", [1, 255])
def test_any_byte_that_flips_in_packed_bytes_is_found(mask: int) -> None:
    blob = packed(b"<p>The rule takes effect on July 1.</p>" * 3)
    assert unpacked(blob)

    for place, byte in enumerate(blob.content):
        flipped = blob.content[:place] + bytes([byte ^ mask]) + blob.content[place + 1 :]
        with pytest.raises(ValueError, match="blob"):
            unpacked(replace(blob, content=flipped))


@pytest.mark.parametrize("content", [b"", packed(b"abc").content[:-1], packed(b"abc").content + b"x"])
def test_packed_bytes_that_are_cut_off_or_continued_are_found(content: bytes) -> None:
    with pytest.raises(ValueError, match="blob"):
        unpacked(replace(packed(b"abc"), content=content))


def test_cookies_are_left_out_however_they_are_written() -> None:
    assert kept_headers({"SET-Cookie": "a=1", "set-cookie2": "b=2", "ETag": '"x"'}) == {"etag": '"x"'}
