"""The difference of two fetches of a page, without what is noise."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from monitor.core.noise.mask import Mask, Masked, is_loud
from monitor.model.page import LINK_PLACE, Block

Blocks = Sequence[Block]


@dataclass(frozen=True, slots=True)
class Residue:
    """What a page says and did not (``come``), no longer says (``gone``), or says elsewhere (``moved``)."""

    come: tuple[Block, ...] = ()
    gone: tuple[Block, ...] = ()
    moved: tuple[Block, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.come or self.gone or self.moved)

    def places(self) -> set[str]:
        """Where anything is different."""
        return {block.place for block in (*self.come, *self.gone, *self.moved)}


def residue(base: Blocks, now: Blocks, mask: Mask) -> Residue:
    """Compare two fetches block by block, whatever their order; then the order of what both hold."""
    was, new = [block.text for block in base], [block.text for block in now]
    if was == new:
        return Residue()
    was_there, is_there = set(was), set(new)
    is_plain = len(was_there) == len(was) and len(is_there) == len(new)
    gone, come = _surplus(was, new, is_there, is_plain), _surplus(new, was, was_there, is_plain)
    twins: dict[int, int] = {}
    if come and gone:
        twins = _twins(base, gone, now, come, mask)
        gone = [place for place in gone if place not in twins]
        taken = set(twins.values())
        come = [place for place in come if place not in taken]
    return Residue(
        tuple(block for block in (now[place] for place in come) if not mask.hides(block) or _is_news(block, base)),
        tuple(block for block in (base[place] for place in gone) if not mask.hides(block)),
        tuple(_moved(base, now, twins, mask)),
    )


def standing(residues: Sequence[Residue], mask: Mask) -> Residue:
    """What all of several fetches agree on, in the words of the first."""
    first, *others = residues
    come, gone = list(first.come), list(first.gone)
    for other in others:
        come = _common(come, other.come, mask)
        gone = _common(gone, other.gone, mask)
    moved = [block for block in first.moved if all(block.text in _texts(other.moved) for other in others)]
    return Residue(tuple(come), tuple(gone), tuple(moved))


def _texts(blocks: Iterable[Block]) -> set[str]:
    return {block.text for block in blocks}


def _surplus(lines: Sequence[str], others: Sequence[str], theirs: Collection[str], is_plain: bool) -> list[int]:
    """The places of lines that the others do not hold, or hold less often: then the last ones of equals.

    ``theirs``: the others, each once; ``is_plain``: nothing stands twice.
    """
    found = [place for place, line in enumerate(lines) if line not in theirs]
    if is_plain:
        return found
    more = {line: count for line, count in Counter(lines).items() if count > 1 and line in theirs}
    if more:
        less = Counter(line for line in others if line in more)
        for line, count in more.items():
            if count > less[line]:
                places = [place for place, each in enumerate(lines) if each == line]
                found += places[len(places) - count + less[line] :]
    return sorted(found)


def _is_news(block: Block, base: Blocks) -> bool:
    """Words that are loud, and were not there: they count wherever all else is noise."""
    return is_loud(block.text) and not any(is_loud(each.text) for each in base if each.place == block.place)


def _twins(base: Blocks, gone: Iterable[int], now: Blocks, come: Iterable[int], mask: Mask) -> dict[int, int]:
    """Which block of before is which one now, but for noise."""
    waiting: dict[Masked, list[int]] = defaultdict(list)
    for place in gone:
        waiting[mask.masked(base[place])].append(place)
    twins = {}
    for place in come:
        same = waiting.get(mask.masked(now[place]))
        if same:
            twins[same.pop(0)] = place
    return twins


def _common(blocks: Iterable[Block], others: Iterable[Block], mask: Mask) -> list[Block]:
    counts = Counter(mask.masked(block) for block in others)
    found = []
    for block in blocks:
        key = mask.masked(block)
        if counts[key] > 0:
            counts[key] -= 1
            found.append(block)
    return found


def _moved(base: Blocks, now: Blocks, twins: Mapping[int, int], mask: Mask) -> list[Block]:
    """Blocks that stand elsewhere among those that both fetches hold once; links follow their words."""
    was, new = _once(base, mask), _once(now, mask)
    pairs = {place: new[text] for text, place in was.items() if text in new}
    pairs |= {place: there for place, there in twins.items() if _counts(now[there].place, mask)}
    order = [pairs[place] for place in sorted(pairs)]
    if all(place < following for place, following in pairwise(order)):
        return []
    kept = _longest_rise(order)
    return [now[place] for place in sorted(order) if place not in kept]


def _counts(place: str, mask: Mask) -> bool:
    return not mask.shuffles(place) and not place.endswith(LINK_PLACE)


def _once(blocks: Blocks, mask: Mask) -> dict[str, int]:
    """Where the lines stand whose order counts, and which are there once."""
    counted = {place: _counts(place, mask) for place in {block.place for block in blocks}}
    found: dict[str, int] = {}
    again: set[str] = set()
    for number, block in enumerate(blocks):
        if counted[block.place]:
            if block.text in found:
                again.add(block.text)
            found[block.text] = number
    for line in again:
        del found[line]
    return found


def _longest_rise(places: Sequence[int]) -> set[int]:
    """The members of a longest rising subsequence of distinct numbers."""
    tails: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for at, place in enumerate(places):
        rank = bisect_left(tails, place)
        before.append(ends[rank - 1] if rank else -1)
        if rank == len(tails):
            tails.append(place)
            ends.append(at)
        else:
            tails[rank], ends[rank] = place, at
    found: set[int] = set()
    at = ends[-1] if ends else -1
    while at >= 0:
        found.add(places[at])
        at = before[at]
    return found
