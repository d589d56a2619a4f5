"""WARC files that two readers of other projects accept, and that hold what the archive holds."""

from __future__ import annotations

import base64
import gzip
import hashlib
import zlib
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import fastwarc.warc
import pytest
import warcio.archiveiterator
from warcio.checker import Checker

from monitor.core.archive import packed
from monitor.core.chain import FIRST, Snapshot, chained
from monitor.core.warc import Archived, Warc

AT = datetime(2025, 10, 9, 14, 0, 0, 250_000, tzinfo=UTC)
WRITTEN = datetime(2025, 12, 1, tzinfo=UTC)
PAGE = "<p>L’été: the rule takes effect on July 1.</p>".encode() * 20
HEADERS = {
    "content-type": "text/html; charset=utf-8",
    "content-encoding": "gzip",
    "transfer-encoding": "chunked",
    "x-note": "one, and\r\na fold",
}


def archived(place: int, body: bytes = PAGE, **changes: Any) -> Archived:
    blob = packed(body)
    at = AT + timedelta(days=place)
    snapshot = Snapshot("news", place, at, "https://news.example/feed", 200, HEADERS, blob.sha256, blob.size)
    snapshot = replace(snapshot, **changes)
    return Archived(snapshot, chained(FIRST, snapshot), body)


def file_of(*these: Archived, compressed: bool = True) -> bytes:
    warc = Warc(compressed=compressed)
    name = "evidence.warc.gz" if compressed else "evidence.warc"
    opening = warc.opening(filename=name, written_at=WRITTEN, software="Policy Monitor")
    return opening + b"".join(warc.record(each) for each in these)


@dataclass(frozen=True)
class Record:
    """What a reader makes of a record."""

    kind: str
    fields: dict[str, str]
    http: dict[str, str]
    body: bytes


def by_warcio(content: bytes) -> list[Record]:
    records = []
    for each in warcio.archiveiterator.ArchiveIterator(BytesIO(content), check_digests="raise"):
        http = {} if each.http_headers is None else {name.lower(): value for name, value in each.http_headers.headers}
        fields = dict(each.rec_headers.headers)
        records.append(Record(each.rec_type, fields, http, each.content_stream().read()))
    return records


def by_fastwarc(content: bytes) -> list[Record]:
    records = []
    for each in fastwarc.warc.ArchiveIterator(BytesIO(content), verify_digests=True):
        http = {} if each.http_headers is None else {name.lower(): value for name, value in each.http_headers}
        assert each.reader is not None
        kind = str(each.record_type).rpartition(".")[2].lower()
        records.append(Record(kind, dict(each.headers), http, each.reader.read()))
    return records


READERS = pytest.mark.parametrize("read", [by_warcio, by_fastwarc])


@READERS
@pytest.mark.parametrize("compressed", [True, False])
def test_a_reader_of_another_project_gets_the_bytes_back(read: Any, compressed: bool) -> None:
    bodies = [PAGE, b"", b"\x00\xff\r\n\r\nWARC/1.1\r\n", PAGE + b"."]

    opening, *records = read(file_of(*(archived(n, body) for n, body in enumerate(bodies, 1)), compressed=compressed))

    assert opening.kind == "warcinfo"
    assert b"format: WARC File Format 1.1" in opening.body
    assert [(each.kind, each.body) for each in records] == [("response", body) for body in bodies]


@READERS
def test_a_record_says_where_when_and_what_and_names_its_link(read: Any) -> None:
    one = archived(1, url="https://news.example/é?q=a b")

    _, record = read(file_of(one))

    fields = record.fields
    assert fields["WARC-Target-URI"] == "https://news.example/%C3%A9?q=a%20b"
    assert fields["WARC-Date"] == "2025-10-10T14:00:00.250000Z"
    digest = base64.b32encode(hashlib.sha256(PAGE).digest()).decode()
    assert fields["WARC-Payload-Digest"] == f"sha256:{digest}"
    assert (fields["Monitor-Source"], fields["Monitor-Chain"]) == ("news", f"1 {one.chain}")


