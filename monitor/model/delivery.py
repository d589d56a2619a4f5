"""The outbox: what is to be sent, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from monitor.model.subscription import EndpointKind


class DeliveryState(StrEnum):
    """PENDING -> SENDING -> SENT | DEFERRED | FAILED | IN_DOUBT. HELD waits for the operator."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    DEFERRED = "deferred"
    FAILED = "failed"
    IN_DOUBT = "in_doubt"
    HELD = "held"


@dataclass(frozen=True, slots=True)
class Sent:
    """The peer took it."""

    detail: str = ""


@dataclass(frozen=True, slots=True)
class Deferred:
    """The peer did not take it, and may later. ``retry_after`` is its own wish."""

    detail: str
    retry_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """The peer will never take it."""

    detail: str


@dataclass(frozen=True, slots=True)
class Gone:
    """The endpoint asks not to be used again (HTTP 410)."""

    detail: str


@dataclass(frozen=True, slots=True)
class InDoubt:
    """Nobody can tell whether the peer took it (RFC 1047)."""

    detail: str


Outcome = Sent | Deferred | Refused | Gone | InDoubt


@dataclass(frozen=True, slots=True)
class Delivery:
    """One digest for one endpoint, claimed for sending. ``attempts`` counts those begun.

    The bytes on the wire are ``body`` with each key of ``substitutions`` replaced by its value; their SHA-256 is
    ``sha256``. ``message_id`` is the webhook-id or the Message-ID; ``first_at`` is when the delivery was composed.
    """

    id: str
    subscription_id: str
    kind: EndpointKind
    address: str
    message_id: str
    body: bytes
    sha256: str
    attempts: int
    first_at: datetime
    claim: str
    substitutions: dict[str, str] = field(default_factory=dict)
