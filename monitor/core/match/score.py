"""From features to a probability: two logistics, whose weights can be read.

How the weights were obtained. ``WEIGHTS``: L2-regularised logistic regression over the candidate pairs of two streams
of labelled items (186 news items, 115 recorded actions, 416 policies, four shuffles each, learned in order from an
empty timeline). The penalty pulls every weight to 0, except those that such streams can hardly tell: ``names``,
``identifiers``, ``cited`` and ``other_number`` are too rare there and are pulled to 1, 3, 2 and -1; ``off_field`` is
pulled to -2, because only seven of the items were lookalikes from another field; ``terms`` is set by hand, because
none of these policies has any. The other features were kept because five-fold cross-validation, over groups of
policies that share items, lost by leaving them out or did not mind them; the figures are in
``benchmarks/matching.md``. Left out although they helped there: the number of a timeline's entries, and the years
since the announcement, which told one stream from the other rather than right from wrong.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from monitor.core.match.reading import Reading

FLAG_THRESHOLD = 0.4
"""A match of at least this score is put before an editor: on the news of the sample six of seven such are right."""

BOUND_SCORE = 0.6
"""The least score of a policy that the item's source is bound to: an operator said so."""

BIAS = -3.67

WEIGHTS: Mapping[str, float] = {
    "lead": 3.76,  # BM25: the distance to the best other policy, as a share of the best; negative for all but the first
    "title_covered": 2.01,  # how much of the policy's title the item holds, by rarity, 0..1
    "item_covered": 1.62,  # how much of the item's title the policy holds, by rarity, 0..1
    "pairs": 0.32,  # ln(1 + rarity of the neighbouring words that title and item share)
    "terms": 2.50,  # aliases that editors gave the policy, each shared out among the policies that have it
    "names": 0.94,  # names that the policy's title holds, shared out likewise
    "identifiers": 3.02,  # numbers that the policy's text has too, shared out likewise
    "cited": 1.84,  # numbers that its timeline has
    "other_number": -0.82,  # the title has a number of its own and the item has another of that kind
    "agency": 0.29,  # one of the policy's agencies is named
    "early": -1.23,  # years by which the item precedes the announcement, at most 3
    "near": 0.86,  # within three months after it, unless off_field
    "timeline": 4.38,  # BM25 over the recorded actions, as a share of the best policy's (and 30)
    "likeness": 4.92,  # cosine with the most similar recorded action
    "rejected": -5.62,  # by how much the item is more like a rejected one; under a cosine of .25 it is no likeness
    "off_field": -1.92,  # the policy is written in words of the tracked field and the item has none of them
}

# Fitted on the news stream alone: 95 % of its items fall on the right side of .5, with a Brier score of .04.
_FIELD_BIAS = -2.1
_FIELD_WORD = 1.7  # each different word of the field, at most six
_FIELD_TITLE = 2.9  # each in the title, at most two


def score(features: Mapping[str, float]) -> float:
    """Return how often a match with these features is right, 0..1. A feature without a weight is a KeyError."""
    return _logistic(BIAS + sum(WEIGHTS[name] * value for name, value in features.items()))


def relevance(reading: Reading) -> float:
    """Return how often an item with these words of the field is about the field at all, 0..1."""
    words = min(6, len({found.label for found in reading.field}))
    return _logistic(_FIELD_BIAS + _FIELD_WORD * words + _FIELD_TITLE * min(2, reading.field_in_title))


def _logistic(value: float) -> float:
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, value))))
