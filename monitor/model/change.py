"""What became different between two polls."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ChangeKind(StrEnum):
    """NEW: an entry not seen before. REVISED: its words changed. GONE: a source says that it was taken away."""

    NEW = "new"
    REVISED = "revised"
    GONE = "gone"


class PartKind(StrEnum):
    """What happened to one paragraph, link or date."""

    ADDED = "added"
    REMOVED = "removed"
    MOVED = "moved"
    CHANGED = "changed"
    LINK = "link"
    DATE = "date"


@dataclass(frozen=True, slots=True)
class Part:
    """One difference: ``before`` is "" for what was added, ``after`` is "" for what was removed."""

    op: PartKind
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Diff:
    """The differences between two texts, in reading order, and one plain sentence about them."""

    parts: tuple[Part, ...]
    summary: str

    @property
    def kinds(self) -> tuple[PartKind, ...]:
        """The kinds that occur, each once, in the order of PartKind."""
        present = {part.op for part in self.parts}
        return tuple(kind for kind in PartKind if kind in present)
