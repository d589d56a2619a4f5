"""Answers of JSON APIs as a source's poll meets them, for the tests of their readers."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from monitor.core.read import read_document
from monitor.model.source import Fetched, Item, ReadFailed, Reading, ReadResult, Source, SourceKind

NOW = datetime(2026, 10, 3, 12, tzinfo=UTC)
URL = "https://api.example.org/v1/list"
JSON_HEADERS = {"content-type": "application/json"}


def result(
    kind: str,
    answer: object,
    url: str = URL,
    *,
    headers: dict[str, str] | None = None,
    items: str = "",
    fields: dict[str, str] | None = None,
) -> ReadResult:
    """What the reader of ``kind`` makes of an answer: bytes as they are, anything else as JSON."""
    body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    source = Source("s", "S", url, SourceKind(kind), items=items, fields=tuple((fields or {}).items()))
    return read_document(Fetched(url, 200, body, JSON_HEADERS | (headers or {})), source, NOW)


def read(kind: str, answer: object, url: str = URL, **more: Any) -> Reading:
    """The reading of an answer that can be read; ``more`` is that of ``result``."""
    found = result(kind, answer, url, **more)
    assert isinstance(found, Reading), found
    return found


def one(kind: str, answer: object, url: str = URL) -> Item:
    """The only item of an answer."""
    (item,) = read(kind, answer, url).items
    return item


def failure(kind: str, answer: object, *, items: str = "", fields: dict[str, str] | None = None) -> ReadFailed:
    """Why an answer cannot be read."""
    found = result(kind, answer, items=items, fields=fields)
    assert isinstance(found, ReadFailed), found
    return found


def sample(shared_data: Path, kind: str, name: str, url: str = URL) -> Reading:
    """The reading of one of the shared samples."""
    return read(kind, (shared_data / "samples" / name).read_bytes(), url)
