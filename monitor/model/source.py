"""What is polled, and what a poll can come to."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from monitor.model.article import Blob
from monitor.model.page import Block


class SourceKind(StrEnum):
    """Which reader turns the source's bytes into items. AUTO looks at the first document."""

    AUTO = "auto"
    FEED = "feed"  # RSS, Atom, RDF, JSON Feed
    PAGE = "page"
    PDF = "pdf"
    LISTING = "listing"  # a page of links with dates, without a feed
    SITEMAP = "sitemap"  # of pages or of news; an index names more documents
    PACER = "pacer"  # a court's RSS, whose guids are not unique
    COURTLISTENER = "courtlistener"  # REST v4
    FEDERAL_REGISTER = "federal-register"  # documents.json, and public inspection
    REGULATIONS = "regulations"  # regulations.gov v4
    GOVINFO = "govinfo"
    REGINFO = "reginfo"  # rules under review, XML
    JUSTICE = "justice"  # the press API of justice.gov
    WORDPRESS = "wordpress"  # wp-json/wp/v2/posts
    JSON = "json"  # any API: ``items`` is the path, ``fields`` the map
    MAILBOX = "mailbox"  # bulletins that are only mailed: IMAP, or a Maildir
    TRACKER = "tracker"  # another tracker's page of a policy, or a list of such pages
    ARTICLE = "article"  # the page behind an item's link; never a source's own kind


UNCERTAIN = frozenset(
    {SourceKind.PAGE, SourceKind.PDF, SourceKind.LISTING, SourceKind.SITEMAP, SourceKind.MAILBOX, SourceKind.ARTICLE}
)
"""The kinds of which nothing is recorded automatically: pages say what they like, and anybody can mail."""


WHOLE = frozenset({SourceKind.PAGE, SourceKind.PDF})
"""The kinds that are one document: one entry, whose every change is a story of its own."""


class Voice(StrEnum):
    """Who speaks when this source speaks: sets the draft's title and the digest's order (this order)."""

    GOVERNMENT = "government"
    COURT = "court"
    PARTY = "party"
    PRESS = "press"


class Seed(StrEnum):
    """What the first poll of a source does with what is there already."""

    SILENT = "silent"  # stored, not flagged
    FLAG = "flag"  # matched like news: the back list of a source bound to policies


class RobotsRule(StrEnum):
    """Whether robots.txt is asked before the source's own address is."""

    AUTO = "auto"  # for pages; what is meant for programs is exempt
    OBEY = "obey"
    IGNORE = "ignore"


class Render(StrEnum):
    """What a document is: what the server sends, or what a browser shows of it."""

    OFF = "off"
    BROWSER = "browser"  # an installed Chromium, for pages that scripts write


class ArticleRule(StrEnum):
    """Whether the articles that a source's items link to are read."""

    AUTO = "auto"  # where the item is a teaser, and what it says is not hopeless
    NEVER = "never"
    ALWAYS = "always"


class Record(StrEnum):
    """Who decides on what a source flags."""

    REVIEW = "review"  # an editor
    AUTO = "auto"  # what is certain is recorded at once, as "automatic, not reviewed"; an editor decides on the rest


@dataclass(frozen=True, slots=True)
class Source:
    """One polled address, as ``sources.yaml`` states it.

    ``select`` (joined), ``drop``: CSS, or XPath after ``xpath:``; ``ignore``: whole-line regular expressions (RE2).
    ``policies`` binds the source: whatever is new here is flagged for them (tracker ids or urls). ``items`` (a dotted
    path) and ``fields`` (item field -> dotted path) are for JSON. ``headers`` are sent to the source's own origin
    alone; a value, and ``auth``, may be a reference (``env:NAME``, ``file:PATH``) that is resolved when it is sent.
    ``senders``: the addresses and @domains whose mail counts; where there are none, all mail does. ``proxy``
    (``http://host:port``) is what the requests go through, ``proxy_auth`` a reference to "user:password" for it.
    ``late_after``: an item published longer ago than this is stored and not flagged. ``max_pages`` bounds the pages of
    a paged API, or of a list of policies, that one poll asks for. ``article``: whether the articles that its items link
    to are read. ``robots``: whether robots.txt is asked. ``render``: whether a browser shows the document first.
    ``group``: whose rules it has; ``inherited``: (field, "defaults" or "group NAME"), where it states none of its own.
    """

    id: str
    name: str
    url: str
    kind: SourceKind = SourceKind.AUTO
    voice: Voice = Voice.PRESS
    record: Record = Record.REVIEW
    every: timedelta = timedelta(minutes=60)
    select: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    agencies: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    items: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    auth: str = ""
    senders: tuple[str, ...] = ()
    proxy: str = ""
    proxy_auth: str = ""
    seed: Seed = Seed.SILENT
    late_after: timedelta = timedelta(days=30)
    max_pages: int = 5
    article: ArticleRule = ArticleRule.AUTO
    robots: RobotsRule = RobotsRule.AUTO
    confirm: bool = True
    render: Render = Render.OFF
    group: str = field(default="", compare=False)  # where rules come from changes nothing
    inherited: tuple[tuple[str, str], ...] = field(default=(), compare=False)
    line: int = 0


