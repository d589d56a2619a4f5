"""Writes a policy record as a tracker page, in the newest layout: what ``read_page`` reads back to the same record."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace

from monitor.core.text import clean
from monitor.core.tracker.actions import Timeline
from monitor.core.tracker.announcement import Announcement, read_announcement
from monitor.core.tracker.dates import write_date
from monitor.core.tracker.headings import Headings, Role, headings_of
from monitor.core.tracker.lines import SLOT, UNREVIEWED, read_lines
from monitor.core.tracker.sections import Section
from monitor.core.tracker.tags import agency_names, join_tags
from monitor.model.policy import ActionRecord, PolicyRecord
from monitor.model.vocabulary import Vocabulary

_CONTENT = "    "
_RUNS = re.compile(r"\s*\n\s*")

# One paragraph a string; the last one of a section may stand directly above the next heading.
_Paragraphs = list[str]


def write_page(record: PolicyRecord, vocabulary: Vocabulary) -> str:
    """``record`` as page text, first line ``URL: ...``; ``read_page`` reads it back to the same record.

    A page carries neither slug, terms, identifiers nor an action's dates, agencies and places; it tells ``reported`` by
    the title, and says nothing between a title that is missing and one that is "". A lone "—" marks a date, a title or
    an id that is missing where the next line would else be taken for it. Paragraphs and titles are single lines
    without spaces at their ends.
    """
    headings = headings_of(vocabulary)
    items = [_item(labels[0], paragraphs) for labels, paragraphs in _dated(record, vocabulary, headings) if labels]
    items += [_item(action.kind, _action(action, vocabulary, headings)) for action in record.actions]
    numbered = "".join(f"  {number}. {item}" for number, item in enumerate(items, start=1))
    numbered = numbered.rstrip("\n") + "\n"
    return "\n".join([*_head(record, vocabulary), numbered, *_blocks(record, vocabulary)]) + "\n"


def _line(text: str) -> str:
    return _RUNS.sub(" ", clean(text)).strip()


def _paragraphs(text: str) -> _Paragraphs:
    return [stripped for line in clean(text).split("\n") if (stripped := line.strip())]


def _item(label: str, paragraphs: _Paragraphs) -> str:
    """A heading and its content; a last paragraph "" leaves a blank line below the prose."""
    content = "\n\n".join(_CONTENT + text for text in paragraphs if text)
    return f"{_line(label)}\n\n{content}\n" + ("\n" if paragraphs[-1:] == [""] else "")


def _head(record: PolicyRecord, vocabulary: Vocabulary) -> list[str]:
    lines = [f"URL: {_line(record.url)}"]
    lines += vocabulary.labels.boilerplate[:1]
    if record.trump_version in vocabulary.versions:
        lines += ["", record.trump_version or ""]
    return lines + (["", _line(record.title)] if record.title else []) + [""]


def _dated(
    record: PolicyRecord, vocabulary: Vocabulary, headings: Headings
) -> list[tuple[tuple[str, ...], _Paragraphs]]:
    """The labels and content of the announcement and of the effective date, if there is one."""
    below = bool(record.effective or record.actions)
    sections = [(vocabulary.labels.announced, _announcement(record, vocabulary, headings, above_item=below))]
    if record.effective:
        sections.append((vocabulary.labels.effective, [write_date(record.effective)]))
    return sections


def _announcement(record: PolicyRecord, vocabulary: Vocabulary, headings: Headings, *, above_item: bool) -> _Paragraphs:
    def compose(slots: bool) -> _Paragraphs:
        missing = [SLOT] if slots else []
        lines = [write_date(record.announced)] if record.announced else missing
        lines = lines + _paragraphs(record.summary) + (_id_line(record, vocabulary) or missing)
        document = record.source_document
        if document is None:
            return [*lines, ""]
        return [*lines, _linked(_line(document.title), document.url)]

    def read(lines: _Paragraphs) -> Announcement:
        section = Section(Role.ANNOUNCED, "", read_lines(_content(lines), headings), spaced=lines[-1] == "")
        section = replace(section, spaced=section.spaced or not above_item)
        return read_announcement(section, above_item, headings, vocabulary)

    wanted = Announcement(
        record.announced,
        "\n".join(_paragraphs(record.summary)),
        record.tracker_id,
        record.trump_version if _id_line(record, vocabulary) else None,
        record.source_document,
    )
    return _shortest(compose, lambda lines: read(lines) == wanted)


def _shortest(compose: Callable[[bool], _Paragraphs], reads_back: Callable[[_Paragraphs], bool]) -> _Paragraphs:
    """Without the marks of what is missing where that reads back the same, which is nearly always; else with them."""
    plain = compose(False)
    return plain if reads_back(plain) else compose(True)


def _content(lines: _Paragraphs) -> str:
    return "\n\n".join(lines)


def _id_line(record: PolicyRecord, vocabulary: Vocabulary) -> _Paragraphs:
    """The version and the id ("Trump 2.0 [ID #1777]"), or what there is of the two."""
    parts = [vocabulary.version_label, record.trump_version] if record.trump_version else []
    if record.tracker_id is not None:
        parts.append(f"[ID #{record.tracker_id}]")
    return [" ".join(part for part in parts if part)] if parts else []


def _linked(text: str, url: str | None) -> str:
    return f"{text} <{url}>" if url else text


def _action(action: ActionRecord, vocabulary: Vocabulary, headings: Headings) -> _Paragraphs:
    timeline = Timeline(headings, vocabulary, old=False)
    title, prose = _line(action.title), _paragraphs(action.summary)
    note = [] if action.reviewed else [UNREVIEWED]

    def compose(slots: bool) -> _Paragraphs:
        missing = [SLOT] if slots else []
        lines = [write_date(action.date)] if action.date else missing
        lines = lines + ([title, *missing] if title else missing) + prose + note
        return lines + (_link(action.document_url, vocabulary) or [""])

    def reads_back(lines: _Paragraphs) -> bool:
        section = Section(Role.ACTION, action.kind, read_lines(_content(lines), headings))
        found = timeline.read(section)
        wanted = (action.date, title, "\n".join(prose), action.document_url)
        return [(one.date, one.title, one.summary, one.document_url) for one in found] == [wanted]

    return _shortest(compose, reads_back)


def _link(url: str | None, vocabulary: Vocabulary) -> _Paragraphs:
    labels = vocabulary.labels.view_document + vocabulary.labels.article_links
    return [_linked(labels[0], url)] if url and labels else []


def _blocks(record: PolicyRecord, vocabulary: Vocabulary) -> list[str]:
    """Current status, tags and related policies, as they stand at the page's margin."""
    labels = vocabulary.labels
    lines: list[str] = []
    if record.current_status is not None and labels.current_status:
        lines += [labels.current_status[0], "", _line(record.current_status), ""]
    lines += [labels.original_status[0], ""] if labels.original_status else []
    tagged: list[tuple[tuple[str, ...], tuple[str, ...], Iterable[str]]] = [
        (labels.status_tags, record.status_tags, vocabulary.status_tags),
        (labels.types, record.types, vocabulary.types),
        (labels.subjects, record.subjects, vocabulary.topics),
        (labels.agencies, record.agencies, agency_names(vocabulary.agencies)),
    ]
    lines += [f"{label[0].rstrip(': ')}: {join_tags(tags, names)}" for label, tags, names in tagged if tags and label]
    if labels.related:
        lines += ["", labels.related[0], *([""] if record.related else [])]
        lines += [f"  • {_line(entry)}" for entry in record.related]
    return lines
