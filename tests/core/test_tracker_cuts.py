"""read_page on pages that were cut off anywhere: what stood before the cut is read as on the whole page."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from monitor.core.tracker import read_page
from monitor.core.tracker.dates import is_cut_date
from monitor.errors import Unreadable
from monitor.model.policy import ActionRecord, PolicyRecord, SourceDocument
from monitor.model.vocabulary import Vocabulary
from tests.core.layouts import LAYOUTS
from tests.core.vocabularies import climate, immigration


def _record(vocabulary: Vocabulary) -> PolicyRecord:
    kinds = vocabulary.action_kinds
    return PolicyRecord(
        url="https://tracker.example/policies/a-policy",
        title="The agency changes a rule",
        tracker_id=1407,
        trump_version=vocabulary.versions[0],
        announced=date(2025, 1, 20),
        effective=date(2025, 2, 1),
        summary="The agency says how it will act.\nIt lists:\n- one point;\n- another, due on May 1, 2026.",
        source_document=SourceDocument("2025.01.20 Memo on the rule"),
        types=vocabulary.types[:2],
        subjects=vocabulary.topics[-2:],
        agencies=vocabulary.agency_names[:3],
        status_tags=vocabulary.status_tags[:2],
        current_status=vocabulary.current_statuses[1],
        related=("May 1, 2018 An older rule", "May 2, 2018 One more"),
        actions=(
            ActionRecord(kinds[0], date(2025, 3, 1), "2025.03.01 Complaint - A v. B", "A group sued. [ID #82]"),
            ActionRecord(kinds[0], date(2025, 3, 1), "Order § 4", "The court stopped it.\nIt gave reasons."),
            ActionRecord(kinds[1], date(2026, 4, 2), "Appeal", "The agency appealed."),
        ),
    )


def _check_head(cut: PolicyRecord, whole: PolicyRecord) -> None:
    for name in ("tracker_id", "trump_version", "announced", "effective", "current_status"):
        assert getattr(cut, name) in (None, getattr(whole, name)), name
    assert (whole.title or "").startswith(cut.title or "")
    assert whole.summary.startswith(cut.summary)
    if cut.source_document is not None:
        assert whole.source_document is not None
        assert whole.source_document.title.startswith(cut.source_document.title[:-1])


def _check_lists(cut: PolicyRecord, whole: PolicyRecord) -> None:
    for name in ("types", "subjects", "agencies", "status_tags"):
        read = getattr(cut, name)
        assert read[:-1] == getattr(whole, name)[: max(len(read) - 1, 0)], name
        assert all(
            tag in getattr(whole, name) or any(full.startswith(tag) for full in getattr(whole, name)) for tag in read
        )
    assert cut.related[:-1] == whole.related[: max(len(cut.related) - 1, 0)]


def _check_actions(cut: PolicyRecord, whole: PolicyRecord) -> None:
    count = len(cut.actions)
    assert count <= len(whole.actions)
    assert cut.actions[:-1] == whole.actions[: max(count - 1, 0)]
    if count:
        last, full = cut.actions[-1], whole.actions[count - 1]
        assert last.kind == full.kind
        assert last.date in (None, full.date)
        # a date that was cut off stands where the title would, and in the oldest layout so may the second paragraph
        assert full.title.startswith(last.title) or is_cut_date(last.title) or last.title in full.summary


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("vocabulary", [immigration(), climate()], ids=["immigration", "climate"])
def test_a_page_cut_anywhere_keeps_what_stood_before(layout: str, vocabulary: Vocabulary) -> None:
    page = LAYOUTS[layout](_record(vocabulary), vocabulary)
    whole = read_page(page, vocabulary)
    address = len(page.partition("\n")[0])
    step = 2 if vocabulary.version_label else 5

    for end in range(address + 1, len(page), step):
        cut = read_page(page[:end], vocabulary)
        _check_head(cut, whole)
        _check_lists(cut, whole)
        _check_actions(cut, whole)


def test_a_page_cut_within_its_address_is_refused_in_words() -> None:
    for text in ("", "U", "URL", "URL: "):
        with pytest.raises(Unreadable):
            read_page(text, immigration())


@pytest.mark.parametrize(
    ("end", "title"),
    [
        ("  3. Subsequent Action\n\n    May 20", "May 20"),
        ("  3. Subsequent Action\n\n    May 20, 2025\n\n    2025.05", "2025.05"),
    ],
)
def test_an_action_cut_within_its_first_lines_is_kept(end: str, title: str) -> None:
    page = "URL: https://t.example/p\n\nTitle\n\n  1. Original Date Announced\n\n    May 1, 2025\n"
    page += "  3. Subsequent Action\n\n" + end

    assert [action.title for action in read_page(page, immigration()).actions] == [title]


@pytest.mark.parametrize("end", ["  3. Subsequent Ac", "  3. Subsequent Action", "  3. Subsequent Action\n\n"])
def test_a_heading_with_nothing_below_it_is_no_action(end: str) -> None:
    page = "URL: https://t.example/p\n\nTitle\n\n  1. Original Date Announced\n\n    May 1, 2025\n" + end

    assert read_page(page, immigration()).actions == ()


def test_real_pages_cut_anywhere_keep_what_stood_before(shared_data: Path) -> None:
    vocabulary = immigration()
    for path in sorted((shared_data / "iptp" / "pages").glob("*.txt")):
        page = path.read_text(encoding="utf-8")
        whole = read_page(page, vocabulary)
        for end in range(len(page.partition("\n")[0]) + 1, len(page), 61):
            cut = read_page(page[:end], vocabulary)
            _check_head(cut, whole)
            _check_lists(cut, whole)
            assert cut.actions[:-1] == whole.actions[: max(len(cut.actions) - 1, 0)], path.name
