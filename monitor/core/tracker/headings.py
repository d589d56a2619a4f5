"""A vocabulary's page labels in the forms in which pages print them: alone, numbered, with a colon, glued, cut off."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from monitor.model.vocabulary import PageLabels, Vocabulary


class Role(StrEnum):
    """What stands below a heading. OTHER: blocks and footers that hold nothing of the record."""

    ANNOUNCED = "announced"
    EFFECTIVE = "effective"
    ACTION = "action"
    CURRENT_STATUS = "current_status"
    MOST_RECENT = "most_recent"
    ORIGINAL_STATUS = "original_status"
    STATUS_TAGS = "status_tags"
    TYPES = "types"
    SUBJECTS = "subjects"
    AGENCIES = "agencies"
    RELATED = "related"
    OTHER = "other"


ITEM_ROLES = frozenset({Role.ANNOUNCED, Role.EFFECTIVE, Role.ACTION})
TAG_ROLES = frozenset({Role.STATUS_TAGS, Role.TYPES, Role.SUBJECTS, Role.AGENCIES})

_EMPTY = re.compile(r"(?!)")


@dataclass(frozen=True, slots=True)
class Headings:
    """The labels of one vocabulary, compiled once. ``roles`` has them without a trailing colon."""

    roles: dict[str, Role]
    older: frozenset[str]  # announced and effective labels that are no longer written
    anywhere: re.Pattern[str]  # any label, the longest first, with its colon if it has one
    link: re.Pattern[str]  # a link label with its host and address, from where it begins to the line's end
    link_labels: tuple[str, ...]
    boilerplate: tuple[str, ...]  # lower case

    def role(self, label: str) -> Role | None:
        """The role of a heading that reads ``label``; an unknown subtype of a known kind is an action too."""
        label = label.rstrip(": ")
        known = self.roles.get(label)
        if known is None and ": " in label and self.roles.get(label.partition(": ")[0]) is Role.ACTION:
            return Role.ACTION
        return known

    def is_boilerplate(self, line: str) -> bool:
        """Whether ``line`` begins as one of the page's standing lines does."""
        return line.lower().startswith(self.boilerplate)


def _roles(vocabulary: Vocabulary) -> dict[str, Role]:
    labels = vocabulary.labels
    listed: list[tuple[Role, tuple[str, ...]]] = [
        (Role.OTHER, labels.other_blocks),
        (Role.ACTION, tuple(f"{kind}s" for kind in vocabulary.action_kinds if kind[-1:].isalpha() and ":" not in kind)),
        (Role.ACTION, vocabulary.action_kinds),
        (Role.RELATED, labels.related),
        (Role.AGENCIES, labels.agencies),
        (Role.SUBJECTS, labels.subjects),
        (Role.TYPES, labels.types),
        (Role.STATUS_TAGS, labels.status_tags),
        (Role.ORIGINAL_STATUS, labels.original_status),
        (Role.MOST_RECENT, labels.most_recent),
        (Role.CURRENT_STATUS, labels.current_status),
        (Role.EFFECTIVE, labels.effective),
        (Role.ANNOUNCED, labels.announced),
    ]
    return {name.rstrip(": "): role for role, names in listed for name in names if name.rstrip(": ")}


def _one_of(names: tuple[str, ...]) -> str:
    return "|".join(map(re.escape, sorted(set(names), key=lambda name: (-len(name), name))))


def _link_pattern(labels: PageLabels) -> re.Pattern[str]:
    names = tuple(name for name in labels.view_document + labels.article_links if name)
    if not names:
        return _EMPTY
    one = rf"(?:{_one_of(names)})(?: [\w-]{{1,63}}(?:\.[\w-]{{1,63}}){{1,5}})?(?: ?<(?P<url>[^\s<>]{{1,4000}})>)?"
    return re.compile(one)


@lru_cache(maxsize=8)
def headings_of(vocabulary: Vocabulary) -> Headings:
    """The compiled labels of ``vocabulary``."""
    roles, labels = _roles(vocabulary), vocabulary.labels
    old = labels.announced[1:] + labels.effective[1:]
    return Headings(
        roles=roles,
        older=frozenset(name.rstrip(": ") for name in old),
        anywhere=re.compile(f"(?:{_one_of(tuple(roles))}):?") if roles else _EMPTY,
        link=_link_pattern(labels),
        link_labels=tuple(name for name in labels.view_document + labels.article_links if name),
        boilerplate=tuple(start.lower() for start in labels.boilerplate if start),
    )
