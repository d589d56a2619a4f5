"""Read of a feed's document only what was not in the last one: the rest is known by the hash of its bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from monitor.core.read import read_document
from monitor.core.read.decode import decode
from monitor.core.read.feed import declares_entities, read_kept
from monitor.core.read.identity import base_key, digest
from monitor.core.read.newest import MOST_ITEMS
from monitor.core.read.original import hides, paired, spelled_out
from monitor.core.read.scan import Scan, scan, with_predecessors
from monitor.core.read.sniff import is_binary
from monitor.model.source import Fetched, Item, Reading, ReadResult, Source, SourceKind
from monitor.model.vocabulary import Vocabulary

_MARK = 16  # hexadecimal digits
_FEEDS = (SourceKind.AUTO, SourceKind.FEED)


@dataclass(frozen=True, slots=True)
class Skimmed:
    """What was read of a document.

    ``marks`` are the document's entries, by the hash of their bytes: a short hash of the identity that each claims;
    empty where the document cannot be cut, so that the next one is read whole too. ``partial``: ``result`` is a
    reading of the entries that ``known`` did not have, and ``total`` counts all. Otherwise it is the whole reading,
    and ``same`` are the keys of those items whose bytes were known: they were not edited, whatever a parser that
    carries state from entry to entry makes of them.
    """

    result: ReadResult
    marks: Mapping[str, str] = field(default_factory=dict)
    partial: bool = False
    total: int = 0
    same: frozenset[str] = frozenset()


def skim(
    fetched: Fetched,
    source: Source,
    now: datetime,
    known: Mapping[str, str],
    *,
    whole: bool = False,
    vocabulary: Vocabulary | None = None,
) -> Skimmed:
    """Return what is new in the document, ``known`` being the ``marks`` of the last one. Never raises.

    The items of a partial reading equal those of a full one, key and all. The document is read whole where that cannot
    be said: nothing is known, over half of the entries are new (the ids may have been remade), an identity stands
    twice in the document (THREATS fault 44), it cannot be cut, or it is no feed. ``whole`` demands it.
    """
    cut = _cut(fetched, source)
    if cut is None:
        return Skimmed(read_document(fetched, source, now, vocabulary))
    hashes = [entry.hash for entry in cut.entries]
    new = [place for place, each in enumerate(hashes) if each not in known]
    if not whole and known and 2 * len(new) <= len(hashes):
        partial = _partial(cut, new, known, fetched.url, now)
        if partial is not None:
            return partial
    return _whole(read_document(fetched, source, now), hashes, known)


def _cut(fetched: Fetched, source: Source) -> Scan | None:
    if source.kind not in _FEEDS or is_binary(fetched.body):
        return None
    text = decode(fetched.body, fetched.headers.get("content-type")).strip().removeprefix("\ufeff").lstrip()
    cut = None if declares_entities(text) else scan(text.encode("utf-8", "replace"))
    return cut if cut is not None and len(cut.entries) <= MOST_ITEMS else None


def _partial(cut: Scan, new: Sequence[int], known: Mapping[str, str], url: str, now: datetime) -> Skimmed | None:
    marks = {entry.hash: known[entry.hash] for entry in cut.entries if entry.hash in known}
    total = len(cut.entries)
    if not new:
        return Skimmed(Reading(SourceKind.FEED, "", ()), marks, partial=True, total=total)
    kept = with_predecessors(new)
    wanted = [kept.index(place) for place in new]
    text = cut.reduced(set(kept)).decode()
    reading = read_kept(text, len(kept), wanted, url=url, now=now)
    if reading is None:
        return None
    if hides(text):
        reading = paired(reading, read_kept(spelled_out(text), len(kept), wanted, url=url, now=now))
    fresh = [_mark(item) for item in reading.items]
    if len(set(fresh)) < len(fresh) or not set(fresh).isdisjoint(marks.values()):
        return None  # the same identity twice: which item is which is for the whole document to tell
    marks |= {cut.entries[place].hash: mark for place, mark in zip(new, fresh, strict=True)}
    return Skimmed(reading, marks, partial=True, total=total)


def _whole(result: ReadResult, hashes: Sequence[str], known: Mapping[str, str]) -> Skimmed:
    # Fewer items than entries: some were repeated or empty, and which entry is which item is not known.
    if not isinstance(result, Reading) or result.kind is not SourceKind.FEED or len(result.items) != len(hashes):
        return Skimmed(result)
    marks = {each: _mark(item) for each, item in zip(hashes, result.items, strict=True)}
    same = frozenset(item.key for each, item in zip(hashes, result.items, strict=True) if each in known)
    return Skimmed(result, marks, total=len(hashes), same=same)


def _mark(item: Item) -> str:
    return digest(base_key(item.key))[:_MARK]
