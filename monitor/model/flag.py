"""A story put before an editor for a policy, and what the editor made of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class ReasonKind(StrEnum):
    """Which signal spoke for (or against) a match."""

    BOUND = "bound"  # the source is bound to this policy
    TRACKER = "tracker"  # another tracker records it for this policy
    VANISHED = "vanished"  # the document that this policy cites is gone, or its address leads elsewhere
    IDENTIFIER = "identifier"  # docket, EO, RIN, FR, CFR or public-law number
    ALIAS = "alias"  # one of the policy's terms
    AGENCY = "agency"
    WORDS = "words"  # BM25 over the policy's own text
    TIMELINE = "timeline"  # BM25 over its recorded actions
    DATE = "date"
    REMATCHED = "rematched"  # the policy, or a name of it, is newer than the story
    AGAINST = "against"  # negative evidence


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason: the term that spoke and the words of the item that hold it."""

    kind: ReasonKind
    term: str
    excerpt: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """A policy that an item may concern. ``score`` is in 0..1 and means how often such a match is right."""

    policy: str  # the policy's url
    title: str
    score: float
    flag: bool
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """The subsequent action that accepting a flag would record, before the editor's changes."""

    title: str
    date: date
    summary: str
    document_url: str | None
    kind: str
    reported: bool


class FlagState(StrEnum):
    """Where a flag stands in triage."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    SNOOZED = "snoozed"


class DecisionKind(StrEnum):
    """What an editor decided on one version of a flag."""

    ACCEPT = "accept"
    REJECT = "reject"
    SNOOZE = "snooze"
    UNDO = "undo"


class RejectReason(StrEnum):
    """Why a flag was rejected."""

    NOT_ABOUT_IT = "not-about-it"
    ALREADY_RECORDED = "already-recorded"
    NOISE = "noise"
    NOT_SIGNIFICANT = "not-significant"


@dataclass(frozen=True, slots=True)
class StatusProposal:
    """A change of the policy's status that a story's words say. ``status`` is the vocabulary's name for it.

    ``sentence`` says so, to the letter; ``word`` is the word in it that decided.
    """

    status: str
    sentence: str
    word: str
