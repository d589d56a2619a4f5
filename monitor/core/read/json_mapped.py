"""Any JSON API to items, by the paths that ``sources.yaml`` gives: kind json."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from monitor.core.read.json_api import MOST_ROWS, api_item, first_date, paragraphs, reading, too_many
from monitor.core.read.json_document import at, described, keys_of, load_json, text_of, texts_of, walk
from monitor.core.text import shorten
from monitor.model.source import Fetched, Item, PollError, ReadFailed, ReadResult, Source, SourceKind

_WHAT = "the API's answer"
_SHOWN = 80  # characters of a path


def read_mapped(fetched: Fetched, source: Source, now: datetime) -> ReadResult:
    """Return the items of any JSON API, or why the source's paths do not fit the document. Never raises.

    ``source.items`` is the dotted path of the list ("" where the document is the list). ``source.fields`` maps title,
    text, url, id, published and publisher to dotted paths within an element. A path that no element has fails the poll:
    an API that was rebuilt must not look like one that has nothing new. A list of texts becomes lines.
    """
    document = load_json(fetched, _WHAT)
    if isinstance(document, ReadFailed):
        return document
    place = next(walk(document.value, source.items), None)
    if not isinstance(place, list):
        return ReadFailed(PollError.NOT_A_DOCUMENT, _no_list(document.value, source.items))
    rows = [row for row in place[:MOST_ROWS] if isinstance(row, dict | list)]
    problem = _misfit(place, rows, source.fields)
    if problem:
        return ReadFailed(PollError.NOT_A_DOCUMENT, problem)
    paths = dict(source.fields)
    found = [_item(row, paths, fetched.url, now) for row in rows]
    empty = found.count(None) + len(place[:MOST_ROWS]) - len(rows)
    notes = [*document.notes, *too_many(place)]
    if empty:
        notes.append(f"{empty} elements without title, text and url left out")
    nameless = sum(1 for row in rows if not _joined(row, paths.get("id"))) if "id" in paths else 0
    if nameless:
        notes.append(f"{nameless} elements without an id: known by their link or their words")
    return reading(SourceKind.JSON, "", [item for item in found if item is not None], notes)


def _no_list(value: object, path: str) -> str:
    if path:
        found = next((_kind(place) for place in walk(value, path)), "the document has no such place")
        return f'items: no list at "{shorten(path, _SHOWN)}" ({found}): this is {described(value)}'
    return f"items: the document is no list, so its path is needed: this is {described(value)}"


def _kind(value: object) -> str:
    if isinstance(value, dict):
        return "that is an object"
    return f'that is "{shorten(text_of(value), 40)}"' if text_of(value).strip() else "that is empty"


def _misfit(place: Sequence[object], rows: Sequence[object], fields: Sequence[tuple[str, str]]) -> str:
    """Return the first mapped path that no element has, in words; "" where all fit or there is no element."""
    if place and not rows:
        return f"items: none of the {len(place):,} elements is an object"
    missing = ((name, path) for name, path in fields if not any(list(walk(row, path)) for row in rows))
    name, path = next(missing, ("", "")) if rows else ("", "")
    if not name:
        return ""
    first = rows[0]
    holds = f"the first has {keys_of(first)}" if isinstance(first, dict) else "the first is a list"
    return f'fields: {name}: none of the {len(rows):,} elements has "{shorten(path, _SHOWN)}"; {holds}'


def _item(row: object, paths: dict[str, str], url: str, now: datetime) -> Item | None:
    return api_item(
        key=_joined(row, paths.get("id")),
        title=_joined(row, paths.get("title")),
        text=paragraphs(*texts_of(at(row, paths["text"])) if "text" in paths else ""),
        link=_joined(row, paths.get("url")),
        base=url,
        date=first_date([_joined(row, paths.get("published"))], now),
        publisher=_joined(row, paths.get("publisher")),
    )


def _joined(row: object, path: str | None) -> str:
    return "; ".join(texts_of(at(row, path))) if path is not None else ""
