"""What fetches moments apart teach about noise."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from rapidfuzz.distance import Indel

from monitor.core.noise.compare import Blocks, residue
from monitor.core.noise.mask import BEGIN, END, Form, Mask, Pattern, is_loud, spans_of
from monitor.core.noise.tokens import Kind, Token, kind_of, tokens_of
from monitor.model.page import Block

SURE = 6
"""How much must speak for a pattern on one page before it is noise there."""

_FLIP = SURE // 2  # something that came back, as on a page that is half deployed: twice makes it sure
_CONTEXT = 3  # tokens on each side of a gap
_ALIKE = 0.5  # share of tokens in common from which two lines are one that differs
_KEPT = 0.6  # share that a line keeps, below which its place is noise
_MOST_GAPS = 3  # gaps of words at a place that one line takes: more, and the place is noise


class Lesson(NamedTuple):
    """What a page taught, and how much that counts; SURE is enough."""

    pattern: Pattern
    weight: int


def learn(base: Blocks, x: Blocks, y: Blocks, mask: Mask) -> list[Lesson]:
    """Compare two fetches moments apart, with what stood there before.

    A value that is new in both is noise; one that came back may be: a page that is half deployed does that, too. An
    old one followed by a new one may be an edit in between, and teaches nothing.
    """
    differ = residue(x, y, mask)
    first, second, before = _by_place(differ.gone), _by_place(differ.come), _by_place(base)
    all_x, all_y = _by_place(x), _by_place(y)
    lessons: dict[Pattern, int] = {}
    for place in first.keys() | second.keys():
        pupils = _at_place(
            place, first.get(place, []), second.get(place, []), before.get(place, []), all_x[place], all_y[place], mask
        )
        for lesson in pupils:
            lessons[lesson.pattern] = max(lesson.weight, lessons.get(lesson.pattern, 0))
    for place in {block.place for block in differ.moved}:
        lessons[Pattern(Form.ORDER, place)] = SURE
    return [Lesson(pattern, weight) for pattern, weight in lessons.items()]


def _by_place(blocks: Iterable[Block]) -> dict[str, list[Block]]:
    found: dict[str, list[Block]] = defaultdict(list)
    for block in blocks:
        found[block.place].append(block)
    return found


def _at_place(
    place: str,
    gone: Sequence[Block],
    come: Sequence[Block],
    before: Sequence[Block],
    all_x: Sequence[Block],
    all_y: Sequence[Block],
    mask: Mask,
) -> Iterator[Lesson]:
    if _turns_over(before, all_x, all_y):
        yield Lesson(Pattern(Form.PLACE, place), SURE)
        return
    pairs, lone_x, lone_y = _paired(gone, come)
    alone = len(all_x) == len(all_y) == 1
    for was, now in pairs:
        for gap, value, other in _gaps(place, was, now):
            lesson = _judged(gap, value, other, before)
            if lesson is None:
                continue
            endless = lesson.pattern.kind is Kind.WORD and mask.word_gaps(place) >= _MOST_GAPS
            yield Lesson(Pattern(Form.PLACE, place), SURE) if alone and endless and lesson.weight == SURE else lesson
    known = {block.text for block in before}
    for block in lone_x:
        if block.text not in known and not is_loud(block.text):  # new, then as before
            yield Lesson(Pattern(Form.TEXT, place, (block.text,)), _FLIP)
    for block in lone_y:
        if block.text in known and not is_loud(block.text):  # gone, then back
            yield Lesson(Pattern(Form.TEXT, place, (block.text,)), _FLIP)


def _turns_over(before: Sequence[Block], x: Sequence[Block], y: Sequence[Block]) -> bool:
    """Whether three fetches have three times something else at a place."""
    if not (before and x and y):
        return False
    return all(_kept(*pair) < _KEPT for pair in ((before, x), (x, y), (before, y)))


def _kept(some: Sequence[Block], others: Sequence[Block]) -> float:
    """The share that is in both: of the lines, or of the tokens of the one line there is."""
    if len(some) == len(others) == 1:
        return _alike(some[0], others[0])
    first, second = Counter(block.text for block in some), Counter(block.text for block in others)
    exact = sum((first & second).values()) / max(len(some), len(others))
    if exact >= _KEPT or min(len(some), len(others)) < 2:
        return max(exact, _KEPT) if min(len(some), len(others)) < 2 else exact
    pairs, _, _ = _paired(some, others)
    return (len(pairs)) / max(len(some), len(others))


def _alike(one: Block, other: Block) -> float:
    some, others = _words(one), _words(other)
    return float(Indel.normalized_similarity(some, others)) if some or others else 1.0


def _words(block: Block) -> list[str]:
    return _words_of(tokens_of(block.text))


def _paired(gone: Sequence[Block], come: Sequence[Block]) -> tuple[list[tuple[Block, Block]], list[Block], list[Block]]:
    """Pair the lines that are alike, the most alike first; what has no partner is left."""
    if len(gone) * len(come) > 2_500:
        return [], list(gone), list(come)
    scored = sorted(
        ((_alike(was, now), -abs(i - j), i, j) for i, was in enumerate(gone) for j, now in enumerate(come)),
        reverse=True,
    )
    taken_i: set[int] = set()
    taken_j: set[int] = set()
    pairs = []
    for score, _, i, j in scored:
        if score < _ALIKE:
            break
        if i not in taken_i and j not in taken_j:
            taken_i.add(i)
            taken_j.add(j)
            pairs.append((gone[i], come[j]))
    lone_i = [block for i, block in enumerate(gone) if i not in taken_i]
    return pairs, lone_i, [block for j, block in enumerate(come) if j not in taken_j]


def _gaps(place: str, was: Block, now: Block) -> Iterator[tuple[Pattern, Sequence[Token], Sequence[Token]]]:
    """Yield where two lines differ, as gaps with what fills them."""
    one, other = tokens_of(was.text), tokens_of(now.text)
    steps = [
        (step.src_start, step.src_end, step.dest_start, step.dest_end)
        for step in Indel.opcodes([token.text for token in one], [token.text for token in other])
        if step.tag != "equal"
    ]
    joined = list(_joined(steps))
    for number, (start, end, from_, to) in enumerate(joined):
        floor = joined[number - 1][1] if number else 0
        ceiling = joined[number + 1][0] if number + 1 < len(joined) else len(one)
        left = _left(one, start, floor, first=number == 0)
        right = _right(one, end, ceiling, last=number + 1 == len(joined))
        if left or right:
            yield Pattern(Form.GAP, place, left, right), one[start:end], other[from_:to]


def _joined(steps: Sequence[tuple[int, int, int, int]]) -> Iterator[tuple[int, int, int, int]]:
    """Insertion and deletion at one point are one replacement; a single token between two differences joins them."""
    open_: tuple[int, int, int, int] | None = None
    for step in steps:
        if open_ is not None and step[0] - open_[1] <= 1 and step[2] - open_[3] <= 1:
            open_ = open_[0], step[1], open_[2], step[3]
            continue
        if open_ is not None:
            yield open_
        open_ = step
    if open_ is not None:
        yield open_


def _left(tokens: Sequence[Token], start: int, floor: int, *, first: bool) -> tuple[str, ...]:
    words = [token.text for token in tokens[max(floor, start - _CONTEXT) : start]]
    return (BEGIN, *words) if first and start < _CONTEXT else tuple(words)


def _right(tokens: Sequence[Token], end: int, ceiling: int, *, last: bool) -> tuple[str, ...]:
    words = [token.text for token in tokens[end : min(ceiling, end + _CONTEXT)]]
    return (*words, END) if last and end + _CONTEXT > len(tokens) else tuple(words)


def _judged(gap: Pattern, value: Sequence[Token], other: Sequence[Token], before: Sequence[Block]) -> Lesson | None:
    """How much a gap's three values say, that of before and those of two fetches, and what may fill it by them."""
    old = next(_values_in(replace(gap, kind=Kind.WORD), before), None)
    gap = replace(gap, kind=kind_of([*value, *other, *(old or ())]))
    if old is None:
        return None if gap.kind is Kind.WORD else Lesson(gap, SURE)
    was, first, second = (_words_of(tokens) for tokens in (old, value, other))
    if was == first:
        return None
    return Lesson(gap, _FLIP if was == second else SURE)


def _values_in(gap: Pattern, before: Sequence[Block]) -> Iterator[Sequence[Token]]:
    for block in before:
        tokens = tokens_of(block.text)
        for start, end in spans_of(gap, tokens):
            yield tokens[start:end]


def _words_of(tokens: Sequence[Token]) -> list[str]:
    return [token.text for token in tokens]
