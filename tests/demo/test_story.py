"""The story's data: complete, in order, and rich enough for a matcher to be tempted."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import pytest
from pydantic import ValidationError

from monitor.demo.story import END, OUTLETS, PAGE, POLICY, START, Article, Story, data_text
from monitor.demo.workspace import POLICY_FILES
from monitor.model.flag import RejectReason

SOURCE_DOCUMENT = "ICE Taps into Nationwide AI-Enabled Camera Network, Data Shows"
JULY = "Federal license plate reader searches raise surveillance questions"
AUGUST = "Ensuring Local Compliance - Flock Safety Statement on Immigration Cooperation"
OCTOBER = "Virginia surveillance network tapped thousands of times for immigration cases"


def recorded_for(story: Story, policy: int) -> list[tuple[str, str]]:
    """Source and headline of what the script accepts for a policy."""
    return [
        (source, titles[0]) for source, titles, item in story.scripts() if item.accept and item.accept.policy == policy
    ]


def others(story: Story) -> list[Article]:
    return [
        article
        for article in story.articles
        if not (article.accept and article.accept.policy == POLICY) and article.title not in (SOURCE_DOCUMENT, JULY)
    ]


def test_the_script_accepts_exactly_three_items_for_the_tracked_policy(story: Story) -> None:
    assert sorted(recorded_for(story, POLICY)) == [("flock-safety", AUGUST), ("vcij", OCTOBER), ("vpm-news", JULY)]


@pytest.mark.parametrize(
    ("source", "headline", "day"),
    [
        ("404-media", SOURCE_DOCUMENT, date(2025, 5, 27)),
        ("vpm-news", JULY, date(2025, 7, 16)),
        ("vcij", OCTOBER, date(2025, 10, 9)),
    ],
)
def test_the_articles_of_the_seed_appear_on_their_days(story: Story, source: str, headline: str, day: date) -> None:
    found = [article for article in story.articles if (article.source, article.title) == (source, headline)]
    assert [article.published.date() for article in found] == [day]


def test_the_company_page_changes_on_the_day_of_its_statement(story: Story) -> None:
    changes = [version.at.date() for version in story.page.versions if version.title == AUGUST]
    assert changes == [date(2025, 8, 25)]


def test_the_seed_has_these_headlines_to_the_character(shared_data: Path) -> None:
    seed = (shared_data / "seed.txt").read_text(encoding="utf-8")
    expected = [
        f"2025.05.27_Reported: {SOURCE_DOCUMENT} - 404 Media",
        f"2025.07.16 Reported: {JULY} - VPM News",
        f"2025.08.25 {AUGUST}",
        f"2025.10.09 Reported: {OCTOBER} - Virginia Center for Investigative Journalism",
    ]
    assert [title for title in expected if title not in seed] == []


def test_no_paragraph_of_the_story_is_taken_from_the_seed(story: Story, shared_data: Path) -> None:
    seed = " ".join((shared_data / "seed.txt").read_text(encoding="utf-8").split())
    sentences = [
        sentence
        for _, _, item in story.scripts()
        for text in (getattr(item, "body", ""), item.accept.summary if item.accept else "")
        for sentence in re.split(r"(?<=[.?!])\s+", text)
        if len(sentence) > 30
    ]
    assert [sentence for sentence in sentences if sentence in seed] == []


def test_publisher_names_are_those_of_the_drafts(story: Story) -> None:
    assert [outlet.name for outlet in story.outlets] == [
        "404 Media",
        "VPM News",
        "Virginia Center for Investigative Journalism",
    ]


def test_at_least_forty_five_other_stories_surround_the_seed(story: Story) -> None:
    assert len(others(story)) >= 45


def test_every_article_falls_into_the_five_months(story: Story) -> None:
    first = datetime(2025, 5, 27, tzinfo=UTC)
    outside = [article.title for article in story.articles if not first <= article.published <= END]
    assert outside == []


def test_each_outlet_lists_its_articles_in_order(story: Story) -> None:
    for outlet in story.outlets:
        assert all(earlier.published < later.published for earlier, later in pairwise(outlet.articles)), outlet.source


def test_each_outlet_has_published_something_before_the_first_poll(story: Story) -> None:
    assert {article.source for article in story.articles if article.published < START} == set(OUTLETS)


def test_the_source_document_is_in_the_feed_before_the_first_poll(story: Story) -> None:
    assert [article.title for article in story.articles if article.published < START][-1] == SOURCE_DOCUMENT


def test_addresses_are_unique_within_an_outlet(story: Story) -> None:
    for outlet in story.outlets:
        assert max(Counter(article.path for article in outlet.articles).values()) == 1, outlet.source


def test_articles_have_two_to_seven_sentences(story: Story) -> None:
    lengths = {article.title: len(re.findall(r"[.?!](?:\s|$)", article.body)) for article in story.articles}
    assert {title: count for title, count in lengths.items() if not 2 <= count <= 7} == {}


def test_the_july_story_is_reprinted_within_a_week_under_the_same_headline(story: Story) -> None:
    original, reprint = [article for article in story.articles if article.title == JULY]
    assert (original.source, reprint.source) == ("vpm-news", "vcij")
    assert reprint.published - original.published < timedelta(days=7)
    assert reprint.body.startswith(original.body)


@pytest.mark.parametrize(
    "words",
    [
        "Temporary Protected Status",
        "expedited removal",
        "visa",
        "DACA",
        "immigration court",
        "287(g)",
        "drone",
        "Palantir",
        "council",
        "Fourth Amendment",
    ],
)
def test_a_near_relation_mentions(story: Story, words: str) -> None:
    assert [article for article in others(story) if words in f"{article.title} {article.body}"]


def test_towns_buy_plate_readers_without_any_immigration(story: Story) -> None:
    lookalikes = [
        article
        for article in others(story)
        if "plate reader" in article.body and not re.search("(?i)immigra|\\bICE\\b", article.title + article.body)
    ]
    assert len(lookalikes) >= 7


def test_immigration_comes_to_virginia_without_any_camera(story: Story) -> None:
    near = [
        article
        for article in others(story)
        if re.search("(?i)immigra|visa|protected status|DACA", article.body) and "Virginia" in article.body
    ]
    assert len([article for article in near if "plate" not in article.body]) >= 5


def test_one_edit_mends_a_typing_error_and_another_changes_the_news(story: Story) -> None:
    typo, material = [article for article in story.articles if article.edits]
    assert typo.edits[0].title is None
    assert typo.edits[0].body == typo.body.replace("counil", "council")
    assert material.edits[0].title not in (None, material.title)


def test_an_edit_replaces_the_words_from_its_moment_on(story: Story) -> None:
    article = next(article for article in story.articles if article.titles[-1].startswith("Marlow County turns down"))
    edited = article.edits[0].at
    before, after = article.at(edited - timedelta(seconds=1)), article.at(edited)
    assert before is not None
    assert after is not None
    assert (before.title, before.updated) == (article.title, article.published)
    assert (after.title, after.updated) == (article.edits[0].title, edited)


def test_an_article_says_nothing_before_it_is_published(story: Story) -> None:
    article = story.articles[0]
    assert article.at(article.published - timedelta(seconds=1)) is None


def test_the_share_counter_moves_without_the_statement(story: Story) -> None:
    before, after = (story.page.at(datetime(2025, 9, day, 12, tzinfo=UTC)) for day in (1, 16))
    assert before[0] == after[0]
    assert before[1].count < after[1].count


def test_an_article_with_two_verdicts_is_refused() -> None:
    with pytest.raises(ValidationError, match="accepted or rejected, not both"):
        Article.model_validate(
            {
                "source": "vcij",
                "path": "/x",
                "published": "2025-06-01T00:00:00Z",
                "title": "T",
                "body": "B",
                "accept": {"policy": 1, "summary": "S"},
                "reject": {"reason": RejectReason.NOISE, "note": "N"},
            }
        )


def test_a_time_without_zone_is_refused() -> None:
    row = {"source": "vcij", "path": "/x", "published": "2025-06-01T00:00:00", "title": "T", "body": "B"}
    with pytest.raises(ValidationError, match="timezone"):
        Article.model_validate(row)


def test_the_data_folder_holds_nothing_that_is_not_used() -> None:
    names = {entry.name for entry in (files("monitor.demo") / "data").iterdir()}
    sources = {f"{name}.yaml" for name in (*OUTLETS, PAGE)}
    assert names == sources | set(POLICY_FILES) | {"sources.yaml", "subscriptions.yaml"}


def test_the_policy_page_has_no_subsequent_action_yet() -> None:
    page = data_text("policy_page.txt")
    assert "[ID #1777]" in page
    assert "Subsequent" not in page


def test_the_policy_page_states_the_facts_of_the_seed(shared_data: Path) -> None:
    seed = {line.strip() for line in (shared_data / "seed.txt").read_text(encoding="utf-8").splitlines()}
    own = [line.strip() for line in data_text("policy_page.txt").splitlines() if line.strip()]
    new = [line for line in own if line not in seed]
    assert [line.split(" ")[0] for line in new] == ["URL:", "404", "Search"], "only the address and the summary differ"


def test_eight_to_twelve_other_policies_compete_with_it() -> None:
    rows = [json.loads(line) for line in data_text("policies.jsonl").splitlines()]
    assert 8 <= len(rows) <= 12
    assert POLICY not in {row.get("tracker_id") for row in rows}
    assert len({row["url"] for row in rows}) == len(rows)
    assert all(row["summary"] and row["subjects"] and row["agencies"] for row in rows)


def test_the_other_policies_are_the_trackers_own(shared_data: Path) -> None:
    lines = (shared_data / "iptp" / "policies.jsonl").read_text(encoding="utf-8").splitlines()
    known = {row["url"]: row for row in map(json.loads, lines)}
    for row in map(json.loads, data_text("policies.jsonl").splitlines()):
        theirs = known[row["url"]]
        assert (row["title"], row.get("tracker_id"), row["announced"]) == (
            theirs["title"],
            theirs["tracker_id"],
            theirs["announced"],
        )
        assert row["summary"] != theirs["summary"]


def test_every_policy_that_the_script_records_for_is_tracked(story: Story) -> None:
    tracked = {json.loads(line).get("tracker_id") for line in data_text("policies.jsonl").splitlines()} | {POLICY}
    assert {item.accept.policy for _, _, item in story.scripts() if item.accept} <= tracked
