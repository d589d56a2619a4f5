"""The list of policies: which of them a query asks for, and which page of those. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Generic, TypeVar
from urllib.parse import urlencode

from monitor.core.text import fold
from monitor.errors import UsageError
from monitor.model.policy import PolicyRecord
from monitor.store.policies import StoredPolicy

T = TypeVar("T")
PAGE_SIZE = 50
_LONGEST = 200  # characters of one parameter: nobody searches for more


@dataclass(frozen=True, slots=True)
class Filters:
    """A query's wishes, all of which must hold. Names may be written as their slugs; dates are inclusive."""

    topic: str = ""
    agency: str = ""
    type: str = ""
    status: str = ""
    version: str = ""
    after: date | None = None
    before: date | None = None
    q: str = ""

    @property
    def given(self) -> dict[str, str]:
        """The parameters that say something, as an address writes them."""
        return {each.name: str(value) for each in fields(self) if (value := getattr(self, each.name))}


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list. ``number`` begins at 1; ``last`` is at least 1."""

    items: Sequence[T]
    number: int
    last: int
    total: int


@dataclass(frozen=True, slots=True)
class Choice:
    """A value that a filter offers, and how many policies have it."""

    name: str
    slug: str
    count: int


def slugged(name: str) -> str:
    """A name as addresses write it: "State & Local Entities" is state-local-entities."""
    spaced = "".join(char if char.isalnum() else " " for char in fold(name))
    return "-".join(spaced.split())


def read_filters(parameters: Mapping[str, str]) -> Filters:
    """The filters of a query string; UsageError for one that cannot be meant. Unknown parameters are not ours."""
    words = {name: parameters.get(name, "").strip() for name in ("topic", "agency", "type", "status", "version", "q")}
    for name, value in words.items():
        if len(value) > _LONGEST:
            raise UsageError(f"{name} is longer than {_LONGEST} characters")
    return Filters(**words, after=_date(parameters, "after"), before=_date(parameters, "before"))


def read_page(parameters: Mapping[str, str]) -> int:
    """The number of the page that a query asks for."""
    text = parameters.get("page", "").strip() or "1"
    if not (text.isascii() and text.isdigit() and len(text) <= 6 and int(text)):
        raise UsageError("page has to be a number from 1")
    return int(text)


def _date(parameters: Mapping[str, str], name: str) -> date | None:
    text = parameters.get(name, "").strip()
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise UsageError(f"{name} has to be a date such as 2025-07-16") from None


def matching(policies: Iterable[StoredPolicy], filters: Filters) -> list[StoredPolicy]:
    """The policies that meet every filter, in the order given."""
    tests = list(_tests(filters))
    return [policy for policy in policies if all(test(policy.record) for test in tests)]


def _tests(filters: Filters) -> Iterable[Callable[[PolicyRecord], bool]]:
    named: tuple[tuple[str, Callable[[PolicyRecord], Iterable[str]]], ...] = (
        (filters.topic, lambda record: record.subjects),
        (filters.agency, lambda record: record.agencies),
        (filters.type, lambda record: record.types),
        (filters.status, statuses),
        (filters.version, lambda record: (record.trump_version or "",)),
    )
    for wanted, values in named:
        if wanted:
            yield _has(slugged(wanted), values)
    if filters.after or filters.before:
        first, last = filters.after or date.min, filters.before or date.max
        yield lambda record: record.announced is not None and first <= record.announced <= last
    if words := fold(filters.q).split():
        yield lambda record: _holds(record, words)


def _has(slug: str, values: Callable[[PolicyRecord], Iterable[str]]) -> Callable[[PolicyRecord], bool]:
    return lambda record: any(slugged(value) == slug for value in values(record))


def statuses(record: PolicyRecord) -> tuple[str, ...]:
    """Everything that is said of a policy's status."""
    return tuple(dict.fromkeys((*((record.current_status,) if record.current_status else ()), *record.status_tags)))


def _holds(record: PolicyRecord, words: Sequence[str]) -> bool:
    number = "" if record.tracker_id is None else f"#{record.tracker_id}"
    texts = (record.title or record.url, record.summary, number, *record.terms, *record.identifiers)
    text = fold("\n".join(texts))
    return all(word in text for word in words)


def page_of(items: Sequence[T], number: int, size: int = PAGE_SIZE) -> Page[T]:
    """Page ``number``; an empty one where the list ends before it."""
    last = max(1, -(-len(items) // size))
    return Page(items[(number - 1) * size : number * size], number, last, len(items))


def choices(known: Sequence[str], found: Iterable[str]) -> list[Choice]:
    """The values found, each with its count: those of the vocabulary in its order, then the others by name."""
    counts = Counter(found)
    others = sorted(set(counts) - set(known), key=fold)
    return [Choice(name, slugged(name), counts[name]) for name in (*known, *others) if counts[name]]


def query(filters: Filters, page: int) -> str:
    """The query string of another page of the same list, with its question mark; "" for the plain list."""
    given = filters.given | ({"page": str(page)} if page > 1 else {})
    return f"?{urlencode(given)}" if given else ""
