"""A tracked policy and its timeline, as a tracker states them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class DateKind(StrEnum):
    """What a date named in an action is about."""

    EFFECTIVE = "effective"
    COMMENTS_CLOSE = "comments_close"
    HEARING = "hearing"
    EXPIRES = "expires"


@dataclass(frozen=True, slots=True)
class ActionDate:
    """A date that an action announces, other than its own."""

    kind: DateKind
    on: date


@dataclass(frozen=True, slots=True)
class SourceDocument:
    """The document that a policy was announced in. ``url`` is None where a page's text lost the address."""

    title: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class ActionRecord:
    """One subsequent action of a policy's timeline: what editors recorded or a tracker page prints.

    ``title`` is kept to the character, dated prefix included; ``date`` is the timeline's own date, which may differ
    from the prefix (both are kept). ``reported`` says that the press is the only source so far; ``reviewed`` is False
    where nobody has looked at what was recorded automatically.
    """

    kind: str
    date: date | None
    title: str
    summary: str = ""
    document_url: str | None = None
    reported: bool = False
    dates: tuple[ActionDate, ...] = ()
    agencies: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    reviewed: bool = True


@dataclass(frozen=True, slots=True)
class PolicyRecord:
    """One tracked policy, in the tracker's terms. Its identity is ``tracker_id``, then ``url``; never title or date.

    ``url`` is an address, or ``title:some-slug`` where none is known. ``title`` is None where a page was cut before it.
    ``current_status`` is None where the page has no such heading, "" where nothing follows it, and otherwise the
    words that follow ("None" is one of them). A field that a page does not show is empty: an import never blanks.
    """

    url: str
    title: str | None = None
    tracker_id: int | None = None
    slug: str | None = None
    trump_version: str | None = None
    announced: date | None = None
    effective: date | None = None
    summary: str = ""
    source_document: SourceDocument | None = None
    types: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    agencies: tuple[str, ...] = ()
    status_tags: tuple[str, ...] = ()
    current_status: str | None = None
    terms: tuple[str, ...] = ()
    identifiers: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    actions: tuple[ActionRecord, ...] = ()
