"""The words that changed within each paragraph of a difference."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate

from rapidfuzz.distance import Indel

from monitor.core.date_words import DATE
from monitor.core.urls import split_link_line
from monitor.model.change import Part, PartKind

_COMPARABLE = 50_000_000  # words x words over a whole redline: at most 0.1 s, and 6 MB for the largest pair
_READABLE = 1_000_000  # characters that are cut into words, about 0.3 s
_TOKEN = re.compile(
    r"https?://\S+"
    r"|\w+(?:(?:[-'’.]|(?<=\d)[,:/](?=\d))\w+)*"  # well-known, agency's, U.S, 1,200, 10:30
    r"|\s+"
    r"|."
)


class Mark(StrEnum):
    """What became of some words."""

    SAME = "same"
    REMOVED = "removed"
    ADDED = "added"


@dataclass(frozen=True, slots=True)
class Piece:
    """Words of one fate, with their blanks."""

    mark: Mark
    text: str


@dataclass(frozen=True, slots=True)
class Marked:
    """One part of a difference with its words marked.

    ``pieces`` without what was ADDED are the old paragraph to the letter, without what was REMOVED the new one. Of a
    link they are those of its words, and ``addresses`` those of its address; of anything else ``addresses`` is empty.
    """

    op: PartKind
    pieces: tuple[Piece, ...]
    addresses: tuple[Piece, ...] = ()

    @property
    def label(self) -> str:
        """What happened, in words: "Added", "Date changed", "Link removed"."""
        marks = {piece.mark for piece in (*self.pieces, *self.addresses)} - {Mark.SAME}
        if self.op is PartKind.LINK:
            return "Link changed" if len(marks) != 1 or self._is_mixed else f"Link {next(iter(marks)).value}"
        if self.op is PartKind.MOVED:
            return "Link moved" if self.addresses else "Moved"
        return "Date changed" if self.op is PartKind.DATE else self.op.value.capitalize()

    @property
    def _is_mixed(self) -> bool:
        return any(piece.mark is Mark.SAME for piece in (*self.pieces, *self.addresses))


@dataclass(slots=True)
class _Budget:
    """The work that is left for one redline: what is beyond is told as removed and added."""

    comparisons: int = _COMPARABLE
    characters: int = _READABLE


def redline(parts: Iterable[Part], *, readable: int = _READABLE) -> tuple[Marked, ...]:
    """Return the parts of a difference with the words marked that differ.

    Bounded: paragraphs that are too long, or too many, to compare word by word are marked as removed and added whole;
    ``readable`` characters are cut into words.
    """
    budget = _Budget(characters=readable)
    return tuple(_marked(part, budget) for part in parts)


def _marked(part: Part, budget: _Budget) -> Marked:
    was, now = split_link_line(part.before), split_link_line(part.after)
    linked = (was or not part.before) and (now or not part.after)
    if linked and part.op in (PartKind.LINK, PartKind.MOVED):
        (old, old_url), (new, new_url) = was or ("", ""), now or ("", "")
        return Marked(part.op, _edits(old, new, budget), _whole(old_url, new_url))
    if part.op is PartKind.LINK:  # an item's own address, which no words carry
        return Marked(part.op, (), _whole(part.before, part.after))
    return Marked(part.op, _edits(part.before, part.after, budget, dates_whole=part.op is PartKind.DATE))


def _whole(was: str, now: str) -> tuple[Piece, ...]:
    """Return both texts unread: one piece where they are equal."""
    if was == now:
        return _pieces([(Mark.SAME, now)])
    return _pieces([(Mark.REMOVED, was), (Mark.ADDED, now)])


def _pieces(told: Iterable[tuple[Mark, str]]) -> tuple[Piece, ...]:
    return tuple(Piece(mark, text) for mark, text in told if text)


def _edits(was: str, now: str, budget: _Budget, *, dates_whole: bool = False) -> tuple[Piece, ...]:
    if was == now or not was or not now or len(was) + len(now) > budget.characters:
        return _whole(was, now)
    budget.characters -= len(was) + len(now)
    old, new = (_dated_tokens(text) if dates_whole else _TOKEN.findall(text) for text in (was, now))
    head = _common(old, new)
    tail = _common(old[head:][::-1], new[head:][::-1])
    ends = len(old) - tail, len(new) - tail
    cost = (ends[0] - head) * (ends[1] - head)
    if cost > budget.comparisons:
        return _told(old, new, [_Edit(0, head, ends[0], head, ends[1])])
    budget.comparisons -= cost
    return _told(old, new, _joined(old, new, _edited(old[: ends[0]], new[: ends[1]], head)))


def _dated_tokens(text: str) -> list[str]:
    tokens: list[str] = []
    at = 0
    for date in DATE.finditer(text):
        tokens += _TOKEN.findall(text, at, date.start())
        tokens.append(date.group())
        at = date.end()
    return tokens + _TOKEN.findall(text, at)


def _common(old: Sequence[str], new: Sequence[str]) -> int:
    """Return how many tokens are equal from the start."""
    return next((n for n, (was, now) in enumerate(zip(old, new, strict=False)) if was != now), min(len(old), len(new)))


@dataclass(slots=True)
class _Edit:
    """Places of tokens: what stayed since the edit before (from ``stayed`` to ``old_from``), was removed and added."""

    stayed: int
    old_from: int
    old_to: int
    new_from: int
    new_to: int


def _edited(old: Sequence[str], new: Sequence[str], head: int) -> Iterator[_Edit]:
    """Yield a shortest edit of the tokens from ``head`` on."""
    numbers: dict[str, int] = {}
    was, now = ([numbers.setdefault(token, len(numbers)) for token in side[head:]] for side in (old, new))
    edit = _Edit(0, head, head, head, head)
    for step in Indel.opcodes(was, now):
        if step.tag == "equal":
            yield edit
            end, new_end = head + step.src_end, head + step.dest_end
            edit = _Edit(head + step.src_start, end, end, new_end, new_end)
        else:
            edit.old_to, edit.new_to = head + step.src_end, head + step.dest_end
    yield edit


def _joined(old: Sequence[str], new: Sequence[str], edits: Iterable[_Edit]) -> list[_Edit]:
    """Return the edits, neighbours as one where what stayed between them is no longer than either.

    A sentence that was rewritten would else be told as confetti around its "the" and its blanks.
    """
    old_at, new_at = (list(accumulate(map(len, side), initial=0)) for side in (old, new))

    def size(edit: _Edit) -> int:
        return max(old_at[edit.old_to] - old_at[edit.old_from], new_at[edit.new_to] - new_at[edit.new_from])

    joined: list[_Edit] = []
    for edit in edits:
        while joined and old_at[edit.old_from] - old_at[edit.stayed] <= min(size(joined[-1]), size(edit)):
            last = joined.pop()
            edit = _Edit(last.stayed, last.old_from, edit.old_to, last.new_from, edit.new_to)
        joined.append(edit)
    return joined


def _trim(old: Sequence[str], new: Sequence[str], edit: _Edit) -> None:
    """Leave out of an edit what both sides begin or end with, and let it begin with a word rather than a blank."""
    was, now = old[edit.old_from : edit.old_to], new[edit.new_from : edit.new_to]
    head = _common(was, now)
    tail = _common(was[head:][::-1], now[head:][::-1])
    edit.old_from, edit.new_from = edit.old_from + head, edit.new_from + head
    edit.old_to, edit.new_to = edit.old_to - tail, edit.new_to - tail
    for side, begin, end in ((old, edit.old_from, edit.old_to), (new, edit.new_from, edit.new_to)):
        if (was and now) or begin == end or end == len(side) or not side[begin].isspace() or side[begin] != side[end]:
            continue
        edit.old_from, edit.old_to = edit.old_from + 1, edit.old_to + 1
        edit.new_from, edit.new_to = edit.new_from + 1, edit.new_to + 1


def _told(old: Sequence[str], new: Sequence[str], edits: Sequence[_Edit]) -> tuple[Piece, ...]:
    pieces: list[tuple[Mark, str]] = []
    stayed = 0
    for edit in edits:
        _trim(old, new, edit)
        edit.stayed, stayed = stayed, edit.old_to
        pieces.append((Mark.SAME, "".join(old[edit.stayed : edit.old_from])))
        pieces.append((Mark.REMOVED, "".join(old[edit.old_from : edit.old_to])))
        pieces.append((Mark.ADDED, "".join(new[edit.new_from : edit.new_to])))
    return _pieces([*pieces, (Mark.SAME, "".join(old[edits[-1].old_to :]))])
