"""What the pages of one host tell together: a change on many of them is told once, as the host's."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from monitor.core.noise.compare import Residue
from monitor.core.noise.learn import SURE, Lesson
from monitor.core.noise.mask import Form, Mask, Masked, Pattern, is_loud
from monitor.model.page import Block

_SHARE = 0.25
_SMALL = 8  # pages up to which two are enough
_EVERYWHERE = 0.9
_TURN = SURE // 2  # a place that turned over on all pages in two passes is frame

Words = tuple[str, Masked]  # "come" or "gone", and the line without its noise


@dataclass(frozen=True, slots=True)
class Shared:
    """The same change on many pages: what came, what went, and on which pages.

    ``words``: the same lines without their noise. ``is_news``: words that came to the pages, or left them; a line that
    took another's place everywhere, as today's date does, is the frame's, unless it is loud.
    """

    come: tuple[str, ...]
    gone: tuple[str, ...]
    pages: tuple[str, ...]
    words: frozenset[Words]
    is_news: bool


@dataclass(frozen=True, slots=True)
class Settled:
    """What is each page's own, what is the host's, and what the pass taught."""

    own: Mapping[str, Residue]
    shared: tuple[Shared, ...]
    lessons: tuple[Lesson, ...]


def settle(
    changes: Mapping[str, Residue],
    looked_at: int,
    masks: Mapping[str, Mask],
    *,
    known: Collection[Words] = (),
    each: Collection[str] = (),
) -> Settled:
    """Part what pages have in common from what is their own.

    ``changes``: by page, confirmed, control pages included; ``looked_at``: how many pages of the host were. ``known``
    was told as the host's before: a page that follows late has no need to tell it again, but for the pages ``each``,
    for which somebody waits.
    """
    holders: dict[Words, set[str]] = defaultdict(set)
    for page, left in changes.items():
        for words, _ in _lines(left, masks[page]):
            holders[words].add(page)
    least = 2 if looked_at <= _SMALL else max(2, looked_at * _SHARE)
    common = {words for words, pages in holders.items() if len(pages) >= least} if looked_at > 1 else set()
    common -= set(known)
    places = _frame(changes, looked_at)
    own = {
        page: _own(left, masks[page], common if page in each else common | set(known), places)
        for page, left in changes.items()
    }
    lessons = tuple(Lesson(Pattern(Form.PLACE, place), _TURN) for place in sorted(places))
    return Settled(own, _shared(changes, common, masks), lessons)


def _lines(left: Residue, mask: Mask) -> Iterator[tuple[Words, Block]]:
    """The lines of a change, without their noise and with it."""
    for way, blocks in (("come", left.come), ("gone", left.gone)):
        for block in blocks:
            yield (way, mask.masked(block)), block


def _frame(changes: Mapping[str, Residue], looked_at: int) -> set[str]:
    """Places where (nearly) every page is different: what stands there is not about the page."""
    if looked_at < 3:
        return set()
    counts = Counter(place for left in changes.values() for place in left.places())
    return {place for place, count in counts.items() if count >= looked_at * _EVERYWHERE}


def _own(left: Residue, mask: Mask, common: Collection[Words], places: Collection[str]) -> Residue:
    def is_own(way: str, block: Block) -> bool:
        if (way, mask.masked(block)) in common:
            return False
        return block.place not in places or is_loud(block.text)

    come = tuple(block for block in left.come if is_own("come", block))
    gone = tuple(block for block in left.gone if is_own("gone", block) and block.place not in places)
    moved = tuple(block for block in left.moved if block.place not in places)
    return replace(left, come=come, gone=gone, moved=moved)


def _shared(changes: Mapping[str, Residue], common: Collection[Words], masks: Mapping[str, Mask]) -> tuple[Shared, ...]:
    """One note for what the same pages share, in the words of the first."""
    holders: dict[Words, dict[str, Block]] = defaultdict(dict)
    for page, left in changes.items():
        for words, block in _lines(left, masks[page]):
            if words in common:
                holders[words][page] = block
    groups: dict[tuple[str, ...], dict[Words, Block]] = defaultdict(dict)
    for words, blocks in holders.items():
        groups[tuple(sorted(blocks))][words] = next(iter(blocks.values()))
    return tuple(_note(pages, lines, changes[pages[0]]) for pages, lines in sorted(groups.items()))


def _note(pages: tuple[str, ...], lines: Mapping[Words, Block], left: Residue) -> Shared:
    come = [block for (way, _), block in lines.items() if way == "come"]
    gone = [block for (way, _), block in lines.items() if way == "gone"]
    emptied, filled = {block.place for block in left.gone}, {block.place for block in left.come}
    turned = all(block.place in emptied for block in come) and all(block.place in filled for block in gone)
    return Shared(
        come=tuple(block.text for block in come),
        gone=tuple(block.text for block in gone),
        pages=pages,
        words=frozenset(lines),
        is_news=not turned or any(is_loud(block.text) for block in (*come, *gone)),
    )
