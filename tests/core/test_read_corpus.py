"""No entry that feedparser finds is lost: our reading beside a full parse, of real feeds and of feeds made here."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import feedparser
import pytest

from monitor.core.read import read_document
from monitor.core.read.prose import plain_text, plain_title
from monitor.core.read.skim import skim
from monitor.core.urls import canonical_url, safe_link
from monitor.model.source import Fetched, Item, ReadFailed, Reading, Source, SourceKind
from tests.core.storable import check
from tests.corpus import PORTIONS, documents

NOW = datetime(2027, 1, 1, tzinfo=UTC)
URL = "https://feeds.example/feed"
SOURCE = Source("s", "S", URL, SourceKind.FEED)
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


class Entry(NamedTuple):
    """What tells one entry of feedparser's from another."""

    id: str
    link: str
    title: str
    text: str


def entries(body: bytes) -> set[Entry]:
    """The distinct entries that feedparser finds, without those that have nothing to show."""
    found = {_entry(each) for each in feedparser.parse(io.BytesIO(body)).entries}
    return {entry for entry in found if entry.link or entry.title or entry.text}


def _entry(parsed: Any) -> Entry:
    bodies = [parsed.get("summary", ""), *(each["value"] for each in parsed.get("content", ()) if _is_text(each))]
    link = safe_link(parsed.get("link"), URL)
    text = " ".join(max((plain_text(body) for body in bodies), key=len).split())
    return Entry(parsed.get("id", ""), canonical_url(link or ""), plain_title(parsed.get("title", "")), text)


def _is_text(content: Any) -> bool:
    return str(content.get("type", "")).startswith("text/") or str(content.get("type", "")).endswith("xml")


def lost(there: set[Entry], items: tuple[Item, ...]) -> list[Entry]:
    """The entries that no item stands for: by link, by title, or by text where they have neither."""
    links = {canonical_url(item.url) for item in items if item.url}
    titles, texts = {item.title for item in items}, {" ".join(item.text.split()) for item in items}
    return [
        entry
        for entry in there
        if not (entry.link in links or entry.title in titles or (not entry.title and entry.text in texts))
    ]


def check_document(name: str, body: bytes) -> int:
    """Assert that no entry is lost, when read whole and when only half of it is new; the number of items."""
    fetched, there = Fetched(URL, 200, body), entries(body)
    whole = read_document(fetched, SOURCE, NOW)
    if isinstance(whole, ReadFailed):
        assert (name, whole.error, there) == (name, whole.error, set())
        return 0
    check(whole)
    assert not any(note.startswith("truncated") for note in whole.notes)
    assert (name, lost(there, whole.items)) == (name, [])
    if there:  # feedparser reads no JSON
        assert (name, len(whole.items)) == (name, len(there))
    check_skims(name, fetched, whole)
    return len(whole.items)


def check_skims(name: str, fetched: Fetched, whole: Reading) -> None:
    first = skim(fetched, SOURCE, NOW, {})
    assert (name, first.result) == (name, whole)
    marks = dict(first.marks)
    for mark in list(marks)[::3][: len(marks) // 2]:
        del marks[mark]
    again = skim(fetched, SOURCE, NOW, marks)
    assert isinstance(again.result, Reading)
    known = [item for item in whole.items if item not in again.result.items]
    assert (name, len(known) + len(again.result.items)) == (name, len(whole.items))
    assert set(again.result.items) <= set(whole.items)


@PORTIONS
@pytest.mark.timeout(300)
def test_of_the_shared_corpus_no_entry_that_feedparser_finds_is_lost(shared_data: Path, portion: int) -> None:
    paths = documents(shared_data, portion, "real", "excerpt", "domain", "notfeed", "synthetic")
    found = [check_document(path.name, path.read_bytes()) for path in paths]

    assert sum(found) > (4_500 if portion == 1 else 100)


RSS = "<rss version='2.0' xmlns:dc='http://purl.org/dc/elements/1.1/'><channel><title>F</title>{}</channel></rss>"
ATOM = "<feed xmlns='http://www.w3.org/2005/Atom'><title>F</title>{}</feed>"
WORDS = "<description>Words {0} &lt;b>and&lt;/b> more.</description>"
MADE = {
    "usual": RSS.format(
        "".join(f"<item><title>T{n}</title><link>/{n}</link>{WORDS.format(n)}</item>" for n in range(9))
    ),
    "without titles": RSS.format("".join(f"<item>{WORDS.format(n)}</item>" for n in range(9))),
    "without links": RSS.format("".join(f"<item><title>T{n}</title></item>" for n in range(9))),
    "one id for all": RSS.format("".join(f"<item><guid>x</guid><title>T{n}</title></item>" for n in range(9))),
    "repeats": RSS.format("<item><title>T</title><link>/1</link></item>" * 5),
    "broken": RSS.format("".join(f"<item><title>T{n} & <i>x</title><link>/{n}</link></item>" for n in range(9))),
    "in a web page": f"<?xml version='1.0'?><!DOCTYPE html><html><body>{ATOM}</body></html>".format(
        "".join(f"<entry><title>T{n}</title><link href='/{n}'/><id>i{n}</id></entry>" for n in range(9))
    ),
    "relative to a base": ATOM.replace("<feed ", "<feed xml:base='https://a.example/b/' ").format(
        "".join(f"<entry><title>T{n}</title><link href='{n}'/><id>i{n}</id></entry>" for n in range(9))
    ),
    "RSS 1.0": "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/'>"
    + "".join(f"<item rdf:about='/{n}'><title>T{n}</title><link>/{n}</link></item>" for n in range(9))
    + "</rdf:RDF>",
    "no feed": "<opml version='2.0'><body/></opml>",
}


@pytest.mark.parametrize("name", MADE)
def test_of_a_feed_no_entry_that_feedparser_finds_is_lost(name: str) -> None:
    number = check_document(name, MADE[name].encode())

    assert number == {"repeats": 1, "no feed": 0}.get(name, 9)
