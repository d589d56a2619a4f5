"""The exception tree: failures on our side. Peers' failures are values (``monitor.model``).

    MonitorError                  1   the work failed
    ├── ConfigError              78   configuration: what, where (file and line), what to do
    ├── StateError               73   the state folder cannot be written
    ├── DatabaseError            74   the database could not be read or written
    │   └── DatabaseDamaged      76   the database fails its own integrity check
    ├── WorkspaceBusy            75   another worker holds the workspace
    ├── UsageError                2   a command was called with words that do not fit
    ├── Unreadable                1   a document that was handed in cannot be read as what it should be
    ├── Unrenderable              1   a digest cannot be made into a message that is safe to send
    ├── NotFound                  1   no such policy, flag, action, delivery, source or subscriber
    ├── Conflict                  1   somebody else decided first; read again and repeat
    ├── IllegalTransition         1   the thing is not in a state from which this can be done
    └── LostClaim                 1   another worker took the work over; the result was discarded

The number is the process's exit code (CONTRACT, "Commands"); the web maps the class to an HTTP status.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


class MonitorError(Exception):
    """The work failed."""

    exit_code = 1
    http_status = 500


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in one file. ``line`` is 1-based; None where no line can be named."""

    file: str
    line: int | None
    message: str

    def __str__(self) -> str:
        where = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{where}: {self.message}"


class ConfigError(MonitorError):
    """The configuration is wrong. Carries every problem found, not only the first."""

    exit_code = 78

    def __init__(self, problems: Iterable[Problem] | Problem) -> None:
        self.problems: tuple[Problem, ...] = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class StateError(MonitorError):
    """The state folder cannot be written."""

    exit_code = 73


class DatabaseError(MonitorError):
    """The database could not be read or written."""

    exit_code = 74
    http_status = 503


class DatabaseDamaged(DatabaseError):
    """The database fails its integrity check; nothing was changed."""

    exit_code = 76


class WorkspaceBusy(MonitorError):
    """Another worker holds the workspace."""

    exit_code = 75
    http_status = 503


class UsageError(MonitorError):
    """The command's words do not fit together."""

    exit_code = 2
    http_status = 422


class Unreadable(MonitorError):
    """A document that was handed in cannot be read as what it should be."""

    http_status = 422


class Unrenderable(MonitorError):
    """A digest cannot be made into a message that is safe to send."""


class NotFound(MonitorError):
    """There is no such thing."""

    http_status = 404


class Conflict(MonitorError):
    """Somebody else decided first."""

    http_status = 409


class IllegalTransition(MonitorError):
    """The thing is not in a state from which this can be done."""

    http_status = 409


class LostClaim(MonitorError):
    """Another worker took the work over; this result was discarded."""

    http_status = 409
