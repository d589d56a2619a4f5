"""A page as blocks: one line of text, or one link, each with the place in the markup at which it stands."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType

from selectolax.lexbor import LexborNode

from monitor.core.read.visible import BLOCK_TAGS, CELL_TAGS, LAYOUT, UNSEEN_TAGS, one_line
from monitor.model.page import LINK_PLACE, Block

_VARYING = re.compile(r"\d|[-_](?=[0-9a-f]*\d)[0-9a-f]{6,}$", re.I)  # a class that numbers its element names no place
_CELL_BREAK = "\x1f"
_ROOTS = frozenset({"html", "body"})
_WRITTEN = BLOCK_TAGS | CELL_TAGS | {"a"}
_SHARED = 400  # characters up to which a line may stand on many pages
_DEEPEST_PLACE = 8  # labels: what stands further out tells nothing apart

LinkLine = Callable[[LexborNode, str], str | None]


def _no_line(anchor: LexborNode, words: str) -> str | None:
    return None


def blocks_of(
    root: LexborNode | None, zones: Mapping[int, bool] = MappingProxyType({}), link_line: LinkLine = _no_line
) -> list[Block]:
    """Return the visible text under ``root`` in reading order, a table row ``cell | cell``, and each link after it.

    ``zones``: by the memory addresses of nodes, whether what they hold is main text; before the first it is not.
    ``link_line`` writes a link, with the words that it hangs on, or gives None where it is none of interest.
    """
    writer = _Writer(zones, link_line, main=root is not None and zones.get(root.mem_id, False))
    if root is not None:
        _walk(root, writer)
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


def _walk(root: LexborNode, writer: _Writer) -> None:
    """Hand each seen node to the writer on entering, and each that is no text on leaving. No recursion."""
    levels: list[Iterator[LexborNode]] = [iter((root,))]
    opened: list[tuple[LexborNode, str]] = []
    while levels:
        for node in levels[-1]:
            tag = node.tag or ""
            if tag == "-text":
                writer.read(node.text_content or "")
            elif tag not in UNSEEN_TAGS:
                if tag in _WRITTEN:
                    writer.enter(node, tag)
                opened.append((node, tag))
                levels.append(node.iter(include_text=True))
                break
        else:
            levels.pop()
            if opened:
                node, tag = opened.pop()
                if tag in _WRITTEN:
                    writer.leave(node, tag)


@lru_cache(maxsize=1_024)
def _label(tag: str, names: str) -> str:
    """An element as its place calls it: with the first of its classes, unless that numbers elements."""
    first = names.split(None, 1)[0] if names.strip() else ""
    return f"{tag}.{first}" if first and not _VARYING.search(first) else tag


_short_line = lru_cache(maxsize=4_096)(one_line)  # the pages of a site share the words around their text


def _line(text: str) -> str:
    return _short_line(text) if len(text) < _SHARED else one_line(text)


class _Writer:
    """Collects text into blocks as the walk passes blocks, cells, rows and links."""

    def __init__(self, zones: Mapping[int, bool], link_line: LinkLine, *, main: bool) -> None:
        self.blocks: list[Block] = []
        self._zones = zones
        self._link_line = link_line
        self._labels: list[str] = []
        self._places = [""]  # of the blocks that are open
        self._main = [main]  # of the same
        self._pieces: list[str] = []
        self._links: list[str] = []
        self._words: list[int] = []  # where the words of the links begin that are open
        self._row: int | None = None  # memory address of the data row that is being written
        self._pre = 0

    def read(self, text: str) -> None:
        if self._pieces or not text.isspace():
            self._pieces.append(text)

    def enter(self, node: LexborNode, tag: str) -> None:
        if tag == "a":
            self._words.append(len(self._pieces))
        elif tag in CELL_TAGS:
            if self._row is None:
                self._open(node, tag)
            else:
                self._pieces.append(_CELL_BREAK)
        else:
            self._enter_block(node, tag)

    def leave(self, node: LexborNode, tag: str) -> None:
        if tag == "a":
            self._end_link(node)
        elif tag in CELL_TAGS:
            if self._row is None:
                self._close(tag)
        else:
            self._leave_block(node, tag)

    def end_line(self) -> None:
        if self._pieces:
            text = "".join(self._pieces)
            self._pieces.clear()
            for line in text.split("\n") if self._pre else (text,):
                self._add(line)
        if self._links:
            place = self._places[-1] + LINK_PLACE
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
        self._close(tag)
        if tag == "pre":
            self._pre = max(0, self._pre - 1)

    def _open(self, node: LexborNode, tag: str) -> None:
        self.end_line()
        main = self._zones.get(node.mem_id)
        self._main.append(self._main[-1] if main is None else main)
        if tag in _ROOTS:  # their classes say which page it is
            self._places.append(self._places[-1])
        else:
            self._labels.append(_label(tag, node.attributes.get("class") or ""))
            self._places.append(" > ".join(self._labels[-_DEEPEST_PLACE:]))

    def _close(self, tag: str) -> None:
        self.end_line()
        if len(self._main) == 1:
            return
        self._main.pop()
        self._places.pop()
        if tag not in _ROOTS:
            self._labels.pop()

    def _end_row(self) -> None:
        self._row = None
        _, *cells = "".join(self._pieces).split(_CELL_BREAK)
        self._pieces.clear()
        if any(cell.strip() for cell in cells):
            self._add(" | ".join(cells))

    def _end_link(self, node: LexborNode) -> None:
        start = self._words.pop()
        line = self._link_line(node, _line("".join(self._pieces[start:]).replace(_CELL_BREAK, " ")))
        if line is not None:
            self._links.append(line)

    def _add(self, line: str) -> None:
        flat = _line(line)
        if flat:
            self.blocks.append(Block(self._places[-1], flat, self._main[-1]))
