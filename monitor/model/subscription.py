"""Who is told what, when, and how."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time
from enum import StrEnum

from monitor.model.event import EventType


class Every(StrEnum):
    """How often a subscription is told."""

    IMMEDIATE = "immediate"
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class EndpointKind(StrEnum):
    """How a subscription is told."""

    EMAIL = "email"
    WEBHOOK = "webhook"


@dataclass(frozen=True, slots=True)
class Criteria:
    """Which events a subscription wants. Topics, agencies and policies: any one is enough, unless ``match_all``,
    where every kind that is given must match. ``all_topics`` wants everything. ``policies`` are tracker ids or urls
    as text. ``events`` empty means every type.
    """

    topics: tuple[str, ...] = ()
    all_topics: bool = False
    agencies: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    match_all: bool = False
    events: tuple[EventType, ...] = ()


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a subscription's digests are due: local wall time in ``timezone`` (an IANA name).

    ``weekday`` (0 is Monday) is for WEEK, ``monthday`` (1-28) for MONTH; ``at`` for DAY, WEEK and MONTH.
    """

    every: Every
    at: time = time(7, 0)
    weekday: int = 0
    monthday: int = 1
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Subscription:
    """One entry of ``subscriptions.yaml``: a subscriber with one endpoint.

    ``address`` is the mail address or the webhook's URL. ``secrets`` are references (``env:NAME``, ``file:PATH``) or
    literal ``whsec_`` values; empty: derived from the workspace's key. ``contact`` is told when a webhook fails.
    """

    id: str
    name: str
    endpoint: EndpointKind
    address: str
    criteria: Criteria
    schedule: Schedule
    contact: str | None = None
    secrets: tuple[str, ...] = ()
    line: int = 0


class EndpointState(StrEnum):
    """Whether an endpoint is sent to."""

    ENABLED = "enabled"
    DISABLED = "disabled"
