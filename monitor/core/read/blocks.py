"""A page as blocks: one line of text, or one link, each with the place in the markup at which it stands."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from selectolax.lexbor import LexborNode

from monitor.core.read.prose import BLOCK_TAGS, CELL_TAGS, LAYOUT, UNSEEN_TAGS, one_line
from monitor.model.page import LINK_PLACE, Block

_VARYING = re.compile(r"\d|[-_](?=[0-9a-f]*\d)[0-9a-f]{6,}$", re.I)  # a class that numbers its element names no place
_CELL_BREAK = "\x1f"
_ROOTS = frozenset({"html", "body"})
_DEEPEST_PLACE = 8  # labels: what stands further out tells nothing apart

LinkLine = Callable[[LexborNode, str], str | None]


def blocks_of(root: LexborNode | None, zones: Mapping[int, bool], link_line: LinkLine) -> list[Block]:
    """Return the visible text under ``root`` in reading order, a table row ``cell | cell``, and each link after it.

    ``zones``: by the memory addresses of nodes, whether what they hold is main text; before the first it is not.
    ``link_line`` writes a link, with the words that it hangs on, or gives None where it is none of interest.
    """
    writer = _Writer(zones, link_line, main=root is not None and zones.get(root.mem_id, False))
    for node, entering in _walk(root):
        if entering:
            writer.enter(node)
        else:
            writer.leave(node)
    writer.end_line()
    return writer.blocks


def text_of(blocks: Sequence[Block], *, main: bool = True) -> str:
    """Return the main text (or what stands around it) as lines: first prose, then its links, each once."""
    zone = [block for block in blocks if block.main is main]
    links = dict.fromkeys(block.text for block in zone if is_link(block))
    return "\n".join((*(block.text for block in zone if not is_link(block)), *links))


def is_link(block: Block) -> bool:
    """Whether a block is a link, not a line of text."""
    return block.place.endswith(LINK_PLACE)


def _walk(root: LexborNode | None) -> Iterator[tuple[LexborNode, bool]]:
    """Yield each seen node on entering (True); those that hold others on leaving, too. No recursion."""
    node, depth = root, 0
    while node is not None:
        tag = node.tag
        if tag not in UNSEEN_TAGS:
            yield node, True
            child = None if tag == "-text" else node.first_child
            if child is not None:
                node, depth = child, depth + 1
                continue
            if tag != "-text":
                yield node, False
        while depth:
            following = node.next
            if following is not None:
                break
            parent = node.parent
            if parent is None:
                return
            node, depth = parent, depth - 1
            yield node, False
        if depth == 0:
            return
        node = following


class _Writer:
    """Collects text into blocks as the walk passes blocks, cells, rows and links."""

    def __init__(self, zones: Mapping[int, bool], link_line: LinkLine, *, main: bool) -> None:
        self.blocks: list[Block] = []
        self._zones = zones
        self._link_line = link_line
        self._labels: list[str] = []
        self._place = ""
        self._main = [main]  # of the zones that are open
        self._pieces: list[str] = []
        self._links: list[str] = []
        self._words: list[tuple[LexborNode, int]] = []  # links that are open, and where their words begin
        self._row: int | None = None  # memory address of the data row that is being written
        self._pre = 0

    def enter(self, node: LexborNode) -> None:
        tag = node.tag
        if tag == "-text":
            self._pieces.append(node.text_content or "")
        elif tag == "a":
            self._words.append((node, len(self._pieces)))
        elif tag in CELL_TAGS:
            if self._row is None:
                self._open(node, tag)
            else:
                self._pieces.append(_CELL_BREAK)
        elif tag in BLOCK_TAGS:
            self._enter_block(node, tag)

    def leave(self, node: LexborNode) -> None:
        tag = node.tag
        if tag == "a":
            self._end_link(node)
        elif tag in CELL_TAGS:
            if self._row is None:
                self._close(node)
        elif tag in BLOCK_TAGS:
            self._leave_block(node, tag)

    def end_line(self) -> None:
        if self._pieces:
            text = "".join(self._pieces)
            self._pieces.clear()
            for line in text.split("\n") if self._pre else (text,):
                self._add(line)
        if self._links:
            place = self._place + LINK_PLACE
            self.blocks += [Block(place, line, self._main[-1]) for line in self._links]
            self._links.clear()

    def _enter_block(self, node: LexborNode, tag: str) -> None:
        if self._row is not None:
            self._pieces.append(" ")
            return
        self._open(node, tag)
        if tag == "tr" and node.css_first(LAYOUT) is None:
            self._row = node.mem_id
        elif tag == "pre":
            self._pre += 1

    def _leave_block(self, node: LexborNode, tag: str) -> None:
        if self._row is not None:
            if node.mem_id != self._row:
                self._pieces.append(" ")
                return
            self._end_row()
        self._close(node)
        if tag == "pre":
            self._pre = max(0, self._pre - 1)

    def _open(self, node: LexborNode, tag: str) -> None:
        self.end_line()
        names = node.attributes.get("class") or ""
        first = names.split(None, 1)[0] if names else ""
        if tag not in _ROOTS:  # their classes say which page it is
            self._labels.append(f"{tag}.{first}" if first and not _VARYING.search(first) else tag)
        self._place = " > ".join(self._labels[-_DEEPEST_PLACE:])
        if node.mem_id in self._zones:
            self._main.append(self._zones[node.mem_id])

    def _close(self, node: LexborNode) -> None:
        self.end_line()
        if self._labels and node.tag not in _ROOTS:
            self._labels.pop()
        self._place = " > ".join(self._labels[-_DEEPEST_PLACE:])
        if node.mem_id in self._zones and len(self._main) > 1:
            self._main.pop()

    def _end_row(self) -> None:
        self._row = None
        _, *cells = "".join(self._pieces).split(_CELL_BREAK)
        self._pieces.clear()
        if any(cell.strip() for cell in cells):
            self._add(" | ".join(cells))

    def _end_link(self, node: LexborNode) -> None:
        if not self._words or self._words[-1][0].mem_id != node.mem_id:
            return
        _, start = self._words.pop()
        line = self._link_line(node, one_line("".join(self._pieces[start:]).replace(_CELL_BREAK, " ")))
        if line is not None:
            self._links.append(line)

    def _add(self, line: str) -> None:
        flat = one_line(line)
        if flat:
            self.blocks.append(Block(self._place, flat, self._main[-1]))
