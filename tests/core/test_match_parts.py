"""The parts of the matcher: phrases, synonyms, BM25, dates, a title's names."""

from __future__ import annotations

import math
from datetime import date

import pytest

from monitor.core.match.bm25 import Bm25
from monitor.core.match.dates import published, year_fraction
from monitor.core.match.lexicon import Lexicon
from monitor.core.match.phrases import Phrases
from monitor.core.match.profile import title_names


def labels(phrases: Phrases, text: str) -> list[str]:
    return [found.label for found in phrases.find(text)]


AGENCIES = Phrases(
    [("ICE", "ice"), ("Homeland Security", "dhs"), ("Homeland Security Investigations", "ice"), ("State", "dos")]
)


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("ICE agents", ["ice"]),
        ("the ice melts", []),
        ("ICED tea, NICE, DEVICE", []),
        ("Homeland Security Investigations said", ["ice"]),
        ("homeland security said", ["dhs"]),
        ("Homeland-Security", ["dhs"]),
        ("homeland\nsecurity", ["dhs"]),
        ("the States", ["dos"]),
        ("estate, interstate, statehood", []),
        ("ICE’s “State”", ["ice", "dos"]),
    ],
)
def test_phrases_are_found_whole_and_acronyms_by_case(text: str, want: list[str]) -> None:
    assert labels(AGENCIES, text) == want


def test_a_phrase_may_stand_for_several_things() -> None:
    phrases = Phrases([("Flock", "1"), ("flock", "2")])

    assert labels(phrases, "Flock cameras") == ["1", "2"]


def test_no_phrases_find_nothing() -> None:
    assert Phrases([]).find("anything") == ()
    assert Phrases([("", "x"), (" ", "y")]).find("anything") == ()


def test_spans_are_offsets_into_the_text_as_given() -> None:
    text = "At Guantánamo, “ICE” waits"

    (found,) = AGENCIES.find(text)

    assert text[found.start : found.end] == "ICE"


LEXICON = Lexicon(
    [("license plate reader", "ALPR", "license plate scanner"), ("Haiti", "Haitian"), ("scanner", "camera")],
    ["Reported"],
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("License-plate readers", "ALPRs"),
        ("Haitians", "Haiti"),
        ("license plate scanner", "ALPR"),
        ("a scanner", "cameras"),
        ("Reported: ALPR", "ALPR"),
    ],
)
def test_synonyms_become_one_term(one: str, other: str) -> None:
    assert [term.stem for term in LEXICON.terms(one)] == [term.stem for term in LEXICON.terms(other)]


def test_the_longest_phrase_wins_and_its_span_covers_it() -> None:
    text = "old license plate scanners here"

    terms = LEXICON.terms(text)

    assert [text[term.start : term.end] for term in terms] == ["old", "license plate scanners"]


def test_a_phrase_cut_short_by_the_end_of_the_text_is_plain_words() -> None:
    assert [term.stem for term in LEXICON.terms("license plate")] == ["licens", "plat"]


def index(*documents: str) -> Bm25:
    made = Bm25({"text": 1.0, "title": 2.0})
    for number, text in enumerate(documents):
        made.add(number, {"text": text.split()})
    return made


def test_a_rare_term_weighs_more_than_a_common_one() -> None:
    made = index("a b", "a c", "a d")

    assert made.rarity("b") > made.rarity("a") > 0
    assert made.rarity("b") == pytest.approx(math.log(1 + 2.5 / 1.5))


def test_documents_without_a_term_of_the_query_have_no_score() -> None:
    first, second = index("a b", "c d").scores({"a": 1.0})

    assert first > 0
    assert second == 0


def test_a_field_of_more_weight_ranks_first() -> None:
    made = Bm25({"text": 1.0, "title": 2.0})
    made.add(0, {"text": ["a", "x"], "title": ["y"]})
    made.add(1, {"text": ["x", "y"], "title": ["a"]})

    scores = made.scores({"a": 1.0})

    assert scores[1] > scores[0]


def test_repeating_a_term_saturates() -> None:
    made = index("a " * 1 + "x " * 19, "a " * 10 + "x " * 10, "a " * 20)
    one, ten, twenty = (made.scores({"a": 1.0})[number] for number in range(3))

    assert one < ten < twenty
    assert twenty - ten < ten - one


def test_a_document_grows_by_adding_to_it() -> None:
    made = index("a", "b")
    made.add(0, {"text": ["b"]})

    assert len(made) == 2
    assert all(score > 0 for score in made.scores({"b": 1.0}))


def test_an_empty_index_answers_with_nothing() -> None:
    assert Bm25({"text": 1.0}).scores({"a": 1.0}) == []
    assert index("").scores({"a": 1.0}) == [0]


def test_what_was_worked_out_for_a_query_is_forgotten_when_a_document_is_added() -> None:
    grown = index("a b", "c d")
    grown.scores({"a": 1.0})
    grown.add(2, {"text": ["a", "e"]})

    assert grown.scores({"a": 1.0}) == index("a b", "c d", "a e").scores({"a": 1.0})


def test_an_unknown_field_is_an_error_of_the_caller() -> None:
    with pytest.raises(KeyError):
        Bm25({"text": 1.0}).add(0, {"other": ["a"]})


DAY = year_fraction(date(2025, 2, 10))


@pytest.mark.parametrize(
    ("stated", "url", "title", "text", "want"),
    [
        (date(2025, 2, 10), "https://x.example/2019/01/01/a", "", "", (DAY, 1.0)),
        (None, "https://x.example/2025/02/10/story", "", "", (DAY, 1.0)),
        (None, "https://x.example/story-2025-02-10.html", "", "", (DAY, 1.0)),
        (None, "", "", "On February 10, 2025 it ended.", (DAY, 1.0)),
        (None, "", "2025.02.10 Reported: it ended", "", (DAY, 1.0)),
        (None, "", "", "on Feb. 10, 2025", (DAY, 1.0)),
        (None, "https://x.example/2025/story", "", "", (2025.5, 0.5)),
        (None, "", "", "in 2019", (2019.5, 0.5)),
        (None, "", "", "on February 31, 2025", (2025.5, 0.5)),
        (None, "https://x.example/99999999", "", "once", (None, 0.0)),
    ],
)
def test_an_items_date_is_the_surest_that_is_known(
    stated: date | None, url: str, title: str, text: str, want: tuple[float | None, float]
) -> None:
    assert published(stated, url, title, text) == want


@pytest.mark.parametrize(
    ("title", "want"),
    [
        ('EO 14163: "Realigning the Program"', ["Realigning the Program"]),
        ("Government signs deal with Example Data Systems for records", ["Example Data Systems"]),
        ("DHS ends the policy", []),
        ("The Agency Ends Its Big Old Policy", []),
        ("Big Company wins the contract of the year again", []),
        ("", []),
    ],
)
def test_a_title_names_what_it_quotes_and_what_it_capitalises(title: str, want: list[str]) -> None:
    assert list(title_names(title)) == want
