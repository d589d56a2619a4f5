"""The newsroom's documents as bytes: feeds (RSS 2.0, Atom), article pages, and the page that changes. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from html import escape

from monitor.demo.story import Article, Outlet, Page, Wording

FEED_WINDOW = 15  # items: what many publishing systems list, so that a poller must not stay away too long


@dataclass(frozen=True, slots=True)
class Document:
    """A document as one moment shows it. ``modified`` is when it last changed; it does not depend on the clock."""

    media_type: str
    body: bytes
    modified: datetime


def feed(outlet: Outlet, base: str, now: datetime) -> Document | None:
    """The outlet's newest articles at ``now``, newest first; None while it has published nothing.

    ``base`` is the server's root without a slash at the end.
    """
    shown = [(article, wording) for article in outlet.articles if (wording := article.at(now))]
    if not shown:
        return None
    listed = shown[-FEED_WINDOW:][::-1]
    modified = max(wording.updated for _, wording in listed)
    home = f"{base}/{outlet.source}"
    write = _rss if outlet.format == "rss" else _atom
    return Document(f"application/{outlet.format}+xml; charset=utf-8", write(outlet, home, listed, modified), modified)


def article_page(outlet: Outlet, article: Article, wording: Wording, base: str) -> Document:
    """The article's own page."""
    link = escape(f"{base}/{outlet.source}{article.path}")
    when = f'<time datetime="{article.published.isoformat()}">{article.published:%B %d, %Y}</time>'
    head = f'<link rel="canonical" href="{link}">'
    inner = f"<h1>{escape(wording.title)}</h1>\n<p>{escape(outlet.name)}, {when}</p>\n{_html(wording)}"
    return _page(wording.title, head, inner, wording.updated)


def changing_page(page: Page, now: datetime) -> Document:
    """The watched page: its heading and words, then a "Last updated" line and a share counter that mean nothing."""
    wording, shares = page.at(now)
    modified = max(wording.updated, shares.at)
    inner = (
        f"<h1>{escape(wording.title)}</h1>\n{_html(wording)}\n"
        f"<p>Last updated {modified:%B %d, %Y}</p>\n"
        f'<div class="share">Shared {shares.count} times</div>'
    )
    return _page(wording.title, "", inner, modified)


def _page(title: str, head: str, inner: str, modified: datetime) -> Document:
    text = (
        f'<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8"><title>{escape(title)}</title>{head}</head>\n'
        "<body>\n<header><nav>Home News About</nav></header>\n"
        f"<main><article>\n{inner}\n</article></main>\n<footer>Contact</footer>\n</body>\n</html>\n"
    )
    return Document("text/html; charset=utf-8", text.encode(), modified)


def _rss(outlet: Outlet, home: str, listed: list[tuple[Article, Wording]], modified: datetime) -> bytes:
    items = "\n".join(_rss_item(article, wording, home) for article, wording in listed)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0">\n<channel>\n'
        f"<title>{escape(outlet.name)}</title>\n<link>{home}/</link>\n"
        f"<description>News from {escape(outlet.name)}</description>\n"
        f"<lastBuildDate>{format_datetime(modified)}</lastBuildDate>\n{items}\n</channel>\n</rss>\n"
    ).encode()


def _rss_item(article: Article, wording: Wording, home: str) -> str:
    link = escape(home + article.path)
    return (
        f'<item><title>{escape(wording.title)}</title><link>{link}</link><guid isPermaLink="true">{link}</guid>'
        f"<pubDate>{format_datetime(article.published)}</pubDate>"
        f"<description>{escape(_html(wording))}</description></item>"
    )


def _atom(outlet: Outlet, home: str, listed: list[tuple[Article, Wording]], modified: datetime) -> bytes:
    entries = "\n".join(_atom_entry(article, wording, home) for article, wording in listed)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">\n'
        f"<title>{escape(outlet.name)}</title><id>{home}/</id>\n"
        f'<link rel="alternate" href="{home}/"/><link rel="self" href="{home}/feed"/>\n'
        f"<updated>{modified.isoformat()}</updated>\n{entries}\n</feed>\n"
    ).encode()


def _atom_entry(article: Article, wording: Wording, home: str) -> str:
    link = escape(home + article.path)
    return (
        f'<entry><title>{escape(wording.title)}</title><id>{link}</id><link rel="alternate" href="{link}"/>'
        f"<published>{article.published.isoformat()}</published><updated>{wording.updated.isoformat()}</updated>"
        f'<content type="html">{escape(_html(wording))}</content></entry>'
    )


def _html(wording: Wording) -> str:
    return "\n".join(f"<p>{escape(paragraph)}</p>" for paragraph in wording.paragraphs)
