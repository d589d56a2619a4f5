"""Webhook bodies: self-contained JSON under 20 kB (Standard Webhooks 1.0), the same bytes for the same event."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from monitor.core.text import shorten
from monitor.errors import Unrenderable
from monitor.model.event import Event

BODY_LIMIT = 20_000  # bytes; Standard Webhooks 1.0 recommends to stay below 20 kB
_LENGTHS = (4000, 2000, 1000, 500, 250, 120, 60)  # characters of a text, tried in turn
_LIST_LIMIT = 50
_URL_LIMIT = 2000


def event_body(event: Event) -> bytes:
    """The body that tells ``event``: ``{"type", "timestamp", "data"}``, compact, UTF-8, under :data:`BODY_LIMIT`.

    Texts that do not fit are cut with an ellipsis, and ``data.shortened`` lists their paths.
    """
    body = _dump(_envelope(event.type, event.at, event.data))
    if len(body) < BODY_LIMIT:
        return body
    for length in _LENGTHS:
        body = _dump(_envelope(event.type, event.at, _cut(event.data, length)))
        if len(body) < BODY_LIMIT:
            return body
    raise Unrenderable(f"event {event.id} does not fit into a webhook body of {BODY_LIMIT} bytes")


def digest_body(subscription_id: str, period: str, events: Sequence[Event], at: datetime, more_url: str) -> bytes:
    """All events of one period in one body of type ``digest``, under :data:`BODY_LIMIT`.

    ``data.events`` are in commit order, each as the events API gives it (its webhook body, ``id`` and ``seq``). Texts
    are cut before events are left out; ``data.count`` counts all, ``data.truncated`` those left out, which are to be
    read at ``more_url``.
    """
    ordered = sorted(events, key=lambda event: event.seq)
    body = _digest(subscription_id, period, ordered, [as_item(event) for event in ordered], at, more_url)
    for length in _LENGTHS:
        if len(body) < BODY_LIMIT:
            return body
        items = [as_item(event) | {"data": _cut(event.data, length)} for event in ordered]
        body = _digest(subscription_id, period, ordered, items, at, more_url)
    fits, too_many = 0, len(items) + 1
    while too_many - fits > 1:
        middle = (fits + too_many) // 2
        if len(_digest(subscription_id, period, ordered, items[:middle], at, more_url)) < BODY_LIMIT:
            fits = middle
        else:
            too_many = middle
    return _digest(subscription_id, period, ordered, items[:fits], at, more_url)


def body_of_test(subscription_id: str, at: datetime) -> bytes:
    """The body of a ``webhook.test`` event: it tells nothing, and shows whether the endpoint takes and verifies it."""
    return _dump(_envelope("webhook.test", at, {"subscription": subscription_id}))


def as_item(event: Event) -> dict[str, Any]:
    """The event as a list shows it: its webhook body with ``id`` (the webhook-id) and ``seq``."""
    return {"id": event.id, "seq": event.seq, **_envelope(event.type, event.at, event.data)}


def _digest(
    subscription_id: str,
    period: str,
    events: Sequence[Event],
    items: Sequence[dict[str, Any]],
    at: datetime,
    more_url: str,
) -> bytes:
    data: dict[str, Any] = {
        "subscription": subscription_id,
        "period": period,
        "count": len(events),
        "events": items,
        "truncated": len(events) - len(items),
        "links": {"events": more_url},
    }
    return _dump(_envelope("digest", at, data))


def _envelope(type_: str, at: datetime, data: dict[str, Any]) -> dict[str, Any]:
    stamp = at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"type": str(type_), "timestamp": stamp, "data": data}


def _dump(body: dict[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _cut(data: dict[str, Any], length: int) -> dict[str, Any]:
    paths: list[str] = []
    cut: dict[str, Any] = _shortened(data, "", length, paths)
    return cut | {"shortened": paths} if paths else cut


def _shortened(value: Any, path: str, length: int, paths: list[str]) -> Any:
    """``value`` with every text in ``length`` characters; an address is never cut, but left out where it is absurd."""
    if isinstance(value, dict):
        return {key: _shortened(each, f"{path}.{key}".lstrip("."), length, paths) for key, each in value.items()}
    if isinstance(value, list | tuple):
        if len(value) > _LIST_LIMIT:
            paths.append(path)
        return [_shortened(each, path, length, paths) for each in value[:_LIST_LIMIT]]
    if not isinstance(value, str) or len(value) <= length:
        return value
    if value.startswith(("https://", "http://")) and not any(character.isspace() for character in value):
        if len(value) <= _URL_LIMIT:
            return value
        paths.append(path)
        return None
    if path not in paths:
        paths.append(path)
    return shorten(value, length)