class PollError(StrEnum):
    """Why a poll failed: a value of the source's row, never an exception (THREATS 3.1)."""

    TIMEOUT = "timeout"
    DNS = "dns_error"
    CONNECT = "connect_error"
    TLS = "tls_error"
    PROTOCOL = "protocol_error"
    INCOMPLETE = "incomplete"
    TOO_LARGE = "too_large"
    BAD_ENCODING = "bad_encoding"
    BAD_URL = "bad_url"
    BLOCKED_ADDRESS = "blocked_address"
    REDIRECT_LIMIT = "redirect_limit"
    REDIRECT_REFUSED = "redirect_refused"
    HTTP_STATUS = "http_status"
    GONE = "gone"
    PARSE_ENTITIES = "parse_entities"
    NOT_A_FEED = "not_a_feed"
    NOT_A_PAGE = "not_a_page"
    SELECTOR_EMPTY = "selector_empty"
    NOT_A_DOCUMENT = "not_a_document"  # not the kind of document that the source's reader reads
    BLOCK_PAGE = "block_page"  # a challenge, a captcha or a login wall in the place of the document
    ROBOTS = "robots_refused"
    PROXY = "proxy_error"  # the source's proxy, and not the source, failed
    BROWSER = "browser_error"  # the browser, and not the source, failed: it is missing, say
    AUTH_FAILED = "auth_failed"
    NO_MAILBOX = "no_mailbox"  # the folder of an IMAP server, or the Maildir, is not there
    REDIRECTED_HOME = "redirected_home"  # to the site's front page, in the place of the page
    PAGE_EMPTIED = "page_emptied"  # a page that lost most of its text
    PARSE_TIMEOUT = "parse_timeout"
    PDF_LIMIT = "pdf_limit"
    INTERNAL = "internal_error"


@dataclass(frozen=True, slots=True)
class Proxy:
    """What a source's requests go through: ``http://host:port``, and "user:password" where it wants that."""

    url: str
    login: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Validators:
    """What a conditional request sends back, verbatim. Of a mailbox: how far it was read."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True)
class Fetched:
    """A document, decoded and whole. ``url`` is where it was found after redirects; header names are lower case.

    ``more``: a mailbox holds further messages, which the next request gives.
    """

    url: str
    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    validators: Validators = Validators()
    permanent_url: str | None = None
    more: bool = False


@dataclass(frozen=True, slots=True)
class NotModified:
    """The server says that nothing changed. Fresh validators where it sent any."""

    validators: Validators = Validators()
    headers: dict[str, str] = field(default_factory=dict)
    permanent_url: str | None = None


@dataclass(frozen=True, slots=True)
class FetchFailed:
    """No document. ``retry_after`` is the wish of the server of ``url``, where it has one, clamped to 24 hours."""

    error: PollError
    detail: str
    status: int | None = None
    retry_after: timedelta | None = None
    url: str | None = None


FetchResult = Fetched | NotModified | FetchFailed


@dataclass(frozen=True, slots=True)
class StatedAction:
    """What a tracker's timeline states of an action beside its words, and of which policy its page is.

    ``kind`` is the heading that it stands under; ``policy_url`` the page's own address; ``tracker_id`` that tracker's
    number of the policy.
    """

    kind: str
    date: date | None
    document_url: str | None
    reported: bool
    policy_url: str
    policy_title: str
    tracker_id: int | None


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that a document states, before it is compared with what is known.

    ``key`` is the item's identity within its source; ``title`` and ``text`` are plain text (NFC, no controls but
    newlines; paragraphs are lines); ``url`` is http(s) or None; ``published`` is aware, in UTC, or None where the
    document gives no believable date; ``published_raw`` is the document's own words. ``stated`` is of trackers alone.
    ``original``: title and text with the characters spelled out ("[U+202E]") that a reader does not see and that were
    taken out; None where none were.
    """

    key: str
    title: str
    text: str
    url: str | None = None
    published: datetime | None = None
    published_raw: str | None = None
    publisher: str | None = None
    stated: StatedAction | None = None
    original: str | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """When a document itself asks to be left alone: RSS ttl and sy:update*, skipHours (UTC) and skipDays (0 Monday)."""

    least: timedelta | None = None
    skip_hours: frozenset[int] = frozenset()
    skip_days: frozenset[int] = frozenset()


NO_WAIT = Wait()


@dataclass(frozen=True, slots=True)
class PolicyPage:
    """How far a page of a policy, which a tracker's list names, is known.

    ``asked_at`` is the last request, ``full_at`` the last document that was received whole; None: it was never read.
    """

    url: str
    validators: Validators = Validators()
    sha256: str | None = None
    asked_at: datetime | None = None
    full_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """What the items of ``keys`` were read from, for the archive: ``fetched`` without its body, which is ``blob``."""

    fetched: Fetched
    blob: Blob
    keys: frozenset[str]


@dataclass(frozen=True, slots=True)
class Reading:
    """What one document holds, in its own order. ``notes`` are for the log and ``sources test``.

    ``next_urls`` are the documents that belong to the same poll: the next page of an API, the parts of an index.
    ``blocks`` are those of a page, whose one item is its main text.
    ``pages`` are the pages of a tracker's list that this poll asked for, and ``baseline`` the keys of the items of
    those that were never read before: they are no news.
    ``listed`` is what the document itself counts where that is not its items: more of them than are kept, the parts of
    an index, or the pages of a list.
    ``kept`` are the documents beyond the first that items were read from.
    """

    kind: SourceKind
    title: str
    items: tuple[Item, ...]
    notes: tuple[str, ...] = ()
    next_urls: tuple[str, ...] = ()
    pages: tuple[PolicyPage, ...] = ()
    baseline: frozenset[str] = frozenset()
    listed: int | None = None
    kept: tuple[Kept, ...] = ()
    blocks: tuple[Block, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadFailed:
    """The document could not be read as what its source is; the stored state stands."""

    error: PollError
    detail: str


ReadResult = Reading | ReadFailed
