"""Which item is which within one source."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.read.identity import LONGEST_KEY, base_key, distinct, extended_key, own_key
from monitor.model.source import Item


def item(key: str, title: str = "t", text: str = "", url: str | None = None) -> Item:
    return Item(key, title, text, url)


@pytest.mark.parametrize(
    ("guid", "link", "key"),
    [
        ("a-1", "https://x.example/a", "a-1"),
        (" a\n1 ", None, "a 1"),
        ("https://x.example/?utm_source=a", None, "https://x.example/?utm_source=a"),
        ("", "https://X.example/a/?utm_source=a", "https://x.example/a"),
    ],
)
def test_the_key_is_the_raw_id_else_the_canonical_link(guid: str, link: str | None, key: str) -> None:
    assert own_key(guid, link, "t", "") == key


def test_without_both_the_words_are_the_key() -> None:
    assert own_key("", None, "t", "a") == own_key(" ", None, "t", "a") != own_key("", None, "t", "b")


@given(st.text(max_size=1_500), st.text(max_size=5))
def test_a_key_fits_into_an_index_even_when_extended(guid: str, title: str) -> None:
    key = own_key(guid, None, title, "")

    longer = extended_key(item(key, title))

    assert 0 < len(key) < len(longer) <= LONGEST_KEY
    assert base_key(longer) == key


def test_two_ids_that_differ_only_at_their_far_end_stay_two() -> None:
    assert own_key("x" * 600 + "a", None, "", "") != own_key("x" * 600 + "b", None, "", "")


def test_an_extended_key_is_not_extended_again() -> None:
    longer = extended_key(item("a"))

    assert extended_key(item(longer, "another title")) == longer


@pytest.mark.parametrize("key", ["a", "a #x12", "a #xyz", ""])
def test_a_key_that_only_looks_extended_is_its_own_base(key: str) -> None:
    assert base_key(key) == key


def test_items_of_one_key_all_get_longer_ones_whatever_their_order() -> None:
    one, two, other = item("k", "one"), item("k", "two"), item("o")

    forwards, _ = distinct([one, two, other])
    backwards, _ = distinct([other, two, one])

    assert {found.key for found in forwards} == {found.key for found in backwards}
    assert [found.title for found in forwards] == ["one", "two", "t"]
    assert forwards[2].key == "o"


def test_the_same_item_twice_is_one_and_keeps_its_key() -> None:
    assert distinct([item("k"), item("k")]) == ([item("k")], ["1 repeated items left out"])


def test_a_link_in_another_spelling_makes_no_other_item() -> None:
    found, _ = distinct([item("k", url="https://a.example/x"), item("k", url="https://A.example/x/?utm_source=b")])

    assert len(found) == 1
