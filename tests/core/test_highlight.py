"""Which words of a text are shown as those that flagged it (issue 5: reasons that a person can check)."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.highlight import highlights
from monitor.model.flag import Reason, ReasonKind

TEXT = "ICE said fees rise again. The fee case is No. 1:25-cv-01234 (D. Mass.); Flock\nSafety is not named in notices."


def marked(*reasons: Reason, text: str = TEXT) -> list[str]:
    return [text[start:end] for start, end in highlights(text, reasons)]


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (Reason(ReasonKind.WORDS, "fee, fees, named"), ["fees", "fee", "named"]),
        (Reason(ReasonKind.ALIAS, "Flock Safety"), ["Flock\nSafety"]),
        (Reason(ReasonKind.AGENCY, "ICE"), ["ICE"]),
        (Reason(ReasonKind.IDENTIFIER, "25-cv-1234"), ["1:25-cv-01234"]),
        (Reason(ReasonKind.IDENTIFIER, "25-cv-9"), []),
        (Reason(ReasonKind.TIMELINE, "ICE said fees rise again"), []),
        (Reason(ReasonKind.AGAINST, "fees"), []),
    ],
)
def test_the_words_of_a_reason_stand_out(reason: Reason, words: list[str]) -> None:
    assert marked(reason) == words


def test_an_acronym_within_a_word_and_a_word_like_an_acronym_do_not() -> None:
    assert marked(Reason(ReasonKind.AGENCY, "ICE"), text="notices of ICE on ice") == ["ICE"]


def test_a_reason_without_words_marks_nothing() -> None:
    assert marked(Reason(ReasonKind.WORDS, " , ,")) == []


def test_spans_of_several_reasons_do_not_overlap() -> None:
    reasons = Reason(ReasonKind.ALIAS, "Flock Safety"), Reason(ReasonKind.WORDS, "Safety, Flock Safety is")

    assert "".join(marked(*reasons)) == "Flock\nSafety is"


@given(st.text(max_size=60), st.text(max_size=12), st.sampled_from(ReasonKind))
def test_any_text_and_any_reason_are_taken(text: str, term: str, kind: ReasonKind) -> None:
    spans = highlights(text, [Reason(kind, term)])

    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert all(before[1] <= after[0] for before, after in pairwise(spans))
