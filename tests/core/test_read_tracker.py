"""Another tracker's pages as items: one for each action of a policy's timeline, or the pages that a list names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from monitor.core.read import read_document
from monitor.core.tracker import write_page
from monitor.model.policy import ActionRecord, PolicyRecord
from monitor.model.source import Fetched, PollError, ReadFailed, Reading, Source, SourceKind, StatedAction
from monitor.model.vocabulary import Vocabulary
from tests.core.layouts import as_html
from tests.core.vocabularies import climate, immigration

NOW = datetime(2025, 10, 10, 12, tzinfo=UTC)
KIND = "Subsequent Trump and Court Action"
URL = "https://other.example/policies/mail-scans"
SUIT = ActionRecord(
    KIND, date(2025, 7, 1), "2025.07.01 Complaint - Doe v. Agency", "A clerk sued.", "https://other.example/suit.pdf"
)
NEWS = ActionRecord(
    KIND, date(2025, 8, 1), "2025.08.01 Reported: Scans go on - Gazette", "They do.", "https://g.example/1", True
)
NOTE = ActionRecord(KIND, date(2025, 9, 1), "2025.09.01 Agency memo on scans", "A memo was found in the files.")
POLICY = PolicyRecord(
    URL, "Agency scans mail", 2001, announced=date(2025, 6, 2), summary="It scans mail.", actions=(SUIT, NEWS, NOTE)
)


def read(body: str, *, url: str = URL, vocabulary: Vocabulary | None = None, **source: object) -> Reading | ReadFailed:
    fetched = Fetched(url, 200, body.encode(), {"content-type": "text/html; charset=utf-8"})
    watched = Source("other", "Other tracker", url, SourceKind.TRACKER, **source)  # type: ignore[arg-type]
    return read_document(fetched, watched, NOW, vocabulary or immigration())


def reading(body: str, **how: object) -> Reading:
    result = read(body, **how)  # type: ignore[arg-type]
    assert isinstance(result, Reading), result
    return result


@pytest.mark.parametrize("page", [write_page, as_html])
def test_each_action_is_an_item_with_its_words_date_document_and_policy(
    page: Callable[[PolicyRecord, Vocabulary], str],
) -> None:
    found = reading(page(POLICY, immigration()))

    assert (found.kind, found.title, found.next_urls) == (SourceKind.TRACKER, "Agency scans mail", ())
    suit, news, note = found.items
    assert (suit.title, suit.text, suit.url) == (SUIT.title, SUIT.summary, SUIT.document_url)
    assert suit.published == datetime(2025, 7, 1, 12, tzinfo=UTC)
    assert suit.stated == StatedAction(KIND, SUIT.date, SUIT.document_url, False, URL, "Agency scans mail", 2001)
    assert news.stated is not None
    assert news.stated.reported
    assert (note.url, note.stated and note.stated.document_url) == (URL, None)


def test_a_key_survives_another_order_and_other_words_of_what_has_a_document() -> None:
    before = reading(write_page(POLICY, immigration())).items
    reworded = replace(SUIT, title="2025.07.01 A clerk files suit", summary="Doe, a clerk, sued.")
    after = reading(write_page(replace(POLICY, actions=(NOTE, reworded, NEWS)), immigration())).items

    assert [item.key for item in after] == [before[2].key, before[0].key, before[1].key]


def test_actions_of_one_day_and_document_are_told_apart() -> None:
    second = replace(SUIT, title="2025.07.01 Motion for an injunction", summary="The clerk moved.")

    found = reading(write_page(replace(POLICY, actions=(SUIT, second)), immigration()))

    assert len({item.key for item in found.items}) == 2
    assert any("keys extended" in note for note in found.notes)


def test_an_action_without_a_date_is_an_item_without_one() -> None:
    found = reading(write_page(replace(POLICY, actions=(replace(SUIT, date=None),)), immigration()))

    assert (found.items[0].published, found.notes) == (None, ("1 of 1 actions have no date",))


def test_a_page_that_states_no_address_is_of_where_it_was_found() -> None:
    text = write_page(POLICY, immigration()).partition("\n")[2]

    (item, *_) = reading(text, url="https://other.example/p/7").items

    assert item.stated is not None
    assert item.stated.policy_url == "https://other.example/p/7"


def test_a_hostile_document_link_is_no_link() -> None:
    page = as_html(replace(POLICY, actions=(replace(SUIT, document_url="javascript:alert(1)"),)), immigration())

    (item,) = reading(page).items

    assert (item.url, item.stated and item.stated.document_url) == (URL, None)


LIST = (
    "<html><body><header><a href='/policies/from-the-header'>x</a></header><nav><a href='/policies/menu'>m</a></nav>"
    "<main><a href='/policies/one/'>One</a> <a href='two'>Two</a> <a href='/policies/one#top'>One again</a>"
    "<a href='/about'>About</a><a href='https://elsewhere.example/policies/x'>X</a>"
    "<div class='old'><a href='/archive/three'>Three</a></div></main></body></html>"
)


def test_of_a_list_the_links_below_its_own_address_are_its_pages() -> None:
    found = reading(LIST, url="https://other.example/policies/")

    assert found.items == ()
    assert found.next_urls == ("https://other.example/policies/one/", "https://other.example/policies/two")


def test_of_a_list_elsewhere_the_most_common_folder_has_its_pages() -> None:
    found = reading(LIST.replace("'two'", "'/policies/two'"), url="https://other.example/index.html")

    assert found.next_urls == ("https://other.example/policies/one/", "https://other.example/policies/two")


def test_select_and_drop_say_which_links_are_a_lists_pages() -> None:
    assert reading(LIST, url="https://other.example/policies/", select=(".old",)).next_urls == (
        "https://other.example/archive/three",
    )
    dropped = read(LIST, url="https://other.example/index.html", drop=("main",))
    assert isinstance(dropped, ReadFailed)


def test_a_policy_without_actions_is_no_list_of_what_it_links_to() -> None:
    page = as_html(replace(POLICY, actions=()), immigration()).replace("</main>", "<a href='/about'>About</a></main>")

    assert reading(page).next_urls == ()


@pytest.mark.parametrize(
    "body", ["", "<html><body><p>Nothing here.</p></body></html>", "Some words.", "<div>" * 2000, '{"a": 1}']
)
def test_what_is_neither_page_nor_list_is_refused_with_a_reason(body: str) -> None:
    result = read(body)

    assert isinstance(result, ReadFailed)
    assert result.error is PollError.NOT_A_DOCUMENT


def test_another_trackers_labels_are_its_vocabularys() -> None:
    page = write_page(replace(POLICY, actions=(replace(SUIT, kind=climate().default_kind),)), climate())

    (item,) = reading(page, vocabulary=climate()).items

    assert item.title == SUIT.title


def test_the_real_pages_give_an_item_for_each_action(shared_data: Path) -> None:
    seed = reading((shared_data / "seed.txt").read_text(encoding="utf-8"))

    assert [item.published and item.published.date() for item in seed.items] == [
        date(2025, 7, 16),
        date(2025, 8, 25),
        date(2025, 10, 9),
    ]
    for path in sorted((shared_data / "iptp" / "pages").glob("*.txt"))[:40]:
        result = read(path.read_text(encoding="utf-8"))
        assert isinstance(result, Reading), path.name
        assert len({item.key for item in result.items}) == len(result.items), path.name
