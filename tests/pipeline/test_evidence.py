"""The archive through the story: every revision rests on the bytes that it was read from, and on no others."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select
from structlog.typing import EventDict

from monitor.core.archive import unpacked
from monitor.model.article import Blob
from monitor.model.source import Fetched, Source, SourceKind
from monitor.pipeline import triage
from monitor.pipeline.maintain import maintain
from monitor.pipeline.verify import verify_archive
from monitor.store import schema as s
from monitor.store.archive_tables import blob
from monitor.store.database import Tx
from tests.pipeline.newsroom import FEED, NEWS, PAGE, Newsroom, Story, a_feed, a_page, feed, page
from tests.pipeline.test_manners import API, page_url, register

OLD = Story("Library opens on Sundays")


async def rests_on(newsroom: Newsroom) -> list[tuple[str, str, bytes]]:
    """Of each revision its title, and the address and bytes that it was read from."""

    def work(tx: Tx) -> list[tuple[str, str, bytes]]:
        query = (
            select(s.revision.c.title, s.snapshot.c.url, blob)
            .join(s.snapshot, s.snapshot.c.id == s.revision.c.snapshot_id)
            .join(blob, blob.c.sha256 == s.snapshot.c.sha256)
            .order_by(s.revision.c.id)
        )
        return [
            (row["title"], row["url"], unpacked(Blob(row["sha256"], row["codec"], row["content"], row["size"])))
            for row in tx.execute(query).mappings()
        ]

    return await newsroom.ctx.db.read(work)


async def snapshots(newsroom: Newsroom) -> int:
    return (await verify_archive(newsroom.ctx)).snapshots


async def test_each_revision_of_a_page_rests_on_the_bytes_that_it_was_read_from(newsroom: Newsroom) -> None:
    await newsroom.watch(a_page())
    versions = [page("The company helps."), page("The company helps no longer.")]
    for version in versions:
        newsroom.web.serve(PAGE, version, headers={"server": "x", "set-cookie": "id=1"})
        await newsroom.poll_after(hours=2)

    assert [(url, body) for _, url, body in await rests_on(newsroom)] == [(PAGE, version) for version in versions]
    verdict = await verify_archive(newsroom.ctx)
    assert (verdict.snapshots, verdict.blobs, verdict.faults) == (2, 2, [])


async def test_where_a_redirect_led_is_what_is_kept(newsroom: Newsroom) -> None:
    await newsroom.watch(a_feed())
    newsroom.web.answers[FEED] = Fetched("https://cdn.example/feed", 200, feed(OLD))

    await newsroom.poll()

    assert [url for _, url, _ in await rests_on(newsroom)] == ["https://cdn.example/feed"]


async def test_a_poll_without_news_keeps_nothing_however_its_bytes_differ(newsroom: Newsroom) -> None:
    await newsroom.watch(a_feed(), a_page())
    newsroom.web.serve(FEED, feed(OLD))
    newsroom.web.serve(PAGE, page("Words."))
    await newsroom.poll()
    for number in range(3):
        newsroom.web.serve(FEED, feed(OLD) + b"<!-- made in %d ms -->" % number)
        newsroom.web.serve(PAGE, page("Words.") + b"<!-- made in %d ms -->" % number)
        await newsroom.poll_after(hours=2)

    assert await snapshots(newsroom) == 2


async def test_items_of_further_pages_rest_on_those_pages(newsroom: Newsroom) -> None:
    await newsroom.watch(replace(a_feed(url=API), kind=SourceKind.FEDERAL_REGISTER))
    first, second = register(30, 29, page_url(2)), register(29, 27)
    newsroom.web.serve(API, first)
    newsroom.web.serve(page_url(2), second)

    await newsroom.poll()

    assert {title: (url, body) for title, url, body in await rests_on(newsroom)} == {
        "Notice number 30": (API, first),
        "Notice number 29": (API, first),
        "Notice number 28": (page_url(2), second),
        "Notice number 27": (page_url(2), second),
    }


async def test_pages_that_hold_nothing_new_are_not_kept(newsroom: Newsroom) -> None:
    await newsroom.watch(replace(a_feed(url=API), kind=SourceKind.FEDERAL_REGISTER))
    newsroom.web.serve(API, register(10, 1))
    await newsroom.poll()
    newsroom.web.serve(API, register(12, 11, page_url(2)))
    newsroom.web.serve(page_url(2), register(10, 1))

    await newsroom.poll_after(hours=2)

    assert await snapshots(newsroom) == 2


async def test_actions_of_a_trackers_list_rest_on_the_pages_of_their_policies(newsroom: Newsroom) -> None:
    from tests.pipeline.test_tracker import FIRST, LIST, SECOND, a_tracker, serve, serve_list

    await newsroom.watch(a_tracker(LIST))
    serve_list(newsroom, "plate-readers", "detention-standards")
    serve(newsroom, FIRST)
    serve(newsroom, SECOND, url="https://tracker.example/policies/detention-standards")

    await newsroom.poll()

    assert {title: url.rpartition("/")[2] for title, url, _ in await rests_on(newsroom)} == {
        FIRST.title: "plate-readers",
        SECOND.title: "detention-standards",
    }


async def test_killed_before_the_commit_a_poll_leaves_neither_bytes_nor_a_link(newsroom: Newsroom) -> None:
    await newsroom.watch(a_feed())
    newsroom.web.serve(FEED, feed(OLD))
    newsroom.dies_at.append("poll.before_commit")
    with pytest.raises(BaseExceptionGroup):
        await newsroom.poll()
    verdict = await verify_archive(newsroom.ctx)
    assert (verdict.snapshots, verdict.blobs, verdict.faults) == (0, 0, [])

    await newsroom.poll_after(hours=2)

    verdict = await verify_archive(newsroom.ctx)
    assert (verdict.snapshots, verdict.blobs, verdict.faults) == (1, 1, [])


async def test_the_head_tells_two_archives_apart(newsroom: Newsroom) -> None:
    await newsroom.watch(a_feed())
    await newsroom.publish(OLD)
    before = (await verify_archive(newsroom.ctx)).head
    assert (await verify_archive(newsroom.ctx)).head == before

    await newsroom.publish(OLD, NEWS)

    assert (await verify_archive(newsroom.ctx)).head != before


async def test_maintain_gives_old_bytes_up_and_keeps_what_an_accepted_flag_rests_on(
    tracked: Newsroom, logged: list[EventDict]
) -> None:
    await tracked.watch(a_feed())
    await tracked.publish(OLD)
    await tracked.publish(NEWS, OLD)
    (flag,) = await tracked.flags()
    await triage.accept(tracked.ctx, flag.id, actor="anna")
    for number in range(3):
        await tracked.publish(Story(f"Library number {number} opens"))
    old = tracked.with_settings(archive_age=timedelta(days=30))
    tracked.clock.advance(days=60)

    report = await maintain(old.ctx)

    verdict = await verify_archive(tracked.ctx)
    assert (report.pruned, verdict.snapshots, verdict.pruned, verdict.faults) == (2, 5, 2, [])
    assert NEWS.title in {title for title, _, _ in await rests_on(tracked)}
    assert [entry["snapshots"] for entry in logged if entry["event"] == "archive_pruned"] == [2]
    assert (await maintain(old.ctx)).pruned == 0


async def test_a_source_that_left_the_file_keeps_its_archive(newsroom: Newsroom) -> None:
    await newsroom.watch(a_feed())
    await newsroom.publish(OLD)
    newsroom.sources = [Source("other", "Other", "https://other.example/feed", SourceKind.FEED)]
    await newsroom.watch()

    assert await snapshots(newsroom) == 1
