"""Feeds to items: every format, and every trap that real feeds hold."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from monitor.core.read import read_feed
from monitor.core.read.newest import MOST_ITEMS
from monitor.core.text import clean
from monitor.model.source import Item, PollError, ReadFailed, Reading

NOW = datetime(2025, 10, 10, 12, tzinfo=UTC)
URL = "https://news.example/feeds/latest.xml"


def read(document: str | bytes, content_type: str | None = None) -> Reading:
    body = document if isinstance(document, bytes) else document.encode()
    found = read_feed(body, url=URL, content_type=content_type, now=NOW)
    assert isinstance(found, Reading), found
    return found


def failure(document: str | bytes) -> ReadFailed:
    body = document if isinstance(document, bytes) else document.encode()
    found = read_feed(body, url=URL, now=NOW)
    assert isinstance(found, ReadFailed), found
    return found


def rss(items: str, attributes: str = "") -> str:
    return f'<?xml version="1.0"?><rss version="2.0" {attributes}><channel><title>Desk</title>{items}</channel></rss>'


def atom(entries: str, attributes: str = "") -> str:
    return f'<feed xmlns="http://www.w3.org/2005/Atom" {attributes}><title>Desk</title>{entries}</feed>'


def one(document: str | bytes) -> Item:
    (item,) = read(document).items
    return item


ORDER = Item(
    key="order-1",
    title="Order on cameras",
    text="First paragraph.\nSecond & last.",
    url="https://news.example/order-1",
    published=datetime(2025, 10, 9, 12, tzinfo=UTC),
    published_raw="Thu, 09 Oct 2025 08:00:00 EDT",
)

RSS_1 = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
    xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="x"><title>Desk</title></channel>
    <item rdf:about="https://news.example/order-1"><title>Order on cameras</title>
    <link>https://news.example/order-1</link><dc:date>2025-10-09T12:00:00Z</dc:date></item></rdf:RDF>"""
RSS_091 = """<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://my.example/rss-0.91.dtd">
    <rss version="0.91"><channel><title>Desk</title><item><title>Order on cameras</title>
    <link>https://news.example/order-1</link></item></channel></rss>"""
RDF_09 = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
    xmlns="http://channel.netscape.com/rdf/simple/0.9/"><channel><title>Desk</title></channel>
    <item><title>Order on cameras</title><link>https://news.example/order-1</link></item></rdf:RDF>"""
ATOM_03 = """<feed version="0.3" xmlns="http://purl.org/atom/ns#"><title>Desk</title><entry><id>order-1</id>
    <title>Order on cameras</title><link rel="alternate" type="text/html" href="https://news.example/order-1"/>
    <issued>2025-10-09T12:00:00Z</issued></entry></feed>"""


def test_an_rss_item_reads_whole() -> None:
    document = rss(
        """<item><guid isPermaLink="false">order-1</guid><title>Order on cameras</title><link>/order-1</link>
        <description>&lt;p&gt;First paragraph.&lt;/p&gt;&lt;script&gt;x()&lt;/script&gt;
        &lt;p&gt;Second &amp;amp; last.&lt;/p&gt;</description>
        <pubDate>Thu, 09 Oct 2025 08:00:00 EDT</pubDate></item>"""
    )

    assert (read(document).title, one(document)) == ("Desk", ORDER)


def test_an_atom_entry_reads_whole() -> None:
    entry = one(
        atom(
            """<entry><id>order-1</id><title type="html">Order on &lt;b&gt;cameras&lt;/b&gt;</title>
            <link href="https://news.example/order-1"/><summary>Short.</summary>
            <content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>First paragraph.</p>
            <p>Second &amp; last.</p></div></content><published>2025-10-09T08:00:00-04:00</published>
            <updated>2025-10-10T08:00:00Z</updated></entry>"""
        )
    )

    assert entry.text == ORDER.text
    assert (entry.key, entry.title, entry.url, entry.published) == (ORDER.key, ORDER.title, ORDER.url, ORDER.published)


@pytest.mark.parametrize("document", [RSS_1, RSS_091, RDF_09, ATOM_03], ids=["rss1", "rss091", "rdf09", "atom03"])
def test_the_older_formats_are_read_too(document: str) -> None:
    item = one(document)

    assert (item.title, item.url) == (ORDER.title, ORDER.url)
    assert item.published in {None, ORDER.published}


