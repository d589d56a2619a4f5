"""Whatever a document says is taken by both databases and comes back as it was read (THREATS F15, F16)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from monitor.core.archive import packed
from monitor.core.entries import fingerprint
from monitor.core.health import Extent
from monitor.core.read.skim import skim
from monitor.core.urls import canonical_url
from monitor.model.source import Fetched, Item, Kept, ReadFailed, Source, SourceKind
from monitor.store import schema as s
from monitor.store.database import Database, Tx
from monitor.store.polls import NewEntry, record_poll
from monitor.store.schedule import make_due
from tests.core.storable import CONTROLS, SEPARATORS, UNSEEN, check
from tests.store.rows import NOW, a_poll, a_source, claims, sources

_HOURS = count(1)
HOSTILE = st.sampled_from(
    [*UNSEEN, *CONTROLS, *SEPARATORS, "\ud800", "\udfff", "\ufffe", "\uffff", "e\u0301", "\U0010ffff"]
)
WORDS = st.lists(st.text(max_size=8) | HOSTILE, max_size=6).map("".join)
CHARSETS = st.sampled_from(["utf-8", "utf-16", "utf-16-le", "utf-32", "utf-7", "cp1252", "shift_jis"])


def feed_of(title: str, text: str, guid: str) -> str:
    item = f"<item><guid>{guid}</guid><title>{title}</title><description>{text}</description></item>"
    return f"<rss version='2.0'><channel><title>{title}</title>{item}</channel></rss>"


def store(db: Database, body: bytes, content_type: str = "") -> tuple[list[Item], list[dict[str, Any]]]:
    """Read and store a document as a poll does; its items, and what the database gives back of them."""
    now = NOW + timedelta(hours=next(_HOURS))
    db.write_blocking(lambda tx: make_due(tx, now=now))
    (claim,) = db.write_blocking(lambda tx: claims(tx, now))
    headers = {"content-type": content_type, "x-said": "\x7f\xff\u0100"}
    read = skim(Fetched(claim.source.url, 200, body, headers), claim.source, now, {}, whole=True)
    check(read.result)
    fetched = Fetched(claim.source.url, 200, body, headers)
    poll = replace(a_poll(claim, at=now), fetched=fetched, marks=read.marks)
    found = read.result
    if isinstance(found, ReadFailed):
        failed = replace(poll, error=found.error, detail=found.detail, fetched=None)
        db.write_blocking(lambda tx: record_poll(tx, failed))
        return [], []
    items = [replace(item, key=f"{now.isoformat()} {item.key}") for item in found.items]
    new = tuple(NewEntry(item, fingerprint(item), canonical_url(item.url or ""), item.title) for item in items)
    kept = (Kept(fetched, packed(body), frozenset(item.key for item in items)),) if items else ()
    told = replace(poll, new=new, kept=kept, extent=Extent(len(items)), notes=found.notes)
    db.write_blocking(lambda tx: record_poll(tx, told))
    return items, db.write_blocking(lambda tx: stored(tx, [item.key for item in items]))


def stored(tx: Tx, keys: list[str]) -> list[dict[str, Any]]:
    query = select(s.revision, s.entry.c.key).join(s.entry).where(s.entry.c.key.in_(keys)).order_by(s.revision.c.id)
    return [dict(row) for row in tx.execute(query).mappings()]


def same(items: list[Item], rows: list[dict[str, Any]]) -> None:
    fields = ("key", "title", "text", "url", "published", "published_raw", "publisher", "original")
    assert [tuple(row[name] for name in fields) for row in rows] == [
        tuple(getattr(item, name) for name in fields) for item in items
    ]


@pytest.fixture
def watched(db: Database) -> Database:
    sources(db, Source("news", "News", a_source().url, SourceKind.AUTO))
    return db


PROPERTY = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@PROPERTY
@given(title=WORDS, text=WORDS, guid=WORDS, written=CHARSETS, claimed=CHARSETS)
@example(title="a\x00b", text="\ud800", guid="\u202e", written="utf-8", claimed="utf-16")
@example(title="\uffff\ufffe", text="e\u0301\u2028", guid="\U0010ffff", written="utf-16", claimed="utf-8")
def test_F15_any_words_in_any_charset_are_stored_as_they_were_read(
    watched: Database, title: str, text: str, guid: str, written: str, claimed: str
) -> None:
    document = f'<?xml version="1.0" encoding="{claimed}"?>{feed_of(title, text, guid)}'

    same(*store(watched, document.encode(written, "ignore"), f"text/xml; charset={claimed}"))


@PROPERTY
@given(st.binary(max_size=120))
@example(b"\xc0\xaf\xed\xa0\x80\x00\xff")
@example(b"\x00" * 40)
def test_F15_any_bytes_are_stored_as_they_were_read(watched: Database, noise: bytes) -> None:
    for body in (noise, feed_of("A", "B", "c").encode() + noise, b"<rss version='2.0'><item><title>" + noise):
        same(*store(watched, body))


def test_F15_what_json_escapes_may_hold_is_stored_as_it_was_read(watched: Database) -> None:
    body = rb"""{"version":"https://jsonfeed.org/version/1.1","title":"\ud800","items":[{"id":"\u0000\udfff",
        "title":"a\u0000b \ud83d\ude00 \ud800","content_text":"x\u202ey\u2028z","url":"/\ud800"}]}"""

    items, rows = store(watched, body)

    assert [(item.title, item.text) for item in items] == [("ab \U0001f600", "xy\nz")]
    same(items, rows)


def test_F16_a_title_of_a_megabyte_is_stored_within_its_cap(watched: Database) -> None:
    items, rows = store(watched, feed_of("word " * 200_000, "x" * 1_000_000, "c").encode())

    assert 500 < len(rows[0]["title"]) <= 512
    same(items, rows)
