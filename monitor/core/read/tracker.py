"""Another tracker's page of a policy: one item for each action of its timeline; or its list of such pages."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, time
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from monitor.core.read.decode import decode
from monitor.core.read.identity import digest, distinct
from monitor.core.read.prose import TITLE_LIMIT
from monitor.core.read.rules import problems_of
from monitor.core.read.selection import base_of, outermost, page_title, selected, without
from monitor.core.read.sniff import is_binary, looks_like
from monitor.core.text import normal_title, shorten
from monitor.core.tracker import page_text, read_page
from monitor.core.urls import canonical_url, safe_link
from monitor.errors import Unreadable
from monitor.model.policy import ActionRecord, PolicyRecord
from monitor.model.source import (
    Fetched,
    Item,
    PollError,
    ReadFailed,
    Reading,
    ReadResult,
    Source,
    SourceKind,
    StatedAction,
)
from monitor.model.vocabulary import Vocabulary

MOST_PAGES = 2_000  # of one list
_NOON = time(12, tzinfo=UTC)  # the same day nearly everywhere
_FURNITURE = "nav, aside, body > header, body > footer"


def read_tracker(fetched: Fetched, source: Source, now: datetime, vocabulary: Vocabulary) -> ReadResult:
    """Return the actions that a policy's page states, or the pages that a list names (``next_urls``). Never raises.

    A page is known by the labels of ``vocabulary``. An action's key is made of the policy's address, the action's date
    and its document (without one, its title): it keeps it when the page is sorted anew, and when the words of an action
    with a document change. ``url`` is the document's address, else the page's. Of a list the same-host links count that
    lie below its own address, else those that share the most common folder; ``select`` narrows them, and ``drop`` takes
    parts out of both.
    """
    problems = problems_of(source.select, source.drop, source.ignore)
    if problems:
        return ReadFailed(PollError.SELECTOR_EMPTY, problems[0])
    text = decode(fetched.body, fetched.headers.get("content-type"))
    if is_binary(fetched.body) or not text.strip():
        return ReadFailed(
            PollError.NOT_A_DOCUMENT, f"no tracker's page: this looks like {looks_like(fetched.body, text)}"
        )
    if not text.lstrip("\ufeff \r\n\t").startswith("<"):  # text may hold "<https://...>", which looks like a tag
        return _policy(text, fetched, vocabulary)
    if source.drop:
        text = without(text, source.drop).html or ""
    try:
        page = _policy(page_text(text, fetched.url), fetched, vocabulary)
    except Unreadable as error:  # nested too deep to be read at all
        return ReadFailed(PollError.NOT_A_DOCUMENT, str(error))
    return page if isinstance(page, Reading) and page.items else _list(text, fetched, source, page)


def _policy(text: str, fetched: Fetched, vocabulary: Vocabulary) -> ReadResult:
    stated = text if text.lstrip("\ufeff\n ").startswith("URL:") else f"URL: {fetched.url}\n{text}"
    try:
        record = read_page(stated, vocabulary)
    except Unreadable as error:
        return ReadFailed(PollError.NOT_A_DOCUMENT, str(error)[:500])
    if record.announced is None and record.tracker_id is None and not record.actions:
        return ReadFailed(PollError.NOT_A_DOCUMENT, f"no policy's page of the tracker {vocabulary.tracker!r}")
    items, notes = distinct(_item(record, action, fetched.url) for action in record.actions)
    title = shorten(record.title or record.url, TITLE_LIMIT)
    undated = sum(item.published is None for item in items)
    if undated:
        notes.append(f"{undated} of {len(items)} actions have no date")
    return Reading(SourceKind.TRACKER, title, tuple(items), tuple(notes))


def _item(record: PolicyRecord, action: ActionRecord, found_at: str) -> Item:
    document = safe_link(action.document_url, found_at)
    page = safe_link(record.url, found_at) or found_at
    mark = canonical_url(document) if document else normal_title(action.title) or action.summary
    return Item(
        key=f"action:{digest(canonical_url(page), str(action.date), mark)}",
        title=shorten(action.title, TITLE_LIMIT) if action.title else "",
        text=action.summary,
        url=document or page,
        published=_moment(action.date),
        published_raw=action.date.isoformat() if action.date else None,
        stated=StatedAction(
            kind=shorten(action.kind, TITLE_LIMIT),
            date=action.date,
            document_url=document,
            reported=action.reported,
            policy_url=page,
            policy_title=shorten(record.title, TITLE_LIMIT) if record.title else "",
            tracker_id=record.tracker_id,
        ),
    )


def _moment(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, _NOON)


def _list(text: str, fetched: Fetched, source: Source, page: ReadResult) -> ReadResult:
    """The pages that a document names; where it names none, what it is as a policy's page."""
    tree = without(text, ())
    parts = selected(tree, source.select) if source.select else _content(tree)
    if isinstance(parts, ReadFailed):
        return page if isinstance(page, Reading) else parts
    links = _links(parts, base_of(tree, fetched.url), fetched.url)
    below = _below(links, fetched.url)
    if isinstance(page, Reading) and len(below) < 2:  # a policy without actions yet
        return page
    urls = tuple(links if source.select else below or _alike(links))[:MOST_PAGES]
    if not urls:
        return page
    return Reading(SourceKind.TRACKER, page_title(tree), (), next_urls=urls, listed=len(urls))


def _content(tree: LexborHTMLParser) -> list[LexborNode]:
    for node in outermost(tree.css(_FURNITURE)):
        node.decompose()
    root = tree.css_first("main") or tree.body
    return [] if root is None else [root]


def _links(parts: list[LexborNode], base: str, here: str) -> list[str]:
    found: dict[str, str] = {}
    own = urlsplit(here)
    for part in parts:
        for node in [*([part] if part.tag == "a" else []), *part.css("a[href]")]:
            url = safe_link(node.attributes.get("href"), base)
            if url is None:
                continue
            link = urlsplit(url)
            plain = link._replace(fragment="").geturl()
            if link.netloc.lower() == own.netloc.lower() and link.path.rstrip("/") not in ("", own.path.rstrip("/")):
                found.setdefault(canonical_url(plain), plain)
    return list(found.values())


def _below(links: list[str], here: str) -> list[str]:
    folder = urlsplit(here).path.rstrip("/") + "/"
    return [url for url in links if urlsplit(url).path.startswith(folder)] if folder != "/" else []


def _alike(links: list[str]) -> list[str]:
    folders = Counter(_folder(url) for url in links)
    if not folders:
        return []
    best, count = folders.most_common(1)[0]
    return [url for url in links if _folder(url) == best] if count > 1 else []


def _folder(url: str) -> str:
    return urlsplit(url).path.rstrip("/").rpartition("/")[0]
