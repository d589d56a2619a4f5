"""Pages that list documents, without a feed: press releases, recent actions, memoranda."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import chain
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from monitor.core.read.decode import decode
from monitor.core.read.identity import distinct, more_than, own_key
from monitor.core.read.listing_row import Listed, SlashOrder, headings_above, read_row, slash_order, words_between
from monitor.core.read.prose import is_markup, lines_of
from monitor.core.read.repeats import MOST_ROWS, Group, Row, groups_of
from monitor.core.read.rules import line_pattern, problems_of
from monitor.core.read.selection import base_of, page_title, selected, without
from monitor.core.read.sniff import is_binary, looks_like
from monitor.model.source import Fetched, Item, PollError, ReadFailed, Reading, ReadResult, Source, SourceKind

_SAMPLE = 30  # rows by which a group is judged
_LEAST_UNDATED = 3  # rows of a list without dates
_MOST_WORDS = 15  # of a title that count
_LEAST_WORDS = 4.0  # of its titles, on average: navigation has one to three
_LEAST_DATED = 0.5  # of the rows of a list with dates

Rows = list[Listed]


def read_listing(fetched: Fetched, source: Source, now: datetime) -> ReadResult:
    """Return the documents that a page lists, in the page's order, or why it lists none. Never raises.

    A list is a group of alike blocks that each have a link of their own, at least half of them with a date: of a
    ``<time>``, in words beside the title, before or after the block, or in the link's address. Where the page has no
    such list, it may be the one with the longest titles: three at least, of four words on average, which navigation
    does not have. Several lists with dates are all read.

    An item's key is its canonical link; its title the link's words (the heading, where those are "Read more"); its
    text what else the block says. ``select`` narrows the page, ``drop`` takes parts out, ``ignore`` takes lines out of
    the texts. Dates such as 10/09/2025 are read if the other dates of the list show whether the month stands first.
    """
    problems = problems_of(source.select, source.drop, source.ignore)
    if problems:
        return ReadFailed(PollError.SELECTOR_EMPTY, problems[0])
    text = decode(fetched.body, fetched.headers.get("content-type"))
    if is_binary(fetched.body) or not is_markup(text) or text.lstrip("\ufeff \r\n\t").startswith(("<?xml", "{", "[")):
        seen = looks_like(fetched.body, text)
        return ReadFailed(PollError.NOT_A_DOCUMENT, f"not a page that lists documents: this looks like {seen}")
    tree = without(text, source.drop)
    parts = selected(tree, source.select) if source.select else [node for node in (tree.body,) if node is not None]
    if isinstance(parts, ReadFailed):
        return parts
    rows = _list_of(parts, base_of(tree, fetched.url), fetched.url, now)
    if not rows:
        return _none(source)
    return _reading(tree, fetched, source, rows)


def _none(source: Source) -> ReadFailed:
    where = "what the selectors find" if source.select else "the page"
    detail = f"{where} holds no list of links with dates: give a select, or kind page (a page that scripts fill in?)"
    return ReadFailed(PollError.SELECTOR_EMPTY if source.select else PollError.NOT_A_DOCUMENT, detail)


def _reading(tree: LexborHTMLParser, fetched: Fetched, source: Source, rows: Rows) -> Reading:
    patterns = [line_pattern(expression) for expression in source.ignore]
    items = [
        Item(
            key=own_key("", row.url, row.title, ""),
            title=row.title,
            text="\n".join(line for line in row.lines if not any(pattern.fullmatch(line) for pattern in patterns)),
            url=row.url,
            published=row.published,
            published_raw=row.raw,
        )
        for row in rows
    ]
    kept, notes = distinct(items[:MOST_ROWS])
    if len(items) > MOST_ROWS:
        notes.append(f"truncated: the first {MOST_ROWS:,} of {len(items):,} items were kept")
    undated = sum(item.published is None for item in kept)
    if undated:
        notes.append(f"{undated} of {len(kept)} items have no date that can be believed")
    title = page_title(tree) or (urlsplit(fetched.url).hostname or "")
    return Reading(SourceKind.LISTING, title, tuple(kept), tuple(notes), listed=more_than(len(items), MOST_ROWS))


def _list_of(parts: Sequence[LexborNode], base: str, page: str, now: datetime) -> Rows:
    """Return the page's list; one without dates only outside of what calls itself a menu or the like."""
    groups = groups_of(parts, base, page)
    return _dated(groups, now) or _undated(groups, now) or _dated(groups_of(parts, base, page, by_class=False), now)


