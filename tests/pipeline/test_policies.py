"""Policies in and out: an import is idempotent, removes nothing, blanks nothing, and tells nobody."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date

import pytest

from monitor.errors import Conflict, NotFound, UsageError
from monitor.model.event import EventType
from monitor.model.policy import ActionRecord, PolicyRecord, SourceDocument
from monitor.pipeline import actions, policies
from monitor.pipeline.policies import ImportReport
from monitor.store.policies import find_policy
from tests.pipeline.newsroom import FEED, NEWS, OTHER, POLICY, Newsroom, Story, a_feed, feed

FIRST = ActionRecord("Subsequent", date(2025, 6, 1), "2025.06.01 First", "It began.", "https://docs.example/1")
SECOND = ActionRecord("Subsequent", date(2025, 7, 1), "2025.07.01 Second")
FULL = replace(
    POLICY,
    source_document=SourceDocument("Memo", "https://docs.example/memo"),
    types=("Practice",),
    identifiers=("1:25-cv-100",),
    actions=(FIRST, SECOND),
)


async def imported(newsroom: Newsroom, *records: PolicyRecord) -> ImportReport:
    return await policies.import_records(newsroom.ctx, records)


async def exported(newsroom: Newsroom) -> PolicyRecord:
    (record,) = await policies.export(newsroom.ctx)
    return record


async def test_what_is_imported_is_exported_to_the_letter(newsroom: Newsroom) -> None:
    report = await imported(newsroom, FULL)

    assert report == ImportReport(1, 0, 0, ())
    assert await exported(newsroom) == FULL


async def test_the_same_import_again_changes_nothing(newsroom: Newsroom) -> None:
    await imported(newsroom, FULL, OTHER)

    assert await imported(newsroom, FULL, OTHER) == ImportReport(0, 0, 2, ())


async def test_an_import_tells_nobody(newsroom: Newsroom) -> None:
    await imported(newsroom, FULL)

    assert await newsroom.events() == []


async def test_a_page_that_was_cut_off_blanks_nothing_and_removes_no_action(newsroom: Newsroom) -> None:
    await imported(newsroom, FULL)

    report = await imported(newsroom, PolicyRecord(url=FULL.url, tracker_id=1777))

    assert report == ImportReport(0, 0, 1, ())
    assert await exported(newsroom) == FULL


async def test_a_cut_page_that_comes_first_is_completed_later(newsroom: Newsroom) -> None:
    cut = replace(FULL, summary="", agencies=(), actions=(replace(FIRST, summary="", document_url=None),))
    await imported(newsroom, cut)

    assert await imported(newsroom, FULL) == ImportReport(0, 1, 0, ())
    assert await exported(newsroom) == FULL


async def test_words_that_an_action_has_are_not_replaced_by_an_import(newsroom: Newsroom) -> None:
    await imported(newsroom, FULL)

    report = await imported(newsroom, replace(FULL, actions=(replace(FIRST, summary="Another summary."), SECOND)))

    assert report.unchanged == 1
    assert (await exported(newsroom)).actions[0].summary == "It began."


async def test_equal_entries_of_one_timeline_are_each_an_action(newsroom: Newsroom) -> None:
    twice = replace(FULL, actions=(SECOND, SECOND, FIRST))
    await imported(newsroom, twice)

    again = await imported(newsroom, twice)

    assert again.unchanged == 1
    assert (await exported(newsroom)).actions == (FIRST, SECOND, SECOND)


async def test_what_an_editor_took_back_stays_so(newsroom: Newsroom) -> None:
    await imported(newsroom, FULL)
    first = (await newsroom.actions())[0]
    await actions.retract(newsroom.ctx, first.id, actor="anna", reason="not about it")

    assert (await imported(newsroom, FULL)).unchanged == 1
    assert [action.record for action in await newsroom.actions()] == [SECOND]


async def test_what_an_editor_corrected_is_not_imported_beside_the_correction(newsroom: Newsroom) -> None:
    await imported(newsroom, FULL)
    first = (await newsroom.actions())[0]
    await actions.correct(newsroom.ctx, first.id, actor="anna", title="2025.06.01 The first")

    await imported(newsroom, FULL)

    assert [action.record.title for action in await newsroom.actions()] == ["2025.06.01 The first", SECOND.title]


async def test_a_policy_is_known_by_its_tracker_id_before_its_address(newsroom: Newsroom) -> None:
    await imported(newsroom, FULL)

    report = await imported(
        newsroom, PolicyRecord(url="title:plate-readers", tracker_id=1777, effective=date(2025, 8, 1))
    )

    assert report.updated == 1
    assert await exported(newsroom) == replace(FULL, effective=date(2025, 8, 1))


async def test_a_policy_without_a_tracker_id_is_known_by_its_address_and_may_get_one(newsroom: Newsroom) -> None:
    await imported(newsroom, replace(FULL, tracker_id=None))

    assert (await imported(newsroom, FULL)).updated == 1
    assert await exported(newsroom) == FULL


async def test_an_address_with_and_without_a_slash_at_its_end_is_one_policy(newsroom: Newsroom) -> None:
    slashed = replace(FULL, url=f"{FULL.url}/", tracker_id=None)
    await imported(newsroom, slashed)

    assert (await imported(newsroom, slashed)).unchanged == 1
    assert (await exported(newsroom)).url == FULL.url


async def test_a_tracker_id_is_not_mistaken_for_the_end_of_an_address(newsroom: Newsroom) -> None:
    numbered = PolicyRecord(url="https://tracker.example/policies/1801", title="Numbered address", tracker_id=5)
    await imported(newsroom, numbered)

    report = await imported(newsroom, OTHER)

    assert (report.created, report.failed) == (1, ())


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(replace(FULL, url=OTHER.url), id="the id of one and the address of the other"),
        pytest.param(replace(FULL, tracker_id=4711), id="a known address under another id"),
        pytest.param(PolicyRecord(url="https://tracker.example/policies/new"), id="unknown and without a title"),
    ],
)
async def test_a_record_that_contradicts_what_is_known_fails_alone_and_says_why(
    newsroom: Newsroom, wrong: PolicyRecord
) -> None:
    await imported(newsroom, FULL, OTHER)

    report = await imported(newsroom, wrong, replace(OTHER, summary="More is known."))

    assert (report.updated, report.created, [place for place, _ in report.failed]) == (1, 0, [0])
    assert wrong.url in report.failed[0][1]
    assert FULL in await policies.export(newsroom.ctx)


async def test_two_addresses_with_the_same_end_get_slugs_of_their_own(newsroom: Newsroom) -> None:
    await imported(newsroom, FULL, PolicyRecord(url="https://other.example/plate-readers", title="Another"))

    first = await newsroom.ctx.db.read(lambda tx: find_policy(tx, "plate-readers"))
    second = await newsroom.ctx.db.read(lambda tx: find_policy(tx, "plate-readers-2"))

    assert [policy and policy.record.title for policy in (first, second)] == [FULL.title, "Another"]


async def test_two_imports_at_once_create_a_policy_once(newsroom: Newsroom, colleague: Newsroom) -> None:
    reports = await asyncio.gather(*(imported(each, FULL) for each in (newsroom, colleague)))

    assert sorted((report.created, report.unchanged) for report in reports) == [(0, 1), (1, 0)]
    assert await exported(newsroom) == FULL


async def test_a_policy_that_an_editor_adds_is_told(newsroom: Newsroom) -> None:
    stored = await policies.add(newsroom.ctx, POLICY, actor="anna")

    (event,) = await newsroom.events()
    assert (event.type, event.topics, event.action_id) == (EventType.POLICY_CREATED, POLICY.subjects, None)
    assert (stored.record, stored.slug) == (POLICY, "plate-readers")
    with pytest.raises(Conflict, match="tracked already"):
        await policies.add(newsroom.ctx, POLICY, actor="anna")


async def test_a_policy_is_edited_field_by_field(newsroom: Newsroom) -> None:
    await newsroom.track(POLICY)

    edited = await policies.edit(
        newsroom.ctx, "plate-readers", actor="anna", summary="New words.", terms=("ALPR", "Flock Safety")
    )

    assert edited.record == replace(POLICY, summary="New words.", terms=("Flock Safety", "ALPR"))
    with pytest.raises(UsageError, match="unknown status"):
        await policies.edit(newsroom.ctx, "1777", actor="anna", status="Somewhat")
    with pytest.raises(NotFound, match="no policy '4711'"):
        await policies.edit(newsroom.ctx, "4711", actor="anna", summary="x")


async def test_a_policy_imported_while_the_service_runs_is_matched_at_the_next_poll(newsroom: Newsroom) -> None:
    await newsroom.watch(a_feed())
    newsroom.web.serve(FEED, feed())
    await newsroom.poll()
    await newsroom.publish(Story("Something else"))
    await imported(newsroom, FULL)

    assert (await newsroom.publish(NEWS)).flags == 1
