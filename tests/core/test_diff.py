"""The difference between two texts: what is told, in which words, and within which bounds."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.change_summary import NO_CHANGE, summarise
from monitor.core.diff import diff
from monitor.model.change import Diff, Part, PartKind

STATEMENT = """Flock Safety statement
We do not share data with federal agencies.
Customers decide who may search their cameras.
Last updated May 27, 2025
Link: Transparency report -> https://a.example/report-1.pdf"""


def ops(found: Diff) -> list[str]:
    return [part.op.value for part in found.parts]


@pytest.mark.parametrize("text", ["", STATEMENT])
def test_equal_texts_have_no_parts(text: str) -> None:
    assert diff(text, text) == Diff((), NO_CHANGE)


def test_blank_lines_do_not_count() -> None:
    assert diff("a\n\nb", "a\nb\n") == Diff((), NO_CHANGE)


def test_an_added_paragraph_stands_alone() -> None:
    found = diff("one\ntwo", "one\nand a half\ntwo")

    assert found == Diff((Part(PartKind.ADDED, "", "and a half"),), "1 paragraph added")


def test_a_removed_paragraph_stands_alone() -> None:
    found = diff("one\nand a half\ntwo", "one\ntwo")

    assert found == Diff((Part(PartKind.REMOVED, "and a half", ""),), "1 paragraph removed")


def test_a_moved_paragraph_is_neither_added_nor_removed() -> None:
    found = diff("one\ntwo\nthree\nfour", "four\none\ntwo\nthree")

    assert found == Diff((Part(PartKind.MOVED, "four", "four"),), "1 paragraph moved")


def test_a_paragraph_that_keeps_half_of_its_words_has_changed() -> None:
    before = "We do not share data with federal agencies."
    after = "We paused all pilot programs that share data with federal agencies."

    assert diff(before, after) == Diff((Part(PartKind.CHANGED, before, after),), "1 paragraph changed")


def test_a_paragraph_with_other_words_was_removed_and_added() -> None:
    found = diff("The rule is in effect.", "Camera vendors answered on Monday after an audit.")

    assert ops(found) == ["removed", "added"]
    assert found.summary == "1 paragraph added, 1 removed"


DATES = [
    ("Last updated May 27, 2025", "Last updated October 9, 2025", "May 27, 2025", "October 9, 2025"),
    ("Last updated May 27, 2025", "Last updated Thursday, Oct. 9, 2025", "May 27, 2025", "Thursday, Oct. 9, 2025"),
    ("Posted 2025-05-27.", "Posted 2025-10-09.", "2025-05-27", "2025-10-09"),
    ("Fiscal year to June 2025", "Fiscal year to July 2025", "June 2025", "July 2025"),
    ("As of 27 May 2025, 10:00", "As of 9 October 2025, 11:30", "27 May 2025, 10:00", "9 October 2025, 11:30"),
    ("Posted 3 hours ago", "Posted 4 hours ago", "3 hours ago", "4 hours ago"),
    ("Seen 5/27/2025 here", "Seen 10/9/2025 here", "5/27/2025", "10/9/2025"),
    ("Hearing at 9:30 a.m. EDT today", "Hearing at 2 p.m. today", None, None),
]


@pytest.mark.parametrize(("before", "after", "was", "now"), DATES)
def test_a_line_that_differs_only_in_a_date_is_a_date(
    before: str, after: str, was: str | None, now: str | None
) -> None:
    found = diff(f"intro\n{before}\nend", f"intro\n{after}\nend")

    if was is None:
        assert ops(found) == ["changed"]
    else:
        assert found == Diff((Part(PartKind.DATE, before, after),), f"date changed from {was} to {now}")


ROLES = [
    ("Effective: May 27, 2025", "effective date"),
    ("The rule takes effect on May 27, 2025.", "effective date"),
    ("May 27, 2025: the rule enters into force", "effective date"),
    ("Submit comments on or before May 27, 2025", "comment deadline"),
    ("Comments must be received on or before May 27, 2025", "comment deadline"),
    ("The comment period closes May 27, 2025", "comment deadline"),
    ("A hearing is set for May 27, 2025", "hearing date"),
    ("The designation expires on May 27, 2025", "expiration date"),
    ("Compliance is required from May 27, 2025", "compliance date"),
    ("Last updated May 27, 2025", "date"),
    ("27 comments as of May 27, 2025", "date"),
    ("The rule is effective now. Updated May 27, 2025", "date"),
    ("Updated May 27, 2025. The rule is effective now.", "date"),
]


@pytest.mark.parametrize(("line", "role"), ROLES)
def test_the_sentence_says_what_a_date_is_of(line: str, role: str) -> None:
    found = diff(line, line.replace("May 27, 2025", "July 1, 2025"))

    assert found.summary == f"{role} changed from May 27, 2025 to July 1, 2025"


