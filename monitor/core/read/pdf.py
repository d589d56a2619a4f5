"""PDFs to one item: the text of their pages as lines. Called in the jail only: the library is native code."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from monitor.core.read.dates import NOON, believable
from monitor.core.read.prose import TITLE_LIMIT, one_line
from monitor.core.text import clean, shorten
from monitor.core.urls import safe_link
from monitor.model.source import Item, PollError, ReadFailed, Reading, ReadResult, SourceKind

MOST_PAGES = 500
MOST_TEXT = 2_000_000  # characters: 500 dense pages are 1,500,000

_HEAD, _TAIL = 1_024, 4_096  # bytes in which a PDF begins and ends; ISO 32000-1 asks for 1,024 at either end
_PASSWORD, _SECURITY = 4, 5  # PDFium's FPDF_ERR_PASSWORD and FPDF_ERR_SECURITY
_SOFT_BREAK = re.compile("[\u00ad\u0002\ufffe]\r?\n?")  # how PDFium marks a hyphen at the end of a line
_PAGE_NUMBER = re.compile(r"(?:page )?\W{0,3}\d{1,4}\W{0,3}(?:of \d{1,4})?", re.I)
_SENTENCE_END = re.compile(r"[.:;!?][\"'”’)\]]*$")
_NO_TITLE = re.compile(
    r"untitled|document\d*|(?:microsoft )?(?:word|powerpoint|excel)|.*\.(?:docx?|pptx?|xlsx?|pdf|indd)"
)
_PROGRAM = re.compile(r"^Microsoft (?:Office )?(?:Word|PowerPoint|Excel) - ")
_MOMENT = re.compile(
    r"D:(?P<year>\d{4})(?P<month>\d{2})?(?P<day>\d{2})?(?P<hour>\d{2})?(?P<minute>\d{2})?(?P<second>\d{2})?"
    r"(?:(?P<sign>[+-])(?P<off_hour>\d{2})'?(?P<off_minute>\d{2})?)?"
)


def is_pdf(body: bytes) -> bool:
    """Tell whether the document says of itself that it is a PDF."""
    return b"%PDF-" in body[:_HEAD] and body.lstrip()[:1] != b"<"


def read_pdf(body: bytes, *, url: str, base: str | None = None, now: datetime) -> ReadResult:
    """Return a PDF as one item whose key is ``url``, or why it cannot be. ``base`` is where it was found.

    A paragraph's lines are joined, hyphens at their ends taken out, and page numbers dropped, so that a new line break
    is no change. The title is the document's own, else its first line. Read are the first 500 pages and 2,000,000
    characters; a note says what is left out. Encrypted documents are PDF_LIMIT; bytes that are no PDF, a PDF that ends
    in the middle and one without text (a scan) NOT_A_DOCUMENT. Never raises; PDFium may still crash on hostile bytes.
    """
    if not is_pdf(body):
        return ReadFailed(PollError.NOT_A_DOCUMENT, "not a PDF: it does not begin with %PDF-")
    if b"%%EOF" not in body[-_TAIL:]:
        return ReadFailed(PollError.NOT_A_DOCUMENT, "the PDF ends in the middle (no %%EOF)")
    # 65 ms and 10 MB that only the jail's processes pay
    from pypdfium2 import PdfDocument, PdfiumError  # type: ignore[import-untyped]

    try:
        with PdfDocument(body) as document:
            return _reading(document, url, base or url, now)
    except PdfiumError as error:
        if error.err_code in (_PASSWORD, _SECURITY):
            return ReadFailed(PollError.PDF_LIMIT, "the PDF is encrypted: it can be read only with a password")
        return ReadFailed(PollError.NOT_A_DOCUMENT, shorten(f"the PDF is damaged: {one_line(str(error))}", 200))


def _reading(document: Any, url: str, base: str, now: datetime) -> ReadResult:
    count = len(document)
    notes: list[str] = [f"{count} pages, of which the first {MOST_PAGES} were read"] if count > MOST_PAGES else []
    lines = list(_lines(document, min(count, MOST_PAGES), notes))
    if not lines:
        detail = f"the PDF holds no text on its {count} pages: a scan, or pages that are damaged"
        return ReadFailed(PollError.NOT_A_DOCUMENT, detail)
    title = _title(document.get_metadata_value("Title"), lines)
    published, raw = _published(document, now)
    item = Item(url, title, "\n".join(lines), safe_link(url, base), published, raw)
    return Reading(SourceKind.PDF, title, (item,), tuple(notes))


def _lines(document: Any, count: int, notes: list[str]) -> Iterator[str]:
    """Yield the lines of the first pages; what is left out is noted."""
    length = 0
    for number in range(count):
        text = _page_text(document, number)
        if text is None:
            notes.append(f"page {number + 1} is damaged and was left out")
            continue
        for line in _paragraphs(_without_number([one_line(line) for line in clean(text).split("\n")])):
            length += len(line)
            if length > MOST_TEXT:
                notes.append(f"the text from page {number + 1} on is left out: more than {MOST_TEXT:,} characters")
                return
            yield line


def _page_text(document: Any, number: int) -> str | None:
    try:
        page = document[number]
        try:
            text: str = page.get_textpage().get_text_range()
            return _SOFT_BREAK.sub("", text)
        finally:
            page.close()  # its text page with it; 500 open ones would be memory
    except RuntimeError:  # PdfiumError is one
        return None


def _without_number(lines: list[str]) -> list[str]:
    """Drop a page's own number, its first or last line, which moves when pages are put in before it."""
    for end in (0, -1):
        if lines and _PAGE_NUMBER.fullmatch(lines[end]):
            del lines[end]
    return lines


def _paragraphs(lines: Iterable[str]) -> Iterator[str]:
    """Join lines that go on: in lower case, after one that ends no sentence."""
    held = ""
    for line in lines:
        if held and line[:1].islower() and not _SENTENCE_END.search(held):
            held = f"{held} {line}"
            continue
        if held:
            yield held
        held = line
    if held:
        yield held


def _title(stated: str, lines: list[str]) -> str:
    title = one_line(_PROGRAM.sub("", stated[: TITLE_LIMIT * 4]))
    return shorten(lines[0] if not title or _NO_TITLE.fullmatch(title.lower()) else title, TITLE_LIMIT - 1)


def _published(document: Any, now: datetime) -> tuple[datetime | None, str | None]:
    """Return when the file was last changed, else made, and the file's own words for it."""
    stated = [one_line(document.get_metadata_value(key)[:100]) for key in ("ModDate", "CreationDate")]
    for raw in filter(None, stated):
        moment = _moment(raw)
        if moment is not None and believable(moment, now):
            return believable(moment, now), raw
    return None, next(filter(None, stated), None)


def _moment(raw: str) -> datetime | None:
    """Return a date as ISO 32000-1 7.9.4 writes it ("D:20250102123456-05'00'"); without a zone it is UTC."""
    found = _MOMENT.match(raw)
    if found is None:
        return None
    part = {name: int(value) for name, value in found.groupdict().items() if value and name != "sign"}
    offset = timedelta(hours=part.get("off_hour", 0), minutes=part.get("off_minute", 0))
    try:
        zone = timezone(-offset if found["sign"] == "-" else offset) if offset else UTC
        day = (part["year"], part.get("month", 1), part.get("day", 1))
        return datetime(*day, part.get("hour", NOON), part.get("minute", 0), part.get("second", 0), tzinfo=zone)
    except ValueError:
        return None
