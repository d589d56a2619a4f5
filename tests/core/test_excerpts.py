"""What a draft takes from a text: its sentences, the event's day, the document's address (issue 5, "Draft")."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.config.vocabulary import packaged_vocabulary
from monitor.core.excerpts import document_in, event_day, told_in
from monitor.core.text import clean, sentences

WORDS = packaged_vocabulary().status_words
THURSDAY = date(2025, 10, 9)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("A federal judge on Tuesday enjoined the rule.", date(2025, 10, 7)),
        ("The agency said Thursday that the rule ends.", date(2025, 10, 9)),
        ("The judge ruled Friday.", date(2025, 10, 3)),
        ("The judge ruled late Monday night.", date(2025, 10, 6)),
        ("The agency announced it yesterday.", date(2025, 10, 8)),
        ("Today the agency announced a rule.", date(2025, 10, 9)),
        ("On October 6, the judge ruled.", date(2025, 10, 6)),
        ("On Oct. 6 the judge ruled.", date(2025, 10, 6)),
        ("The judge ruled on October 6, 2025.", date(2025, 10, 6)),
        ("The rule is out. A judge on Wednesday blocked it.", date(2025, 10, 8)),
        ("NEW YORK - A federal judge on Tuesday enjoined the rule.", date(2025, 10, 7)),
        ("The judge will rule on Tuesday.", None),
        ("The rule takes effect next Monday.", None),
        ("The rule is effective October 6.", None),
        ("The pause runs until Wednesday.", None),
        ("The policy has applied since Monday.", None),
        ("On March 3, 2021 the judge ruled.", None),
        ("On January 8 the judge ruled.", None),
        ("The October 3, 2025 designation ends.", None),
        ("The October 3 designation ends.", None),
        ("The judge, who had ruled Monday, retired.", None),
        ("“We learned of it on Tuesday,” she said.", None),
        ("The menu has soup on Mondays.", None),
        ("It rained. It rained. The judge ruled on Tuesday.", None),
        ("The agency may ask on Tuesday.", None),
        ("On February 30 nothing happened.", None),
        ("", None),
    ],
)
def test_the_events_day_is_what_the_first_sentences_state_relative_to_publication(text: str, day: date | None) -> None:
    assert event_day(text, THURSDAY) == day


def test_a_day_without_a_year_is_the_nearest_past_one() -> None:
    assert event_day("On December 30 the judge ruled.", date(2026, 1, 2)) == date(2025, 12, 30)


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ("It began. It went on. It ended.", ["It began.", "It went on."]),
        (
            "The city spoke of cameras. The weather was fine. The judge enjoined the camera policy.",
            ["The city spoke of cameras.", "The judge enjoined the camera policy."],
        ),
        (
            "The agency met. People came. The case is No. 1:25-cv-00190.",
            ["The agency met.", "The case is No. 1:25-cv-00190."],
        ),
        ("By Jane Doe\nThe agency met. It rained.", ["The agency met.", "It rained."]),
        ("NEW YORK (AP) — The agency met. It rained.", ["The agency met.", "It rained."]),
        ("Sign up for news here.\nThe agency met. It rained.", ["The agency met.", "It rained."]),
        ("Litigation note: see below.\nThe agency met. It rained.", ["The agency met.", "It rained."]),
        ("Only one.", ["Only one."]),
        ("", []),
    ],
)
def test_a_summary_is_the_lead_and_what_says_most_of_the_policy(text: str, chosen: list[str]) -> None:
    assert told_in(text, "City limits cameras", WORDS, ("Litigation note",), 2) == chosen


@given(st.text(max_size=400), st.text(max_size=60))
def test_every_sentence_of_a_summary_stands_in_the_text(text: str, title: str) -> None:
    found = told_in(text, title, WORDS, (), 2)
    assert len(found) <= 2
    assert all(sentence in clean(text) for sentence in found)


@given(st.text(max_size=200), st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_no_text_dates_an_event_after_its_publication_or_long_before(text: str, day: date) -> None:
    found = event_day(f"{text} on Tuesday", day)
    assert found is None or 0 <= (day - found).days <= 14


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("Read the order: https://court.example/a/order.pdf.", "https://court.example/a/order.pdf"),
        ("The notice (https://www.federalregister.gov/d/2025-1) ends it.", "https://www.federalregister.gov/d/2025-1"),
        ("The docket is at https://www.courtlistener.com/docket/1/", "https://www.courtlistener.com/docket/1/"),
        ("Our newsletter: https://news.example/weekly.pdf", None),
        ("The order is told of at https://news.example/story", None),
        ("The order.\nhttps://news.example/file.pdf", None),
        ("The order: https://[broken/a.pdf", None),
        ("No address.", None),
    ],
)
def test_the_document_is_what_the_words_before_an_address_call_an_order_or_a_notice(text: str, url: str | None) -> None:
    assert document_in(text, WORDS) == url


@pytest.mark.parametrize(
    "sentence",
    [
        "A U.S. District Judge ruled.",
        "It is No. 25-cv-1234 in the D. Mass. court.",
        "Doe v. Roe was decided.",
        "It was filed Jan. 5 in court.",
        "See Sec. 2(b) of the act.",
        "Judge J. K. Smith ruled.",
        "It ends at 5 p.m. Wednesday at the latest.",
        "The case (N.D. Cal. 3:19-cv-00807) is open.",
        "“It is over,” said Gov. Jane Doe of Va. on the steps.",
    ],
)
def test_a_sentence_survives_its_abbreviations(sentence: str) -> None:
    assert sentences(f"It rained. {sentence} It rained again.") == ["It rained.", sentence, "It rained again."]
