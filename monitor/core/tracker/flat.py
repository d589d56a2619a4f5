"""Flat text: no numbers, no indentation, and words glued together where the page had a line's end.

"January 20, 2025Section 10", "AwardsEffective Date", "View DocumentSubsequent ...", "Not in effectMost Recent Action",
"Status: Final/ActualTrump ...: ...". A label counts where it begins a line or is glued to what stands before it, and
where what follows is the line's end or what such a heading introduces; a label word within a sentence does not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from monitor.core.tracker.dates import take_date
from monitor.core.tracker.headings import ITEM_ROLES, TAG_ROLES, Headings, Role
from monitor.core.tracker.lines import Line, bullet_of
from monitor.core.tracker.sections import Page, Section, is_old
from monitor.model.vocabulary import Vocabulary

_NUMBER = re.compile(r"(?:^|(?<=\D))\d{1,3}\.\s?$")
_SUBTYPE = re.compile(r":\s\S[^:]{0,60}$")
_SHORTEST_GLUED_CUT = 4
_WORD_ENDS = '.)]"”’!?%0123456789'
_NEAR, _FAR = 64, 200  # the characters before and after a label that are looked at: a line may be as long as the page


@dataclass(frozen=True, slots=True)
class _Hit:
    start: int
    end: int
    role: Role
    label: str


@dataclass(slots=True)
class _Splitter:
    headings: Headings
    vocabulary: Vocabulary
    glued: bool
    role: Role | None = None  # of the section being read
    tail: bool = False  # below the items: no action and no date can follow
    below: str = ""  # the line below the one being read

    def hits(self, text: str, below: str) -> list[_Hit]:
        """The labels of one line, left to right; ``below`` is the next line, "" at the page's end."""
        self.below = below
        if self.headings.is_boilerplate(text):
            if self.role is None:
                return []
            self._enter(Role.OTHER)
            return [_Hit(0, len(text), Role.OTHER, "")]
        found = []
        end = 0
        for match in self.headings.anywhere.finditer(text):
            label = match[0].rstrip(":")
            hit = self._hit(text, match.start(), match.end(), label)
            if hit is not None and hit.start >= end:
                found.append(hit)
                end = hit.end
                self._enter(hit.role)
        return found

    def _enter(self, role: Role) -> None:
        self.role = role
        self.tail = self.tail or role not in ITEM_ROLES

    def _hit(self, text: str, start: int, end: int, label: str) -> _Hit | None:
        role = self.headings.roles[label]
        before, after = text[max(0, start - _NEAR) : start], text[end : end + _FAR]
        if role in TAG_ROLES:
            return _Hit(start, end, role, label) if self._is_tag(role, before, text[end - 1], after) else None
        if role is Role.ACTION and self.tail:
            role = Role.OTHER
        subtype = _SUBTYPE.match(text, end - 1) if text[end - 1] == ":" else _SUBTYPE.match(text, end)
        number = _NUMBER.search(before)
        begin = start - len(number[0]) if number else start
        if role is Role.ACTION and subtype and take_date(self.below)[0]:
            return _Hit(begin, len(text), role, text[start:].strip()) if self._begins(before) else None
        if not self._introduces(role, after) or not (self._begins(before) or self._stands_alone(role, before, after)):
            return None
        return _Hit(begin, end, role, label)

    def _begins(self, before: str) -> bool:
        """Whether a label after ``before`` begins a line or is glued to the words before it."""
        number = _NUMBER.search(before)
        before = before[: number.start()] if number else before
        if not before:
            return True
        if not self.glued:
            return False
        return not before[-1].isspace() or (not self.tail and before.strip() == "-")

    def _stands_alone(self, role: Role, before: str, after: str) -> bool:
        """Whether a label that only a space parts from the words before it is one all the same.

        Text whose lines were joined looks so: the item's date follows, or a link or another block stands beside it.
        """
        if not self.glued:
            return False
        if role in ITEM_ROLES and not self.tail and take_date(after.lstrip())[0] is not None:
            return True
        below_link = before.rstrip().endswith(self.headings.link_labels)
        return below_link or (self.tail and (not after or self.headings.anywhere.match(after.lstrip()) is not None))

    def _introduces(self, role: Role, after: str) -> bool:
        after = after.strip()
        if not after or (role is Role.CURRENT_STATUS and after.startswith(self.vocabulary.current_statuses)):
            return True
        return take_date(after)[0] is not None or self.headings.anywhere.match(after) is not None

    def _is_tag(self, role: Role, before: str, last: str, after: str) -> bool:
        if last != ":":
            return False
        among_tags = self.role is Role.ORIGINAL_STATUS or self.role in TAG_ROLES
        if among_tags:
            return True
        glued = self.glued and not before[-1:].isspace()
        if before and not glued:
            return False
        # "Status: Status of Hearings" is an action's title: above the blocks the value must be a known one
        value = after.strip()
        known = value.startswith(self.vocabulary.status_tags)
        cut = not self.below and any(tag.startswith(value) for tag in self.vocabulary.status_tags)
        return self.tail or role is not Role.STATUS_TAGS or known or cut


