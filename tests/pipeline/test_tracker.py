"""Other trackers through rooms 1 to 6: the first import is silent, new actions are flags, and local edits win."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from structlog.typing import EventDict

from monitor.core.tracker import write_page
from monitor.model.flag import FlagState, ReasonKind
from monitor.model.policy import ActionRecord, PolicyRecord
from monitor.model.source import ArticleRule, FetchFailed, NotModified, PollError, Seed, Source, SourceKind
from monitor.pipeline import actions, policies, triage
from monitor.pipeline.articles import read_articles
from monitor.pipeline.report import PollReport
from monitor.store.changes import list_changes
from tests.core.layouts import as_html
from tests.pipeline.newsroom import OTHER, POLICY, VOCABULARY, Newsroom, feed

LIST = "https://tracker.example/policies"
KIND = "Subsequent Trump and Court Action"
FIRST = ActionRecord(
    KIND, date(2025, 7, 16), "2025.07.16 Federal searches raise questions", "They do.", "https://vpm.example/1"
)
SECOND = ActionRecord(
    KIND,
    date(2025, 10, 1),
    "2025.10.01 Senators demand an end to plate reader searches",
    "Two senators wrote a letter.\nIt asks for an end.",
    "https://senate.example/letter.pdf",
)
THIRD = ActionRecord(KIND, date(2025, 10, 2), "2025.10.02 The company answers the senators", "It said it would look.")


def a_tracker(url: str = POLICY.url, **more: object) -> Source:
    return Source("other", "Other tracker", url, SourceKind.TRACKER, late_after=LATE, **more)  # type: ignore[arg-type]


LATE = Source("x", "x", "x").every * 24 * 3650


def serve(newsroom: Newsroom, *records: ActionRecord, policy: PolicyRecord = POLICY, url: str = "") -> None:
    page = write_page(replace(policy, announced=date(2025, 5, 27), actions=records), VOCABULARY)
    newsroom.web.serve(url or policy.url, page.encode())


async def states(
    newsroom: Newsroom, *records: ActionRecord, policy: PolicyRecord = POLICY, url: str = ""
) -> PollReport:
    """The tracker's page says this when it is polled next."""
    serve(newsroom, *records, policy=policy, url=url)
    return await newsroom.poll_after(hours=2)


@pytest.fixture
async def following(newsroom: Newsroom) -> Newsroom:
    """A tracked policy, whose page at the tracker was read once and had one action."""
    await newsroom.track(POLICY, OTHER)
    await newsroom.watch(a_tracker())
    report = await states(newsroom, FIRST)
    assert (report.entries_new, report.flags) == (1, 0)
    return newsroom


async def test_the_first_reading_of_a_page_is_silent(following: Newsroom) -> None:
    assert await following.flags() == []
    assert await following.ctx.db.read(list_changes) == []


async def test_a_new_action_is_one_flag_with_its_date_and_text(following: Newsroom) -> None:
    report = await states(following, FIRST, SECOND)

    (flag,) = await following.flags()
    offered = triage.draft_of(flag, VOCABULARY)
    assert (report.flags, flag.policy_url, flag.score) == (1, POLICY.url, 1.0)
    assert [reason.kind for reason in flag.reasons] == [ReasonKind.TRACKER]
    assert (offered.title, offered.date, offered.summary) == (SECOND.title, SECOND.date, SECOND.summary)
    assert (offered.kind, offered.document_url, offered.reported) == (KIND, SECOND.document_url, False)


async def test_accepting_it_records_exactly_what_the_tracker_states(following: Newsroom) -> None:
    await states(following, FIRST, SECOND, THIRD)

    for flag in await following.flags():
        await triage.accept(following.ctx, flag.id, actor="anna")

    assert [action.record for action in await following.actions()] == [SECOND, THIRD]


async def test_an_editors_date_is_also_in_the_title(following: Newsroom) -> None:
    await states(following, FIRST, SECOND)
    (flag,) = await following.flags()

    await triage.accept(following.ctx, flag.id, actor="anna", edits=triage.Edits(date=date(2025, 9, 30)))

    (action,) = await following.actions()
    assert (action.record.date, action.record.title[:10]) == (date(2025, 9, 30), "2025.09.30")


