"""JSON bytes to values that can be walked: bounded, never raising, and in words where it is something else."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from monitor.core.read.decode import decode
from monitor.core.read.sniff import is_binary, looks_like
from monitor.core.text import clean, shorten
from monitor.model.source import Fetched, PollError, ReadFailed

Row = dict[str, Any]

DEEPEST = 100  # levels: the APIs that are read need 7
_LONGEST_WHOLE = 18  # digits that fit into 64 bits; a longer number is kept as it is written
_SAID_LIMIT = 160  # characters
_SHOWN_KEYS = 6
# Strings whole, so that brackets within them do not count. Possessive: an unclosed quote must not be tried again.
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.S)
_MESSAGES = ("error", "errors", "message", "detail", "error_description")
_NAMED = ("message", "detail", *_MESSAGES, "title", "code")  # within an error


class JsonDocument(NamedTuple):
    """A parsed document, and what had to be forgiven."""

    value: object
    notes: tuple[str, ...] = ()


def load_json(fetched: Fetched, what: str, error: PollError = PollError.NOT_A_DOCUMENT) -> JsonDocument | ReadFailed:
    """Return the document's JSON, or why it has none. Never raises, whatever the bytes (THREATS F1, F15).

    ``what`` names what was expected ("a Federal Register answer") in the error. Read leniently: control characters in
    strings, NaN and infinities (as null), a key given twice (the last counts, with a note), lone surrogates (taken out
    by the text functions below). Whole numbers of over 18 digits stay as they are written. Refused: more than 100
    levels.
    """
    text = _text(fetched)
    if is_binary(fetched.body) or text[:1] not in ("{", "["):
        return ReadFailed(error, f"not {what}: this looks like {looks_like(fetched.body, text)}")
    if _too_deep(text):
        return ReadFailed(error, f"not {what}: JSON nested over {DEEPEST} levels deep is not read")
    objects = _Objects()
    decoder = json.JSONDecoder(
        strict=False, parse_int=_whole, parse_float=_real, parse_constant=_nothing, object_pairs_hook=objects.build
    )
    try:
        value = decoder.decode(text)
    except json.JSONDecodeError as broken:
        where = f"line {broken.lineno}, column {broken.colno}: {broken.msg}"
        return ReadFailed(error, f"not {what}: its JSON is broken or cut off ({where})")
    repeated = f"{objects.repeated} keys stand twice in one object: the last of each counts"
    return JsonDocument(value, (repeated,) if objects.repeated else ())


def _text(fetched: Fetched) -> str:
    """Return the text. JSON is UTF-8 (RFC 8259, 8.1): a charset that HTML inside its strings declares is not heard."""
    try:
        return fetched.body.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        return decode(fetched.body, fetched.headers.get("content-type")).strip()


def _too_deep(text: str) -> bool:
    if text.count("[") + text.count("{") <= DEEPEST:
        return False
    depth = 0
    for token in _TOKEN.finditer(text):
        mark = text[token.start()]
        depth += (mark in "[{") - (mark in "]}")
        if depth > DEEPEST:
            return True
    return False


class _Objects:
    """Builds objects and counts the keys that were given twice."""

    def __init__(self) -> None:
        self.repeated = 0

    def build(self, pairs: Sequence[tuple[str, object]]) -> Row:
        built = dict(pairs)
        self.repeated += len(pairs) - len(built)
        return built


def _whole(digits: str) -> int | str:
    return int(digits) if len(digits) <= _LONGEST_WHOLE else digits


def _real(digits: str) -> float | None:
    number = float(digits)
    return number if math.isfinite(number) else None


def _nothing(_: str) -> None:
    return None


def walk(value: object, path: str) -> Iterator[object]:
    """Yield what stands at a dotted path, once, or nothing where the document has no such place; null is a place.

    A step is a key of an object, or the index of a list from 0. The empty path is the value itself.
    """
    for step in path.split(".") if path else ():
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.isdecimal() and len(step) < 7 and int(step) < len(value):
            value = value[int(step)]
        else:
            return
    yield value


def at(value: object, path: str) -> object:
    """Return what stands at a dotted path; None where there is nothing."""
    return next(walk(value, path), None)


def text_of(value: object) -> str:
    """Return a string or a number as clean text; "" for anything else."""
    if isinstance(value, str):
        return clean(value)
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def text_at(value: object, *paths: str) -> str:
    """Return the first text that is not blank at any of the paths, or ""."""
    texts = (text_of(at(value, path)) for path in paths)
    return next((text for text in texts if text.strip()), "")


def texts_of(value: object) -> list[str]:
    """Return the texts of a list, or of one text: none of them blank."""
    texts = map(text_of, value if isinstance(value, list) else [value])
    return [text for text in texts if text.strip()]


def texts_at(value: object, path: str) -> list[str]:
    """Return ``texts_of`` what stands at a dotted path."""
    return texts_of(at(value, path))


def rows_at(value: object, path: str) -> list[Row]:
    """Return the objects of a list at a dotted path; an empty list where there is none."""
    found = at(value, path)
    return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []


def names_at(value: object, path: str, *names: str) -> list[str]:
    """Return one text for each object of a list, the first that it has of ``names``; each text once."""
    texts = (text_at(row, *names).strip() for row in rows_at(value, path))
    return list(dict.fromkeys(text for text in texts if text))


def refused(value: object, what: str, error: PollError = PollError.NOT_A_DOCUMENT) -> ReadFailed:
    """Return the failure of a JSON document that is not ``what`` was expected, with what it says or holds instead."""
    return ReadFailed(error, f"not {what}: this is {described(value)}")


def described(value: object) -> str:
    """Return what a JSON value is, in words: the message of an error answer, else its kind and its first keys."""
    if isinstance(value, list):
        return f"a JSON list of {len(value):,} elements"
    if not isinstance(value, dict):
        return f'the JSON value "{shorten(text_of(value) or "null", _SAID_LIMIT)}"'
    message = shorten(_message(value), _SAID_LIMIT)
    if message:
        return f'JSON that says "{message}"'
    return f"a JSON object with {keys_of(value)}"


def keys_of(value: Row) -> str:
    """Return the first keys of an object as an error message lists them."""
    if not value:
        return "no keys"
    shown = [shorten(clean(key), 40) or '""' for key in list(value)[:_SHOWN_KEYS]]
    more = "" if len(value) <= _SHOWN_KEYS else f" and {len(value) - _SHOWN_KEYS} more"
    return f"the keys {', '.join(shown)}{more}"


def _message(value: Row) -> str:
    """Return the words of an error answer: Django's, WordPress's, api.data.gov's, JSON:API's, justice.gov's."""
    found: object = next((value[name] for name in _MESSAGES if value.get(name)), None)
    found = found or at(value, "metadata.responseInfo.developerMessage")
    for _ in range(4):
        if isinstance(found, list):
            found = found[0] if found else None
        elif isinstance(found, dict):
            named = (found[name] for name in _NAMED if found.get(name))
            found = next(named, next(iter(found.values()), None))
    return text_of(found)
