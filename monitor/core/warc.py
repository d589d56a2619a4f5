"""Snapshots as WARC 1.1 (ISO 28500:2017), the form in which libraries and courts exchange archived pages."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from io import BytesIO
from typing import NamedTuple
from urllib.parse import quote, urlsplit
from uuid import NAMESPACE_URL, uuid5

from warcio.warcwriter import WARCWriter

from monitor.core.chain import Snapshot

_CONFORMS_TO = "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/"
_OF_THE_WIRE = frozenset({"content-encoding", "transfer-encoding", "content-length"})  # the body is kept decoded
_ORIGINAL = "X-Archive-Orig-"  # how other archives name such a field


@dataclass(frozen=True, slots=True)
class Archived:
    """A snapshot with its link in the chain and its bytes."""

    snapshot: Snapshot
    chain: str
    body: bytes


class _Seen(NamedTuple):
    """A record that holds bytes, for those that hold the same."""

    id: str
    url: str
    date: str


class Warc:
    """Makes the records of one file. ``compressed``: each is a gzip member of its own, as the standard recommends.

    Records depend on nothing but the snapshots, so that two exports of the same are the same to the byte, but for the
    first record. Within a source, bytes that a record holds already are referred to ("revisit") and not repeated.
    """

    def __init__(self, *, compressed: bool) -> None:
        self._compressed = compressed
        self._source_id = ""
        self._seen: dict[str, _Seen] = {}

    def opening(self, *, filename: str, written_at: datetime, software: str) -> bytes:
        """Return the file's first record, which says what wrote it."""
        writer, out = self._writer()
        info = {"software": software, "format": "WARC File Format 1.1", "conformsTo": _CONFORMS_TO}
        record = writer.create_warcinfo_record(filename, info)
        date = _date(written_at)
        record.rec_headers.replace_header("WARC-Date", date)
        record.rec_headers.replace_header("WARC-Record-ID", _record_id(f"warcinfo {filename} {date}"))
        writer.write_record(record)
        return out.getvalue()

    def record(self, archived: Archived) -> bytes:
        """Return one snapshot's record: a response, a revisit of one, or (what came by mail) a resource."""
        snapshot = archived.snapshot
        if snapshot.source_id != self._source_id:
            self._source_id, self._seen = snapshot.source_id, {}
        writer, out = self._writer()
        fields = {
            "WARC-Record-ID": _record_id(archived.chain),
            "WARC-Date": _date(snapshot.at),
            "Monitor-Source": snapshot.source_id,
            "Monitor-Chain": f"{snapshot.place} {archived.chain}",
        }
        digest, url = _digest(snapshot.sha256), _uri(snapshot.url)
        body, size = BytesIO(archived.body), len(archived.body)
        seen = self._seen.get(snapshot.sha256)
        if urlsplit(snapshot.url).scheme not in ("http", "https"):
            fields |= {"WARC-Payload-Digest": digest}
            kind = snapshot.headers.get("content-type", "application/octet-stream")
            record = writer.create_warc_record(
                url, "resource", body, size, warc_content_type=kind, warc_headers_dict=fields
            )
        elif seen is not None:
            head = _http_head(snapshot, size)
            fields |= {"WARC-Refers-To": seen.id}
            record = writer.create_revisit_record(url, digest, seen.url, seen.date, head, fields)
        else:
            fields |= {"WARC-Payload-Digest": digest}
            head = _http_head(snapshot, size)
            record = writer.create_warc_record(url, "response", body, size, http_headers=head, warc_headers_dict=fields)
            self._seen[snapshot.sha256] = _Seen(fields["WARC-Record-ID"], url, fields["WARC-Date"])
        writer.write_record(record)
        return out.getvalue()

    def _writer(self) -> tuple[WARCWriter, BytesIO]:
        out = BytesIO()
        return WARCWriter(out, gzip=self._compressed, warc_version="1.1"), out


class _HttpHead:
    """A status line and fields as the writer takes them; its own class percent-encodes whatever is not ASCII."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.headers_buff = "\r\n".join([*lines, "", ""]).encode()

    def compute_headers_buffer(self, _filter: object = None) -> None:
        """For the writer, before it takes ``headers_buff``."""


def _http_head(snapshot: Snapshot, size: int) -> _HttpHead:
    """The status line and the fields as they came, but for those that describe how the body was sent."""
    fields = [(_ORIGINAL + name if name in _OF_THE_WIRE else name, value) for name, value in _clean(snapshot.headers)]
    fields.append(("Content-Length", str(size)))
    try:
        phrase = HTTPStatus(snapshot.status).phrase
    except ValueError:
        phrase = "Unknown"
    return _HttpHead([f"HTTP/1.1 {snapshot.status} {phrase}", *(f"{name}: {value}" for name, value in fields)])


def _clean(headers: Mapping[str, str]) -> list[tuple[str, str]]:
    """Without what would end a field early."""
    return [(name, " ".join(value.split())) for name, value in sorted(headers.items())]


def _uri(url: str) -> str:
    """What is not ASCII percent-encoded, and white space, which would end the field."""
    return quote(url, safe="%/:?#[]@!$&'()*+,;=~")


def _record_id(name: str) -> str:
    return f"<urn:uuid:{uuid5(NAMESPACE_URL, f'urn:policy-monitor:{name}')}>"


def _date(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _digest(sha256: str) -> str:
    return "sha256:" + base64.b32encode(bytes.fromhex(sha256)).decode("ascii")