async def test_a_page_in_another_order_and_other_words_raises_nothing(following: Newsroom) -> None:
    await states(following, FIRST, SECOND, THIRD)
    for flag in await following.flags():
        await triage.accept(following.ctx, flag.id, actor="anna")
    reworded = (
        replace(THIRD, title="2025.10.02 Company answers senators", document_url="https://company.example/answer"),
        replace(
            SECOND, title="2025.10.01 A letter", summary="An altogether different summary of what they wrote. " * 9
        ),
        replace(FIRST, document_url=None),
    )

    report = await states(following, *reworded)

    assert (report.entries_new, report.entries_revised, report.flags) == (0, 3, 0)
    assert await following.flags(FlagState.OPEN) == []
    assert [action.record for action in await following.actions()] == [SECOND, THIRD]
    assert (await states(following, *reversed(reworded))).changed == 0


@pytest.mark.parametrize(
    "local",
    [
        SECOND,
        replace(SECOND, title="2025.10.01 Something else altogether", summary="In our words."),
        replace(SECOND, title="2025.10.01 Senators demand end to plate-reader searches", document_url=None),
    ],
    ids=["the same", "the same document", "nearly the same title"],
)
async def test_an_action_that_is_recorded_already_raises_nothing(following: Newsroom, local: ActionRecord) -> None:
    await actions.add(following.ctx, "1777", local, actor="anna")

    report = await states(following, FIRST, SECOND)

    assert (report.entries_new, report.flags) == (1, 0)
    assert [action.record for action in await following.actions()] == [local]


async def test_what_an_editor_corrected_or_retracted_is_not_raised_again(following: Newsroom) -> None:
    second, third = [await actions.add(following.ctx, "1777", each, actor="anna") for each in (SECOND, THIRD)]
    await actions.correct(
        following.ctx,
        second,
        actor="anna",
        title="2025.09.30 x",
        on=date(2025, 9, 30),
        document_url="https://x.example",
    )
    await actions.retract(following.ctx, third, actor="anna", reason="It was none.")

    assert (await states(following, FIRST, SECOND, THIRD)).flags == 0


async def test_the_same_action_for_another_policy_is_a_flag(following: Newsroom) -> None:
    await actions.add(following.ctx, "1801", SECOND, actor="anna")

    assert (await states(following, FIRST, SECOND)).flags == 1


async def test_a_second_order_of_the_day_on_the_same_docket_is_a_flag(following: Newsroom) -> None:
    await actions.add(following.ctx, "1777", SECOND, actor="anna")
    another = replace(SECOND, title="2025.10.01 The committee answers", summary="It will hold a hearing.")
    await states(following, FIRST, SECOND)

    await states(following, FIRST, SECOND, another)

    assert [flag.title for flag in await following.flags()] == [another.title]


async def test_the_policy_is_the_pages_whatever_the_words_say(following: Newsroom) -> None:
    about = replace(
        SECOND, title="2025.10.01 Detention standards for local jails are waived", summary=OTHER.title or ""
    )

    await states(following, FIRST, about)

    assert [flag.policy_url for flag in await following.flags()] == [POLICY.url]


MIRROR = "https://mirror.example/p/77"


@pytest.mark.parametrize(
    ("page", "bound", "expected"),
    [
        (replace(POLICY, url=MIRROR), (), [POLICY.url]),
        (replace(POLICY, url=MIRROR, title="Border wall contracts"), (), []),
        (replace(POLICY, url=MIRROR, tracker_id=9), (), []),
        (replace(POLICY, url=MIRROR, tracker_id=9), ("1801",), [OTHER.url]),
        (replace(POLICY, url=OTHER.url, tracker_id=1777), (), [OTHER.url]),
    ],
    ids=["by its id", "an id of another tracker", "unknown", "bound", "the address before the id"],
)
async def test_the_policy_of_a_page_elsewhere(
    newsroom: Newsroom, page: PolicyRecord, bound: tuple[str, ...], expected: list[str]
) -> None:
    await newsroom.track(POLICY, OTHER)
    await newsroom.watch(a_tracker(MIRROR, policies=bound))
    await states(newsroom, FIRST, policy=page, url=MIRROR)

    await states(newsroom, FIRST, replace(SECOND, title="Xyz", summary="Qed."), policy=page, url=MIRROR)

    assert [flag.policy_url for flag in await newsroom.flags()] == expected


