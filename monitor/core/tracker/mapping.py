"""A policy record as a plain mapping (CONTRACT, "Policies"), strictly checked on the way in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import date, datetime
from difflib import get_close_matches
from typing import Any, NoReturn

from monitor.core.text import clean
from monitor.core.tracker.keys import normal_address, policy_key
from monitor.core.tracker.prose import is_reported
from monitor.core.tracker.tags import agency_names
from monitor.errors import Unreadable
from monitor.model.policy import ActionDate, ActionRecord, DateKind, PolicyRecord, SourceDocument
from monitor.model.vocabulary import Vocabulary

RECORD_FIELDS = tuple(field.name for field in fields(PolicyRecord))
_ACTION_FIELDS = tuple(field.name for field in fields(ActionRecord))
_ADDRESS = re.compile(r"(?:https?://[^\s/]|title:\S)\S*", re.IGNORECASE)
_LONGEST_SHOWN = 80
_LARGEST_ID = 2**31 - 1


def record_from_mapping(data: Mapping[str, object], vocabulary: Vocabulary) -> PolicyRecord:
    """The record that ``data`` states. A missing field, or one that is None, is empty.

    ``url`` may be left out where there is a title. Agencies may be named by an alias. Text loses invisible and control
    characters. Raises Unreadable that names the field, the value and the nearest known name: unknown field, wrong type,
    bad date, unknown topic, agency or type.
    """
    data = _object(data, "record", RECORD_FIELDS)
    title, tracker_id = _text(data, "title"), _tracker_id(data.get("tracker_id"))
    return PolicyRecord(
        url=_url(data) or policy_key(title, tracker_id),
        title=title,
        tracker_id=tracker_id,
        slug=_text(data, "slug"),
        trump_version=_text(data, "trump_version"),
        announced=_date(data.get("announced"), "announced"),
        effective=_date(data.get("effective"), "effective"),
        summary=_text(data, "summary") or "",
        source_document=_source_document(data.get("source_document")),
        types=_known(data, "types", "type", {name: name for name in vocabulary.types}),
        subjects=_known(data, "subjects", "topic", {name: name for name in vocabulary.topics}),
        agencies=_known(data, "agencies", "agency", agency_names(vocabulary.agencies)),
        status_tags=_texts(data, "status_tags"),
        current_status=_text(data, "current_status"),
        terms=_texts(data, "terms"),
        identifiers=_texts(data, "identifiers"),
        related=_texts(data, "related"),
        actions=tuple(_action(one, path, vocabulary) for path, one in _elements(data, "actions")),
    )


def record_to_mapping(record: PolicyRecord) -> dict[str, Any]:
    """The filled fields of ``record``, ready for JSON; ``record_from_mapping`` reads the same record back."""
    filled = _filled(record, RECORD_FIELDS)
    if record.current_status is not None:
        filled["current_status"] = record.current_status
    if record.title is not None:
        filled["title"] = record.title
    return {name: filled[name] for name in RECORD_FIELDS if name in filled}


def _filled(thing: object, names: Iterable[str]) -> dict[str, Any]:
    values = {name: getattr(thing, name) for name in names}
    return {name: _plain(value) for name, value in values.items() if value not in (None, "", ())}


def _plain(value: object) -> Any:
    match value:
        case DateKind():
            return value.value
        case date():
            return value.isoformat()
        case tuple():
            return [_plain(one) for one in value]
        case ActionRecord():
            filled = _filled(value, _ACTION_FIELDS)
            return {name: each for name, each in filled.items() if name != "reviewed" or not each}
        case SourceDocument():
            return _filled(value, ("title", "url"))
        case ActionDate():
            return _filled(value, ("kind", "on"))
        case _:
            return value


def _fail(path: str, value: object, problem: str) -> NoReturn:
    shown = repr(value)
    shown = shown if len(shown) <= _LONGEST_SHOWN else shown[:_LONGEST_SHOWN] + "..."
    raise Unreadable(f"{path}: {problem}, not {shown}")


def _nearest(name: str, known: Iterable[str]) -> str:
    """ "; did you mean ...?" or nothing. Case does not count."""
    names = {one.lower(): one for one in known}
    near = get_close_matches(name[:_LONGEST_SHOWN].lower(), names, n=1, cutoff=0.6)
    return f"; did you mean {names[near[0]]!r}?" if near else ""


def _object(value: object, path: str, allowed: tuple[str, ...]) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        _fail(path, value, "must be an object")
    for key in value:
        if key not in allowed:
            near = _nearest(str(key), allowed)
            raise Unreadable(f"{path}: unknown field {str(key)[:_LONGEST_SHOWN]!r}{near} (known: {', '.join(allowed)})")
    return value


def _text(data: Mapping[str, object], name: str, path: str = "") -> str | None:
    value = data.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        _fail(path or name, value, 'must be text (in quotes, such as "2.0")')
    return clean(value).strip()


def _url(data: Mapping[str, object]) -> str | None:
    url = _text(data, "url")
    if url is None:
        return None
    if _ADDRESS.fullmatch(url) is None:
        _fail("url", url, "must be an http(s) address or title:some-slug")
    return normal_address(url)


def _tracker_id(value: object) -> int | None:
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit() and len(value) < 20:
        value = int(value)
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LARGEST_ID):
        return value
    _fail("tracker_id", value, "must be a whole number")


def _date(value: object, path: str) -> date | None:
    if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
        return value
    try:
        if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value.strip()):
            return date.fromisoformat(value.strip())
    except ValueError:
        pass  # shaped as a date, but not in the calendar
    _fail(path, value, "must be a date such as 2025-05-27")


def _elements(data: Mapping[str, object], name: str, path: str = "") -> list[tuple[str, object]]:
    value = data.get(name)
    if value is None:
        return []
    if not isinstance(value, list | tuple):
        _fail(path or name, value, "must be a list")
    return [(f"{path or name}[{at}]", one) for at, one in enumerate(value)]


def _texts(data: Mapping[str, object], name: str, path: str = "") -> tuple[str, ...]:
    found = []
    for where, one in _elements(data, name, path):
        if not isinstance(one, str) or not one.strip():
            _fail(where, one, "must be text")
        found.append(clean(one).strip())
    return tuple(found)


def _known(
    data: Mapping[str, object], name: str, noun: str, known: Mapping[str, str], path: str = ""
) -> tuple[str, ...]:
    """The names of one list as the tracker writes them, each once."""
    found: dict[str, None] = {}
    for at, one in enumerate(_texts(data, name, path)):
        if one not in known:
            shown = one[:_LONGEST_SHOWN]
            raise Unreadable(f"{path or name}[{at}]: unknown {noun} {shown!r}{_nearest(one, known)}")
        found[known[one]] = None
    return tuple(found)


def _source_document(value: object) -> SourceDocument | None:
    if value is None:
        return None
    if isinstance(value, str):
        return SourceDocument(clean(value).strip()) if value.strip() else None
    data = _object(value, "source_document", ("title", "url"))
    title = _text(data, "title", "source_document.title")
    return SourceDocument(title or "", _text(data, "url", "source_document.url"))


def _action(value: object, path: str, vocabulary: Vocabulary) -> ActionRecord:
    data = _object(value, path, _ACTION_FIELDS)

    def text(name: str) -> str | None:
        return _text(data, name, f"{path}.{name}")

    title = text("title") or ""
    reported, reviewed = (_truth(data, name, path) for name in ("reported", "reviewed"))
    return ActionRecord(
        kind=text("kind") or vocabulary.default_kind,
        date=_date(data.get("date"), f"{path}.date"),
        title=title,
        summary=text("summary") or "",
        document_url=text("document_url"),
        reported=is_reported(title, vocabulary.titles) if reported is None else reported,
        dates=tuple(_action_date(one, where) for where, one in _elements(data, "dates", f"{path}.dates")),
        agencies=_known(data, "agencies", "agency", agency_names(vocabulary.agencies), f"{path}.agencies"),
        places=_texts(data, "places", f"{path}.places"),
        reviewed=reviewed is not False,
    )


def _truth(data: Mapping[str, object], name: str, path: str) -> bool | None:
    value = data.get(name)
    if value is not None and not isinstance(value, bool):
        _fail(f"{path}.{name}", value, "must be true or false")
    return value


def _action_date(value: object, path: str) -> ActionDate:
    data = _object(value, path, ("kind", "on"))
    kind, on = data.get("kind"), _date(data.get("on"), f"{path}.on")
    kinds = [one.value for one in DateKind]
    if not isinstance(kind, str) or kind not in kinds:
        _fail(f"{path}.kind", kind, f"must be one of {', '.join(kinds)}")
    if on is None:
        _fail(f"{path}.on", on, "must be a date such as 2025-05-27")
    return ActionDate(DateKind(kind), on)
