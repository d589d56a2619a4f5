"""What became different between two texts: paragraphs first, then words."""

from __future__ import annotations

import re
from collections import Counter, defaultdict, deque
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from rapidfuzz.distance import Indel

from monitor.core.text import shorten
from monitor.core.urls import split_link_line
from monitor.model.change import Diff, Part, PartKind

NO_CHANGE = "no change"

_ALIGNABLE = 100_000_000  # lines x lines: 10,000 each way took 0.1 s and 25 MB; beyond, order is not looked at
_COMPARABLE = 40_000_000  # words x words over the whole diff, about half a second
_DATABLE = 1_000_000  # characters that are searched for dates, about half a second of hostile ones
_FULL_BLOCK = 400  # pairs up to which every removed line of a block is tried with every added one
_WINDOW = 3  # in larger blocks: how far from its own place a line is looked for
_ALIKE = 0.5  # share of words in common from which two lines are one line that changed

_MONTH = r"""(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?
    |oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?"""
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_MOMENT = rf"""(?:
      {_MONTH}\s{_DAY}(?:,?\s\d{{4}})?
    | {_DAY}\s{_MONTH}(?:,?\s\d{{4}})?
    | \d{{4}}[-./]\d{{1,2}}[-./]\d{{1,2}}(?:T[\d:.]{{4,15}}(?:Z|[+-]\d\d:?\d\d)?)?
    | \d{{1,2}}[-./]\d{{1,2}}[-./](?:\d{{4}}|\d{{2}})
    | \d{{1,2}}:\d{{2}}(?::\d{{2}})?(?:\s?[ap]\.?m\b\.?)?(?:\s(?:[ECMP][SD]?T|UTC|GMT)\b)?
    | (?:an?|\d{{1,4}})\s(?:second|minute|hour|day|week|month|year)s?\sago
    | (?:mon|tues|wednes|thurs|fri|satur|sun)day
    )(?!\w)"""
_DATE = re.compile(rf"\b{_MOMENT}(?:[\s,|-]{{1,3}}(?:at\s)?{_MOMENT})*", re.I | re.X)
_MASK = "\n"  # no line holds one


def diff(before: str, after: str) -> Diff:
    """Return what became different between two texts whose paragraphs are lines; blank lines do not count.

    A part is a whole paragraph: added, removed, moved (same words, another place), changed (at least half of the words
    in common), DATE where a changed one differs only in dates or times, LINK for lines that carry a link. Parts stand
    in reading order. Taking every part's ``before`` away from the lines and putting its ``after`` to them gives the new
    lines, whatever their order. Equal texts give no parts and the summary "no change".

    Bounded: two texts too large to align (over 10,000 lines each way) are compared as bags of lines, and where lines
    are too many or too long to compare word by word, a change reads as removed and added.
    """
    old, new = _lines(before), _lines(after)
    if old == new:
        return Diff((), NO_CHANGE)
    parts = tuple(_Comparison(old, new).parts())
    return Diff(parts, summarise(parts))


def _lines(text: str) -> list[str]:
    return [line for line in text.split("\n") if line.strip()]


@dataclass(slots=True)
class _Block:
    """A stretch of lines that differs: places of what was removed and of what was added there, not yet explained."""

    removed: list[int] = field(default_factory=list)
    added: list[int] = field(default_factory=list)


