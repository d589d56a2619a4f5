"""One block of a list to what it states: the document's link and title, its date, and its other words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import Enum
from urllib.parse import urlsplit

from selectolax.lexbor import LexborNode

from monitor.core.read.dates import at_noon, believable, read_date
from monitor.core.read.prose import TITLE_LIMIT, lines_of, one_line
from monitor.core.read.repeats import Link, Row
from monitor.core.text import shorten

_SHORT = 80  # characters: longer lines are prose, whose dates are not the document's
_LONGEST_LOOKED_AT = 1_000  # characters of a line
_BARE_DATE = 30  # characters: a line that is nothing but a date
_TITLE_DATE = 40  # characters at either end of a title that may be its date
_EDGES = " -–—|:·•"
_HEADINGS = "h1, h2, h3, h4, h5, h6"
_MOST_TIMES = 5  # of a block
_MOST_BETWEEN = 4  # elements between two blocks that belong to one of them
_SAYS_NOTHING = """
    read learn see view show find out continue reading download open full more details detail here click pdf html doc
    docx link text the article story document in english spanish español kb mb get go to
"""
_GENERIC = frozenset(_SAYS_NOTHING.split())
_MOST_GENERIC = 5  # words
_WORD = re.compile(r"[^\W\d_]+")
_SLASHED = re.compile(r"(?<![\d/.])(\d{1,2})([/.])(\d{1,2})\2(\d{4}|\d{2})(?![\d/])")
_IN_PATH = re.compile(r"(?<!\d)((?:19|20)\d\d)[/-]?(0[1-9]|1[0-2])[/-]?(0[1-9]|[12]\d|3[01])(?!\d)")


class SlashOrder(Enum):
    """What stands first in the list's dates of the form 10/09/2025."""

    UNKNOWN = 0
    MONTH = 1
    DAY = 2


@dataclass(frozen=True, slots=True)
class Listed:
    """One listed document. ``places`` are those of its block's links on the page, the first its own; ``lines`` what
    the block says besides."""

    places: tuple[int, ...]
    url: str
    canonical: str
    title: str
    lines: tuple[str, ...]
    published: datetime | None
    raw: str | None

    def joined(self, lines: Sequence[str], order: SlashOrder, now: datetime) -> Listed:
        """Return the row with further lines, and with their date where it has none."""
        published, raw = self.published, self.raw
        if published is None:
            published, raw = _first_date(lines, order, now)
        more = tuple(line for line in lines if not _is_bare_date(line, order, now))
        return replace(self, lines=(*self.lines, *more), published=published, raw=raw or self.raw)


def slash_order(lines: Iterable[str]) -> SlashOrder:
    """Return whether the month or the day stands first in the dates of a list, as far as its dates tell."""
    found = [match for line in lines for match in _SLASHED.finditer(line[:_LONGEST_LOOKED_AT])]
    first = any(int(match[1]) > 12 for match in found)
    second = any(int(match[3]) > 12 for match in found)
    if first == second:
        return SlashOrder.UNKNOWN
    return SlashOrder.DAY if first else SlashOrder.MONTH


def words_between(blocks: Sequence[LexborNode], *, after: bool) -> list[list[str]]:
    """Return for each block the lines of the elements between it and the next one, or the one before it."""
    ends = {block.mem_id for block in blocks}
    found = []
    for block in blocks:
        lines: list[str] = []
        node = block.next if after else block.prev
        for _ in range(2 * _MOST_BETWEEN):  # text of white space stands between elements
            if node is None or node.mem_id in ends:
                break
            lines = [*lines, *_lines(node)] if after else [*_lines(node), *lines]
            node = node.next if after else node.prev
        found.append(lines)
    return found


def headings_above(blocks: Sequence[LexborNode], order: SlashOrder, now: datetime) -> list[list[str]]:
    """Return for each block the date that stands above it as a heading, of it and of the blocks before it."""
    known: dict[int, list[str]] = {block.mem_id: [] for block in blocks}
    for block in blocks:
        above: LexborNode | None = block
        for _ in range(_MOST_BETWEEN):
            if above is None:
                break
            before = _before(above)
            if before is None:
                above = above.parent
                continue
            lines = known.get(before.mem_id)
            if lines is None:
                lines = [line for line in _lines(before)[:2] if _is_bare_date(line, order, now)]
            known[block.mem_id] = lines
            break
    return [known[block.mem_id] for block in blocks]


def _before(node: LexborNode) -> LexborNode | None:
    """Return the element or text before a node that says anything."""
    before = node.prev
    for _ in range(2 * _MOST_BETWEEN):
        if before is None or _lines(before):
            return before
        before = before.prev
    return None


def _lines(node: LexborNode) -> list[str]:
    lines = [one_line(node.text_content or "")] if node.tag == "-text" else lines_of(node)
    return [line for line in (line.strip(_EDGES) for line in lines) if line]


def read_row(row: Row, lines: Sequence[str], order: SlashOrder, now: datetime) -> Listed | None:
    """Return what a block states, or None where no link of its own has words that could be a title.

    ``lines`` are the block's own, as ``lines_of`` gives them.
    """
    chosen = _chosen(row, lines, order, now)
    if chosen is None:
        return None
    link, title = chosen
    rest = [piece for line in lines for piece in _pieces(line, title)]
    published, raw = _stated(row.node, now)
    if published is None:
        published, words = _first_date(rest, order, now)
        raw = words or raw
    if published is None:
        published, words = _first_date((title[:_TITLE_DATE], title[-_TITLE_DATE:]), order, now)
        raw = words or raw
    if published is None:
        published, words = _from_path(link.url, now)
        raw = words or raw
    spoken = {one_line(node.text()) for node in row.node.css("time")[:_MOST_TIMES]}
    kept = tuple(
        piece for piece in rest if not (piece in spoken or _is_bare_date(piece, order, now) or _is_generic(piece))
    )
    places = (link.place, *(each.place for each in row.links if each.place != link.place))
    return Listed(places, link.url, link.canonical, title, kept, published, raw)


