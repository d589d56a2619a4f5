"""The matcher as the pipeline uses it: which policy, how surely, and why."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from monitor.core.match.score import BOUND_SCORE, FLAG_THRESHOLD, WEIGHTS, score
from monitor.errors import NotFound
from monitor.model.flag import ReasonKind
from monitor.model.policy import ActionRecord
from tests.core.match_samples import (
    AID,
    DETENTION,
    HAITI,
    POLICIES,
    READERS,
    REMOVAL,
    VENEZUELA,
    VOCABULARY,
    item,
    matcher,
    of,
    reasons_of,
    score_of,
)

POLICE = item(
    "County police ran plate searches for immigration agents",
    "Logs show that local police searched Flock license-plate scanners for ICE.",
    published=date(2025, 7, 16),
)
COUNCIL = item(
    "City council buys cameras",
    "The council approved a contract for twelve Flock license plate readers to find stolen cars.",
    published=date(2025, 7, 16),
)


def test_a_story_in_other_words_is_flagged_for_its_policy() -> None:
    matched = matcher().match(POLICE)

    assert matched.matches[0].policy == READERS
    assert matched.matches[0].flag
    assert matched.matches[0].score >= FLAG_THRESHOLD


def test_the_same_cameras_without_the_field_are_not_flagged() -> None:
    plain = matcher()

    matched = plain.match(COUNCIL)

    assert not any(match.flag for match in matched.matches)
    assert score_of(matched, READERS) < score_of(plain.match(POLICE), READERS)
    assert reasons_of(matched, READERS, ReasonKind.AGAINST)[0].term == "no word of the tracked field"


def test_a_policy_outside_the_fields_words_needs_none_of_them() -> None:
    matched = matcher().match(item("President pauses foreign development assistance for ninety days"))

    assert matched.matches[0].policy == AID
    assert matched.matches[0].flag


def test_siblings_are_told_apart_by_what_differs() -> None:
    matched = matcher().match(item("Temporary protections for Haitians revoked", published=date(2025, 7, 2)))

    assert [match.policy for match in matched.matches][:2] == [HAITI, VENEZUELA]
    assert matched.matches[0].score > 2 * matched.matches[1].score


def test_an_item_about_nothing_tracked_has_no_flag_and_little_relevance() -> None:
    matched = matcher().match(item("Team wins the cup", "A late goal decided the match."))

    assert not any(match.flag for match in matched.matches)
    assert matched.relevant < 0.2


def test_an_item_of_the_field_without_a_policy_is_relevant_all_the_same() -> None:
    matched = matcher().match(item("Migrant rescued at sea", "He hopes for asylum and fears deportation."))

    assert not any(match.flag for match in matched.matches)
    assert matched.relevant > 0.9


def test_relevance_is_never_below_the_best_match() -> None:
    matched = matcher().match(item("President pauses foreign development assistance for ninety days"))

    assert matched.relevant >= matched.matches[0].score


def test_a_docket_number_alone_finds_its_policy() -> None:
    matched = matcher().match(item("Order entered in No. 1:25-cv-00190-JMC"))

    assert matched.matches[0].policy == REMOVAL
    reason = reasons_of(matched, REMOVAL, ReasonKind.IDENTIFIER)[0]
    assert reason.term == "25-cv-190"
    assert "1:25-cv-00190-JMC" in reason.excerpt


def test_a_bare_appeal_number_of_the_record_is_known() -> None:
    matched = matcher().match(item("Argument set", "No. 25-5100 will be heard."))

    assert [reason.term for reason in reasons_of(matched, REMOVAL, ReasonKind.IDENTIFIER)] == ["25-5100"]


def test_the_same_docket_number_of_another_court_is_no_evidence() -> None:
    matched = matcher().match(item("Order entered in 25-cv-190 (D. Md.)"))

    assert reasons_of(matched, REMOVAL, ReasonKind.IDENTIFIER) == []


def test_another_order_of_the_same_kind_speaks_against() -> None:
    plain = matcher()
    same = item("EO 14159 § 10: DHS to build more detention space")
    other = item("EO 13767: DHS to build more detention space")

    assert score_of(plain.match(same), DETENTION) > score_of(plain.match(other), DETENTION)
    assert any("13767" in reason.term for reason in reasons_of(plain.match(other), DETENTION, ReasonKind.AGAINST))


def test_a_policys_own_term_is_a_reason_with_the_items_words() -> None:
    matched = matcher().match(item("Agents began operation fast lane at dawn", "Immigration lawyers protest."))

    assert matched.matches[0].policy == REMOVAL
    (reason,) = reasons_of(matched, REMOVAL, ReasonKind.ALIAS)
    assert reason.term == "operation fast lane"
    assert "began operation fast lane" in reason.excerpt


def test_a_named_agency_is_a_reason_by_any_of_its_names() -> None:
    matched = matcher().match(item("Homeland Security Investigations used Flock plate readers"))

    (reason,) = reasons_of(matched, READERS, ReasonKind.AGENCY)
    assert (reason.term, reason.excerpt) == ("ICE", "Homeland Security Investigations used Flock plate readers")


def test_a_sources_agency_hint_counts_as_named() -> None:
    unhinted, hinted = (
        matcher().match(item("Flock plate readers searched", "For immigration cases.", agencies=hint))
        for hint in ((), ("ICE",))
    )

    assert score_of(hinted, READERS) > score_of(unhinted, READERS)


def test_the_shared_words_are_shown_as_the_item_writes_them() -> None:
    (reason,) = reasons_of(matcher().match(POLICE), READERS, ReasonKind.WORDS)

    assert "license-plate scanners" in reason.term
    assert reason.excerpt


def test_what_was_published_before_the_policy_is_not_its_subsequent_action() -> None:
    plain = matcher()
    title = "DHS terminates Temporary Protected Status for Haiti"

    early, late = (plain.match(item(title, published=day)) for day in (date(2022, 1, 1), date(2025, 7, 2)))

    assert score_of(early, HAITI) < score_of(late, HAITI)
    assert reasons_of(early, HAITI, ReasonKind.AGAINST)[0].term == "published 3 years before the policy was announced"
    assert reasons_of(late, HAITI, ReasonKind.DATE)


def test_a_source_bound_to_a_policy_is_always_flagged_for_it() -> None:
    matched = matcher().match(item("Quarterly statement", bound=(READERS,)), limit=1)

    match = of(matched, READERS)
    assert match is not None
    assert match.flag
    assert match.score >= BOUND_SCORE
    assert match.reasons[0].kind is ReasonKind.BOUND


def test_a_bound_policy_that_is_not_tracked_is_passed_over() -> None:
    assert of(matcher().match(item("Statement", bound=("https://gone.example",))), "https://gone.example") is None


def test_matches_are_best_first_and_no_more_than_asked_for() -> None:
    text = "DHS, ICE and USCIS on TPS for Venezuela and Haiti, detention space, expedited removal and Flock"

    scores = [match.score for match in matcher().match(item(text)).matches]

    assert scores == sorted(scores, reverse=True)
    assert len(matcher().match(item(text), limit=2).matches) == 2
    assert all(0 <= value <= 1 for value in scores)


def test_matching_changes_nothing() -> None:
    plain = matcher()

    assert plain.match(POLICE) == plain.match(POLICE)


def test_an_item_without_words_matches_nothing() -> None:
    assert matcher().match(item("", "\x00\u200b")).matches == ()


def test_a_tracker_without_policies_or_words_matches_nothing() -> None:
    bare = replace(VOCABULARY, agencies=(), field_terms=(), synonyms=(), standing_notes=())

    assert matcher(*POLICIES, vocabulary=bare).match(POLICE).matches[0].policy == READERS
    assert type(matcher()).build((), bare).match(POLICE).matches == ()


def test_the_publishers_name_is_not_taken_for_the_subject() -> None:
    plain = matcher()
    title = "Rain expected"

    named = plain.match(item(f"{title} - The Haiti Gazette", publisher="The Haiti Gazette"))

    assert score_of(named, HAITI) == score_of(plain.match(item(title)), HAITI)


def test_a_standing_note_of_the_tracker_is_not_what_the_policy_is_about() -> None:
    noted = replace(POLICIES[1], summary="Note to readers: litigation about sturgeon is listed elsewhere.")

    matched = matcher(noted, *POLICIES[2:]).match(item("Sturgeon litigation listed"))

    assert reasons_of(matched, VENEZUELA, ReasonKind.WORDS) == []


def test_recorded_actions_are_the_timeline_of_their_policy() -> None:
    action = ActionRecord(
        "Subsequent Action", date(2025, 6, 1), "Bridgewater sheriff shares audit logs", "Deputies did."
    )
    with_action = matcher(replace(POLICIES[0], actions=(action,)), *POLICIES[1:])
    news = item(
        "Bridgewater sheriff defends audit logs", "Immigration searches are listed.", published=date(2025, 6, 9)
    )

    matched = with_action.match(news)

    assert score_of(matched, READERS) > score_of(matcher().match(news), READERS)
    (reason,) = reasons_of(matched, READERS, ReasonKind.TIMELINE)
    assert reason.term == "Bridgewater sheriff shares audit logs"


def test_what_editors_accept_helps_later_items() -> None:
    taught = matcher()
    first = item("Doe Institute v. Noem complaint", "Filed as 4:26-cv-00077 over immigration searches.")
    later = item("Hearing in 26-cv-77")
    before = score_of(taught.match(later), READERS)

    taught.learn(first, [READERS])

    after = taught.match(later)
    assert after.matches[0].policy == READERS
    assert after.matches[0].score > before
    assert reasons_of(after, READERS, ReasonKind.IDENTIFIER)[0].term == "26-cv-77"


def test_a_rejection_is_heeded_for_near_identical_items() -> None:
    taught = matcher()
    reprint = replace(POLICE, title=POLICE.title + ", logs show")
    before = score_of(taught.match(reprint), READERS)

    taught.learn(POLICE, [])

    after = taught.match(reprint)
    assert score_of(after, READERS) < before / 2
    assert any("like a rejected item" in reason.term for reason in reasons_of(after, READERS, ReasonKind.AGAINST))


def test_a_rejection_says_nothing_about_different_items() -> None:
    taught = matcher()
    news = item("Temporary protections for Haitians revoked", published=date(2025, 7, 2))
    before = taught.match(news)

    taught.learn(POLICE, [])

    assert taught.match(news) == before


def test_learning_for_an_unknown_policy_is_refused_and_changes_nothing() -> None:
    taught = matcher()
    before = taught.match(POLICE)

    with pytest.raises(NotFound, match=r"https://gone\.example"):
        taught.learn(POLICE, [READERS, "https://gone.example"])

    assert taught.match(POLICE) == before


def test_a_policy_without_a_title_is_known_by_its_url() -> None:
    untitled = replace(POLICIES[0], title=None)

    matched = matcher(untitled, *POLICIES[1:]).match(POLICE)

    assert matched.matches[0].title == READERS


def test_of_two_records_with_one_url_the_later_counts() -> None:
    renamed = replace(POLICIES[1], title="DHS terminates Temporary Protected Status for Ruritania")

    matched = matcher(POLICIES[1], renamed, POLICIES[2]).match(item("TPS for Ruritania ends"))

    assert [match.policy for match in matched.matches].count(VENEZUELA) == 1
    assert matched.matches[0].title.endswith("Ruritania")


def test_the_weights_cover_exactly_the_features() -> None:
    silent = dict.fromkeys(WEIGHTS, 0.0)

    assert 0 < score(silent) < 0.1
    with pytest.raises(KeyError):
        score({**silent, "unheard-of": 1.0})


@pytest.mark.parametrize(
    "name", ["names", "identifiers", "cited", "timeline", "likeness", "lead", "title_covered", "agency"]
)
def test_what_speaks_for_a_match_never_lowers_its_score(name: str) -> None:
    silent = dict.fromkeys(WEIGHTS, 0.0)

    assert score({**silent, name: 1.0}) > score(silent)


@pytest.mark.parametrize("name", ["early", "other_number", "rejected", "off_field"])
def test_what_speaks_against_a_match_never_raises_its_score(name: str) -> None:
    silent = dict.fromkeys(WEIGHTS, 0.0)

    assert score({**silent, name: 1.0}) < score(silent)
