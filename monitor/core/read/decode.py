"""Bytes to text, whatever the document claims about its own encoding."""

from __future__ import annotations

import re

from w3lib.encoding import html_body_declared_encoding, http_content_type_encoding, read_bom, resolve_encoding

_REPLACEMENT = "\ufffd"
_WIDE = {b"<\x00": "utf-16-le", b"\x00<": "utf-16-be"}
# Codecs that a document may name but none is written in; two of them take quadratic time (idna, punycode).
_NO_CHARSETS = {"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape", "utf-7"}
# No XML document may hold these, and no text wants them; tab, newline and carriage return stay.
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# A document without them, as nearly all are, is told eight times faster by its bytes than by the pattern.
_ILLEGAL_BYTES = bytes(point for point in range(0x20) if chr(point) not in "\t\n\r")


def is_legal(point: int) -> bool:
    """Tell whether a document may hold the character with this number (XML 1.0, production 2)."""
    return point <= 0x10FFFF and _ILLEGAL.match(chr(point)) is None


def decode(body: bytes, content_type: str | None = None) -> str:
    """Return the document's text: no NUL, no control characters but white space, no lone surrogates. Never raises.

    Believed in this order, as browsers do: byte order mark, the header's charset, the document's own declaration,
    UTF-8, Windows-1252; a claim that the bytes contradict is passed over. A UTF-8 document with a few broken bytes
    stays UTF-8, with U+FFFD for each (THREATS F15).
    """
    text = _decode(body, content_type)
    return text if _is_legal_throughout(text) else _ILLEGAL.sub("", text)


def _is_legal_throughout(text: str) -> bool:
    try:
        raw = text.encode()
    except UnicodeEncodeError:  # lone surrogates
        return False
    if len(raw.translate(None, _ILLEGAL_BYTES)) < len(raw):
        return False
    return text.isascii() or ("\ufffe" not in text and "\uffff" not in text)


def _decode(body: bytes, content_type: str | None) -> str:
    named, mark = read_bom(body)
    if named is not None and mark is not None:
        return body[len(mark) :].decode(named, "replace")
    for claim in (_WIDE.get(body[:2]), http_content_type_encoding(content_type), html_body_declared_encoding(body)):
        text = _strictly(body, claim)
        if text is not None:
            return text
    loose = body.decode("utf-8", "replace")
    broken = loose.count(_REPLACEMENT)
    if broken == 0 or broken * 2 < sum(not character.isascii() for character in loose):
        return loose
    return body.decode("cp1252", "replace")


def _strictly(body: bytes, claim: str | None) -> str | None:
    charset = resolve_encoding(claim) if claim else None
    if charset is None or charset in _NO_CHARSETS:
        return None
    try:
        return body.decode(charset)
    except (LookupError, ValueError):  # LookupError: a codec of bytes to bytes, such as "hex"
        return None
