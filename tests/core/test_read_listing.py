"""Pages that list documents: found by their repetition, without a word about any site."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from monitor.core.read.listing import read_listing
from monitor.core.read.repeats import MOST_ROWS
from monitor.model.source import Fetched, Item, PollError, ReadFailed, Reading, Source, SourceKind

NOW = datetime(2025, 10, 10, 12, tzinfo=UTC)
URL = "https://agency.example/news"
NAV = """<nav><ul><li><a href="/about">About the agency and its work</a></li><li><a href="/jobs">Work for us in the
    field</a></li><li><a href="/help">Help for people who write</a></li></ul></nav>"""
MENU = NAV.replace("nav>", "div>").replace("<div>", '<div class="site-menu">')
FOOTER = """<footer><ul><li><a href="/privacy">Our privacy policy in full</a></li><li><a href="/foia">Freedom of
    information at the agency</a></li><li><a href="/map">A map of all our pages</a></li></ul></footer>"""
DAYS = (9, 8, 2)


def page(body: str, title: str = "Newsroom") -> str:
    return f"<!doctype html><html><head><title>{title}</title></head><body>{NAV}{MENU}{body}{FOOTER}</body></html>"


def rows(row: Callable[[int], str], before: str = "<ul>", after: str = "</ul>") -> str:
    return before + "\n".join(map(row, DAYS)) + after


def result(document: str | bytes, **rules: tuple[str, ...]) -> Reading | ReadFailed:
    body = document if isinstance(document, bytes) else document.encode()
    source = Source("s", "S", URL, SourceKind.LISTING, **rules)  # type: ignore[arg-type]
    return read_listing(Fetched(URL, 200, body), source, NOW)


def read(document: str | bytes, **rules: tuple[str, ...]) -> Reading:
    found = result(document, **rules)
    assert isinstance(found, Reading), found
    return found


def day(number: int) -> datetime:
    return datetime(2025, 10, number, 12, tzinfo=UTC)


def test_a_list_of_links_with_dates_is_read_in_the_pages_order() -> None:
    document = page(
        rows(lambda n: f'<li><a href="/memo/{n}">Memo {n}</a> <time datetime="2025-10-0{n}">Oct {n}</time></li>')
    )

    reading = read(document)

    assert reading.title == "Newsroom"
    assert reading.items[0] == Item(
        key="https://agency.example/memo/9",
        title="Memo 9",
        text="",
        url="https://agency.example/memo/9",
        published=day(9),
        published_raw="2025-10-09",
    )
    assert [item.title for item in reading.items] == ["Memo 9", "Memo 8", "Memo 2"]


def link(n: int) -> str:
    return f'<a href="/memo/{n}">Memo {n} on parole</a>'


def card(n: int) -> str:
    return f'<a class="card" href="/memo/{n}"><p>Oct {n}, 2025</p><h3>Memo {n} on parole</h3><p>Summary.</p></a>'


def leaf(n: int) -> str:
    return f"<div><i>Oct</i><div>{n}</div><div>2025</div><div>{link(n)}</div></div>"


def post(n: int) -> str:
    return f'<article class="post post-{n} tag-{"abcdefghij"[n]}">{link(n)}<p>2025-10-0{n}</p></article>'


def counted(n: int) -> str:
    return f'<div class="row row-{n} {"odd" if n % 2 else "even"}">{link(n)} <span>{n} Oct 2025</span></div>'


def article(n: int) -> str:
    return f"<article><header><h2>{link(n)}</h2><p>October {n}, 2025</p></header></article>"


OLDER = "<tr><td>12/25/2024</td><td><a href='/memo/0'>Memo 0</a></td></tr></table>"
DIV = ("<div>", "</div>")
LAYOUTS = {
    "a table": rows(lambda n: f"<tr><td>10/0{n}/2025</td><td>{link(n)}</td></tr>", "<table>", OLDER),
    "a definition list": rows(lambda n: f"<dt>October {n}, 2025</dt><dd>{link(n)}</dd>", "<dl>", "</dl>"),
    "paragraphs": rows(lambda n: f"<p>October {n}, 2025 - {link(n)}</p>", "", ""),
    "lines with breaks": rows(lambda n: f"Oct. {n}, 2025 – {link(n)}<br>", *DIV),
    "headlines, each with its date below": rows(lambda n: f"<h3>{link(n)}</h3><p>Posted {n} October 2025</p>", *DIV),
    "headlines, each with its date above": rows(lambda n: f"<b>{n} October 2025</b><h3>{link(n)}</h3>", *DIV),
    "dates as headings": rows(lambda n: f"<h3>October {n}, 2025</h3><ul><li>{link(n)}</li></ul>", *DIV),
    "cards that are links": rows(card, *DIV),
    "calendar leaves": rows(leaf, *DIV),
    "classes that differ": rows(post, *DIV),
    "blocks that are counted": rows(counted, *DIV),
    "a wrapper called menu": rows(lambda n: f"<li>{link(n)} October {n}, 2025</li>", "<div class='with-menu'>"),
    "heads of articles": rows(article, "<main>", "</main>"),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_many_layouts_say_the_same(layout: str) -> None:
    items = [item for item in read(page(LAYOUTS[layout])).items if item.title != "Memo 0"]

    assert [(item.key, item.title, item.published) for item in items] == [
        (f"https://agency.example/memo/{n}", f"Memo {n} on parole", day(n)) for n in DAYS
    ]


def test_a_date_above_several_links_is_the_date_of_each() -> None:
    groups = "".join(
        f"<h3>October {n}, 2025</h3><ul>"
        + "".join(f'<li><a href="/{n}{k}">Memo {n}{k}</a></li>' for k in "abc")
        + "</ul>"
        for n in (9, 8)
    )

    items = read(page(groups)).items

    assert [(item.title, item.published) for item in items] == [(f"Memo {n}{k}", day(n)) for n in (9, 8) for k in "abc"]


WRITTEN = [
    ("October 9, 2025", day(9)),
    ("Oct. 9, 2025", day(9)),
    ("9 October 2025", day(9)),
    ("Thursday, October 9th, 2025", day(9)),
    ("2025-10-09", day(9)),
    ("2025-10-09T08:00:00-04:00", datetime(2025, 10, 9, 12, tzinfo=UTC)),
    ("Posted on October 9, 2025 by the press office", day(9)),
    ("10/09/2025", None),  # October or September: nothing on the page tells
    ("yesterday", None),
    ("January 1, 2031", None),
]


@pytest.mark.parametrize(("written", "moment"), WRITTEN)
def test_dates_are_read_in_many_forms(written: str, moment: datetime | None) -> None:
    rest = "".join(f"<li><a href='/{n}'>Memo {n}</a> October {n}, 2025</li>" for n in (7, 6))

    items = read(page(f"<ul><li><a href='/1'>Memo 1</a> {written}</li>{rest}</ul>")).items

    assert items[0].published == moment


@pytest.mark.parametrize(("other", "month"), [("10/25/2024", 10), ("25/10/2024", 9)])
def test_the_other_dates_of_a_list_tell_whether_the_month_stands_first(other: str, month: int) -> None:
    document = page(f"<ul><li><a href='/1'>Memo 1</a> 10/09/2025</li><li><a href='/2'>Memo 2</a> {other}</li></ul>")

    assert read(document).items[0].published == datetime(2025, month, 9 if month == 10 else 10, 12, tzinfo=UTC)


def test_a_date_in_the_address_is_a_date() -> None:
    document = page(rows(lambda n: f"<li><a href='/2025/10/0{n}/order'>Order {n}</a></li>"))

    assert [item.published for item in read(document).items] == [day(n) for n in DAYS]


def test_a_date_within_a_summary_is_not_the_items() -> None:
    prose = "until October 1, 2025, people may ask for assistance in the counties that the storm of the summer struck"
    document = page(rows(lambda n: f"<li><h3>{link(n)}</h3><p>{prose}</p><p>October {n}, 2025</p></li>"))

    assert [item.published for item in read(document).items] == [day(n) for n in DAYS]


def test_a_summary_is_the_text_without_date_title_and_read_more() -> None:
    more = "<p><a href='/memo/{n}'>Read more</a></p>"
    row = "<li><h3>{link}</h3><p>October {n}, 2025</p><p>Summary {n}.</p>" + more + "</li>"
    document = page(rows(lambda n: row.format(n=n, link=link(n))))

    assert [item.text for item in read(document).items] == ["Summary 9.", "Summary 8.", "Summary 2."]


def test_where_links_say_only_read_more_the_heading_is_the_title() -> None:
    document = page(rows(lambda n: f"<li><h3>Memo {n}</h3>October {n}, 2025 <a href='/memo/{n}'>Read more</a></li>"))

    assert [(item.title, item.url) for item in read(document).items][:1] == [
        ("Memo 9", "https://agency.example/memo/9")
    ]


def test_a_link_that_every_block_has_is_nobodys_title() -> None:
    topic = "<a href='/topic'>A topic with a long name</a>"
    document = page(rows(lambda n: f"<li>October {n}, 2025 {topic} <a href='/memo/{n}'>Memo</a></li>"))

    assert [item.title for item in read(document).items] == ["Memo"] * 3


def test_a_list_without_dates_is_told_from_navigation_by_its_long_titles() -> None:
    short = (
        "<ul><li><a href='/a'>Contact</a></li><li><a href='/b'>News</a></li><li><a href='/c'>Press kit</a></li></ul>"
    )
    document = page(short + rows(lambda n: f"<li><a href='/memo/{n}'>Policy memorandum {n} on parole</a></li>"))

    reading = read(document)

    assert [item.title for item in reading.items] == [f"Policy memorandum {n} on parole" for n in DAYS]
    assert reading.notes == ("3 of 3 items have no date that can be believed",)


def test_two_lists_with_dates_are_both_read() -> None:
    releases = rows(lambda n: f"<li>{link(n)} October {n}, 2025</li>")
    speeches = rows(
        lambda n: f"<p class='s'><a href='/speech/{n}'>Speech {n}</a> {n} October 2025</p>", "<div>", "</div>"
    )

    assert len(read(page(releases + speeches)).items) == 6


def test_further_pages_of_the_list_are_no_items() -> None:
    pager = "<ul>" + "".join(f"<li><a href='/news?page={n}'>October {n}, 2025</a></li>" for n in DAYS) + "</ul>"
    document = page(rows(lambda n: f"<li>{link(n)} October {n}, 2025</li>") + pager)

    assert [item.url for item in read(document).items] == [f"https://agency.example/memo/{n}" for n in DAYS]


NO_LISTS = [
    page("<main><p>One statement, with <a href='/a'>a link</a> in it.</p></main>"),
    page("<p>Loading ...</p>"),
    page("<ul><li><a href='/a'>Contact</a></li><li><a href='/b'>News</a></li><li><a href='/c'>Kit</a></li></ul>"),
]


@pytest.mark.parametrize("document", NO_LISTS)
def test_navigation_alone_is_no_list(document: str) -> None:
    found = result(document)

    assert isinstance(found, ReadFailed)
    assert found.error is PollError.NOT_A_DOCUMENT
    assert "give a select, or kind page" in found.detail


REFUSED: list[bytes] = [b"", b"%PDF-1.7", b'{"a": "<p>"}', b"<?xml version='1.0'?><rss><channel/></rss>", b"words"]


@pytest.mark.parametrize("body", REFUSED)
def test_what_is_no_page_is_told(body: bytes) -> None:
    found = result(body)

    assert isinstance(found, ReadFailed)
    assert found.error is PollError.NOT_A_DOCUMENT


class TestTheOperatorsRules:
    document = page(
        rows(lambda n: f"<li class=r>{link(n)} October {n}, 2025<p>Volatile {n}</p><p>Kept</p></li>", "<ul id=a>")
        + rows(lambda n: f"<li><a href='/other/{n}'>Other {n}</a> October {n}, 2025</li>", "<ul id=b>")
    )

    @pytest.mark.parametrize("rule", ["#a", ".r", "xpath://ul[@id='a']", "xpath://li[@class='r']"])
    def test_select_narrows_to_the_list_or_names_its_blocks(self, rule: str) -> None:
        assert [item.title for item in read(self.document, select=(rule,)).items] == [
            f"Memo {n} on parole" for n in DAYS
        ]

    def test_drop_takes_parts_out(self) -> None:
        assert len(read(self.document, drop=("#b",)).items) == 3

    def test_ignore_takes_lines_out(self) -> None:
        reading = read(self.document, select=("#a",), ignore=(r"Volatile \d+",))

        assert {item.text for item in reading.items} == {"Kept"}

    @pytest.mark.parametrize(
        "rules", [{"select": ("#none",)}, {"select": ("nav",), "drop": ("a",)}, {"select": ("[",)}]
    )
    def test_a_rule_that_finds_nothing_is_told(self, rules: dict[str, tuple[str, ...]]) -> None:
        found = result(self.document, **rules)

        assert isinstance(found, ReadFailed)
        assert found.error is PollError.SELECTOR_EMPTY


def test_an_item_is_known_by_its_canonical_link() -> None:
    marked = page(rows(lambda n: f"<li><a href='/memo/{n}/?utm_source=x#top'>Memo {n}</a> October {n}, 2025</li>"))

    assert read(marked).items[0].key == "https://agency.example/memo/9"


def test_f17_dangerous_links_are_no_items() -> None:
    document = page(rows(lambda n: f"<li><a href='javascript:x({n})'>Memo {n}</a> October {n}, 2025</li>"))

    assert isinstance(result(document), ReadFailed)


def test_f16_of_too_many_the_first_are_kept_and_it_is_told() -> None:
    document = page("<ul>" + "".join(f"<li><a href='/{n}'>Memo {n}</a> 2025-10-09" for n in range(MOST_ROWS + 1)))

    reading = read(document)

    assert len(reading.items) == MOST_ROWS
    assert "truncated: the first 2,000 of 2,001 items were kept" in reading.notes


HOSTILE = [
    "<div><a href=/x>" * 100_000,
    "".join(f"<p class=c{n}><a href=/{n}>some words here</a> 1/1/1" for n in range(20_000)),
    "<table><tr><td>" * 1_500 + "".join(f"<a href=/{n}>w</a>" for n in range(2_000)),
    "<ul>" + "".join(f"<li><a href=/{n // 2}>w x y z</a>{'1/' * 500}" for n in range(2_000)),
]


@pytest.mark.timeout(20)
@pytest.mark.parametrize("body", HOSTILE, ids=["nested", "many shapes", "deep", "slashes"])
def test_f19_hostile_pages_end_in_time(body: str) -> None:
    assert isinstance(result("<html><body>" + body), Reading | ReadFailed)


@given(st.binary(max_size=300) | st.text(alphabet="<>/ahrefulitdp='1 2025-", max_size=300).map(str.encode))
@example(b"<p><a href=x>a</a> 99/99/9999</p>" * 3)
@example(b"<a href=/0001/13/45>a b c d e</a><a href=/99990231>a b c d f</a><a href=/z>a b c d g</a>")
def test_f15_no_bytes_raise(body: bytes) -> None:
    for each in (body, b"<html><ul><li><a href=/1>Memo</a>" + body):
        assert isinstance(result(each), Reading | ReadFailed)


def shared(shared_data: Path, name: str, url: str) -> list[tuple[str | None, str, datetime | None]]:
    source = Source("s", "S", url, SourceKind.LISTING)
    body = (shared_data / "samples" / name).read_bytes()
    found = read_listing(Fetched(url, 200, body), source, datetime(2026, 8, 1, tzinfo=UTC))
    assert isinstance(found, Reading)
    return [(item.url, item.title, item.published) for item in found.items]


def test_the_shared_page_of_the_dhs(shared_data: Path) -> None:
    base = "https://www.dhs.gov/news/2026/07"

    assert shared(shared_data, "dhs_newsroom_index.html", "https://www.dhs.gov/news-releases/press-releases") == [
        (
            f"{base}/31/dhs-announces-addition-43-companies-uflpa-entity-list",
            "DHS Announces the Addition of 43 Companies to the UFLPA Entity List",
            datetime(2026, 7, 31, 12, tzinfo=UTC),
        ),
        (
            f"{base}/30/ice-asks-south-carolina-not-release-illegal-alien-charged-fatal-hit-and-run-killed",
            "ICE Asks South Carolina to Not Release Illegal Alien Charged in Fatal Hit-and-Run that Killed a Teenager",
            datetime(2026, 7, 30, 12, tzinfo=UTC),
        ),
    ]


def test_the_shared_page_of_the_fema(shared_data: Path) -> None:
    base = "https://www.fema.gov/press-release"

    assert shared(shared_data, "fema_newsroom_index.html", "https://www.fema.gov/about/news") == [
        (
            f"{base}/20260731/one-month-left-apply-fema-assistance-after-tropical-storm-arthur",
            "One Month Left to Apply for FEMA Assistance after Tropical Storm Arthur",
            datetime(2026, 7, 31, 9, 30, tzinfo=UTC),
        ),
        (
            f"{base}/20260730/one-month-update-michigan-recovery-numbers",
            "One Month Update: Michigan Recovery by the Numbers",
            datetime(2026, 7, 30, 15, 59, 7, tzinfo=UTC),
        ),
        (
            f"{base}/20260730/louisianans-can-apply-sba-loan",
            "Louisianans Can Apply for an SBA Loan",
            datetime(2026, 7, 30, 9, 45, tzinfo=UTC),
        ),
    ]


def test_the_shared_page_of_the_ofac(shared_data: Path) -> None:
    base = "https://ofac.treasury.gov/recent-actions"

    assert shared(shared_data, "ofac_recent_actions_index.html", base) == [
        (
            f"{base}/20260730",
            "Counter Terrorism Designations; Non-Proliferation Designation Update",
            datetime(2026, 7, 30, 12, tzinfo=UTC),
        ),
        (f"{base}/20260729", "Iran-related Designations", datetime(2026, 7, 29, 12, tzinfo=UTC)),
        (f"{base}/20260727", "Sanctions List Removals; Sanctions List Updates", datetime(2026, 7, 27, 12, tzinfo=UTC)),
    ]
