"""What the pages of one host tell together: a change on many of them is told once, as the host's."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
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
    """The same change on many pages: what came, what went, and on which pages."""

    come: tuple[str, ...]
    gone: tuple[str, ...]
    pages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Settled:
    """What is each page's own, what is the host's, and what the pass taught."""

    own: Mapping[str, Residue]
    shared: tuple[Shared, ...]
    lessons: tuple[Lesson, ...]


def settle(
    changes: Mapping[str, Residue], looked_at: int, masks: Mapping[str, Mask], known: Collection[Words] = ()
) -> Settled:
    """Part what pages have in common from what is their own.

    ``changes``: by page, confirmed, control pages included; ``looked_at``: how many pages of the host were; ``known``:
    what was told as the host's before, which a page that follows late has no need to tell again.
    """
    holders: dict[Words, set[str]] = defaultdict(set)
    for page, left in changes.items():
        for words in words_of(left, masks[page]):
            holders[words].add(page)
    least = 2 if looked_at <= _SMALL else max(2, looked_at * _SHARE)
    common = {words for words, pages in holders.items() if len(pages) >= least} if looked_at > 1 else set()
    places = _frame(changes, looked_at)
    own = {page: _own(left, masks[page], common | set(known), places) for page, left in changes.items()}
    shared = _shared(changes, common - set(known), masks, places)
    return Settled(own, shared, tuple(Lesson(Pattern(Form.PLACE, place), _TURN) for place in sorted(places)))


def words_of(left: Residue, mask: Mask) -> set[Words]:
    """The lines of a change, without their noise."""
    return {("come", mask.masked(block)) for block in left.come} | {("gone", mask.masked(block)) for block in left.gone}


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


def _shared(
    changes: Mapping[str, Residue], common: Collection[Words], masks: Mapping[str, Mask], places: Collection[str]
) -> tuple[Shared, ...]:
    """One note for what the same pages share."""
    by_words: dict[Words, list[tuple[str, str]]] = defaultdict(list)
    for page, left in changes.items():
        for way, blocks in (("come", left.come), ("gone", left.gone)):
            for block in blocks:
                words = way, masks[page].masked(block)
                if words in common:
                    by_words[words].append((page, block.text))
    groups: dict[tuple[str, ...], tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
    for (way, _), found in by_words.items():
        pages = tuple(sorted({page for page, _ in found}))
        groups[pages][way == "gone"].append(found[0][1])
    return tuple(Shared(tuple(come), tuple(gone), pages) for pages, (come, gone) in sorted(groups.items()))
