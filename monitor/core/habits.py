"""What a source's answers tell of it over several polls: its pace, where it moved to, and whether it is gone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitor.core.lost import NOT_LOST, Lost
from monitor.core.pace import NO_PACE, Pace
from monitor.model.source import PollError, SourceKind

_MOVE_POLLS = 5  # POLLING 5
_GONE_POLLS = 3  # POLLING 3
_SPAN = timedelta(days=3)
_LOST_AFTER = 5  # failures in a row: then the address of sources.yaml is asked again

GONE_FOR_GOOD = f"its server answered 410 (gone) {_GONE_POLLS} times over three days"


@dataclass(frozen=True, slots=True)
class Move:
    """Where a source is asked instead of its own address (``url``), and where ``polls`` since ``since`` led to."""

    url: str | None = None
    to: str | None = None
    since: datetime | None = None
    polls: int = 0


NO_MOVE = Move()


@dataclass(frozen=True, slots=True)
class Gone:
    """How many polls since ``since`` were answered 410, without a document between them."""

    since: datetime | None = None
    polls: int = 0

    def is_final(self, at: datetime) -> bool:
        """Whether the source is to be paused."""
        return self.polls >= _GONE_POLLS and self.since is not None and at - self.since >= _SPAN


NOT_GONE = Gone()


@dataclass(frozen=True, slots=True)
class Habits:
    """All of it. ``read_as``: the kind that a source of kind AUTO turned out to be."""

    pace: Pace = NO_PACE
    move: Move = NO_MOVE
    gone: Gone = NOT_GONE
    read_as: SourceKind | None = None
    lost: Lost = NOT_LOST


NO_HABITS = Habits()


def redirected(before: Move, own: str, target: str | None, at: datetime, *, proven: bool) -> Move:
    """The move after a poll that was led to ``target`` by permanent redirects alone (None: by none).

    About five polls over three days that led to the same address are a move, if its document is ``proven`` to be the
    source's: a maintenance page once ate an address. Back to the source's ``own`` address is none.
    """
    if target is None:
        return Move(before.url)
    same = target == before.to
    seen = Move(before.url, target, before.since if same else at, before.polls + 1 if same else 1)
    if not proven or seen.polls < _MOVE_POLLS or seen.since is None or at - seen.since < _SPAN:
        return seen
    return Move(None if target == own else target)


def after_failure(before: Habits, error: PollError, failures: int, at: datetime) -> Habits:
    """The habits after ``failures`` polls in a row without a document: a lost move is forgotten, a 410 counted."""
    if before.move.url is not None and failures >= _LOST_AFTER:
        return replace(before, move=NO_MOVE, gone=NOT_GONE)
    if error is not PollError.GONE:
        return before
    return replace(before, gone=Gone(before.gone.since or at, before.gone.polls + 1))
