"""Skimming a feed: the items of a partial reading are those of the full one, on made and on real documents."""

from __future__ import annotations

import random
from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from xml.parsers import expat

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from monitor.core.read import read_document
from monitor.core.read.decode import decode
from monitor.core.read.identity import base_key
from monitor.core.read.skim import Skimmed, skim
from monitor.model.source import Fetched, Item, ReadFailed, Reading, Source, SourceKind
from tests.corpus import PORTIONS, documents

NOW = datetime(2025, 10, 10, 12, tzinfo=UTC)
URL = "https://news.example/feeds/latest.xml"
SOURCE = Source("desk", "Desk", URL)
RDF = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"'
DATED = "Thu, 09 Oct 2025 08:00:00 GMT"
MOST_BYTES = 250_000


def rss(items: str, attributes: str = "") -> str:
    return f'<?xml version="1.0"?><rss version="2.0" {attributes}><channel><title>Desk</title>{items}</channel></rss>'


def entry(n: int, more: str = "") -> str:
    return f"<item><guid>id-{n}</guid><title>Order {n}</title><link>/{n}</link><pubDate>{DATED}</pubDate>{more}</item>"


def entries(count: int, more: str = "") -> str:
    return "\n".join(entry(n, more) for n in range(count))


def fetched(document: str | bytes) -> Fetched:
    return Fetched(URL, 200, document if isinstance(document, bytes) else document.encode())


def full(document: str | bytes) -> tuple[Item, ...]:
    found = read_document(fetched(document), SOURCE, NOW)
    assert isinstance(found, Reading), found
    return found.items


def first(document: str | bytes) -> Skimmed:
    return skim(fetched(document), SOURCE, NOW, {})


def without(marks: dict[str, str], new: Collection[int]) -> dict[str, str]:
    return {each: mark for place, (each, mark) in enumerate(marks.items()) if place not in new}


def items(skimmed: Skimmed) -> tuple[Item, ...]:
    assert isinstance(skimmed.result, Reading), skimmed.result
    return skimmed.result.items


FEEDS = [
    pytest.param(rss(entries(6)), id="RSS"),
    pytest.param(
        rss(entries(6, "<description><![CDATA[<p>A &amp; B</p> </item>]]></description>")), id="RSS with CDATA"
    ),
    pytest.param(
        rss(
            entries(6, "<c:encoded>&lt;p&gt;Long&lt;/p&gt; text</c:encoded><description>Short</description>"),
            'xmlns:c="http://purl.org/rss/1.0/modules/content/"',
        ),
        id="RSS with two texts",
    ),
    pytest.param(rss(entries(6), 'xml:base="https://other.example/a/"'), id="RSS with a base of the feed"),
    pytest.param(f"\n \t{rss(entries(6))}", id="blanks before the declaration"),
    pytest.param(f"\ufeff{rss(entries(6))}", id="a byte order mark"),
    pytest.param(rss(entries(6, "<description>§ caf\xe9</description>")).encode("utf-16"), id="UTF-16"),
    pytest.param(
        rss(entries(6, "<description>Приказ</description>"))
        .replace('"1.0"?', '"1.0" encoding="windows-1251"?')
        .encode("windows-1251"),
        id="windows-1251",
    ),
    pytest.param(
        f"<rdf:RDF {RDF}><channel><title>Desk</title></channel>{entries(6)}</rdf:RDF>", id="RDF beside the channel"
    ),
    pytest.param(
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>Desk</title>'
        + "".join(
            f'<entry><id>urn:{n}</id><title type="html">A &amp;lt; {n}</title><link href="/{n}?x=1"/>'
            f"<updated>2025-10-0{n + 1}T00:00:00Z</updated><content type='xhtml'>"
            f'<div xmlns="http://www.w3.org/1999/xhtml"><p>Body {n}</p></div></content></entry>'
            for n in range(6)
        )
        + "</feed>",
        id="Atom",
    ),
]


@pytest.mark.parametrize("document", FEEDS)
@pytest.mark.parametrize("new", [(0,), (5,), (2, 3), (0, 2, 4)])
def test_a_partial_reading_has_the_items_of_the_full_one(document: str | bytes, new: tuple[int, ...]) -> None:
    marks = dict(first(document).marks)

    found = skim(fetched(document), SOURCE, NOW, without(marks, new))

    assert found.partial
    assert items(found) == tuple(full(document)[place] for place in new)
    assert found.marks == marks
    assert found.total == 6


@pytest.mark.parametrize("document", FEEDS)
def test_nothing_new_is_a_partial_reading_without_items(document: str | bytes) -> None:
    marks = first(document).marks

    found = skim(fetched(document), SOURCE, NOW, marks)

    assert (found.partial, items(found), found.total, found.marks) == (True, (), 6, marks)


@pytest.mark.parametrize("document", FEEDS)
def test_with_over_half_of_the_entries_new_the_document_is_read_whole(document: str | bytes) -> None:
    marks = dict(first(document).marks)

    found = skim(fetched(document), SOURCE, NOW, without(marks, (0, 1, 2, 3)))

    assert not found.partial
    assert items(found) == full(document)
    assert found.same == {item.key for item in full(document)[4:]}


