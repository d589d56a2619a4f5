"""What a reading means for what is known: new, revised, under another key, or nothing."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.entries import MOST_REVISIONS, Decided, Known, decide, fingerprint, lookup_keys
from monitor.core.read.identity import distinct, extended_key
from monitor.model.change import PartKind
from monitor.model.source import Item, Reading, SourceKind

DAY = datetime(2025, 10, 9, tzinfo=UTC)


def item(key: str, title: str = "", text: str = "Some words.", url: str | None = "") -> Item:
    return Item(key, title or f"Title of the item {key}", text, f"https://a.example/{key}" if url == "" else url)


def known(stated: Item, entry_id: int = 1, last_seq: int = 1, key: str = "") -> Known:
    return Known(entry_id, key or stated.key, stated.url, stated.title, stated.text, fingerprint(stated), last_seq)


def feed(*items: Item) -> Reading:
    return Reading(SourceKind.FEED, "Feed", items)


def page(stated: Item) -> Reading:
    return Reading(SourceKind.PAGE, "Page", (stated,))


def all_known(items: Sequence[Item]) -> list[Known]:
    return [known(stated, entry_id) for entry_id, stated in enumerate(items, 1)]


def test_a_fingerprint_leaves_dates_publisher_and_key_out() -> None:
    stated = item("a")
    other = replace(stated, key="b", published=DAY, published_raw="x", publisher="P")

    assert fingerprint(stated) == fingerprint(other)
    assert len(fingerprint(stated)) == 64


@pytest.mark.parametrize("change", [{"title": "b"}, {"text": "b"}, {"url": "https://b.example/"}, {"url": None}])
def test_a_fingerprint_holds_title_text_and_link(change: dict[str, str | None]) -> None:
    assert fingerprint(item("a")) != fingerprint(replace(item("a"), **change))  # type: ignore[arg-type]


def test_a_fingerprint_does_not_depend_on_how_a_letter_or_a_link_is_written() -> None:
    stated = item("a", "Décision", url="https://a.example/x")
    other = replace(stated, title=unicodedata.normalize("NFD", stated.title), url="https://A.example/x/?utm_source=r")

    assert fingerprint(stated) == fingerprint(other)


def test_an_unknown_item_is_new() -> None:
    assert decide(feed(item("a")), []) == Decided(new=(item("a"),))


def test_a_known_item_with_the_same_words_is_unchanged() -> None:
    assert decide(feed(item("a")), [known(item("a"))]) == Decided(unchanged=1)


def test_known_entries_may_come_as_a_mapping() -> None:
    assert decide(feed(item("a")), {"a": known(item("a"))}) == Decided(unchanged=1)


def test_fault_45_another_date_or_order_is_no_revision() -> None:
    items = [item("a"), item("b")]
    reordered = feed(replace(items[1], published=DAY), items[0])

    assert decide(reordered, all_known(items)) == Decided(unchanged=2)


def test_a_known_item_with_other_words_is_revised_and_both_versions_are_there() -> None:
    edited = item("a", text="Some words.\nA correction.")

    ((before, after, difference),) = decide(feed(edited), [known(item("a"))]).revised

    assert (before.text, after) == ("Some words.", edited)
    assert difference.summary == "1 paragraph added"


def test_a_revision_tells_title_and_link_too() -> None:
    edited = item("a", "Another title altogether", url="https://a.example/b")

    ((_, _, difference),) = decide(feed(edited), [known(item("a"))]).revised

    assert difference.summary == "title changed; 1 link changed"
    assert [(part.op, part.after) for part in difference.parts] == [
        (PartKind.CHANGED, "Another title altogether"),
        (PartKind.LINK, "https://a.example/b"),
    ]


def test_a_new_title_alone_is_a_revision() -> None:
    ((_, _, difference),) = decide(feed(item("a", "Another")), [known(item("a"))]).revised

    assert difference.summary == "title changed"


def test_words_that_differ_only_in_blank_lines_are_unchanged() -> None:
    stored = known(item("a", text="one\n\ntwo"))

    assert decide(feed(item("a", text="one\ntwo")), [stored]) == Decided(unchanged=1)


def test_fault_46_what_a_feed_no_longer_holds_is_not_gone() -> None:
    assert decide(feed(), all_known([item("a"), item("b")])) == Decided()


def test_edits_of_one_feed_entry_are_capped_with_a_note() -> None:
    stored = known(item("a"), last_seq=MOST_REVISIONS)

    found = decide(feed(item("a", text="Views: 2049")), [stored])

    assert (found.revised, found.unchanged) == ((), 1)
    assert found.notes == ("'a' was revised 24 times: later edits are not kept",)


def test_changes_of_a_page_are_not_capped() -> None:
    stored = known(item("a"), last_seq=400)

    assert len(decide(page(item("a", text="New words.")), [stored]).revised) == 1


def dated(key: str, days: int | None) -> Item:
    return replace(item(key), published=None if days is None else DAY + timedelta(days=days))


ORDERS = [
    ([("c", 3), ("b", 2), ("a", 1)], "abc"),
    ([("a", 1), ("b", 2), ("c", 3)], "abc"),
    ([("c", None), ("b", None), ("a", None)], "abc"),
    ([("c", 3), ("b", None), ("a", 1)], "abc"),
    ([("d", 3), ("c", None), ("b", 2), ("a", None)], "abcd"),
    ([("c", 1), ("b", 1), ("a", 1)], "abc"),
]


@pytest.mark.parametrize(("document", "order"), ORDERS)
def test_new_items_stand_oldest_first(document: list[tuple[str, int | None]], order: str) -> None:
    found = decide(feed(*(dated(key, days) for key, days in document)), [])

    assert "".join(stated.key for stated in found.new) == order


def test_fault_44_an_item_under_a_new_id_with_link_and_title_as_before_is_no_news() -> None:
    others = [item(key) for key in "bcd"]
    before, after = item("old"), replace(item("old"), key="new")

    found = decide(feed(after, *others), [known(before, 9), *all_known(others)])

    assert (found.new, found.revised, found.unchanged) == ((), (), 3)
    assert [(entry.entry_id, stated.key) for entry, stated in found.reidentified] == [(9, "new")]


def test_a_title_counts_as_the_same_whatever_its_quotes_and_case() -> None:
    before = item("old", "Trump’s Order: In Effect", url="https://a.example/x")
    after = item("new", "trump's order - in effect", url="https://a.example/x?utm_source=rss", text=before.text)

    found = decide(feed(after), [known(before)])

    assert len(found.reidentified) == 1


def test_an_item_under_a_new_id_with_other_words_is_revised_as_well() -> None:
    after = replace(item("old"), key="new", text="Other things entirely.")

    found = decide(feed(after), [known(item("old"))])

    assert (len(found.reidentified), len(found.revised), found.unchanged, found.new) == (1, 1, 0, ())


@pytest.mark.parametrize(
    "stranger",
    [
        item("new", "A quite different headline", url="https://a.example/old"),
        item("new", "Title of the item old", url="https://a.example/other"),
        item("new", "Title of the item old", url=None),
    ],
)
def test_a_new_id_with_only_link_or_only_title_as_before_is_news(stranger: Item) -> None:
    others = [item(key) for key in "bcd"]

    found = decide(feed(stranger, *others), [known(item("old"), 9), *all_known(others)])

    assert found.new == (stranger,)


def test_where_items_share_a_link_an_equal_title_is_no_identity() -> None:
    docket = "https://court.example/docket/1"
    first, second, third = (item(key, "1:25-cv-1 A v. B", f"Entry {key}", docket) for key in "123")

    found = decide(feed(third, second), all_known([first, second]))

    assert (found.new, found.reidentified) == ((third,), ())


def remade(stated: Item) -> Item:
    return replace(stated, key=f"https://a.example/?p={stated.key}")


def test_a_feed_that_remakes_its_ids_and_headlines_raises_no_alerts() -> None:
    items = [item(key) for key in "abcd"]
    after = [remade(stated) for stated in items]
    after[0] = replace(after[0], title="A rewritten headline for this one")
    after[1] = replace(after[1], url="https://b.example/moved")

    found = decide(feed(*after), all_known(items))

    assert found.new == ()
    assert [entry.entry_id for entry, _ in found.reidentified] == [1, 2, 3, 4]
    assert len(found.revised) == 2


def test_a_feed_of_many_new_items_beside_one_similar_title_is_not_remade() -> None:
    stored = item("z", "Weekly roundup of immigration news")
    items = [item(key) for key in "abcd"] + [item("e", stored.title, url="https://a.example/e")]

    found = decide(feed(*items), [known(stored)])

    assert (len(found.new), found.reidentified) == (5, ())


def test_fault_46_rss_that_turns_into_atom_keeps_its_entries() -> None:
    items = [item(key) for key in "abcdef"]
    after = [replace(stated, key=f"tag:a.example,2025:{stated.key}") for stated in items]

    found = decide(feed(*after), all_known(items))

    assert (found.new, len(found.reidentified)) == ((), 6)


def test_an_entry_is_found_under_any_of_its_keys_and_only_once() -> None:
    stored = known(item("old"), 7)
    again = replace(stored, key="new")
    under_both = feed(replace(item("old"), key="new"), item("old"))

    assert decide(under_both, [stored, again]) == Decided(unchanged=2)


def collided(*titles: str) -> list[Item]:
    found, _ = distinct([item("docket", title, title) for title in titles])
    return found


def test_fault_44_after_a_collision_the_longer_key_stays_the_rule() -> None:
    stored = all_known(collided("Order", "Motion"))

    assert decide(feed(item("docket", "Order", "Order")), stored) == Decided(unchanged=1)
    (fresh,) = decide(feed(item("docket", "Notice", "Notice")), stored).new
    assert fresh.key == extended_key(item("docket", "Notice", "Notice"))


def test_fault_44_the_first_collision_does_not_make_the_known_item_news() -> None:
    stored = known(item("docket", "Order", "Order"))

    found = decide(feed(*collided("Motion", "Order")), [stored])

    assert [stated.title for stated in found.new] == ["Motion"]
    assert [stated.title for _, stated in found.reidentified] == ["Order"]


def test_the_store_is_asked_for_bare_and_longer_keys() -> None:
    bare, (longer, _) = item("a"), collided("Order", "Motion")

    assert lookup_keys(feed(bare)) == {"a", extended_key(bare)}
    assert lookup_keys(feed(longer)) == {"docket", longer.key}


KEYS = st.sampled_from("abc")
ITEMS = st.lists(
    st.builds(
        item,
        KEYS,
        st.sampled_from(["", "One headline of many words", "Order"]),
        st.sampled_from(["x", "y z"]),
        st.sampled_from(["", None, "https://a.example/shared"]),
    ),
    max_size=8,
)


@given(ITEMS, ITEMS)
def test_every_item_is_accounted_for_once_and_a_second_look_finds_nothing(
    before: list[Item], after: list[Item]
) -> None:
    stored = all_known(distinct(before)[0])
    document, _ = distinct(after)

    found = decide(feed(*document), stored)

    known_keys = {entry.key for entry in stored}
    new_keys = [stated.key for stated in found.new]
    assert len(set(new_keys)) == len(new_keys)
    assert known_keys.isdisjoint(new_keys)
    assert known_keys.isdisjoint(stated.key for _, stated in found.reidentified)
    for entries in ([entry for entry, _, _ in found.revised], [entry for entry, _ in found.reidentified]):
        assert len({entry.entry_id for entry in entries}) == len(entries)
    again = decide(feed(*document), after_writing(stored, found))
    assert (again.new, again.revised, again.reidentified) == ((), (), ())


def after_writing(stored: Sequence[Known], found: Decided) -> list[Known]:
    """What the store would give next time: latest words under every key."""
    latest = {entry.entry_id: entry for entry in stored}
    for entry, stated, _ in found.revised:
        latest[entry.entry_id] = known(stated, entry.entry_id, entry.last_seq + 1, entry.key)
    further = [replace(latest[entry.entry_id], key=stated.key) for entry, stated in found.reidentified]
    start = max(latest, default=0) + 1
    return [*latest.values(), *further, *(known(stated, start + n) for n, stated in enumerate(found.new))]
