"""Policy records as files: JSON (a list or one object), JSON Lines, and CSV without the timeline."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from monitor.core.tracker.lines import SLOT
from monitor.core.tracker.mapping import RECORD_FIELDS, record_from_mapping, record_to_mapping
from monitor.errors import Unreadable
from monitor.model.policy import PolicyRecord
from monitor.model.vocabulary import Vocabulary

__all__ = ["CSV_COLUMNS", "SUFFIXES", "read_records", "record_from_mapping", "record_to_mapping", "write_records"]

SUFFIXES = (".json", ".jsonl", ".csv")
CSV_COLUMNS = (*(name for name in RECORD_FIELDS if name != "actions"), "source_document_url")
_LISTS = frozenset({"types", "subjects", "agencies", "status_tags", "terms", "identifiers", "related"})
_JOIN = "; "

# A spreadsheet runs a cell that begins so as a formula; an apostrophe before it makes it text.
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_QUOTED_FORMULA = re.compile(r"'+[=+\-@\t\r]")
_SPACE = re.compile(r"[ \t\r\n]*")


def read_records(text: str, suffix: str, vocabulary: Vocabulary) -> tuple[PolicyRecord, ...]:
    """The records of a file's ``text`` by its ``suffix`` (``.json``, ``.jsonl``, ``.csv``), in the file's order.

    Raises Unreadable that names the line where the record begins, or where the text is no such format.
    """
    rows = {".json": _json_rows, ".jsonl": _jsonl_rows, ".csv": _csv_rows}.get(suffix.lower())
    if rows is None:
        raise Unreadable(f"cannot read records from {suffix!r} files: use {', '.join(SUFFIXES)}")
    records = []
    for line, data in rows(text.removeprefix("\ufeff")):
        try:
            records.append(record_from_mapping(data, vocabulary))
        except Unreadable as error:
            raise Unreadable(f"line {line}: {error}") from error
    return tuple(records)


def write_records(records: Iterable[PolicyRecord], suffix: str) -> str:
    """The text of a file that ``read_records`` reads back: all fields, save that CSV has no ``actions``.

    In CSV lists are joined by "; " (a semicolon within is written ``\\;``), "—" is a status or title that is "" and not
    unknown, and a cell that a spreadsheet would run as a formula begins with an apostrophe.
    """
    if suffix.lower() == ".csv":
        return _write_csv(records)
    mappings = [record_to_mapping(record) for record in records]
    if suffix.lower() == ".json":
        return json.dumps(mappings, ensure_ascii=False, indent=2) + "\n"
    if suffix.lower() == ".jsonl":
        return "".join(json.dumps(mapping, ensure_ascii=False) + "\n" for mapping in mappings)
    raise Unreadable(f"cannot write records to {suffix!r} files: use {', '.join(SUFFIXES)}")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the field {twice!r} is given twice")
    return found


def _constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_constant)


def _decode(text: str, at: int, line: int) -> tuple[Any, int]:
    """The JSON value that begins at ``at``, and where it ends. ``line`` is where ``at`` is."""
    try:
        value, end = _DECODER.raw_decode(text, at)
    except json.JSONDecodeError as error:
        where = line + text.count("\n", at, error.pos)
        raise Unreadable(f"line {where}: not JSON: {error.msg}") from error
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"line {line}: not JSON that can be read: {error}") from error
    return value, end


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return at if found is None else found.end()


def _json_rows(text: str) -> Iterator[tuple[int, Any]]:
    """Element by element, so that an error in a record can name its line."""
    at = _skip(text, 0)
    line = 1 + text.count("\n", 0, at)
    listed = text[at : at + 1] == "["
    at = at + 1 if listed else at
    begun = at
    while True:
        following = _skip(text, at)
        line += text.count("\n", at, following)
        if listed and text[following : following + 1] == "]" and at == begun:
            at = following
            break
        value, end = _decode(text, following, line)
        yield line, value
        at = _skip(text, end)
        line += text.count("\n", following, at)
        if not listed or text[at : at + 1] != ",":
            break
        at += 1
    _close(text, at, line, listed)


def _close(text: str, at: int, line: int, listed: bool) -> None:
    if listed and text[at : at + 1] != "]":
        raise Unreadable(f"line {line}: not JSON: expected ',' or ']' after a record")
    rest = text[at + 1 if listed else at :].strip()
    if rest:
        raise Unreadable(f"line {line}: not JSON: more follows the end ({rest[:20]!r}); one object a line is .jsonl")


def _jsonl_rows(text: str) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(text.split("\n"), start=1):
        stripped = line.strip(" \t\r")
        if stripped:
            value, end = _decode(stripped, 0, number)
            if stripped[end:].strip():
                raise Unreadable(f"line {number}: more than one value on the line; put each record on its own")
            yield number, value


def _csv_rows(text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header: list[str] | None = None
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader, None)
        except csv.Error as error:
            raise Unreadable(f"line {line}: not CSV: {error}") from error
        if row is None:
            return
        if header is None:
            header = _header(row)
        elif any(row):
            yield line, _from_cells(header, row, line)


def _header(row: list[str]) -> list[str]:
    names = [name.strip() for name in row]
    for name in names:
        if name not in CSV_COLUMNS:
            raise Unreadable(f"line 1: unknown column {name[:80]!r} (known: {', '.join(CSV_COLUMNS)})")
        if names.count(name) > 1:
            raise Unreadable(f"line 1: the column {name!r} is given twice")
    return names


def _from_cells(header: list[str], row: list[str], line: int) -> Mapping[str, Any]:
    if len(row) > len(header):
        raise Unreadable(f"line {line}: {len(row)} cells under {len(header)} columns; quote cells that hold commas")
    cells = {name: _unquoted(cell) for name, cell in zip(header, row, strict=False) if cell}
    data: dict[str, Any] = {name: _split(cell) if name in _LISTS else cell for name, cell in cells.items()}
    for name in ("title", "current_status"):
        data[name] = "" if data.get(name) == SLOT else data.get(name)
    url = data.pop("source_document_url", None)
    if url is not None:
        data["source_document"] = {"title": data.get("source_document", ""), "url": url}
    return data


def _unquoted(cell: str) -> str:
    return cell[1:] if _QUOTED_FORMULA.match(cell) else cell


def _split(cell: str) -> list[str]:
    parts = re.findall(r"(?:\\.|[^\\;]|\\$)+", cell, flags=re.DOTALL)
    return [re.sub(r"\\(.)", r"\1", part).strip() for part in parts if part.strip()]


def _write_csv(records: Iterable[PolicyRecord]) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for record in records:
        writer.writerow([_cell(value) for value in _cells(record)])
    return out.getvalue()


def _cells(record: PolicyRecord) -> Iterator[str]:
    data = record_to_mapping(record)
    document = data.pop("source_document", {})
    data |= {"source_document": document.get("title"), "source_document_url": document.get("url")}
    for name in CSV_COLUMNS:
        value = data.get(name)
        if isinstance(value, list):
            yield _JOIN.join(re.sub(r"([\\;])", r"\\\1", one) for one in value)
        else:
            yield "" if value is None else str(value) or SLOT


def _cell(text: str) -> str:
    return "'" + text if _FORMULA.match(text) else text
