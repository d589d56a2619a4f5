"""Which events a subscription wants, and what a batch of them comes to (THREATS fault 54)."""

from __future__ import annotations

from itertools import permutations

import pytest

from monitor.core.digest import Change, DigestLine, by_policy, fold, wants
from monitor.model.event import Event, EventType
from monitor.model.source import Voice
from monitor.model.subscription import Criteria
from tests.core.event_samples import event

RECORDED, CORRECTED, RETRACTED = EventType.ACTION_RECORDED, EventType.ACTION_CORRECTED, EventType.ACTION_RETRACTED
CREATED, STATUS = EventType.POLICY_CREATED, EventType.POLICY_STATUS_CHANGED


def types(*events: Event) -> list[EventType]:
    return [line.type for line in fold(events)]


def only(*events: Event) -> DigestLine:
    (line,) = fold(events)
    return line


WANTED = event(1, RECORDED, action=1, topics=("Interior", "Detention"), agencies=("ICE",), policy=1777)


@pytest.mark.parametrize(
    ("criteria", "wanted"),
    [
        (Criteria(), False),
        (Criteria(match_all=True), False),
        (Criteria(all_topics=True), True),
        (Criteria(topics=("Detention",)), True),
        (Criteria(topics=("Asylum",)), False),
        (Criteria(agencies=("ICE", "CBP")), True),
        (Criteria(policies=("1777",)), True),
        (Criteria(policies=("https://tracker.example/1777",)), True),
        (Criteria(policies=("777",)), False),
        (Criteria(topics=("Asylum",), agencies=("ICE",)), True),
        (Criteria(topics=("Asylum",), agencies=("ICE",), match_all=True), False),
        (Criteria(topics=("Interior",), agencies=("ICE",), match_all=True), True),
        (Criteria(topics=("Interior",), policies=("12",), match_all=True), False),
        (Criteria(all_topics=True, agencies=("CBP",)), True),
        (Criteria(all_topics=True, agencies=("CBP",), match_all=True), False),
        (Criteria(all_topics=True, events=(RECORDED,)), True),
        (Criteria(all_topics=True, events=(RETRACTED, STATUS)), False),
    ],
)
def test_an_event_is_wanted_by_topic_agency_policy_and_type(criteria: Criteria, wanted: bool) -> None:
    assert wants(criteria, WANTED) is wanted


def test_a_recorded_action_is_one_line_with_all_that_a_reader_needs() -> None:
    line = only(event(1, RECORDED, action=1, title="2025.10.09 It ends", voice="court"))
    assert (line.type, line.title, line.date, line.voice) == (RECORDED, "2025.10.09 It ends", "2025-10-09", Voice.COURT)
    assert (line.kind, line.publisher, line.reported) == ("Subsequent Action", "The Outlet", False)
    assert line.document_url == "https://news.example/story"
    assert line.policy.link == "https://policies.example.org/policies/policy-1777"
    assert line.events == ("evt_1",)


def test_nothing_comes_to_nothing() -> None:
    assert fold([]) == ()


def test_recorded_and_corrected_in_one_batch_is_shown_once_in_the_corrected_words() -> None:
    line = only(
        event(1, RECORDED, action=1, title="2025.10.09 It ands"),
        event(2, CORRECTED, action=1, title="2025.10.09 It ends", changes={"title": ["It ands", "It ends"]}),
    )
    assert (line.type, line.title, line.changes) == (RECORDED, "2025.10.09 It ends", ())
    assert line.events == ("evt_1", "evt_2")


def test_recorded_and_retracted_in_one_batch_is_not_shown() -> None:
    batch = [event(1, RECORDED, action=1), event(2, CORRECTED, action=1, changes={}), event(3, RETRACTED, action=1)]
    assert fold(batch) == ()


def test_a_correction_of_what_was_told_before_shows_old_and_new() -> None:
    line = only(event(9, CORRECTED, action=1, changes={"date": ["2025-10-08", "2025-10-09"]}))
    assert line.type is CORRECTED
    assert line.changes == (Change("date", "2025-10-08", "2025-10-09"),)


def test_several_corrections_are_one_from_the_first_value_to_the_last() -> None:
    line = only(
        event(8, CORRECTED, action=1, changes={"title": ["a", "b"], "date": ["1", "2"]}),
        event(9, CORRECTED, action=1, changes={"title": ["b", "c"], "date": ["2", "1"]}),
    )
    assert line.changes == (Change("title", "a", "c"),)


def test_corrections_that_cancel_out_are_not_shown() -> None:
    batch = [
        event(8, CORRECTED, action=1, changes={"title": ["a", "b"]}),
        event(9, CORRECTED, action=1, changes={"title": ["b", "a"]}),
    ]
    assert fold(batch) == ()


