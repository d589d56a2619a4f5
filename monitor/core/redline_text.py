"""A redline as text with marks that need no colour, and in less room."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from monitor.core.redline import Mark, Marked, Piece, redline
from monitor.core.text import ELLIPSIS
from monitor.core.urls import LINK_ARROW, LINK_PREFIX
from monitor.model.change import Part, PartKind

_READABLE = 100_000  # characters of an excerpt that are cut into words: it is made whenever somebody looks
_AROUND = 80  # characters of what stayed that an abridged paragraph keeps on either side of a change


def foremost(parts: Sequence[Part], most: int) -> tuple[tuple[Part, ...], int]:
    """Return up to ``most`` parts in their order, what only moved last of all; and how many are left out."""
    weighed = sorted(range(len(parts)), key=lambda place: parts[place].op is PartKind.MOVED)
    kept = sorted(weighed[:most])
    return tuple(parts[place] for place in kept), len(parts) - len(kept)


def excerpt(parts: Sequence[Part], *, most: int, room: int) -> tuple[tuple[Marked, ...], int]:
    """Return the redline of up to ``most`` parts, each in about ``room`` characters; and how many are left out."""
    shown, left_out = foremost(parts, most)
    return tuple(abridged(marked, room) for marked in redline(shown, readable=_READABLE)), left_out


def abridged(marked: Marked, limit: int) -> Marked:
    """Return a part in about ``limit`` characters: what stayed is left out far from a change, the rest is cut.

    An ellipsis stands for what is missing. Addresses are never cut.
    """
    kept: list[Piece] = []
    left = limit
    last = len(marked.pieces) - 1
    for place, piece in enumerate(marked.pieces):
        text = piece.text
        if piece.mark is Mark.SAME and last > 0:
            text = _near(text, head=place > 0, tail=place < last)
        if len(text) > left:
            kept.append(replace(piece, text=text[: max(0, left - 1)].rstrip() + ELLIPSIS))
            break
        kept.append(replace(piece, text=text))
        left -= len(text)
    return replace(marked, pieces=tuple(kept))


def _near(text: str, *, head: bool, tail: bool) -> str:
    """Return what of a text stands next to the changes at its head or tail."""
    if len(text) <= 2 * _AROUND:
        return text
    start, end = text[:_AROUND], text[-_AROUND:]
    start = start[: start.rfind(" ") + 1] or start
    end = end[end.find(" ") :] if " " in end else end
    return (start if head else "") + ELLIPSIS + (end if tail else "")


def marked_line(marked: Marked) -> str:
    """Return a part on one line: "Link: words -> address" for links, removed words ``[-so-]``, added ``{+so+}``."""
    return "".join(with_marks(piece) for piece in line_pieces(marked))


def line_pieces(marked: Marked) -> tuple[Piece, ...]:
    """Return the pieces of ``marked_line``. Without ADDED ones they are the part's old line, and so on."""
    if not marked.addresses:
        return marked.pieces
    if not marked.pieces:
        return marked.addresses
    frame = Mark.SAME if marked.op is PartKind.MOVED else _only(marked)
    return (Piece(frame, LINK_PREFIX), *marked.pieces, Piece(frame, LINK_ARROW), *marked.addresses)


def _only(marked: Marked) -> Mark:
    """Return the mark of a link that was added or removed whole; SAME for one that was changed."""
    marks = {piece.mark for piece in (*marked.pieces, *marked.addresses)}
    return next(iter(marks)) if len(marks) == 1 else Mark.SAME


def with_marks(piece: Piece) -> str:
    """Return a piece with the marks that say what became of it without any colour."""
    match piece.mark:
        case Mark.REMOVED:
            return f"[-{piece.text}-]"
        case Mark.ADDED:
            return f"{{+{piece.text}+}}"
        case Mark.SAME:
            return piece.text


_SIGNS = {"Added": "+", "Removed": "-", "Moved": ">", "Link added": "+", "Link removed": "-", "Link moved": ">"}


def sign_of(marked: Marked) -> str:
    """Return the character that begins a part's line: ``+`` added, ``-`` removed, ``>`` moved, ``!`` changed."""
    return _SIGNS.get(marked.label, "!")


def signed_line(marked: Marked) -> str:
    """Return a part as a line of a unified text: its sign, then its words, with marks where it was changed."""
    sign = sign_of(marked)
    pieces = line_pieces(marked)
    return sign + ("".join(map(with_marks, pieces)) if sign == "!" else "".join(piece.text for piece in pieces))


def told_line(marked: Marked) -> str:
    """Return a part as a line that begins with what happened: "Changed: It is [-proposed-]{+final+}."."""
    return f"{marked.label}: {signed_line(marked)[1:].removeprefix(LINK_PREFIX)}"


def unified(marked: Iterable[Marked], *, before: str, after: str, summary: str) -> str:
    """Return a difference as text: ``---`` and ``+++`` with what is compared, its summary, then a line a paragraph."""
    head = (f"--- {before}", f"+++ {after}", f"@@ {summary} @@")
    return "\n".join((*head, *map(signed_line, marked))) + "\n"
