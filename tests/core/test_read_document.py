"""Which reader reads a document, and what an operator's rules get wrong."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from monitor.core.read import read_document, rule_problems
from monitor.model.source import Fetched, PollError, ReadFailed, Reading, Source, SourceKind

NOW = datetime(2025, 10, 10, tzinfo=UTC)
FEED = b'<rss version="2.0"><channel><title>F</title><item><title>A</title><link>a</link></item></channel></rss>'
PAGE = b"<!doctype html><title>P</title><body><p>Text <a href='x'>X</a>"
TEXT = b"A plain notice."


def read(body: bytes, kind: SourceKind, content_type: str = "", **rules: tuple[str, ...]) -> Reading | ReadFailed:
    source = Source("s", "S", "https://s.example/start", kind, **rules)  # type: ignore[arg-type]
    fetched = Fetched("https://www.s.example/moved/", 200, body, {"content-type": content_type} if content_type else {})
    return read_document(fetched, source, NOW)


KINDS = [
    (FEED, SourceKind.AUTO, SourceKind.FEED),
    (FEED, SourceKind.FEED, SourceKind.FEED),
    (PAGE, SourceKind.AUTO, SourceKind.PAGE),
    (PAGE, SourceKind.PAGE, SourceKind.PAGE),
    (TEXT, SourceKind.AUTO, SourceKind.PAGE),
]


@pytest.mark.parametrize(("body", "kind", "read_as"), KINDS)
def test_a_document_is_read_as_what_its_source_is(body: bytes, kind: SourceKind, read_as: SourceKind) -> None:
    found = read(body, kind)

    assert isinstance(found, Reading)
    assert found.kind is read_as


FAILURES = [
    (PAGE, SourceKind.FEED, PollError.NOT_A_FEED),
    (b"", SourceKind.AUTO, PollError.NOT_A_FEED),
    (b'{"a": 1}', SourceKind.AUTO, PollError.NOT_A_FEED),
    (b"%PDF-1.7", SourceKind.AUTO, PollError.NOT_A_DOCUMENT),
    (b"<opml/>", SourceKind.AUTO, PollError.NOT_A_FEED),
    (b'<!DOCTYPE r [<!ENTITY a "b">]><rss version="2.0"/>', SourceKind.AUTO, PollError.PARSE_ENTITIES),
]


@pytest.mark.parametrize(("body", "kind", "error"), FAILURES)
def test_fault_47_what_cannot_be_read_is_a_value(body: bytes, kind: SourceKind, error: PollError) -> None:
    found = read(body, kind)

    assert isinstance(found, ReadFailed)
    assert found.error is error


def test_html_without_a_beginning_is_a_page_if_its_header_says_so() -> None:
    found = read(b"<section><p>Text</p></section>", SourceKind.AUTO, "text/html; charset=utf-8")

    assert isinstance(found, Reading)
    assert found.kind is SourceKind.PAGE


def test_links_of_a_feed_are_resolved_where_it_was_found() -> None:
    found = read(FEED, SourceKind.AUTO)

    assert isinstance(found, Reading)
    assert found.items[0].url == "https://www.s.example/moved/a"


def test_a_page_keeps_the_address_of_its_source_and_resolves_links_where_it_was_found() -> None:
    found = read(PAGE, SourceKind.AUTO)

    assert isinstance(found, Reading)
    assert found.items[0].key == "https://s.example/start"
    assert found.items[0].text.endswith("Link: X -> https://www.s.example/moved/x")


def test_the_sources_rules_are_applied_to_its_page() -> None:
    body = b"<body><div class=a><p>one</p><p>two</p><i>three</i></div>"

    found = read(body, SourceKind.PAGE, select=(".a",), drop=("i",), ignore=("o.e",))

    assert isinstance(found, Reading)
    assert found.items[0].text == "two"


def test_the_headers_charset_is_heard() -> None:
    found = read("<p>Указ".encode("cp1251"), SourceKind.PAGE, "text/html; charset=windows-1251")

    assert isinstance(found, Reading)
    assert found.items[0].text == "Указ"


def problems(**rules: tuple[str, ...]) -> list[str]:
    return rule_problems(Source("s", "S", "https://s.example/", **rules))  # type: ignore[arg-type]


def test_good_rules_have_no_problems() -> None:
    select = ("main article", "xpath://div[@id='x']/p", ".a > .b:not(.c)")

    assert problems(select=select, drop=("time", "xpath://time"), ignore=("^Last updated .*", r"\d+ views")) == []


BAD = [
    ({"select": ("main[",)}, 'select: "main[" is no CSS selector (such as main .content)'),
    ({"select": ("//main",)}, 'select: "//main" is no CSS selector: an XPath needs the prefix xpath:'),
    ({"drop": ("",)}, 'drop: "" is no CSS selector'),
    ({"drop": ("xpath://a[",)}, 'drop: "xpath://a[" is no XPath'),
    ({"select": ("xpath:nonsense(//a)",)}, 'select: "xpath:nonsense(//a)" is no XPath'),
    ({"select": ("xpath:",)}, 'select: "xpath:" is no XPath'),
    ({"ignore": ("(",)}, 'ignore: "(" is no regular expression of RE2 (missing ): ()'),
    ({"ignore": ("(?=x)",)}, "look-around and back-references are not among them"),
    ({"select": ("\ud800",)}, "is no CSS selector"),
]


@pytest.mark.parametrize(("rules", "words"), BAD)
def test_a_rule_that_cannot_work_is_told_in_words(rules: dict[str, tuple[str, ...]], words: str) -> None:
    (problem,) = problems(**rules)

    assert words in problem


def test_f18_every_bad_rule_is_told_and_not_only_the_first() -> None:
    assert len(problems(select=("[", "ok", "]"), drop=("[",), ignore=("(", "ok"))) == 4
