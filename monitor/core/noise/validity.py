"""Which patterns hold for a page: those that it showed itself, and those that enough of its host's pages showed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from monitor.core.noise.learn import SURE
from monitor.core.noise.mask import Form, Pattern
from monitor.core.noise.tokens import Kind

AGE = timedelta(days=90)
"""After this long without being shown again a pattern no longer holds."""

ALL = "*"
"""In the place of a page: what all pages of a host showed together."""

_PAGES = 3  # that showed it, before it holds for the host
_MOST_PAGES = 30  # that are counted


@dataclass(frozen=True, slots=True)
class Suppression:
    """A pattern of a host, and how much each page has shown of it; ``struck_at``: an editor took it back."""

    id: int
    host: str
    pattern: Pattern
    weights: Mapping[str, int]
    first_at: datetime
    last_at: datetime
    struck_at: datetime | None = None
    holds_for_host: bool = field(init=False)
    """Whether it holds for pages that never showed it. A line that comes and goes may do so on several pages."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "holds_for_host", self._by_weights())

    def is_live(self, now: datetime) -> bool:
        """Whether it may hold for any page."""
        return self.struck_at is None and now - self.last_at < AGE

    def holds_for(self, page: str) -> bool:
        """Whether the page, or enough of its host's, showed it."""
        return self.weights.get(page, 0) >= SURE or self.holds_for_host

    def _by_weights(self) -> bool:
        if self.weights.get(ALL, 0) >= SURE:
            return True
        if self.pattern.form is Form.TEXT:
            return sum(self.weights.values()) >= SURE
        return sum(weight >= SURE for weight in self.weights.values()) >= _PAGES

    @property
    def taught_by(self) -> str:
        """Who taught it: "host" or the ids of pages."""
        return "all pages of the host" if ALL in self.weights else ", ".join(sorted(self.weights)[:_PAGES])


def valid_for(page: str, suppressions: Iterable[Suppression], now: datetime) -> tuple[list[Pattern], set[str]]:
    """The patterns that hold for a page, and the places at which others may yet turn out to."""
    valid: list[Pattern] = []
    suspect: set[str] = set()
    for each in suppressions:
        if not each.is_live(now):
            continue
        if each.holds_for(page):
            valid.append(each.pattern)
        elif page in each.weights:
            suspect.add(each.pattern.place)
    return valid, suspect - {pattern.place for pattern in valid}


def with_weight(weights: Mapping[str, int], page: str, weight: int) -> dict[str, int]:
    """The weights after a page showed more; of many pages the first are enough."""
    if page not in weights and len(weights) >= _MOST_PAGES:
        return dict(weights)
    return {**weights, page: min(SURE, weights.get(page, 0) + weight)}


def pattern_to_json(pattern: Pattern) -> dict[str, Any]:
    """A pattern as it is stored."""
    return {
        "form": pattern.form.value,
        "place": pattern.place,
        "left": list(pattern.left),
        "right": list(pattern.right),
        "kind": pattern.kind.value,
    }


def pattern_from_json(data: Mapping[str, Any]) -> Pattern:
    """The inverse of ``pattern_to_json``."""
    left, right = tuple(data["left"]), tuple(data["right"])
    return Pattern(Form(data["form"]), data["place"], left, right, Kind(data["kind"]))


def pattern_key(pattern: Pattern) -> str:
    """What names a pattern within its host."""
    return hashlib.sha256(json.dumps(pattern_to_json(pattern), sort_keys=True).encode()).hexdigest()[:32]
