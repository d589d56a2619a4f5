"""XML documents that are lists of records, such as sitemaps, court feeds and lists of rules: safely, one at a time."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from io import BytesIO

from lxml import etree

from monitor.core.read.decode import decode
from monitor.core.read.sniff import is_binary, is_html, looks_like
from monitor.model.source import PollError, ReadFailed

_MOST_FIELDS = 200  # of one record; no format in use comes near
_LONGEST_FIELD = 100_000  # characters
# Of a path that is written out for each element: one as deep or as long as the document would make that quadratic.
_DEEPEST = 20
_LONGEST_NAME = 100  # characters
# An address with a bare "&" is the commonest mistake in sitemaps: the parser would drop a parameter's name.
# One that never closes takes the rest: looking for its end again from each of a million would be quadratic.
_BARE = re.compile(r"(<!\[CDATA\[(?:.*?\]\]>|.*))|&(?!#?\w{1,32};)", re.S)


@dataclass(frozen=True, slots=True)
class Record:
    """One repeated element: its local name, and its texts by their path of local names (``news/title``).

    Where a path is stated several times the first text counts. Texts are as written, stripped.
    """

    name: str
    fields: dict[str, str]

    def get(self, path: str) -> str:
        """Return the text at ``path``, or ""."""
        return self.fields.get(path, "")


@dataclass(slots=True)
class Records:
    """A document under way. ``root`` is the root's local name; ``broken`` becomes True where its XML ends or errs.

    Iterated once: the records come in document order, and none is kept.
    """

    root: str
    broken: bool = False
    about: dict[str, str] = field(default_factory=dict)
    _rest: Iterator[Record] = field(default_factory=lambda: iter(()))

    def __iter__(self) -> Iterator[Record]:
        return self._rest


def records_of(
    body: bytes, content_type: str | None, names: Collection[str], roots: Collection[str], wanted: str
) -> Records | ReadFailed:
    """Return the records of a document (elements with a local name of ``names``), or why it is not ``wanted``.

    Never raises, here or while it is iterated. Namespaces are not looked at: half of all sitemaps misspell theirs.
    Broken XML is read as far as it goes. ``about`` fills with the texts outside the records (``channel/title``).
    Nothing is expanded or fetched, and a document that declares entities is refused (THREATS F1).
    """
    text = decode(body, content_type).strip().removeprefix("\ufeff").lstrip()
    if is_binary(body) or is_html(text) or not text.startswith("<"):
        return ReadFailed(PollError.NOT_A_DOCUMENT, f"not {wanted}: this looks like {looks_like(body, text)}")
    if "<!entity" in text.lower():
        detail = "the document declares entities of its own (<!ENTITY>): not read, since they can expand without end"
        return ReadFailed(PollError.PARSE_ENTITIES, detail)
    walk = _Walk(text, names)
    root = walk.root()
    if root not in roots:
        seen = f"XML with the root <{root[:40]}>" if root else "broken XML"
        return ReadFailed(PollError.NOT_A_DOCUMENT, f"not {wanted}: this looks like {seen}")
    found = Records(root)
    found._rest = walk.records(found)
    return found


class _Walk:
    """One pass over the events of the parser; what was read is let go at once, so that memory stays flat."""

    def __init__(self, text: str, names: Collection[str]) -> None:
        self._names = names
        whole = _BARE.sub(lambda found: found[1] or "&amp;", text)
        self._events = etree.iterparse(
            BytesIO(whole.encode("utf-8", "replace")),
            events=("start", "end"),
            encoding="utf-8",  # decoded once, by decode(): the declaration is not asked again
            recover=True,
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        )

    def root(self) -> str:
        """Read as far as the root element and return its local name; "" where there is none."""
        try:
            return next((_local(element) for _, element in self._events), "")
        except etree.LxmlError:
            return ""

    def records(self, document: Records) -> Iterator[Record]:
        path: list[str] = []
        inside: list[str] | None = None
        fields: dict[str, str] = {}
        try:
            for event, element in self._events:
                name = _local(element)
                if event == "start":
                    if inside is not None:
                        inside.append(name)
                    elif name in self._names:
                        inside, fields = [], {}
                    else:
                        path.append(name)
                    continue
                if inside is None:
                    _note(document.about, path, element)
                    del path[-1:]
                elif inside:
                    _note(fields, inside, element)
                    inside.pop()
                else:
                    yield Record(name, fields)
                    inside = None
                _let_go(element)
        except etree.LxmlError:
            document.broken = True
        document.broken = document.broken or bool(len(self._events.error_log))


def _note(fields: dict[str, str], path: list[str], element: etree._Element) -> None:
    text = (element.text or "").strip()
    if text and len(fields) < _MOST_FIELDS and len(path) <= _DEEPEST:
        fields.setdefault("/".join(path), text[:_LONGEST_FIELD])


def _let_go(element: etree._Element) -> None:
    """Empty an element that was read, and drop those before it."""
    element.clear()
    above = element.getparent()
    while above is not None and element.getprevious() is not None:
        del above[0]


def _local(element: etree._Element) -> str:
    tag = element.tag
    return tag.rpartition("}")[2][:_LONGEST_NAME] if isinstance(tag, str) else ""