def test_a_feed_without_items_is_an_empty_reading() -> None:
    assert read(rss("")).items == ()


@pytest.mark.parametrize("body", ["/etc/hostname", "http://127.0.0.1:9/x", "file:///etc/hostname"])
def test_f2_a_body_that_looks_like_a_path_or_an_address_is_only_bytes(body: str) -> None:
    found = failure(body)

    assert found.error is PollError.NOT_A_FEED
    assert body in found.detail


HINTS = [
    (b"", "an empty document"),
    (b"<!doctype html><title>Sign in &amp; go</title>", "an HTML page titled"),
    (b"<?xml version='1.0'?><!-- x --><html xmlns='http://www.w3.org/1999/xhtml'/>", "an HTML page"),
    (b'{"version": "https://jsonfeed.org/version/1.1", "items": []}', "a JSON Feed"),
    (b'{"error": 1}', "JSON"),
    (b"%PDF-1.7 ...", "a PDF"),
    (b"\x89PNG\r\n\x1a\n\x00\x00", "an image"),
    (b"\x1f\x8b\x08\x00\x00", "gzip"),
    (b"<opml version='2.0'><body/></opml>", "<opml>"),
    (b"Service unavailable", "Service unavailable"),
]


@pytest.mark.parametrize(("body", "hint"), HINTS)
def test_f14_what_is_no_feed_is_named_by_what_it_looks_like(body: bytes, hint: str) -> None:
    found = failure(body)

    assert found.error is PollError.NOT_A_FEED
    assert hint in found.detail


BOMBS = [
    '<!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>' + rss("<item><title>&b;</title></item>").split("?>")[1],
    '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/hostname">]><rss version="2.0"/>',
    '<!DOCTYPE r [<!entity % p SYSTEM "http://127.0.0.1:9/x"> %p;]><rss version="2.0"/>',
    '<!-- <a <![CDATA[ --><!DOCTYPE r [<!ENTITY a "b">]><rss version="2.0"/>',
    'junk <!DOCTYPE r [<!ENTITY a "b">]><rss version="2.0"><channel><item><title>&a;</title></item></channel></rss>',
]


@pytest.mark.parametrize("document", BOMBS)
@pytest.mark.parametrize("charset", ["utf-8", "utf-16"])
def test_f1_a_document_that_declares_entities_is_not_read(document: str, charset: str) -> None:
    assert failure(document.encode(charset)).error is PollError.PARSE_ENTITIES


def test_an_article_about_entities_is_no_declaration() -> None:
    item = one(rss("<item><title>XXE</title><description><![CDATA[Write <!ENTITY x> so]]></description></item>"))

    assert item.title == "XXE"


def test_an_undeclared_entity_does_not_stop_a_feed() -> None:
    found = read(rss("<item><title>Caf&eacute; &amp; law</title></item>"))

    assert found.items[0].title == "Café & law"
    assert found.notes == ("not well-formed XML: read leniently",)


@pytest.mark.parametrize("reference", ["&#0;", "&#x1F;", "&#xD800;", "&#x110000;", f"&#{'9' * 5_000};", "&#000000000;"])
def test_a_reference_to_no_character_does_not_stop_a_feed(reference: str) -> None:
    found = read(rss(f"<item><title>a{reference}b&#x2019;</title></item>"))

    assert (found.items[0].title, found.notes) == ("ab’", ())


def test_xml_that_the_parser_does_not_survive_is_told_as_such() -> None:
    found = failure('<rss version="2.0"><channel><x></width></channel></rss>')

    assert found.error is PollError.NOT_A_FEED
    assert "XML is broken" in found.detail


def test_blanks_before_the_declaration_do_not_matter() -> None:
    assert read("\ufeff\n  " + rss("<item><title>A</title></item>")).notes == ()


def test_a_declared_charset_holds_and_the_header_may_correct_it() -> None:
    document = rss("<item><title>Décision</title></item>")

    assert one(document.replace("?>", ' encoding="iso-8859-1"?>', 1).encode("cp1252")).title == "Décision"
    assert read(document.encode("cp1251", "ignore"), "text/xml; charset=windows-1251").items[0].title == "Dcision"


