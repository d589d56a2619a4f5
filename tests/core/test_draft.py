"""Draft actions in the tracker's style (CONTRACT, "Drafts in the tracker's style")."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.config.vocabulary import packaged_vocabulary
from monitor.core.draft import SUMMARY_LIMIT, draft
from monitor.core.read.dates import read_date
from monitor.model.flag import Draft
from monitor.model.source import Voice
from monitor.model.vocabulary import PageLabels, TitlePatterns, Vocabulary

SEEN = datetime(2025, 10, 10, 8, 0, tzinfo=UTC)
PUBLISHED = datetime(2025, 10, 9, 12, 0, tzinfo=UTC)
LABELS = PageLabels(*[("Label",)] * 14)


def vocabulary(titles: TitlePatterns | None = None) -> Vocabulary:
    return Vocabulary(
        tracker="A Tracker",
        topics=(),
        agencies=(),
        types=(),
        action_kinds=("Subsequent Action",),
        default_kind="Subsequent Action",
        current_statuses=(),
        status_tags=(),
        versions=(),
        version_label="",
        labels=LABELS,
        titles=titles or TitlePatterns(),
    )


def drafted(**options: Any) -> Draft:
    usual: dict[str, Any] = {
        "headline": "Agency ends the programme",
        "text": "",
        "url": "https://news.example/story",
        "published": PUBLISHED,
        "first_seen": SEEN,
        "publisher": "VPM News",
        "voice": Voice.PRESS,
        "vocabulary": vocabulary(),
    }
    return draft(**(usual | options))


@pytest.mark.parametrize(
    ("voice", "title"),
    [
        (Voice.GOVERNMENT, "2025.10.09 Agency ends the programme"),
        (Voice.COURT, "2025.10.09 Agency ends the programme"),
        (Voice.PARTY, "2025.10.09 Agency ends the programme"),
        (Voice.PRESS, "2025.10.09 Reported: Agency ends the programme - VPM News"),
    ],
)
def test_the_press_reports_and_the_others_speak_for_themselves(voice: Voice, title: str) -> None:
    assert drafted(voice=voice).title == title
    assert drafted(voice=voice).reported is (voice is Voice.PRESS)


@pytest.mark.parametrize(
    ("headline", "bare"),
    [
        ("Agency ends it - VPM News", "Agency ends it"),
        ("Agency ends it | VPM News", "Agency ends it"),
        ("Agency ends it – vpm news", "Agency ends it"),
        ("Agency ends it — VPM News ", "Agency ends it"),
        ("Agency ends it - VPM News - VPM News", "Agency ends it - VPM News"),
        ("Agency ends it - for now", "Agency ends it - for now"),
        ("Agency ends it-VPM News", "Agency ends it-VPM News"),
        ("What we know of VPM News", "What we know of VPM News"),
        ("VPM News", "VPM News"),
        ("- VPM News", "- VPM News"),
        ("Reported: Agency ends it", "Agency ends it"),
        ("REPORTED: Agency ends it - VPM News", "Agency ends it"),
        ("Reported: ", "Reported:"),
        ("Agency\n ends\u202e  it\x07", "Agency ends it"),
        ("{publisher} {date} {0} {x.y}", "{publisher} {date} {0} {x.y}"),
    ],
)
def test_a_headline_loses_one_publisher_and_says_reported_once(headline: str, bare: str) -> None:
    assert drafted(headline=headline).title == f"2025.10.09 Reported: {bare} - VPM News"


def test_a_dash_that_belongs_to_a_partys_headline_stays() -> None:
    headline = "Ensuring Local Compliance - Flock Safety Statement on Immigration Cooperation"
    assert drafted(headline=headline, voice=Voice.PARTY, publisher="Flock Safety").title == f"2025.10.09 {headline}"


def test_the_seeds_titles_come_out_to_the_character(shared_data: Path) -> None:
    titles = re.findall(r"^ +(2025\.\d\d\.\d\d .+)$", (shared_data / "seed.txt").read_text(), re.MULTILINE)
    assert len(titles) == 3
    for title in titles:
        day = datetime.strptime(title[:10], "%Y.%m.%d").replace(tzinfo=UTC)
        body = title[11:]
        if body.startswith("Reported: "):
            headline, _, publisher = body.removeprefix("Reported: ").rpartition(" - ")
            found = drafted(headline=headline, publisher=publisher, published=day)
        else:
            found = drafted(headline=body, publisher="Flock Safety", voice=Voice.PARTY, published=day)
        assert found.title == title


def test_without_a_publisher_no_separator_is_left_dangling() -> None:
    assert drafted(publisher="").title == "2025.10.09 Reported: Agency ends the programme"


def test_another_trackers_patterns_are_followed() -> None:
    patterns = TitlePatterns(press="{publisher} ({date}), press: {headline}", party="{headline}")
    own = vocabulary(patterns)
    assert drafted(vocabulary=own).title == "VPM News (2025.10.09), press: Agency ends the programme"
    assert drafted(vocabulary=own, voice=Voice.PARTY).title == "Agency ends the programme"


@pytest.mark.parametrize(
    ("published", "zone", "day"),
    [
        (PUBLISHED, "UTC", date(2025, 10, 9)),
        (None, "UTC", date(2025, 10, 10)),
        (datetime(2025, 10, 9, 2, 0, tzinfo=UTC), "America/New_York", date(2025, 10, 8)),
        (datetime(2025, 12, 31, 23, 59, 59, tzinfo=UTC), "UTC", date(2025, 12, 31)),
        (datetime(2024, 2, 29, 12, 0, tzinfo=UTC), "UTC", date(2024, 2, 29)),
    ],
)
def test_the_date_is_the_publications_else_when_it_was_first_seen(
    published: datetime | None, zone: str, day: date
) -> None:
    found = drafted(published=published, zone=zone)
    assert found.date == day
    assert found.title.startswith(f"{day:%Y.%m.%d} ")


MIDNIGHTS = [
    ("2025-10-09T00:00:00Z", "America/New_York", date(2025, 10, 9)),
    ("Thu, 09 Oct 2025 00:00:00 GMT", "America/New_York", date(2025, 10, 9)),
    ("Thu, 09 Oct 2025 00:00:00 +0100", "America/New_York", date(2025, 10, 9)),
    ("2025-10-09T00:00:00-04:00", "America/Los_Angeles", date(2025, 10, 9)),
    ("October 9, 2025 12:00 am", "America/New_York", date(2025, 10, 9)),
    ("2025-10-09", "America/New_York", date(2025, 10, 9)),
    ("2025-10-09T00:00:01Z", "America/New_York", date(2025, 10, 8)),
    ("Thu, 09 Oct 2025 00:30:00 +0100", "America/New_York", date(2025, 10, 8)),
    ("Thu, 09 Oct 2025 10:00:00 +1100", "America/New_York", date(2025, 10, 8)),
]


@pytest.mark.parametrize(("raw", "zone", "day"), MIDNIGHTS)
def test_a_publication_at_midnight_is_of_the_day_that_it_names_and_any_other_of_the_zones(
    raw: str, zone: str, day: date
) -> None:
    published = read_date(raw, SEEN)
    assert drafted(published=published, published_raw=raw, zone=zone).date == day


def test_midnight_in_utc_is_a_day_whatever_the_documents_own_words() -> None:
    midnight = datetime(2025, 10, 9, tzinfo=UTC)
    assert drafted(published=midnight, published_raw="1759968000", zone="America/New_York").date == date(2025, 10, 9)


@pytest.mark.parametrize(
    ("text", "publisher", "summary"),
    [
        ("The city paused. None objected. More.", "VPM News", "According to VPM News, the city paused. None objected."),
        ("Richmond paused it.", "VPM News", "According to VPM News, Richmond paused it."),
        ("ICE paused it.", "VPM News", "According to VPM News, ICE paused it."),
        ("A U.S. judge paused it. Then more.", "VPM News", "According to VPM News, a U.S. judge paused it. Then more."),
        ("“We stop,” she said.", "VPM News", "According to VPM News, “We stop,” she said."),
        ("IN the end it stopped.", "VPM News", "According to VPM News, IN the end it stopped."),
        ("It stopped.", "Center for Reporting", "According to the Center for Reporting, it stopped."),
        ("It stopped.", "The Center for Reporting", "According to The Center for Reporting, it stopped."),
        ("According to court records, it stopped.", "VPM News", "According to court records, it stopped."),
        ("It stopped.", "", "It stopped."),
        ("", "VPM News", ""),
        (" \n ", "VPM News", ""),
    ],
)  # fmt: skip
def test_a_press_summary_is_two_sentences_with_their_source(text: str, publisher: str, summary: str) -> None:
    assert drafted(text=text, publisher=publisher).summary == summary


@pytest.mark.parametrize("voice", [Voice.GOVERNMENT, Voice.COURT, Voice.PARTY])
def test_the_others_are_quoted_without_attribution(voice: Voice) -> None:
    assert drafted(voice=voice, text="The rule ends. It was short. More.").summary == "The rule ends. It was short."


def test_a_sentence_without_end_is_cut_visibly() -> None:
    summary = drafted(text="word " * 5000).summary
    assert len(summary) <= SUMMARY_LIMIT
    assert summary.endswith("…")


def test_kind_and_link_are_passed_on() -> None:
    assert drafted().kind == "Subsequent Action"
    assert drafted().document_url == "https://news.example/story"
    assert drafted(url=None).document_url is None


@given(headline=st.text(max_size=100), text=st.text(max_size=100), publisher=st.text(max_size=40))
def test_any_text_makes_a_title_of_one_clean_line(headline: str, text: str, publisher: str) -> None:
    found = drafted(headline=headline, text=text, publisher=publisher)
    assert found.title.startswith("2025.10.09")
    assert not [character for character in found.title if character in "\r\n\x00\u202e"]
    assert "\n" not in found.summary


def test_the_press_and_parties_are_dated_by_the_event_that_they_state_and_others_by_their_publication() -> None:
    text = "A federal judge on Tuesday blocked the policy."
    assert drafted(text=text).date == date(2025, 10, 7)
    assert drafted(text=text).title.startswith("2025.10.07 ")
    assert drafted(text=text, voice=Voice.PARTY).date == date(2025, 10, 7)
    assert drafted(text=text, voice=Voice.COURT).date == date(2025, 10, 9)
    assert drafted(text=text, voice=Voice.GOVERNMENT).date == date(2025, 10, 9)
    assert drafted(text=text, as_dated=True).date == date(2025, 10, 9)


@pytest.mark.parametrize(
    "headline", ["2025.10.06 Agency ends it", "2025.10.06 - Agency ends it", "2025.10.06: Agency ends it"]
)
def test_a_headline_that_is_dated_already_is_not_dated_twice(headline: str) -> None:
    assert drafted(headline=headline).title == "2025.10.09 Reported: Agency ends it - VPM News"


def test_the_document_that_a_text_links_to_goes_before_the_items_own_address() -> None:
    text = "The judge signed the order: https://court.example/order.pdf"
    own = packaged_vocabulary()
    assert drafted(text=text, vocabulary=own).document_url == "https://court.example/order.pdf"
