"""Watched pages to one item: the part that matters, as lines, with its links."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.diff import diff
from monitor.core.read import read_page
from monitor.core.text import clean
from monitor.model.page import Block, pack_blocks, unpack_blocks
from monitor.model.source import Item, PollError, ReadFailed, Reading, SourceKind

NOW = datetime(2025, 10, 10, 12, tzinfo=UTC)
URL = "https://company.example/blog/statement"

PAGE = """<!doctype html><html><head><title>Statement | Company</title>
<meta property="og:title" content="A statement on cameras">
<meta property="article:published_time" content="2025-08-25T09:00:00-04:00"></head>
<body><nav><a href="/">Home</a></nav><header>Company</header>
<main><article><h1>A statement</h1><div class="share">Share <a href="https://social.example/s">this</a></div>
<p>We paused <b>all</b> pilots. See the <a href="/files/report.pdf?utm_source=page">report</a> and
<a href="#more">more</a>.</p>
<ul><li>First</li><li>Second</li></ul>
<table><tr><th>State</th><th>Status</th></tr><tr><td>Virginia</td><td>paused</td></tr></table>
<p>Last updated October 9, 2025</p></article></main>
<aside>Related</aside><footer>Imprint</footer><script>track()</script></body></html>"""

PROSE = [
    "A statement",
    "Share this",
    "We paused all pilots. See the report and more.",
    "First",
    "Second",
    "State | Status",
    "Virginia | paused",
    "Last updated October 9, 2025",
]
LINK_LINES = ["Link: this -> https://social.example/s", "Link: report -> https://company.example/files/report.pdf"]


MAIN = [line for line in PROSE if line != "Share this"] + LINK_LINES[1:]  # the main text, where no rule says what it is


def reading(document: str | bytes, **rules: list[str]) -> Reading:
    found = attempt(document, **rules)
    assert isinstance(found, Reading), found
    return found


def attempt(document: str | bytes, **rules: list[str]) -> Reading | ReadFailed:
    body = document if isinstance(document, bytes) else document.encode()
    return read_page(
        body,
        url=URL,
        select=rules.get("select", ()),
        drop=rules.get("drop", ()),
        ignore=rules.get("ignore", ()),
        now=NOW,
    )


def lines(document: str | bytes, **rules: list[str]) -> list[str]:
    (item,) = reading(document, **rules).items
    return item.text.split("\n")


def test_a_page_is_one_item_under_its_address() -> None:
    assert replace(reading(PAGE), blocks=()) == Reading(
        SourceKind.PAGE,
        "A statement on cameras",
        (
            Item(
                key=URL,
                title="A statement on cameras",
                text="\n".join(MAIN),
                url=URL,
                published=datetime(2025, 8, 25, 13, tzinfo=UTC),
                published_raw="2025-08-25T09:00:00-04:00",
            ),
        ),
    )


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<nav>n</nav><main>m</main><article>a</article>", ["m"]),
        ("<div role=main>m</div>b", ["m"]),
        ("<nav>n</nav><article>a</article>b<article>c</article>", ["a", "c"]),
        ("<main></main><article>a</article>", ["a"]),
        ("<nav>n</nav><header>h</header><p>b</p><aside>s</aside><footer>f</footer>", ["b"]),
        ("<p>seen</p><p hidden>not seen</p>", ["seen"]),
    ],
)
def test_without_a_selector_the_main_part_is_read(body: str, expected: list[str]) -> None:
    assert lines(f"<html><body>{body}</body></html>") == expected


SELECTED = [
    (["ul"], ["First", "Second"]),
    (["ul", "h1"], ["First", "Second", "A statement"]),
    (["xpath://main//ul"], ["First", "Second"]),
    (["xpath: //tr[2]/td", "h1"], ["Virginia", "paused", "A statement"]),
    (["xpath://h1/text()"], ["A statement"]),
    (["xpath:count(//li)"], ["2.0"]),
    (["main, article"], [*PROSE, *LINK_LINES]),
    (["xpath://main | //article"], [*PROSE, *LINK_LINES]),
    (["a[href$='pdf'], a[href*='.pdf']"], ["report", LINK_LINES[1]]),
]


@pytest.mark.parametrize(("select", "expected"), SELECTED)
def test_selectors_join_their_parts_and_nothing_is_read_twice(select: list[str], expected: list[str]) -> None:
    assert lines(PAGE, select=select) == expected


@pytest.mark.parametrize("drop", [[".share", "table"], ["xpath://div[@class='share']", "xpath://table"]])
def test_dropped_elements_take_their_links_along(drop: list[str]) -> None:
    assert lines(PAGE, drop=drop) == [PROSE[0], *PROSE[2:5], PROSE[7], LINK_LINES[1]]


def test_what_stands_around_the_main_text_is_read_apart_from_it() -> None:
    blocks = reading(PAGE).blocks

    around = [block.text for block in blocks if not block.main]
    assert around == [
        *("Home", "Link: Home -> https://company.example/", "Company", "Share this"),
        *(LINK_LINES[0], "Related", "Imprint"),
    ]
    assert [block.text for block in blocks if block.main and block.text not in LINK_LINES] == MAIN[:-1]


def test_a_block_says_where_it_stands_by_tags_and_classes_that_name_no_single_page() -> None:
    page = """<body class="node-7"><main id="x1"><div class="field body"><p class="lead-42">One</p>
    <ul class="docs"><li>See <a href="/2.pdf">two</a></li></ul></div></main>"""

    assert [(block.place, block.text) for block in reading(page).blocks] == [
        ("main > div.field > p", "One"),
        ("main > div.field > ul.docs > li", "See two"),
        ("main > div.field > ul.docs > li > a", "Link: two -> https://company.example/2.pdf"),
    ]


def test_blocks_are_packed_and_unpacked_as_they_were() -> None:
    blocks = (*reading(PAGE).blocks, Block("", "12+a - b", False), Block("p", "", True))

    assert unpack_blocks(pack_blocks(blocks)) == blocks
    assert unpack_blocks(pack_blocks(())) == ()


NO_BLOCKS = [
    *(["p", "1", "+", "one"], ["p", "-1", "+", "one"], ["p", "x", "+", "one"], ["p", "0", "x", "one"]),
    *(["p", "0", "++", "one"], ["p", "0 0", "+", "one"], ["p", "0", "+", "one\ntwo"], ["p", "0", "+"]),
]


@pytest.mark.parametrize("packed", NO_BLOCKS)
def test_what_packs_no_blocks_is_refused(packed: list[str]) -> None:
    with pytest.raises(ValueError):
        unpack_blocks(packed)


def test_dropping_nested_elements_is_safe() -> None:
    assert lines("<body><div>a<div>b<div>c</div></div></div>d", drop=["div", "div div", "html"]) == ["d"]


def test_ignored_lines_must_match_as_a_whole() -> None:
    kept = lines(PAGE, select=["main"], ignore=["^Last updated .*", "First", "Sec", "Link: this .*"])

    assert kept == [*PROSE[:3], "Second", *PROSE[5:7], LINK_LINES[1]]


EMPTY = [
    ({"select": ["main .content"]}, 'select: "main .content" finds nothing'),
    ({"select": ["h1", "xpath://section"]}, 'select: "xpath://section" finds nothing'),
    ({"select": ["script"]}, "holds no text"),
    ({"drop": ["body"]}, "holds no text"),
]


@pytest.mark.parametrize(("rules", "detail"), EMPTY)
def test_a_selector_that_finds_nothing_is_a_failure_that_names_it(rules: dict[str, list[str]], detail: str) -> None:
    found = attempt(PAGE, **rules)

    assert isinstance(found, ReadFailed)
    assert found.error is PollError.SELECTOR_EMPTY
    assert detail in found.detail


@pytest.mark.parametrize("body", [b"", b"   ", b"<html><body><div id=app></div><script>x</script></body></html>"])
def test_a_page_without_text_is_a_failure_and_not_an_empty_page(body: bytes) -> None:
    found = attempt(body)

    assert isinstance(found, ReadFailed)
    assert found.error is PollError.SELECTOR_EMPTY


@pytest.mark.parametrize("body", [b"%PDF-1.7 x", b"\x89PNG\r\n", b"\x1f\x8b\x08", b"\x00" * 50])
def test_a_file_is_no_page(body: bytes) -> None:
    found = attempt(body)

    assert isinstance(found, ReadFailed)
    assert found.error is PollError.NOT_A_PAGE


def test_a_rule_that_does_not_compile_is_told_and_not_raised() -> None:
    found = attempt(PAGE, select=["main["])

    assert isinstance(found, ReadFailed)
    assert 'select: "main[" is no CSS selector' in found.detail


def test_plain_text_keeps_its_lines() -> None:
    assert lines(b"First line\nSecond & last") == ["First line", "Second & last"]


LINKS = [
    ('<a href="../x.pdf">X</a>', ["Link: X -> https://company.example/x.pdf"]),
    ('<a href="#part">X</a>', []),
    (f'<a href="{URL}#part">X</a>', []),
    ('<a href="mailto:a@b.example">X</a>', []),
    ('<a href="javascript:void(0)">X</a>', []),
    (
        '<a href="/a/order%20one.pdf"><img src=i></a>',
        ["Link: order one.pdf -> https://company.example/a/order%20one.pdf"],
    ),
    ('<a href="/"><img src=i></a>', ["Link: company.example -> https://company.example/"]),
    ('<a href="/x">X</a> <a href="/x">X</a>', ["Link: X -> https://company.example/x"]),
    ('<base href="https://cdn.example/d/"><a href="x">X</a>', ["Link: X -> https://cdn.example/d/x"]),
]


@pytest.mark.parametrize(("markup", "expected"), LINKS)
def test_links_follow_the_prose_each_once(markup: str, expected: list[str]) -> None:
    assert [line for line in lines(f"<p>Text {markup}") if line.startswith("Link: ")] == expected


def test_links_are_resolved_where_the_page_was_found() -> None:
    found = read_page(b'<a href="x">X</a>', url=URL, base="https://www.company.example/de/", now=NOW)

    assert isinstance(found, Reading)
    assert found.items[0].key == URL
    assert found.items[0].text == "X\nLink: X -> https://www.company.example/de/x"


def test_an_exchanged_document_is_a_change_of_one_link_and_of_no_prose() -> None:
    after = PAGE.replace("report.pdf", "report-2.pdf")

    found = diff(reading(PAGE).items[0].text, reading(after).items[0].text)

    assert found.summary == "1 link changed"


TITLES = [
    ("<title>A | B</title><h1>C</h1>", "A | B"),
    ("<meta property='og:title' content=' '><title>A</title>", "A"),
    ("<h1>C <i>d</i></h1>", "C d"),
    ("<p>none", URL),
    (f"<title>{'word ' * 500}</title>", None),
]


@pytest.mark.parametrize(("markup", "title"), TITLES)
def test_the_title_is_the_pages_own(markup: str, title: str | None) -> None:
    found = reading(f"<body>{markup}<p>text").items[0].title

    assert (found == title) if title else len(found) <= 512


PUBLISHED = [
    ("<time datetime='2025-10-01'>1 Oct</time>", datetime(2025, 10, 1, 12, tzinfo=UTC), "2025-10-01"),
    ("<meta itemprop=datePublished content='2025-10-02'>", datetime(2025, 10, 2, 12, tzinfo=UTC), "2025-10-02"),
    ("<time datetime='soon'>", None, "soon"),
    ("<time datetime='2030-01-01'>", None, "2030-01-01"),
    ("", None, None),
]


@pytest.mark.parametrize(("markup", "moment", "raw"), PUBLISHED)
def test_a_date_of_publication_is_read_where_the_page_states_one(
    markup: str, moment: datetime | None, raw: str | None
) -> None:
    item = reading(f"<body>{markup}<p>text").items[0]

    assert (item.published, item.published_raw) == (moment, raw)


SOUP = """
    <main> <article> <p> </p> <div_hidden> <table> <tr> <td> </table> <a_href='x'> </a> <base_href='http://['> <!--
    <script> <html> </body> <time_datetime='1'> <title> x &#0;
