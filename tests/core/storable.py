"""What every reader promises of what it gives, whatever the document: THREATS F15, F16, F17."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from datetime import UTC

from monitor.core.text import clean
from monitor.model.source import ReadFailed, ReadResult

# Bidi, zero-width and other characters that are not seen, and line separators (THREATS F16).
UNSEEN = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad\u061c"
CONTROLS = "".join(map(chr, (*range(0x20), *range(0x7F, 0xA0))))
SEPARATORS = "\u2028\u2029\x85"


def check(result: ReadResult) -> None:
    """Assert that a reading can be stored and shown as it is."""
    for words in _texts(result):
        words.encode()  # no lone surrogates
        assert "\0" not in words
    if isinstance(result, ReadFailed):
        return
    assert result.title == one(result.title)
    for item in result.items:
        assert 0 < len(item.key) <= 4_096
        assert 0 < len(item.title) <= 512
        assert item.title == one(item.title)
        assert item.text == clean(item.text) == unicodedata.normalize("NFC", item.text)
        assert not set(item.text) & set(UNSEEN + SEPARATORS + CONTROLS) - {"\n"}
        assert item.url is None or item.url.startswith(("http://", "https://"))
        assert item.url is None or (item.url.isascii() and item.url.isprintable())
        assert item.published is None or item.published.tzinfo is UTC
        assert item.publisher is None or item.publisher == one(item.publisher)
        assert item.original is None or item.original == clean(item.original)
    assert len({item.key for item in result.items}) == len(result.items)
    assert all(url.startswith(("http://", "https://")) for url in result.next_urls)


def one(line: str) -> str:
    """The line without what must not be in one."""
    return " ".join(clean(line).split())


def _texts(result: ReadResult) -> Iterator[str]:
    if isinstance(result, ReadFailed):
        yield result.detail
        return
    yield result.title
    yield from result.notes
    yield from result.next_urls
    for item in result.items:
        yield from (item.key, item.title, item.text, item.url or "", item.published_raw or "", item.publisher or "")
        yield item.original or ""