TITLES = [
    ("AT&amp;amp;T wins", "AT&T wins"),
    ("&lt;b&gt;Order&lt;/b&gt;", "Order"),
    ("<![CDATA[a<script>alert(1)</script> b]]>", "a b"),
    ("\u202eOrder\u200b", "Order"),
    ("&amp;#8216;Order&amp;#8217;", "‘Order’"),
]


@pytest.mark.parametrize(("written", "title"), TITLES)
def test_a_title_is_plain_text(written: str, title: str) -> None:
    assert one(rss(f"<item><title>{written}</title></item>")).title == title


def test_a_text_title_of_atom_keeps_its_angle_brackets() -> None:
    assert one(atom("<entry><id>1</id><title>The &lt;b&gt; tag</title></entry>")).title == "The <b> tag"


def test_f16_a_title_has_at_most_512_characters() -> None:
    assert len(one(rss(f"<item><title>{'word ' * 50_000}</title></item>")).title) <= 512


def test_an_item_without_a_title_is_shown_by_its_first_words() -> None:
    item = one(rss("<item><guid>1</guid><description>&lt;p&gt;The court ruled.&lt;/p&gt; More.</description></item>"))

    assert (item.title, item.text) == ("The court ruled.", "The court ruled.\nMore.")


def test_an_item_that_says_nothing_is_left_out_with_a_note() -> None:
    found = read(rss("<item/><item><title>A</title></item>"))

    assert [item.title for item in found.items] == ["A"]
    assert found.notes == ("1 items without title, text and link left out",)


LINKS = [
    ("<link>/a</link>", "https://news.example/a"),
    ("<link>javascript:alert(1)</link>", None),
    ("<link>data:text/html,x</link>", None),
    ("<guid>https://news.example/by-guid</guid>", "https://news.example/by-guid"),
    ("<guid>123</guid>", None),
    ('<guid isPermaLink="false">https://news.example/id</guid>', None),
    ("<link>/a</link><fb:origLink>https://origin.example/a</fb:origLink>", "https://origin.example/a"),
]


@pytest.mark.parametrize(("written", "url"), LINKS)
def test_f17_a_link_is_http_or_none(written: str, url: str | None) -> None:
    document = rss(f"<item><title>A</title>{written}</item>", 'xmlns:fb="http://rssnamespace.org/feedburner/ext/1.0"')

    assert one(document).url == url


def test_a_document_that_atom_offers_in_another_type_is_still_its_link() -> None:
    entry = atom('<entry><id>1</id><title>A</title><link type="application/pdf" href="/order.pdf"/></entry>')

    assert one(entry).url == "https://news.example/order.pdf"


def test_xml_base_moves_the_link_and_not_the_id() -> None:
    item = one(rss("<item><title>A</title><guid>a1</guid><link>a</link></item>", 'xml:base="https://cdn.example/x/"'))

    assert (item.key, item.url) == ("a1", "https://cdn.example/x/a")


DATES = [
    ("<pubDate>Thu, 09 Oct 2025 08:00:00 EDT</pubDate>", datetime(2025, 10, 9, 12, tzinfo=UTC)),
    ("<pubDate>October 9, 2025 8:00 am</pubDate>", datetime(2025, 10, 9, 8, tzinfo=UTC)),
    ("<pubDate>Thu, 09 Oct 25 08:00:00 GMT</pubDate>", datetime(2025, 10, 9, 8, tzinfo=UTC)),
    ("<pubDate>soon</pubDate><dc:date>2025-10-08</dc:date>", datetime(2025, 10, 8, 12, tzinfo=UTC)),
    ("<pubDate>2025-10-09</pubDate>", datetime(2025, 10, 9, 12, tzinfo=UTC)),
    ("<pubDate>Thu, 09 Oct 2025</pubDate>", datetime(2025, 10, 9, 12, tzinfo=UTC)),
    ("<pubDate>Thu, 09 Oct 2025 00:00:00 -0400</pubDate>", datetime(2025, 10, 9, 4, tzinfo=UTC)),
    ("<pubDate>Thu, 09 Oct 2025 00:00:00 GMT</pubDate>", datetime(2025, 10, 9, tzinfo=UTC)),
    ("<pubDate>Sat, 31 Dec 2016 23:59:60 GMT</pubDate>", datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)),
]