"""
MARKUP = st.lists(st.sampled_from([piece.replace("_", " ") for piece in SOUP.split()]), max_size=25).map("".join)
RULES = st.sampled_from(
    [[], ["main"], ["xpath://p"], ["p", "xpath://td/text()"], ["*"], ["xpath://*"], ["xpath:1 div 0"]]
)


@given(MARKUP, RULES, RULES)
def test_any_markup_is_a_clean_item_or_a_failure(markup: str, select: list[str], drop: list[str]) -> None:
    found = attempt(markup, select=select, drop=drop)

    if isinstance(found, Reading):
        (item,) = found.items
        assert item.text == clean(item.text)
        assert item.title


@given(st.binary(max_size=300))
def test_any_bytes_are_a_value(body: bytes) -> None:
    assert isinstance(attempt(body), Reading | ReadFailed)


@pytest.mark.parametrize("rules", [{}, {"select": ["xpath://b"]}, {"drop": ["xpath://i", "b b"]}])
@pytest.mark.timeout(20)
def test_f19_deep_and_wide_pages_end_in_a_value(rules: dict[str, list[str]]) -> None:
    for body in ("<div>" * 50_000 + "x", "<b>" * 1_900 + "<i hidden>x</i>" * 500, "<table><tr><td>" * 10_000 + "x"):
        assert isinstance(attempt(body, **rules), Reading | ReadFailed)
