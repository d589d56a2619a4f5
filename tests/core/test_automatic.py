"""What needs no editor: another tracker's dated actions, and numbers that one policy alone cites."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from monitor.core.automatic import certain
from monitor.model.flag import Match, Reason, ReasonKind
from monitor.model.source import Item, Record, Source, SourceKind, StatedAction, Voice

TODAY = date(2025, 10, 10)
COURT = Source("court", "Court", "https://court.example", SourceKind.FEED, Voice.COURT, record=Record.AUTO)
TRACKER = Source("other", "Other", "https://other.example", SourceKind.TRACKER, record=Record.AUTO)


def a_match(policy: str, *reasons: tuple[ReasonKind, str], flag: bool = True) -> Match:
    return Match(policy, policy, 0.9, flag, tuple(Reason(kind, term) for kind, term in reasons))


def an_item(text: str) -> Item:
    return Item("k", "Order", text, published=datetime(2025, 10, 9, tzinfo=UTC))


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("No. 1:25-cv-00190-JMC", "25-cv-190"),
        ("Appeal No. 25-1234", "25-1234"),
        ("Executive Order 14159", "14159"),
        ("Proclamation 10888", "10888"),
        ("RIN 1615-AC96", "1615-AC96"),
        ("document 2025-01234", "2025-01234"),
    ],
)
@pytest.mark.parametrize("voice", [Voice.COURT, Voice.GOVERNMENT])
def test_a_number_that_one_policy_alone_cites_is_certain(text: str, term: str, voice: Voice) -> None:
    matches = [a_match("p", (ReasonKind.IDENTIFIER, term)), a_match("q", (ReasonKind.WORDS, "order"))]

    assert certain(replace(COURT, voice=voice), SourceKind.FEED, an_item(text), matches, TODAY) == {"p"}


NUMBER = (ReasonKind.IDENTIFIER, "25-cv-190")


@pytest.mark.parametrize(
    ("source", "matches"),
    [
        (replace(COURT, record=Record.REVIEW), [a_match("p", NUMBER)]),
        (replace(COURT, kind=SourceKind.LISTING), [a_match("p", NUMBER)]),
        (replace(COURT, voice=Voice.PRESS), [a_match("p", NUMBER)]),
        (COURT, [a_match("p", NUMBER), a_match("q", NUMBER, flag=False)]),
        (COURT, [a_match("p", NUMBER, flag=False)]),
        (COURT, [a_match("p", NUMBER, (ReasonKind.AGAINST, "published 3 years before"))]),
        (COURT, [a_match("p", (ReasonKind.IDENTIFIER, "8 CFR 208"), (ReasonKind.BOUND, "p"))]),
    ],
    ids=["review", "a page", "press", "two policies", "not flagged", "against", "no exact number"],
)
def test_anything_less_waits_for_an_editor(source: Source, matches: list[Match]) -> None:
    assert certain(source, source.kind, an_item("No. 25-cv-190, 8 CFR 208"), matches, TODAY) == frozenset()


@pytest.mark.parametrize(
    ("day", "title", "kind", "expected"),
    [
        (date(2025, 10, 9), "An order", ReasonKind.TRACKER, {"p"}),
        (date(2025, 10, 11), "An order", ReasonKind.TRACKER, {"p"}),
        (date(2025, 10, 12), "An order", ReasonKind.TRACKER, set()),
        (None, "An order", ReasonKind.TRACKER, set()),
        (date(2025, 10, 9), "", ReasonKind.TRACKER, set()),
        (date(2025, 10, 9), "2025.10.09", ReasonKind.TRACKER, set()),
        (date(2025, 10, 9), "An order", ReasonKind.WORDS, set()),
    ],
)
def test_another_trackers_action_is_certain_with_title_date_and_known_policy(
    day: date | None, title: str, kind: ReasonKind, expected: set[str]
) -> None:
    stated = StatedAction("Subsequent", day, None, False, "https://other.example/p", "", None)

    assert (
        certain(TRACKER, SourceKind.TRACKER, Item("k", title, "", stated=stated), [a_match("p", (kind, "x"))], TODAY)
        == expected
    )
