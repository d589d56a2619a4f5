"""The blocks below a page's items: current status, tag lines, related policies."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from monitor.core.tracker.dates import MONTHS, read_date, take_date
from monitor.core.tracker.headings import Role
from monitor.core.tracker.lines import bullet_of
from monitor.core.tracker.sections import Section
from monitor.core.tracker.tags import split_tags
from monitor.model.vocabulary import Vocabulary

_GLUED_DATE = re.compile(rf"(?<=\S)(?=(?:{'|'.join(MONTHS)})\s\d{{1,2}},\s\d{{4}})")


def read_status(sections: Iterable[Section], vocabulary: Vocabulary) -> str | None:
    """The words below the status heading; "" where other things follow it at once, None without the heading.

    A page that ends with the heading, or within its first word, was cut: it states no status.
    """
    status: str | None = None
    for section in sections:
        if section.role is Role.CURRENT_STATUS and not status:
            words = _status_words(section, vocabulary)
            status = status if words is None else words
    return status


def _status_words(section: Section, vocabulary: Vocabulary) -> str | None:
    if not section.lines:
        return "" if section.closed else None
    text = section.lines[0].text
    if take_date(text)[0] is not None:
        return ""
    statuses = sorted(vocabulary.current_statuses, key=len, reverse=True)
    if text in statuses:
        return text
    if not section.closed and len(section.lines) == 1 and any(status.startswith(text) for status in statuses):
        return None
    for status in statuses:
        glued_to = text[len(status) : len(status) + 1]
        if text.startswith(status) and not (glued_to.isspace() or glued_to.islower()):
            return status
    return _GLUED_DATE.split(text, maxsplit=1)[0]


def read_tags(sections: Iterable[Section], role: Role, names: Iterable[str], labels: Iterable[str]) -> tuple[str, ...]:
    """The tags of the first line under ``role`` that has any; ``labels`` are what may follow it, cut off."""
    known = tuple(names)
    for section in sections:
        if section.role is role and section.lines:
            text = section.lines[0].text
            whole = section.closed or len(section.lines) > 1
            return split_tags(text, known, cut_before=None if whole else labels)
    return ()


def read_related(sections: Iterable[Section]) -> tuple[str, ...]:
    """The related policies as printed, date and title on one line each."""
    found = [entry for section in sections if section.role is Role.RELATED for entry in _entries(section)]
    return tuple(dict.fromkeys(found))


def _entries(section: Section) -> Iterator[str]:
    bulleted = any(bullet_of(line.text) is not None for line in section.lines)
    entry: list[str] = []
    for line in section.lines:
        inner = bullet_of(line.text)
        begins = inner is not None if bulleted else bool(entry) and not _only_date(entry)
        if begins and entry:
            yield " ".join(entry)
            entry = []
        text = line.text if inner is None else inner
        if text:
            entry.append(text)
    if entry:
        yield " ".join(entry)


def _only_date(entry: list[str]) -> bool:
    return len(entry) == 1 and read_date(entry[0]) is not None
