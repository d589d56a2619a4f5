"""The scripted editor: accepts what the seed records, and gives a reason for everything else."""

from __future__ import annotations

from datetime import date

import pytest

from monitor.demo.editor import ScriptedEditor
from monitor.demo.story import POLICY, Story
from monitor.model.flag import RejectReason

JULY = "Federal license plate reader searches raise surveillance questions"
AUGUST = "Ensuring Local Compliance - Flock Safety Statement on Immigration Cooperation"
OCTOBER = "Virginia surveillance network tapped thousands of times for immigration cases"


@pytest.fixture(scope="module")
def editor(story: Story) -> ScriptedEditor:
    return ScriptedEditor(story)


@pytest.mark.parametrize(
    ("source", "headline", "opening"),
    [
        ("vpm-news", JULY, "According to VPM News, "),
        ("flock-safety", AUGUST, "Garrett Langley, "),
        ("vcij", OCTOBER, "According to the Virginia Center for Investigative Journalism, "),
    ],
)
def test_a_development_is_accepted_with_a_summary_and_the_drafts_title(
    editor: ScriptedEditor, source: str, headline: str, opening: str
) -> None:
    decision = editor.decide(POLICY, headline, source, f"2025.01.01 {headline}")
    assert decision.accept
    assert decision.summary is not None
    assert decision.summary.startswith(opening)
    assert (decision.title, decision.date, decision.reason) == (None, None, None)


def test_the_item_is_known_by_the_draft_when_the_story_is_named_otherwise(editor: ScriptedEditor) -> None:
    decision = editor.decide(POLICY, "Flock Safety changed", "flock-safety", f"2025.08.25 {AUGUST}")
    assert decision.accept


def test_nothing_else_is_accepted_for_the_tracked_policy(editor: ScriptedEditor, story: Story) -> None:
    accepted = {
        (source, title)
        for source, titles, _ in story.scripts()
        for title in titles
        if editor.decide(POLICY, title, source, title).accept
    }
    assert accepted == {("vpm-news", JULY), ("flock-safety", AUGUST), ("vcij", OCTOBER)}


def test_whatever_is_rejected_has_a_reason_and_a_note(editor: ScriptedEditor, story: Story) -> None:
    for source, titles, _ in story.scripts():
        decision = editor.decide(1409, titles[0], source, titles[0])
        assert not decision.accept
        assert isinstance(decision.reason, RejectReason)
        assert decision.note


@pytest.mark.parametrize(
    ("source", "headline", "reason"),
    [
        ("vcij", JULY, RejectReason.ALREADY_RECORDED),
        ("404-media", "Flock Says It Stopped Its Pilots With Federal Agencies", RejectReason.ALREADY_RECORDED),
        ("vpm-news", "Ashby Falls buys twenty plate readers", RejectReason.NOT_SIGNIFICANT),
        ("404-media", "Roadside Cameras Get Microphones", RejectReason.NOISE),
        ("404-media", "ICE Agents Get a Face Recognition App", RejectReason.NOT_ABOUT_IT),
    ],
)
def test_a_relation_is_rejected_as(editor: ScriptedEditor, source: str, headline: str, reason: RejectReason) -> None:
    assert editor.decide(POLICY, headline, source, headline).reason is reason


def test_an_edited_article_gets_the_same_verdict_under_its_new_headline(editor: ScriptedEditor) -> None:
    old = editor.decide(POLICY, "Marlow County puts off its vote on cameras", "vpm-news", "")
    new = editor.decide(POLICY, "Marlow County turns down cameras after special meeting", "vpm-news", "")
    assert old == new


def test_a_development_of_another_policy_is_accepted_for_that_one_only(editor: ScriptedEditor) -> None:
    headline = "Judge sets aside the early end of protected status for Venezuelans"
    assert editor.decide(1473, headline, "vpm-news", headline).accept
    assert editor.decide(POLICY, headline, "vpm-news", headline).reason is RejectReason.NOT_ABOUT_IT


def test_the_editor_may_change_the_date_and_the_title(editor: ScriptedEditor) -> None:
    ruling = "Judge sets aside the early end of protected status for Venezuelans"
    order = "Supreme Court narrows orders that blocked the birthright citizenship order"
    assert editor.decide(1473, ruling, "vpm-news", "").date == date(2025, 9, 5)
    assert (editor.decide(1404, order, "vpm-news", "").title or "").startswith("2025.06.27 Reported: Supreme Court")


@pytest.mark.parametrize("policy", [None, POLICY])
def test_an_unknown_item_is_not_about_the_policy(editor: ScriptedEditor, policy: int | None) -> None:
    decision = editor.decide(policy, "A headline from nowhere", "vcij", "2025.06.01 A headline from nowhere")
    assert (decision.accept, decision.reason) == (False, RejectReason.NOT_ABOUT_IT)
