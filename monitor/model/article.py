"""The page behind a feed item's link, and what came of reading it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ArticleState(StrEnum):
    """Where an article stands. All but WANTED are final; the item's own words count wherever it is not READ."""

    WANTED = "wanted"
    READ = "read"
    WALLED = "walled"  # a login wall, a paywall or a block page stands in its place
    REFUSED = "refused"  # robots.txt forbids it, or its address may not be asked
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Blob:
    """Bytes for the archive. ``sha256`` (hexadecimal) and ``size`` are of what they were before ``codec``."""

    sha256: str
    codec: str
    content: bytes
    size: int