@dataclass(slots=True)
class _Open:
    """A section while its lines are being gathered; None as role: the page's lead."""

    role: Role | None
    label: str
    lines: list[Line] = field(default_factory=list)

    def add(self, text: str, line: Line) -> None:
        if stripped := text.strip():
            self.lines.append(Line(stripped, line.indent, line.gap))


def _uncut(text: str, headings: Headings, *, glued: bool) -> str:
    """``text``, a page's last line, without the beginning of a label that was glued to it: "AwardsEffective Da"."""
    tags = [label for label, role in headings.roles.items() if role in TAG_ROLES]
    begun = ({*headings.roles, *headings.link_labels} - set(tags)) | {f"{label}:" for label in tags}
    longest = max(map(len, begun), default=0)
    for at in range(max(0, len(text) - longest), len(text)) if glued else (0,):
        rest = text[at:]
        ends_word = at == 0 or text[at - 1].islower() or text[at - 1] in _WORD_ENDS
        if not ends_word and (text[at - 1].isspace() or len(rest) < _SHORTEST_GLUED_CUT):
            continue
        if rest[0].isupper() and rest not in begun and any(label.startswith(rest) for label in begun):
            return text[:at]
    return text


def split_flat(lines: tuple[Line, ...], headings: Headings, vocabulary: Vocabulary, *, glued: bool = True) -> Page:
    """The page at its labels. ``glued=False``: the blocks below numbered items, each label on its own line."""
    if lines:
        last = lines[-1]
        lines = (*lines[:-1], Line(_uncut(last.text, headings, glued=glued), last.indent, last.gap))
    splitter = _Splitter(headings, vocabulary, glued, None if glued else Role.OTHER, not glued)
    parts = [_Open(None, "")]
    for at, line in enumerate(lines):
        _gather(parts, line, splitter.hits(line.text, lines[at + 1].text if at + 1 < len(lines) else ""))
    sections = tuple(
        Section(part.role, part.label, tuple(part.lines), part is not parts[-1], flat=glued)
        for part in parts
        if part.role is not None
    )
    return Page(_without_marks(parts[0].lines), sections, is_old(sections, headings))


def _gather(parts: list[_Open], line: Line, hits: list[_Hit]) -> None:
    """Share one line among the section that is open and those that its labels open."""
    at = 0
    for hit in hits:
        parts[-1].add(line.text[at : hit.start], line)
        parts.append(_Open(hit.role, hit.label))
        at = hit.end
    parts[-1].add(line.text[at:], line)


def _without_marks(lines: list[Line]) -> tuple[Line, ...]:
    return tuple(line for line in lines if bullet_of(line.text) != "")
