"""A redline as HTML: told without colour, for eyes and for screen readers; nothing of a page's text is markup."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.redline import redline
from monitor.core.redline_html import document, mail_html, page_html
from monitor.model.change import Part, PartKind

REPORT = "Link: Report -> https://a.example/{}.pdf"
PARTS = (
    Part(PartKind.CHANGED, "It is proposed.", "It is final."),
    Part(PartKind.ADDED, "", "A whole paragraph."),
    Part(PartKind.REMOVED, "Another one.", ""),
    Part(PartKind.MOVED, "As it was", "As it was"),
    Part(PartKind.LINK, REPORT.format(1), REPORT.format(2)),
)


def words(html: str) -> str:
    """What a screen reader says."""
    return " ".join(re.sub(r"<[^>]*>", "", html.replace("</p>", " ")).split())


TOLD = (
    "Changed It is [removed: proposed] [added: final]. "
    "Added A whole paragraph. "
    "Removed Another one. "
    "Moved As it was "
    "Link changed Report Address was: https://a.example/1.pdf Address is now: https://a.example/2.pdf"
)


def test_every_change_is_told_in_words_on_a_page() -> None:
    html = page_html(redline(PARTS))

    assert words(html) == TOLD
    assert '<span class="unseen">[removed: </span><del>proposed</del><span class="unseen">]</span> ' in html
    assert "<ins>A whole paragraph.</ins>" in html
    assert "style=" not in html  # the pages' own policy refuses it


def test_every_change_is_told_in_words_in_a_mail_which_hides_nothing() -> None:
    html = mail_html(redline(PARTS))

    assert words(html) == TOLD
    assert "unseen" not in html
    assert "position" not in html


@pytest.mark.parametrize("render", [page_html, mail_html])
def test_both_addresses_of_a_link_are_text_and_links(render: object) -> None:
    html = page_html(redline(PARTS)) if render is page_html else mail_html(redline(PARTS))

    assert re.findall(r'href="([^"]*)" rel="noopener noreferrer nofollow">([^<]*)<', html) == [
        ("https://a.example/1.pdf", "https://a.example/1.pdf"),
        ("https://a.example/2.pdf", "https://a.example/2.pdf"),
    ]


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "//a.example/", "https://", "http://[", "https://a b/"]
)
def test_what_is_no_web_address_is_text(url: str) -> None:
    html = page_html(redline([Part(PartKind.LINK, "https://a.example/", url)]))

    assert html.count("href=") == 1


def test_the_blank_behind_a_removed_word_stands_outside_its_mark() -> None:
    part = Part(PartKind.CHANGED, "with federal agencies", "with agencies")

    assert words(mail_html(redline([part]))) == "Changed with [removed: federal] agencies"


NASTY = '<script>alert("1")</script> & \'x\' "><img src=x onerror=y> Link: <b> -> https://a.example/"onmouseover="x'


@pytest.mark.parametrize("op", [PartKind.CHANGED, PartKind.LINK, PartKind.DATE])
def test_nothing_of_a_pages_text_is_markup(op: PartKind) -> None:
    part = Part(op, NASTY, NASTY.replace("alert", "confirm"))
    for html in (page_html(redline([part])), mail_html(redline([part]))):
        assert set(re.findall(r"<(\w+)", html)) <= {"ul", "li", "p", "span", "ins", "del", "a"}
        assert not re.search(r"<\w+[^>]* on\w+=", html)


@given(st.text(max_size=50), st.text(max_size=50))
def test_whatever_the_text_its_words_are_there(before: str, after: str) -> None:
    html = page_html(redline([Part(PartKind.CHANGED, before, after)]))

    assert set(re.findall(r"<(\w+)", html)) <= {"ul", "li", "p", "span", "ins", "del"}


def test_a_document_stands_alone_and_escapes_its_title() -> None:
    html = document(redline(PARTS), title="<b>", before="May 5", after="May 6", summary="1 paragraph changed")

    assert "<title>&lt;b&gt;</title>" in html
    assert "<p>From May 5<br>to May 6</p>" in html
    assert "prefers-color-scheme: dark" in html
