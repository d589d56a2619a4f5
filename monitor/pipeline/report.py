"""What a pass over sources came to."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class PollReport:
    """What one pass did (CONTRACT, ``poll``)."""

    polled: int = 0
    unchanged: int = 0
    changed: int = 0
    failed: int = 0
    entries_new: int = 0
    entries_revised: int = 0
    flags: int = 0

    def __add__(self, other: PollReport) -> PollReport:
        return PollReport(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(self)))
