"""A line is compared token by token, with what is noise blanked."""

from __future__ import annotations

import pytest

from monitor.core.noise.mask import BEGIN, BLANK, END, Form, Mask, Pattern, is_loud
from monitor.core.noise.tokens import Kind, kind_of, tokens_of
from monitor.model.page import Block


def texts(line: str) -> list[str]:
    return [token.text for token in tokens_of(line)]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Views: 12,345", ["Views", ":", "12,345"]),
        ("Tuesday, March 3, 2026 18:30:11 GMT", ["Tuesday, March 3, 2026 18:30:11 GMT"]),
        ("on node-2ff", ["on", "node-2ff"]),
        ("?sid=152bf888ec8d8bc", ["?", "sid", "=", "152bf888ec8d8bc"]),
        ("It's new", ["It's", "new"]),
    ],
)
def test_a_line_is_words_numbers_codes_marks_and_whole_dates(line: str, expected: list[str]) -> None:
    assert texts(line) == expected


@pytest.mark.parametrize("ago", ["3 minutes ago", "27 min ago", "an hour ago", "about 2 days ago", "just now"])
def test_relative_times_all_read_alike(ago: str) -> None:
    assert texts(f"updated {ago}") == texts("updated 5 minutes ago")


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("12", Kind.NUMBER),
        ("12 / 13", Kind.NUMBER),
        ("March 3, 2026", Kind.DATE),
        ("2ff", Kind.CODE),
        ("two", Kind.WORD),
    ],
)
def test_what_fills_a_gap_says_what_may_fill_it(line: str, kind: Kind) -> None:
    assert kind_of(tokens_of(line)) is kind


VIEWS = Pattern(Form.GAP, "p", (BEGIN, "Views", ":"), (END,), Kind.NUMBER)


def test_a_gap_blanks_only_what_stands_in_it() -> None:
    mask = Mask([VIEWS])

    assert mask.masked(Block("p", "Views: 12,345")) == mask.masked(Block("p", "Views: 7")) == ("Views", ":", BLANK)
    assert mask.masked(Block("p", "Views: none")) == ("Views", ":", "none")
    assert mask.masked(Block("p", "Views: 7, rescinded")) == ("Views", ":", "7", ",", "rescinded")
    assert mask.masked(Block("li", "Views: 7")) == ("Views", ":", "7")


@pytest.mark.parametrize(
    ("text", "loud"),
    [
        ("This memorandum has been rescinded.", True),
        ("The court enjoined the rule", True),
        ("The order was stayed", True),
        ("Sign up for e-mail alerts", False),
        ("Visitors stay for an hour", True),  # rather a word too many than an order missed
        ("News of the week", False),
    ],
)
def test_words_of_courts_and_agencies_are_loud(text: str, loud: bool) -> None:
    assert is_loud(text) is loud
