"""Content-Encoding, undone with a bound: a few bytes on the wire can stand for gigabytes (THREATS, finding 5)."""

from __future__ import annotations

import zlib
from typing import Protocol

STEP = 65536
_GZIP = zlib.MAX_WBITS | 16
_MEMBER = b"\x1f\x8b"


class TooLarge(Exception):
    """The document is larger than allowed."""


class BadEncoding(Exception):
    """The document is not in the encoding that it claims, or in one that is not asked for."""


class Truncated(Exception):
    """The compressed document ends in the middle."""


class Decoder(Protocol):
    """Takes the document piece by piece; ``finish`` gives the whole."""

    def feed(self, raw: bytes) -> None: ...

    def finish(self) -> bytes: ...


def decoder(encoding: str, limit: int) -> Decoder:
    """The decoder for one Content-Encoding: identity, gzip or deflate. Raises BadEncoding for every other.

    No more than ``limit`` bytes are ever held, on the wire or decoded: beyond that ``feed`` raises TooLarge.
    """
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return _Identity(limit)
    if name in ("gzip", "x-gzip", "deflate"):
        return _Inflate(limit, gzip=name != "deflate")
    raise BadEncoding(f"Content-Encoding {name[:60]!r} was not asked for")


class _Identity:
    def __init__(self, limit: int) -> None:
        self._left = limit
        self._parts: list[bytes] = []

    def feed(self, raw: bytes) -> None:
        self._left -= len(raw)
        if self._left < 0:
            raise TooLarge
        self._parts.append(raw)

    def finish(self) -> bytes:
        return b"".join(self._parts)


class _Inflate:
    def __init__(self, limit: int, *, gzip: bool) -> None:
        self._raw_left = limit
        self._out = _Identity(limit)
        self._gzip = gzip
        self._stream: zlib._Decompress | None = None
        self._between = b""

    def feed(self, raw: bytes) -> None:
        self._raw_left -= len(raw)
        if self._raw_left < 0:
            raise TooLarge
        try:
            while raw:
                raw = self._inflate(raw)
        except zlib.error as error:
            raise BadEncoding(f"the body is not {'gzip' if self._gzip else 'deflate'}: {error}") from error

    def _inflate(self, raw: bytes) -> bytes:
        """Decode at most one step; what is still to be decoded."""
        if self._stream is None:
            self._stream = zlib.decompressobj(self._wbits(raw))
        elif self._stream.eof:
            raw, self._between = self._between + raw, b""
            if raw == _MEMBER[:1]:
                self._between = raw  # a member's mark, cut in two
                return b""
            if not (self._gzip and raw.startswith(_MEMBER)):
                return b""  # servers pad; only another gzip member (RFC 1952 2.2) belongs to the document
            self._stream = zlib.decompressobj(_GZIP)
        self._out.feed(self._stream.decompress(raw, STEP))
        return self._stream.unused_data if self._stream.eof else self._stream.unconsumed_tail

    def _wbits(self, raw: bytes) -> int:
        if self._gzip:
            return _GZIP
        # "deflate" is a zlib stream (RFC 9110 8.4.1.2), yet many servers send it bare. A zlib stream starts with
        # method 8; a bare one never does in practice: it would be a stored block with its padding bits set.
        return zlib.MAX_WBITS if raw[0] & 0x0F == 8 else -zlib.MAX_WBITS

    def finish(self) -> bytes:
        if self._stream is not None and not self._stream.eof:
            raise Truncated
        return self._out.finish()
