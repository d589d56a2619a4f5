"""Bytes to items: one reader a kind of source. Pure; a document that cannot be read is a value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial

from monitor.core.read.article import read_article
from monitor.core.read.blocked import block_reason
from monitor.core.read.courtlistener import COURTLISTENER
from monitor.core.read.courts import is_court
from monitor.core.read.decode import decode
from monitor.core.read.federal_register import FEDERAL_REGISTER
from monitor.core.read.feed import read_feed
from monitor.core.read.govinfo import GOVINFO
from monitor.core.read.json_feed import JSON_FEED
from monitor.core.read.json_mapped import read_mapped
from monitor.core.read.json_shapes import is_json, read_recognised
from monitor.core.read.justice import JUSTICE
from monitor.core.read.listing import read_listing
from monitor.core.read.mailbox import read_mailbox
from monitor.core.read.original import with_originals
from monitor.core.read.pacer import read_pacer
from monitor.core.read.page import read_page
from monitor.core.read.pdf import is_pdf, read_pdf
from monitor.core.read.reginfo import is_reginfo, read_reginfo
from monitor.core.read.regulations import REGULATIONS
from monitor.core.read.rules import problems_of
from monitor.core.read.sitemap import is_sitemap, read_sitemap
from monitor.core.read.sniff import is_binary, is_html, is_prose
from monitor.core.read.tracker import read_tracker
from monitor.core.read.wordpress import WORDPRESS
from monitor.model.source import Fetched, PollError, ReadFailed, Reading, ReadResult, Source, SourceKind
from monitor.model.vocabulary import Vocabulary

__all__ = ["READERS", "read_document", "read_feed", "read_page", "rule_problems"]

Reader = Callable[[Fetched, Source, datetime], ReadResult]


def read_document(fetched: Fetched, source: Source, now: datetime, vocabulary: Vocabulary | None = None) -> ReadResult:
    """Return what the fetched document holds for its source. Never raises, whatever the bytes.

    AUTO is a PDF, a sitemap or a list of rules under review where the document says so, an API's answer where its JSON
    can be nothing else, a feed where it reads as one (a court's, at the address of one), a page where it is HTML or
    plain text, and otherwise the reason why it is no feed. ``Reading.kind`` says which. BLOCK_PAGE where something else
    stands in the document's place, whatever the kind. ``vocabulary`` has the labels by which a tracker's page is known.
    """
    reader = READERS.get(source.kind)
    if source.kind is SourceKind.TRACKER and vocabulary is not None:
        reader = partial(read_tracker, vocabulary=vocabulary)
    if reader is None:
        return ReadFailed(PollError.NOT_A_DOCUMENT, f"kind {source.kind} cannot be read in this version")
    blocked = None if source.kind is SourceKind.MAILBOX else block_reason(fetched)  # nobody stands before a mailbox
    if blocked is not None:
        return ReadFailed(PollError.BLOCK_PAGE, f"in the place of the document stands {blocked}")
    return with_originals(reader(fetched, source, now), fetched, lambda twin: reader(twin, source, now))


def _as_feed(fetched: Fetched, source: Source, now: datetime) -> ReadResult:
    if is_json(fetched.body):
        return JSON_FEED.read(fetched, source, now)
    return read_feed(fetched.body, url=fetched.url, content_type=fetched.headers.get("content-type"), now=now)


def _as_page(fetched: Fetched, source: Source, now: datetime) -> ReadResult:
    return read_page(
        fetched.body,
        url=source.url,
        base=fetched.url,
        content_type=fetched.headers.get("content-type"),
        select=source.select,
        drop=source.drop,
        ignore=source.ignore,
        now=now,
    )


def _as_pdf(fetched: Fetched, source: Source, now: datetime) -> ReadResult:
    return read_pdf(fetched.body, url=source.url, base=fetched.url, now=now)


def _as_either(fetched: Fetched, source: Source, now: datetime) -> ReadResult:
    if is_pdf(fetched.body):
        return _as_pdf(fetched, source, now)
    if is_json(fetched.body):
        return read_recognised(fetched, source, now)
    if is_sitemap(fetched.body):
        return read_sitemap(fetched, source, now)
    if is_reginfo(fetched.body):
        return read_reginfo(fetched, source, now)
    as_feed = _as_feed(fetched, source, now)
    if isinstance(as_feed, ReadFailed) and as_feed.error is PollError.NOT_A_FEED and _is_page(fetched):
        return _as_page(fetched, source, now)
    if isinstance(as_feed, Reading) and is_court(fetched.url):
        return read_pacer(fetched, source, now)
    return as_feed


def _is_page(fetched: Fetched) -> bool:
    stated = fetched.headers.get("content-type", "")
    text = decode(fetched.body, stated)
    return not is_binary(fetched.body) and (is_html(text) or is_prose(text) or "html" in stated.lower())


READERS: Mapping[SourceKind, Reader] = {
    SourceKind.AUTO: _as_either,
    SourceKind.FEED: _as_feed,
    SourceKind.PAGE: _as_page,
    SourceKind.PDF: _as_pdf,
    SourceKind.LISTING: read_listing,
    SourceKind.SITEMAP: read_sitemap,
    SourceKind.PACER: read_pacer,
    SourceKind.REGINFO: read_reginfo,
    SourceKind.COURTLISTENER: COURTLISTENER.read,
    SourceKind.FEDERAL_REGISTER: FEDERAL_REGISTER.read,
    SourceKind.REGULATIONS: REGULATIONS.read,
    SourceKind.GOVINFO: GOVINFO.read,
    SourceKind.JUSTICE: JUSTICE.read,
    SourceKind.WORDPRESS: WORDPRESS.read,
    SourceKind.JSON: read_mapped,
    SourceKind.MAILBOX: read_mailbox,
    SourceKind.ARTICLE: read_article,
}


def rule_problems(source: Source) -> list[str]:
    """Return what is wrong with the source's select, drop and ignore, one sentence a rule, for the operator."""
    return problems_of(source.select, source.drop, source.ignore)
