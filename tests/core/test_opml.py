"""Lists of feeds in and out."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from monitor.core.opml import OpmlOutline, read_opml, write_opml
from monitor.errors import Unreadable
from monitor.model.source import Source, SourceKind

FEED = '<outline text="A" xmlUrl="https://a.example/feed" htmlUrl="https://a.example/"/>'


def opml(body: str) -> str:
    return f'<opml version="2.0"><head/><body>{body}</body></opml>'


def test_folders_nest() -> None:
    (found,) = read_opml(opml(f'<outline text="Law"><outline text="Courts">{FEED}</outline></outline>'))

    assert found == OpmlOutline("A", "https://a.example/feed", "https://a.example/", ("Law", "Courts"))


def test_an_address_is_listed_once() -> None:
    assert len(read_opml(opml(FEED + FEED))) == 1


def test_an_address_that_is_no_web_address_has_no_url() -> None:
    assert read_opml(opml('<outline text="A" xmlUrl="javascript:alert(1)"/>'))[0].url is None


@pytest.mark.parametrize(
    "text", ["", "words", "<rss/>", opml(""), '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>' + opml(FEED)]
)
def test_what_is_no_list_or_is_hostile_is_refused_in_words(text: str) -> None:
    with pytest.raises(Unreadable, match="file"):
        read_opml(text)


def test_what_is_written_reads_back() -> None:
    sources = [
        Source("a", 'A & "B" <c>', "https://a.example/feed?x=1&y=2", SourceKind.FEED),
        Source("b", "B", "https://b.example/page", SourceKind.PAGE),
    ]

    assert [(each.title, each.url, each.kind) for each in read_opml(write_opml(sources))] == [
        ('A & "B" <c>', "https://a.example/feed?x=1&y=2", SourceKind.FEED),
        ("B", "https://b.example/page", SourceKind.AUTO),
    ]


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200), st.booleans())
def test_any_text_is_read_or_refused(text: str, inside: bool) -> None:
    with contextlib.suppress(Unreadable):
        assert isinstance(read_opml(opml(FEED + text) if inside else text), tuple)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60))
def test_any_name_can_be_written(name: str) -> None:
    assert len(read_opml(write_opml([Source("a", name, "https://a.example/feed")], title=name))) == 1


def test_a_feed_may_hold_others() -> None:
    inner = '<outline text="B" xmlUrl="https://b.example/"/>'

    found = read_opml(opml(f'<outline text="A" xmlUrl="https://a.example/">{inner}</outline>'))

    assert [(outline.title, outline.folders) for outline in found] == [("A", ()), ("B", ("A",))]


def test_other_spellings_of_the_attributes_are_read() -> None:
    assert read_opml(opml('<outline title="A" XMLURL="https://a.example/"/>'))[0].title == "A"


def test_f1_an_external_doctype_is_not_followed() -> None:
    assert len(read_opml('<!DOCTYPE opml SYSTEM "file:///etc/passwd">' + opml(FEED))) == 1


def test_a_list_that_breaks_off_is_read_as_far_as_it_goes() -> None:
    assert len(read_opml(opml(FEED + "<outline").removesuffix("</body></opml>"))) == 1


@pytest.mark.timeout(20)
def test_f19_deep_and_wide_lists_end_in_time() -> None:
    wide = read_opml(opml("".join(f'<outline xmlUrl="https://a.example/{n}"/>' for n in range(20_000))))
    deep = read_opml("<opml><body>" + '<outline text="a" xmlUrl="https://a.example/">' * 50_000)

    assert (len(wide), len(deep)) == (10_000, 1)


def test_what_is_written_is_opml_2() -> None:
    kinds = (SourceKind.FEED, SourceKind.AUTO, SourceKind.PACER, SourceKind.PAGE)
    root = etree.fromstring(
        write_opml([Source("a", "A", "https://a.example/", kind) for kind in kinds], "Ours").encode()
    )

    assert (root.tag, root.get("version"), [child.tag for child in root]) == ("opml", "2.0", ["head", "body"])
    assert root.findtext("head/title") == "Ours"
    assert [outline.get("type") for outline in root.findall("body/outline")] == ["rss", "rss", "rss", "link"]


def test_the_shared_list_of_govinfo(shared_data: Path) -> None:
    outlines = read_opml((shared_data / "samples" / "govinfo_regulatory_feeds.opml").read_text())

    assert [outline.url for outline in outlines] == [
        f"https://www.govinfo.gov/rss/{name}.xml" for name in ("cfr", "fr", "lsa", "pai")
    ]
    assert outlines[1].title == "Federal Register - New items on govinfo"
    assert {outline.folders for outline in outlines} == {("Regulatory Information",)}
