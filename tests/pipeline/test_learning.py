"""What editors decide is learned at once, and is known again after a restart (issue 5, "Learning")."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from monitor.core.match import Matched, MatchItem
from monitor.model.flag import RejectReason
from monitor.pipeline import actions, policies, triage
from monitor.pipeline.matching import Matching
from monitor.store.policies import policies_version
from tests.pipeline.newsroom import FEED, NEWS, OTHER, POLICY, Newsroom, Story, a_feed, feed

WIRE = "https://wire.example/feed.xml"

OFF_TOPIC = Story(
    "Garage installs license plate readers for its parking customers",
    "The license plate reader network of the garage opens its gates. Drivers pay by camera, and police get nothing.",
)
LIKE_IT = MatchItem(
    "Second garage has license plate readers open its gates",
    "Customers of the parking garage pay by camera: license plate readers open the gates for drivers.",
    published=NEWS.published.date() if NEWS.published else None,
)
ABOUT_IT = replace(LIKE_IT, title=NEWS.title, text="Searches of the Flock Safety network went on.")
PROBES = (LIKE_IT, ABOUT_IT)


async def asked(room: Newsroom, matching: Matching) -> list[Matched]:
    return await matching.matches(PROBES, await room.ctx.db.read(policies_version))


async def score(room: Newsroom, policy: str = POLICY.url) -> float:
    """How surely something like the garage's story is the policy's."""
    (answer, _) = await asked(room, room.ctx.matching)
    return next((match.score for match in answer.matches if match.policy == policy), 0.0)


@pytest.fixture
async def flagged(newsroom: Newsroom) -> Newsroom:
    """A story that is the policy's, and one that is not, are both flagged for it."""
    await newsroom.flagged(POLICY, OTHER)
    await newsroom.publish(NEWS, replace(OFF_TOPIC, text=f"{OFF_TOPIC.text} Flock Safety built it."))
    assert len(await newsroom.flags()) == 2
    return newsroom


async def garage(room: Newsroom) -> int:
    return next(flag.id for flag in await room.flags() if flag.title == OFF_TOPIC.title)


async def news(room: Newsroom) -> int:
    return next(flag.id for flag in await room.flags() if flag.title == NEWS.title)


async def test_a_rejection_tells_against_what_is_like_it(flagged: Newsroom) -> None:
    before = await score(flagged)

    await triage.reject(flagged.ctx, await garage(flagged), actor="anna")

    assert await score(flagged) < before


@pytest.mark.parametrize("reason", [each for each in RejectReason if each is not RejectReason.NOT_ABOUT_IT])
async def test_what_was_rejected_for_other_reasons_may_well_be_about_the_policy(
    flagged: Newsroom, reason: RejectReason
) -> None:
    before = await score(flagged)

    await triage.reject(flagged.ctx, await garage(flagged), actor="anna", reason=reason)

    assert await score(flagged) == before


async def test_what_was_recorded_for_another_policy_is_no_rejection(flagged: Newsroom) -> None:
    before = await score(flagged, OTHER.url)

    await triage.accept(flagged.ctx, await garage(flagged), actor="anna", policies=["1801"])

    assert await score(flagged, OTHER.url) > before


async def accepted(room: Newsroom) -> None:
    await triage.accept(room.ctx, await news(room), actor="anna")


async def accepted_with_status(room: Newsroom) -> None:
    status = room.ctx.vocabulary.current_statuses[0]
    await triage.accept(room.ctx, await news(room), actor="anna", edits=triage.Edits(status=status))


async def rejected(room: Newsroom) -> None:
    await triage.reject(room.ctx, await garage(room), actor="anna")


async def rejected_and_undone(room: Newsroom) -> None:
    await rejected(room)
    await score(room)
    await triage.undo(room.ctx, await garage(room), actor="anna")


async def accepted_and_undone(room: Newsroom) -> None:
    await accepted(room)
    await score(room)
    await triage.undo(room.ctx, await news(room), actor="anna")


async def named(room: Newsroom) -> None:
    await policies.edit(room.ctx, "1801", actor="anna", terms=["Flock Safety"])


async def added_by_hand(room: Newsroom) -> None:
    await room.record("2025.10.06 Garage opens its gates to license plate readers")


async def corrected(room: Newsroom) -> None:
    action = await room.record("2025.10.06 Garage opens its gates to license plate readers")
    await score(room)
    await actions.correct(room.ctx, action, actor="anna", title="2025.10.06 Something else")


async def tracked_another(room: Newsroom) -> None:
    await policies.add(room.ctx, replace(POLICY, url=f"{POLICY.url}-2", tracker_id=1778), actor="anna")


@pytest.mark.parametrize(
    "act",
    [
        accepted,
        accepted_with_status,
        rejected,
        rejected_and_undone,
        accepted_and_undone,
        named,
        added_by_hand,
        corrected,
        tracked_another,
    ],
)
async def test_what_is_learned_in_place_is_what_a_new_worker_learns(
    flagged: Newsroom, act: Callable[[Newsroom], Awaitable[None]]
) -> None:
    await score(flagged)

    await act(flagged)

    here = await asked(flagged, flagged.ctx.matching)
    anew = await asked(flagged, Matching(flagged.ctx.db, flagged.ctx.vocabulary))
    assert here == anew


LONG = replace(
    OFF_TOPIC,
    text=f"{OFF_TOPIC.text} Flock Safety built it for ICE, the owner says, and will build four more. Each of them "
    "is to hold six hundred cars, and the first will open in spring next to the station. Neighbours wanted trees "
    "and for a roof of glass, and they will have the trees. The owner expects that most customers will come by train.",
)


@pytest.mark.parametrize("days", [3, 20])
@pytest.mark.parametrize(
    ("url", "copy"),
    [
        pytest.param(
            WIRE, replace(LONG, title="A garage reads license plates", link="https://wire.example/1"), id="copy"
        ),
        pytest.param(FEED, replace(LONG, guid="2", link="https://news.example/again"), id="the same outlet"),
    ],
)
async def test_a_rejected_text_does_not_come_back(newsroom: Newsroom, days: int, url: str, copy: Story) -> None:
    flag = await newsroom.flagged()
    await newsroom.watch(a_feed("wire", WIRE, name="The Wire"))
    newsroom.web.serve(WIRE, feed())
    await newsroom.publish(LONG)
    (flag,) = [each for each in await newsroom.flags() if each.title == LONG.title]
    await triage.reject(newsroom.ctx, flag.id, actor="anna")
    newsroom.clock.advance(days=days)

    report = await newsroom.publish(replace(copy, published=newsroom.clock()), url=url)

    assert (report.entries_new, report.flags) == (1, 0)


async def test_a_rejected_text_comes_back_once_it_brings_news(newsroom: Newsroom) -> None:
    await newsroom.flagged()
    await newsroom.watch(a_feed("wire", WIRE, name="The Wire"))
    newsroom.web.serve(WIRE, feed())
    await newsroom.publish(LONG)
    (flag,) = [each for each in await newsroom.flags() if each.title == LONG.title]
    await triage.reject(newsroom.ctx, flag.id, actor="anna")

    news = "ICE searches license plate readers through local police, and a judge enjoined the Flock Safety network. "
    report = await newsroom.publish(replace(LONG, text=news + LONG.text, link="https://wire.example/1"), url=WIRE)

    assert (report.entries_new, report.flags) == (1, 1)
