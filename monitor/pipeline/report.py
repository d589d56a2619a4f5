"""What a pass came to."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Self


@dataclass(frozen=True, slots=True)
class Summed:
    """A report whose fields are counts: those of several passes add up."""

    def __add__(self, other: Self) -> Self:
        return replace(
            self, **{each.name: getattr(self, each.name) + getattr(other, each.name) for each in fields(self)}
        )


@dataclass(frozen=True, slots=True)
class PollReport(Summed):
    """What one pass over sources did (CONTRACT, ``poll``)."""

    polled: int = 0
    unchanged: int = 0
    changed: int = 0
    failed: int = 0
    entries_new: int = 0
    entries_revised: int = 0
    flags: int = 0