@READERS
def test_headers_describe_the_body_as_it_is_kept_and_say_how_it_came(read: Any) -> None:
    _, record = read(file_of(archived(1)))

    assert record.http == {
        "content-type": "text/html; charset=utf-8",
        "content-length": str(len(PAGE)),
        "x-archive-orig-content-encoding": "gzip",
        "x-archive-orig-transfer-encoding": "chunked",
        "x-note": "one, and a fold",
    }


def test_a_field_that_is_not_ascii_stays_what_it_was() -> None:
    _, record = by_warcio(file_of(archived(1, headers={"x-note": "Zoë"})))

    assert record.http["x-note"] == "Zoë"


@READERS
def test_bytes_that_are_there_already_are_referred_to(read: Any) -> None:
    _, first, _, again = read(file_of(archived(1), archived(2, b"between"), archived(3)))

    assert (again.kind, again.body) == ("revisit", b"")
    assert again.fields["WARC-Profile"] == "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
    assert again.fields["WARC-Refers-To"] == first.fields["WARC-Record-ID"]
    assert again.fields["WARC-Refers-To-Target-URI"] == first.fields["WARC-Target-URI"]
    assert again.fields["WARC-Refers-To-Date"] == first.fields["WARC-Date"]
    assert again.fields["WARC-Payload-Digest"] == first.fields["WARC-Payload-Digest"]


@READERS
def test_the_same_bytes_of_another_source_are_written_again(read: Any) -> None:
    _, *records = read(file_of(archived(1), archived(1, source_id="other")))

    assert [each.kind for each in records] == ["response", "response"]


@READERS
def test_what_came_by_mail_is_a_resource(read: Any) -> None:
    mail = archived(
        1, b"From: a@b.example", url="imaps://mail.example/INBOX", headers={"content-type": "message/rfc822"}
    )

    _, record = read(file_of(mail))

    assert (record.kind, record.body, record.http) == ("resource", b"From: a@b.example", {})
    assert record.fields["Content-Type"] == "message/rfc822"


def test_two_exports_of_the_same_are_the_same_and_every_record_has_an_id_of_its_own() -> None:
    these = [archived(1), archived(2), archived(3, b"x")]

    assert file_of(*these) == file_of(*these)
    assert len({each.fields["WARC-Record-ID"] for each in by_warcio(file_of(*these))}) == 4


def members(content: bytes) -> Sequence[bytes]:
    """The gzip members of a file, each unpacked by itself."""
    found = []
    while content:
        decoder = zlib.decompressobj(31)
        found.append(decoder.decompress(content) + decoder.flush())
        content = decoder.unused_data
    return found


def test_each_record_is_a_gzip_member_and_follows_the_standard_to_the_byte() -> None:
    """WARC 1.1, 4: version, fields, an empty line, a block of Content-Length bytes, two line ends; 5: the fields."""
    content = file_of(archived(1), archived(2), archived(3, b"x", status=299))

    assert gzip.decompress(content) == b"".join(members(content))
    for member in members(content):
        head, _, rest = member.partition(b"\r\n\r\n")
        version, *lines = head.decode("utf-8").split("\r\n")
        fields = dict(line.split(": ", 1) for line in lines)
        assert version == "WARC/1.1"
        assert {"WARC-Record-ID", "WARC-Date", "WARC-Type", "Content-Length", "Content-Type"} <= set(fields)
        assert rest[int(fields["Content-Length"]) :] == b"\r\n\r\n"


def test_the_checker_of_warcio_passes_every_record(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "evidence.warc.gz"
    path.write_bytes(file_of(archived(1), archived(2), archived(3, b"x")))

    checker = Checker(Namespace(inputs=[str(path)], verbose=False))

    assert (checker.process_all(), capsys.readouterr().out) == (0, "")
