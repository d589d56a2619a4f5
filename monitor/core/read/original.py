"""What an item said before characters were taken out that a reader does not see: for who audits it (THREATS F16).

A document that hides something is read a second time with each hidden character spelled out ("[U+202E]"), so that an
item's original words are had as its words are, whatever its kind. One that hides nothing, as nearly all, is read once.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import replace

from monitor.core.read.decode import decode
from monitor.core.text import UNWANTED
from monitor.model.source import Fetched, Item, Reading, ReadResult, SourceKind

MOST_BYTES = 2**20  # larger documents are read once: a second reading must not take the first one's time

_CHARACTERS = re.compile(f"{UNWANTED.pattern}|[\x85\u2028\u2029]")
# As markup writes them, escaped once or several times; as JSON does, but for halves of a pair.
_REFERENCES = re.compile(r"&(?:amp;)*(#[xX][0-9a-fA-F]{1,6}|#\d{1,7}|shy|[lr]lm|zwn?j);?")
_ESCAPES = re.compile(r"\\u((?![dD][89a-fA-F])[0-9a-fA-F]{4})")
_EVERYDAY = "\n\r\t\xa0"  # of what is not printable
_APART = frozenset({SourceKind.PDF, SourceKind.MAILBOX, SourceKind.ARTICLE})  # no text; encoded; archived as it came


def with_originals(result: ReadResult, fetched: Fetched, read: Callable[[Fetched], ReadResult]) -> ReadResult:
    """Return the reading with ``Item.original`` where characters were taken out of title or text. ``read`` made it."""
    if not isinstance(result, Reading) or result.kind in _APART or len(fetched.body) > MOST_BYTES:
        return result
    text = decode(fetched.body, fetched.headers.get("content-type"))
    if not hides(text):
        return result
    return paired(result, read(replace(fetched, body=f"\ufeff{spelled_out(text)}".encode())))


def paired(result: Reading, twin: ReadResult | None) -> Reading:
    """Return the reading with the words of its ``twin``, whose hidden characters are spelled out, as its originals."""
    if not isinstance(twin, Reading) or twin.kind is not result.kind or len(twin.items) != len(result.items):
        return result
    items = tuple(_with_original(*pair) for pair in zip(result.items, twin.items, strict=True))
    return replace(result, items=items)


def _with_original(item: Item, twin: Item) -> Item:
    if (item.title, item.text) == (twin.title, twin.text):
        return item
    return replace(item, original="\n".join(filter(None, (twin.title, twin.text))))


def hides(text: str) -> bool:
    """Tell whether a document holds a character that is taken out of all words, itself or by a reference.

    Told of 40 KB in 0.1 ms: the patterns are asked only where there is something to find.
    """
    bare = text
    for character in _EVERYDAY:
        bare = bare.replace(character, "")
    if not bare.isprintable() and _CHARACTERS.search(text.removeprefix("\ufeff")):
        return True
    if "&" in text and any(_named(found) for found in _REFERENCES.finditer(text)):
        return True
    return _is_json(text) and any(_escaped(found) for found in _ESCAPES.finditer(text))


def spelled_out(text: str) -> str:
    """Return the document with each such character as its code point in brackets, which no format reads as its own."""
    text = _CHARACTERS.sub(lambda found: _bracketed(found[0]), text.removeprefix("\ufeff"))
    text = _REFERENCES.sub(lambda found: _bracketed(_named(found)) or found[0], text)
    return _ESCAPES.sub(lambda found: _bracketed(_escaped(found)) or found[0], text) if _is_json(text) else text


def _is_json(text: str) -> bool:
    return text.lstrip("\ufeff \t\r\n")[:1] in ("{", "[")


def _named(found: re.Match[str]) -> str:
    """Return the hidden character that a reference stands for, or ""."""
    name = found[1]
    if name.startswith("#"):
        digits = name[2:] if name[1] in "xX" else name[1:]
        point = int(digits, 16 if name[1] in "xX" else 10)
        return _hidden(chr(point)) if point <= 0x10FFFF else ""
    return _hidden(html.unescape(f"&{name};"))


def _escaped(found: re.Match[str]) -> str:
    return _hidden(chr(int(found[1], 16)))


def _hidden(character: str) -> str:
    return character if _CHARACTERS.fullmatch(character) else ""


def _bracketed(character: str) -> str:
    return f"[U+{ord(character):04X}]" if character else ""
