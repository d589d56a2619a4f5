"""Documents that grow in one respect: what a parser that looks back or ahead for each of its pieces pays most for."""

from __future__ import annotations

from collections.abc import Mapping

RSS = "<rss version='2.0'><channel><title>x</title>"
ATOM = "<feed xmlns='http://www.w3.org/2005/Atom'><title>x</title>"
ITEM = RSS + "<item><title>t</title>"
BODY = "<html><body>"
SITEMAP = "<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>"
OPML = "<opml version='2.0'><body>"
JSON_FEED = '{"version": "https://jsonfeed.org/version/1.1", "title": "x", "items": ['

# name: what stands first, what is repeated (%d: its number), what stands last
_GROWING: Mapping[str, tuple[str, str, str]] = {
    "unclosed link": (ITEM, "<link ", ""),
    "unclosed link, once": (ITEM + "<link ", "a ", ""),
    "unclosed guid": (ITEM, "<guid a='", ""),
    "unclosed guid with an attribute": (ITEM, '<guid isPermaLink="', ""),
    "links with half a reference": (ITEM, "<link href='", ""),
    "links to nowhere": (ITEM, "<link>", ""),
    "guids without end": (ITEM, "<guid>", ""),
    "guids and blanks": (ITEM + "<guid>", " ", ""),
    "items with an unclosed link": (RSS, "<item><title>t %d</title><link <guid>%d</guid></item>", ""),
    "items with an unclosed guid": (RSS, "<item><guid a='x</guid><title>t %d</title></item>", ""),
    "items with an unclosed quote": (RSS, '<item a="><title>t %d</title></item>', ""),
    "items with an unclosed comment": (RSS, "<item><title>t %d</title><!-- </item>", ""),
    "items with unclosed CDATA": (RSS, "<item><title><![CDATA[t %d</title></item>", ""),
    "items with an unclosed declaration": (RSS, "<item><title>t %d</title><!x </item>", ""),
    "items with an unclosed instruction": (RSS, "<item><title>t %d</title><?x </item>", ""),
    "items with an unclosed end tag": (RSS, "<item><title>t %d</title </item>", ""),
    "items in markup that is open": (RSS, "<item><description><div><p>t %d</description></item>", ""),
    "a link that does not end": (ITEM + "<link ", "x", ""),
    "a link of quotes that does not end": (ITEM + "<link ", "'", ""),
    "a link of attributes that does not end": (ITEM + "<link ", "href='?a", ""),
    "a link of attributes that end": (ITEM + "<link ", "href='?a' ", ""),
    "a guid that does not end": (ITEM + "<guid a='", "x", ""),
    "a guid of blanks that does not end": (ITEM + "<guid", " ", ""),
    "a guid of equal signs that does not end": (ITEM + "<guid ", "=", ""),
    "a guid of names that does not end": (ITEM + "<guid ", "a=", ""),
    "a guid of slashes that does not end": (ITEM + "<guid ", "/", ""),
    "links in links that end": (ITEM, "<link href='<link>", "</item></channel></rss>"),
    "unclosed tags": (RSS, "<", ""),
    "unclosed named tags": (RSS, "<a ", ""),
    "unclosed end tags": (RSS, "</a ", ""),
    "unclosed quotes": (ITEM + "<a b='", "x ", ""),
    "quotes that open again": (ITEM, "<a b=\"c' ", ""),
    "unclosed comments": (RSS, "<!--", ""),
    "comments with dashes": (RSS + "<!--", "-", ""),
    "comments that end": (RSS, "<!-- -->", ""),
    "unclosed CDATA": (ITEM + "<description>", "<![CDATA[", ""),
    "CDATA with brackets": (ITEM + "<description><![CDATA[", "]", ""),
    "CDATA that ends": (ITEM + "<description>", "<![CDATA[x]]>", ""),
    "unclosed instructions": (RSS, "<?a ", ""),
    "instructions before the root": ("", "<?a ?>", RSS),
    "unclosed instructions before the root": ("", "<?a ", RSS),
    "comments before the root": ("", "<!-- -->", RSS),
    "blanks before the root": ("<?xml version='1.0'?>", " \n", RSS),
    "shells before the root": ("", "<html >", RSS),
    "shells that do not end": ("", "<html ", RSS),
    "declarations": (RSS, "<!x>", ""),
    "unclosed declarations": (RSS, "<!x ", ""),
    "declarations with brackets": (RSS, "<!x [", ""),
    "document types": ("", "<!DOCTYPE r ", RSS),
    "a document type without end": ("<!DOCTYPE r [", "<!ELEMENT a%d ANY>", ""),
    "references": (ITEM + "<description>", "&amp;", ""),
    "ampersands": (ITEM + "<description>", "&", ""),
    "unclosed references": (ITEM + "<description>", "&a", ""),
    "numbered references": (ITEM + "<description>", "&#38;", ""),
    "unknown references": (ITEM + "<description>", "&x%d;", ""),
    "nested elements": (ITEM, "<a>", ""),
    "nested items": (RSS, "<item>", ""),
    "nested entries": (ATOM, "<entry>", ""),
    "nested markup": (ITEM + "<description>", "<div>", ""),
    "escaped nested markup": (ITEM + "<description>", "&lt;div&gt;", "</description>"),
    "escaped unclosed tags": (ITEM + "<description>", "&lt;a ", "</description></item></channel></rss>"),
    "escaped comments": (ITEM + "<title>", "&lt;!--", "</title></item></channel></rss>"),
    "escaped scripts": (ITEM + "<title>", "&lt;script&gt;", "</title></item></channel></rss>"),
    "nested xhtml": (ATOM + "<entry><content type='xhtml'>", "<div>", ""),
    "end tags alone": (RSS, "</a>", ""),
    "end tags of other elements": (ITEM, "<a></b>", ""),
    "namespaces": (RSS, "<a%d:b xmlns:a%d='urn:%d'>", ""),
    "namespaces of one element": ("<rss ", "xmlns:a%d='urn:%d' ", "version='2.0'><channel>"),
    "attributes of one element": (RSS + "<item ", "a%d='b' ", "><title>t</title></item>"),
    "a giant attribute": (RSS + "<item a='", "x", "'><title>t</title></item>"),
    "a giant name": (RSS + "<", "x", "><item><title>t</title></item>"),
    "one attribute again and again": (RSS + "<item ", "a='b' ", "><title>t</title></item>"),
    "items": (RSS, "<item><title>t %d</title><guid>%d</guid></item>", "</channel></rss>"),
    "items without end": (RSS, "<item><title>t %d</title>", ""),
    "entries with bases": (ATOM, "<entry xml:base='http://a.example/%d/'><id>%d</id></entry>", "</feed>"),
    "nested bases": (ATOM, "<a xml:base='b/'>", ""),
    "categories": (ITEM, "<category>c%d</category>", "</item></channel></rss>"),
    "links of an entry": (ATOM + "<entry>", "<link rel='alternate' href='http://a.example/%d'/>", "</entry></feed>"),
    "authors": (ATOM + "<entry>", "<author><name>a%d</name></author>", "</entry></feed>"),
    "a giant date": (ITEM + "<pubDate>", "1 ", "</pubDate></item></channel></rss>"),
    "a giant link": (ITEM + "<link>http://a.example/", "a/../", "</link></item></channel></rss>"),
    "a link of blanks": (ITEM + "<link>", " \n", "</link></item></channel></rss>"),
    "a giant identifier": (ITEM + "<guid>", "x ", "</guid></item></channel></rss>"),
    "enclosures": (ITEM, "<enclosure url='http://a.example/%d'/>", "</item></channel></rss>"),
    "media": (ITEM, "<media:content url='%d'/>", "</item></channel></rss>"),
    "page: nested": (BODY, "<div>", "x"),
    "page: tables": (BODY, "<table><tr><td>", "x"),
    "page: formatting": (BODY, "<b><p>", "x"),
    "page: links": (BODY, "<li><a href='/%d'>Statement number %d</a> Oct 9, 2025</li>", ""),
    "page: links without end": (BODY, "<a href='/%d'>Statement number %d ", ""),
    "page: unclosed links": (BODY, "<a href='", ""),
    "page: unclosed tags": (BODY, "<a ", ""),
    "page: comments": (BODY, "<!--", ""),
    "page: scripts": (BODY, "<script>", "x"),
    "page: linked data": (BODY, "<script type='application/ld+json'>{\"a\": 1}</script>", "x"),
    "page: nested data": (BODY + "<script type='application/ld+json'>", '{"a":', "</script>x"),
    "page: titles": ("", "<title>", ""),
    "page: attributes": (BODY + "<p ", "a%d=1 ", ">x"),
    "page: bare attributes": (BODY + "<p ", "a%d ", ">x"),
    "page: paragraphs": (BODY, "<p>The statement number %d says that it is so, and more of it.", ""),
    "page: headings": (BODY, "<h2>Oct 9, 2025</h2><h3>Statement %d</h3>", ""),
    "page: feeds": ("<html><head>", "<link rel=alternate type='application/rss+xml' href='/%d'>", ""),
    "page: one word": (BODY, "x", ""),
    "page: dates": (BODY, "Oct 9, 2025 ", ""),
    "page: blanks": (BODY + "<pre>", " ", "x"),
    "page: breaks": (BODY, "<br>", "x"),
    "page: pacer's brackets": (ITEM + "<description>", "[", "</description></item></channel></rss>"),
    "sitemap": (SITEMAP, "<url><loc>http://a.example/%d</loc></url>", "</urlset>"),
    "sitemap: unclosed": (SITEMAP, "<url><loc>", ""),
    "sitemap: nested": (SITEMAP, "<url>", ""),
    "sitemap: a giant address": (SITEMAP + "<url><loc>http://a.example/", "a-", "</loc></url></urlset>"),
    "sitemap: fields": (SITEMAP + "<url><loc>http://a.example/</loc>", "<a%d>b</a%d>", "</url></urlset>"),
    "sitemap: comments before it": ("", "<!-- -->", SITEMAP),
    "opml: nested": (OPML, "<outline text='a'>", ""),
    "opml: feeds": (OPML, "<outline text='a' xmlUrl='http://a.example/%d'/>", "</body></opml>"),
    "opml: unclosed": (OPML, "<outline text='", ""),
    "reginfo: nested": ("<REGINFO_DATA>", "<REGACT>", ""),
    "reginfo: fields": ("<REGINFO_DATA><REGACT>", "<a%d>b</a%d>", ""),
    "json: items": (JSON_FEED + '{"id": "x"}', ', {"id": "%d", "title": "t"}', "]}"),
    "json: nested": (JSON_FEED, "[", ""),
    "json: nested objects": (JSON_FEED, '{"a":', ""),
    "json: markup": (JSON_FEED + '{"id": "x", "content_html": "', "<div>", '"}]}'),
    "json: unclosed markup": (JSON_FEED + '{"id": "x", "content_html": "', "<a ", '"}]}'),
    "json: a giant number": (JSON_FEED + '{"id": ', "1", "}]}"),
    "json: keys": (JSON_FEED + "{", '"k%d": 1, ', '"id": "x"}]}'),
    "json: escapes": (JSON_FEED + '{"id": "', "\\\\u0041", '"}]}'),
    "robots: names": ("", "sitemap: http://a.example/%d\n", ""),
    "robots: blanks": ("", " ", "sitemap:"),
}


NAMES = tuple(_GROWING)


def document(name: str, size: int) -> bytes:
    """The document of this kind, as close to ``size`` bytes as its pieces allow."""
    head, piece, tail = _GROWING[name]
    room, pieces, number = size - len(head) - len(tail), list[str](), 0
    while room > 0:
        pieces.append(piece.replace("%d", str(number)))
        room -= len(pieces[-1])
        number += 1
    return (head + "".join(pieces) + tail).encode()
