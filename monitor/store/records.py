"""Records as the JSON of their rows: lossless, and free of any vocabulary."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import date
from typing import Any

from monitor.model.policy import ActionDate, ActionRecord, DateKind, PolicyRecord, SourceDocument

_LISTS = ("types", "subjects", "agencies", "status_tags", "terms", "identifiers", "related")


def policy_to_json(record: PolicyRecord) -> dict[str, Any]:
    """Every field but the actions, which have rows of their own."""
    data = asdict(replace(record, actions=()))
    del data["actions"]
    return {key: _dates_as_text(value) for key, value in data.items()}


def policy_from_json(data: dict[str, Any]) -> PolicyRecord:
    """The inverse of ``policy_to_json``."""
    document = data["source_document"]
    return PolicyRecord(
        **{
            **data,
            "announced": _date(data["announced"]),
            "effective": _date(data["effective"]),
            "source_document": SourceDocument(**document) if document else None,
            **{name: tuple(data[name]) for name in _LISTS},
        }
    )


def action_to_json(record: ActionRecord) -> dict[str, Any]:
    """An action as its revision's row keeps it, and as an event's data show it."""
    return {key: _dates_as_text(value) for key, value in asdict(record).items()}


def action_from_json(data: dict[str, Any]) -> ActionRecord:
    """The inverse of ``action_to_json``."""
    return ActionRecord(
        **{
            **data,
            "date": _date(data["date"]),
            "dates": tuple(
                ActionDate(DateKind(each["kind"]), date.fromisoformat(each["on"])) for each in data["dates"]
            ),
            "agencies": tuple(data["agencies"]),
            "places": tuple(data["places"]),
        }
    )


def _dates_as_text(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: _dates_as_text(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_dates_as_text(each) for each in value]
    return value


def _date(value: str | None) -> date | None:
    return date.fromisoformat(value) if value else None
