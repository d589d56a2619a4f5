"""Whether a page changed: what is left after its noise, in every fetch of it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from monitor.core.noise.compare import Blocks, Residue, residue, standing
from monitor.core.noise.learn import SURE, Lesson, learn
from monitor.core.noise.mask import Mask, Masked, Pattern
from monitor.core.noise.tokens import Token, tokens_of
from monitor.model.page import LINK_PLACE, Block

MOST_FETCHES = 5
"""Of one page in one poll: the first, one that confirms, another one where the place is known for noise, and two more
where this poll has seen some there."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is believed of a page after some fetches. ``more``: another fetch is needed to tell."""

    left: Residue
    lessons: tuple[Lesson, ...] = ()
    more: bool = False


def judge(
    base: Blocks,
    fetches: Sequence[Blocks],
    valid: Iterable[Pattern],
    *,
    suspect: Collection[str] = (),
    confirm: bool = True,
) -> Verdict:
    """Compare a page's fetches of one poll with what is believed of it. ``valid``: the patterns that hold for it;
    ``suspect``: places where something else once looked like noise.

    What differs between fetches moments apart is noise, and is learned; only what all of them say counts. One fetch
    confirms; where lessons were learned in this poll or before, two do, since values of few kinds agree by chance.
    """
    patterns = list(valid)
    lessons: dict[Pattern, int] = {}
    mask = Mask(patterns)
    for earlier, later in pairwise(fetches):
        for lesson in learn(base, earlier, later, mask):
            lessons[lesson.pattern] = lesson.weight + lessons.get(lesson.pattern, 0)
        sure = [pattern for pattern, weight in lessons.items() if weight >= SURE]
        mask = Mask([*patterns, *sure])
    left = standing([residue(base, fetch, mask) for fetch in fetches], mask)
    taught = tuple(Lesson(pattern, weight) for pattern, weight in lessons.items())
    if not left or not confirm:
        return Verdict(left, taught)
    places = left.places()
    flickering = places & ({pattern.place for pattern in lessons} | set(suspect))
    needed = MOST_FETCHES if flickering else 3 if any(mask.knows(place) for place in places) else 2
    return Verdict(left, taught, len(fetches) < needed)


def schooled(fetches: Sequence[Blocks], valid: Iterable[Pattern]) -> tuple[Lesson, ...]:
    """What the first fetches of a page teach, before anything of it is believed."""
    base, *others = fetches
    return judge(base, others, valid, confirm=False).lessons if len(others) > 1 else ()


def believed(base: Blocks, now: Blocks, mask: Mask) -> list[Block]:
    """What is remembered of a page: what it says now, with its noise as it was, so that no difference shows that."""
    same = _by_mask(base, mask)
    left = Counter(block.text for block in base)
    found: list[Block] = []
    for block in now:
        if left[block.text] > 0:
            left[block.text] -= 1
            found.append(block)
        elif not mask.hides(block):
            found.append(_frozen(block, same, base, mask))
            left[found[-1].text] -= 1
    return _in_old_order(_with_hidden(found, left, base, mask), base, mask)


def _with_hidden(found: list[Block], left: Mapping[str, int], base: Blocks, mask: Mask) -> list[Block]:
    """With the hidden lines that are not there now, each after the line that it followed."""
    for number, block in enumerate(base):
        if left[block.text] > 0 and mask.hides(block):
            before = {each.text for each in base[:number]}
            at = max((place + 1 for place, each in enumerate(found) if each.text in before), default=0)
            found.insert(at, block)
    return found


def frozen(block: Block, base: Blocks, mask: Mask) -> Block:
    """A block with its noise as it was."""
    return _frozen(block, _by_mask(base, mask), base, mask)


def _by_mask(base: Blocks, mask: Mask) -> dict[Masked, list[Block]]:
    same: dict[Masked, list[Block]] = defaultdict(list)
    for block in base:
        same[mask.masked(block)].append(block)
    return same


def _in_old_order(found: list[Block], base: Blocks, mask: Mask) -> list[Block]:
    """Where the order is noise, lines that stood there before stand as they did, in the places that they take now."""
    ranks = {block.text: rank for rank, block in enumerate(base)}
    by_place: dict[str, list[int]] = defaultdict(list)
    for at, block in enumerate(found):
        if block.text in ranks and mask.shuffles(block.place.removesuffix(LINK_PLACE)):
            by_place[block.place].append(at)
    ordered = list(found)
    for places in by_place.values():
        lines = sorted((found[at] for at in places), key=lambda block: ranks[block.text])
        for at, block in zip(places, lines, strict=True):
            ordered[at] = block
    return ordered


def _frozen(block: Block, same: dict[Masked, list[Block]], base: Blocks, mask: Mask) -> Block:
    twins = same.get(mask.masked(block))
    if twins:
        return block._replace(text=(twins.pop() if len(twins) > 1 else twins[0]).text)
    tokens = tokens_of(block.text)
    spans = mask.spans(block.place, tokens)
    for old in base if spans else ():
        if old.place == block.place and len(old_spans := mask.spans(old.place, tokens_of(old.text))) == len(spans):
            return block._replace(text=_with_values(block.text, tokens, spans, old, old_spans))
    return block


def _with_values(
    text: str, tokens: Sequence[Token], spans: list[tuple[int, int]], old: Block, old_spans: list[tuple[int, int]]
) -> str:
    olds = tokens_of(old.text)
    pieces: list[str] = []
    at = 0
    for (start, end), (was, to) in zip(spans, old_spans, strict=True):
        pieces += [text[at : tokens[start].start], old.text[olds[was].start : olds[to - 1].end]]
        at = tokens[end - 1].end
    return "".join((*pieces, text[at:]))
