"""The timeline: the subsequent actions below one heading, one to an item or several in a bulleted group.

Newer layouts print date, title, prose and "View Document"; the oldest prints date, prose and the document's label,
which is the action's title there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from monitor.core.tracker.dates import dated_prefix, is_cut_date, read_date, take_date
from monitor.core.tracker.headings import Headings
from monitor.core.tracker.lines import SLOT, UNREVIEWED, bullet_of, link_address, split_titled_link
from monitor.core.tracker.prose import is_reported, is_standing_note, reads_as_sentence
from monitor.core.tracker.sections import Section
from monitor.model.policy import ActionRecord
from monitor.model.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class _Item:
    """The lines of one action; ``closed`` and ``spaced`` as in Section."""

    texts: tuple[str, ...]
    closed: bool
    spaced: bool


@dataclass(frozen=True, slots=True)
class Timeline:
    """Reads sections of one page. ``old``: a title stands last."""

    headings: Headings
    vocabulary: Vocabulary
    old: bool

    def read(self, section: Section) -> tuple[ActionRecord, ...]:
        """The actions below one heading, in order. A heading with nothing below it holds none."""
        items = self._flat_items(section) if section.flat else _numbered_items(section)
        return tuple(self._action(section, item) for item in items if item.texts)

    def _action(self, section: Section, item: _Item) -> ActionRecord:
        day, texts = _take_flat_day(item.texts) if section.flat else _take_day(item.texts)
        texts, linked, url = self._without_links(texts)
        reviewed = UNREVIEWED not in texts
        texts = tuple(text for text in texts if text != UNREVIEWED)
        if self.old and not linked:
            title, prose = self._title_last(texts, item, section.flat)
        else:
            title, prose = self._title_first(texts, linked)
        title, own = split_titled_link(title)
        reported = is_reported(title, self.vocabulary.titles)
        return ActionRecord(section.label, day, title, "\n".join(prose), url or own, reported, reviewed=reviewed)

    def _without_links(self, texts: tuple[str, ...]) -> tuple[tuple[str, ...], bool, str | None]:
        end, url = len(texts), None
        while end:
            is_link, address = link_address(texts[end - 1], self.headings)
            if not is_link:
                break
            end, url = end - 1, address or url
        return texts[:end], end < len(texts), url

    def _title_first(self, texts: tuple[str, ...], linked: bool) -> tuple[str, tuple[str, ...]]:
        if not texts:
            return "", ()
        if SLOT in texts[1:2]:
            return texts[0], texts[2:]
        if texts[0] == SLOT:
            return "", texts[1:]
        more = any(not is_standing_note(text, self.vocabulary) for text in texts[1:])
        if reads_as_sentence(texts[0]) and not (more and linked):
            return "", texts
        return texts[0], texts[1:]

    def _title_last(self, texts: tuple[str, ...], item: _Item, flat: bool) -> tuple[str, tuple[str, ...]]:
        """The document's label stands directly above the next heading; prose has a blank line below it."""
        if not texts:
            return "", ()
        last = texts[-1]
        if not item.closed and len(texts) == 1 and is_cut_date(last):
            return "", ()
        if item.closed and not item.spaced and not flat:
            return last, texts[:-1]
        is_prose = bullet_of(last) is not None or reads_as_sentence(last, 1) or is_standing_note(last, self.vocabulary)
        if is_prose or not (item.closed or len(texts) > 1):
            return "", texts
        return last, texts[:-1]

    def _flat_items(self, section: Section) -> Iterator[_Item]:
        current: list[str] = []
        ended = False
        for line in section.lines:
            for text in self._flat_parts(line.text):
                marked = text == "-" or (text.startswith("- ") and take_date(text[2:])[0] is not None)
                if current and (marked or ended or self._begins_dated(text, current)):
                    yield _Item(tuple(current), True, True)
                    current = []
                ended = text.endswith(" -")
                text = text.removesuffix(" -").removeprefix("- " if marked else "").rstrip()
                if text != "-":
                    current.append(text)
        yield _Item(tuple(current), section.closed, True)

    def _begins_dated(self, text: str, current: list[str]) -> bool:
        """Whether a line without a mark begins the next action: a date alone, or one glued to a title below a link."""
        if read_date(text) is not None:
            return len(current) > 1 or read_date(current[0]) is None
        return take_date(text)[0] is not None and link_address(current[-1], self.headings)[0]

    def _flat_parts(self, text: str) -> tuple[str, ...]:
        """``text``, and apart from it a link label at its end."""
        body = text.removesuffix(" -")
        for label in self.headings.link_labels:
            at = body.rfind(label)
            if at < 1 or not link_address(body[at:], self.headings)[0]:
                continue
            return body[:at].rstrip(), text[at:]
        return (text,)


def _take_day(texts: tuple[str, ...]) -> tuple[date | None, tuple[str, ...]]:
    if texts[0] == SLOT:
        return None, texts[1:]
    day = read_date(texts[0])
    return (None, texts) if day is None else (day, texts[1:])


def _take_flat_day(texts: tuple[str, ...]) -> tuple[date | None, tuple[str, ...]]:
    day, rest = take_date(texts[0])
    if day is None or not rest.strip():
        return _take_day(texts)
    # "May 22, 2017 Implementation of ..." is a title: a date of the timeline is glued to what it stands above
    if rest[0].isspace() and not dated_prefix(rest.lstrip()):
        return None, texts
    return day, (rest.strip(), *texts[1:])


def _numbered_items(section: Section) -> Iterator[_Item]:
    """One item, or each bullet of a group; bullets that stand deeper than the group's own are prose."""
    lines = section.lines
    if not lines or bullet_of(lines[0].text) is None:
        yield _Item(tuple(line.text for line in lines), section.closed, section.spaced)
        return
    margin = lines[0].indent
    starts = [at for at, line in enumerate(lines) if line.indent <= margin and bullet_of(line.text) is not None]
    for start, end in pairwise([*starts, len(lines)]):
        last = end == len(lines)
        texts = (bullet_of(lines[start].text) or "", *(line.text for line in lines[start + 1 : end]))
        yield _Item(
            tuple(text for text in texts if text),
            section.closed or not last,
            section.spaced if last else lines[end].gap,
        )
