"""The numbers by which a policy is judged to be what an item is about."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

from monitor.core.match.evidence import Evidence
from monitor.core.match.profile import Key, Profile
from monitor.core.match.reading import Reading

EARLY = 0.12  # years (six weeks) by which an item may precede the announcement: drafts leak, dates are entered late
NEAR = 0.25  # years after it within which most of what is published of a policy appears
_TIMELINE_HALF = 30.0  # the BM25 score over a timeline that is worth half: the only timeline is no winner by default
_UNLIKE = 0.25  # a cosine that two items about different things easily have: a rejection says nothing of such a pair


def features(policy: Profile, reading: Reading, seen: Evidence, rarity: Callable[[str], float]) -> dict[str, float]:
    """Return every feature by name; each is 0 where its signal is silent."""
    likeness = seen.nearest[0] if seen.nearest else 0.0
    rejected = seen.rejected[0] if seen.rejected else 0.0
    shared_pairs = [min(rarity(first), rarity(second)) for first, second in policy.title_pairs & reading.pairs]
    return {
        "lead": (seen.words - seen.words_rival) / seen.words_best if seen.words_best else 0.0,
        "title_covered": _share(policy.title_terms & reading.terms, seen.title_rarity, rarity),
        "item_covered": _share(policy.terms & reading.title, seen.item_rarity, rarity),
        "pairs": math.log1p(sum(shared_pairs)),
        "terms": _shares(seen.terms),
        "names": _shares(seen.names),
        "identifiers": _shares(seen.identifiers),
        "cited": _shares(seen.cited),
        "other_number": float(other_numbers(policy, reading) != ()),
        "agency": float(not reading.agencies.keys().isdisjoint(policy.agencies)),
        **_dates(policy, reading),
        "timeline": seen.timeline / (seen.timeline_best + _TIMELINE_HALF) if seen.timeline_best else 0.0,
        "likeness": likeness,
        "rejected": max(0.0, rejected - max(likeness, _UNLIKE)),
        "off_field": float(off_field(policy, reading)),
    }


def other_numbers(policy: Profile, reading: Reading) -> tuple[Key, ...]:
    """Return the item's identifiers of a kind that the policy's title has, where none of them is the policy's."""
    if not policy.headline or not reading.identifiers:
        return ()
    kinds = {kind for kind, _ in policy.headline}
    cited = dict.fromkeys(one.key for one in reading.identifiers if one.kind.value in kinds)
    return () if any(key in policy.identifiers for key in cited) else tuple(cited)


def off_field(policy: Profile, reading: Reading) -> bool:
    """Whether the policy is written in the words of the field and the item has none of them."""
    return policy.in_field and not reading.field


def years_since(policy: Profile, reading: Reading) -> float | None:
    """Return the years from the announcement to the item, negative before it; None where either date is unknown."""
    if policy.announced is None or reading.when is None:
        return None
    return reading.when - policy.announced


def _dates(policy: Profile, reading: Reading) -> dict[str, float]:
    gap = years_since(policy, reading)
    if gap is None:
        return {"early": 0.0, "near": 0.0}
    return {
        "early": reading.trust * min(3.0, max(0.0, -gap - EARLY)),
        "near": 0.0 if off_field(policy, reading) else reading.trust * (-EARLY <= gap < NEAR),
    }


def _share(terms: Iterable[str], total: float, rarity: Callable[[str], float]) -> float:
    return sum(map(rarity, terms)) / total if total else 0.0


def _shares(found: Sequence[tuple[object, float]]) -> float:
    return sum(share for _, share in found) if found else 0.0