@pytest.mark.parametrize(("written", "moment"), DATES)
def test_a_date_is_the_first_that_can_be_believed(written: str, moment: datetime) -> None:
    document = rss(f"<item><title>A</title>{written}</item>", 'xmlns:dc="http://purl.org/dc/elements/1.1/"')

    assert one(document).published == moment


@pytest.mark.parametrize(
    "raw", ["soon", "Mon, 01 Jan 0001 00:00:00 GMT", "Thu, 31 Dec 1989 00:00:00 GMT", "2031-01-01"]
)
def test_faults_40_and_50_a_date_that_cannot_be_believed_keeps_its_words(raw: str) -> None:
    item = one(rss(f"<item><title>A</title><pubDate>{raw}</pubDate></item>"))

    assert (item.published, item.published_raw) == (None, raw)


def test_an_aggregators_item_names_its_publisher() -> None:
    item = one(rss('<item><title>A - The Paper</title><source url="https://p.example">The Paper</source></item>'))

    assert item.publisher == "The Paper"


def test_without_an_id_the_canonical_link_is_the_key() -> None:
    item = one(rss("<item><title>A</title><link>https://News.example/a/?utm_source=rss</link></item>"))

    assert item.key == "https://news.example/a"


def test_without_id_and_link_the_words_are_the_key_and_the_date_is_not() -> None:
    first, second = (
        one(rss(f"<item><title>A</title><description>b</description><pubDate>{date}</pubDate></item>"))
        for date in ("2025-10-08", "2025-10-09")
    )

    assert first.key.startswith("sha256:")
    assert first.key == second.key


def test_fault_44_different_items_under_one_id_get_longer_keys_and_a_note() -> None:
    document = rss(
        "<item><guid>docket</guid><title>Order</title></item><item><guid>docket</guid><title>Motion</title></item>"
    )

    found = read(document)

    assert [item.key.split(" #x")[0] for item in found.items] == ["docket", "docket"]
    assert len({item.key for item in found.items}) == 2
    assert "1 ids stand for several items each (such as 'docket')" in found.notes[0]


def test_fault_44_an_item_that_a_document_repeats_is_read_once() -> None:
    found = read(rss("<item><guid>a</guid><title>A</title></item>" * 3))

    assert [item.key for item in found.items] == ["a"]
    assert found.notes == ("2 repeated items left out",)


def test_f16_above_2000_items_the_newest_are_kept_in_document_order() -> None:
    oldest_first = "".join(
        f"<item><guid>{n}</guid><title>t</title><pubDate>{datetime.fromtimestamp(1.7e9 + n, UTC):%Y-%m-%dT%H:%M:%SZ}"
        "</pubDate></item>"
        for n in range(MOST_ITEMS + 5)
    )

    found = read(rss(oldest_first))

    assert [item.key for item in found.items] == [str(n) for n in range(5, MOST_ITEMS + 5)]
    assert found.notes == ("truncated: the newest 2,000 of 2,005 items were kept",)


