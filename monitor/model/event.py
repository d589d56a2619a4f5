"""What editors' decisions announce to the world, in commit order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class EventType(StrEnum):
    """The types of the event stream (CONTRACT, "Webhooks")."""

    ACTION_RECORDED = "action.recorded"
    ACTION_CORRECTED = "action.corrected"
    ACTION_RETRACTED = "action.retracted"
    POLICY_CREATED = "policy.created"
    POLICY_STATUS_CHANGED = "policy.status_changed"


@dataclass(frozen=True, slots=True)
class Event:
    """One announcement. ``seq`` has no gaps and is commit order; nobody is told before ``available_at``.

    ``data`` is the webhook's ``data`` object, complete when recorded; ``policy_key``s (tracker id and url as text),
    ``topics`` and ``agencies`` are what subscriptions are matched on.
    """

    seq: int
    id: str
    type: EventType
    at: datetime
    available_at: datetime
    action_id: int | None
    policy_keys: tuple[str, ...]
    topics: tuple[str, ...]
    agencies: tuple[str, ...]
    data: dict[str, Any]
