"""Tags that stand side by side without a separator, taken apart by the longest known name.

Pages print "ICE State & Local Entities", listings "EnforcementDetentionInterior": the vocabulary alone tells where
one ends, since names contain spaces, commas and each other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from monitor.model.vocabulary import Agency

HARD_SEPARATOR = ";"
_BETWEEN = " \t,|"


@lru_cache(maxsize=64)
def _pattern(names: tuple[str, ...]) -> re.Pattern[str] | None:
    longest_first = sorted({name for name in names if name}, key=lambda name: (-len(name), name))
    return re.compile("|".join(map(re.escape, longest_first))) if longest_first else None


def _ends_name(text: str, end: int, names: re.Pattern[str]) -> bool:
    """Whether a known name that stops at ``end`` stops there as a word: "ICEberg" and "AGX" hold no name."""
    if end == len(text) or not text[end].isalnum():
        return True
    if text[end].islower():
        return False
    glued_capitals = text[end - 1].isupper() and not text[end + 1 : end + 2].islower()
    return not glued_capitals or names.match(text, end) is not None


def _known_at(text: str, at: int, names: re.Pattern[str]) -> int | None:
    """Where the known name that begins at ``at`` ends; None where none begins, or where it is only part of one."""
    found = names.match(text, at)
    if found is None or not _ends_name(text, found.end(), names):
        return None
    # "Visas: Investor" is a subtype that the vocabulary lacks, not the tag "Visas" and a stray word.
    return None if text[found.end() : found.end() + 1] == ":" else found.end()


def _begins_word(text: str, at: int) -> bool:
    before, here = text[at - 1], text[at]
    return before in _BETWEEN or (before.islower() and here.isupper())


def _unknown_end(text: str, start: int, names: re.Pattern[str]) -> int:
    """Where the words that the vocabulary lacks end: at the next known name, or with the text."""
    colon = text.find(":", start)
    for at in range(start + 1, len(text)):
        follows_colon = colon != -1 and at <= colon + 2
        if not follows_colon and _begins_word(text, at) and _known_at(text, at, names) is not None:
            return at
    return len(text)


def _split_chunk(text: str, names: re.Pattern[str]) -> list[str]:
    tags: list[str] = []
    at = 0
    while at < len(text):
        if text[at] in _BETWEEN:
            at += 1
            continue
        end = _known_at(text, at, names)
        if end is None:
            end = _unknown_end(text, at, names)
        tags.append(text[at:end].strip(_BETWEEN))
        at = end
    return tags


def split_tags(text: str, names: Iterable[str], *, cut_before: Iterable[str] | None = None) -> tuple[str, ...]:
    """The tags of one line, in order, each once.

    A name of the vocabulary is found by longest match; neighbouring words that the vocabulary lacks stay together as a
    tag of their own. A semicolon separates whatever stands around it. ``cut_before``: the text may end within a
    name, or within one of these labels that follow it: a last word that only begins one of them is left out.
    """
    known = tuple(names)
    pattern = _pattern(known)
    if HARD_SEPARATOR in text or pattern is None:
        tags = [chunk.strip(_BETWEEN) for chunk in text.split(HARD_SEPARATOR)]
    else:
        tags = _split_chunk(text.strip(), pattern)
    if cut_before is not None and tags and tags[-1] not in known:
        tags[-1:] = _uncut(tags[-1], known, tuple(cut_before))
    return tuple(dict.fromkeys(tag for tag in tags if tag))


def _uncut(tag: str, known: tuple[str, ...], labels: tuple[str, ...]) -> list[str]:
    """The whole names at the head of a last tag that ends in the beginning of a name or label: "DOJ" of "DOJAge"."""
    for at in range(len(tag)):
        begins = any(name.startswith(tag[at:]) for name in known + labels)
        if begins and (at == 0 or tag[:at] in known):
            return [tag[:at]] if at else []
    return [tag]


def join_tags(tags: Iterable[str], names: Iterable[str]) -> str:
    """The line that ``split_tags`` reads back: spaces between, as pages print them, or semicolons where they must."""
    kept, known = tuple(tags), tuple(names)
    line = " ".join(kept)
    if split_tags(line, known) == kept:
        return line
    return f"{HARD_SEPARATOR} ".join(kept) + HARD_SEPARATOR


def agency_names(agencies: Iterable[Agency]) -> Mapping[str, str]:
    """Every way to name an agency -> the tracker's own name; a tracker's name is never another's alias."""
    listed = tuple(agencies)
    aliases = {alias: agency.name for agency in listed for alias in agency.aliases}
    return aliases | {agency.name: agency.name for agency in listed}
