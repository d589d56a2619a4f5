"""No reader's time grows faster than its document, but for what the jail must end (THREATS F1, F19)."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from math import inf

import pytest

from monitor.core.opml import read_opml
from monitor.core.read import read_document
from monitor.core.read.discover import discover
from monitor.core.read.manners import wait_of
from monitor.core.read.prose import is_overloaded
from monitor.core.read.skim import skim
from monitor.errors import Unreadable
from monitor.model.source import Fetched, PollError, ReadFailed, Reading, Source, SourceKind
from tests.core.pathological import NAMES, document

NOW = datetime(2025, 10, 10, 12, tzinfo=UTC)
URL = "https://news.example/feed"
SMALL, LARGE = 50_000, 200_000  # bytes
MOST_RATIO = 8  # for four times the size: linear is 4, and a busy machine's caches take their share
TRIES = 5
NOTHING = 0.15  # seconds: what is read within it is no attack, and too short to be compared
# feedparser's own: it looks through all namespaces for each element, and through all categories of an entry for each.
ENDED_BY_THE_JAIL = frozenset({"namespaces", "categories"})
HTML = {"content-type": "text/html"}
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def by_kind(kind: SourceKind, url: str = URL) -> Callable[[bytes], object]:
    headers = HTML if kind in (SourceKind.PAGE, SourceKind.LISTING) else {}
    source = Source("s", "S", url, kind)
    return lambda body: skim(Fetched(url, 200, body, headers), source, NOW, {})


def as_opml(body: bytes) -> None:
    with suppress(Unreadable):
        read_opml(body.decode())


KINDS = ("auto", "feed", "page", "listing", "sitemap", "pacer", "reginfo", "article")
READERS: Mapping[str, Callable[[bytes], object]] = {
    **{kind: by_kind(SourceKind(kind)) for kind in KINDS},
    "court": by_kind(SourceKind.AUTO, "https://ecf.dcd.uscourts.gov/cgi-bin/rss_outside.pl"),
    "discover": lambda body: discover(Fetched(URL, 200, body), NOW),
    "robots.txt": lambda body: discover(Fetched("https://news.example/robots.txt", 200, body), NOW),
    "manners": wait_of,
    "opml": as_opml,
}


def seconds(read: Callable[[bytes], object], body: bytes) -> float:
    gc.collect()
    gc.disable()  # its time grows with whatever else the process holds
    try:
        begun = time.process_time()
        read(body)
        return time.process_time() - begun
    finally:
        gc.enable()


def grows_too_fast(read: Callable[[bytes], object], small: bytes, large: bytes) -> str | None:
    """How long both took at best, where the larger took too much longer: other work may disturb each of them."""
    long = short = inf
    for _ in range(TRIES):
        long = min(long, seconds(read, large))
        if long < NOTHING:
            return None
        short = min(short, seconds(read, small))
        if long < MOST_RATIO * max(0.001, short):
            return None
    return f"{short:.2f} s and {long:.2f} s"


@pytest.mark.slow
@pytest.mark.growth
@pytest.mark.parametrize("name", [name for name in NAMES if name not in ENDED_BY_THE_JAIL])
def test_F19_four_times_the_document_takes_no_reader_more_than_eight_times_as_long(name: str) -> None:
    small, large = document(name, SMALL), document(name, LARGE)

    found = {kind: grows_too_fast(read, small, large) for kind, read in READERS.items()}

    assert {kind: why for kind, why in found.items() if why is not None} == {}


SHORT = [
    ("unclosed link", "court"),
    ("unclosed named tags", "court"),
    ("attributes of one element", "auto"),
    ("page: bare attributes", "article"),
]


@pytest.mark.parametrize(("name", "kind"), SHORT)
def test_F19_what_was_once_quadratic_is_no_longer(name: str, kind: str) -> None:
    assert grows_too_fast(READERS[kind], document(name, 15_000), document(name, 60_000)) is None


def test_F19_a_feed_with_an_overloaded_element_is_refused_in_words() -> None:
    body = document("attributes of one element", SMALL)

    found = read_document(Fetched(URL, 200, body), Source("s", "S", URL, SourceKind.FEED), NOW)

    assert found == ReadFailed(PollError.NOT_A_FEED, "not a feed: one of its elements has over 500 attributes")


def test_F19_of_a_page_with_an_overloaded_element_the_words_are_read() -> None:
    attributes = " ".join(f"a{n}" for n in range(2_000))
    body = f"<html><body><p {attributes}>The words of it.</p></body></html>".encode()

    found = read_document(Fetched(URL, 200, body, HTML), Source("s", "S", URL, SourceKind.PAGE), NOW)

    assert isinstance(found, Reading)
    assert found.items[0].text == "The words of it."


LONG = "word " * 2_000
FAIR = [
    f"<p>{LONG}</p>",
    f"<p title='{LONG}'>x</p>",
    f"a < b {LONG}",
    f"<p>{LONG} &lt;a href=1&gt; {'a=b ' * 2_000}</p>",
    f"<img src='data:image/png;base64,{'QUJD' * 5_000}=='>",
    f"<p {'a=1 ' * 400}>{LONG}</p>",
    f'<a href="https://a.example/?{"q=1&amp;" * 2_000}">x</a>',
]


@pytest.mark.parametrize("markup", FAIR)
def test_what_is_only_long_is_not_overloaded(markup: str) -> None:
    assert not is_overloaded(markup, bare=True)