async def test_an_action_of_a_policy_that_is_not_tracked_is_matched_like_any_item(newsroom: Newsroom) -> None:
    await newsroom.track(POLICY)
    await newsroom.watch(a_tracker(MIRROR))
    page = replace(POLICY, url=MIRROR, tracker_id=9, title="Border wall contracts")
    await states(newsroom, FIRST, policy=page, url=MIRROR)
    about = replace(SECOND, title="2025.10.01 Flock Safety ends ICE searches of its license plate reader network")

    await states(newsroom, FIRST, about, policy=page, url=MIRROR)

    (flag,) = await newsroom.flags()
    assert (flag.policy_url, ReasonKind.ALIAS in {reason.kind for reason in flag.reasons}) == (POLICY.url, True)
    assert triage.draft_of(flag, VOCABULARY).title == about.title


async def test_seed_flag_asks_for_the_back_list(newsroom: Newsroom) -> None:
    await newsroom.track(POLICY)
    await newsroom.watch(a_tracker(seed=Seed.FLAG))

    assert (await states(newsroom, FIRST, SECOND)).flags == 2


async def test_a_page_that_did_not_change_is_not_read_again(following: Newsroom) -> None:
    before = await following.poll_after(hours=2)
    following.web.answers[POLICY.url] = NotModified()

    assert (before.unchanged, (await following.poll_after(hours=2)).unchanged) == (1, 1)


async def test_an_imported_page_raises_nothing_afterwards(following: Newsroom) -> None:
    await policies.import_records(following.ctx, [replace(POLICY, actions=(FIRST, SECOND))])

    assert (await states(following, FIRST, SECOND)).flags == 0


# --- lists -----------------------------------------------------------------------------------------------------------


def serve_list(newsroom: Newsroom, *names: str) -> None:
    links = "".join(f"<li><a href='/policies/{name}'>{name}</a></li>" for name in names)
    newsroom.web.serve(LIST, f"<html><body><main><ul>{links}</ul></main></body></html>".encode(), etag='"list"')


def asked(newsroom: Newsroom) -> list[str]:
    urls = [url.rpartition("/")[2] for url, _ in newsroom.web.asked]
    newsroom.web.asked.clear()
    return urls


@pytest.fixture
async def listing(newsroom: Newsroom) -> Newsroom:
    """A list with the pages of two tracked policies, read once."""
    await newsroom.track(POLICY, OTHER)
    await newsroom.watch(a_tracker(LIST))
    serve_list(newsroom, "plate-readers", "detention-standards")
    serve(newsroom, FIRST)
    serve(newsroom, policy=OTHER)
    report = await newsroom.poll()
    assert (report.entries_new, report.flags, asked(newsroom)) == (
        1,
        0,
        ["policies", "plate-readers", "detention-standards"],
    )
    return newsroom


async def test_a_new_action_on_a_page_of_an_unchanged_list_is_a_flag(listing: Newsroom) -> None:
    serve(listing, SECOND, policy=OTHER)

    report = await listing.poll_after(hours=2)

    assert (report.changed, [flag.policy_url for flag in await listing.flags()]) == (1, [OTHER.url])


async def test_an_action_that_two_pages_state_is_a_flag_for_each_policy(listing: Newsroom) -> None:
    serve(listing, FIRST, SECOND)
    await listing.poll_after(hours=2)
    serve(listing, SECOND, policy=OTHER)

    await listing.poll_after(hours=2)

    assert {flag.policy_url for flag in await listing.flags()} == {POLICY.url, OTHER.url}


async def test_pages_that_did_not_change_cost_a_conditional_request(listing: Newsroom) -> None:
    listing.web.serve(POLICY.url, listing.web.answers[POLICY.url].body, etag='"1"')  # type: ignore[union-attr]
    await listing.poll_after(hours=2)
    listing.web.asked.clear()

    report = await listing.poll_after(hours=2)

    sent = {url.rpartition("/")[2]: validators.etag for url, validators in listing.web.asked}
    assert (report.unchanged, sent) == (1, {"policies": None, "plate-readers": '"1"', "detention-standards": None})


