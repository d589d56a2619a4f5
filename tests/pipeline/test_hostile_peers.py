"""What peers may answer, end to end: real servers, client, jail, databases (THREATS F1-F4, F10, F14, faults 47-50)."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import NamedTuple

import pytest

from monitor.core.health import Colour, health
from monitor.model.source import PollError, SourceKind
from monitor.store.sources import vitals_of
from tests.net.peers import answer
from tests.pipeline.newsroom import NEWS, POLICY, Newsroom, Story, a_feed, feed
from tests.pipeline.wild import Site, in_the_wild, number_of_entries, open_site, revisions, source_row

OLD = Story("Council buys new benches for the park", guid="benches")
OLDER = Story("The library opens on Sundays from May", guid="library")
DOCUMENT = feed(OLD, OLDER)
LOGIN = b"<!doctype html><title>Sign in</title><form><input type=password name=p></form><p>Please sign in to continue."
CAPTCHA = b"<!doctype html><title>Just a moment...</title><script src='/cdn-cgi/challenge-platform/x'></script>"


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with open_site() as opened:
        yield opened


@pytest.fixture
async def wild(newsroom: Newsroom, site: Site) -> AsyncIterator[Newsroom]:
    """A tracked policy and a feed on a real server whose baseline holds two old items."""
    async with in_the_wild(newsroom) as room:
        await room.track(POLICY)
        await room.watch(a_feed(url=site.url()))
        site.serve(DOCUMENT, 'ETag: "one"')
        await room.poll()
        yield room


class Attack(NamedTuple):
    """A raw answer, and what the poll comes to; None: nothing new."""

    name: str
    said: bytes
    error: PollError | None


def chunked(body: bytes, *, end: bytes = b"0\r\n\r\n") -> bytes:
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n%b" % (len(body), body, end)


def doctype(subset: str, words: str) -> bytes:
    return f'<?xml version="1.0"?><!DOCTYPE rss [{subset}]>'.encode() + feed(Story(words)).replace(b"&amp;", b"&")[21:]


LAUGHS = '<!ENTITY l0 "ha">' + "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))


def attacks(canary: str) -> list[Attack]:
    entities, quadratic = PollError.PARSE_ENTITIES, f'<!ENTITY a "{"x" * 9_999}">'
    half = gzip.compress(DOCUMENT)[:-20]
    return [
        Attack("F14 a 304 with another etag", answer(304, b"", 'ETag: "two"'), None),
        Attack("F14 an empty 200", answer(200), PollError.NOT_A_FEED),
        Attack("F14 a 204", answer(204), PollError.NOT_A_FEED),
        Attack("F14 an HTML page", answer(200, b"<!doctype html><title>Welcome</title><p>Hello"), PollError.NOT_A_FEED),
        Attack("fault 47 a captcha", answer(200, CAPTCHA), PollError.BLOCK_PAGE),
        Attack("fault 47 a login page", answer(200, LOGIN), PollError.BLOCK_PAGE),
        Attack("fault 47 gzip of HTML", answer(200, gzip.compress(b"<html><p>Hi")), PollError.NOT_A_FEED),
        Attack("F14 a 403", answer(403), PollError.HTTP_STATUS),
        Attack("F14 a 429", answer(429, b"", "Retry-After: 60"), PollError.HTTP_STATUS),
        Attack("F14 a 503", answer(503), PollError.HTTP_STATUS),
        Attack("F1 billion laughs", answer(200, doctype(LAUGHS, "&l11;")), entities),
        Attack("F1 quadratic", answer(200, doctype(quadratic, "&a;" * 9_999)), entities),
        Attack("F1 a local file", answer(200, doctype('<!ENTITY a SYSTEM "file:///etc/hostname">', "&a;")), entities),
        Attack("F1 an external entity", answer(200, doctype(f'<!ENTITY a SYSTEM "{canary}">', "&a;")), entities),
        Attack("F1 a parameter entity", answer(200, doctype(f'<!ENTITY % a SYSTEM "{canary}"> %a;', "x")), entities),
        Attack("F2 an address", answer(200, canary.encode()), PollError.NOT_A_FEED),
        Attack("F2 a path", answer(200, b"/etc/hostname"), PollError.NOT_A_FEED),
        Attack("F3 a bomb", answer(200, gzip.compress(bytes(2**24)), "Content-Encoding: gzip"), PollError.TOO_LARGE),
        Attack("F4 brotli", answer(200, DOCUMENT, "Content-Encoding: br"), PollError.BAD_ENCODING),
        Attack("F13 no HTTP", b"SSH-2.0-OpenSSH_9.6\r\n", PollError.PROTOCOL),
        Attack("fault 49 half a body", answer(200, DOCUMENT[:200], length=len(DOCUMENT)), PollError.INCOMPLETE),
        Attack("fault 49 a chunk cut", chunked(DOCUMENT[:200], end=b"400\r\n<item>"), PollError.INCOMPLETE),
        Attack("fault 49 half a gzip", answer(200, half, "Content-Encoding: gzip"), PollError.INCOMPLETE),
    ]


async def test_F14_whatever_a_server_answers_takes_nothing_away_and_ends_in_a_named_error(
    wild: Newsroom, site: Site
) -> None:
    async with open_site() as canary:
        for attack in attacks(canary.url("/x")):
            site.answers["/feed"] = attack.said
            report = await wild.poll_after(hours=23)

            row = await source_row(wild)
            wanted = None if attack.error is None else attack.error.value
            assert (attack.name, row["poll_error"]) == (attack.name, wanted)
            assert (report.polled, report.entries_new, report.entries_revised, report.flags) == (1, 0, 0, 0)
            assert row["next_poll_at"] - row["polled_at"] <= timedelta(hours=24)
            assert await number_of_entries(wild) == 2
            site.serve(DOCUMENT, 'ETag: "one"')  # an answer between two attacks, so that back-off starts anew
            assert (await wild.poll_after(hours=48)).unchanged == 1
        assert canary.asked == []

    site.serve(feed(replace(NEWS, published=wild.clock()), OLD, OLDER))
    assert (await wild.poll_after(hours=2)).flags == 1
    assert await number_of_entries(wild) == 3


async def test_F14_a_server_that_asks_for_patience_gets_it_for_a_day_at_most(wild: Newsroom, site: Site) -> None:
    waits = {}
    for said in ("7200", "999999999", "soon"):
        site.serve(b"", f"Retry-After: {said}", status=429)
        await wild.poll_after(hours=48)
        row = await source_row(wild)
        waits[said] = row["next_poll_at"] - row["polled_at"]
        site.serve(DOCUMENT)
        await wild.poll_after(hours=48)

    assert waits["7200"] >= timedelta(hours=2)
    assert waits["999999999"] == timedelta(hours=24)
    assert waits["soon"] <= timedelta(hours=2)


async def test_fault_47_a_block_page_three_times_is_red(wild: Newsroom, site: Site) -> None:
    site.serve(CAPTCHA)
    colours = []
    for _ in range(3):
        await wild.poll_after(hours=24)
        colours.append(health(vitals_of(await source_row(wild)), wild.clock()).colour)

    assert colours[-1] is Colour.RED
    assert await number_of_entries(wild) == 2


async def test_fault_50_304_for_ever_is_asked_without_conditions_once_a_day(wild: Newsroom, site: Site) -> None:
    site.serve(b"", status=304)
    for _ in range(4):
        await wild.poll_after(hours=7)
    site.serve(feed(NEWS, OLD, OLDER))
    report = await wild.poll_after(hours=7)

    conditional = ["if-none-match" in fields for _, fields in site.asked]
    assert conditional == [False, True, True, True, False, False]
    assert (report.entries_new, report.flags) == (1, 1)


async def test_fault_50_dates_that_cannot_be_are_kept_as_words_and_first_seen_counts(
    wild: Newsroom, site: Site
) -> None:
    items = feed(NEWS, replace(OLD, guid="far"), replace(OLDER, guid="zero"), OLD, OLDER)
    items = items.replace(b"Mon, 06 Oct 2025 09:00:00 +0000", b"Fri, 06 Oct 2099 09:00:00 +0000", 1)
    items = items.replace(b"Mon, 06 Oct 2025 09:00:00 +0000", b"Mon, 01 Jan 0001 00:00:00 GMT", 1)
    site.serve(items)
    await wild.poll_after(hours=2)

    stored = (await revisions(wild))[2:]
    undated = [each for each in stored if each["published"] is None]
    assert {each["published_raw"][:16] for each in undated} == {"Fri, 06 Oct 2099", "Mon, 01 Jan 0001"}
    assert {each["first_seen"] for each in stored} == {wild.clock()}
    (flag,) = await wild.flags()
    assert (flag.published, flag.seen_at) == (None, wild.clock())


def sitemap(*urls: str) -> bytes:
    return f"<urlset>{''.join(f'<url><loc>{url}</loc></url>' for url in urls)}</urlset>".encode()


def index(*parts: str) -> bytes:
    return f"<sitemapindex>{''.join(f'<sitemap><loc>{part}</loc></sitemap>' for part in parts)}</sitemapindex>".encode()


async def test_F10_a_sources_key_goes_to_no_other_origin_that_a_document_names(newsroom: Newsroom, site: Site) -> None:
    async with in_the_wild(newsroom) as room, open_site() as other:
        keyed = replace(room, ctx=replace(room.ctx, credentials=lambda id: {"X-Api-Key": "s3cret", "Cookie": "a=b"}))
        await keyed.watch(replace(a_feed(url=site.url("/index.xml")), kind=SourceKind.SITEMAP))
        own, elsewhere, back = site.url("/own.xml"), other.url("/else.xml"), other.url("/back.xml")
        site.serve(index(own, elsewhere, back, site.url("/away.xml")), path="/index.xml")
        site.serve(sitemap("https://a.example/1"), path="/own.xml")
        other.serve(sitemap("https://a.example/2"), path="/else.xml")
        other.answers["/back.xml"] = answer(302, b"", f"Location: {site.url('/home.xml')}")
        site.serve(sitemap("https://a.example/3"), path="/home.xml")
        site.answers["/away.xml"] = answer(302, b"", f"Location: {other.url('/else.xml')}")

        report = await keyed.poll()

        assert (report.failed, report.entries_new) == (0, 3)
        sent = {path: fields.get("x-api-key") for path, fields in site.asked}
        assert sent == {"/index.xml": "s3cret", "/own.xml": "s3cret", "/home.xml": None, "/away.xml": "s3cret"}
        assert [path for path, _ in other.asked] == ["/else.xml", "/back.xml", "/else.xml"]
        assert not any({"x-api-key", "cookie"} & fields.keys() for _, fields in other.asked)


async def test_F10_an_api_that_moved_to_another_origin_names_its_pages_there_and_gets_no_key(
    newsroom: Newsroom, site: Site
) -> None:
    async with in_the_wild(newsroom) as room, open_site() as other:
        keyed = replace(room, ctx=replace(room.ctx, credentials=lambda id: {"Authorization": "Token s3cret"}))
        await keyed.watch(replace(a_feed(url=site.url("/wp-json/wp/v2/posts?per_page=1")), kind=SourceKind.WORDPRESS))
        post = (
            b'[{"id": 1, "date_gmt": "2025-10-06T08:00:00", "link": "https://a.example/1", "title": {"rendered": "A"}}]'
        )
        moved = other.url("/wp-json/wp/v2/posts?per_page=1")
        site.answers["/wp-json/wp/v2/posts?per_page=1"] = answer(302, b"", f"Location: {moved}")
        more = ("X-WP-TotalPages: 2", "Content-Type: application/json")
        other.serve(post, *more, path="/wp-json/wp/v2/posts?per_page=1")
        other.serve(post.replace(b"1", b"2", 1), *more, path="/wp-json/wp/v2/posts?per_page=1&page=2")

        report = await keyed.poll()

        assert report.failed == 0
        assert len(other.asked) == 2
        assert not any("authorization" in fields for _, fields in other.asked)
        assert [fields.get("authorization") for _, fields in site.asked] == ["Token s3cret"]
