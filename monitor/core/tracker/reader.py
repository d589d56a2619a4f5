"""Reads a tracker page, in any of its layouts, into a policy record.

Lines -> sections (``numbered`` or ``flat``) -> announcement, timeline, blocks. Linear in the page's length.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from monitor.core.tracker.actions import Timeline
from monitor.core.tracker.announcement import Announcement, read_announcement
from monitor.core.tracker.blocks import read_related, read_status, read_tags
from monitor.core.tracker.dates import read_date, take_date
from monitor.core.tracker.flat import split_flat
from monitor.core.tracker.headings import ITEM_ROLES, Headings, Role, headings_of
from monitor.core.tracker.keys import policy_key
from monitor.core.tracker.lines import Line, bullet_of, read_lines, split_address
from monitor.core.tracker.numbered import split_numbered
from monitor.core.tracker.sections import Page, Section
from monitor.core.tracker.tags import agency_names
from monitor.errors import Unreadable
from monitor.model.policy import ActionRecord, PolicyRecord
from monitor.model.vocabulary import Vocabulary


def read_page(text: str, vocabulary: Vocabulary) -> PolicyRecord:
    """The record that the text of a tracker page states; what the page does not show is empty.

    A first line ``URL: ...`` gives the address, without its trailing slash; without one the key is ``title:slug``.
    A page may be cut off anywhere; then its last action may lack words. Raises Unreadable where the text is no tracker
    page, or has nothing to know the policy by.
    """
    headings = headings_of(vocabulary)
    url, body = split_address(text)
    lines = read_lines(body, headings)
    page = split_numbered(lines, headings, vocabulary) or split_flat(lines, headings, vocabulary)
    badge, title = _read_lead(page, headings, vocabulary)
    if not page.sections and not _is_cut_lead(page.lead, url, headings, vocabulary):
        raise Unreadable(
            f"this is no page of the tracker {vocabulary.tracker!r}: none of its headings was found "
            f"(a page has {_named(vocabulary)}); check the file, or the labels in vocabulary.yaml"
        )
    announcement, complete = _announcement(page, headings, vocabulary)
    names = agency_names(vocabulary.agencies)

    def tags(role: Role, known: Iterable[str]) -> tuple[str, ...]:
        return read_tags(page.sections, role, known, headings.roles)

    return PolicyRecord(
        url=url or policy_key(title, announcement.tracker_id),
        title=title,
        tracker_id=announcement.tracker_id,
        trump_version=announcement.version or (badge if complete else None),
        announced=announcement.announced,
        effective=_effective(page),
        summary=announcement.summary,
        source_document=announcement.source_document,
        types=tags(Role.TYPES, vocabulary.types),
        subjects=tags(Role.SUBJECTS, vocabulary.topics),
        agencies=tuple(dict.fromkeys(names.get(tag, tag) for tag in tags(Role.AGENCIES, names))),
        status_tags=tags(Role.STATUS_TAGS, vocabulary.status_tags),
        current_status=read_status(page.sections, vocabulary),
        related=read_related(page.sections),
        actions=_actions(page, headings, vocabulary),
    )


def _named(vocabulary: Vocabulary) -> str:
    labels = vocabulary.labels
    return ", ".join(f"{names[0]!r}" for names in (labels.announced, labels.effective, labels.current_status) if names)


def _read_lead(page: Page, headings: Headings, vocabulary: Vocabulary) -> tuple[str | None, str | None]:
    """The version badge and the title: the line below the badge, without one the last line above the first heading."""
    lines = [line.text for line in page.lead if not headings.is_boilerplate(line.text)]
    if not page.sections and lines and _is_cut_heading(lines[-1], headings, vocabulary):
        lines.pop()
    if page.sections and page.sections[0].flat:
        lines = [line for line in lines if bullet_of(line) != ""]
    for at, line in enumerate(lines):
        if line in vocabulary.versions:
            around = lines[at + 1 : at + 2] or lines[max(at - 1, 0) : at]
            return line, around[0] if around else None
    return None, lines[-1] if lines else None


def _is_cut_heading(text: str, headings: Headings, vocabulary: Vocabulary) -> bool:
    """Whether a page's last line begins the first heading ("1. Original Da"), a badge or a standing line."""
    if text not in vocabulary.versions and any(version.startswith(text) for version in vocabulary.versions):
        return True
    label = text.lstrip("0123456789").removeprefix(".").lstrip()
    numbered = label != text and any(name.startswith(label) for name in headings.roles)
    return numbered or any(start.startswith(text.lower()) for start in headings.boilerplate)


def _is_cut_lead(lead: tuple[Line, ...], url: str | None, headings: Headings, vocabulary: Vocabulary) -> bool:
    """Whether lines without any heading may be the head of a page that was cut: address, badge, title at most."""
    texts = [line.text for line in lead]
    known = [text for text in texts if headings.is_boilerplate(text) or text in vocabulary.versions]
    return (url is not None or bool(known)) and len(texts) - len(known) <= 2


def _announcement(page: Page, headings: Headings, vocabulary: Vocabulary) -> tuple[Announcement, bool]:
    """The first section, and whether it is whole: a badge above a section that was cut off is not relied upon."""
    for at, section in enumerate(page.sections):
        if section.role is Role.ANNOUNCED:
            above_item = at + 1 < len(page.sections) and _is_item(page.sections[at + 1])
            return read_announcement(section, above_item, headings, vocabulary), section.closed
    return Announcement(), bool(page.sections)


def _is_item(section: Section) -> bool:
    return section.role in ITEM_ROLES or (section.role is Role.OTHER and not section.label and not section.flat)


def _effective(page: Page) -> date | None:
    for section in page.sections:
        if section.role is Role.EFFECTIVE and section.lines:
            text = section.lines[0].text
            return read_date(text) or take_date(text)[0]
    return None


def _actions(page: Page, headings: Headings, vocabulary: Vocabulary) -> tuple[ActionRecord, ...]:
    timeline = Timeline(headings, vocabulary, page.old)
    return tuple(
        action for section in page.sections if section.role is Role.ACTION for action in timeline.read(section)
    )
