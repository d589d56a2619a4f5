"""The repeated blocks of a page that each hold a link: rows of a table, entries of a list, cards.

No name of any site's markup is known here. Blocks repeat if the way from the root to them reads the same: tags and
classes, without numbers and words of position ("views-row-3 odd").
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from selectolax.lexbor import LexborNode

from monitor.core.urls import canonical_url, safe_link

MOST_LINKS = 5_000  # of one page that are looked at
MOST_ROWS = 2_000  # of one list (THREATS F16)

_HIGHEST = 10  # steps from a link up to its block
_MOST_OWN = 4.0  # links of a block, on average, that stand in no other block
_MOST_IN_ROW = 12  # links of a block; more are a list of its own
_MOST_GROUPS = 40
_POSITIONAL = re.compile(r"\d|^(?:odd|even|first|last|alt|active|current|sticky|featured|selected)$", re.I)
_FRAME_TAGS = frozenset({"nav", "aside"})
_PAGE_FRAME_TAGS = frozenset({"header", "footer"})  # of an article or a section they are no frame of the page
_SECTIONS = frozenset({"article", "section", "main", "li", "td", "dd"})
_FRAME_ROLES = frozenset({"navigation", "banner", "contentinfo", "search", "complementary", "menu", "menubar"})
_FRAME_CLASSES = """
    nav navbar navigation menu submenu breadcrumb breadcrumbs pager pagination social share sharing skip
"""
_FRAME_WORDS = frozenset(_FRAME_CLASSES.split())
_WORDS = re.compile(r"[a-z]+")
_PAGING = re.compile(r"(?:^|&)(?:page|paged|pg|p|start|offset|sort|order|sort_by|sort_order|f\[|filter)[^=&]*=", re.I)


class Link(NamedTuple):
    """A link as it stands: its place among the page's links, its element, its address as it is compared."""

    place: int
    node: LexborNode
    url: str
    canonical: str


@dataclass(slots=True)
class Row:
    """One block: its element and its links in order. ``own`` are the addresses that no other block of its group has."""

    node: LexborNode
    links: list[Link] = field(default_factory=list)
    own: frozenset[str] = frozenset()


@dataclass(slots=True)
class Group:
    """Blocks that repeat, in document order. ``exact``: they are alike in their classes, not only in their tag."""

    rows: list[Row]
    exact: bool
    depth: int


@dataclass(slots=True)
class _Spot:
    """What is known of an element: its shape, that of its parent with its tag, how deep, and whether in a frame."""

    shape: int
    kin: int
    depth: int
    framed: bool
    sectioned: bool


def groups_of(parts: Sequence[LexborNode], base: str, page: str, *, by_class: bool = True) -> list[Group]:
    """Return the groups of repeated blocks under ``parts`` that could be a list of documents, the longest first.

    Left out are links of the page's frame (navigation, side columns), to the page itself and to its further pages.
    ``by_class``: what calls itself a menu, a pager or breadcrumbs is frame too; False for the pages whose outermost
    block has such a name. ``base`` resolves relative links, ``page`` is the page's own address.
    """
    grouping = _Grouping({part.mem_id for part in parts}, by_class)
    return grouping.groups(_links(parts, base, page))


def _links(parts: Iterable[LexborNode], base: str, page: str) -> Iterator[Link]:
    here = canonical_url(page)
    path = here.partition("?")[0]
    nodes = (node for part in parts for node in _anchors(part))
    for place, node in zip(range(MOST_LINKS), nodes, strict=False):
        url = safe_link(node.attributes.get("href"), base)
        if url is None:
            continue
        canonical = canonical_url(url)
        stem, _, query = canonical.partition("?")
        if canonical != here and not (stem == path and _PAGING.search(query)):
            yield Link(place, node, url, canonical)


def _anchors(part: LexborNode) -> list[LexborNode]:
    return [node for node in part.css("a[href]") if node.mem_id != part.mem_id] or (
        [part] if part.tag == "a" and part.attributes.get("href") else []
    )


