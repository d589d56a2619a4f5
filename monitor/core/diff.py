"""What became different between two texts: paragraphs first, then words."""

from __future__ import annotations

import re
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from rapidfuzz.distance import Indel

from monitor.core.change_summary import NO_CHANGE, summarise
from monitor.core.date_words import DATE
from monitor.core.text import fold
from monitor.core.urls import split_link_line
from monitor.model.change import Diff, Part, PartKind

_ALIGNABLE = 100_000_000  # lines x lines: 10,000 each way took 0.1 s and 25 MB; beyond, order is not looked at
_COMPARABLE = 40_000_000  # words x words over the whole diff, about half a second
_DATABLE = 1_000_000  # characters that are searched for dates, about half a second of hostile ones
_TRIED = 500  # what a pair costs of that beside its words
_FULL_BLOCK = 2_500  # pairs up to which every removed line of a block is tried with every added one
_WINDOW = 3  # in larger blocks: how far from its own place a line is looked for
_ALIKE = 0.5  # share of words in common from which two lines are one line that changed
_VALUE = 6  # words that a status, a heading or another value has at most

_MASK = "\n"  # no line holds one
_WORD = re.compile(r"\w+")


def diff(before: str, after: str) -> Diff:
    """Return what became different between two texts whose paragraphs are lines; blank lines do not count.

    A part is a whole paragraph: added, removed, moved (same words, another place), changed (at least half of the words
    in common, or a short value in the place of another), DATE where a changed one differs only in dates or times, LINK
    for lines that carry a link. Parts stand in reading order. Taking every part's ``before`` away from the lines and
    putting its ``after`` to them gives the new lines, whatever their order. Equal texts give no parts and the summary
    "no change".

    Bounded: two texts too large to align (over 10,000 lines each way) are compared as bags of lines, and where lines
    are too many or too long to compare word by word, a change reads as removed and added.
    """
    old, new = _lines(before), _lines(after)
    if old == new:
        return Diff((), NO_CHANGE)
    told = list(_Comparison(old, new).told())
    parts = tuple(part for part, _ in told)
    return Diff(parts, summarise(parts, [heading for _, heading in told]))


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

    def told(self) -> Iterator[tuple[Part, str]]:
        """Yield each part with the line above it ("" where there is none or it does not matter)."""
        old, new = self._old, self._new
        if len(old) * len(new) > _ALIGNABLE:
            yield from ((part, "") for part in _bags(old, new))
            return
        blocks = list(_blocks(old, new))
        self._find_moved(blocks)
        self._find_links(blocks)
        for block in blocks:
            self._find_dates(block)
            self._find_changed(block, PartKind.CHANGED, _prose)
            self._find_changed(block, PartKind.LINK, _link_words)
            self._find_exchanged(block)
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
        masked, found = DATE.subn(_MASK, line)
        return masked if found else None

    def _find_changed(self, block: _Block, kind: PartKind, read: Callable[[str], str | None]) -> None:
        """Pair lines that are alike in what ``read`` takes of them, the most alike of each line's candidates first."""
        old = {place: _words(text) for place in self._open_old(block) if (text := read(self._old[place])) is not None}
        new = {place: _words(text) for place in self._open_new(block) if (text := read(self._new[place])) is not None}
        if not old or not new:
            return
        was, now = list(old.items()), list(new.items())
        scored = (
            (self._likeness(was[i][1], now[j][1]), -abs(i - j), was[i][0], now[j][0])
            for i, j in _candidates(len(was), len(now))
        )
        for _, _, was_at, now_at in sorted((score for score in scored if score[0] >= _ALIKE), reverse=True):
            apart = was_at in self._paired or now_at in self._partner
            if not apart and _one_site(self._old[was_at], self._new[now_at]):
                self._pair(kind, was_at, now_at)

    def _likeness(self, was: list[str], now: list[str]) -> float:
        """Return the share of words in common, 0 to 1; 0 once the comparison's budget of work is spent."""
        if max(len(was), len(now)) > 3 * min(len(was), len(now)):  # cannot have half of all in common
            return 0.0
        cost = len(was) * len(now) + _TRIED
        if cost > self._words_left:
            return 0.0
        self._words_left -= cost
        return float(Indel.normalized_similarity(was, now, score_cutoff=_ALIKE))

    def _find_exchanged(self, block: _Block) -> None:
        """Pair two lines that are alone between the same neighbours, if they are values, not prose: Proposed, Final."""
        for removed, added in self._gaps(block):
            old = [place for place in removed if place not in self._paired]
            new = [place for place in added if place not in self._partner]
            if len(old) != 1 or len(new) != 1:
                continue
            was, now = self._old[old[0]], self._new[new[0]]
            link = split_link_line(was) is not None
            alike = link == (split_link_line(now) is not None) and _one_site(was, now)
            if alike and _is_value(was) and _is_value(now):
                self._pair(PartKind.LINK if link else PartKind.CHANGED, old[0], new[0])

    def _gaps(self, block: _Block) -> list[tuple[list[int], list[int]]]:
        """Return what was removed and added between the lines of the block that are paired with one another."""
        places = {was: n for n, was in enumerate(block.removed)}
        gaps, old_from, new_from = [], 0, 0
        for n, place in enumerate(block.added):
            was = places.get(self._partner[place][1], -1) if place in self._partner else -1
            if was >= old_from:
                gaps.append((block.removed[old_from:was], block.added[new_from:n]))
                old_from, new_from = was + 1, n + 1
        return [*gaps, (block.removed[old_from:], block.added[new_from:])]

    def _tell(self, block: _Block) -> Iterator[tuple[Part, str]]:
        """Yield the block's parts as one reads: what was removed stands before what took its place."""
        gone = deque(self._open_old(block))
        for place, bound in zip(block.added, self._bounds(block), strict=True):
            while gone and gone[0] < bound:
                yield self._removed(gone.popleft()), ""
            kind, was = self._partner.get(place, (PartKind.ADDED, None))
            line = self._new[place]
            part = Part(self._kind_of(kind, line), "" if was is None else self._old[was], line)
            yield part, self._new[place - 1] if place and kind is PartKind.DATE else ""
        yield from ((self._removed(place), "") for place in gone)

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


def _prose(line: str) -> str | None:
    return line if split_link_line(line) is None else None


def _link_words(line: str) -> str | None:
    link = split_link_line(line)
    return None if link is None else link[0]


def _words(text: str) -> list[str]:
    return _WORD.findall(fold(text))


def _one_site(was: str, now: str) -> bool:
    """Tell whether two link lines lead to one site; prose leads nowhere."""
    links = split_link_line(was), split_link_line(now)
    return None in links or len({_site(link[1]) for link in links if link}) == 1


def _site(url: str) -> str:
    try:
        return urlsplit(url).netloc
    except ValueError:
        return url


def _is_value(line: str) -> bool:
    """Tell whether a line is a value or a heading rather than a sentence."""
    words = _link_words(line) or line
    return len(words.split(maxsplit=_VALUE)) <= _VALUE and not words.rstrip().endswith((".", "!", "?"))


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
