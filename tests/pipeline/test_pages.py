"""Watched pages, over whole passes: each real edit once, with its kind, and nothing that is only noise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import Any

import pytest
from sqlalchemy import select

from benchmarks.noisy_site import NoisySite
from monitor.model.flag import FlagState
from monitor.model.source import Fetched, FetchFailed, FetchResult, PollError, Proxy, Source, SourceKind, Validators
from monitor.pipeline.hosts import PATIENCE
from monitor.pipeline.report import PollReport
from monitor.store import schema as s
from monitor.store.pages import HostNote, host_notes, strike, suppressions_of
from tests.pipeline.newsroom import POLICY, Killed, Newsroom

HOST = "agency.example:443"
ADDRESS = "https://agency.example/page/{}"
# What a difference is told as, for each kind of edit.
TOLD = {
    "word": {"changed"}, "date": {"date"}, "paragraph": {"added"}, "gone": {"removed"}, "item": {"added"},
    "heading": {"changed"}, "link": {"link"}, "moved": {"moved"}, "row": {"added"}, "cell": {"changed"},
    "value": {"changed", "added", "removed"},
}  # fmt: skip


@dataclass
class Server:
    """The site behind the fetcher. ``failing`` requests in a row are answered 503 next."""

    site: NoisySite
    bodies: dict[str, bytes] = field(default_factory=dict)
    failing: int = 0
    asked: Counter[str] = field(default_factory=Counter)
    lead_to: dict[str, str] = field(default_factory=dict)

    async def fetch(
        self,
        url: str,
        *,
        validators: Validators = Validators(),  # noqa: B008
        headers: Mapping[str, str] = MappingProxyType({}),
        proxy: Proxy | None = None,
    ) -> FetchResult:
        self.asked[url] += 1
        if self.failing:
            self.failing -= 1
            return FetchFailed(PollError.HTTP_STATUS, "HTTP 503", 503)
        if url in self.bodies:
            return Fetched(self.lead_to.get(url, url), 200, self.bodies[url], {"content-type": "text/html"})
        number = url.rpartition("/")[2]
        if not number.isdigit() or int(number) >= self.site.pages:
            return FetchFailed(PollError.HTTP_STATUS, "HTTP 404", 404)
        return Fetched(url, 200, self.site.page(int(number)), {"content-type": "text/html"})


def serve(newsroom: Newsroom, site: NoisySite) -> Server:
    server = Server(site)
    object.__setattr__(newsroom.ctx, "fetcher", server)
    return server


async def watch(newsroom: Newsroom, count: int, **more: Any) -> None:
    sources = [Source(f"p{n}", f"Page {n}", ADDRESS.format(n), SourceKind.PAGE, **more) for n in range(count)]
    await newsroom.watch(*sources)


async def told(newsroom: Newsroom, report_from: int = 0) -> list[tuple[int, str, set[str]]]:
    """Changes after a sequence number: page, summary, kinds of its parts."""
    query = select(s.change.c.source_id, s.change.c.summary, s.change.c.parts).where(s.change.c.seq > report_from)
    rows = await newsroom.ctx.db.read(lambda tx: tx.execute(query.order_by(s.change.c.seq)).all())
    return [(int(source[1:]), summary, {part["op"] for part in parts}) for source, summary, parts in rows]


async def turn(newsroom: Newsroom, site: NoisySite) -> PollReport:
    site.turn += 1
    return await newsroom.poll_after(hours=25)


async def notes(newsroom: Newsroom) -> list[HostNote]:
    since = newsroom.clock() - timedelta(days=60)
    return await newsroom.ctx.db.read(lambda tx: host_notes(tx, since=since))


async def test_every_edit_is_told_once_with_its_kind_and_nothing_else_is(newsroom: Newsroom) -> None:
    site = NoisySite(20, rate=0.1)
    serve(newsroom, site)
    await watch(newsroom, 20)
    await newsroom.poll()

    before = 0
    for _ in range(5):
        report = await turn(newsroom, site)
        found = (await told(newsroom))[before:]
        before += len(found)
        truth = site.changed(site.turn)
        assert sorted(page for page, _, _ in found) == sorted(truth)
        for page, summary, kinds in found:
            assert kinds <= TOLD[truth[page]] | {"date"}, (truth[page], summary)
        assert (report.changed, report.unchanged) == (len(truth), 20 - len(truth))


async def test_from_the_fourth_pass_on_hardly_anything_is_fetched_twice(newsroom: Newsroom) -> None:
    site = NoisySite(20, rate=0.05)
    server = serve(newsroom, site)
    await watch(newsroom, 20)
    await newsroom.poll()
    for _ in range(3):
        await turn(newsroom, site)

    server.asked.clear()
    await turn(newsroom, site)

    assert server.asked.total() <= 20 + 2 * len(site.changed(site.turn))


async def test_a_notice_on_all_pages_is_told_once_and_flagged_for_the_policies_of_all(newsroom: Newsroom) -> None:
    site = NoisySite(12, rate=0.0, daily=False)
    serve(newsroom, site)
    await newsroom.track(POLICY)
    await watch(newsroom, 12, policies=("1777",))
    await newsroom.poll()
    before = len(await told(newsroom))

    site.notice = "This guidance has been rescinded."
    await turn(newsroom, site)
    await turn(newsroom, site)

    ((_, summary, kinds),) = (await told(newsroom))[before:]
    (note,) = await notes(newsroom)
    (flag,) = await newsroom.flags(FlagState.OPEN)
    assert (summary, kinds) == ("on 12 of 12 pages of agency.example: 1 paragraph added", {"added"})
    assert (note.come, len(note.pages), note.told) == (("This guidance has been rescinded.",), 12, True)
    assert flag.policy_url == POLICY.url


async def test_a_page_that_gets_the_notice_later_joins_and_is_not_told(newsroom: Newsroom) -> None:
    site = NoisySite(6, rate=0.0, daily=False)
    server = serve(newsroom, site)
    await watch(newsroom, 6)
    await newsroom.poll()
    before = len(await told(newsroom))

    late = site.page(5)
    site.notice = "This guidance has been rescinded."
    server.bodies[ADDRESS.format(5)] = late
    await turn(newsroom, site)
    del server.bodies[ADDRESS.format(5)]
    await turn(newsroom, site)

    assert len(await told(newsroom)) == before + 1


async def test_a_page_of_a_policy_that_gets_the_notice_later_is_flagged_for_that_policy(newsroom: Newsroom) -> None:
    site = NoisySite(6, rate=0.0, daily=False)
    server = serve(newsroom, site)
    await newsroom.track(POLICY)
    await watch(newsroom, 5)
    await newsroom.watch(Source("p5", "Page 5", ADDRESS.format(5), SourceKind.PAGE, policies=("1777",)))
    await newsroom.poll()

    late = site.page(5)
    site.notice = "This guidance has been rescinded."
    server.bodies[ADDRESS.format(5)] = late
    await turn(newsroom, site)
    flags_before = await newsroom.flags(FlagState.OPEN)
    del server.bodies[ADDRESS.format(5)]
    await turn(newsroom, site)

    (flag,) = await newsroom.flags(FlagState.OPEN)
    assert flags_before == []
    assert (flag.policy_url, flag.source.id) == (POLICY.url, "p5")


async def test_a_lone_pages_change_is_told_also_when_the_pages_beside_it_change_otherwise(newsroom: Newsroom) -> None:
    site = NoisySite(1, rate=1.0, daily=False)
    server = serve(newsroom, site)
    for number in range(30):
        server.bodies[f"https://agency.example/news/{number}"] = site.page(0)
    await watch(newsroom, 1)
    await newsroom.poll()

    beside = NoisySite(1, rate=0.0, daily=False, notice="The office is closed on Monday.")
    for number in range(30):
        server.bodies[f"https://agency.example/news/{number}"] = beside.page(0)
    report = await turn(newsroom, site)

    assert report.changed == 1
    assert len(await told(newsroom)) == 1
    assert await notes(newsroom) == []


async def test_one_hosts_fault_keeps_no_other_hosts_change_from_being_told(newsroom: Newsroom) -> None:
    site = NoisySite(2, rate=1.0, daily=False)
    serve(newsroom, site)
    hosts = ("a.example", "b.example")
    await newsroom.watch(
        *(Source(f"p{n}", host, f"https://{host}/page/{n}", SourceKind.PAGE) for n, host in enumerate(hosts))
    )
    await newsroom.poll()
    whole = newsroom.ctx.matching

    class Faulty:
        async def flags(self, asked: Any, version: Any) -> Any:
            if "a.example" in asked[0].url:
                raise ValueError("this host's words break the matcher")
            return await whole.flags(asked, version)

    object.__setattr__(newsroom.ctx, "matching", Faulty())
    await turn(newsroom, site)
    found = [page for page, _, _ in await told(newsroom)]
    object.__setattr__(newsroom.ctx, "matching", whole)
    await newsroom.poll_after(minutes=1)

    assert found == [1]
    assert [page for page, _, _ in await told(newsroom)] == [1, 0]


async def test_a_side_column_that_changes_daily_is_noted_and_then_known_as_frame(newsroom: Newsroom) -> None:
    site = NoisySite(10, rate=0.0)
    serve(newsroom, site)
    await watch(newsroom, 10)
    await newsroom.poll()
    before = len(await told(newsroom))

    for _ in range(4):
        await turn(newsroom, site)

    found = await notes(newsroom)
    assert len(await told(newsroom)) == before
    assert {note.told for note in found} == {False}
    assert {len(note.pages) for note in found} == {10}
    assert len({note.at for note in found}) == 2  # of four days


async def test_a_lone_page_has_two_pages_beside_it_to_tell_what_is_the_sites(newsroom: Newsroom) -> None:
    site = NoisySite(1, rate=0.0)
    server = serve(newsroom, site)
    await watch(newsroom, 1)

    def publish() -> None:
        """The pages of the site that it links to have the same side column."""
        for number in range(30):
            server.bodies[f"https://agency.example/news/{number}"] = site.page(0)

    publish()
    await newsroom.poll()
    before = len(await told(newsroom))
    for _ in range(3):
        site.turn += 1
        publish()
        await newsroom.poll_after(hours=25)

    assert len(await told(newsroom)) == before


async def test_what_is_there_and_gone_and_there_again_is_two_changes(newsroom: Newsroom) -> None:
    site = NoisySite(3, rate=0.0, daily=False)
    server = serve(newsroom, site)
    await watch(newsroom, 3)
    await newsroom.poll()
    before = len(await told(newsroom))

    for notice in ("An entirely new notice for applicants", ""):
        server.bodies.clear()
        site.notice = notice
        own = site.page(0)
        site.notice = ""
        server.bodies[ADDRESS.format(0)] = own
        await turn(newsroom, site)

    assert [kinds for _, _, kinds in (await told(newsroom))[before:]] == [{"added"}, {"removed"}]


@pytest.mark.parametrize(
    ("body", "leads_to", "error"),
    [
        (b"<html><body><main><p>All gone.</p></main></body></html>", None, PollError.PAGE_EMPTIED),
        (b"<title>Page not found</title><body><p>Sorry.</p></body>", None, PollError.BLOCK_PAGE),
        (b"<html><body><main>" + b"<p>Welcome to the agency.</p>" * 99 + b"</main></body></html>",
         "https://agency.example/", PollError.REDIRECTED_HOME),
    ],
)  # fmt: skip
async def test_a_broken_page_is_a_failure_and_never_a_change(
    newsroom: Newsroom, body: bytes, leads_to: str | None, error: PollError
) -> None:
    site = NoisySite(3, rate=0.0, daily=False)
    server = serve(newsroom, site)
    await watch(newsroom, 3)
    await newsroom.poll()
    before = len(await told(newsroom))

    address = ADDRESS.format(1)
    server.bodies[address] = body
    if leads_to is not None:
        server.lead_to[address] = leads_to
    report = await turn(newsroom, site)
    why = await newsroom.ctx.db.read(
        lambda tx: tx.execute(select(s.source.c.poll_error).where(s.source.c.id == "p1")).scalar_one()
    )
    server.bodies.clear()
    await newsroom.poll_after(hours=60)

    assert (report.failed, why) == (1, error.value)
    assert len(await told(newsroom)) == before


async def test_a_server_that_stumbles_once_delays_no_change(newsroom: Newsroom) -> None:
    site = NoisySite(1, rate=1.0, daily=False)
    server = serve(newsroom, site)
    await watch(newsroom, 1)
    await newsroom.poll()

    server.failing = 1
    report = await turn(newsroom, site)

    assert (report.failed, report.changed) == (0, 1)


async def test_one_changed_page_of_a_host_has_others_polled_to_see_whose_change_it_is(newsroom: Newsroom) -> None:
    site = NoisySite(5, rate=0.0, daily=False)
    server = serve(newsroom, site)
    await watch(newsroom, 5)
    await newsroom.poll()
    await newsroom.poll_after(hours=25)
    server.asked.clear()

    def late(tx: Any) -> None:
        tx.execute(s.source.update().where(s.source.c.id != "p0").values(next_poll_at=newsroom.clock() + PATIENCE * 40))

    site.notice = "This guidance has been rescinded."
    newsroom.clock.advance(hours=20)
    await newsroom.ctx.db.write(late)
    await newsroom.ctx.db.write(
        lambda tx: tx.execute(s.source.update().where(s.source.c.id == "p0").values(next_poll_at=newsroom.clock()))
    )
    await newsroom.poll()
    await newsroom.poll_after(seconds=1)

    assert len([url for url in server.asked if server.asked[url] > 0]) == 4
    assert [note.told for note in await notes(newsroom)] == [True]


@pytest.mark.parametrize(
    "point", ["page.before_settle", "page.after_settle", "poll.before_commit", "poll.after_commit"]
)
async def test_a_change_is_told_once_wherever_the_process_is_killed(newsroom: Newsroom, point: str) -> None:
    site = NoisySite(1, rate=1.0, daily=False)
    serve(newsroom, site)
    await newsroom.track(POLICY)
    await watch(newsroom, 1, policies=("1777",))
    await newsroom.poll()
    before = len(await told(newsroom))

    newsroom.dies_at.append(point)
    with pytest.raises((Killed, BaseExceptionGroup)):
        await turn(newsroom, site)
    await newsroom.poll_after(minutes=30)
    await newsroom.poll_after(hours=25)

    assert len(await told(newsroom)) == before + 1
    assert len(await newsroom.flags(FlagState.OPEN)) == 1


async def test_what_is_suppressed_can_be_taken_back(newsroom: Newsroom) -> None:
    site = NoisySite(3, rate=0.0, daily=False)
    serve(newsroom, site)
    await watch(newsroom, 3)
    await newsroom.poll()
    before = len(await told(newsroom))
    found = await newsroom.ctx.db.read(lambda tx: suppressions_of(tx, HOST))
    views = next(each for each in found if "Views" in each.pattern.left)

    await newsroom.ctx.db.write(lambda tx: strike(tx, views.id, at=newsroom.clock()))
    struck = await newsroom.ctx.db.read(lambda tx: suppressions_of(tx, HOST))
    await newsroom.ctx.db.write(lambda tx: strike(tx, views.id, at=None))
    await turn(newsroom, site)

    assert views.holds_for("p0")
    assert views.holds_for_host
    assert [each.id for each in struck if each.struck_at] == [views.id]
    assert len(await told(newsroom)) == before
