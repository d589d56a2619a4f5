"""PDFs to one item: text, title, date, and what cannot be read (THREATS D1). Benign documents: no jail is needed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from monitor.core.read import read_document
from monitor.core.read.pdf import MOST_PAGES, is_pdf, read_pdf
from monitor.model.source import Fetched, Item, PollError, ReadFailed, Reading, ReadResult, Source, SourceKind
from tests.core.pdfs import assembled, pdf, stream

NOW = datetime(2025, 10, 10, 12, tzinfo=UTC)
URL = "https://agency.example/memo.pdf"


def read(body: bytes) -> ReadResult:
    return read_pdf(body, url=URL, now=NOW)


def item(body: bytes) -> Item:
    found = read(body)
    assert isinstance(found, Reading), found
    return found.items[0]


def failure(body: bytes) -> ReadFailed:
    found = read(body)
    assert isinstance(found, ReadFailed), found
    return found


def test_a_pdf_is_one_item_whose_key_is_the_address_of_its_source() -> None:
    found = read(pdf(["Memorandum", "To: All", "Searches end today."], ["Second page."]))

    text = "Memorandum\nTo: All\nSearches end today.\nSecond page."
    assert found == Reading(SourceKind.PDF, "Memorandum", (Item(URL, "Memorandum", text, URL),))


@pytest.mark.parametrize("kind", [SourceKind.PDF, SourceKind.AUTO])
def test_a_source_of_kind_pdf_or_auto_reads_it(kind: SourceKind) -> None:
    fetched = Fetched("https://cdn.example/1", 200, pdf(["Memorandum"]), {"content-type": "application/octet-stream"})

    found = read_document(fetched, Source("s", "S", URL, kind), NOW)

    assert isinstance(found, Reading)
    assert (found.kind, found.items[0].key, found.items[0].url) == (SourceKind.PDF, URL, URL)


PARAGRAPHS = [
    (["The agency ends", "all searches of the", "network."], "The agency ends all searches of the network."),
    (["It ends.", "searches go on"], "It ends.\nsearches go on"),
    (["A heading", "Another one"], "A heading\nAnother one"),
    (["An informa-", "tion notice"], "An information notice"),
    (["  spaced   out  "], "spaced out"),
    (["Curly \u2019quotes\u2019 \u2013 and dashes"], "Curly \u2019quotes\u2019 \u2013 and dashes"),
    (["Page 3 of 10", "Text"], "Text"),
    (["Text", "- 7 -"], "Text"),
    (["Text", "2025-10-01"], "Text\n2025-10-01"),
    (["First", "12", "Last"], "First\n12\nLast"),
]


@pytest.mark.parametrize(("lines", "text"), PARAGRAPHS)
def test_lines_are_paragraphs_without_page_numbers(lines: list[str], text: str) -> None:
    assert item(pdf(lines)).text == text


def test_another_line_break_in_a_paragraph_is_no_change() -> None:
    one = item(pdf(["The agency ends all searches", "of the network today."]))
    other = item(pdf(["The agency ends all", "searches of the network today."]))

    assert one.text == other.text


TITLES = [
    ("/Title (The memo)", "The memo"),
    ("/Title (Microsoft Word - The memo)", "The memo"),
    ("/Title (Microsoft Word - memo_v3.docx)", "First line"),
    ("/Title (Untitled)", "First line"),
    ("/Title ()", "First line"),
    ("/Title (  two\n  lines )", "two lines"),
    ("/Title <FEFF00DC0062006500720020>", "Über"),
    ("", "First line"),
]


@pytest.mark.parametrize(("info", "title"), TITLES)
def test_the_title_is_the_documents_own_unless_a_program_made_it_up(info: str, title: str) -> None:
    found = read(pdf(["First line", "Second line."], info=info))

    assert isinstance(found, Reading)
    assert found.title == found.items[0].title == title


DATES = [
    ("/ModDate (D:20251001093000-04'00')", datetime(2025, 10, 1, 13, 30, tzinfo=UTC)),
    ("/ModDate (D:20251001093000Z)", datetime(2025, 10, 1, 9, 30, tzinfo=UTC)),
    ("/ModDate (D:20251001)", datetime(2025, 10, 1, 12, tzinfo=UTC)),
    ("/CreationDate (D:20250901120000+02'00')", datetime(2025, 9, 1, 10, tzinfo=UTC)),
    ("/CreationDate (D:20250901) /ModDate (D:20251001)", datetime(2025, 10, 1, 12, tzinfo=UTC)),
    ("/CreationDate (D:20250901) /ModDate (D:20991001)", datetime(2025, 9, 1, 12, tzinfo=UTC)),
    ("/ModDate (D:19040101000000Z)", None),
    ("/ModDate (D:20251301)", None),
    ("/ModDate (D:20250101000000+99'99')", None),
    ("/ModDate (Wednesday)", None),
    ("", None),
]


@pytest.mark.parametrize(("info", "moment"), DATES)
def test_the_date_is_that_of_the_last_change_if_it_can_be_believed(info: str, moment: datetime | None) -> None:
    found = item(pdf(["Text"], info=info)).published

    assert found == moment
    assert found is None or found.utcoffset() == timedelta(0)


def test_D1_pages_beyond_the_limit_are_left_out_with_a_note() -> None:
    found = read(pdf(*([f"Sheet {number}."] for number in range(MOST_PAGES + 3))))

    assert isinstance(found, Reading)
    assert found.notes == ("503 pages, of which the first 500 were read",)
    assert found.items[0].text.endswith("Sheet 499.")


def test_D1_text_beyond_the_limit_is_left_out_with_a_note() -> None:
    page = ["Word " * 2_000 + "."] * 11

    found = read(pdf(*[page] * 20))

    assert isinstance(found, Reading)
    assert found.notes == ("the text from page 19 on is left out: more than 2,000,000 characters",)
    assert 1_900_000 < len(found.items[0].text) <= 2_100_000


ENCRYPTION = (
    f"/Encrypt << /Filter /Standard /V 1 /R 2 /O <{'28' * 32}> /U <{'00' * 32}> /P -44 >> "
    f"/ID [<{'01' * 16}> <{'01' * 16}>]"
)


def test_D1_an_encrypted_pdf_is_a_limit_told_in_words() -> None:
    failed = failure(pdf(["Secret"], trailer=ENCRYPTION))

    assert failed == ReadFailed(PollError.PDF_LIMIT, "the PDF is encrypted: it can be read only with a password")


WHOLE = pdf(["Memorandum"])
NOT_PDFS = [
    (b"", "not a PDF: it does not begin with %PDF-"),
    (b"<html>%PDF-1.7 %%EOF", "not a PDF: it does not begin with %PDF-"),
    (b"\x89PNG", "not a PDF: it does not begin with %PDF-"),
    (WHOLE[: len(WHOLE) // 2], "the PDF ends in the middle (no %%EOF)"),
    (WHOLE[:-10], "the PDF ends in the middle (no %%EOF)"),
    (b"%PDF-1.7\n" + b"garbage " * 100 + b"\n%%EOF", "the PDF is damaged: "),
    (assembled([b"<< /Type /Catalog >>", b"null", b"null", b"<< >>"]), "the PDF is damaged: "),
    (pdf([]), "the PDF holds no text on its 1 pages: a scan, or pages that are damaged"),
    (pdf(b"null"), "the PDF holds no text on its 1 pages"),
]


@pytest.mark.parametrize(("body", "words"), NOT_PDFS)
def test_D1_what_is_no_whole_pdf_with_text_is_no_document(body: bytes, words: str) -> None:
    failed = failure(body)

    assert failed.error is PollError.NOT_A_DOCUMENT
    assert failed.detail.startswith(words)


def test_D1_a_page_that_is_damaged_is_left_out_with_a_note() -> None:
    body = pdf(["First."], ["Second."], ["Third."])
    broken = body.replace(b"/Type /Page /Parent 2 0 R", b"/Type /Oops /Parent 9 0 R", 2).replace(
        b"/Type /Oops", b"/Type /Page", 1
    )

    found = read(broken.replace(b"7 0 obj\n<<", b"7 0 obj\n[]"))

    assert isinstance(found, Reading)
    assert found.items[0].text == "First.\nThird."
    assert found.notes == ("page 2 is damaged and was left out",)


def test_D1_a_page_tree_that_bites_its_tail_ends_in_a_value() -> None:
    loop = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Count 9 /Kids [2 0 R 2 0 R] /Parent 2 0 R >>",
        b"null",
    ]

    assert isinstance(read(assembled([*loop, b"<< >>"])), ReadFailed)


def test_D1_scripts_in_a_pdf_are_not_run() -> None:
    script = [b"<< /S /JavaScript /JS (app.launchURL\\('https://canary.example'\\);) >>"]
    body = pdf(["Memorandum"], objects=script).replace(b"/Pages 2 0 R >>", b"/Pages 2 0 R /OpenAction 7 0 R >>")

    assert item(body).text == "Memorandum"


def test_text_before_the_header_is_tolerated_and_markup_is_not() -> None:
    assert is_pdf(b"\n\n%PDF-1.4")
    assert is_pdf(b"junk\n%PDF-1.4")
    assert not is_pdf(b"<p>How to open %PDF-1.4 files")
    assert not is_pdf(b" " * 2_000 + b"%PDF-1.4")


def test_control_characters_in_the_text_are_dropped() -> None:
    shown = stream(b"BT /F1 12 Tf 72 720 Td (a\\000b\\037c\\001) Tj ET")

    assert all(character.isprintable() for character in item(pdf(shown)).text)
