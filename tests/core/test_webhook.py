"""Webhook bodies (CONTRACT, "Webhooks"): self-contained, compact, under 20 kB."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from monitor.core.webhook import BODY_LIMIT, as_item, digest_body, event_body
from monitor.errors import Unrenderable
from monitor.model.event import Event, EventType
from tests.core.event_samples import event

RECORDED = EventType.ACTION_RECORDED
AT = datetime(2025, 10, 9, 11, 0, tzinfo=UTC)
MORE = "https://policies.example.org/api/v1/events?cursor=41"


def read(body: bytes) -> Any:
    return json.loads(body.decode("utf-8"))


def digest(events: list[Event]) -> bytes:
    return digest_body("vpm", "day:2025-10-09", events, AT, MORE)


def test_an_event_is_told_with_type_time_and_all_its_data() -> None:
    told = event(1, RECORDED, action=1)
    body = read(event_body(told))
    assert list(body) == ["type", "timestamp", "data"]
    assert body["type"] == "action.recorded"
    assert body["timestamp"] == "2025-10-09T06:01:00.000Z"
    assert body["data"] == told.data


def test_the_body_is_compact_utf8_and_the_same_each_time() -> None:
    told = event(1, RECORDED, action=1, title="Größe – 規則")
    assert event_body(told) == event_body(told)
    assert "Größe – 規則".encode() in event_body(told)
    assert b'": ' not in event_body(told)


def test_a_long_summary_is_cut_visibly_and_the_cut_is_named() -> None:
    body = event_body(event(1, RECORDED, action=1, summary="規則 " * 20_000))
    assert len(body) < BODY_LIMIT
    data = read(body)["data"]
    assert data["action"]["summary"].endswith("…")
    assert data["shortened"] == ["action.summary"]
    assert data["action"]["title"] == "2025.10.09 Agency ends the programme"


def test_an_address_is_never_cut() -> None:
    url = "https://news.example/" + "a" * 1500
    body = event_body(event(1, RECORDED, action=1, document_url=url, summary="x " * 30_000))
    assert read(body)["data"]["action"]["document_url"] == url


def test_an_absurd_address_is_left_out_rather_than_cut() -> None:
    body = event_body(event(1, RECORDED, action=1, document_url="https://news.example/" + "a" * 30_000))
    data = read(body)["data"]
    assert data["action"]["document_url"] is None
    assert "action.document_url" in data["shortened"]


def test_corrected_texts_and_long_lists_fit_as_well() -> None:
    changes = {"summary": ["old " * 10_000, "new " * 10_000], "places": [["here"] * 9000, []]}
    body = event_body(event(1, EventType.ACTION_CORRECTED, action=1, changes=changes))
    assert len(body) < BODY_LIMIT
    assert read(body)["data"]["shortened"] == ["changes.summary", "changes.places"]


def test_what_can_not_be_made_to_fit_is_an_error() -> None:
    numbers = {f"key{number}": number for number in range(5000)}
    with pytest.raises(Unrenderable, match="evt_1"):
        event_body(event(1, RECORDED, action=1, numbers=numbers))


def test_the_time_is_told_in_utc() -> None:
    east = AT.astimezone(timezone(timedelta(hours=2)))
    assert read(digest_body("vpm", "day:2025-10-09", [], east, MORE))["timestamp"] == "2025-10-09T11:00:00.000Z"


def test_a_digest_holds_the_periods_events_in_commit_order() -> None:
    first, second = event(1, RECORDED, action=1), event(2, RECORDED, action=2)
    body = read(digest([second, first]))
    assert body["type"] == "digest"
    assert body["data"] == {
        "subscription": "vpm",
        "period": "day:2025-10-09",
        "count": 2,
        "events": [as_item(first), as_item(second)],
        "truncated": 0,
        "links": {"events": MORE},
    }


def test_an_events_item_is_its_webhook_body_with_id_and_seq() -> None:
    told = event(7, RECORDED, action=1)
    assert as_item(told) == {"id": "evt_7", "seq": 7, **read(event_body(told))}


def test_texts_are_cut_before_events_are_left_out() -> None:
    body = digest([event(number, RECORDED, action=number, summary="words " * 600) for number in range(1, 11)])
    data = read(body)["data"]
    assert len(body) < BODY_LIMIT
    assert (len(data["events"]), data["truncated"]) == (10, 0)
    assert data["events"][0]["data"]["shortened"] == ["action.summary"]


def test_a_digest_of_too_many_events_says_how_many_are_missing_and_where_they_are() -> None:
    body = digest([event(number, RECORDED, action=number) for number in range(1, 301)])
    data = read(body)["data"]
    assert BODY_LIMIT * 0.9 < len(body) < BODY_LIMIT
    assert data["count"] == 300
    assert data["truncated"] == 300 - len(data["events"]) > 0
    assert [item["seq"] for item in data["events"]] == list(range(1, len(data["events"]) + 1))
    assert data["links"]["events"] == MORE
