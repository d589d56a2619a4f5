"""Pages beside a lone one, to tell what is the site's from what is the page's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from posixpath import dirname
from urllib.parse import urlsplit

from monitor.core.urls import canonical_url, split_link_line
from monitor.model.page import Block

ENOUGH = 3
"""Watched pages of a host that can tell for one another."""

_FILE_TYPES = "atom csv doc docx gif ics jpeg jpg json mp3 mp4 pdf png rss svg xls xlsx xml zip"
_FILES = frozenset(_FILE_TYPES.split())


def siblings(url: str, blocks: Iterable[Block]) -> Iterator[str]:
    """Yield the addresses that a page links to on its own site, those beside it first, then by their distance."""
    own = urlsplit(url)
    seen = {canonical_url(url)}
    found: list[tuple[int, int, str]] = []
    for number, block in enumerate(blocks):
        link = split_link_line(block.text)
        address = link[1] if link else ""
        parts = urlsplit(address)
        if not link or parts[:2] != own[:2] or canonical_url(address) in seen or _is_file(parts.path):
            continue
        seen.add(canonical_url(address))
        found.append((_distance(own.path, parts.path), number, address))
    for _, _, address in sorted(found):
        yield address


def _is_file(path: str) -> bool:
    return path.rpartition("/")[2].rpartition(".")[2].lower() in _FILES


def _distance(own: str, other: str) -> int:
    if dirname(own) == dirname(other):
        return 0
    return 1 + abs(own.count("/") - other.count("/")) + (own.split("/")[1:2] != other.split("/")[1:2])