def _rows(group: Group, now: datetime, most: int) -> Rows:
    """Return what the group's blocks state; from the words around them where they have no dates themselves."""
    blocks = group.rows[:most]
    lines = [lines_of(block.node) for block in blocks]
    order = slash_order(chain.from_iterable(lines))
    rows = [read_row(block, own, order, now) for block, own in zip(blocks, lines, strict=True)]
    if _count_dated(rows) * 2 < len(rows):
        rows = _with_surroundings([block.node for block in blocks], rows, order, now)
    return [row for row in rows if row is not None]


def _count_dated(rows: Iterable[Listed | None]) -> int:
    return sum(row is not None and row.published is not None for row in rows)


def _with_surroundings(
    blocks: Sequence[LexborNode], rows: list[Listed | None], order: SlashOrder, now: datetime
) -> list[Listed | None]:
    """Return the rows with the words after each block, before it, or above several: wherever the most dates are."""
    best = rows
    for beside in (
        words_between(blocks, after=True),
        words_between(blocks, after=False),
        headings_above(blocks, order, now),
    ):
        joined = [row and row.joined(lines, order, now) for row, lines in zip(rows, beside, strict=True)]
        best = max(best, joined, key=_count_dated)
    return best


def _dated(groups: Sequence[Group], now: datetime) -> Rows:
    """Return the rows of every list with dates, in the page's order."""
    judged = [(group, share) for group in groups if (share := _share_dated(group, now)) is not None]
    # The most dates first; of equals blocks that are alike in everything, and the outer ones, which say more.
    judged.sort(key=lambda pair: (-pair[1] * len(pair[0].rows), not pair[0].exact, pair[0].depth))
    taken: list[Listed] = []
    covered: set[int] = set()
    for group, _ in judged:
        if all(link.place in covered for row in group.rows for link in row.links):
            continue
        rows = _rows(group, now, len(group.rows))
        wanted = [row for row in rows if (group.exact or row.published) and covered.isdisjoint(row.places)]
        taken += wanted
        covered.update(place for row in wanted for place in row.places)
    return sorted(taken, key=lambda row: row.places[0])


def _share_dated(group: Group, now: datetime) -> float | None:
    dated = _count_dated(_rows(group, now, _SAMPLE))
    share = dated / min(len(group.rows), _SAMPLE)
    return share if dated > 1 and share >= _LEAST_DATED else None


def _undated(groups: Sequence[Group], now: datetime) -> Rows:
    """Return the rows of the group whose long titles are the most; its lists of short ones are navigation."""
    best: Rows = []
    weight = 0.0
    for group in groups:
        told = [part for part in _by_parent(group) if _mean_words(_rows(part, now, _SAMPLE)) >= _LEAST_WORDS]
        count = sum(len(part.rows) for part in told)
        if count < _LEAST_UNDATED or count <= weight / _MOST_WORDS:
            continue
        rows = [row for part in told for row in _rows(part, now, len(part.rows))]
        heavier = sum(min(len(row.title.split()), _MOST_WORDS) for row in rows)
        if len(rows) >= _LEAST_UNDATED and heavier > weight:
            best, weight = rows, heavier
    return best


def _by_parent(group: Group) -> list[Group]:
    """Return the group cut into the lists that share a parent; whole where each block has a parent of its own."""
    lists: dict[int, list[Row]] = {}
    for row in group.rows:
        lists.setdefault(row.node.parent.mem_id if row.node.parent is not None else 0, []).append(row)
    return [group] if len(lists) == len(group.rows) else [replace(group, rows=rows) for rows in lists.values()]


def _mean_words(rows: Rows) -> float:
    return sum(len(row.title.split()) for row in rows) / max(1, len(rows))
