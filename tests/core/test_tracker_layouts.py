"""read_page: every layout that trackers have used, and the variations within them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core.tracker import read_page
from monitor.core.tracker.prose import is_reported
from monitor.errors import Unreadable
from monitor.model.policy import ActionRecord, PolicyRecord, SourceDocument
from monitor.model.vocabulary import Vocabulary
from tests.core.layouts import LAYOUTS
from tests.core.vocabularies import climate, immigration

WORDS = immigration()
HEAD = "URL: https://tracker.example/policies/x/\nSkip to main content\n\n2.0\n\nThe title\n\n"
FIRST = "  1. Original Date Announced\n\n    May 1, 2025\n\n    The summary.\n\n    Trump 2.0 [ID #9]\n\n    The memo\n"
OLD_FIRST = "  1. Date Announced\n\n    Sept. 28, 2018\n\n    The summary. [ID #9]\n\n    View Policy Document\n"
FLAT_FIRST = "-\nOriginal Date Announced\nMay 1, 2025The summary. [ID #9]\nThe memo"

TITLES = [
    "2025.07.16 Reported: Plate searches raise questions - VPM News",
    "2025.05.27_Reported: Cameras - 404 Media",
    "Texas v. Biden, Case No. 2:21-cv-00067-Z (N.D. Texas, Aug. 13, 2021).",
    "New York v. Trump, No. 1:17-cv-05228-NGG-JO (E.D.N.Y. Aug. 28, 2020)",
    "EOIR Operational Status: Status of Hearings",
    "5.14.21 Rescission of PM 19-12",
    "2021. 09.28 Press Release",
    "re: Field Guidance 21: Compliance",
    'DHS "Myths vs. Facts"',
    "OCAD v. Huffman, No. 19A230 -- order",
    "2017-02-21 Memo § 3, “as amended”",
    "Interim Rule: Effective Date Delayed",
    "DHS Ratifies Rule _ Homeland Security",
]
PROSE = [
    "The agency changed the form on January 3, 2021.",
    "Two judges stopped the rule (19-cv-2117 & 19-cv-2530).",
    "See 03/10/2021 and 10/22/20 for the rest of it. [ID #82] is another policy.",
    "It covers the Effective Date and the Current Status of cases.",
    "Three steps follow:\n- one;\n- two; and\n- the last of them.",
    "Four numbered points:\n1. one\n2. two, and that was all.",
    "The Biden Administration Action was discussed at length.",
]


@st.composite
def _records(draw: st.DrawFn) -> tuple[PolicyRecord, Vocabulary]:
    vocabulary = draw(st.sampled_from([WORDS, climate()]))
    dates = st.dates(min_value=date(2017, 1, 1), max_value=date(2028, 12, 31))

    def some(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(draw(st.lists(st.sampled_from(names), unique=True, max_size=4)))

    actions = []
    for title in draw(st.lists(st.sampled_from(TITLES), max_size=5)):
        kind, prose = draw(st.sampled_from(vocabulary.action_kinds[:3])), draw(st.sampled_from(PROSE))
        actions.append(ActionRecord(kind, draw(dates), title, prose, None, is_reported(title, vocabulary.titles)))
    document = draw(st.sampled_from(["2025.05.27_Reported: X - 404", "Form One Form Two (UAC)"]))
    record = PolicyRecord(
        url="https://tracker.example/policies/x",
        title=draw(st.sampled_from(TITLES)),
        tracker_id=draw(st.integers(1, 3000)),
        trump_version=draw(st.sampled_from([None, vocabulary.versions[0]])),
        announced=draw(dates),
        effective=draw(st.none() | dates),
        summary="\n".join(draw(st.lists(st.sampled_from(PROSE), min_size=1, max_size=3, unique=True))),
        source_document=draw(st.sampled_from([None, SourceDocument(document)])),
        types=some(vocabulary.types),
        subjects=some(vocabulary.topics),
        agencies=some(vocabulary.agency_names),
        status_tags=some(vocabulary.status_tags),
        current_status=draw(st.sampled_from([None, "", *vocabulary.current_statuses])),
        related=draw(st.sampled_from([(), ("January 25, 2017 POTUS issues EO 13768", "May 1, 2018 Another")])),
        actions=tuple(actions),
    )
    return record, vocabulary


def _shown(record: PolicyRecord, layout: str) -> PolicyRecord:
    """What pages of a layout show: flat text lacks the title, the oldest pages have neither status nor relations."""
    if layout.startswith("F"):
        record = replace(record, title=None)
    if layout in ("O", "FO"):
        record = replace(record, source_document=None, current_status=None, related=())
    return record


@pytest.mark.parametrize("layout", LAYOUTS)
@settings(max_examples=25, deadline=None)
@given(case=_records())
def test_a_page_in_any_layout_reads_to_its_record(layout: str, case: tuple[PolicyRecord, Vocabulary]) -> None:
    record, vocabulary = case

    assert read_page(LAYOUTS[layout](record, vocabulary), vocabulary) == _shown(record, layout)


@pytest.mark.parametrize(
    ("line", "tracker_id", "version"),
    [
        ("[ID #1]", 1, None),
        ("[ID# 1]", 1, None),
        ("[ID # 1]", 1, None),
        ("[ID#1]", 1, None),
        ("[ID: #1]", 1, None),
        ("[Item #149]", 149, None),
        ("Trump 2.0 [ID #1777]", 1777, "2.0"),
        ("Trump 2.0. [ID #1777]", 1777, "2.0"),
    ],
)
@pytest.mark.parametrize("template", ["    Prose.\n\n    {}\n\n    The memo\n", "    Prose. {}\n\n    The memo\n"])
def test_the_id_is_read_in_every_form(line: str, tracker_id: int, version: str | None, template: str) -> None:
    page = HEAD.replace("2.0\n\n", "") + "  1. Original Date Announced\n\n    May 1, 2025\n\n" + template.format(line)

    record = read_page(page + "  2. Effective Date\n\n    May 2, 2025\n", WORDS)

    assert (record.tracker_id, record.trump_version, record.summary) == (tracker_id, version, "Prose.")
    assert record.source_document == SourceDocument("The memo")


def test_the_id_is_that_of_the_first_section_alone() -> None:
    record = read_page(
        HEAD + FIRST.replace("Trump 2.0 [ID #9]", "See it.") + "  2. Subsequent Action\n\n    May 3, 2025\n\n"
        "    A plan\n\n    It reunites families. [ID #82]\n\n    View Document\n",
        WORDS,
    )

    assert record.tracker_id is None
    assert record.actions[0].summary == "It reunites families. [ID #82]"


def test_a_badge_counts_where_the_id_line_names_no_version() -> None:
    record = read_page(HEAD + FIRST.replace("Trump 2.0 ", "") + "  2. Effective Date\n\n    May 2, 2025\n", WORDS)

    assert (record.title, record.trump_version) == ("The title", "2.0")


def test_a_version_counts_where_the_badge_is_missing() -> None:
    assert read_page(HEAD.replace("2.0\n", "\n") + FIRST, WORDS).trump_version == "2.0"


@pytest.mark.parametrize(
    ("below", "status"),
    [
        ("\nCurrent Status\n\nNone\n\nOriginal Trump Policy Status\n", "None"),
        ("\nCurrent Status\n\n\n\n\nOriginal Trump Policy Status\n", ""),
        ("\nCurrent Status\n\nMarch 21, 2022\nActed on by Biden Administration\n", ""),
        (
            "\nCurrent Status\n\nNot in effect\n\nMost Recent Action\n\nMarch 28, 2023 Action: Other X\n",
            "Not in effect",
        ),
        ("\nCurrent Status\n\nPartially in effect\n\nMarch 21, 2022\nActed on\n", "Partially in effect"),
        ("\nCurrent Status\n\nHalted in two states\n\nOriginal Trump Policy Status\n", "Halted in two states"),
        ("\nOriginal Trump Policy Status\n\nStatus: Reported\n", None),
        ("\nCurrent Status\n", None),
        ("\nCurrent Status\n\nNot in ef", None),
    ],
)
def test_the_current_status_is_the_words_below_its_heading(below: str, status: str | None) -> None:
    assert read_page(HEAD + FIRST + below, WORDS).current_status == status


@pytest.mark.parametrize(
    ("glued", "status"),
    [
        ("Current Status\nNot in effectMost Recent Action\nMay 4, 2021 Action: Other X", "Not in effect"),
        ("Current Status\nNot in effectMay 14, 2021Acted on by Biden Administration", "Not in effect"),
        ("Current Status\nNoneOriginal Trump Policy Status\nStatus: Reported", "None"),
        ("Current Status\nOriginal Trump Policy Status\nStatus: Reported", ""),
        ("Current Status\nHalted in partMay 14, 2021Acted on by it", "Halted in part"),
    ],
)
def test_a_status_with_other_words_glued_to_it_is_set_apart(glued: str, status: str) -> None:
    assert read_page(FLAT_FIRST + glued, WORDS).current_status == status


def test_glued_tag_lines_are_set_apart() -> None:
    record = read_page(
        f"{FLAT_FIRST}Original Trump Policy Status\nStatus: Final/Actual In LitigationTrump Administration Actions: "
        "Agency Directive Change in PracticeSubject Matter: Interior EnforcementAgencies Affected: ICEAssociated or "
        "Derivative Policies\n- January 20, 2025 EO 14159\n\nPre Trump-Era Policies\n-\nMay 7, 2022\nA settlement.\n",
        WORDS,
    )

    assert record.status_tags == ("Final/Actual", "In Litigation")
    assert record.types == ("Agency Directive", "Change in Practice")
    assert record.subjects == ("Interior", "Enforcement")
    assert record.agencies == ("ICE",)
    assert record.related == ("January 20, 2025 EO 14159",)


def test_a_label_word_within_a_title_is_no_heading() -> None:
    record = read_page(
        f"{FLAT_FIRST}Effective Date\nMay 2, 2025Subsequent Trump and Court Action(s)\n-\nMay 3, 2025\n"
        "EOIR Operational Status: Status of Hearings\nIt says so.\nView Document -\n"
        "Status: Closed courts\nView Document\n",
        WORDS,
    )

    assert [action.title for action in record.actions] == [
        "EOIR Operational Status: Status of Hearings",
        "Status: Closed courts",
    ]
    assert record.status_tags == ()


def test_an_alias_on_a_page_becomes_the_agencys_name_and_an_unknown_agency_stays() -> None:
    record = read_page(HEAD + FIRST + "\nAgencies Affected: Border Patrol CBP NASA\n", WORDS)

    assert record.agencies == ("CBP", "NASA")


def _old(*items: str, below: str = "") -> list[tuple[date | None, str, str]]:
    numbered = "".join(f"  {at}. Subsequent Action\n\n{item}" for at, item in enumerate(items, start=3))
    record = read_page(HEAD + OLD_FIRST + numbered + below, WORDS)
    return [(action.date, action.title, action.summary) for action in record.actions]


DAY = date(2018, 12, 5)
NEXT = "    Dec. 5, 2018\n\n    Next.\n\n    Label\n"


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ("    Dec. 5, 2018\n\n    One.\n\n    Two.\n\n    The order\n", (DAY, "The order", "One.\nTwo.")),
        ("    Dec. 5, 2018\n\n    Prose without a document.\n\n", (DAY, "", "Prose without a document.")),
        ("    Dec. 5, 2018\n\n    Only so.\n\n", (DAY, "", "Only so.")),
        ("    Dec. 5, 2018 The plan\n", (None, "Dec. 5, 2018 The plan", "")),
        ("    Dec. 5, 2018\n\n    The plan\n", (DAY, "The plan", "")),
        ("    Dec. 5, 2018\n\n    As follows:\n\n    • one\n\n    • two\n\n", (DAY, "", "As follows:\n• one\n• two")),
    ],
)
def test_in_the_oldest_layout_the_label_above_the_next_item_is_the_title(
    item: str, expected: tuple[date | None, str, str]
) -> None:
    assert _old(item, NEXT) == [expected, (DAY, "Label", "Next.")]


def test_the_oldest_layouts_tags_and_blocks_hold_no_actions() -> None:
    found = _old(
        NEXT, below="Status: Final/Actual\nAgencies Affected: ICE\n\nPrior Policies\n\n\nSubsequent Actions\n\n\n"
    )

    assert found == [(DAY, "Label", "Next.")]


@pytest.mark.parametrize(
    "last", ["Prose that a full stop ends.", "Prose cut off in its fir", "**Note to readers: in part**"]
)
def test_prose_at_the_end_of_a_cut_old_page_is_no_title(last: str) -> None:
    assert _old(f"    Dec. 5, 2018\n\n    {last}")[0][1:] == ("", last)


def test_several_dates_in_a_bulleted_group_are_several_actions() -> None:
    record = read_page(
        HEAD + FIRST + "  2. Effective Date\n\n    May 2, 2025\n  3. Subsequent Trump and Court Action(s)\n\n"
        "    • May 3, 2025\n\n      One\n\n      It lists:\n\n      • a\n\n      • b\n\n      View Document\n"
        "    • May 3, 2025\n\n      Two\n\n      Text.\n\n      Go to article on aila.org\n"
        "    • Undated Notice\n\n      Text.\n\n      Go to article on\n"
        "    • May 1, 2025\n\n      Three\n  5. Biden Administration Action: Modified\n\n    May 4, 2025\n\n    Four\n",
        WORDS,
    )

    assert [(action.kind[:6], action.date, action.title, action.summary) for action in record.actions] == [
        ("Subseq", date(2025, 5, 3), "One", "It lists:\n• a\n• b"),
        ("Subseq", date(2025, 5, 3), "Two", "Text."),
        ("Subseq", None, "Undated Notice", "Text."),
        ("Subseq", date(2025, 5, 1), "Three", ""),
        ("Biden ", date(2025, 5, 4), "Four", ""),
    ]


@pytest.mark.parametrize("empty", ["  2.  \n", "  2. Effective Date\n\n", "  2.\n", ""])
def test_empty_items_and_gaps_in_the_numbers_change_nothing(empty: str) -> None:
    record = read_page(HEAD + FIRST + empty + "  4. Subsequent Action\n\n    May 3, 2025\n\n    One\n", WORDS)

    assert (record.effective, [action.title for action in record.actions]) == (None, ["One"])
    assert record.source_document == SourceDocument("The memo")


def test_an_unknown_kind_is_kept_as_it_is_printed() -> None:
    numbered = read_page(
        HEAD + FIRST + "  2. Harris Administration Action: Paused\n\n    May 3, 2029\n\n    A\n", WORDS
    )
    flat = read_page(f"{FLAT_FIRST}Biden Administration Action: Delayed\nMay 3, 2025A\nText.\nView Document", WORDS)

    assert [action.kind for action in numbered.actions] == ["Harris Administration Action: Paused"]
    assert [action.kind for action in flat.actions] == ["Biden Administration Action: Delayed"]


def test_an_action_without_a_title_has_its_prose_as_summary() -> None:
    record = read_page(
        f"{FLAT_FIRST}Subsequent Trump-Era and Court Action(s)\n-\nJune 30, 2020\nThe court threw out the rule in "
        "CAIR v. Trump (19-cv-2117); the government appealed.\n**Note to readers: in part** -\n"
        "July 6, 2020\nA v. B\nText.\n",
        WORDS,
    )

    assert [action.title for action in record.actions] == ["", "A v. B"]
    assert record.actions[0].summary.endswith("**Note to readers: in part**")


def test_addresses_of_documents_are_kept_where_the_text_has_them() -> None:
    record = read_page(
        HEAD
        + FIRST.replace("The memo", "The memo <https://d.example/1>")
        + "  2. Subsequent Action\n\n    May 3, 2025\n\n"
        "    One\n\n    Text.\n\n    View Document <https://d.example/2> View Document <https://d.example/3>\n",
        WORDS,
    )

    assert record.source_document == SourceDocument("The memo", "https://d.example/1")
    assert (record.actions[0].summary, record.actions[0].document_url) == ("Text.", "https://d.example/2")


def test_an_old_pages_document_is_known_by_its_address_alone() -> None:
    plain, linked = OLD_FIRST, OLD_FIRST.replace("Policy Document", "Policy Document <https://d.example/1>")

    assert read_page(HEAD + plain, WORDS).source_document is None
    assert read_page(HEAD + linked, WORDS).source_document == SourceDocument(
        "View Policy Document", "https://d.example/1"
    )


def test_several_documents_on_one_line_stay_one_title() -> None:
    two = FIRST.replace("The memo", "Press Release on the Rule The Rule (6 forms)")

    assert read_page(HEAD + two, WORDS).source_document == SourceDocument(
        "Press Release on the Rule The Rule (6 forms)"
    )


def test_a_note_between_id_and_document_is_not_part_of_the_summary() -> None:
    noted = FIRST.replace("[ID #9]\n", "[ID #9]\n\n    See Biden administration action below.\n")

    record = read_page(HEAD + noted + "  2. Effective Date\n\n    May 2, 2025\n", WORDS)

    assert (record.summary, record.source_document) == ("The summary.", SourceDocument("The memo"))


@pytest.mark.parametrize(
    ("title", "reported"),
    [
        ("2025.05.27_Reported: ICE Taps In - 404 Media", True),
        ("2025.01.22 - Reported: CNN - Flights canceled", True),
        ("Reported: Hotels - NYT", True),
        ("2021.04.28 Reuters Reports: Limits end", False),
        ("2025.08.25 Ensuring Local Compliance", False),
        ("2025.08.25 As Reported: Nothing", False),
    ],
)
def test_an_action_is_reported_when_its_headline_begins_so(title: str, reported: bool) -> None:
    page = HEAD + FIRST + f"  2. Subsequent Action\n\n    May 3, 2025\n\n    {title}\n\n    View Document\n"

    assert [action.reported for action in read_page(page, WORDS).actions] == [reported]


def test_a_page_without_an_address_is_known_by_its_title_or_id() -> None:
    page = HEAD.partition("\n")[2] + FIRST

    assert read_page(page, WORDS).url == "title:the-title"
    assert read_page(FLAT_FIRST, WORDS).url == "title:policy-9"


def test_windows_line_ends_and_odd_spaces_make_no_difference() -> None:
    page = HEAD + FIRST + "  2. Effective Date\n\n    May 2, 2025\n"

    assert read_page("\ufeff" + page.replace("\n", "\r\n").replace("    ", "\u00a0 \u00a0 "), WORDS) == read_page(
        page, WORDS
    )


def test_text_whose_lines_were_joined_is_still_taken_apart() -> None:
    record = read_page(
        "Original Date Announced January 20, 2025 Section 10 tells DHS to act. Trump 2.0 [ID #1407] 2025.01.20 EO "
        "Effective Date January 21, 2025 Subsequent Trump and Court Action January 23, 2025 2025.01.23 DHS - Memo "
        "View Document Current Status None Original Trump Policy Status Status: Expired Agencies Affected: DHS ICE",
        WORDS,
    )

    assert (record.tracker_id, record.effective, record.current_status) == (1407, date(2025, 1, 21), "None")
    assert [(action.date, action.title) for action in record.actions] == [(date(2025, 1, 23), "2025.01.23 DHS - Memo")]
    assert record.agencies == ("DHS", "ICE")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "A story about the Effective Date of a rule.\nIt was long.",
        "URL: https://x.example/a\nOne.\nTwo.\nThree.\nFour.",
    ],
)
def test_other_text_is_no_tracker_page(text: str) -> None:
    with pytest.raises(Unreadable, match="no page of the tracker 'Immigration Policy Tracking Project'"):
        read_page(text, WORDS)


def test_a_page_with_nothing_to_know_it_by_says_what_to_add() -> None:
    with pytest.raises(Unreadable, match="first line `URL: `"):
        read_page("-\nOriginal Date Announced\nMay 1, 2025Text.\n", WORDS)


def test_another_trackers_page_is_not_read_with_the_wrong_words() -> None:
    with pytest.raises(Unreadable, match="First Published"):
        read_page(HEAD.partition("\n")[2] + FIRST.replace("Announced", "Told"), climate())


@pytest.mark.parametrize(
    "unit",
    [
        "Effective Date",
        "[ID #1]",
        "-\n",
        "View Document",
        "\nStatus: ",
        "May 1, 2020\n",
        " ",
        "<http:",
        "ICE",
        "a: b ",
        "1. ",
    ],
)
def test_hostile_repetition_takes_linear_time(unit: str) -> None:
    text = f"{HEAD}{FLAT_FIRST}Subsequent Action\n{unit * (40_000 // len(unit))}"

    assert read_page(text, WORDS).url == "https://tracker.example/policies/x"
