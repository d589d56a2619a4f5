"""Accepted proposals as entries of ``sources.yaml``."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from monitor.cli.source_file import SOURCES, rewrite
from monitor.config.credentials import reference, resolve_headers
from monitor.config.files import read_text
from monitor.config.settings import dotenv_values
from monitor.config.source_lines import Bound, Entry, new_entry, with_entries, with_policies
from monitor.config.sources import load_sources
from monitor.core.derive import watch_key
from monitor.errors import ConfigError, UsageError
from monitor.model.source import Source, SourceKind
from monitor.model.vocabulary import Vocabulary
from monitor.store.proposals import StoredProposal

# Filings come by the hour; a cited document that changes quietly is seen within the day.
_EVERY = {SourceKind.FEED: "1h"}
_SELDOM = "6h"
_KEYED = frozenset({SourceKind.REGULATIONS})  # refuse whoever has no key


@dataclass(frozen=True, slots=True)
class Entered:
    """Each accepted proposal with its source's id, and those that wait for a key."""

    sources: tuple[tuple[StoredProposal, str], ...]
    left: tuple[StoredProposal, ...]

    @property
    def why_left(self) -> str:
        """What to do about those that wait."""
        return (
            "regulations.gov asks for a key of api.data.gov: give --auth env:NAME (or file:PATH), where the key is "
            "found, or let another source of it state one"
        )


def enter(
    path: Path,
    proposals: Sequence[StoredProposal],
    taken: Collection[str],
    vocabulary: Vocabulary,
    auth: str | None,
) -> Entered:
    """Write what the proposals watch to the file, each address once, bound to the policies of all of them.

    Raises StateError, Conflict, UsageError or ConfigError, and the file is then as it was.
    """
    done: list[Entered] = []

    def change(text: str) -> str:
        plan = _Plan(load_sources(text, SOURCES, vocabulary), set(taken), auth)
        for each in proposals:
            plan.add(each)
        for source_id, policies in plan.bound.items():
            text = with_policies(text, source_id, policies, SOURCES, vocabulary)
        if plan.entries:
            text = with_entries(text, list(plan.entries.values()), SOURCES, vocabulary)
        done.append(Entered(tuple(plan.entered), tuple(plan.left)))
        return text

    rewrite(path, change)
    return done[0]


def check_key(folder: Path, auth: str, environ: Mapping[str, str]) -> None:
    """Raise UsageError where no key is found by ``auth``: with such an entry no command would start any more."""
    path = folder / ".env"
    known = {**dotenv_values(read_text(path) if path.exists() else ""), **environ}
    try:
        resolve_headers(Source("--auth", "", "", auth=reference(auth)), known, folder)
    except ValueError as error:
        raise UsageError(f"--auth: {error}") from None
    except ConfigError as error:
        raise UsageError(error.problems[0].message) from None


class _Plan:
    """What is to be written: new entries by what they watch, and further policies of sources that are there."""

    def __init__(self, sources: Sequence[Source], taken: set[str], auth: str | None) -> None:
        self._sources = {watch_key(each.url): each for each in reversed(sources)}
        self._auth = {_origin(each.url): each.auth for each in reversed(sources) if each.auth}
        self._given = auth
        self._taken = taken | {each.id for each in sources}
        self.entries: dict[str, Entry] = {}
        self.bound: dict[str, list[str]] = {}
        self.entered: list[tuple[StoredProposal, str]] = []
        self.left: list[StoredProposal] = []

    def add(self, stored: StoredProposal) -> None:
        key = stored.proposal.key
        policy = stored.policy_url if stored.tracker_id is None else str(stored.tracker_id)
        if key in self._sources:
            source = self._sources[key]
            if policy not in (*source.policies, *self.bound.get(source.id, ())):
                self.bound.setdefault(source.id, []).append(policy)
            self.entered.append((stored, source.id))
            return
        entry = self.entries.get(key) or self._new(stored)
        if entry is None:
            self.left.append(stored)
            return
        self.entries[key] = _with_policy(entry, policy)
        self.entered.append((stored, entry.id))

    def _new(self, stored: StoredProposal) -> Entry | None:
        proposed = stored.proposal
        auth = self._auth.get(_origin(proposed.url), "")
        if proposed.kind in _KEYED and not auth:
            auth = self._given or ""
        if proposed.kind in _KEYED and not auth:
            return None
        bound = Bound((), proposed.voice, _EVERY.get(proposed.kind, _SELDOM), auth)
        entry = new_entry(proposed.name, proposed.url, proposed.kind, self._taken, bound)
        self._taken.add(entry.id)
        return entry


def _with_policy(entry: Entry, policy: str) -> Entry:
    assert entry.bound is not None
    policies = dict.fromkeys((*entry.bound.policies, policy))
    return Entry(
        entry.id,
        entry.name,
        entry.url,
        entry.kind,
        Bound(tuple(policies), entry.bound.voice, entry.bound.every, entry.bound.auth),
    )


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.lower()}"
