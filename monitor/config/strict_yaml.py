"""YAML as plain data with line numbers, for files that people write and machines must be able to trust.

YAML 1.2 core schema: ``no`` is a word, ``12:30`` and dates are text. Built on ruamel's events, so that nothing is
constructed before it was judged. Refused, always with file and line: anchors, aliases, merge keys, tags, directives,
duplicate keys, keys that are not text, more than one document, nesting deeper than 20, over 1 MiB, bytes that are not
UTF-8, control characters (THREATS, finding 10 and Y1: a 669-byte merge-key bomb keeps a stock loader busy for ever).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
)

from monitor.errors import ConfigError, Problem

MAX_BYTES = 1 << 20
MAX_DEPTH = 20
MAX_DIGITS = 18

Plain = dict[str, Any] | list[Any] | str | int | float | bool | None

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOL = {
    word: value for value, name in ((True, "true"), (False, "false")) for word in (name, name.title(), name.upper())
}
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


@dataclass(slots=True)
class _Node:
    """One value and where it stands; ``line`` is that of the key in a mapping and of the element in a list."""

    line: int
    value: Plain
    children: dict[str | int, _Node] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Document:
    """One file's data. ``value`` is dicts, lists, str, int, float, bool and None, and nothing else."""

    file: str
    value: Plain
    _root: _Node | None

    def line(self, path: Sequence[str | int]) -> int | None:
        """The 1-based line of the key or element at ``path``, else of its nearest ancestor; None for an empty file."""
        node = self._root
        for step in path:
            if node is None or step not in node.children:
                break
            node = node.children[step]
        return None if node is None else node.line


def load(text: str | bytes, file: str) -> Document:
    """Read one document. ``file`` is the name that errors carry. Raises ConfigError."""
    text = _checked(text, file)
    builder = _Builder(file)
    try:
        for event in _events(text):
            builder.take(event)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _refusal(file, None if mark is None else mark.line + 1, _short(error)) from None
    except (YAMLError, ValueError) as error:
        raise _refusal(file, None, f"not valid YAML: {str(error).splitlines()[0][:200]}") from None
    return Document(file, None if builder.root is None else builder.root.value, builder.root)