def test_a_date_that_stands_alone_is_of_what_the_line_above_says() -> None:
    found = diff("Status\nFinal\nEffective date\nMay 5, 2025", "Status\nFinal\nEffective date\nJune 6, 2025")

    assert found.summary == "effective date changed from May 5, 2025 to June 6, 2025"


def test_dates_that_say_what_they_are_of_are_told_and_the_others_counted() -> None:
    line = "Updated {0}\nComments due {0}\nThe rule is effective {0}"

    found = diff(line.format("May 5, 2025"), line.format("June 6, 2025"))

    assert found.summary == (
        "comment deadline changed from May 5, 2025 to June 6, 2025, "
        "effective date changed from May 5, 2025 to June 6, 2025, 1 other date changed"
    )


@pytest.mark.parametrize(
    ("after", "summary"),
    [
        ("The rule, as amended, is effective June 6, 2025.",
         "1 paragraph changed; effective date changed from May 5, 2025 to June 6, 2025"),
        ("The rule is, as amended, published June 6, 2025.", "1 paragraph changed"),
        ("The rule is effective June 6, 2025 or, if stayed, July 7, 2025.", "1 paragraph changed"),
    ],
)  # fmt: skip
def test_a_date_that_says_what_it_is_of_is_told_of_a_reworded_paragraph_too(after: str, summary: str) -> None:
    assert diff("The rule is effective May 5, 2025.", after).summary == summary


def test_two_dates_of_one_line_are_two() -> None:
    assert diff("From May 1 to May 5", "From May 2 to May 6").summary == "2 dates changed"


EXCHANGED = [
    ("Status\nProposed\nAgency", "Status\nRescinded\nAgency"),
    ("Notice of Proposed Rulemaking\nbody text", "Final Rule\nbody text"),
    ("Proposed: Fees", "Final: Fees"),
    ("Status: PROPOSED", "Status - proposed"),
    ("Status\nProposed\nMay 5, 2025", "Status\nRescinded\nJune 6, 2025"),
    ("Proposed\nDue May 5, 2025\nWe help the police.", "Final\nDue June 6, 2025\nNot in immigration cases."),
]


@pytest.mark.parametrize(("before", "after"), EXCHANGED)
def test_a_value_in_the_place_of_another_has_changed(before: str, after: str) -> None:
    assert ops(diff(before, after))[0] == "changed"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("It is gone.", "Cameras were bought."),  # sentences
        ("Proposed\nmiddle", "middle\nRescinded"),  # two places
        ("Proposed\nOpen", "Rescinded\nAudited\nElsewhere"),  # a list with other items
    ],
)
def test_what_only_stands_near_is_removed_and_added(before: str, after: str) -> None:
    assert set(ops(diff(before, after))) == {"added", "removed"}


def test_a_link_whose_words_and_address_both_changed_is_one_link() -> None:
    before, after = (
        "Link: Proposed rule (PDF) -> https://a.example/p.pdf",
        "Link: Final rule -> https://a.example/f.pdf",
    )

    assert diff(before, after) == Diff((Part(PartKind.LINK, before, after),), "1 link changed")


def test_words_that_change_beside_a_date_are_a_change() -> None:
    found = diff("Suspended since May 27, 2025 by order", "Resumed since October 9, 2025 by order")

    assert ops(found) == ["changed"]


def test_several_dates_are_counted() -> None:
    found = diff("From May 1, 2025\nx\nTo May 2, 2025", "From June 1, 2025\nx\nTo June 2, 2025")

    assert (ops(found), found.summary) == (["date", "date"], "2 dates changed")


def test_a_document_that_was_exchanged_behind_the_same_words_is_a_link() -> None:
    after = STATEMENT.replace("report-1", "report-2")

    found = diff(STATEMENT, after)

    assert found.parts == (Part(PartKind.LINK, STATEMENT.split("\n")[-1], after.split("\n")[-1]),)
    assert found.summary == "1 link changed"


LINKS = [
    ("", "Link: A -> https://a.example/", "1 link added"),
    ("Link: A -> https://a.example/", "", "1 link removed"),
    ("Link: A -> https://a.example/", "Link: B -> https://a.example/", "1 link changed"),
    ("Link: A -> https://a.example/", "Link: B -> https://b.example/", "1 link added, 1 removed"),
]


@pytest.mark.parametrize(("before", "after", "summary"), LINKS)
def test_links_are_told_apart_from_paragraphs(before: str, after: str, summary: str) -> None:
    found = diff(before, after)

    assert (set(ops(found)), found.summary) == ({"link"}, summary)


def test_links_in_another_order_have_moved() -> None:
    found = diff(
        "Link: A -> https://a.example/\nLink: B -> https://b.example/",
        "Link: B -> https://b.example/\nLink: A -> https://a.example/",
    )

    assert (ops(found), found.summary) == (["moved"], "1 link moved")