class _Comparison:
    """One comparison of two lists of lines. Each line that differs is explained once, by the first rule that fits."""

    def __init__(self, old: Sequence[str], new: Sequence[str]) -> None:
        self._old, self._new = old, new
        self._partner: dict[int, tuple[PartKind, int]] = {}  # place in new: what it was, and where in old
        self._paired: set[int] = set()  # places in old
        self._words_left = _COMPARABLE
        self._characters_left = _DATABLE

    def parts(self) -> Iterator[Part]:
        old, new = self._old, self._new
        if len(old) * len(new) > _ALIGNABLE:
            yield from _bags(old, new)
            return
        blocks = list(_blocks(old, new))
        self._find_moved(blocks)
        self._find_links(blocks)
        for block in blocks:
            self._find_dates(block)
            self._find_changed(block)
        for block in blocks:
            yield from self._tell(block)

    def _pair(self, kind: PartKind, was: int, now: int) -> None:
        self._partner[now] = kind, was
        self._paired.add(was)

    def _open_old(self, block: _Block) -> list[int]:
        return [place for place in block.removed if place not in self._paired]

    def _open_new(self, block: _Block) -> list[int]:
        return [place for place in block.added if place not in self._partner]

    def _find_moved(self, blocks: Sequence[_Block]) -> None:
        self._pair_equal(
            PartKind.MOVED,
            ((self._old[place], place) for block in blocks for place in block.removed),
            ((self._new[place], place) for block in blocks for place in block.added),
        )

    def _find_links(self, blocks: Sequence[_Block]) -> None:
        """Pair link lines over the whole text, by their words, then by their address: links stand at its end."""
        for side in (0, 1):
            self._pair_equal(
                PartKind.LINK,
                (
                    (link[side], place)
                    for block in blocks
                    for place in self._open_old(block)
                    if (link := split_link_line(self._old[place]))
                ),
                (
                    (link[side], place)
                    for block in blocks
                    for place in self._open_new(block)
                    if (link := split_link_line(self._new[place]))
                ),
            )

    def _find_dates(self, block: _Block) -> None:
        self._pair_equal(
            PartKind.DATE,
            ((mask, place) for place in self._open_old(block) if (mask := self._without_dates(self._old[place]))),
            ((mask, place) for place in self._open_new(block) if (mask := self._without_dates(self._new[place]))),
        )

    def _pair_equal(
        self, kind: PartKind, old: Iterable[tuple[Hashable, int]], new: Iterable[tuple[Hashable, int]]
    ) -> None:
        """Pair what has the same key, in order, each place once."""
        waiting: dict[Hashable, list[int]] = defaultdict(list)
        for key, place in old:
            waiting[key].append(place)
        for places in waiting.values():
            places.reverse()
        for key, place in new:
            if waiting.get(key):
                self._pair(kind, waiting[key].pop(), place)

    def _without_dates(self, line: str) -> str | None:
        """Return ``line`` with its dates and times masked; None where it has none, or the budget is spent."""
        if len(line) > self._characters_left:
            return None
        self._characters_left -= len(line)
        masked, found = _DATE.subn(_MASK, line)
        return masked if found else None

    def _find_changed(self, block: _Block) -> None:
        """Pair lines that are alike, the most alike of each line's candidates first; links are never prose."""
        old = [place for place in self._open_old(block) if split_link_line(self._old[place]) is None]
        new = [place for place in self._open_new(block) if split_link_line(self._new[place]) is None]
        if not old or not new:
            return
        was = {place: self._old[place].split() for place in old}
        now = {place: self._new[place].split() for place in new}
        scored = (
            (self._likeness(was[old[i]], now[new[j]]), -abs(i - j), old[i], new[j])
            for i, j in _candidates(len(old), len(new))
        )
        for _, _, was_at, now_at in sorted((score for score in scored if score[0] >= _ALIKE), reverse=True):
            if was_at not in self._paired and now_at not in self._partner:
                self._pair(PartKind.CHANGED, was_at, now_at)

    def _likeness(self, was: list[str], now: list[str]) -> float:
        """Return the share of words in common, 0 to 1; 0 once the comparison's budget of work is spent."""
        cost = len(was) * len(now)
        if cost > self._words_left:
            return 0.0
        self._words_left -= cost
        return float(Indel.normalized_similarity(was, now, score_cutoff=_ALIKE))

    def _tell(self, block: _Block) -> Iterator[Part]:
        """Yield the block's parts as one reads: what was removed stands before what took its place."""
        gone = deque(self._open_old(block))
        for place, bound in zip(block.added, self._bounds(block), strict=True):
            while gone and gone[0] < bound:
                yield self._removed(gone.popleft())
            kind, was = self._partner.get(place, (PartKind.ADDED, None))
            line = self._new[place]
            yield Part(self._kind_of(kind, line), "" if was is None else self._old[was], line)
        yield from map(self._removed, gone)

    def _bounds(self, block: _Block) -> list[int]:
        """Return for each added line where in the old text the next line of the block that survived stood."""
        inside = set(block.removed)
        bound = len(self._old)
        bounds = []
        for place in reversed(block.added):
            was = self._partner[place][1] if place in self._partner else None
            bound = was if was is not None and was in inside else bound
            bounds.append(bound)
        return bounds[::-1]

    def _removed(self, place: int) -> Part:
        return Part(self._kind_of(PartKind.REMOVED, self._old[place]), self._old[place], "")

    @staticmethod
    def _kind_of(kind: PartKind, line: str) -> PartKind:
        return kind if kind is PartKind.MOVED or split_link_line(line) is None else PartKind.LINK


