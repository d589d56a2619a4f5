"""The whole corpus through the real jail: every document is read or refused with a named error, within the limits."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.jail.jail import Jail
from monitor.model.source import Fetched, PollError, ReadFailed, ReadResult, Source, SourceKind
from tests.core.storable import check
from tests.corpus import PORTIONS, documents
from tests.jail.conftest import MakeJail

NOW = datetime(2027, 1, 1, tzinfo=UTC)
URL = "https://feeds.example/feed"
LIMITS = {PollError.INTERNAL, PollError.PARSE_TIMEOUT, PollError.PDF_LIMIT, PollError.TOO_LARGE}
KINDS = (SourceKind.AUTO, *(kind for kind in SourceKind if kind not in (SourceKind.AUTO, SourceKind.PAGE)))


async def read(jail: Jail, body: bytes, kind: SourceKind = SourceKind.AUTO) -> ReadResult:
    return await jail.read(Fetched(URL, 200, body), Source("s", "S", URL, kind), NOW)


def ends_well(name: str, found: ReadResult) -> None:
    check(found)
    if isinstance(found, ReadFailed):
        assert found.error not in LIMITS, (name, found)
        assert "Traceback" not in found.detail
        assert found.detail


@PORTIONS
@pytest.mark.timeout(300)
async def test_every_document_of_the_corpus_is_read_or_refused_within_the_limits(
    shared_data: Path, jail_of: MakeJail, portion: int
) -> None:
    jail = jail_of("monitor.core.read.skim:skim")
    paths = documents(shared_data, portion)

    found = await asyncio.gather(*(read(jail, path.read_bytes()) for path in paths))

    for path, result in zip(paths, found, strict=True):
        ends_well(path.name, result)
    real = [result for path, result in zip(paths, found, strict=True) if path.parent.name == "real"]
    refused = [result.detail for result in real if isinstance(result, ReadFailed)]
    assert real
    assert all("an image" in detail or "(gzip)" in detail for detail in refused), refused


@PORTIONS
@pytest.mark.timeout(300)
async def test_a_document_under_a_kind_that_it_is_not_ends_as_well(
    shared_data: Path, jail_of: MakeJail, portion: int
) -> None:
    jail = jail_of("monitor.core.read.skim:skim")
    for path in documents(shared_data, portion * 4):
        kind = KINDS[hashlib.sha256(path.name.encode()).digest()[-1] % len(KINDS)]
        ends_well(f"{path.name} as {kind}", await read(jail, path.read_bytes(), kind))


MADE = (
    b"",
    b"<rss version='2.0'><channel><item><title>A</title></item></channel></rss>",
    b"<!doctype html><title>T</title><p>Words of a page",
    b'{"version":"https://jsonfeed.org/version/1.1","items":[{"id":"1","title":"A"}]}',
    b"%PDF-1.7 broken",
    b"<urlset><url><loc>https://a.example/</loc></url></urlset>",
    b"\xff\xfe<\x00r\x00",
    bytes(range(256)) * 40,
)


async def test_any_document_under_any_kind_ends_as_well(jail_of: MakeJail) -> None:
    jail = jail_of("monitor.core.read.skim:skim")

    for kind in KINDS:
        for body in MADE:
            ends_well(f"{body[:20]!r} as {kind}", await read(jail, body, kind))
