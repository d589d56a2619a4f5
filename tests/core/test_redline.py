"""What changed within a paragraph, as marks, as a unified text and as HTML: the laws, the looks and the bounds."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.diff import diff
from monitor.core.redline import Mark, Marked, redline
from monitor.core.redline_text import (
    abridged,
    excerpt,
    line_pieces,
    marked_line,
    signed_line,
    told_line,
    unified,
)
from monitor.model.change import Part, PartKind

LINK = "Link: {} -> https://a.example/{}"


def marked(op: PartKind, before: str, after: str) -> Marked:
    (found,) = redline([Part(op, before, after)])
    return found


def shown(op: PartKind, before: str, after: str) -> str:
    return marked_line(marked(op, before, after))


def without(mark: Mark, found: Marked) -> str:
    return "".join(piece.text for piece in line_pieces(found) if piece.mark is not mark)


CHANGED, DATE, ADDED, REMOVED = PartKind.CHANGED, PartKind.DATE, PartKind.ADDED, PartKind.REMOVED


@pytest.mark.parametrize(
    ("op", "before", "after", "words"),
    [
        (ADDED, "", "A new line.", "{+A new line.+}"),
        (REMOVED, "An old line.", "", "[-An old line.-]"),
        (CHANGED, "Proposed rule: fees", "Final rule: fees", "[-Proposed-]{+Final+} rule: fees"),
        (CHANGED, "It costs $1,200.", "It costs $1,350!", "It costs $[-1,200.-]{+1,350!+}"),
        (CHANGED, "We share data.", "We never share data.", "We {+never +}share data."),
        (CHANGED, "with federal agencies", "with agencies", "with [-federal -]agencies"),
        (CHANGED, "They do not share all data", "They stopped all that shared data",
         "They [-do not share all-]{+stopped all that shared+} data"),
        (DATE, "Due May 27, 2025.", "Due June 2, 2025.", "Due [-May 27, 2025-]{+June 2, 2025+}."),
        (CHANGED, "See https://a.example/1 now", "See https://a.example/2 now",
         "See [-https://a.example/1-]{+https://a.example/2+} now"),
        (PartKind.MOVED, "Same words", "Same words", "Same words"),
        (PartKind.LINK, LINK.format("Report", 1), LINK.format("Report", 2),
         "Link: Report -> [-https://a.example/1-]{+https://a.example/2+}"),
        (PartKind.LINK, "https://a.example/1", "https://a.example/2", "[-https://a.example/1-]{+https://a.example/2+}"),
    ],
)  # fmt: skip
def test_the_words_that_differ_are_marked(op: PartKind, before: str, after: str, words: str) -> None:
    assert shown(op, before, after) == words


def test_a_sentence_that_was_rewritten_is_no_confetti() -> None:
    before = "The Bureau of the interior issued a rule for fees on the land"
    after = "A notice of a court suspended all of it in an order on Monday"

    assert len(marked(CHANGED, before, after).pieces) <= 4


@pytest.mark.parametrize(
    ("part", "label", "line"),
    [
        (Part(ADDED, "", "new"), "Added", "+new"),
        (Part(REMOVED, "old", ""), "Removed", "-old"),
        (Part(PartKind.MOVED, "same", "same"), "Moved", ">same"),
        (Part(CHANGED, "a b", "a c"), "Changed", "!a [-b-]{+c+}"),
        (Part(DATE, "May 5", "May 6"), "Date changed", "![-May 5-]{+May 6+}"),
        (Part(PartKind.LINK, "", LINK.format("A", 1)), "Link added", "+Link: A -> https://a.example/1"),
        (Part(PartKind.LINK, LINK.format("A", 1), ""), "Link removed", "-Link: A -> https://a.example/1"),
        (Part(PartKind.LINK, LINK.format("A", 1), LINK.format("B", 1)), "Link changed",
         "!Link: [-A-]{+B+} -> https://a.example/1"),
        (Part(PartKind.MOVED, LINK.format("A", 1), LINK.format("A", 1)), "Link moved",
         ">Link: A -> https://a.example/1"),
    ],
)  # fmt: skip
def test_each_part_says_what_happened_to_it(part: Part, label: str, line: str) -> None:
    (found,) = redline([part])

    assert (found.label, signed_line(found)) == (label, line)


def test_a_unified_text_has_the_two_moments_the_sentence_and_a_line_a_paragraph() -> None:
    found = diff("Status\nProposed\nmore", "Status\nFinal\nmore\nand more")

    text = unified(redline(found.parts), before="A page  2025-10-06", after="A page  2025-10-09", summary=found.summary)

    assert text.splitlines() == [
        "--- A page  2025-10-06",
        "+++ A page  2025-10-09",
        "@@ 1 paragraph added, 1 changed @@",
        "![-Proposed-]{+Final+}",
        "+and more",
    ]


def test_an_abridged_part_keeps_what_stands_around_a_change() -> None:
    stays = "word " * 200
    found = marked(CHANGED, f"{stays}old {stays}", f"{stays}new {stays}")

    line = marked_line(abridged(found, 1000))

    assert len(line) < 250
    assert line.startswith("…")
    assert line.endswith("…")
    assert "word [-old-]{+new+} word" in line


def test_an_abridged_part_is_never_much_longer_than_its_limit() -> None:
    words = " ".join(f"w{n} x" for n in range(5000))

    assert len(marked_line(abridged(marked(CHANGED, words, words.replace("x", "y")), 300))) < 1000
    assert len(marked_line(abridged(marked(ADDED, "", words), 300))) < 320


def test_an_excerpt_leaves_out_what_only_moved_before_all_else() -> None:
    parts = [Part(PartKind.MOVED, "m", "m"), Part(ADDED, "", "a " * 500), Part(REMOVED, "r", "")]

    shown, left_out = excerpt(parts, most=2, room=100)

    assert ([each.label for each in shown], left_out) == (["Added", "Removed"], 1)
    assert len(marked_line(shown[0])) < 120


def test_a_line_of_a_mail_begins_with_what_happened() -> None:
    parts = [
        Part(CHANGED, "It is proposed.", "It is final."),
        Part(ADDED, "", "New."),
        Part(PartKind.LINK, "", LINK.format("A", 1)),
    ]

    assert [told_line(each) for each in redline(parts)] == [
        "Changed: It is [-proposed-]{+final+}.", "Added: New.", "Link added: A -> https://a.example/1",
    ]  # fmt: skip


# --- the laws ---------------------------------------------------------------------------------------------------------

WORDS = st.lists(st.sampled_from(["the", "rule", "May 5, 2025", "is", "final", ",", "U.S.", "\n", "1,200", "é", "[-"]))
TEXT = st.one_of(WORDS.map(" ".join), st.text(max_size=40))
LINKS = st.builds(LINK.format, st.sampled_from(["A", "B rule", "Final rule"]), st.integers(0, 3))
LINES = st.lists(st.one_of(WORDS.map(" ".join), LINKS, st.text(max_size=12)), max_size=15).map("\n".join)


@given(st.sampled_from([CHANGED, DATE, PartKind.LINK]), TEXT, TEXT)
def test_without_what_was_added_the_pieces_are_the_old_text_and_without_what_was_removed_the_new(
    op: PartKind, before: str, after: str
) -> None:
    found = marked(op, before, after)

    assert without(Mark.ADDED, found) == before
    assert without(Mark.REMOVED, found) == after


@given(LINES, LINES)
def test_the_law_holds_for_every_part_of_every_difference(before: str, after: str) -> None:
    parts = diff(before, after).parts

    for part, found in zip(parts, redline(parts), strict=True):
        assert (without(Mark.ADDED, found), without(Mark.REMOVED, found)) == (part.before, part.after)
        assert all(piece.text for piece in (*found.pieces, *found.addresses))


@given(LINES, LINES)
def test_moved_paragraphs_are_marked_as_neither_added_nor_removed(before: str, after: str) -> None:
    for found in redline(diff(before, after).parts):
        if found.op is PartKind.MOVED:
            assert {piece.mark for piece in line_pieces(found)} == {Mark.SAME}


@given(LINES)
def test_a_text_has_no_difference_from_itself(text: str) -> None:
    assert redline(diff(text, text).parts) == ()


# --- the bounds -------------------------------------------------------------------------------------------------------


def prose(words: int, seed: int) -> str:
    chance = random.Random(seed)
    return " ".join(f"w{chance.randrange(500)}" for _ in range(words))


def test_a_paragraph_too_long_to_compare_is_removed_and_added_with_what_both_begin_and_end_with() -> None:
    before, after = (f"It begins. {prose(6_000, seed)} It ends." for seed in (1, 2))

    found = marked(CHANGED, before, after)

    assert [piece.mark for piece in found.pieces] == [Mark.SAME, Mark.REMOVED, Mark.ADDED, Mark.SAME]
    assert without(Mark.ADDED, found) == before


def test_what_is_too_long_to_cut_into_words_is_removed_and_added_whole() -> None:
    before, after = "x" * 2_000_000, "x" * 1_999_999 + "y"

    assert [piece.mark for piece in marked(CHANGED, before, after).pieces] == [Mark.REMOVED, Mark.ADDED]


def test_the_budget_is_of_the_whole_redline() -> None:
    before = "".join(f"constant{n} old " for n in range(1_200)) + "end"
    one = Part(CHANGED, before, before.replace("old", "new"))

    sizes = [len(found.pieces) for found in redline([one] * 4)]

    assert sizes[0] > 4
    assert sizes[-1] == 4
