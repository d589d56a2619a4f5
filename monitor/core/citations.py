"""The passages of a policy's record that cite something: each with its words, its links and where it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from monitor.core.match.identifiers import identifiers
from monitor.core.text import plain, shorten
from monitor.core.urls import safe_link, without_tracking
from monitor.model.policy import ActionRecord, PolicyRecord

_LINK = re.compile(r"https?://[^\s<>\"'\u2018\u2019\u201c\u201d]{1,2048}", re.IGNORECASE)
_BASE = "http://citation.invalid/"  # a relative address means nothing in a record
_AFTER_LINK = ".,;:!?*_"
_TITLE_SHOWN = 80  # characters
_DATED = re.compile(r"\A\d{4}\.\d{2}(?:\.\d{2})?[\s_.:-]+")


@dataclass(frozen=True, slots=True)
class Passage:
    """One passage. ``title`` names what ``document`` (its first link, "" where it has none) is; ``reported``: by the
    press alone."""

    where: str
    text: str
    links: tuple[str, ...] = ()
    title: str = ""
    document: str = ""
    reported: bool = False


def passages(record: PolicyRecord) -> Iterator[Passage]:
    """Yield the record's own words, its source document, its identifiers one by one, then its actions."""
    yield _passage("its record", "\n".join((record.title or "", record.summary)))
    if record.source_document is not None:
        document = record.source_document
        yield _passage("its source document", document.title, document.url, title=document.title)
    for stated in record.identifiers:
        # A case may stand there as a bare number.
        bare = stated if identifiers(stated) or _LINK.search(stated) else f"No. {stated}"
        yield _passage("its identifiers", bare)
    for action in record.actions:
        yield _passage(
            _named(action),
            "\n".join((action.title, action.summary)),
            action.document_url,
            title=action.title,
            reported=action.reported,
        )


def _passage(where: str, text: str, document: str | None = None, *, title: str = "", reported: bool = False) -> Passage:
    address = _web(document) if document else None
    found = (link for each in _LINK.findall(plain(text)) if (link := _web(_trimmed(each))) is not None)
    links = dict.fromkeys((address, *found) if address else found)
    return Passage(where, _LINK.sub(" ", text), tuple(links), _undated(title), address or "", reported)


def _web(address: str) -> str | None:
    link = safe_link(without_tracking(address.strip()), _BASE)
    return None if link is None or link.startswith(_BASE) else link


def _trimmed(link: str) -> str:
    """Take off what ends the sentence; a bracket belongs to the link only where it is opened there."""
    while link and (link[-1] in _AFTER_LINK or any(_closes(link, *pair) for pair in ("()", "[]", "{}"))):
        link = link[:-1]
    return link


def _closes(link: str, opening: str, closing: str) -> bool:
    return link.endswith(closing) and link.count(closing) > link.count(opening)


def _undated(title: str) -> str:
    return _DATED.sub("", " ".join(plain(title).split()))


def _named(action: ActionRecord) -> str:
    if action.title.strip():
        return f'the action "{shorten(" ".join(plain(action.title).split()), _TITLE_SHOWN)}"'
    return f"the action of {action.date}" if action.date else "an action without title and date"