def _blocks(old: Sequence[str], new: Sequence[str]) -> Iterator[_Block]:
    """Yield the stretches that differ in a shortest edit of ``old`` into ``new``."""
    numbers: dict[str, int] = {}
    was = [numbers.setdefault(line, len(numbers)) for line in old]
    now = [numbers.setdefault(line, len(numbers)) for line in new]
    block = _Block()
    for step in Indel.opcodes(was, now):
        if step.tag != "equal":
            block.removed += range(step.src_start, step.src_end)
            block.added += range(step.dest_start, step.dest_end)
        elif block.removed or block.added:
            yield block
            block = _Block()
    if block.removed or block.added:
        yield block


def _bags(old: Sequence[str], new: Sequence[str]) -> Iterator[Part]:
    """Yield what is in one text and not in the other, without looking at order."""
    for kind, lines, others in ((PartKind.REMOVED, old, new), (PartKind.ADDED, new, old)):
        surplus = Counter(lines) - Counter(others)
        for line in lines:
            if surplus[line]:
                surplus[line] -= 1
                told = kind if split_link_line(line) is None else PartKind.LINK
                yield Part(told, line, "") if kind is PartKind.REMOVED else Part(told, "", line)


def _candidates(old: int, new: int) -> Iterator[tuple[int, int]]:
    """Yield which removed line may be tried with which added one: all in small blocks, neighbours in large ones."""
    for i in range(old):
        middle = i * new // old
        near = range(max(0, middle - _WINDOW), min(new, middle + _WINDOW + 1))
        yield from ((i, j) for j in (range(new) if old * new <= _FULL_BLOCK else near))


def summarise(parts: Sequence[Part]) -> str:
    """Return one plain sentence about the parts: "2 paragraphs added, 1 changed; date changed from X to Y"."""
    count = Counter(_aspect(part) for part in parts)
    prose = ("added", "removed", "changed", "moved")
    phrases = [
        _counted("paragraph", [(count["paragraph", action], action) for action in prose]),
        _dates([part for part in parts if part.op is PartKind.DATE]),
        _counted("link", [(count["link", action], action) for action in prose]),
    ]
    return "; ".join(phrase for phrase in phrases if phrase) or NO_CHANGE


def _aspect(part: Part) -> tuple[str, str]:
    match part.op:
        case PartKind.LINK:
            return "link", "added" if not part.before else "changed" if part.after else "removed"
        case PartKind.MOVED if split_link_line(part.after) is not None:
            return "link", "moved"
        case _:
            return "paragraph", part.op.value


def _counted(noun: str, actions: Iterable[tuple[int, str]]) -> str:
    told = [(number, action) for number, action in actions if number]
    if not told:
        return ""
    (number, action), *others = told
    first = f"{number:,} {noun}{'' if number == 1 else 's'} {action}"
    return ", ".join((first, *(f"{number:,} {action}" for number, action in others)))


def _dates(parts: Sequence[Part]) -> str:
    if len(parts) != 1:
        return f"{len(parts):,} dates changed" if parts else ""
    pairs = zip(_DATE.findall(parts[0].before), _DATE.findall(parts[0].after), strict=True)
    was, now = next(pair for pair in pairs if pair[0] != pair[1])
    return f"date changed from {shorten(was, 40)} to {shorten(now, 40)}"
