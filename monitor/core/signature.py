"""Standard Webhooks 1.0 signatures: who sent this body, and when (symmetric ``v1`` only)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence

PREFIX = "whsec_"
TOLERANCE = 300  # seconds either way, as every library of the specification allows
_SECRET_BYTES = range(24, 65)
_TIMESTAMP = re.compile(r"[0-9]{1,12}", re.ASCII)


def sign(secret: str, webhook_id: str, timestamp: int, body: bytes) -> str:
    """``v1,`` and the base64 HMAC-SHA256 of ``id.timestamp.body``. ``timestamp`` is this attempt's, in Unix seconds.

    ``ValueError`` for a secret that :func:`secret_problem` finds fault with (an empty key would sign for anybody) and
    for an id with a dot, which would make the signed content ambiguous.
    """
    if problem := secret_problem(secret):
        raise ValueError(problem)
    if not webhook_id or "." in webhook_id:
        raise ValueError(f"a webhook-id is not empty and holds no dot: {webhook_id!r}")
    content = f"{webhook_id}.{timestamp}.".encode() + body
    digest = hmac.new(_key(secret), content, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


def sign_all(secrets: Sequence[str], webhook_id: str, timestamp: int, body: bytes) -> str:
    """The ``webhook-signature`` header: one signature a secret, so that a receiver may hold the old or the new one."""
    if not secrets:
        raise ValueError("a webhook is never sent unsigned: no secret was given")
    return " ".join(sign(secret, webhook_id, timestamp, body) for secret in secrets)


def verify(secret: str, headers: Mapping[str, str], body: bytes, now: float, tolerance: int = TOLERANCE) -> bool:
    """Whether ``body`` was signed with ``secret`` at most ``tolerance`` seconds from ``now`` (Unix seconds).

    False for anything missing or malformed; header names in any case. A receiver also keeps the ids it has seen.
    """
    named = {name.lower(): value for name, value in headers.items()}
    webhook_id, stamp = named.get("webhook-id", ""), named.get("webhook-timestamp", "")
    if not webhook_id or "." in webhook_id or not _TIMESTAMP.fullmatch(stamp) or secret_problem(secret):
        return False
    if abs(now - int(stamp)) > tolerance:
        return False
    expected = sign(secret, webhook_id, int(stamp), body).encode()
    given = named.get("webhook-signature", "").encode("utf-8", "replace").split()
    return any(hmac.compare_digest(expected, candidate) for candidate in given)


def derive_secret(key: bytes, name: str) -> str:
    """The secret of the endpoint ``name`` in the workspace of ``key``: the same for the same pair, else unrelated."""
    digest = hmac.new(key, b"webhook-secret\0" + name.encode(), hashlib.sha256).digest()
    return PREFIX + base64.b64encode(digest).decode()


def secret_problem(secret: str) -> str | None:
    """What is wrong with a configured secret, never quoting it; None where it can sign."""
    if not secret.startswith(PREFIX):
        return f"a webhook secret begins with {PREFIX!r}"
    try:
        length = len(_key(secret))
    except (binascii.Error, ValueError):
        return f"what follows {PREFIX!r} in a webhook secret must be base64"
    if length not in _SECRET_BYTES:
        return f"a webhook secret holds 24 to 64 bytes, this one {length}"
    return None


def _key(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
