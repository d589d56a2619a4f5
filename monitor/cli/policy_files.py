"""Files of policies: tracker pages and records, in and out."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.representer import SafeRepresenter

from monitor.config.strict_yaml import load
from monitor.core.read.decode import decode
from monitor.core.tracker import page_text, read_page, write_page
from monitor.core.tracker.records import read_records, record_from_mapping, record_to_mapping, write_records
from monitor.errors import ConfigError, Unreadable
from monitor.model.policy import PolicyRecord
from monitor.model.vocabulary import Vocabulary

Records = tuple[PolicyRecord, ...]


class Format(StrEnum):
    """What `policies export` writes."""

    PAGE = "page"
    JSON = "json"
    JSONL = "jsonl"
    YAML = "yaml"
    CSV = "csv"

    @property
    def suffix(self) -> str:
        """How a file of this format is called, so that an import knows it."""
        return ".txt" if self is Format.PAGE else f".{self.value}"


def read_file(path: Path, vocabulary: Vocabulary) -> Records:
    """The records of a file, by its suffix. Raises Unreadable: what is wrong, and in which line where one is known."""
    read = _READERS.get(path.suffix.lower())
    if read is None:
        raise Unreadable(f"unknown suffix {path.suffix!r}: use {', '.join(_READERS)}")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Unreadable(error.strerror or str(error)) from None
    return read(data, path, vocabulary)


def _page(data: bytes, path: Path, vocabulary: Vocabulary) -> Records:
    return (read_page(decode(data), vocabulary),)


def _html(data: bytes, path: Path, vocabulary: Vocabulary) -> Records:
    return (read_page(page_text(decode(data)), vocabulary),)


def _records(data: bytes, path: Path, vocabulary: Vocabulary) -> Records:
    try:
        return read_records(data.decode("utf-8-sig"), path.suffix, vocabulary)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Unreadable(f"line {line}: not UTF-8 text: save the file as UTF-8") from None


def _yaml(data: bytes, path: Path, vocabulary: Vocabulary) -> Records:
    try:
        document = load(data, path.name)
    except ConfigError as error:
        problem = error.problems[0]
        raise Unreadable(
            problem.message if problem.line is None else f"line {problem.line}: {problem.message}"
        ) from None
    listed = document.value if isinstance(document.value, list) else [document.value]
    found = []
    for place, item in enumerate(listed):
        try:
            found.append(record_from_mapping(item, vocabulary))
        except Unreadable as error:
            raise Unreadable(f"line {document.line((place,)) or 1}: {error}") from None
    return tuple(found)


_READERS: dict[str, Callable[[bytes, Path, Vocabulary], Records]] = {
    ".txt": _page,
    ".html": _html,
    ".htm": _html,
    ".yaml": _yaml,
    ".yml": _yaml,
    ".json": _records,
    ".jsonl": _records,
    ".csv": _records,
}


def written(records: Sequence[PolicyRecord], form: Format, vocabulary: Vocabulary) -> str:
    """The text of a file that ``read_file`` reads back; of several pages each begins with its ``URL:`` line."""
    if form is Format.PAGE:
        return "\n".join(write_page(record, vocabulary) for record in records)
    if form is Format.YAML:
        return _as_yaml([record_to_mapping(record) for record in records])
    return write_records(records, form.suffix)


class _Plain(SafeRepresenter):
    """YAML without anchors, which the strict reader refuses, and with paragraphs as blocks."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def represent_text(self, data: str) -> ScalarNode:
        style = "|" if "\n" in data else None
        node: ScalarNode = self.represent_scalar("tag:yaml.org,2002:str", data, style=style)
        return node


_Plain.add_representer(str, _Plain.represent_text)


def _as_yaml(mappings: list[dict[str, Any]]) -> str:
    writer = YAML(typ="safe", pure=True)
    writer.Representer = _Plain
    writer.default_flow_style = False
    writer.allow_unicode = True
    writer.sort_base_mapping_type_on_output = False  # type: ignore[assignment]  # ruamel names None alone
    writer.width = 120
    out = io.StringIO()
    writer.dump(mappings, out)
    return out.getvalue()
