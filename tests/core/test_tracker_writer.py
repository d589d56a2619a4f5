"""write_page: what it writes reads back to the same record."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core.tracker import read_page, write_page
from monitor.core.tracker.prose import is_reported
from monitor.model.policy import ActionRecord, PolicyRecord, SourceDocument
from monitor.model.vocabulary import Vocabulary
from tests.core.vocabularies import climate, immigration

VOCABULARIES = (immigration(), climate())
URL = "https://tracker.example/policies/plate-readers"
DAY = date(2025, 5, 27)

# Words that mean something on a page, so that prose and titles collide with the page's own marks.
_FRAGMENTS = st.sampled_from(
    [
        "Effective Date",
        "Current Status",
        "Status: Final/Actual",
        "Subsequent Action",
        "Later Step",
        "May 27, 2025",
        "May 20",
        "2025.05.27 Reported: Cameras - VPM News",
        "1. Original Date Announced",
        "3.",
        "• a point;",
        "- a point;",
        "Trump 2.0 [ID #82]",
        "see [ID #82] there",
        "A judge stopped the rule on January 3, 2021.",
        "Texas v. Biden, No. 2:21-cv-00067-Z (N.D. Texas, Aug. 13, 2021).",
        "See Biden administration action below.",
        "**Note to readers: in part**",
        "Agencies Affected: ICE",
        "Skip to main content",
        "None",
        "é § “quoted” – 7",
    ]
)
_WORDS = st.text(alphabet="abcXYZ 019.,:;()[]#-–’", min_size=1, max_size=24).map(lambda text: " ".join(text.split()))
_LINE = st.one_of(_FRAGMENTS, _WORDS, st.tuples(_WORDS, _FRAGMENTS).map(lambda pair: " ".join(pair).strip())).filter(
    bool
)
_PROSE = st.lists(_LINE, max_size=4).map("\n".join)
_DATES = st.none() | st.dates(min_value=date(1900, 1, 1), max_value=date(2100, 12, 31))
_LINKS = st.none() | st.sampled_from(["https://docs.example/a.pdf", "http://docs.example/b?c=(d)&e=f#g"])


def _names(vocabulary: Vocabulary) -> tuple[st.SearchStrategy[tuple[str, ...]], ...]:
    return tuple(
        st.lists(st.sampled_from(names), unique=True, max_size=4).map(tuple)
        for names in (vocabulary.types, vocabulary.topics, vocabulary.agency_names, vocabulary.status_tags)
    )


@st.composite
def _actions(draw: st.DrawFn, vocabulary: Vocabulary) -> ActionRecord:
    title = draw(st.just("") | _LINE)
    return ActionRecord(
        kind=draw(st.sampled_from(vocabulary.action_kinds)),
        date=draw(_DATES),
        title=title,
        summary=draw(_PROSE),
        document_url=draw(_LINKS),
        reported=is_reported(title, vocabulary.titles),
    )


@st.composite
def _records(draw: st.DrawFn) -> tuple[PolicyRecord, Vocabulary]:
    vocabulary = draw(st.sampled_from(VOCABULARIES))
    types, subjects, agencies, tags = (draw(names) for names in _names(vocabulary))
    document = draw(st.none() | st.sampled_from(["2025.05.27_Reported: Cameras - 404 Media", "Rule One Rule Two"]))
    record = PolicyRecord(
        url=draw(st.sampled_from([URL, "title:plate-readers"])),
        title=draw(st.none() | _LINE.filter(lambda line: not line.startswith(("Skip to", "1. Original")))),
        tracker_id=draw(st.none() | st.integers(0, 99_999)),
        trump_version=draw(st.none() | st.sampled_from(vocabulary.versions)),
        announced=draw(_DATES),
        effective=draw(_DATES),
        summary=draw(_PROSE),
        source_document=SourceDocument(document, draw(_LINKS)) if document else None,
        types=types,
        subjects=subjects,
        agencies=agencies,
        status_tags=tags,
        current_status=draw(st.none() | st.just("") | st.sampled_from(vocabulary.current_statuses)),
        related=tuple(draw(st.lists(st.sampled_from(["May 1, 2018 A rule", "A memo: § 4"]), unique=True))),
        actions=tuple(draw(st.lists(_actions(vocabulary), max_size=4))),
    )
    return record, vocabulary


@settings(max_examples=80, deadline=None)
@given(_records())
def test_a_written_page_reads_back_to_the_same_record(case: tuple[PolicyRecord, Vocabulary]) -> None:
    record, vocabulary = case

    assert read_page(write_page(record, vocabulary), vocabulary) == record


def _record(**changes: object) -> PolicyRecord:
    whole = PolicyRecord(
        url=URL,
        title="Reported: Cameras",
        tracker_id=1777,
        trump_version="2.0",
        announced=DAY,
        effective=DAY,
        summary="One.\nTwo.",
        source_document=SourceDocument("2025.05.27 Cameras", "https://docs.example/a"),
        types=("Change in Practice",),
        subjects=("Interior", "Enforcement"),
        agencies=("ICE", "State & Local Entities"),
        status_tags=("Reported", "In Litigation"),
        current_status="None",
        related=("May 1, 2018 A rule",),
        actions=(
            ActionRecord("Subsequent Trump and Court Action", DAY, "2025.05.27 A", "Text.", "https://docs.example/b"),
            ActionRecord("Subsequent Trump and Court Action", DAY, "2025.05.27 B", "Text."),
        ),
    )
    return replace(whole, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({}, id="a whole record"),
        pytest.param({"current_status": None}, id="no status heading"),
        pytest.param({"current_status": ""}, id="a status heading with nothing below it"),
        pytest.param({"current_status": "Halted by a court in part"}, id="a status in other words"),
        pytest.param({"effective": None, "actions": ()}, id="neither effective date nor action"),
        pytest.param({"effective": None, "actions": (), "tracker_id": None, "trump_version": None}, id="no id line"),
        pytest.param({"announced": None, "summary": "May 1, 2020"}, id="prose that would pass for the missing date"),
        pytest.param({"tracker_id": None, "summary": "As in\n[ID #82]"}, id="another policy's id in the summary"),
        pytest.param({"title": None, "trump_version": None}, id="no title"),
        pytest.param({"trump_version": "1.0"}, id="the first version"),
        pytest.param({"trump_version": "3.0"}, id="a version without a badge"),
        pytest.param({"agencies": ("ICE", "NASA", "Space Force")}, id="agencies that the vocabulary lacks"),
        pytest.param({"agencies": ("Foo ICE",)}, id="an unknown agency that holds a known one"),
        pytest.param({"source_document": SourceDocument("A rule ends here at once.")}, id="a document like a sentence"),
        pytest.param({"summary": ""}, id="no summary"),
    ],
)
def test_what_a_page_can_carry_comes_back(changes: dict[str, object]) -> None:
    record = _record(**changes)

    assert read_page(write_page(record, VOCABULARIES[0]), VOCABULARIES[0]) == record


@pytest.mark.parametrize(
    ("title", "summary", "day", "url"),
    [
        ("", "A judge stopped the rule at once. It stood.", DAY, None),
        ("", "Stay", None, None),
        ("", "", DAY, None),
        ("", "", None, "https://docs.example/a"),
        ("A judge stopped the rule at once.", "", DAY, None),
        ("A judge stopped the rule at once.", "More.", DAY, None),
        ("A judge stopped the rule at once.", "More.", DAY, "https://docs.example/a"),
        ("May 27, 2025", "", None, None),
        ("• Pointed", "Text.", None, None),
        ("May 20", "Text.", None, None),
        ("Two  spaces", "• one\n• two", DAY, None),
    ],
)
def test_an_action_without_date_title_or_text_comes_back(
    title: str, summary: str, day: date | None, url: str | None
) -> None:
    record = _record(actions=(ActionRecord("Subsequent Action", day, title, summary, url),))

    assert read_page(write_page(record, VOCABULARIES[0]), VOCABULARIES[0]) == record


def test_a_page_has_the_newest_layout_and_no_marks_that_it_does_not_need() -> None:
    page = write_page(_record(), VOCABULARIES[0])

    assert page.startswith(f"URL: {URL}\nSkip to main content\n\n2.0\n\nReported: Cameras\n\n  1. Original Date")
    assert (
        "\n    Trump 2.0 [ID #1777]\n\n    2025.05.27 Cameras <https://docs.example/a>\n  2. Effective Date\n" in page
    )
    assert "\n    View Document <https://docs.example/b>\n  4. Subsequent Trump and Court Action\n\n    May 27" in page
    assert "\nStatus: Reported In Litigation\nTrump Administration Action: Change in Practice\n" in page
    assert "—" not in page


def test_a_page_of_another_tracker_has_its_words_alone() -> None:
    record = PolicyRecord(URL, "Methane rule", 4, announced=DAY, agencies=("EPA",), current_status="Stayed")

    page = write_page(record, VOCABULARIES[1])

    assert "  1. First Published\n\n    May 27, 2025\n\n    [ID #4]\n\nWhere It Stands\n\nStayed\n" in page
    assert "Bodies Concerned: EPA" in page
    assert "Trump" not in page


def test_line_breaks_within_a_title_become_spaces_and_blank_paragraphs_go() -> None:
    record = _record(title="Two\n lines", summary="One.\n\n Two. ")

    back = read_page(write_page(record, VOCABULARIES[0]), VOCABULARIES[0])

    assert (back.title, back.summary) == ("Two lines", "One.\nTwo.")
