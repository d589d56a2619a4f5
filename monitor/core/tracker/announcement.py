"""The first section of a page: the announcement's date, the summary, the tracker's id and the source document."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from monitor.core.tracker.dates import dated_prefix, is_cut_date, read_date, take_date
from monitor.core.tracker.headings import Headings
from monitor.core.tracker.lines import SLOT, Line, bullet_of, link_address, split_titled_link
from monitor.core.tracker.prose import is_standing_note, reads_as_sentence
from monitor.core.tracker.sections import Section
from monitor.model.policy import SourceDocument
from monitor.model.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Announcement:
    """What the first section states. ``version`` is that of the id line; the badge is elsewhere."""

    announced: date | None = None
    summary: str = ""
    tracker_id: int | None = None
    version: str | None = None
    source_document: SourceDocument | None = None


@dataclass(frozen=True, slots=True)
class _IdLine:
    """Where the id stands: line ``at``, and the words before and after it on that line."""

    at: int
    before: str = ""
    after: str = ""
    tracker_id: int | None = None
    version: str | None = None


@lru_cache(maxsize=8)
def _id_pattern(label: str, versions: tuple[str, ...]) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """The id ("[ID #1]", "[Item #149]", "[ID: #1]") with a version before it, and a version alone on its line."""
    number = r"\[\s?(?:[^\W\d_]{1,12}\s?)?:?\s?#\s?:?\s?(?P<id>\d{1,9})\s?\]"
    if label:
        version = rf"{re.escape(label)}\s(?P<version>[\w-]{{1,12}}(?:\.[\w-]{{1,12}}){{0,3}})\.?"
    else:
        version = rf"(?P<version>{'|'.join(map(re.escape, versions)) or '(?!)'})\.?"
    return re.compile(rf"(?:{version}\s?)?{number}"), re.compile(version)


def _find_id(texts: list[str], vocabulary: Vocabulary) -> _IdLine | None:
    """The policy's own id: alone on its line, else at a line's end, else anywhere; of several the last.

    An id in the middle of a sentence may be another policy's.
    """
    with_id, alone = _id_pattern(vocabulary.version_label, vocabulary.versions)
    best: tuple[int, _IdLine] | None = None
    for at, text in enumerate(texts):
        if text == SLOT:
            best = (3, _IdLine(at))
        elif found := alone.fullmatch(text):
            best = (3, _IdLine(at, version=found["version"]))
        ids = list(with_id.finditer(text))
        if not ids:
            continue
        found = ids[-1]
        before, after = text[: found.start()].rstrip(), text[found.end() :].lstrip(" .")
        rank = 1 if after else 2 if before else 3
        if best is None or rank >= best[0]:
            best = (rank, _IdLine(at, before, after, int(found["id"]), found["version"]))
    return None if best is None else best[1]


def _is_cut_version(text: str, vocabulary: Vocabulary) -> bool:
    """Whether a page's last line begins an id line and does not reach the version's end: "Trump 2."."""
    whole = [f"{vocabulary.version_label} {version}".strip() for version in vocabulary.versions]
    return text not in whole and any(line.startswith(text) for line in whole)


def _take_day(section: Section) -> tuple[date | None, list[Line]]:
    lines = list(section.lines)
    if not lines:
        return None, lines
    first = lines[0]
    day, rest = take_date(first.text)
    if section.flat and day is not None and rest.strip(" -"):
        return day, [Line(rest.strip(), first.indent, first.gap), *lines[1:]]
    day = read_date(first.text.removesuffix(" -"))
    begun = not section.closed and len(lines) == 1 and is_cut_date(first.text)
    return day, lines[1:] if day is not None or begun or first.text == SLOT else lines


def _take_links(lines: list[Line], headings: Headings) -> tuple[list[Line], Line | None, str | None]:
    """The lines without the document links at their end, the first of these links, and its address."""
    link, url = None, None
    while lines:
        is_link, address = link_address(lines[-1].text.removesuffix(" -"), headings)
        if not is_link:
            break
        link, url = lines.pop(), address or url
    return lines, link, url


def _ends_in_document(after: list[str], before: int, section: Section, above_item: bool, known: bool) -> bool:
    """Whether the last of the lines is the source document's title. ``known``: they stand below the id."""
    last = after[-1]
    if above_item and not section.flat and section.closed and not section.spaced:
        return True
    if known:
        return not (reads_as_sentence(last) and (above_item or section.flat or not section.closed))
    if not section.closed:
        return bool(dated_prefix(last)) and before > 0
    if dated_prefix(last):
        return before > 0
    if (above_item and not section.flat) or before == 0:
        return False
    return not reads_as_sentence(last) and bullet_of(last) is None


def _split_document(
    lines: list[Line], before: int, section: Section, above_item: bool, known: bool, vocabulary: Vocabulary
) -> tuple[list[str], str]:
    """The prose among the last lines, and the source document's title ("" without one)."""
    texts = [line.text for line in lines]
    notes = known and bool(texts) and is_standing_note(texts[-1], vocabulary, cut=not section.closed)
    abuts = above_item and not section.flat and section.closed and not section.spaced
    if not texts or (notes and not abuts) or not _ends_in_document(texts, before, section, above_item, known):
        return texts, ""
    start = len(lines) - 1
    while known and start > 0 and not is_standing_note(texts[start - 1], vocabulary):
        joined = not reads_as_sentence(texts[start - 1]) if section.flat else not lines[start].gap
        if not joined:
            break
        start -= 1
    return texts[:start], " ".join(texts[start:])


def read_announcement(section: Section, above_item: bool, headings: Headings, vocabulary: Vocabulary) -> Announcement:
    """Read the first section. ``above_item``: another item follows it, so that a blank line above that one tells."""
    day, lines = _take_day(section)
    lines, link, url = _take_links(lines, headings)
    if not section.closed and lines and _is_cut_version(lines[-1].text, vocabulary):
        lines.pop()
    texts = [line.text for line in lines]
    id_line = _find_id(texts, vocabulary)
    if id_line is None:
        known, head, below = False, [], lines
        prose_before = len(lines) - 1
    else:
        known = True
        head = [*texts[: id_line.at], id_line.before] if id_line.before else texts[: id_line.at]
        below = [Line(id_line.after)] if id_line.after else []
        below += lines[id_line.at + 1 :]
        prose_before = len(head)
    if link is not None and not known:
        rest, title = [line.text for line in below], ""
    else:
        rest, title = _split_document(below, prose_before, section, above_item and link is None, known, vocabulary)
    cut = not section.closed
    prose = head + [text for text in rest if not (known and is_standing_note(text, vocabulary, cut=cut))]
    return Announcement(
        announced=day,
        summary="\n".join(text.removesuffix(" -") if section.flat else text for text in prose if text),
        tracker_id=None if id_line is None else id_line.tracker_id,
        version=None if id_line is None else id_line.version,
        source_document=_document(title, link, url, headings),
    )


def _document(title: str, link: Line | None, url: str | None, headings: Headings) -> SourceDocument | None:
    """The titled document; where only a bare link stands, its label and address, if it has one."""
    bare, own = split_titled_link(title)
    if bare:
        return SourceDocument(bare, own or url)
    if link is None or url is None:
        return None
    found = headings.link.match(link.text)
    label = next((name for name in headings.link_labels if found and link.text.startswith(name)), "")
    return SourceDocument(label, url) if label else None
