"""What a document looks like, in words for the person who gave its address."""

from __future__ import annotations

import re

from monitor.core.read.prose import one_line
from monitor.core.text import shorten

_HEADS = {
    b"%PDF-": "a PDF",
    b"\x89PNG": "an image",
    b"\xff\xd8\xff": "an image",
    b"GIF8": "an image",
    b"\x00\x00\x01\x00": "an image",
    b"\x1f\x8b": "compressed (gzip) bytes",
    b"PK\x03\x04": "a ZIP archive or office document",
}
_BEFORE_ROOT = r"(?>\s+|<\?[^>]*>|<!--.*?-->)*+"  # atomic: a hundred comments must not be tried in 2^100 ways
_HTML = re.compile(
    _BEFORE_ROOT + r"<(?:!doctype\s+html|html|head|body|title|meta|div|p|h1|table|script)\b", re.I | re.S
)
_XML = re.compile(_BEFORE_ROOT + r"<([A-Za-z_][\w.:-]*)", re.S)
_UTF_32 = (b"\x00\x00\xfe\xff", b"\xff\xfe\x00\x00")  # the byte order marks of text that is full of NULs
_HEAD_LENGTH = 20_000  # characters that are looked at


def is_binary(body: bytes) -> bool:
    """Tell whether the bytes are a known file format, or no text at all."""
    return _file_format(body) is not None or (b"\x00\x00\x00" in body[:200] and not body.startswith(_UTF_32))


def is_html(text: str) -> bool:
    """Tell whether a document starts as HTML does."""
    return _HTML.match(text[:_HEAD_LENGTH].lstrip("\ufeff")) is not None


def looks_like(body: bytes, text: str) -> str:
    """Return what a document that is no feed seems to be, with its first words; ``text`` is the decoded body."""
    head = text[:_HEAD_LENGTH].strip()
    named = _file_format(body)
    if named is not None:
        return named
    if not head:
        return "an empty document"
    if is_html(head):
        title = re.search(r"<title[^>]*>([^<]*)", head, re.I)
        return f'an HTML page titled "{shorten(one_line(title[1]), 80)}"' if title else "an HTML page"
    if head[0] in "{[":
        return "a JSON Feed" if "jsonfeed.org/version" in head else "JSON"
    root = _XML.match(head)
    return f"XML, but <{root[1][:40]}> is no feed" if root else f'text that starts "{shorten(one_line(head), 60)}"'


def _file_format(body: bytes) -> str | None:
    return next((name for head, name in _HEADS.items() if body.startswith(head)), None)


def is_prose(text: str) -> bool:
    """Tell whether a document is neither markup nor JSON nor empty."""
    head = text[:_HEAD_LENGTH].strip()
    return bool(head) and head[0] not in "{[<"
