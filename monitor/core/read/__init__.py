"""Bytes to items: one reader a kind of source. Pure; a document that cannot be read is a value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from monitor.core.read.decode import decode
from monitor.core.read.feed import read_feed
from monitor.core.read.page import read_page
from monitor.core.read.rules import problems_of
from monitor.core.read.sniff import is_binary, is_html, is_prose
from monitor.model.source import Fetched, PollError, ReadFailed, ReadResult, Source, SourceKind

__all__ = ["READERS", "read_document", "read_feed", "read_page", "rule_problems"]

Reader = Callable[[Fetched, Source, datetime], ReadResult]


def read_document(fetched: Fetched, source: Source, now: datetime) -> ReadResult:
    """Return what the fetched document holds for its source. Never raises, whatever the bytes.

    AUTO is a feed where the document reads as one, a page where it is HTML or plain text, and otherwise the reason why
    it is no feed. ``Reading.kind`` says which.
    """
    return READERS[source.kind](fetched, source, now)


def _as_feed(fetched: Fetched, source: Source, now: datetime) -> ReadResult:
    return read_feed(fetched.body, url=fetched.url, content_type=fetched.headers.get("content-type"), now=now)


def _as_page(fetched: Fetched, source: Source, now: datetime) -> ReadResult:
    return read_page(
        fetched.body,
        url=source.url,
        base=fetched.url,
        content_type=fetched.headers.get("content-type"),
        select=source.select,
        drop=source.drop,
        ignore=source.ignore,
        now=now,
    )


def _as_either(fetched: Fetched, source: Source, now: datetime) -> ReadResult:
    as_feed = _as_feed(fetched, source, now)
    if isinstance(as_feed, ReadFailed) and as_feed.error is PollError.NOT_A_FEED and _is_page(fetched):
        return _as_page(fetched, source, now)
    return as_feed


def _is_page(fetched: Fetched) -> bool:
    stated = fetched.headers.get("content-type", "")
    text = decode(fetched.body, stated)
    return not is_binary(fetched.body) and (is_html(text) or is_prose(text) or "html" in stated.lower())


READERS: Mapping[SourceKind, Reader] = {
    SourceKind.AUTO: _as_either,
    SourceKind.FEED: _as_feed,
    SourceKind.PAGE: _as_page,
}


def rule_problems(source: Source) -> list[str]:
    """Return what is wrong with the source's select, drop and ignore, one sentence a rule, for the operator."""
    return problems_of(source.select, source.drop, source.ignore)