def test_a_document_is_read_whole_on_demand() -> None:
    marks = first(rss(entries(4))).marks

    found = skim(fetched(rss(entries(4))), SOURCE, NOW, marks, whole=True)

    assert not found.partial
    assert items(found) == full(rss(entries(4)))


def test_the_marks_of_one_skim_feed_the_next() -> None:
    marks = first(rss(entries(4))).marks
    for n in range(10, 14):
        document = rss(entry(n) + entries(4))
        found = skim(fetched(document), SOURCE, NOW, marks)

        assert [item.key for item in items(found)] == [f"id-{n}"]
        marks = found.marks


def test_what_left_the_document_leaves_the_marks() -> None:
    found = skim(fetched(rss(entries(3))), SOURCE, NOW, first(rss(entries(4))).marks)

    assert len(found.marks) == found.total == 3


def test_an_edited_entry_is_read_under_its_own_key() -> None:
    edited = rss(entries(4).replace("Order 2", "Order two"))

    found = skim(fetched(edited), SOURCE, NOW, first(rss(entries(4))).marks)

    assert [(item.key, item.title) for item in items(found)] == [("id-2", "Order two")]


def test_a_new_entry_with_an_id_that_is_known_makes_the_document_be_read_whole() -> None:
    document = rss(entry(1).replace("Order 1", "Another order") + entries(4))

    found = skim(fetched(document), SOURCE, NOW, first(rss(entries(4))).marks)

    assert not found.partial
    assert items(found) == full(document)


def test_two_new_entries_with_one_id_make_the_document_be_read_whole() -> None:
    document = rss(entry(9) + entry(9, "<description>Other</description>") + entries(4))

    found = skim(fetched(document), SOURCE, NOW, first(rss(entries(4))).marks)

    assert not found.partial
    assert items(found) == full(document)


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(rss(entries(4) + "<item><title>A & B</title></item>"), id="not well-formed"),
        pytest.param(rss(entries(4)).replace("<rss", "<!DOCTYPE rss><rss"), id="a document type"),
        pytest.param(rss(f"{entries(4)}<item>{entry(9)}</item>"), id="an entry inside an entry"),
        pytest.param(rss(entries(4) + "<item/>"), id="an empty entry"),
        pytest.param(rss(entries(4, '<x xml:base="/a/">1</x>')), id="entries with a base"),
        pytest.param(rss(entry(1) + entries(4)), id="one entry twice"),
    ],
)
def test_a_document_that_cannot_be_cut_is_read_whole_and_leaves_no_marks(document: str) -> None:
    found = skim(fetched(document), SOURCE, NOW, first(rss(entries(4))).marks, whole=True)

    assert found == Skimmed(read_document(fetched(document), SOURCE, NOW))
    assert items(found)


def test_a_document_that_declares_entities_fails_as_it_does_when_read_whole() -> None:
    document = rss(entries(4)).replace("<rss", '<!DOCTYPE rss [<!ENTITY a "b">]><rss')

    assert isinstance(first(document).result, ReadFailed)


def test_only_feeds_are_skimmed() -> None:
    page = replace(SOURCE, kind=SourceKind.PAGE)

    assert not skim(fetched(rss(entries(4))), page, NOW, first(rss(entries(4))).marks).partial


def is_well_formed(body: bytes) -> bool:
    text = decode(body).strip().removeprefix("\ufeff").lstrip()
    try:
        expat.ParserCreate("utf-8", " ").Parse(text.encode(), True)
    except expat.ExpatError:
        return False
    return True


def check_some_as_new(body: bytes, whole: Skimmed, chance: random.Random) -> None:
    known = items(whole)
    new = sorted(chance.sample(range(len(known)), chance.randint(0, min(3, len(known) // 2))))
    found = skim(fetched(body), SOURCE, NOW, without(dict(whole.marks), new))
    if len({base_key(item.key) for item in known}) < len(known) and not found.partial:
        assert items(found) == known
    else:
        assert found.partial
        assert items(found) == tuple(known[place] for place in new)
        assert (found.marks, found.total) == (whole.marks, len(known))


@PORTIONS
@pytest.mark.timeout(300)
def test_real_feeds_read_in_part_as_in_whole_and_four_in_five_can_be(shared_data: Path, portion: int) -> None:
    chance, well_formed, fast = random.Random(20251010), 0, 0
    for path in documents(shared_data, portion, "real", "excerpt", "domain"):
        body = path.read_bytes()
        if len(body) >= MOST_BYTES or not is_well_formed(body):
            continue
        well_formed += 1
        whole = first(body)
        if whole.marks:
            fast += 1
            check_some_as_new(body, whole, chance)

    assert fast >= (0.8 if portion == 1 else 0.7) * well_formed, f"{fast} of {well_formed}"


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200), st.integers(0, 600), st.integers(0, 40))
@example(b"", 0, 600)
@example(b"\x00", 0, 0)
@example(b"&#99999999999;", 150, 0)
def test_any_bytes_in_a_feed_give_a_value_and_never_raise(noise: bytes, start: int, length: int) -> None:
    clean = rss(entries(6))
    body = clean.encode()

    found = skim(fetched(body[:start] + noise + body[start + length :]), SOURCE, NOW, first(clean).marks)

    assert isinstance(found.result, Reading | ReadFailed)