def _chosen(row: Row, lines: Sequence[str], order: SlashOrder, now: datetime) -> tuple[Link, str] | None:
    """Return the block's own link and its title: in a heading before elsewhere, then the longest words."""
    best: tuple[tuple[bool, int], Link, str] | None = None
    first: Link | None = None
    for link in row.links:
        if link.canonical not in row.own:
            continue
        first = first or link
        title = _title(link.node, order, now)
        if not title:
            continue
        weight = (_in_heading(link.node, row.node), len(title))
        if best is None or weight > best[0]:
            best = weight, link, title
    if best is not None:
        return best[1], best[2]
    title = _stand_in(row.node, lines, order, now)
    return (first, title) if first is not None and title else None


def _title(anchor: LexborNode, order: SlashOrder, now: datetime) -> str:
    """Return a link's words that can be a title: its heading, else its first line that is neither date nor "more"."""
    heading = anchor.css_first(_HEADINGS)
    spoken = anchor.attributes.get("title") or anchor.attributes.get("aria-label") or ""
    candidates = [*(lines_of(heading) if heading is not None else ()), *lines_of(anchor), one_line(spoken)]
    return next((shorten(line, TITLE_LIMIT - 1) for line in candidates if _is_title(line, order, now)), "")


def _stand_in(block: LexborNode, lines: Sequence[str], order: SlashOrder, now: datetime) -> str:
    """Return the title of a block whose links say only "Read more": its heading, else its first line."""
    heading = block.css_first(_HEADINGS)
    candidates = [*(lines_of(heading) if heading is not None else ()), *lines]
    return next((shorten(line, TITLE_LIMIT - 1) for line in candidates if _is_title(line, order, now)), "")


def _is_title(line: str, order: SlashOrder, now: datetime) -> bool:
    return any(map(str.isalpha, line)) and not _is_generic(line) and not _is_bare_date(line, order, now)


def _is_generic(line: str) -> bool:
    """Tell whether a line is "Read more", "Download PDF (200 KB)" or the like."""
    words = _WORD.findall(line.lower())
    return len(words) <= _MOST_GENERIC and _GENERIC.issuperset(words)


def _in_heading(node: LexborNode, block: LexborNode) -> bool:
    if node.css_first(_HEADINGS) is not None:
        return True
    above: LexborNode | None = node
    while above is not None and above.mem_id != block.mem_id:
        if above.tag in ("h1", "h2", "h3", "h4", "h5", "h6"):
            return True
        above = above.parent
    return False


def _pieces(line: str, title: str) -> list[str]:
    """Return the cells of a line, without the title: what is left of "July 30, 2026 - Title" is its date."""
    cells = (cell.replace(title, " ") if title in cell else cell for cell in line.split(" | "))
    return [piece for cell in cells if (piece := one_line(cell).strip(_EDGES))]


def _stated(block: LexborNode, now: datetime) -> tuple[datetime | None, str | None]:
    """Return the first machine-readable time of the block that can be believed."""
    raws = [one_line(node.attributes.get("datetime") or "") for node in block.css("time[datetime]")[:_MOST_TIMES]]
    raws = [raw for raw in raws if raw]
    for raw in raws:
        moment = read_date(raw, now)
        if moment is not None:
            return moment, raw[:100]
    return None, raws[0][:100] if raws else None


def _first_date(lines: Sequence[str], order: SlashOrder, now: datetime) -> tuple[datetime | None, str | None]:
    """Return the first date of short lines; of lines so short that a calendar's leaf may be cut up, three together."""
    short = [line for line in lines if len(line) <= _SHORT]
    leaves = [" ".join(short[place : place + 3]) for place in range(len(short) - 2)]
    leaves = [leaf for leaf in leaves if len(leaf) <= _BARE_DATE]
    for line in (*short, *leaves):
        moment = _date(line, order, now)
        if moment is not None:
            return moment, line
    return None, None


def _date(line: str, order: SlashOrder, now: datetime) -> datetime | None:
    if not any(map(str.isdigit, line)):
        return None
    slashed = _SLASHED.search(line)
    if slashed is None:
        return read_date(line, now)
    first, second, year = int(slashed[1]), int(slashed[3]), int(slashed[4])
    if order is SlashOrder.UNKNOWN:
        return read_date(line, now)
    month, day = (first, second) if order is SlashOrder.MONTH else (second, first)
    return _moment(year + 2000 if year < 100 else year, month, day, now)


def _is_bare_date(line: str, order: SlashOrder, now: datetime) -> bool:
    return len(line) <= _BARE_DATE and _date(line, order, now) is not None


def _from_path(url: str, now: datetime) -> tuple[datetime | None, str | None]:
    """Return the date in an address: /2026/07/31/, /20260731/, /2026-07-31-."""
    found = _IN_PATH.search(urlsplit(url).path)
    if found is None:
        return None, None
    return _moment(int(found[1]), int(found[2]), int(found[3]), now), found[0]


def _moment(year: int, month: int, day: int, now: datetime) -> datetime | None:
    try:
        believed = believable(datetime(year, month, day, tzinfo=UTC), now)
    except ValueError:
        return None
    return None if believed is None else at_noon(believed)