@pytest.mark.parametrize("count", [10_000, pytest.param(100_000, marks=pytest.mark.slow)])
def test_f16_of_100000_items_only_the_newest_are_parsed(count: int) -> None:
    days = ("08", "09")
    rows = "".join(
        f"<item><title>t</title><guid>{n}</guid><dc:date>2025-10-{days[n % (count // 2_000) == 0]}</dc:date></item>"
        for n in range(count)
    )

    found = read(rss(rows, 'xmlns:dc="http://purl.org/dc/elements/1.1/"'))

    assert [item.key for item in found.items] == [str(n) for n in range(0, count, count // 2_000)]
    assert found.notes == (f"truncated: the newest 2,000 of {count:,} items were kept",)


def test_f16_entries_that_cannot_be_cut_out_are_parsed_and_cut_off_then() -> None:
    broken = rss("".join(f"<item><guid>{n}</guid><title>t&nbsp</title></item>" for n in range(MOST_ITEMS + 5)))

    found = read(broken)

    assert len(found.items) == MOST_ITEMS
    assert found.notes[-1] == "truncated: the newest 2,000 of 2,005 items were kept"


def test_f16_without_dates_the_first_items_count_as_the_newest() -> None:
    found = read(rss("".join(f"<item><guid>{n}</guid><title>t</title></item>" for n in range(MOST_ITEMS + 5))))

    assert (found.items[0].key, found.items[-1].key) == ("0", str(MOST_ITEMS - 1))


HOSTILE = {
    "deep": rss("<item><title>A</title>" + "<x>" * 5_000 + "</x>" * 5_000 + "</item>"),
    "deep markup": rss("<item><title>A</title><description>" + "&lt;div>" * 20_000 + "</description></item>"),
    "items in items": rss("<item><title>A</title>" * 3_000 + "</item>" * 3_000),
    "never closed": "<rss version='2.0'><channel>" + "<item><title>a & b <b>" * 3_000,
    "comments": rss("<item><title>A</title><description>" + "&lt;!--" * 20_000 + "</description></item>"),
    "open comments": "<!--" * 20_000,
    "closed comments": "<!-- -->" * 20_000 + "x",
    "bare ampersands": rss("<item><title>A</title><description>" + "&x;" * 10_000 + "</description></item>"),
    "huge reference": rss("<item><title>&#99999999999999999999; &#xD800; &#0;</title></item>"),
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.timeout(20)
def test_f19_tag_soup_ends_in_a_value(name: str) -> None:
    found = read_feed(HOSTILE[name].encode(), url=URL, now=NOW)

    assert isinstance(found, Reading | ReadFailed)


def assert_within_limits(found: Reading | ReadFailed) -> None:
    if isinstance(found, ReadFailed):
        assert found.error in {PollError.NOT_A_FEED, PollError.PARSE_ENTITIES}
        return
    assert len(found.items) <= MOST_ITEMS
    assert len({item.key for item in found.items}) == len(found.items)
    for item in found.items:
        assert 0 < len(item.key) <= 512
        assert 0 < len(item.title) <= 512
        assert (item.title, item.text) == (clean(item.title), clean(item.text))
        assert item.url is None or item.url.startswith(("http://", "https://"))
        assert item.published is None or item.published.tzinfo is UTC


PIECES = st.sampled_from(
    [
        "<rss version='2.0'>", "<channel>", "<item>", "</item>", "<title>", "</title>", "<guid>", "</guid>", "<link>",
        "<feed xmlns='http://www.w3.org/2005/Atom'>", "<entry>", "<content type='xhtml'>", "<content type='base64'>",
        "<source>", "<pubDate>", "&#x110000;", "&#99999999999;", "&amp;", "&lt;b", "<![CDATA[", "]]>", "<!--",
        "<!DOCTYPE x>",
        "<?xml version='1.0' encoding='x'?>", "xml:base='a'", "<a xml:base='http://[/'>", "x", "\x00", "\ud800", " ",
    ]
)  # fmt: skip


@given(st.lists(PIECES, max_size=25).map("".join), st.sampled_from([None, "text/html", "text/xml; charset=utf-16"]))
@example("<rss version='2.0'><item><title>&#99999999999;", None)
@example("<feed xmlns='http://www.w3.org/2005/Atom'><entry><content type='base64'>x</content>", None)
def test_any_soup_of_feed_markup_is_a_value_within_limits(document: str, content_type: str | None) -> None:
    body = document.encode("utf-8", "surrogatepass")

    assert_within_limits(read_feed(body, url=URL, content_type=content_type, now=NOW))


@given(st.binary(max_size=300), st.sampled_from([URL, "", "not an address"]))
def test_any_bytes_are_a_value_within_limits(body: bytes, url: str) -> None:
    assert_within_limits(read_feed(body, url=url, now=NOW))


def test_every_real_document_is_a_value_within_limits(shared_data: Path) -> None:
    smallish = [path for path in sorted((shared_data / "feeds").rglob("*")) if path.is_file() and path.suffix != ".tsv"]
    readings = {
        path: read_feed(path.read_bytes(), url=URL, now=NOW) for path in smallish if path.stat().st_size < 40_000
    }

    for found in readings.values():
        assert_within_limits(found)
    feeds = [path for path, found in readings.items() if isinstance(found, Reading) and path.parent.name != "notfeed"]
    assert len(feeds) > 0.9 * sum(path.suffix != ".json" for path in readings if path.parent.name != "notfeed")
    assert [
        path.name for path, found in readings.items() if path.suffix == ".html" and isinstance(found, Reading)
    ] == []
