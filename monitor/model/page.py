"""A watched page: the blocks that it is made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

LINK_PLACE = " > a"
"""How the place of a link ends; what is before is that of the line that holds it."""


class Block(NamedTuple):
    """One line of a page's text, or one link of it, and where it stands: tags and classes, ``main > ul > li``.

    ``main``: it belongs to the main text, not to what stands around that on many of the site's pages.
    """

    place: str
    text: str
    main: bool = True


def pack_blocks(blocks: Sequence[Block]) -> list[str]:
    """Blocks as four texts: the places, each once; the number of each block's place; their zones; and their lines."""
    numbers: dict[str, int] = {}
    places = [str(numbers.setdefault(block.place, len(numbers))) for block in blocks]
    zones = "".join("+" if block.main else "-" for block in blocks)
    return ["\n".join(numbers), " ".join(places), zones, "\n".join(block.text for block in blocks)]


def unpack_blocks(packed: Sequence[str]) -> tuple[Block, ...]:
    """The inverse of ``pack_blocks``. Raises ValueError where it is none."""
    names, numbers, zones, lines = packed
    if not zones:
        return ()
    places = names.split("\n")
    texts = lines.split("\n")
    wanted = [int(number) for number in numbers.split(" ")]
    if not len(wanted) == len(texts) == len(zones) or not set(zones) <= {"+", "-"} or max(wanted) >= len(places):
        raise ValueError(f"{len(zones)} blocks of {len(texts)} lines at {len(wanted)} of {len(places)} places are none")
    if min(wanted) < 0:
        raise ValueError("a place before the first")
    return tuple(map(Block, map(places.__getitem__, wanted), texts, map("+".__eq__, zones)))
