"""Telling a page's prose from its titles, where the layout alone does not."""

from __future__ import annotations

import re

from monitor.core.tracker.dates import dated_prefix
from monitor.model.vocabulary import TitlePatterns, Vocabulary

_END = re.compile(r"[.!?][\"”’'\])*]*$")
_DOCKET = re.compile(r" vs?\. .*\)\.?$")  # "Texas v. Perez, No. 1:18-cv-00068 (S.D. Texas, July 16, 2021)."
_ABBREVIATION = re.compile(
    r"(?:\b[A-Z][a-z]{0,3}|\bal|\bvs?|\w\.\w)\.$"
)  # "Foo Corp.", "Flores, et al.", "Foo v. U.S."
_FEWEST_WORDS = 4


def reads_as_sentence(text: str, fewest_words: int = _FEWEST_WORDS) -> bool:
    """Whether ``text`` is prose and not a title: it ends as a sentence does, has no dated prefix and is no caption."""
    if _END.search(text[-8:]) is None or dated_prefix(text) or text.count(" ") + 1 < fewest_words:
        return False
    return not (_DOCKET.search(text[-400:]) or _ABBREVIATION.search(text[-12:]))


def is_standing_note(text: str, vocabulary: Vocabulary, *, cut: bool = False) -> bool:
    """Whether ``text`` begins as one of the notes that the tracker repeats, asterisks aside; ``cut``: or begins one."""
    notes = tuple(note.lstrip("* ") for note in vocabulary.standing_notes if note.strip("* "))
    bare = text.lstrip("* ")
    return bare.startswith(notes) or (cut and any(note.startswith(bare) for note in notes))


def press_mark(titles: TitlePatterns) -> str:
    """What the press pattern puts between date and headline: "Reported:"; "" where it puts nothing there."""
    before, _, _ = titles.press.partition("{headline}")
    return before.rpartition("{date}")[2].strip()


def is_reported(title: str, titles: TitlePatterns) -> bool:
    """Whether the headline of an action's title, after its dated prefix, begins with the press pattern's mark."""
    mark = press_mark(titles)
    return bool(mark) and title[len(dated_prefix(title)) :].startswith(mark)
