"""Words and links that no reader may let through, in every kind of document (THREATS F15, F16, F17, F18)."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from html import escape

import pytest
import re2
from hypothesis import example, given, settings
from hypothesis import strategies as st

from monitor.core.read import read_document
from monitor.core.read.rules import line_pattern
from monitor.core.urls import safe_link
from monitor.model.source import Fetched, Reading, ReadResult, Source, SourceKind
from tests.core.storable import CONTROLS, SEPARATORS, UNSEEN, check, one
from tests.core.test_render import PACKAGED, delivered, recorded, view

NOW = datetime(2025, 10, 10, 12, tzinfo=UTC)
URL = "https://news.example/feed"
SOURCE = Source("s", "S", URL, fields=(("title", "title"), ("url", "url"), ("text", "text")), items="items")


def read(body: bytes, kind: SourceKind = SourceKind.AUTO, content_type: str = "") -> ReadResult:
    return read_document(Fetched(URL, 200, body, {"content-type": content_type}), replace(SOURCE, kind=kind), NOW)


def rss(title: str, text: str = "Words.", link: str = "/a", more: str = "") -> str:
    item = f"<item><title>{title}</title><description>{text}</description><link>{link}</link>{more}</item>"
    return f"<rss version='2.0'><channel><title>{title}</title>{item}</channel></rss>"


def json_feed(title: str, text: str = "Words.", link: str = "/a") -> str:
    version = "https://jsonfeed.org/version/1.1"
    item = {"id": title or "1", "title": title, "content_text": text, "url": link}
    return json.dumps({"version": version, "title": title, "items": [item]})


def posts(title: str, text: str = "Words.", link: str = "/a") -> str:
    content = {"rendered": text}
    post = {"id": 1, "date_gmt": "2025-10-09T10:00:00", "link": link, "title": {"rendered": title}, "content": content}
    return json.dumps([post])


def mapped(title: str, text: str = "Words.", link: str = "/a") -> str:
    return json.dumps({"items": [{"title": title, "text": text, "url": link}]})


def listing(title: str, text: str = "Words.", link: str = "/a") -> str:
    rows = "".join(
        f"<li><a href='{escape(to)}'>{words}</a> <time datetime='2025-10-0{n}'>October {n}</time><p>{text}</p></li>"
        for n, (to, words) in enumerate(((link, title), ("/b", "Another memo on parole"), ("/c", "A third memo")), 1)
    )
    return f"<!doctype html><title>{title}</title><main><ul>{rows}</ul></main>"


def page(title: str, text: str = "Words.", link: str = "/a") -> str:
    return f"<!doctype html><title>{title}</title><main><p>{text} <a href='{escape(link)}'>here</a></p></main>"


def sitemap(title: str, text: str = "Words.", link: str = "/a") -> str:
    news = f"<n:news xmlns:n='n'><n:title>{title}</n:title><n:keywords>{text}</n:keywords></n:news>"
    return f"<urlset><url><loc>{link}</loc>{news}</url></urlset>"


def rules(title: str, text: str = "Words.", link: str = "/a") -> str:
    rin = "<RIN>1615-AC00</RIN>"
    rule = f"<REGACT>{rin}<TITLE>{title}</TITLE><STAGE>{text}</STAGE><URL>{link}</URL></REGACT>"
    return f"<OIRA_DATA>{rule}</OIRA_DATA>"


def docket(title: str, text: str = "Words.", link: str = "/a") -> str:
    return rss(title, text, link, "<guid>1</guid>")


MAKERS = {
    SourceKind.FEED: rss,
    SourceKind.AUTO: json_feed,
    SourceKind.WORDPRESS: posts,
    SourceKind.JSON: mapped,
    SourceKind.LISTING: listing,
    SourceKind.PAGE: page,
    SourceKind.SITEMAP: sitemap,
    SourceKind.REGINFO: rules,
    SourceKind.PACER: docket,
}
KINDS = pytest.mark.parametrize("kind", MAKERS, ids=str)
IN_JSON = (SourceKind.AUTO, SourceKind.WORDPRESS, SourceKind.JSON)


def in_document(kind: SourceKind, words: str) -> str:
    """The words as they stand in such a document: markup characters are written as references."""
    return words if kind in IN_JSON else escape(words)


# Without C1: the feed parser and browsers read those as the letters of Windows-1252, which can be seen.
UNWANTED = "".join(mark for mark in UNSEEN + CONTROLS[:33] + SEPARATORS[:2] if mark not in "\t\n\r\f ")


@KINDS
def test_F16_what_cannot_be_seen_is_gone_from_every_kind_of_document(kind: SourceKind) -> None:
    words = f"Agency{UNWANTED} ends the {UNWANTED}programme of parole today"
    body = MAKERS[kind](in_document(kind, words), in_document(kind, words))

    found = read(body.encode(), kind)

    check(found)
    assert isinstance(found, Reading)
    shown = "\n".join(f"{item.title}\n{item.text}" for item in found.items)
    assert "Agency ends the programme of parole today" in " ".join(shown.split())
    assert not set(shown) & set(UNWANTED)


@KINDS
@pytest.mark.parametrize("long", ["a word " * 150_000, "x" * 1_000_000], ids=["words", "one word"])
def test_F16_a_title_of_a_megabyte_is_cut_at_512_characters(kind: SourceKind, long: str) -> None:
    found = read(MAKERS[kind](long, "Words.", "/" + "y" * 2_000).encode(), kind)

    check(found)


@pytest.mark.parametrize("kind", [SourceKind.FEED, SourceKind.AUTO, SourceKind.WORDPRESS, SourceKind.JSON], ids=str)
def test_F16_a_link_of_2000_characters_that_stands_in_for_a_title_is_cut(kind: SourceKind) -> None:
    found = read(MAKERS[kind]("", "", "/" + "y" * 1_990).encode(), kind)

    check(found)
    assert isinstance(found, Reading)
    assert [len(item.title) <= 512 for item in found.items] == [True]


HOSTILE_WORDS = st.text(max_size=40) | st.lists(
    st.sampled_from([*UNSEEN, *CONTROLS, *SEPARATORS, "\ud800", "e\u0301", "&#0;", "&#x202e;", "<b>", "<", "x", " "]),
    max_size=20,
).map("".join)


@KINDS
@settings(max_examples=25, deadline=None)
@given(title=HOSTILE_WORDS, text=HOSTILE_WORDS, link=HOSTILE_WORDS)
@example(title="\ud800", text="\ud800\udc00", link="/\ud800")
@example(title="\u202egnp.exe", text="a\u2028b\u2029c", link="java\tscript:alert(1)")
def test_F15_F16_no_words_are_stored_that_cannot_be_or_must_not_be_shown(
    kind: SourceKind, title: str, text: str, link: str
) -> None:
    for body in (
        MAKERS[kind](title, text, link),
        MAKERS[kind](*(in_document(kind, each) for each in (title, text, link))),
    ):
        check(read(body.encode("utf-8", "surrogatepass"), kind))


CHARSETS = [
    "utf-8",
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "utf-32",
    "utf-7",
    "cp1252",
    "latin-1",
    "shift_jis",
    "utf-8-sig",
]
SAID = "Ende der Überprüfung – „heute“"


@pytest.mark.parametrize("written", CHARSETS)
@pytest.mark.parametrize("claimed", [*CHARSETS, "hex", "none-such", "idna"])
def test_F15_a_charset_that_is_a_lie_leaves_a_document_that_can_be_read(written: str, claimed: str) -> None:
    body = f'<?xml version="1.0" encoding="{claimed}"?>{rss(SAID)}'.encode(written, "replace")

    found = read(body, content_type=f"application/xml; charset={claimed}")

    check(found)
    if written == claimed and written not in ("utf-7", "utf-16-le", "utf-16-be", "latin-1", "shift_jis"):
        assert isinstance(found, Reading)
        assert found.items[0].title == SAID


@settings(max_examples=60, deadline=None)
@given(
    st.binary(max_size=200), st.sampled_from([*SourceKind]), st.sampled_from(["", "text/html", "a/b; charset=utf-16"])
)
@example(b"\xc0\xaf\xe0\x80\xaf\xf0\x80\x80\xaf", SourceKind.PAGE, "")  # an overlong slash
@example(b"\xed\xa0\x80\xed\xb0\x80", SourceKind.PAGE, "")  # surrogates in UTF-8
@example(b'{"items":[{"title":"\\ud800\\u0000"}]}', SourceKind.JSON, "")
@example(b"+ADw-script+AD4-alert(1)+ADw-/script+AD4-", SourceKind.PAGE, "text/html; charset=utf-7")
def test_F15_any_bytes_as_any_kind_come_to_something_that_can_be_stored(
    body: bytes, kind: SourceKind, content_type: str
) -> None:
    for document in (body, b"<rss version='2.0'><channel><item><title>" + body, b"<!doctype html><p>" + body):
        check(read(document, kind, content_type))


BAD_LINKS = [
    "javascript:alert(1)",
    "JaVa\tScript:alert(1)",
    "java\nscript:alert(1)",
    " javascript:alert(1)",
    "\x01javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:msgbox(1)",
    "file:///etc/passwd",
    "blob:https://a.example/1",
    "https://user:secret@a.example/",
    "https:\\\\evil.example",
]


@KINDS
@pytest.mark.parametrize("link", BAD_LINKS)
def test_F17_a_link_that_is_no_web_address_is_no_link_and_its_words_are_text(kind: SourceKind, link: str) -> None:
    written = link if kind is SourceKind.LISTING or kind is SourceKind.PAGE else in_document(kind, link)
    body = MAKERS[kind]("Agency ends the programme", in_document(kind, f"See {link.strip()} here"), written)

    found = read(body.encode(), kind)

    check(found)
    assert isinstance(found, Reading)
    for item in found.items:
        assert item.url is None or item.url.split("//")[1].startswith("news.example")
        assert "script:" not in (item.url or "")


@pytest.mark.parametrize("kind", [SourceKind.FEED, SourceKind.AUTO, SourceKind.WORDPRESS], ids=str)
def test_F17_a_relative_link_leads_to_the_documents_own_site(kind: SourceKind) -> None:
    found = read(MAKERS[kind]("A", "Words.", "../b?c=d#e").encode(), kind)

    assert isinstance(found, Reading)
    assert found.items[0].url == "https://news.example/b?c=d#e" == safe_link("../b?c=d#e", URL)


@settings(max_examples=40, deadline=None)
@given(HOSTILE_WORDS)
@example("A\u202egnp.exe\u2069 \u200bzero\u2028line\x1b[31m\x85")
def test_F16_no_control_reaches_a_mail_or_its_subject(words: str) -> None:
    found = read(rss(in_document(SourceKind.FEED, words)).encode("utf-8", "surrogatepass"))
    title = found.items[0].title if isinstance(found, Reading) else ""
    mail = delivered(PACKAGED.mail(view(recorded(1, title=f"2025.10.09 {title}"))))

    for part in (mail.subject, mail.text, mail.html):
        assert not set(part) & set(UNSEEN + CONTROLS + SEPARATORS) - set("\n\r")
    assert title == one(title)


PATHOLOGICAL = ["(a+)+", "(a|a)*b", "(a|aa)+$", "(.*)*x", "(x+x+)+y", "([a-zA-Z]+)*!", "(a?){60}a{60}", ".*.*.*.*=.*"]


@pytest.mark.parametrize("expression", PATHOLOGICAL)
def test_F18_a_rule_that_would_backtrack_for_ever_is_linear(expression: str) -> None:
    """Bounded by the engine, not by a clock: it keeps no choices to come back to, of which there would be 2^(2^20)."""
    pattern = line_pattern(expression)

    assert isinstance(pattern, type(re2.compile("a")))
    assert pattern.fullmatch("a" * 2**20 + "?") is None


@pytest.mark.parametrize("expression", [r"(a)\1", "(?=a)b", "(?<!a)b", "a" * 2**21, "(a{1000}){1000}"])
def test_F18_a_rule_that_the_linear_engine_cannot_hold_is_refused(expression: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        line_pattern(expression)
