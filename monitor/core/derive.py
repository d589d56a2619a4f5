"""What a policy's record cites, as sources that would watch it: dockets, rulemakings, documents."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from monitor.core.citations import Passage, passages
from monitor.core.match.identifiers import Identifier
from monitor.core.text import clean
from monitor.core.urls import document_key
from monitor.core.watches import (
    Numbered,
    Unwatchable,
    Watch,
    host_of,
    is_government,
    site_of,
    watch_of_link,
    watches_of_numbers,
)
from monitor.model.policy import PolicyRecord
from monitor.model.source import SourceKind, Voice


@dataclass(frozen=True, slots=True)
class Citation:
    """What is cited (an address, or a number in words), and where: "its identifiers", "the action ..."."""

    what: str
    where: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """A source that would watch what ``why`` cites. ``key`` is the same for all that would watch the same."""

    key: str
    kind: SourceKind
    url: str
    name: str
    voice: Voice
    why: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class Derived:
    """The proposals in the record's order, and what it cites that cannot be watched, each with the reason."""

    proposals: tuple[Proposal, ...]
    left: tuple[tuple[Citation, str], ...]


def watch_key(url: str) -> str:
    """What two addresses share that watch the same: a docket's page and its feed, a document and its API's answer."""
    found = watch_of_link(url)
    return document_key(found.url if isinstance(found, Watch) else url)


def derive(record: PolicyRecord, *, watched: Collection[str] = (), own: Collection[str] = ()) -> Derived:
    """Return what would watch everything that the record and its actions cite, each once.

    ``watched`` are addresses of sources: what they watch is left out. So are the tracker's own pages: ``own`` are
    addresses of its pages, and every page of their hosts is one, unless the host is the government's.
    """
    gathered = _Gathered(record, own)
    for passage in passages(record):
        gathered.take(passage)
    known = {watch_key(url) for url in watched}
    return Derived(
        tuple(each for each in gathered.proposals() if each.key not in known),
        tuple(dict.fromkeys(gathered.left)),
    )


class _Gathered:
    """What has been found so far: a watch for each key, with every citation of it."""

    def __init__(self, record: PolicyRecord, own: Collection[str]) -> None:
        pages = (record.url, *own)
        self._own_pages = {document_key(url) for url in pages}
        self._own_sites = {site for url in pages if (site := site_of(url)) and not is_government(host_of(url))}
        self._watches: dict[str, Watch] = {}
        self._why: dict[str, dict[Citation, None]] = {}
        self._linked: list[tuple[Identifier, Watch]] = []  # cases, with the docket that a passage links to beside them
        self._numbered: list[tuple[Numbered, Citation]] = []
        self.left: list[tuple[Citation, str]] = []

    def take(self, passage: Passage) -> None:
        """Take what one passage cites."""
        dockets = self._links(passage)
        numbered = list(watches_of_numbers(passage))
        cases = {one.case.key: one.case for one in numbered if one.case is not None}
        if len(dockets) == 1 and len(cases) == 1:
            self._linked.append((next(iter(cases.values())), next(iter(dockets.values()))))
        for one in numbered:
            citation = Citation(one.what, passage.where)
            if isinstance(one.watch, Unwatchable):
                self.left.append((citation, one.watch.why))
            else:
                self._numbered.append((one, citation))

    def _links(self, passage: Passage) -> dict[str, Watch]:
        """Take the passage's links; return the dockets among them."""
        dockets = {}
        for link in passage.links:
            if self._is_own(link):
                continue
            found = watch_of_link(link, passage)
            citation = Citation(link, passage.where)
            if isinstance(found, Unwatchable):
                self.left.append((citation, found.why))
                continue
            self._add(found, citation)
            if found.is_docket:
                dockets[found.url] = found
        return dockets

    def _is_own(self, link: str) -> bool:
        site = site_of(link)
        within = any(site == own or site.endswith(f".{own}") for own in self._own_sites)
        return within or document_key(link) in self._own_pages

    def _add(self, watch: Watch, citation: Citation) -> None:
        key = document_key(watch.url)
        before = self._watches.get(key)
        if before is None or (before.url.startswith("http:") and watch.url.startswith("https:")):
            self._watches[key] = watch
        self._why.setdefault(key, {})[citation] = None

    def proposals(self) -> Iterator[Proposal]:
        """Give what was found. Of a case that is linked to somewhere the docket, and no search for its number; of one
        whose court is stated somewhere the search there."""
        stated = [(one.case, one.watch) for one, _ in self._numbered if one.case is not None and one.case.court]
        for one, citation in self._numbered:
            docket = next((watch for case, watch in (*self._linked, *stated) if _is_same(case, one.case)), one.watch)
            if isinstance(docket, Watch):
                self._add(docket, citation)
        self._numbered = []
        for key, watch in self._watches.items():
            yield Proposal(key, watch.kind, watch.url, clean(watch.name), watch.voice, tuple(self._why[key]))


def _is_same(case: Identifier, other: Identifier | None) -> bool:
    return other is not None and case.same(other)
