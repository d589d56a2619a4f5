"""PDFs written by hand, object by object, as small as they can be."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence

FONT = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"


def pdf(*pages: Sequence[str] | bytes, info: str = "", trailer: str = "", objects: Iterable[bytes] = ()) -> bytes:
    """A document whose pages hold these lines, or these raw content streams. ``info``: entries of its Info dictionary.

    Objects 1 to 4 are catalog, page tree, font and Info; then come the pages with their contents, then ``objects``.
    """
    kids = " ".join(f"{5 + 2 * number} 0 R" for number in range(len(pages)))
    body = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Count {len(pages)} /Kids [{kids}] >>".encode(),
        FONT,
        f"<< {info} >>".encode("latin-1"),
    ]
    for number, page in enumerate(pages):
        resources = "/Resources << /Font << /F1 3 0 R >> >>"
        head = f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] {resources} /Contents {6 + 2 * number} 0 R >>"
        body += [head.encode(), page if isinstance(page, bytes) else stream(content(page))]
    return assembled([*body, *objects], trailer)


def content(lines: Sequence[str]) -> bytes:
    """A content stream that shows these lines below each other."""
    shown = (f"({_escaped(line)}) Tj T*" for line in lines)
    return "\n".join(("BT /F1 12 Tf 14 TL 72 720 Td", *shown, "ET")).encode("cp1252")


def stream(data: bytes, extra: bytes = b"") -> bytes:
    """A stream object."""
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(data), extra, data)


def bomb(size: int) -> bytes:
    """A stream object that unfolds to ``size`` bytes of content."""
    packer = zlib.compressobj(9)
    piece = b"(x) Tj T*\n" * 100_000
    data = b"".join(packer.compress(piece) for _ in range(size // len(piece))) + packer.flush()
    return stream(data, b"/Filter /FlateDecode")


def assembled(objects: Sequence[bytes], trailer: str = "") -> bytes:
    """A file of these objects, numbered from 1; the first is the catalog and the fourth the Info dictionary."""
    file = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    offsets = []
    for number, each in enumerate(objects, 1):
        offsets.append(len(file))
        file += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    start = len(file)
    file += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    file += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    named = f"<< /Size {len(objects) + 1} /Root 1 0 R /Info 4 0 R {trailer} >>"
    return bytes(file) + f"trailer\n{named}\nstartxref\n{start}\n%%EOF\n".encode()


def _escaped(line: str) -> str:
    return line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
