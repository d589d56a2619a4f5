"""Which policies an item is about: ``Matcher`` and what it takes and gives."""

from monitor.core.match.matcher import UNMATCHED, Matched, Matcher
from monitor.core.match.reading import MatchItem
from monitor.core.match.score import FLAG_THRESHOLD

__all__ = ["FLAG_THRESHOLD", "UNMATCHED", "MatchItem", "Matched", "Matcher"]
