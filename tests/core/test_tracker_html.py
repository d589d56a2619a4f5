"""page_text: a tracker page as HTML becomes the text that read_page reads, with the documents' addresses."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from monitor.core.tracker import page_text, read_page
from monitor.errors import Unreadable
from monitor.model.policy import ActionRecord, SourceDocument
from tests.core.vocabularies import climate, immigration

FEBRUARY_3 = date(2025, 2, 3)
PAGES = Path(__file__).parent / "pages"


def test_a_page_with_numbered_items_reads_whole() -> None:
    record = read_page(page_text((PAGES / "numbered.html").read_text(encoding="utf-8")), immigration())

    assert (record.url, record.title) == ("https://tracker.example/policies/mail-scans", "Reported: Agency scans mail")
    assert (record.tracker_id, record.trump_version) == (2001, "2.0")
    assert (record.announced, record.effective) == (date(2025, 6, 2), date(2025, 6, 3))
    assert record.summary == "The agency scans mail.\nIt gives two reasons:\n• speed;\n• cost."
    assert record.source_document == SourceDocument(
        "2025.06.02_Reported: Mail scans - Gazette", "https://gazette.example/mail?a=1&b=2"
    )
    kind = "Subsequent Trump and Court Action"
    assert record.actions == (
        ActionRecord(
            kind,
            date(2025, 7, 1),
            "2025.07.01 Complaint - Doe v. Agency",
            "A clerk sued.\nThe case is No. 1:25-cv-1.",
            "https://tracker.example/documents/complaint.pdf",
        ),
        ActionRecord(kind, date(2025, 8, 1), "2025.08.01 Reported: Scans go on - Gazette", "", None, reported=True),
    )
    assert (record.current_status, record.status_tags) == ("Partially in effect", ("Reported", "In Litigation"))
    assert (record.agencies, record.related) == (("ICE", "State & Local Entities"), ("May 1, 2018 An older scan",))


def test_a_page_with_bulleted_actions_reads_whole() -> None:
    record = read_page(page_text((PAGES / "bulleted.html").read_text(encoding="utf-8")), climate())

    assert (record.title, record.trump_version, record.announced) == (
        "EPA drops a cap",
        "Second term",
        date(2025, 2, 3),
    )
    assert [(action.date, action.title, action.document_url) for action in record.actions] == [
        (date(2025, 3, 4), "2025.03.04 Reported: Cap gone - Wire", "https://wire.example/cap"),
        (date(2025, 3, 5), "Notice", None),
    ]
    assert (record.subjects, record.agencies, record.current_status) == (("Vehicles: Heavy-Duty",), ("EPA",), "Stayed")


def test_a_page_without_lists_is_read_as_flat_text() -> None:
    html = (
        "<h1>A title</h1><h2>Original Date Announced</h2><p>May 1, 2025</p><p>Text. [ID #4]</p><a href='https://d.example'>"
        "The memo</a><h2>Subsequent Action</h2><p>May 2, 2025</p><p>An order</p><p>It holds.</p>"
        "<a href='https://d.example/2'>View Document</a><h2>Current Status</h2><p>None</p><p>Status: Proposed</p>"
    )

    record = read_page(page_text(html), immigration())

    assert (record.title, record.source_document) == ("A title", SourceDocument("The memo", "https://d.example"))
    assert [(action.title, action.document_url) for action in record.actions] == [("An order", "https://d.example/2")]
    assert (record.current_status, record.status_tags) == ("None", ("Proposed",))


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>a  b\n c</p>", "a b c"),
        ("<p>a<br>b</p>", "a\nb"),
        ("<div>a</div><div>b</div>", "a\nb"),
        ("<p>a</p><p>b</p>", "a\n\nb"),
        ("<p>one <b>bold</b>, <i>two</i></p>", "one bold, two"),
        ("<p>a<script>x</script><style>y</style><nav>z</nav></p>", "a"),
        ("<ol><li>a</li><li></li><li value=4>b</li></ol>", "  1. a\n  2. \n  4. b"),
        ("<ol start=3><li><h3>a</h3><p>b</p><ul><li>c</li></ul></li></ol>", "  3. a\n\n    b\n\n      • c"),
        ("<p><a href='https://x.example/a'>A</a></p>", "A <https://x.example/a>"),
        ("<p>see <a href='https://x.example/a'>A</a></p>", "see A"),
        ("<p><a href='/a'>A</a> <a href='#b'>B</a> <a href='javascript:c'>C</a></p>", "A B C"),
        ("<p>x &lt;y&gt; &amp; &nbsp;z</p>", "x <y> & z"),
        ("<p hidden>a</p><p aria-hidden='true'>b</p><p>c</p>", "c"),
        ("", ""),
        ("<body></body>", ""),
    ],
)
def test_markup_becomes_lines(html: str, text: str) -> None:
    assert page_text(html).rstrip("\n").lstrip("\n") == text


@pytest.mark.parametrize(
    "head",
    [
        '<link rel="canonical" href="https://tracker.example/p/">',
        '<meta property="og:url" content="https://tracker.example/p/">',
    ],
)
def test_the_pages_own_address_comes_first(head: str) -> None:
    text = page_text(f"<html><head>{head}</head><body><a href='docs/a'>A</a></body></html>")

    assert text == "URL: https://tracker.example/p/\nA <https://tracker.example/p/docs/a>\n"


@pytest.mark.parametrize("href", ["http://[bad", "https://x.example/a b<c>", "mailto:a@b.example", " "])
def test_an_address_that_text_cannot_hold_is_left_out(href: str) -> None:
    assert page_text(f'<p><a href="{href}">A</a></p>').strip() == "A"


@pytest.mark.parametrize("nested", ["<div>", "<ol><li>", "<b>"])
def test_elements_nested_without_end_are_refused(nested: str) -> None:
    with pytest.raises(Unreadable, match="within each other"):
        page_text(nested * 2_000)


@pytest.mark.parametrize(
    "repeated", ["<p>a", "<br>", "<li>a", "<a href='https://x.example'>a</a>", "<", "&amp;", "<div></div>"]
)
def test_long_pages_take_linear_time(repeated: str) -> None:
    assert len(page_text(repeated * 10_000)) < 4_000_000