def test_values_of_every_kind_are_shown_as_words() -> None:
    changes = {
        "agencies": [["ICE"], ["ICE", "CBP"]],
        "reported": [True, False],
        "document_url": [None, "https://a.example/"],
        "dates": [[], [{"kind": "Announced", "on": "2025-10-09"}]],
    }
    assert only(event(1, CORRECTED, action=1, changes=changes)).changes == (
        Change("agencies", "ICE", "ICE, CBP"),
        Change("reported", "yes", "no"),
        Change("document link", "", "https://a.example/"),
        Change("dates", "", "Announced 2025-10-09"),
    )


def test_a_retraction_of_what_was_told_before_is_shown_with_its_reason() -> None:
    line = only(
        event(8, CORRECTED, action=1, changes={"title": ["a", "b"]}),
        event(9, RETRACTED, action=1, reason="The outlet withdrew it."),
    )
    assert (line.type, line.reason, line.changes) == (RETRACTED, "The outlet withdrew it.", ())


def test_what_was_retracted_and_recorded_again_is_shown_as_recorded() -> None:
    assert types(event(8, RETRACTED, action=1, reason="x"), event(9, RECORDED, action=1)) == [RECORDED]


def test_a_new_policy_absorbs_its_first_status_changes() -> None:
    line = only(
        event(1, CREATED, status="None", voice=None),
        event(2, STATUS, status="In effect", voice=None, changes={"current_status": ["None", "In effect"]}),
    )
    assert (line.type, line.title, line.policy.status) == (CREATED, "Camera searches", "In effect")


def test_status_changes_are_merged_and_vanish_where_they_cancel_out() -> None:
    there = event(1, STATUS, changes={"current_status": ["In effect", "Enjoined"]})
    on = event(2, STATUS, changes={"current_status": ["Enjoined", "Ended"]})
    back = event(3, STATUS, changes={"current_status": ["Enjoined", "In effect"]})
    assert only(there, on).changes == (Change("status", "In effect", "Ended"),)
    assert fold([there, back]) == ()


def test_every_line_of_a_policy_shows_the_policy_as_it_stands_last() -> None:
    lines = fold([event(1, RECORDED, action=1, status="In effect"), event(2, RECORDED, action=2, status="Enjoined")])
    assert {line.policy.status for line in lines} == {"Enjoined"}


def test_policies_come_by_their_most_authoritative_voice_then_by_title() -> None:
    batch = [
        event(1, RECORDED, action=1, policy=1, policy_title="Zebra", voice="press"),
        event(2, RECORDED, action=2, policy=2, policy_title="apple", voice="press"),
        event(3, RECORDED, action=3, policy=3, policy_title="Mango", voice="party"),
        event(4, RECORDED, action=4, policy=4, policy_title="Pear", voice=None),
        event(5, RECORDED, action=5, policy=5, policy_title="Quince", voice="government"),
        event(6, RECORDED, action=6, policy=1, policy_title="Zebra", voice="court"),
        event(7, STATUS, policy=6, policy_title="Grape", voice=None, changes={"current_status": ["a", "b"]}),
    ]
    assert [policy.title for policy, _ in by_policy(fold(batch))] == [
        "Grape",
        "Quince",
        "Zebra",
        "Mango",
        "apple",
        "Pear",
    ]


def test_within_a_policy_its_own_news_comes_first_then_actions_by_date_and_voice() -> None:
    batch = [
        event(1, RECORDED, action=1, title="late", date="2025-10-09"),
        event(2, RECORDED, action=2, title="early", date="2025-07-01"),
        event(3, RECORDED, action=3, title="late, by a court", date="2025-10-09", voice="court"),
        event(4, STATUS, changes={"current_status": ["a", "b"]}),
    ]
    titles = [line.title for line in fold(batch)]
    assert titles == ["Camera searches", "early", "late, by a court", "late"]


def test_the_order_in_which_events_are_handed_in_does_not_matter() -> None:
    batch = [
        event(1, RECORDED, action=1),
        event(2, CORRECTED, action=1, title="2025.10.09 New words", changes={"title": ["a", "b"]}),
        event(3, RECORDED, action=2, policy=2, policy_title="Other"),
        event(4, STATUS, changes={"current_status": ["a", "b"]}),
    ]
    assert len({fold(shuffled) for shuffled in permutations(batch)}) == 1


def test_texts_are_cleaned_for_readers() -> None:
    line = only(event(1, RECORDED, action=1, title="It\r\n ends\u202e\x00", summary="One.\r\n\u200bTwo."))
    assert line.title == "It ends"
    assert line.summary == "One.\nTwo."
