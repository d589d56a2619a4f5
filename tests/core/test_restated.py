"""Actions of a tracker's page in other words are the actions that were known."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time

import pytest

from monitor.core.entries import Decided, Known, fingerprint
from monitor.core.restated import KnownAction, recognise
from monitor.core.tracker.same import alike, same_action
from monitor.model.source import Item, StatedAction

DAY = date(2025, 7, 16)


def an_item(
    key: str, title: str, *, day: date = DAY, url: str | None = None, policy: str = "p", text: str = ""
) -> Item:
    stated = StatedAction("Subsequent", day, url, False, f"https://t.example/{policy}", "", None)
    moment = datetime.combine(day, time(12), UTC)
    return Item(key, title, text, url or stated.policy_url, moment, stated=stated)


def known(item: Item, *keys: str) -> KnownAction:
    assert item.stated is not None
    words = Known(7, item.key, item.url, item.title, item.text, fingerprint(item), 1)
    return KnownAction(words, item.stated, frozenset({item.key, *keys}))


ORDER = an_item("old", "2025.07.16 Court enjoins the searches of plate readers", text="The court found them unlawful.")


@pytest.mark.parametrize(
    ("item", "same"),
    [
        (an_item("n", "2025.07.16 Court enjoins searches of plate readers"), True),
        (an_item("n", "Judge halts program", text="The court found the searches unlawful in July."), True),
        (an_item("n", "2025.07.16 Senators ask questions", text="They wrote a letter."), False),
        (an_item("n", ORDER.title, day=date(2025, 7, 17)), False),
        (an_item("n", ORDER.title, policy="q"), False),
    ],
)
def test_an_action_is_known_by_policy_date_and_words(item: Item, same: bool) -> None:
    decided = recognise(Decided(new=(item,)), [item], [known(ORDER)])

    assert (decided.new == ()) is same
    assert [new for _, new in decided.reidentified] == ([item] if same else [])
    assert bool(decided.revised) is same


def test_what_still_stands_on_the_page_is_no_other_action() -> None:
    second = an_item("new", "2025.07.16 Court enjoins the searches of plate readers in Ohio")

    assert recognise(Decided(new=(second,)), [ORDER, second], [known(ORDER)]).new == (second,)
    moved = replace(ORDER, key="moved")
    assert recognise(Decided(new=(second,)), [moved, second], [known(ORDER, "moved")]).new == (second,)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2025.07.16 Court enjoins searches", "Court enjoins the searches.", True),
        ("Court enjoins searches", "Court allows detention", False),
        ("", "", False),
    ],
)
def test_titles_are_alike_whatever_their_date_and_small_words(one: str, other: str, same: bool) -> None:
    assert alike(one, other) is same


def test_the_same_document_on_the_same_day_is_the_same_action() -> None:
    one = (DAY, "Order", "", "https://court.example/1.pdf?utm_source=x")

    assert same_action(one, (DAY, "Injunction", "", "https://court.example/1.pdf"))
    assert not same_action(one, (None, "Order", "", one[3]))
    assert not same_action((None, "Order", "", one[3]), (None, "Order", "", one[3]))


def test_actions_of_a_day_without_a_title_are_told_by_their_summaries() -> None:
    one = (DAY, f"{DAY:%Y.%m.%d}", "The court granted the motion.", None)

    assert same_action(one, (DAY, "", "The court granted the motion.", None))
    assert not same_action(one, (*one[:2], "A hearing was held in Chicago.", None))
