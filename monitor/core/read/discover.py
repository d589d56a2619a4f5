"""What could be polled at an address: feeds, sitemaps, APIs and lists that a page states or is likely to have."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser

from monitor.core.read import read_document
from monitor.core.read.courts import is_court
from monitor.core.read.decode import decode
from monitor.core.read.prose import anchors_of, one_line, parsed
from monitor.core.read.selection import base_of, page_title
from monitor.core.read.sniff import is_binary, is_html
from monitor.core.text import shorten
from monitor.core.urls import canonical_url, safe_link
from monitor.model.source import Fetched, Reading, Source, SourceKind

MOST_FOUND = 40

_FEED_TYPES = frozenset({"application/rss+xml", "application/atom+xml", "application/rdf+xml", "application/feed+json"})
_JSON_FEED = "application/json"  # as JSON Feed 1.0 has it; WordPress states its API under the same type
_FEED_PATH = re.compile(
    r"(?:^|/)(?:feed|rss|atom)s?(?:\.\w{2,4})?/?$|\.(?:rss|atom|rdf)$|(?:rss|feed|atom)[^/]{0,40}\.xml$"
)
_FEED_QUERY = re.compile(r"(?:^|&)(?:feed=(?:rss2?|atom|rdf)|(?:format|type|output)=(?:rss|atom))(?:&|$)")
_FEED_WORDS = re.compile(r"\b(?:rss(?: feed)?|atom feed|xml feed|news feed)\b", re.I)
_SITEMAP_PATH = re.compile(r"sitemap[^/]{0,60}\.xml(?:\.gz)?$")
_COMMENTS = re.compile(r"/comments/feed/?$")
_NAMED = re.compile(r"^[ \t]*sitemap[ \t]*:[ \t]*(\S{1,2048})", re.I | re.M)
_ROBOTS_PATH = re.compile(r"/robots\.txt$")
_LONGEST_TITLE = 120  # characters
_MOST_LINKS = 2_000  # of a page that are looked at


@dataclass(frozen=True, slots=True)
class Found:
    """Something to poll: its address, how to read it, what it is called, and why it was thought of, in words.

    ``sure`` is False where nobody stated the address: try it before believing it.
    """

    url: str
    kind: SourceKind
    title: str
    why: str
    sure: bool = True


def discover(fetched: Fetched, now: datetime) -> tuple[Found, ...]:
    """Return what could be polled at a fetched address, the best first, each once. Never raises.

    A feed, sitemap or API answer is itself what was looked for. A ``robots.txt`` names sitemaps. A page states feeds
    (``<link rel=alternate>``), links to what looks like one, states WordPress's API, may be a list, and can be watched
    as what it is; where it states nothing the usual addresses are guessed.
    """
    found: dict[str, Found] = {}
    for each in _candidates(fetched, now):
        found.setdefault(f"{each.kind.value if each.url == fetched.url else ''} {canonical_url(each.url)}", each)
    return tuple(found.values())[:MOST_FOUND]


def _candidates(fetched: Fetched, now: datetime) -> Iterator[Found]:
    text = "" if is_binary(fetched.body) else decode(fetched.body, fetched.headers.get("content-type"))
    if _ROBOTS_PATH.search(urlsplit(fetched.url).path):
        yield from () if is_html(text) else _named(text, fetched.url)
        return
    reading = _read(fetched, SourceKind.AUTO, now)
    if reading is not None and reading.kind is not SourceKind.PAGE:
        yield _itself(fetched.url, reading)
    elif reading is not None:
        yield from _on_page(text, fetched, now, reading)


def _read(fetched: Fetched, kind: SourceKind, now: datetime) -> Reading | None:
    read = read_document(fetched, Source("found", "", fetched.url, kind), now)
    return read if isinstance(read, Reading) else None


def _itself(url: str, reading: Reading) -> Found:
    parts = f"{len(reading.next_urls)} parts" if reading.next_urls and not reading.items else ""
    return Found(url, reading.kind, _short(reading.title), f"the address itself: {parts or _items(reading)}")


def _items(reading: Reading) -> str:
    return f"{len(reading.items)} item{'' if len(reading.items) == 1 else 's'}"


def _named(robots: str, base: str) -> Iterator[Found]:
    for name in _NAMED.findall(robots):
        url = safe_link(name, base)
        if url is not None:
            yield Found(url, SourceKind.SITEMAP, "", "robots.txt names it")


def _on_page(text: str, fetched: Fetched, now: datetime, page: Reading) -> Iterator[Found]:
    tree = parsed(text)
    base, title = base_of(tree, fetched.url), _short(page_title(tree))
    stated = [*_stated(tree, base, title), *_linked(tree, base, title)]
    yield from stated
    yield from _wordpress(tree, base, title)
    listing = _read(fetched, SourceKind.LISTING, now)
    if listing is not None:
        dated = sum(item.published is not None for item in listing.items)
        why = f"the page lists {len(listing.items)} links, {dated} with dates"
        yield Found(fetched.url, SourceKind.LISTING, title, why)
    if not any(each.kind in (SourceKind.FEED, SourceKind.PACER) for each in stated):
        for path in dict.fromkeys((f"{urlsplit(fetched.url).path.rstrip('/')}/feed/", "/feed/")):
            yield Found(urljoin(fetched.url, path), _feed_kind(fetched.url), title, "a usual address", sure=False)
    yield Found(urljoin(fetched.url, "/sitemap.xml"), SourceKind.SITEMAP, title, "a usual address", sure=False)
    if any(item.text for item in page.items):
        yield Found(fetched.url, SourceKind.PAGE, title, "the page's own text, watched for changes")


def _stated(tree: LexborHTMLParser, base: str, page: str) -> Iterator[Found]:
    for node in tree.css("link[rel][href]")[:_MOST_LINKS]:
        named = node.attributes
        kind = (named.get("type") or "").partition(";")[0].strip().lower()
        url = safe_link(named.get("href"), base)
        relations = (named.get("rel") or "").lower().split()
        if url is None:
            continue
        title = _short(one_line(named.get("title") or "")) or page
        is_feed = kind in _FEED_TYPES or (kind == _JSON_FEED and "/wp-json/" not in url)
        if "alternate" in relations and is_feed and not _COMMENTS.search(urlsplit(url).path):
            yield Found(url, _feed_kind(url), title, "the page states it as its feed")
        elif "sitemap" in relations:
            yield Found(url, SourceKind.SITEMAP, title, "the page states it as its sitemap")


def _linked(tree: LexborHTMLParser, base: str, page: str) -> Iterator[Found]:
    for anchor in anchors_of(tree.body)[:_MOST_LINKS]:
        url = safe_link(anchor.href, base)
        if url is None:
            continue
        parts = urlsplit(url)
        path = parts.path.lower()
        title = _short(anchor.text) if len(anchor.text.split()) > 1 else page
        if _SITEMAP_PATH.search(path):
            yield Found(url, SourceKind.SITEMAP, title, "a link on the page to a sitemap")
        elif _FEED_PATH.search(path) or _FEED_QUERY.search(parts.query.lower()):
            if not _COMMENTS.search(path):
                yield Found(url, _feed_kind(url), title, "a link on the page that looks like a feed")
        elif _FEED_WORDS.search(anchor.text[:_LONGEST_TITLE]):
            yield Found(url, _feed_kind(url), title, f'a link on the page named "{_short(anchor.text)}"', sure=False)


def _wordpress(tree: LexborHTMLParser, base: str, page: str) -> Iterator[Found]:
    stated = tree.css_first("link[rel='https://api.w.org/']")
    root = safe_link(stated.attributes.get("href"), base) if stated is not None else None
    if root is not None and not urlsplit(root).query:
        url = f"{root.rstrip('/')}/wp/v2/posts"
        yield Found(url, SourceKind.WORDPRESS, page, "the page states the API of its WordPress")


def _feed_kind(url: str) -> SourceKind:
    return SourceKind.PACER if is_court(url) else SourceKind.FEED


def _short(title: str) -> str:
    return shorten(title, _LONGEST_TITLE)
