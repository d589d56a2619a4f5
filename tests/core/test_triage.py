"""What triage decides by itself: a change's news, which edits matter, which action is which, what an import keeps."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from monitor.core.diff import diff
from monitor.core.triage import (
    action_key,
    added_text,
    is_material,
    merged,
    policy_data,
    slug_of,
    timeline_keys,
)
from monitor.model.policy import ActionRecord, PolicyRecord

TEXT = (
    "The sheriff's office said on Monday that it would end the sharing of its camera network. "
    "Deputies had run nine hundred searches for federal agents since May. "
    "A county audit had listed the searches by name and reason."
)


def action(title: str = "2025.07.16 Order", on: date | None = date(2025, 7, 16)) -> ActionRecord:
    return ActionRecord(kind="Subsequent Action", date=on, title=title)


class TestAddedText:
    def test_of_a_changed_page_what_came_is_its_news(self) -> None:
        found = added_text(diff("Old words.\nThey stay.", "They stay.\nA statement was added here."))

        assert found == "A statement was added here."

    def test_where_nothing_came_what_went_is_the_news(self) -> None:
        assert added_text(diff("It stays.\nIt goes.", "It stays.")) == "It goes."

    def test_no_difference_is_no_news(self) -> None:
        assert added_text(diff("same", "same")) == ""


class TestIsMaterial:
    @pytest.mark.parametrize(
        "edited",
        [
            TEXT,
            TEXT.replace("Monday", "Tuesday"),
            TEXT.replace("camera network", "camera-network"),
            TEXT + " By A. Writer.",
            TEXT.upper(),
        ],
    )
    def test_a_mended_word_is_not(self, edited: str) -> None:
        assert not is_material("County ends sharing", TEXT, "County ends sharing", edited)

    def test_a_new_paragraph_is(self) -> None:
        more = TEXT + " Late on Tuesday a judge ordered the office to keep every record of the searches for trial."

        assert is_material("County ends sharing", TEXT, "County ends sharing", more)

    def test_a_new_headline_is(self) -> None:
        assert is_material("County ends sharing", TEXT, "Judge orders county to keep camera records", TEXT)

    def test_a_word_more_in_the_headline_is_not(self) -> None:
        assert not is_material("County ends sharing of cameras", TEXT, "County ends its sharing of cameras", TEXT)


class TestKeys:
    def test_an_action_is_known_by_its_date_and_title(self) -> None:
        assert action_key(action()) == action_key(replace(action(), summary="other", kind="other"))
        assert action_key(action()) != action_key(action(on=date(2025, 7, 17)))
        assert action_key(action()) != action_key(action(on=None))

    def test_white_space_makes_no_other_action(self) -> None:
        assert action_key(action("2025.07.16  Order\n")) == action_key(action("2025.07.16 Order"))

    def test_equal_entries_of_one_timeline_are_counted(self) -> None:
        keys = timeline_keys([action(""), action("2025.07.16 Order"), action("")])

        assert len(set(keys)) == 3
        assert keys[0] == action_key(action(""))
        assert keys[2] == action_key(action(""), 1)


class TestMerged:
    KNOWN = PolicyRecord(
        url="https://tracker.example/policies/a", title="A", tracker_id=1, summary="Long.", subjects=("Interior",)
    )

    def test_what_a_cut_page_does_not_show_stays(self) -> None:
        assert merged(self.KNOWN, PolicyRecord(url=self.KNOWN.url)) == self.KNOWN

    def test_what_was_read_replaces(self) -> None:
        found = merged(self.KNOWN, PolicyRecord(url=self.KNOWN.url, title="A, renamed", subjects=("Border",)))

        assert (found.title, found.subjects, found.summary) == ("A, renamed", ("Border",), "Long.")

    def test_the_address_stays_where_the_tracker_moved_it(self) -> None:
        assert merged(self.KNOWN, replace(self.KNOWN, url="https://tracker.example/policies/b")).url == self.KNOWN.url

    def test_a_real_address_replaces_a_key_for_want_of_one(self) -> None:
        nameless = replace(self.KNOWN, url="title:a")

        assert merged(nameless, self.KNOWN).url == self.KNOWN.url
        assert merged(self.KNOWN, nameless).url == self.KNOWN.url

    def test_an_empty_status_heading_does_not_blank_a_status(self) -> None:
        with_status = replace(self.KNOWN, current_status="Not in effect")

        assert merged(with_status, replace(self.KNOWN, current_status="")).current_status == "Not in effect"
        assert merged(self.KNOWN, replace(self.KNOWN, current_status="")).current_status == ""


class TestSlugOf:
    @pytest.mark.parametrize(
        ("record", "slug"),
        [
            (PolicyRecord(url="https://tracker.example/policies/dhs-expands-removal/"), "dhs-expands-removal"),
            (PolicyRecord(url="title:plate-readers"), "plate-readers"),
            (PolicyRecord(url="https://tracker.example/p/1", slug="Own Slug!"), "own-slug"),
            (PolicyRecord(url="https://tracker.example/%E2%80%94/"), "e2-80-94"),
            (PolicyRecord(url="title:—"), "policy"),
        ],
    )
    def test_it_is_what_readers_know_and_safe_in_an_address(self, record: PolicyRecord, slug: str) -> None:
        assert slug_of(record) == slug

    def test_it_is_never_longer_than_an_address_bears(self) -> None:
        assert len(slug_of(PolicyRecord(url="title:" + "long-" * 100))) <= 100


def test_an_events_policy_is_complete_by_itself() -> None:
    data = policy_data(TestMerged.KNOWN, "a")

    assert data == {
        "url": "https://tracker.example/policies/a",
        "slug": "a",
        "title": "A",
        "tracker_id": 1,
        "topics": ["Interior"],
        "agencies": [],
        "current_status": None,
    }