async def test_a_page_that_is_read_for_the_first_time_is_silent(listing: Newsroom) -> None:
    newcomer = replace(POLICY, url=f"{LIST}/newcomer", tracker_id=1900, title="Newcomer")
    await listing.track(newcomer)
    serve_list(listing, "plate-readers", "detention-standards", "newcomer")
    serve(listing, FIRST, policy=newcomer)

    first = await listing.poll_after(hours=2)
    serve(listing, FIRST, SECOND, policy=newcomer)
    second = await listing.poll_after(hours=2)

    assert (first.entries_new, first.flags, second.flags) == (1, 0, 1)
    assert [each["title"] for each in await listing.ctx.db.read(list_changes)] == [SECOND.title]


async def test_under_other_rules_every_page_starts_over_silently(listing: Newsroom) -> None:
    listing.sources[0] = replace(listing.sources[0], max_pages=2, drop=(".menu",))
    await listing.watch()
    serve(listing, FIRST, SECOND)
    serve(listing, THIRD, policy=OTHER)

    reports = [await listing.poll_after(hours=2) for _ in range(3)]

    assert sum(report.entries_new for report in reports) == 2
    assert await listing.flags() == []


async def test_no_article_is_read_behind_an_action(following: Newsroom) -> None:
    following.sources[0] = replace(following.sources[0], article=ArticleRule.ALWAYS)
    await following.watch()

    assert (await states(following, FIRST, SECOND)).flags == 1
    assert (await read_articles(following.ctx, 10)).taken == 0


async def test_the_pages_of_a_long_list_have_their_turn(listing: Newsroom, logged: list[EventDict]) -> None:
    await listing.watch()
    listing.sources[0] = replace(listing.sources[0], max_pages=2)
    await listing.watch()

    turns = []
    for _ in range(3):
        await listing.poll_after(hours=2)
        turns.append(asked(listing)[1:])

    assert turns == [["plate-readers"], ["detention-standards"], ["plate-readers"]]
    assert any("have their turn at the next polls" in entry.get("note", "") for entry in logged)


async def test_one_page_that_fails_is_a_note_and_a_site_that_does_not_answer_a_failure(
    listing: Newsroom, logged: list[EventDict]
) -> None:
    listing.web.answers[OTHER.url] = FetchFailed(PollError.HTTP_STATUS, "404", 404)
    serve(listing, FIRST, SECOND)

    assert (await listing.poll_after(hours=2)).flags == 1
    assert any("404" in entry.get("note", "") for entry in logged)
    listing.web.answers |= {url: FetchFailed(PollError.TIMEOUT, "late") for url in (POLICY.url, OTHER.url)}
    assert (await listing.poll_after(hours=2)).failed == 1


async def test_a_policys_page_that_becomes_a_list_is_a_failure(following: Newsroom) -> None:
    following.web.answers[POLICY.url] = following.web.answers[POLICY.url]
    links = "<html><body><main><a href='/a/1'>One</a><a href='/a/2'>Two</a></main></body></html>"
    following.web.serve(POLICY.url, links.encode())

    assert (await following.poll_after(hours=2)).failed == 1


async def test_a_story_in_the_press_and_in_a_timeline_is_one_flag(following: Newsroom) -> None:
    """Press articles are one story by their link; other documents are not, since a docket's page has many orders."""
    title = "Police ran license plate searches for ICE through Flock Safety network"
    reported = replace(SECOND, title=f"2025.10.01 Reported: {title} - News", document_url="https://news.example/story")
    await following.watch(Source("news", "News", "https://news.example/feed.xml", SourceKind.FEED))
    following.web.serve("https://news.example/feed.xml", feed())
    await states(following, FIRST)
    item = f"<item><title>{title}</title><link>https://news.example/story</link></item>"
    document = feed().replace(b"</channel>", item.encode() + b"</channel>")
    following.web.serve("https://news.example/feed.xml", document)
    await following.poll_after(hours=2)

    await states(following, FIRST, reported)

    assert len(await following.flags()) == 1


async def test_a_web_page_is_read_like_text(following: Newsroom) -> None:
    page = replace(POLICY, announced=date(2025, 5, 27), actions=(FIRST, SECOND))
    following.web.serve(POLICY.url, as_html(page, VOCABULARY).encode())

    await following.poll_after(hours=2)

    assert [flag.title for flag in await following.flags()] == [SECOND.title]
