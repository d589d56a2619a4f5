"""Which texts of several outlets are one story (issue 5, "Stories")."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.config.vocabulary import packaged_vocabulary
from monitor.core.stories import Told, brings_news, is_copy, joins
from monitor.model.status_words import StatusWords

DEEDS = packaged_vocabulary().status_words
DAY = date(2025, 10, 9)  # a Thursday
HEARING = Told(
    title="Judge weighs challenge to rule on work permits",
    text="BOSTON - A federal judge in Boston heard lawyers for five states on Wednesday who want the new rule on work "
    "permits put on hold while their case goes on. The rule, which the department announced in August, shortens the "
    "permits of some 400,000 workers from five years to eighteen months. Lawyers for the department told the court "
    "that Congress left the length of permits to it. Nurses and carers filled the benches of the courtroom, and some "
    "of them said that they had already lost shifts.",
    source="harbor",
    publisher="Harbor Daily",
    link="https://harbor.example/hearing",
    day=DAY,
)
SPUN = (
    "A Boston federal judge on Wednesday heard lawyers of five states wanting the new work permits rule put on hold "
    "while the case goes on. Announced in August by the department, the rule shortens permits of about 400,000 workers "
    "to eighteen months from five years. Department lawyers told the court Congress had left permit length to it. "
    "Carers and nurses filled the courtroom benches; some had already lost shifts, they said."
)
NOTE = "Note to readers: this list of lawsuits is partial, look elsewhere for the rest."
INDEPENDENT = (
    "States took their fight over shorter work permits to court in Massachusetts this week, arguing that hospitals "
    "would lose staff. The department has defended its rule as a matter of security checks. A decision could come "
    "within days, according to people in the room, and either side is expected to go to the First Circuit."
)


WIRE = replace(HEARING, source="wire", publisher="The Wire", link="https://wire.example/1")


def wire(text: str = HEARING.text, title: str = HEARING.title) -> Told:
    return replace(WIRE, title=title, text=text)


COPIES = {
    "word for word": wire(),
    "under another headline": wire(title="States ask court to stop shorter permits"),
    "with the outlet's own frame": wire(
        f"By The Associated Desk. {HEARING.text} Read more of our coverage. Subscribe."
    ),
    "its first half": wire(HEARING.text[:260] + "…"),
    "spun": wire(SPUN, title="Federal judge hears states in challenge to work permits rule"),
    "a day later": replace(WIRE, day=date(2025, 10, 10)),
}


@pytest.mark.parametrize("copy", COPIES.values(), ids=COPIES)
def test_copies_of_other_outlets_join(copy: Told) -> None:
    assert joins(copy, [HEARING], DEEDS, alike=False)


NEWS = {
    "a court's verb in the headline": wire(title="Judge blocks rule on work permits"),
    "a court's verb in the text": wire(
        HEARING.text.replace("who want", "and on Thursday enjoined the rule for all who want")
    ),
    "procedure": wire(f"The court denied the motion. {HEARING.text}"),
    "a docket number": wire(f"The case is No. 1:25-cv-01234. {HEARING.text}"),
    "a later day": wire(HEARING.text.replace("on Wednesday", "on Thursday")),
}


@pytest.mark.parametrize("news", NEWS.values(), ids=NEWS)
@pytest.mark.parametrize("alike", [True, False])
def test_what_brings_news_begins_a_story_whatever_it_repeats(news: Told, alike: bool) -> None:
    assert not joins(news, [HEARING], DEEDS, alike=alike)


def test_a_rulings_copy_joins_the_ruling_and_not_the_hearing() -> None:
    ruling = NEWS["a court's verb in the text"]
    copy = replace(ruling, source="post", publisher="Evening Post", link="https://post.example/1")

    assert joins(copy, [ruling], DEEDS, alike=False)
    assert not joins(copy, [HEARING], DEEDS, alike=False)


@pytest.mark.parametrize("shown", [HEARING.text[:180] + "…", HEARING.text[:180].rpartition(" ")[0]])
def test_a_text_whose_beginning_was_shown_brings_no_news(shown: str) -> None:
    teaser = replace(HEARING, text=shown)
    whole = wire(HEARING.text.replace("Nurses and", "The case is No. 25-cv-1234. Nurses and"))

    assert joins(whole, [teaser], DEEDS, alike=True)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(wire(INDEPENDENT), id="another reporter's text"),
        pytest.param(wire("Short words.", title="Agency publishes figures for September"), id="another headline"),
    ],
)
def test_other_texts_do_not_join_by_their_words(other: Told) -> None:
    assert not is_copy(other, HEARING)


def test_a_sentence_that_an_outlet_puts_under_each_text_makes_no_copies() -> None:
    one = wire(f"Nurses told the court of their permits. {NOTE}", title="Nurses are heard on permits")
    other = replace(HEARING, text=f"The fee rises to 1,050 dollars. {NOTE}", title="Agency raises fee for appeals")

    assert not is_copy(one, other)


@pytest.mark.parametrize("headline", ["Bonds for visitors from {}", "Visa Bonds Required of All Visitors From {}"])
def test_one_form_letter_for_two_countries_is_two_stories(headline: str) -> None:
    letter = (
        "The department will require citizens of {} who are found otherwise eligible for a visitor visa to post a bond "
        "of up to 15,000 dollars, set at the interview. The requirement begins in two weeks and lasts for a year."
    )
    one = replace(HEARING, title=headline.format("Ruritania"), text=letter.format("Ruritania"))
    other = wire(letter.format("Graustark"), title=headline.format("Graustark"))

    assert not joins(other, [one], DEEDS, alike=False)


def test_two_texts_of_one_publisher_are_two_stories_also_where_they_share_a_link() -> None:
    update = replace(HEARING, text=f"{HEARING.text} The hearing goes on.")

    order = replace(HEARING, title="Order on the motion for a stay", text="ORDER. Responses are due in seven days.")

    assert not joins(update, [HEARING], DEEDS, alike=True)
    assert not joins(replace(order), [order], DEEDS, alike=True)
    assert joins(replace(HEARING), [HEARING], DEEDS, alike=True)


def test_one_text_in_two_feeds_of_a_publisher_is_one_story() -> None:
    politics = replace(HEARING, source="harbor-politics", text=HEARING.text[:90])

    assert joins(politics, [HEARING], DEEDS, alike=True)


def test_two_outlets_in_one_aggregators_feed_are_two_publishers() -> None:
    assert joins(replace(WIRE, source=HEARING.source), [HEARING], DEEDS, alike=False)


def test_what_any_telling_knows_is_no_news() -> None:
    ruling = NEWS["a court's verb in the headline"]
    copy = replace(ruling, source="post", publisher="Evening Post", link="")

    assert not brings_news(copy, [HEARING, ruling], DEEDS)


@given(st.text(max_size=300), st.text(max_size=80))
def test_every_text_can_be_compared_and_no_copy_of_it_brings_news(text: str, title: str) -> None:
    one = replace(HEARING, title=title, text=text)
    other = replace(one, source="wire", publisher="The Wire")

    assert joins(other, [one], DEEDS, alike=True)
    assert joins(other, [one], StatusWords(), alike=True)
