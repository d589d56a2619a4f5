"""No text drives the difference into the ground: what is too much ends in a coarser one, which is still right."""

from __future__ import annotations

import difflib
import time
from collections import Counter
from collections.abc import Callable

import pytest

from benchmarks.differences import HOSTILE, edited, prose
from monitor.core.diff import diff
from monitor.core.redline import Mark, redline
from monitor.core.redline_text import line_pieces
from monitor.model.change import Diff, PartKind

OFTEN = 100  # times what difflib takes for a fifth of 5,000 lines; measured at most 10


def rebuilt(before: list[str], found: Diff) -> Counter[str]:
    """The new lines, as the parts say, in any order."""
    lines = Counter(before)
    lines.subtract(part.before for part in found.parts if part.before)
    lines.update(part.after for part in found.parts if part.after)
    return +lines


def cpu(work: Callable[[], object]) -> float:
    started = time.thread_time()
    work()
    return time.thread_time() - started


def test_a_fifth_of_five_thousand_lines_is_told_part_by_part_with_its_words() -> None:
    before = prose(5_000, 1)
    after = edited(before, 0.2, 2)

    found = diff("\n".join(before), "\n".join(after))

    assert rebuilt(before, found) == Counter(after)
    assert 900 < len(found.parts) < 1_100
    marked = redline(found.parts)
    changed = [each for each in marked if each.op is PartKind.CHANGED]
    assert len(changed) > 400
    assert all(any(piece.mark is Mark.SAME for piece in each.pieces) for each in changed)


def test_lines_that_were_shuffled_have_moved() -> None:
    before, after = HOSTILE["10,000 lines shuffled"]()

    assert {part.op for part in diff("\n".join(before), "\n".join(after)).parts} == {PartKind.MOVED}


def test_a_line_of_five_megabytes_is_removed_and_added() -> None:
    before, after = HOSTILE["one line of 5 MB"]()

    found = diff(before[0], after[0])

    assert [part.op for part in found.parts] == [PartKind.REMOVED, PartKind.ADDED]
    assert ["".join(piece.text for piece in line_pieces(each)) for each in redline(found.parts)] == [*before, *after]


@pytest.mark.slow
@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_hostile_costs_a_bounded_multiple_of_what_is_usual(name: str) -> None:
    before, after = HOSTILE[name]()
    usual = prose(5_000, 1)
    unit = cpu(lambda: list(difflib.unified_diff(usual, edited(usual, 0.2, 2))))
    found: list[Diff] = []

    def work() -> None:
        found.append(diff("\n".join(before), "\n".join(after)))
        redline(found[0].parts)

    spent = cpu(work)

    assert spent < OFTEN * unit
    assert rebuilt(before, found[0]) == Counter(after)
