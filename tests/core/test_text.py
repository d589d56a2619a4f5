"""Cleaning, folding, words, sentences and titles."""

from __future__ import annotations

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.text import clean, excerpt, fold, normal_title, plain, sentences, shorten, tokens, words


@pytest.mark.parametrize(
    ("dirty", "want"),
    [
        ("a\x00b\x07c", "abc"),
        ("one\x85two\u2028three\u2029four", "one\ntwo\nthree\nfour"),
        ("dos\r\nmac\runix\n", "dos\nmac\nunix\n"),
        ("tab\there", "tab here"),
        ("evil\u202etxt\u202c \u2066x\u2069", "eviltxt x"),
        ("zero\u200bwidth\u200d\ufeff soft\u00adhyphen", "zerowidth softhyphen"),
        ("e\u0301", "é"),
        ("c1\x9bcontrol", "c1control"),
        ("lone\ud800surrogate", "lonesurrogate"),
    ],
)
def test_clean_drops_what_cannot_be_seen_and_keeps_lines(dirty: str, want: str) -> None:
    assert clean(dirty) == want


@given(st.text())
def test_clean_is_idempotent_and_in_nfc(text: str) -> None:
    once = clean(text)

    assert clean(once) == once
    assert unicodedata.is_normalized("NFC", once)


@given(st.text())
def test_folding_keeps_the_length_so_that_offsets_carry_over(text: str) -> None:
    assert len(fold(text)) == len(plain(text)) == len(text)


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("Guantánamo", "guantanamo"),
        ("“I–765” — l’État", '"i-765" - l\'etat'),
        ("Straße İzmir", "straße izmir"),
        ("non\u00a0breaking", "non breaking"),
    ],
)
def test_fold_takes_away_case_accents_and_typography(text: str, want: str) -> None:
    assert fold(text) == want


def test_plain_keeps_case() -> None:
    assert plain("“Guantánamo” – ICE") == '"Guantanamo" - ICE'


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ends", "ended"),
        ("terminates", "terminated"),
        ("termination", "terminations"),
        ("policies", "policy"),
        ("readers", "reader"),
        ("license-plate", "license plate"),
        ("agency’s", "agency"),
        ("NTAs", "NTA"),
        ("U.S.", "US"),
        ("H–1B", "H-1B"),
        ("300,000", "300000"),
        ("stopped", "stop"),
        ("Café", "cafe"),
        ("raiding", "raids"),
    ],
)
def test_forms_of_a_word_are_one_word(one: str, other: str) -> None:
    assert words(one) == words(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ICE", "ice"),
        ("US", "us"),
        ("WHO", "who"),
        ("Texas", "tax"),
        ("news", "new"),
        ("F-1", "F-2"),
        ("string", "strs"),
    ],
)
def test_different_words_stay_different(one: str, other: str) -> None:
    assert words(one) != words(other)


def test_a_headline_in_capitals_has_no_acronyms() -> None:
    assert words("JUDGE BLOCKS THE NEW ASYLUM RULE") == words("Judge blocks the new asylum rule")


def test_function_words_are_left_out() -> None:
    assert words("It was the end of all that, he said") == ["end"]


@pytest.mark.parametrize(
    ("text", "want"), [("287(g) deals", ["287g", "deal"]), ("COVID-19", ["covid19"]), ("EB-5 visa", ["eb5", "visa"])]
)
def test_numbered_names_are_one_word(text: str, want: list[str]) -> None:
    assert words(text) == want


def test_a_token_knows_where_the_text_has_it() -> None:
    text = "The “Café” raids"

    spans = [text[word.start : word.end] for word in tokens(text)]

    assert spans == ["Café", "raids"]


@given(st.text())
def test_tokens_lie_inside_the_text_in_order(text: str) -> None:
    found = list(tokens(text))

    assert all(word.stem and 0 <= word.start < word.end <= len(text) for word in found)
    assert all(one.end <= other.start for one, other in pairwise(found))


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
        ("The U.S. Department said no. It left.", ["The U.S. Department said no.", "It left."]),
        ("Doe v. Roe was heard. See No. 5.", ["Doe v. Roe was heard.", "See No. 5."]),
        ("They said no. He left.", ["They said no.", "He left."]),
        ("J. Smith and A. B. Jones met. They left.", ["J. Smith and A. B. Jones met.", "They left."]),
        ('"No." He left. (So it was.) Then', ['"No."', "He left.", "(So it was.)", "Then"]),
        ("It cost 1.5 million. in all", ["It cost 1.5 million. in all"]),
        ("A title\nA text. More", ["A title", "A text.", "More"]),
        ("On Jan. 4 it began. On Sept. 28 it ended.", ["On Jan. 4 it began.", "On Sept. 28 it ended."]),
        ("", []),
        ("\n \n", []),
    ],
)
def test_sentences_end_where_a_reader_would_end_them(text: str, want: list[str]) -> None:
    assert sentences(text) == want


@given(st.text(alphabet="aB. \n!?\"'U.S"))
def test_splitting_into_sentences_loses_only_white_space(text: str) -> None:
    assert "".join("".join(sentences(text)).split()) == "".join(text.split())


def test_an_excerpt_shows_the_span_between_whole_words() -> None:
    text = "alpha beta gamma delta epsilon zeta eta"
    start = text.index("delta")

    shown = excerpt(text, start, start + 5, width=20)

    assert shown == "…gamma delta…"


def test_an_excerpt_of_a_short_text_is_the_text() -> None:
    assert excerpt("all of\nit", 0, 3) == "all of it"


def test_an_excerpt_never_cuts_its_span() -> None:
    text = "x " + "y" * 50 + " z"

    assert "y" * 50 in excerpt(text, 2, 52, width=10)


@given(st.text(), st.integers(0, 60), st.integers(0, 60), st.integers(0, 80))
def test_an_excerpt_is_one_line_of_bounded_length(text: str, start: int, length: int, width: int) -> None:
    start = min(start, len(text))
    end = min(start + length, len(text))

    shown = excerpt(text, start, end, width)

    assert "\n" not in shown
    assert len(shown) <= max(width, end - start) + 3


@pytest.mark.parametrize(
    ("text", "limit", "want"),
    [
        ("short", 10, "short"),
        ("a longer line", 9, "a longer…"),
        ("a longer line", 8, "a…"),
        ("word, word word", 6, "word…"),
        ("unbreakable", 5, "unbr…"),
        ("two\nlines", 20, "two lines"),
    ],
)
def test_shorten_cuts_at_a_word(text: str, limit: int, want: str) -> None:
    assert shorten(text, limit) == want


@given(st.text(), st.integers(1, 40))
def test_shorten_keeps_to_its_limit(text: str, limit: int) -> None:
    assert len(shorten(text, limit)) <= limit


@pytest.mark.parametrize(
    ("title", "publisher"),
    [
        ("Judge blocks rule - VPM News", "VPM News"),
        ("Judge Blocks Rule | VPM News", "VPM News"),
        ("Judge blocks rule — VPM News", "vpm news"),
        ("“Judge blocks rule”", ""),
        ("Judge blocks rule", "VPM News"),
        ("JUDGE BLOCKS RULE!", ""),
    ],
)
def test_titles_of_one_story_are_equal_across_outlets(title: str, publisher: str) -> None:
    assert normal_title(title, publisher) == "judge blocks rule"


def test_a_dash_that_belongs_to_the_headline_stays() -> None:
    assert normal_title("Judge blocks rule - for now", "VPM News") == "judge blocks rule for now"


def test_a_title_that_is_only_its_publisher_keeps_it() -> None:
    assert normal_title("VPM News", "VPM News") == "vpm news"