def decode(data: bytes, file: str) -> str:
    """UTF-8 as text, a leading byte order mark dropped. Raises ConfigError with the line of the first bad byte."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _refusal(file, line, "not UTF-8 text: save the file as UTF-8") from None


def _events(text: str) -> Iterator[Any]:
    return iter(YAML(typ="safe", pure=True).parse(text))


def _checked(text: str | bytes, file: str) -> str:
    if isinstance(text, str) and len(text) <= MAX_BYTES:
        size = len(text.encode("utf-8", "surrogatepass"))
    else:
        size = len(text)
    if size > MAX_BYTES:
        raise _refusal(file, None, f"larger than {MAX_BYTES >> 20} MiB: split it or remove what is not needed")
    text = decode(text, file) if isinstance(text, bytes) else text.removeprefix("\ufeff")
    found = _CONTROL.search(text)
    if found is not None:
        line = text.count("\n", 0, found.start()) + 1
        raise _refusal(file, line, f"the control character U+{ord(found.group()):04X} is not allowed: remove it")
    return text


def _short(error: MarkedYAMLError) -> str:
    said = (error.problem or error.context or "cannot be read").splitlines()[0][:200]
    context = f" ({error.context})" if error.problem and error.context else ""
    hint = ": indent with spaces, not tabs" if "'\\t'" in said else ""
    return f"not valid YAML: {said}{context}{hint}"


def _refusal(file: str, line: int | None, message: str) -> ConfigError:
    return ConfigError(Problem(file, line, message))


class _Builder:
    """Turns events into nodes without recursion, refusing as soon as something is refusable."""

    def __init__(self, file: str) -> None:
        self.root: _Node | None = None
        self._file = file
        self._documents = 0
        self._open: list[_Node] = []
        self._keys: list[tuple[str, int] | None] = []  # the key that waits for its value, one a container

    def take(self, event: Any) -> None:
        line: int = event.start_mark.line + 1
        match event:
            case DocumentStartEvent():
                self._start_document(event, line)
            case NodeEvent():
                self._take_node(event, line)
            case MappingEndEvent() | SequenceEndEvent():
                self._open.pop()
                self._keys.pop()
            case _:
                pass  # the ends of documents and of the stream

    def _start_document(self, event: DocumentStartEvent, line: int) -> None:
        self._documents += 1
        if self._documents > 1:
            self._refuse(line, "a second document begins here: keep one document a file and remove the '---'")
        if event.version or event.tags:
            self._refuse(line, "'%' directives are not allowed: remove the line")

    def _take_node(self, event: NodeEvent, line: int) -> None:
        if isinstance(event, AliasEvent):
            self._refuse(line, f"the alias '*{event.anchor}' is not allowed: write the value out")
        if event.anchor:
            self._refuse(line, f"the anchor '&{event.anchor}' is not allowed: write the value out where it is used")
        tag = getattr(event, "tag", None)
        if tag is not None:
            self._refuse(line, f"the tag '{str(tag)[:60]}' is not allowed: remove it")
        if self._expects_key():
            self._take_key(event, line)
        elif isinstance(event, ScalarEvent):
            self._place(_Node(line, self._scalar(event, line)))
        else:
            self._enter(event, line)

    def _expects_key(self) -> bool:
        return bool(self._open) and isinstance(self._open[-1].value, dict) and self._keys[-1] is None

    def _take_key(self, event: NodeEvent, line: int) -> None:
        key = self._scalar(event, line) if isinstance(event, ScalarEvent) else None
        if not isinstance(key, str):
            self._refuse(line, "a key has to be text: put it in quotes")
        if key == "<<":
            self._refuse(line, "the merge key '<<' is not allowed: write the keys out")
        earlier = self._open[-1].children.get(key)
        if earlier is not None:
            self._refuse(line, f"the key '{key[:60]}' is given twice (first in line {earlier.line}): remove one")
        self._keys[-1] = (key, line)

    def _enter(self, event: NodeEvent, line: int) -> None:
        if len(self._open) >= MAX_DEPTH:
            self._refuse(line, f"nested deeper than {MAX_DEPTH} levels")
        node = _Node(line, {} if isinstance(event, MappingStartEvent) else [])
        self._place(node)
        self._open.append(node)
        self._keys.append(None)

    def _place(self, node: _Node) -> None:
        if not self._open:
            self.root = node
            return
        parent, waiting = self._open[-1], self._keys[-1]
        if isinstance(parent.value, list):
            parent.children[len(parent.value)] = node
            parent.value.append(node.value)
        elif isinstance(parent.value, dict) and waiting is not None:
            key, node.line = waiting
            parent.children[key] = node
            parent.value[key] = node.value
            self._keys[-1] = None

    def _scalar(self, event: ScalarEvent, line: int) -> Plain:
        if event.style in ("'", '"', "|", ">"):
            return str(event.value)
        try:
            return core_value(str(event.value))
        except ValueError as error:
            self._refuse(line, str(error))

    def _refuse(self, line: int, message: str) -> NoReturn:
        raise _refusal(self._file, line, message)


def core_value(word: str) -> Plain:
    """An unquoted word by the YAML 1.2 core schema. Raises ValueError for a number of absurd length."""
    if word in _NULL:
        return None
    if word in _BOOL:
        return _BOOL[word]
    integer = _INT.fullmatch(word) is not None
    if not integer and _FLOAT.fullmatch(word) is None:
        return word
    if len(word) > MAX_DIGITS:
        raise ValueError(f"the number '{word[:20]}...' is too long: put it in quotes if it is text")
    if not integer:
        return float(re.sub(r"\.(?=[a-z])", "", word.lower()))  # .inf and .nan lose their dot
    return int(word, 0) if word.startswith(("0o", "0x")) else int(word)
