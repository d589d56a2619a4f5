"""Bytes to text, whatever the document claims."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.read.decode import decode

DECLARED = '<?xml version="1.0" encoding="{}"?><p>Décision</p>'

BODIES = [
    ("é", "utf-8", None),
    ("é", "utf-8-sig", "text/html; charset=iso-8859-1"),
    ("<p>é", "utf-16-le", None),
    ("<p>é", "utf-16-be", None),
    ("é", "utf-16", None),
    ("é", "utf-32", None),
    ("é", "cp1252", None),
    ("é “x”", "cp1252", "text/html; charset=ISO-8859-1"),
    ("Указ", "cp1251", "text/html; charset=windows-1251"),
    (DECLARED.format("iso-8859-1"), "iso-8859-1", None),
    (DECLARED.format("iso-8859-1"), "iso-8859-1", "application/xml"),
    ('<meta charset="shift_jis">日本', "shift_jis", "text/html"),
]


@pytest.mark.parametrize(("text", "charset", "content_type"), BODIES)
def test_a_document_reads_in_the_encoding_it_is_written_in(text: str, charset: str, content_type: str | None) -> None:
    assert decode(text.encode(charset), content_type) == text


@pytest.mark.parametrize(
    "claim", ["utf-8", "us-ascii", "no-such-charset", "hex", "rot13", "utf-7", "idna", "unicode_escape"]
)
def test_f15_a_claim_that_is_wrong_or_no_charset_is_passed_over(claim: str) -> None:
    assert decode("Décision".encode("cp1252"), f"text/html; charset={claim}") == "Décision"


def test_utf_7_cannot_smuggle_markup() -> None:
    assert decode(b"+ADw-script+AD4-", "text/html; charset=utf-7") == "+ADw-script+AD4-"


def test_a_broken_byte_leaves_the_rest_of_a_utf_8_document_alone() -> None:
    assert decode("Décision été".encode() + b"\xff", "text/html; charset=utf-8") == "Décision été\ufffd"


def test_nul_and_controls_are_gone_and_line_breaks_stay() -> None:
    assert decode(b"a\x00b\x07c\td\r\ne") == "abc\td\r\ne"


@given(st.binary(max_size=200), st.sampled_from([None, "text/xml", "text/html; charset=utf-16", "x; charset=gb2312"]))
def test_any_bytes_become_text_that_any_encoder_takes(body: bytes, content_type: str | None) -> None:
    text = decode(body, content_type)

    assert "\x00" not in text
    text.encode("utf-8")
