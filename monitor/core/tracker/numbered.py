"""The numbered layouts: "  1. Original Date Announced", content indented below it, then blocks at the margin."""

from __future__ import annotations

import re
from dataclasses import dataclass

from monitor.core.tracker.flat import split_flat
from monitor.core.tracker.headings import ITEM_ROLES, Headings, Role
from monitor.core.tracker.lines import Line
from monitor.core.tracker.sections import Page, Section, is_old
from monitor.model.vocabulary import Vocabulary

_NUMBERED = re.compile(r"(\d{1,3})\.(?:\s+(.*))?")


@dataclass(frozen=True, slots=True)
class _Heading:
    at: int
    number: int
    label: str


def _numbered(line: Line) -> tuple[int, str] | None:
    found = _NUMBERED.fullmatch(line.text)
    return None if found is None else (int(found[1]), (found[2] or "").strip())


def _first_heading(lines: tuple[Line, ...], headings: Headings) -> int | None:
    """The first numbered item under a known label, provided that indentation sets items, content and margin apart."""
    for at, line in enumerate(lines):
        numbered = _numbered(line)
        if numbered is not None and headings.role(numbered[1]) in ITEM_ROLES:
            below = lines[at + 1 :] if line.indent else lines[at + 1 : at + 2]
            return at if not below or any(other.indent != line.indent for other in below) else None
    return None


def _is_margin_label(line: Line, headings: Headings) -> bool:
    label, colon, _ = line.text.partition(":")
    role = headings.role(line.text) or (headings.role(label) if colon else None)
    return headings.is_boilerplate(line.text) or (role is not None and role not in ITEM_ROLES)


def _item_headings(lines: tuple[Line, ...], first: int, headings: Headings) -> tuple[list[_Heading], int]:
    """The items' headings, and where the blocks at the margin begin."""
    margin, found, loose = lines[first].indent, list[_Heading](), None
    for at in range(first, len(lines)):
        line = lines[at]
        if line.indent > margin:
            continue
        numbered = _numbered(line)
        if numbered is not None and (headings.role(numbered[1]) in ITEM_ROLES or numbered[0] > found[-1].number):
            found.append(_Heading(at, *numbered))
            loose = None
        elif _is_margin_label(line, headings):
            return found, at if loose is None else loose
        elif loose is None:
            loose = at  # belongs to the item if another item follows, else to the blocks below
    return found, len(lines) if loose is None else loose


def _section(lines: tuple[Line, ...], heading: _Heading, end: int, headings: Headings) -> Section:
    label = heading.label.rstrip(": ")
    role = headings.role(label) or (Role.ACTION if label else Role.OTHER)
    closed = end < len(lines)
    return Section(role, label, lines[heading.at + 1 : end], closed, not closed or lines[end].gap)


def split_numbered(lines: tuple[Line, ...], headings: Headings, vocabulary: Vocabulary) -> Page | None:
    """The page in its numbered items and the blocks below them; None where the page has no numbered items."""
    first = _first_heading(lines, headings)
    if first is None:
        return None
    found, tail = _item_headings(lines, first, headings)
    ends = [heading.at for heading in found[1:]] + [tail]
    items = tuple(_section(lines, heading, end, headings) for heading, end in zip(found, ends, strict=True))
    blocks = split_flat(lines[tail:], headings, vocabulary, glued=False)
    return Page(lines[:first], items + blocks.sections, is_old(items, headings))