class _Grouping:
    """One pass over the links of a page; what is found of an element is kept, since siblings share their ancestors."""

    def __init__(self, tops: set[int], by_class: bool) -> None:
        self._tops = tops
        self._by_class = by_class
        self._spots: dict[int, _Spot] = {}
        self._names: dict[tuple[int, str], int] = {}

    def groups(self, links: Iterable[Link]) -> list[Group]:
        found: dict[tuple[bool, int], dict[int, Row]] = {}
        depths: dict[tuple[bool, int], int] = {}
        for link in links:
            if self._spot(link.node).framed:
                continue
            for node in self._climb(link.node):
                spot = self._spots[node.mem_id]
                for key in ((True, spot.shape), (False, spot.kin)):
                    depths[key] = spot.depth
                    blocks = found.setdefault(key, {})
                    blocks.setdefault(node.mem_id, Row(node)).links.append(link)
        groups = [
            Group(rows, exact, depths[exact, name])
            for (exact, name), blocks in found.items()
            if len(blocks) > 1 and (rows := _telling(list(blocks.values())))
        ]
        return sorted(groups, key=lambda group: len(group.rows), reverse=True)[:_MOST_GROUPS]

    def _climb(self, node: LexborNode) -> Iterator[LexborNode]:
        above: LexborNode | None = node
        for _ in range(_HIGHEST):
            if above is None or above.mem_id not in self._spots:
                return
            yield above
            above = None if above.mem_id in self._tops else above.parent

    def _spot(self, node: LexborNode) -> _Spot:
        """Return what is known of a node; its ancestors first, without recursion: pages nest 2,000 deep."""
        way: list[LexborNode] = []
        above: LexborNode | None = node
        while above is not None and above.mem_id not in self._spots:
            way.append(above)
            above = None if above.mem_id in self._tops else above.parent
        spot = self._spots[above.mem_id] if above is not None else _Spot(0, 0, 0, False, False)
        for each in reversed(way):
            spot = self._below(spot, each)
            self._spots[each.mem_id] = spot
        return spot

    def _below(self, above: _Spot, node: LexborNode) -> _Spot:
        tag = node.tag or ""
        attributes = node.attributes
        classes = (attributes.get("class") or "").split()
        stable = " ".join(sorted(name for name in classes[:20] if not _POSITIONAL.search(name)))
        return _Spot(
            shape=self._name(above.shape, f"{tag}.{stable}"),
            kin=self._name(above.shape, tag),
            depth=above.depth + 1,
            framed=above.framed
            or self._is_frame(above, tag, attributes.get("role") or "", [*classes, attributes.get("id") or ""]),
            sectioned=above.sectioned or tag in _SECTIONS,
        )

    def _name(self, above: int, step: str) -> int:
        return self._names.setdefault((above, step), len(self._names) + 1)

    def _is_frame(self, above: _Spot, tag: str, role: str, names: Sequence[str]) -> bool:
        if tag in _FRAME_TAGS or role in _FRAME_ROLES or (tag in _PAGE_FRAME_TAGS and not above.sectioned):
            return True
        if not self._by_class or tag in ("html", "body", "main"):
            return False
        return any(word in _FRAME_WORDS for name in names for word in _WORDS.findall(name.lower()))


def _telling(blocks: list[Row]) -> list[Row]:
    """Return the blocks that each have a link of their own; none where they are lists rather than entries."""
    blocks = [block for block in blocks if len({link.canonical for link in block.links}) <= _MOST_IN_ROW]
    shared = Counter(url for block in blocks for url in {link.canonical for link in block.links})
    kept = []
    for block in blocks:
        block.own = frozenset(link.canonical for link in block.links if shared[link.canonical] == 1)
        if block.own:
            kept.append(block)
    if len(kept) < 2 or sum(len(block.own) for block in kept) > _MOST_OWN * len(kept):
        return []
    return kept