def test_a_link_that_moved_up_into_the_text_of_another_is_still_found_over_the_whole_text() -> None:
    before = "Link: A -> https://a.example/1\nmiddle\nmore\nend"
    after = "middle\nmore\nend\nLink: A -> https://a.example/2"

    assert ops(diff(before, after)) == ["link"]


def test_the_summary_of_a_real_revision_names_each_kind_once() -> None:
    after = """Flock Safety statement
We paused pilots and do not share data with federal agencies.
A new paragraph about audits.
Last updated October 9, 2025
Link: Transparency report -> https://a.example/report-2.pdf"""

    found = diff(STATEMENT, after)

    assert ops(found) == ["changed", "removed", "added", "date", "link"]
    assert found.summary == (
        "1 paragraph added, 1 removed, 1 changed; date changed from May 27, 2025 to October 9, 2025; 1 link changed"
    )
    assert [kind.value for kind in found.kinds] == ["added", "removed", "changed", "link", "date"]


def test_many_of_a_kind_are_counted_in_the_plural() -> None:
    assert diff("a", "\n".join(["a", *(f"w{n} x{n}" for n in range(1200))])).summary == "1,200 paragraphs added"


def test_no_parts_make_no_change() -> None:
    assert summarise(()) == NO_CHANGE


LINES = st.lists(
    st.one_of(
        st.sampled_from(["", " ", "a b c", "a b d", "Updated May 5, 2025", "Updated June 6, 2026", "x", "\0 May 5"]),
        st.sampled_from(["Link: A -> https://a.example/", "Link: A -> https://b.example/", "Link: x"]),
        st.text(max_size=20),
    ),
    max_size=30,
).map("\n".join)


def rebuilt(before: str, found: Diff) -> Counter[str]:
    """The lines of the new text as the parts say, in any order."""
    lines = Counter(line for line in before.split("\n") if line.strip())
    lines.subtract(part.before for part in found.parts if part.before)
    lines.update(part.after for part in found.parts if part.after)
    return +lines


@given(LINES, LINES)
def test_the_parts_turn_the_old_lines_into_the_new_ones(before: str, after: str) -> None:
    found = diff(before, after)

    assert rebuilt(before, found) == Counter(line for line in after.split("\n") if line.strip())
    assert (found.summary == NO_CHANGE) == (not found.parts)


@given(LINES, LINES)
def test_no_line_is_both_added_and_removed_since_it_moved(before: str, after: str) -> None:
    parts = diff(before, after).parts

    assert not {part.before for part in parts if not part.after} & {part.after for part in parts if not part.before}


@given(LINES)
def test_lines_in_another_order_have_only_moved(text: str) -> None:
    lines = [line for line in text.split("\n") if line.strip()]

    assert {part.op for part in diff(text, "\n".join(sorted(lines))).parts} <= {PartKind.MOVED}


@given(LINES, LINES)
def test_every_part_says_one_consistent_thing(before: str, after: str) -> None:
    for part in diff(before, after).parts:
        assert (part.op is PartKind.ADDED) <= (part.before == "" != part.after)
        assert (part.op is PartKind.REMOVED) <= (part.after == "" != part.before)
        assert (part.op is PartKind.MOVED) <= (part.before == part.after)
        assert (part.op in {PartKind.CHANGED, PartKind.DATE}) <= (part.before != part.after)


def prose(lines: int, seed: int) -> list[str]:
    chance = random.Random(seed)
    words = [f"word{n}" for n in range(400)]
    return [" ".join(chance.choices(words, k=25)) for _ in range(lines)]


def test_a_fifth_of_five_thousand_paragraphs_is_told_change_by_change() -> None:
    before = prose(5_000, seed=1)
    after = [line + " amended" if n % 5 == 0 else line for n, line in enumerate(before)]

    assert diff("\n".join(before), "\n".join(after)).summary == "1,000 paragraphs changed"


def test_a_text_rewritten_from_end_to_end_is_still_told() -> None:
    before, after = prose(1_500, seed=1), prose(1_500, seed=2)

    assert diff("\n".join(before), "\n".join(after)).summary == "1,500 paragraphs added, 1,500 removed"


def test_texts_too_large_to_align_are_compared_as_bags() -> None:
    before = [f"line {n}" for n in range(12_000)]
    after = [*reversed(before), "Link: A -> https://a.example/", "one more"]

    found = diff("\n".join(before), "\n".join(after))

    assert found.summary == "1 paragraph added; 1 link added"


def test_two_endless_paragraphs_are_told_as_removed_and_added() -> None:
    before, after = (" ".join(prose(600, seed=seed)) for seed in (1, 2))

    assert ops(diff(before, after)) == ["removed", "added"]


def test_a_wall_of_half_dates_ends_in_a_coarser_diff() -> None:
    before = "\n".join(f"{'1 1 may 1 ' * 200}{n}" for n in range(400))
    after = before.replace("may 1", "may 2")

    assert rebuilt(before, diff(before, after)) == Counter(after.split("\n"))
