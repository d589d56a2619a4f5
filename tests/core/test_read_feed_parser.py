"""What the faster parser reads equals what feedparser makes of the same bytes, to the last field of each entry."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import feedparser
import pytest

from monitor.core.read.decode import decode
from monitor.core.read.feed import declares_entities
from monitor.core.read.feed_parser import parse

RSS = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/"
 xmlns:media="http://search.yahoo.com/mrss/" xmlns:x="https://unknown.example/ns">
<channel><title>News &amp; more</title><link>https://a.example/</link><language>en</language>
<item><title>One</title><link>https://a.example/1?a=1&amp;b=2</link><guid isPermaLink="false">1</guid>
<dc:creator>Ann</dc:creator><pubDate>Thu, 09 Oct 2025 08:00:00 GMT</pubDate><x:note>n</x:note>
<description><![CDATA[<p>Text &amp; more</p>]]></description><content:encoded><![CDATA[<p>All</p>]]></content:encoded>
<media:content url="https://a.example/p.jpg" type="image/jpeg"/><category>rules</category>
<category>more</category></item>
<item><title>Two</title><guid>https://a.example/2</guid><description>plain</description>
<source url="https://b.example/feed">Other</source>
<enclosure url="https://a.example/2.mp3" length="1" type="audio/mpeg"/>
</item></channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://a.example/x/" xml:lang="en-US">
<title type="html">A</title>
<link rel="self" href="feed"/><entry><id>urn:1</id><title type="text">One &lt;b&gt;</title><link href="1"/>
<link rel="related" href="r"/><updated>2025-10-09T08:00:00Z</updated><author><name>Ann</name></author>
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>All &amp; <br/>more</p></div></content></entry>
<entry xmlns:old="http://purl.org/atom/ns#"><id>urn:2</id><old:title mode="escaped">Two</old:title>
<summary type="html">&lt;p>s&lt;/p></summary></entry></feed>"""
RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="https://a.example/"><title>R</title></channel>
<item rdf:about="https://a.example/1"><title>One</title><dc:date>2025-10-09</dc:date></item></rdf:RDF>"""
REDECLARED = """<rss version="2.0"><channel><item xmlns:p="http://purl.org/dc/elements/1.1/"><p:creator>A</p:creator></item>
<item xmlns:p="http://search.yahoo.com/mrss/"><p:title>B</p:title><p:creator>C</p:creator></item></channel></rss>"""

SAMPLES = [
    RSS,
    ATOM,
    RDF,
    REDECLARED,
    RSS.replace("UTF-8", "iso-8859-1"),
    RSS.replace('encoding="UTF-8"', ""),
    RSS.replace("</item>", "", 1),
    "<!DOCTYPE rss>" + RSS.partition("?>")[2].strip(),
    "<html><body>none</body></html>",
    "no markup",
    "",
]


def plain(value: Any) -> Any:
    """A value of feedparser's as dictionaries and lists, whatever its look-ups would guess."""
    if isinstance(value, dict):
        return {key: plain(each) for key, each in dict.items(value)}
    return [plain(each) for each in value] if isinstance(value, list | tuple) else value


def facts(document: Any) -> tuple[Any, ...]:
    """What the readers take from a document."""
    bozo = bool(document.get("bozo"))
    return plain(document.entries), plain(document.feed), document.get("version") or "", bozo


def by_feedparser(data: bytes) -> Any:
    headers = {"content-type": "application/xml; charset=utf-8"}
    return feedparser.parse(BytesIO(data), sanitize_html=False, resolve_relative_uris=False, response_headers=headers)


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_document_is_what_feedparser_makes_of_it(sample: str) -> None:
    assert facts(parse(sample.encode())) == facts(by_feedparser(sample.encode()))


def test_real_feeds_are_what_feedparser_makes_of_them(shared_data: Path) -> None:
    documents = sorted(path for path in (shared_data / "feeds").rglob("*") if path.is_file())
    texts = (decode(path.read_bytes()).strip() for path in documents[::4])
    read = 0
    for text in texts:
        if not declares_entities(text):
            read += 1
            assert facts(parse(text.encode())) == facts(by_feedparser(text.encode()))
    assert read > 50
