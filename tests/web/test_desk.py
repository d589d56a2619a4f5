"""``/triage``: what waits for an editor, and what fails."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import httpx

from monitor.model.delivery import InDoubt, Refused
from monitor.model.policy import ActionRecord
from monitor.model.source import FetchFailed, PollError
from monitor.pipeline import actions, triage
from monitor.web import desk
from tests.pipeline.newsroom import FEED, NEWS, POLICY, Newsroom, Relay, Story, a_feed, a_page, a_reader, page
from tests.web.conftest import browsing, log_in
from tests.web.test_public import words

DEAD = "https://dead.example/feed"


async def shown(newsroom: Newsroom) -> httpx.Response:
    async with browsing(newsroom.ctx) as browser:
        await log_in(newsroom.ctx, browser)
        return await browser.get("/triage")


async def test_an_open_flag_is_shown_with_all_that_an_editor_needs(newsroom: Newsroom) -> None:
    flag = await newsroom.flagged()

    response = await shown(newsroom)

    told = words(response)
    assert "1 open flag, best first." in told
    for part in (
        f"Flag {flag.id} · score {flag.score:.2f} · Press",
        NEWS.title,
        "The Daily News published October 6, 2025, 05:00 EDT first seen October 6, 2025, 07:00 EDT",
        f"For {POLICY.title}",
        f"2025.10.06 Reported: {NEWS.title} - The Daily News",
        f"monitor flags accept {flag.id} --version 1 monitor flags reject {flag.id} --version 1 --reason not-about-it",
    ):
        assert part in told
    assert '<a href="/policies/plate-readers">' in response.text
    assert 'href="https://news.example/' in response.text
    for reason in flag.reasons:
        assert reason.term in told


async def test_a_card_shows_the_status_that_its_story_proposes_with_the_sentence(small: Newsroom) -> None:
    await small.flagged()
    told = "A federal judge on Monday enjoined the policy of license plate searches for ICE through Flock Safety."
    await small.publish(Story("Ruling on Flock Safety license plate searches for ICE", told))

    assert f"Proposed status ( --status proposed ): Not in effect , because {told}" in words(await shown(small))


async def test_the_commands_of_a_card_decide_on_its_flag(small: Newsroom) -> None:
    await small.flagged()
    (number, version) = re.findall(r"monitor flags accept (\d+) --version (\d+)", (await shown(small)).text)[0]

    decided = await triage.accept(small.ctx, int(number), actor="anna", version=int(version))

    assert len(decided.actions) == 1
    assert "No flag is open." in words(await shown(small))


async def test_the_best_flag_stands_first_and_what_is_decided_or_asleep_is_gone(small: Newsroom) -> None:
    await small.flagged()
    await small.publish(
        Story("Flock Safety license plate reader network searched for ICE again", "Police searched for ICE."),
        Story("Local police end license plate reader searches for ICE", "The Flock Safety network is closed to ICE."),
        Story("Flock Safety opens license plate reader network to ICE pilots", "Police and ICE share searches."),
    )
    flags = await small.flags()
    assert len(flags) == 4

    await triage.reject(small.ctx, flags[0].id, actor="anna")
    await triage.snooze(small.ctx, flags[1].id, actor="anna", until=datetime(2025, 12, 1, tzinfo=UTC))
    response = await shown(small)

    numbers = re.findall(r'id="flag-(\d+)"', response.text)
    assert numbers == [str(flag.id) for flag in flags[2:]]


async def test_a_revised_page_is_shown_as_what_it_would_record(small: Newsroom) -> None:
    await small.track(POLICY)
    await small.watch(a_page(policies=("1777",)))
    small.web.serve(a_page().url, page("The company says nothing."))
    await small.poll()
    small.web.serve(a_page().url, page("The company says nothing.", "Federal users are no longer added to lookups."))
    await small.poll_after(hours=2)

    told = words(await shown(small))

    assert "· Party" in told
    assert "2025.10.06 Flock Safety statement on federal searches" in told
    assert "Federal users are no longer added to lookups." in told


async def test_a_source_that_fails_is_named_with_its_error(small: Newsroom) -> None:
    await small.watch(a_feed(), a_feed("dead", DEAD, name="The Evening Post"))
    small.web.answers[DEAD] = FetchFailed(PollError.HTTP_STATUS, "the server answered 502", 502)
    small.web.serve(FEED, b"<rss version='2.0'><channel></channel></rss>")
    await small.poll()

    told = words(await shown(small))

    assert "1 of 2 failed at the last poll." in told
    assert "The Evening Post : http_status, the server answered 502 (1 in a row)" in told


async def test_a_delivery_in_doubt_or_failed_is_shown_with_the_commands_for_it(small: Newsroom) -> None:
    relay = Relay()
    relay.at_dot = [InDoubt("the connection ended after the final dot")]
    relay.at_rcpt = {"gone@readers.example": Refused("550 no such user")}
    room = small.with_mail(relay)
    await room.track(POLICY)
    await room.subscribe(a_reader(), a_reader("gone"))
    await actions.add(room.ctx, POLICY.url, ActionRecord("Action", date(2025, 10, 6), "2025.10.06 x"), actor="anna")
    await room.tell()
    ids = {each["subscription_id"]: each["id"] for each in await room.deliveries()}

    response = await shown(room)

    told = words(response)
    assert "2 need a decision." in told
    assert "desk , in doubt: 2025.10.06 x (the connection ended after the final dot)" in told
    assert "gone , failed: 2025.10.06 x (550 no such user)" in told
    assert f"monitor deliveries mark-delivered {ids['desk']}" in response.text
    assert f"monitor deliveries mark-delivered {ids['gone']}" not in response.text
    assert f"monitor deliveries resend {ids['gone']}" in response.text


async def test_where_all_is_well_the_page_says_so(small: Newsroom) -> None:
    told = words(await shown(small))

    for part in ("No flag is open.", "0 polled, none failing.", "None in doubt, none failed."):
        assert part in told


async def test_of_very_many_flags_the_best_are_shown(small: Newsroom, tmp_path: Path) -> None:
    await small.flagged()
    stories = [replace(NEWS, title=f"{NEWS.title}, part {n}") for n in range(desk.SHOWN + 5)]
    await small.publish(*stories)
    waiting = len(await small.flags())
    assert waiting > desk.SHOWN

    response = await shown(small)

    assert response.text.count('<article class="card"') == desk.SHOWN
    assert f"{waiting} open flags, best first; the first {desk.SHOWN} are shown." in words(response)
