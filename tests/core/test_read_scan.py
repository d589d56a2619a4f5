"""Cutting a feed: where its entries stand, what changes their hash, and which documents must not be cut."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from monitor.core.read.scan import MOST_BYTES, Scan, scan, with_predecessors

RDF = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"'
ONE = "<item><guid>1</guid><title>Order</title></item>"
TWO = "<item><guid>2</guid><title>Rule</title></item>"
MANY_BLANKS = " " * 300_000


def rss(items: str, attributes: str = "", channel: str = "") -> str:
    return f'<rss version="2.0" {attributes}><channel {channel}><title>Desk</title>{items}</channel></rss>'


def atom(entries: str, attributes: str = "") -> str:
    return f'<feed xmlns="http://www.w3.org/2005/Atom" {attributes}><title>Desk</title>{entries}</feed>'


def cut(document: str) -> Scan:
    found = scan(document.encode())
    assert found is not None
    return found


def pieces(document: str) -> list[str]:
    found = cut(document)
    return [found.body[entry.start : entry.end].decode() for entry in found.entries]


def only_hash(document: str) -> str:
    (entry,) = cut(document).entries
    return entry.hash


@pytest.mark.parametrize(
    ("document", "entries"),
    [
        pytest.param(rss(f"{ONE} {TWO}"), [ONE, TWO], id="RSS"),
        pytest.param(f"<rdf:RDF {RDF}><channel/>{ONE}{TWO}</rdf:RDF>", [ONE, TWO], id="RDF, beside the channel"),
        pytest.param(atom("<entry><id>1</id></entry>"), ["<entry><id>1</id></entry>"], id="Atom"),
        pytest.param(
            '<a:feed xmlns:a="http://www.w3.org/2005/Atom"><a:entry><a:id>1</a:id></a:entry></a:feed>',
            ["<a:entry><a:id>1</a:id></a:entry>"],
            id="Atom under a prefix",
        ),
        pytest.param(
            rss("<item><title><![CDATA[</item> & <item>]]></title></item>"),
            ["<item><title><![CDATA[</item> & <item>]]></title></item>"],
            id="tags inside CDATA",
        ),
        pytest.param(rss(f"<!-- <item> -->{ONE}"), [ONE], id="tags inside a comment"),
        pytest.param(
            rss("<item ><title>§ é 日本</title></item\n>"), ["<item ><title>§ é 日本</title></item\n>"], id="bytes"
        ),
        pytest.param(rss("<Item><guid>1</guid></Item>"), ["<Item><guid>1</guid></Item>"], id="capitals"),
        pytest.param(f'<?xml version="1.0" encoding="windows-1251"?>{rss(ONE)}', [ONE], id="another declared encoding"),
    ],
)
def test_entries_are_cut_out_of_a_feed_to_the_byte(document: str, entries: list[str]) -> None:
    assert pieces(document) == entries


@pytest.mark.parametrize(
    "document",
    [
        pytest.param("", id="nothing"),
        pytest.param("Page not found", id="words"),
        pytest.param("<html><body><item>1</item></body></html>", id="no feed by its root"),
        pytest.param(rss(""), id="no entries"),
        pytest.param(rss("<item/>"), id="an empty entry"),
        pytest.param(rss(f"<item/>{ONE}"), id="an empty entry before another"),
        pytest.param("<rss><items><item/></items></rss>", id="an empty entry before an end tag that starts alike"),
        pytest.param(rss(f"<item>{ONE}</item>"), id="an entry inside an entry"),
        pytest.param(rss(f"<item><Item>{ONE}</Item></item>"), id="an entry in capitals inside an entry"),
        pytest.param(rss(f"<box>{ONE}</box>"), id="an entry too deep"),
        pytest.param("<item>1</item>", id="an entry alone"),
        pytest.param(rss(ONE).removesuffix("</rss>"), id="an end tag missing"),
        pytest.param(rss("<item><title>A & B</title></item>"), id="a bare ampersand"),
        pytest.param(rss("<item><title>&nbsp;</title></item>"), id="an undeclared entity"),
        pytest.param(rss("<item><dc:date>2025</dc:date></item>"), id="an unbound prefix"),
        pytest.param(f"<!DOCTYPE rss>{rss(ONE)}", id="a document type"),
        pytest.param(f'<!DOCTYPE rss [<!ENTITY a "b">]>{rss(ONE)}', id="an entity"),
        pytest.param(f' <?xml version="1.0"?>{rss(ONE)}', id="a blank before the declaration"),
        pytest.param(rss('<item xml:base="/a/"><guid>1</guid></item>'), id="an entry with a base"),
        pytest.param(rss('<item><title xml:base="/a/">1</title></item>'), id="a base inside an entry"),
        pytest.param(rss(ONE) + " " * MOST_BYTES, id="over 2 MiB"),
    ],
)
def test_what_only_a_full_parse_reads_truly_is_not_cut(document: str) -> None:
    assert scan(document.encode()) is None


def test_bytes_that_are_not_utf_8_are_not_cut() -> None:
    assert scan(rss("<item><title>caf\xe9</title></item>").encode("latin-1")) is None


def test_a_base_of_the_feed_does_not_keep_it_from_being_cut() -> None:
    assert pieces(rss(ONE, 'xml:base="https://news.example/"')) == [ONE]


def test_a_reduced_document_is_the_original_without_the_entries_left_out() -> None:
    three = "<item><guid>3</guid></item>"
    found = cut(rss(f"{ONE}\n{TWO}<!-- kept -->{three}"))

    assert found.reduced({1}).decode() == rss(f"\n{TWO}<!-- kept -->")


def test_a_document_reduced_by_nothing_is_itself() -> None:
    found = cut(rss(ONE + TWO))

    assert found.reduced({0, 1}) == found.body


@pytest.mark.parametrize(
    ("places", "kept"),
    [([], []), ([0], [0]), ([3], [2, 3]), ([0, 1], [0, 1]), ([5, 2], [1, 2, 4, 5])],
)
def test_the_entry_before_each_wanted_one_is_parsed_with_it(places: list[int], kept: list[int]) -> None:
    assert with_predecessors(places) == kept


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(rss(ONE), rss(TWO + ONE).replace(TWO, ""), id="nothing"),
        pytest.param(rss(ONE), rss(ONE).replace("Desk", "The desk"), id="the feed's title"),
        pytest.param(
            rss("<item><guid>1</guid><link>https://a.example/1?s=1</link></item>"),
            rss("<item><guid>1</guid><link>https://a.example/1?s=2</link></item>"),
            id="the query of the link",
        ),
        pytest.param(
            rss("<item><guid>1</guid><link><![CDATA[https://a.example/1?s=1]]></link></item>"),
            rss("<item><guid>1</guid><link><![CDATA[https://a.example/1?s=22]]></link></item>"),
            id="the query of the link in CDATA",
        ),
        pytest.param(
            atom('<entry><id>1</id><link rel="alternate" href="https://a.example/1?s=1"/></entry>'),
            atom('<entry><id>1</id><link rel="alternate" href="https://a.example/1?s=2"/></entry>'),
            id="the query of an Atom link",
        ),
    ],
)
def test_an_entry_keeps_its_hash_when_only_this_changes(before: str, after: str) -> None:
    assert only_hash(before) == only_hash(after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(rss(ONE), rss(ONE.replace("Order", "Orders")), id="a title"),
        pytest.param(
            rss("<item><link>https://a.example/?id=1</link></item>"),
            rss("<item><link>https://a.example/?id=2</link></item>"),
            id="the query of the link where there is no id",
        ),
        pytest.param(
            rss("<item><guid> </guid><link>https://a.example/?id=1</link></item>"),
            rss("<item><guid> </guid><link>https://a.example/?id=2</link></item>"),
            id="the query of the link where the id is empty",
        ),
        pytest.param(
            rss("<item><guid>1</guid><link>https://a.example/1?s=1</link></item>"),
            rss("<item><guid>1</guid><link>https://a.example/2?s=1</link></item>"),
            id="the path of the link",
        ),
        pytest.param(
            rss(ONE, 'xml:base="https://a.example/"'), rss(ONE, 'xml:base="https://b.example/"'), id="the feed's base"
        ),
        pytest.param(rss(ONE, 'xmlns:x="urn:a"'), rss(ONE, 'xmlns:x="urn:b"'), id="a namespace of the feed"),
        pytest.param(rss(ONE, channel='xmlns:x="urn:a"'), rss(ONE, channel='xmlns:x="urn:b"'), id="of the channel"),
    ],
)
def test_an_entry_gets_another_hash_when_this_changes(before: str, after: str) -> None:
    assert only_hash(before) != only_hash(after)


def test_a_namespace_that_an_entry_declares_is_no_part_of_its_neighbours_hash() -> None:
    declaring = '<item xmlns:x="urn:a"><guid>2</guid></item>'

    assert cut(rss(declaring + ONE)).entries[1].hash == only_hash(rss(ONE))


@pytest.mark.parametrize(
    "item",
    [
        pytest.param(f"<item><guid>{MANY_BLANKS}</guid></item>", id="in an id"),
        pytest.param(f"<item><guid>1</guid><link>{MANY_BLANKS}</link></item>", id="in a link"),
        pytest.param(f"<item><guid>1</guid><link {MANY_BLANKS}/></item>", id="in the tag of a link"),
    ],
)
def test_endless_blanks_do_not_hold_up_the_cut(item: str) -> None:
    # Shared out between two repeats of one expression these would take hours.
    assert pieces(rss(item)) == [item]


def feeds() -> st.SearchStrategy[bytes]:
    parts = ["<rss>", "</rss>", "<channel>", "</channel>", "<item>", "</item>", "<Item>", "<item/>", "<entry>"]
    parts += ["</entry>", "<feed>", "</feed>", "<guid>", "</guid>", "<![CDATA[", "]]>", "<!--", "-->", "a", "&", "\xe9"]
    parts += [
        '<?xml version="1.0" encoding="utf-16"?>',
        "<!DOCTYPE rss>",
        '<link href="?">',
        "</link>",
        " xml:base='a'",
    ]
    return st.lists(st.sampled_from(parts), max_size=30).map(lambda chosen: "".join(chosen).encode())


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300) | feeds())
@example(b"\x00")
@example(b"\xff\xfe<\x00")
@example(b"<a" * 50_000)
@example(b"<a>" * 50_000)
def test_any_bytes_are_cut_or_not_and_never_raise(body: bytes) -> None:
    found = scan(body)

    if found is not None:
        ends = [place for entry in found.entries for place in (entry.start, entry.end)]
        assert ends == sorted(set(ends))
        assert found.reduced(range(len(found.entries))) == body
