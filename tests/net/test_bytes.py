"""The small readers of a peer's bytes: bounded decoding (finding 5, F3, F4), Retry-After (fault 34), excerpts."""

from __future__ import annotations

import gzip
import zlib
from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.net.decode import BadEncoding, TooLarge, Truncated, decoder
from monitor.net.excerpt import excerpt
from monitor.net.retry_after import parse_retry_after
from tests.net.conftest import NOW

TEXT = b"<rss><channel><title>Detention standards</title></channel></rss>" * 50


def bare_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


def decode(encoding: str, raw: bytes, limit: int = 2**20, step: int = 65536) -> bytes:
    document = decoder(encoding, limit)
    for start in range(0, len(raw), step):
        document.feed(raw[start : start + step])
    return document.finish()


@pytest.mark.parametrize("step", [1, 7, 65536])
@pytest.mark.parametrize(
    ("encoding", "raw"),
    [
        ("", TEXT),
        ("identity", TEXT),
        ("gzip", gzip.compress(TEXT, mtime=0)),
        (" GZip ", gzip.compress(TEXT, mtime=0)),
        ("x-gzip", gzip.compress(TEXT, mtime=0)),
        ("deflate", zlib.compress(TEXT)),
        ("deflate", bare_deflate(TEXT)),
        ("gzip", gzip.compress(TEXT[:100], mtime=0) + gzip.compress(TEXT[100:], mtime=0)),
        ("gzip", gzip.compress(TEXT, mtime=0) + b"\0" * 20),
    ],
    ids=["none", "identity", "gzip", "case", "x-gzip", "zlib", "bare deflate", "two members", "padded"],
)
def test_what_was_asked_for_decodes_whole_however_it_is_cut(encoding: str, raw: bytes, step: int) -> None:
    assert decode(encoding, raw, step=step) == TEXT


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "compress", "gzip;q=1", "nonsense"])
def test_an_encoding_that_was_not_asked_for_is_refused(encoding: str) -> None:
    with pytest.raises(BadEncoding):
        decoder(encoding, 100)


@pytest.mark.parametrize(("encoding", "raw"), [("gzip", b"<html>not gzip</html>"), ("deflate", b"\x78\x9cnot zlib")])
def test_a_body_that_is_not_in_its_encoding_is_bad_encoding(encoding: str, raw: bytes) -> None:
    with pytest.raises(BadEncoding):
        decode(encoding, raw)


@pytest.mark.parametrize(
    "raw", [gzip.compress(TEXT, mtime=0)[:-9], gzip.compress(TEXT, mtime=0)[:20]], ids=["end", "head"]
)
def test_a_compressed_body_that_ends_in_the_middle_is_truncated(raw: bytes) -> None:
    with pytest.raises(Truncated):
        decode("gzip", raw)


def test_an_empty_body_under_gzip_is_an_empty_document() -> None:
    assert decode("gzip", b"") == b""


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_bomb_is_stopped_at_the_limit(encoding: str) -> None:
    pack = gzip.compress if encoding == "gzip" else zlib.compress
    with pytest.raises(TooLarge):
        decode(encoding, pack(bytes(2**24)), limit=2**20)


def test_a_document_of_exactly_the_limit_is_taken_and_one_byte_more_is_not() -> None:
    assert len(decode("gzip", gzip.compress(bytes(1000)), limit=1000)) == 1000
    with pytest.raises(TooLarge):
        decode("gzip", gzip.compress(bytes(1001)), limit=1000)


def test_many_empty_members_are_bounded_by_their_bytes_on_the_wire() -> None:
    with pytest.raises(TooLarge):
        decode("gzip", gzip.compress(b"") * 100, limit=1000)


@given(st.binary(max_size=3000), st.sampled_from(["gzip", "deflate", ""]))
def test_any_bytes_end_in_a_document_or_one_of_three_faults(raw: bytes, encoding: str) -> None:
    with suppress(BadEncoding, TooLarge, Truncated):
        assert len(decode(encoding, raw, limit=5000)) <= 5000


@pytest.mark.parametrize(
    ("said", "wait"),
    [
        ("120", timedelta(seconds=120)),
        (" 120 ", timedelta(seconds=120)),
        ("0", timedelta(seconds=1)),
        ("1000000000", timedelta(hours=24)),
        ("9" * 5000, timedelta(hours=24)),
        ("Thu, 09 Oct 2025 12:10:00 GMT", timedelta(minutes=10)),
        ("Thu, 09 Oct 2025 12:10:00 -0000", timedelta(minutes=10)),
        ("Thursday, 09-Oct-25 12:10:00 GMT", timedelta(minutes=10)),
        ("Fri, 09 Oct 2099 12:00:00 GMT", timedelta(hours=24)),
        ("Thu, 09 Oct 2025 11:59:59 GMT", None),
        ("-5", None),
        ("+5", None),
        ("1.5", None),
        ("soon", None),
        ("٣٠", None),
        ("", None),
        (None, None),
        ("Thu, 99 Foo 20255 99:99:99 GMT", None),
    ],
)
def test_fault_34_retry_after_is_honoured_clamped_or_ignored(said: str | None, wait: timedelta | None) -> None:
    assert parse_retry_after(said, NOW) == wait


@given(st.text(max_size=60))
def test_no_retry_after_raises_or_leaves_its_bounds(said: str) -> None:
    wait = parse_retry_after(said, NOW)
    assert wait is None or timedelta(seconds=1) <= wait <= timedelta(hours=24)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (b"ok", "ok"),
        (b"  two\r\nlines\t\x00\x1b[31m ", "two lines [31m"),
        ("Gr\u00f6\u00dfe".encode(), "Gr\u00f6\u00dfe"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        ("a\u202eb\u2028c", "a b c"),
        (b"x" * 1000, "x" * 200),
    ],
)
def test_an_excerpt_is_one_printable_line_of_at_most_200_characters(said: bytes | str, shown: str) -> None:
    assert excerpt(said) == shown
