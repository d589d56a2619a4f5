"""The pages behind teasers: asked for once, politely, and matched again (over real loopback servers)."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from monitor.core.archive import unpacked
from monitor.demo.loopback import LoopbackServer, Request, Response
from monitor.model.article import Blob
from monitor.model.flag import FlagState, RejectReason
from monitor.model.source import ArticleRule, Seed, Source, SourceKind
from monitor.net.client import Fetcher
from monitor.net.guard import Guard
from monitor.net.robots import Robots
from monitor.pipeline import triage
from monitor.pipeline.articles import ArticleReport, read_all_articles, read_articles
from monitor.pipeline.maintain import maintain
from monitor.store import schema as s
from monitor.store.articles import count_articles
from monitor.store.database import Database, Tx
from monitor.store.sources import set_paused
from tests.pipeline.newsroom import (
    FEED,
    OTHER,
    POLICY,
    START,
    Killed,
    Newsroom,
    Story,
    Welcoming,
    a_feed,
    a_newsroom,
    a_page,
    feed,
)

TEASER = Story("How immigration agents look for people", "A new report.", guid="1")  # in the field, and of no policy
WORDS = (
    "Local police ran searches of the Flock Safety license plate reader network for ICE, according to records.",
    "Officers entered reasons such as immigration into the license plate reader network, the records show.",
    "The company said on Monday that it would look into the searches, and into who had asked for them.",
)
OTHER_FEED = "https://other.example/feed.xml"


def article(*paragraphs: str) -> bytes:
    body = "".join(f"<p>{each}</p>" for each in paragraphs)
    menu = "".join(f"<li><a href='/s{n}'>Section {n}</a></li>" for n in range(12))
    title = "Officers search cameras"
    page = f"<title>{title}</title><nav><ul>{menu}</ul></nav><article><h1>{title}</h1>{body}</article>"
    return f"<html><body>{page}<div class='comments'><p>{'I have read better, frankly. ' * 5}</p></div></html>".encode()


WALL = b"<html><title>Daily News</title><body><p>Police say that</p><p>Subscribe to continue reading.</p></body></html>"


@dataclass
class Site:
    """A web server on loopback. ``asked`` holds every request."""

    answers: dict[str, Response] = field(default_factory=dict)
    asked: list[Request] = field(default_factory=list)
    url: str = ""

    def answer(self, request: Request) -> Response:
        self.asked.append(request)
        return self.answers.get(request.target) or Response(404, {"Content-Type": "text/plain"}, b"no such page")

    def page(self, path: str, body: bytes, kind: str = "text/html; charset=utf-8") -> None:
        self.answers[path] = Response(200, {"Content-Type": kind}, body)

    def times(self) -> Counter[str]:
        return Counter(each.target for each in self.asked if each.target != "/robots.txt")


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    site = Site()
    server = LoopbackServer(site.answer)
    await server.start()
    site.url = server.base_url
    site.page("/a", article(*WORDS))
    yield site
    await server.stop()


@pytest.fixture
async def room(db: Database, tmp_path: Path, site: Site) -> AsyncIterator[Newsroom]:
    """Two policies, a feed with its baseline, and the real network for what its items link to."""
    room = a_newsroom(db, tmp_path)
    guard = Guard((ip_network("127.0.0.0/8"),), (80, 443))
    web = Fetcher(guard, "PolicyMonitor/1", clock=room.clock)

    class Both:
        """Feeds are scripted; the rest of the web is real."""

        async def fetch(self, url: str, **more: Any) -> Any:
            return await (web if url.startswith(site.url) else room.web).fetch(url, **more)

    robots = Robots(web, "PolicyMonitor/1", room.clock)
    room.ctx = replace(room.ctx, fetcher=Both(), robots=robots)
    await room.track(POLICY, OTHER)
    await room.watch(a_feed(), a_feed("other", OTHER_FEED, name="The Other"))
    for url in (FEED, OTHER_FEED):
        room.web.serve(url, feed())
    await room.poll()
    yield room
    await web.aclose()


def teaser(site: Site, path: str = "/a", **changes: Any) -> Story:
    return replace(TEASER, link=f"{site.url}{path}", **changes)


async def wanted(room: Newsroom, site: Site, path: str = "/a", **changes: Any) -> None:
    """A teaser that links there was polled."""
    await room.publish(teaser(site, path, published=room.clock.now, **changes))


async def read(room: Newsroom) -> ArticleReport:
    return await read_articles(room.ctx, 10)


async def rows(room: Newsroom) -> list[dict[str, Any]]:
    query = select(s.article).order_by(s.article.c.id)
    return await room.ctx.db.read(lambda tx: [dict(row) for row in tx.execute(query).mappings()])


async def states(room: Newsroom) -> list[str]:
    return [row["state"] for row in await rows(room)]


async def test_an_article_is_read_archived_and_flags_what_the_teaser_did_not(room: Newsroom, site: Site) -> None:
    await wanted(room, site)
    assert await room.flags() == []

    report = await read(room)

    assert (report.taken, report.read, report.flags) == (1, 1, 1)
    (flag,) = await room.flags()
    assert (flag.policy_url, flag.title) == (POLICY.url, TEASER.title)
    assert any("license plate reader" in reason.excerpt for reason in flag.reasons)
    (row,) = await rows(room)
    assert row["text"].split("\n") == ["Officers search cameras", *WORDS]
    assert await archived(room) == [article(*WORDS)]


async def archived(room: Newsroom) -> list[bytes]:
    def work(tx: Tx) -> list[bytes]:
        found = tx.execute(select(s.blob).where(s.blob.c.sha256.in_(select(s.article.c.blob_sha256)))).mappings()
        return [unpacked(Blob(each["sha256"], each["codec"], each["content"], each["size"])) for each in found]

    return await room.ctx.db.read(work)


async def test_a_flag_of_the_teaser_is_no_second_one_and_keeps_the_better_score(room: Newsroom, site: Site) -> None:
    title = "Police ran license plate searches for ICE"
    await wanted(room, site, title=title)
    (before,) = await room.flags()

    report = await read(room)

    (after,) = await room.flags()
    assert (report.flags, after.id, after.version) == (0, before.id, before.version)
    assert after.score > before.score
    assert len(after.reasons) > len(before.reasons)


async def test_a_decided_flag_is_left_as_it_was_decided(room: Newsroom, site: Site) -> None:
    await wanted(room, site, title="Police ran license plate searches for ICE")
    (before,) = await room.flags()
    await triage.reject(room.ctx, before.id, actor="anna", reason=RejectReason.NOISE)

    assert (await read(room)).flags == 0

    (after,) = await room.flags()
    assert (after.state, after.score, after.reasons) == (FlagState.REJECTED, before.score, before.reasons)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"title": "School board adopts a new lunch menu", "text": "Soup on Mondays."}, "hopeless"),
        ({"text": f"{WORDS[0]} " * 5}, "no teaser"),
        ({"published": START - timedelta(days=60)}, "late"),
        ({"link": "https://news.example/"}, "a front page"),
        ({"link": FEED + "#latest"}, "the feed itself"),
        ({"link": "https://news.example/episode.mp3"}, "no text"),
        ({"link": None}, "no link"),
    ],
)
async def test_only_the_link_of_a_hopeful_new_teaser_is_wanted(
    room: Newsroom, changes: dict[str, Any], why: str
) -> None:
    await room.publish(replace(TEASER, **{"link": "https://news.example/a", "published": START, **changes}))

    assert await states(room) == [], why


async def test_a_baseline_wants_no_articles_unless_it_is_to_be_flagged(room: Newsroom, site: Site) -> None:
    for id, seed in (("silent", Seed.SILENT), ("loud", Seed.FLAG)):
        url = f"https://{id}.example/feed"
        await room.watch(a_feed(id, url, seed=seed, article=ArticleRule.ALWAYS))
        room.web.serve(url, feed(teaser(site, f"/{id}")))
    await room.poll()

    assert [row["url"] for row in await rows(room)] == [f"{site.url}/loud"]


@pytest.mark.parametrize(
    ("rule", "text", "count"),
    [(ArticleRule.NEVER, "A new report.", 0), (ArticleRule.ALWAYS, f"{WORDS[0]} " * 9, 1), (ArticleRule.AUTO, "", 1)],
)
async def test_a_source_says_whether_its_articles_are_read(
    room: Newsroom, site: Site, rule: ArticleRule, text: str, count: int
) -> None:
    await room.watch(a_feed("third", "https://third.example/feed", article=rule))
    room.web.serve("https://third.example/feed", feed())
    await room.poll()

    await room.publish(teaser(site, text=text), url="https://third.example/feed")

    assert len(await states(room)) == count


async def test_a_change_of_a_watched_page_wants_no_article(room: Newsroom) -> None:
    await room.watch(a_page(article=ArticleRule.ALWAYS))
    room.web.serve("https://company.example/statement", b"<main><p>One.</p></main>")
    await room.poll()
    room.web.serve("https://company.example/statement", b"<main><p>Police search cameras for ICE.</p></main>")
    await room.poll_after(hours=2)

    assert await states(room) == []


@pytest.mark.parametrize(
    ("answer", "state", "why"),
    [
        (Response(200, {"Content-Type": "text/html"}, WALL), "walled", "Subscribe to continue"),
        (Response(403, {}, b"no"), "walled", "HTTP 403"),
        (Response(404, {}, b"no"), "failed", "HTTP 404"),
        (Response(410, {}, b"no"), "failed", "HTTP 410"),
        (Response(200, {"Content-Type": "text/html"}, b"<html><div id=app></div></html>"), "failed", "scripts"),
        (Response(200, {"Content-Type": "image/png"}, b"\x89PNG\r\n\x1a\n" + bytes(99)), "failed", "not a page"),
    ],
)
async def test_what_is_no_article_leaves_the_teaser_and_ends_at_once(
    room: Newsroom, site: Site, answer: Response, state: str, why: str
) -> None:
    site.answers["/a"] = answer
    await wanted(room, site)

    assert (await read(room)).taken == 1
    room.clock.advance(days=2)
    assert (await read(room)).taken == 0

    (row,) = await rows(room)
    assert (row["state"], row["text"]) == (state, None)
    assert why in row["detail"]
    assert await room.flags() == []


async def test_robots_refuse_an_article_that_is_never_asked_for(room: Newsroom, site: Site) -> None:
    site.page("/robots.txt", b"User-agent: *\nDisallow: /a", "text/plain")
    await wanted(room, site)

    assert (await read(room)).refused == 1

    assert (await states(room), site.times()) == (["refused"], {})


async def test_where_a_redirect_leads_robots_are_asked_too(room: Newsroom, site: Site) -> None:
    site.page("/robots.txt", b"User-agent: *\nDisallow: /a", "text/plain")
    site.answers["/out"] = Response(302, {"Location": "/a"})
    await wanted(room, site, "/out")

    await read(room)

    assert (await states(room), await archived(room)) == (["refused"], [])


async def test_an_aggregators_redirect_is_followed(room: Newsroom, site: Site) -> None:
    site.answers["/out"] = Response(302, {"Location": "/a"})
    await wanted(room, site, "/out")

    await read(room)

    (row,) = await rows(room)
    assert (row["state"], row["found_url"]) == ("read", f"{site.url}/a")


async def test_F7_an_article_at_a_private_address_is_not_asked_for(room: Newsroom, site: Site) -> None:
    fetcher = Fetcher(Guard((), (80, 443)), "PolicyMonitor/1", clock=room.clock)
    await wanted(room, site)

    report = await read_articles(replace(room.ctx, fetcher=fetcher, robots=Robots(fetcher, "P", room.clock)), 10)

    assert (report.refused, site.asked) == (1, [])
    await fetcher.aclose()


async def test_F10_the_sources_credentials_stay_with_its_own_origin(room: Newsroom, site: Site) -> None:
    room.ctx = replace(room.ctx, credentials=lambda source_id: {"x-api-key": "secret"})
    await wanted(room, site)

    await read(room)

    assert len(site.asked) == 2
    assert all("x-api-key" not in request.headers for request in site.asked)


async def test_what_may_pass_is_tried_again_later_four_times_in_all(room: Newsroom, site: Site) -> None:
    site.answers["/a"] = Response(503, {"Retry-After": "7200"}, b"busy")
    await wanted(room, site)

    assert (await read(room)).waiting == 1
    room.clock.advance(hours=1)
    assert (await read(room)).taken == 0
    for _ in range(3):
        room.clock.advance(hours=4)
        await read(room)
    room.clock.advance(days=3)

    assert ((await read(room)).taken, await states(room), site.times()["/a"]) == (0, ["failed"], 4)


async def test_an_article_that_comes_after_all_is_read(room: Newsroom, site: Site) -> None:
    del site.answers["/a"]
    site.answers["/a"] = Response(500, {}, b"oops")
    await wanted(room, site)
    await read(room)
    site.page("/a", article(*WORDS))
    room.clock.advance(minutes=10)

    assert (await read(room)).flags == 1


async def test_one_address_is_asked_once_whoever_links_to_it(room: Newsroom, site: Site) -> None:
    site.page("/a?utm_source=feed", article(*WORDS))
    room.web.serve(FEED, feed(teaser(site, published=START)))
    room.web.serve(OTHER_FEED, feed(teaser(site, "/a?utm_source=feed", title="Whom immigration agents look for")))
    await room.poll_after(hours=2)

    first = await read_all_articles(room.ctx)

    assert (first.read, await states(room)) == (2, ["read", "read"])
    assert site.times().total() == 1
    assert len(await archived(room)) == 1


async def test_an_address_that_is_seen_again_much_later_is_asked_again(room: Newsroom, site: Site) -> None:
    await wanted(room, site)
    await read(room)
    room.clock.advance(days=8)
    await wanted(room, site, guid="2", title="Whom else immigration agents look for")

    await read(room)

    assert site.times() == {"/a": 2}


async def test_of_copies_in_two_outlets_the_flag_is_raised_once(room: Newsroom, site: Site) -> None:
    site.page("/b", article(*WORDS, "The Other adds a line of its own."))
    room.web.serve(FEED, feed(teaser(site, published=START)))
    room.web.serve(OTHER_FEED, feed(teaser(site, "/b", published=START)))
    await room.poll_after(hours=2)

    report = await read_all_articles(room.ctx)

    assert (report.read, report.flags, len(await room.flags())) == (2, 1, 1)


async def test_articles_of_a_source_that_was_paused_or_left_wait(room: Newsroom, site: Site) -> None:
    await wanted(room, site)

    await pause(room, True)
    assert (await read(room)).taken == 0
    await pause(room, False)
    assert (await read(room)).taken == 1


async def pause(room: Newsroom, paused: bool) -> None:
    at = room.clock()
    await room.ctx.db.write(lambda tx: set_paused(tx, "news", paused_at=at if paused else None, now=at))


async def test_a_host_keeps_its_gap_between_polls_and_articles(room: Newsroom, site: Site) -> None:
    room = room.with_settings(host_min_gap=timedelta(seconds=5))
    source = f"{site.url}/feed"
    await room.watch(a_feed("local", source))
    site.page("/feed", feed(), "application/rss+xml")
    await room.poll()
    site.page("/feed", feed(teaser(site, published=START), teaser(site, "/b", guid="2")), "application/rss+xml")
    await room.poll_after(hours=2)

    taken = []
    for _ in range(4):
        taken.append((await read(room)).taken)
        room.clock.advance(seconds=3)

    assert taken == [0, 0, 1, 0]


async def test_a_host_is_asked_by_no_more_than_so_many_at_once(room: Newsroom, site: Site) -> None:
    stories = [teaser(site, f"/{n}", guid=str(n), title=f"{TEASER.title} again, number {n}") for n in range(5)]
    await room.publish(*stories)
    now, most = 0, 0

    class Counting(Welcoming):
        async def refusal(self, url: str, proxy: object = None) -> None:
            nonlocal now, most
            now += 1
            most = max(most, now)
            await asyncio.sleep(0.01)
            now -= 1

    ctx = replace(room.with_settings(host_concurrency=2).ctx, robots=Counting())

    assert (await read_articles(ctx, 10)).taken == 5
    assert most == 2


async def test_fault_51_a_slow_article_delays_no_other(room: Newsroom, site: Site) -> None:
    paths = [f"/{n}" for n in range(4)]
    await room.publish(*(teaser(site, each, guid=each, title=f"{TEASER.title} {each}") for each in paths))
    others_are_read = asyncio.Event()

    class Slow(Welcoming):
        async def refusal(self, url: str, proxy: object = None) -> None:
            if url.endswith("/0"):
                async with asyncio.timeout(20):
                    await others_are_read.wait()
            elif url.endswith("/3"):
                others_are_read.set()

    ctx = replace(room.with_settings(host_concurrency=4).ctx, robots=Slow())

    assert (await read_articles(ctx, 1)).taken == 4


@pytest.mark.parametrize("point", ["article.lease", "article.fetched", "article.parsed", "article.before_commit"])
async def test_killed_before_the_commit_it_is_read_again_once_the_lease_is_over(
    room: Newsroom, site: Site, point: str
) -> None:
    await wanted(room, site)
    room.dies_at.append(point)
    with pytest.raises((Killed, BaseExceptionGroup)):
        await read(room)
    assert ((await read(room)).taken, await archived(room)) == (0, [])

    room.clock.advance(minutes=6)
    report = await read(room)

    assert (report.read, report.flags, len(await room.flags())) == (1, 1, 1)


async def test_killed_after_the_commit_it_is_done(room: Newsroom, site: Site) -> None:
    await wanted(room, site)
    room.dies_at.append("article.after_commit")
    with pytest.raises((Killed, BaseExceptionGroup)):
        await read(room)
    room.clock.advance(minutes=6)

    assert ((await read(room)).taken, len(await room.flags()), site.times()["/a"]) == (0, 1, 1)


async def test_the_worker_that_holds_the_workspace_takes_a_dead_ones_articles_over(room: Newsroom, site: Site) -> None:
    await wanted(room, site)
    room.dies_at.append("article.lease")
    with pytest.raises((Killed, BaseExceptionGroup)):
        await read(room)

    await maintain(room.ctx, sole_worker=True)

    assert (await read(room)).read == 1


async def test_a_worker_that_wakes_up_after_its_lease_changes_nothing(
    room: Newsroom, site: Site, logged: list[dict[str, Any]]
) -> None:
    await wanted(room, site)
    robots = room.ctx.robots

    class Slow(Welcoming):
        async def refusal(self, url: str, proxy: object = None) -> Any:
            room.clock.advance(minutes=6)
            await read_articles(replace(room.ctx, robots=robots), 10)
            return await robots.refusal(url)

    report = await read_articles(replace(room.ctx, robots=Slow()), 10)

    assert (report.taken, report.read, len(await room.flags())) == (1, 0, 1)
    assert "article_discarded" in {entry["event"] for entry in logged}


async def test_two_workers_read_each_article_once(room: Newsroom, site: Site, database_url: str) -> None:
    for n in range(6):
        site.page(f"/{n}", article(*WORDS, f"Line {n}."))
    await room.publish(*(teaser(site, f"/{n}", guid=str(n), title=f"{TEASER.title}, part {n}") for n in range(6)))
    second = Database(database_url)
    pair = [each.with_settings(host_concurrency=9) for each in (room, room.colleague(second))]

    reports = await asyncio.gather(*(read_articles(each.ctx, 3) for each in pair * 3))
    rest = await read_all_articles(pair[0].ctx)
    second.close()

    assert sum(report.read for report in (*reports, rest)) == 6
    assert set(site.times().values()) == {1}


async def test_a_readers_fault_ends_its_article_and_no_other(room: Newsroom, site: Site) -> None:
    site.page("/b", article(*WORDS))
    await room.publish(teaser(site, "/a"), teaser(site, "/b", guid="2", title="Whom immigration agents look for"))

    class Broken:
        async def read(self, fetched: Any, source: Source, now: Any) -> Any:
            assert source.kind is SourceKind.ARTICLE
            if fetched.url.endswith("/a"):
                raise RuntimeError("a fault of ours")
            return await room.ctx.reader.read(fetched, source, now)

    ctx = replace(room.with_settings(host_concurrency=4).ctx, reader=Broken())  # type: ignore[arg-type]
    report = await read_articles(ctx, 10)

    assert (report.taken, report.read, report.waiting) == (2, 1, 1)


async def test_how_many_there_are_is_counted_by_state(room: Newsroom, site: Site) -> None:
    await wanted(room, site)
    before = await room.ctx.db.read(count_articles)
    await read(room)

    assert (dict(before), dict(await room.ctx.db.read(count_articles))) == ({"wanted": 1}, {"read": 1})
