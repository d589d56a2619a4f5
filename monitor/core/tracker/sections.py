"""A page taken apart at its headings, in whichever layout: numbered items with indentation, or flat text.

In the numbered layouts an item's heading is known by its number and its indentation, so its content may say anything.
Flat text has neither: headings are labels at the start of a line or glued to the words before them.
"""

from __future__ import annotations

from dataclasses import dataclass

from monitor.core.tracker.headings import Headings, Role
from monitor.core.tracker.lines import Line


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and the lines below it.

    ``closed``: something follows on the page, so that the section was not cut off. ``spaced``: a blank line does;
    ``flat``: the lines come from flat text, where blank lines and indentation say nothing.
    """

    role: Role
    label: str
    lines: tuple[Line, ...]
    closed: bool = True
    spaced: bool = True
    flat: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """``lead`` stands before the first heading. ``old``: items under older labels end in their document's label."""

    lead: tuple[Line, ...]
    sections: tuple[Section, ...]
    old: bool = False


def is_old(sections: tuple[Section, ...], headings: Headings) -> bool:
    """Whether the page has the labels of the oldest layout: the first announced or effective label tells."""
    dated = [section for section in sections if section.role in (Role.ANNOUNCED, Role.EFFECTIVE)]
    return bool(dated) and dated[0].label in headings.older
