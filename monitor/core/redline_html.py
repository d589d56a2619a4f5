"""A redline as HTML for pages and mails: ``<ins>`` and ``<del>`` with words beside them, so that colour is never all.

Everything is escaped, and only http(s) addresses become links (THREATS F17). Pages style classes; mails carry their
styles with them, and no element has a hidden text, which many mail programs show or drop.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from markupsafe import Markup, escape

from monitor.core.redline import Mark, Marked, Piece

_ELEMENTS = {Mark.REMOVED: "del", Mark.ADDED: "ins"}


@dataclass(frozen=True, slots=True)
class _Look:
    """Attributes, by the role of an element, and whether the words beside a change are for screen readers alone."""

    attributes: dict[str, str]
    hides_labels: bool

    def open(self, element: str, role: str) -> Markup:
        attributes = self.attributes.get(role, "")
        return Markup(f"<{element}{' ' if attributes else ''}{attributes}>")  # noqa: S704 - our own words


_PAGE = _Look(
    {"list": 'class="redline"', "label": 'class="op"', "address": 'class="address"', "hidden": 'class="unseen"'},
    hides_labels=True,
)
_MAIL = _Look(
    {
        "label": 'class="soft" style="margin:8px 0 0; font:bold 13px/1.4 Arial,sans-serif; color:#565b6b;"',
        "words": 'class="ink" style="margin:2px 0 0; font-size:15px; line-height:1.5; color:#1b1d26;"',
        "address": 'class="ink" style="margin:2px 0 0; font:13px/1.5 Arial,sans-serif; color:#1b1d26;"',
        "del": 'class="removed" style="color:#a3231b; text-decoration:line-through;"',
        "ins": 'class="added" style="color:#1d6b3f; text-decoration:underline;"',
        "link": 'class="link" style="color:#1f4e8c;"',
    },
    hides_labels=False,
)


def page_html(marked: Iterable[Marked]) -> Markup:
    """Return a redline as a list for a page: classes ``redline``, ``op``, ``address`` and ``unseen`` (visually)."""
    return _html(marked, _PAGE)


def mail_html(marked: Iterable[Marked]) -> Markup:
    """Return a redline as paragraphs for a mail, its styles inline; ``[removed: ...]`` is written out."""
    return _html(marked, _MAIL)


def document(marked: Iterable[Marked], *, title: str, before: str, after: str, summary: str) -> str:
    """Return a redline as a whole HTML document, light or dark as its reader likes it."""
    heading = Markup("<h1>{}</h1>\n<p>{}</p>\n<p>From {}<br>to {}</p>\n").format(title, summary, before, after)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n{heading}{page_html(marked)}\n"
        "</body>\n</html>\n"
    )


def _html(marked: Iterable[Marked], look: _Look) -> Markup:
    if look.hides_labels:
        items = Markup("\n").join(Markup("<li>{}</li>").format(_part(each, look)) for each in marked)
        return Markup("{}\n{}\n</ul>").format(look.open("ul", "list"), items)
    return Markup("\n").join(_part(each, look) for each in marked)


def _part(marked: Marked, look: _Look) -> Markup:
    """A part: what happened, its words, and of a link its addresses. Words that are new as a whole need no mark."""
    marks = {piece.mark for piece in (*marked.pieces, *marked.addresses)}
    whole = len(marks) == 1
    lines = [Markup("{}{}</p>").format(look.open("p", "label"), marked.label)]
    if marked.pieces:
        words = _words(marked.pieces, look, labelled=not whole)
        lines.append(Markup("{}{}</p>").format(look.open("p", "words"), words))
    lines += [_address(piece, look) for piece in marked.addresses]
    return Markup("").join(lines)


def _words(pieces: Sequence[Piece], look: _Look, *, labelled: bool) -> Markup:
    words = Markup("")
    last = Mark.SAME
    for piece in pieces:
        if last is Mark.REMOVED and piece.mark is Mark.ADDED:
            words += " "  # else the new word sticks to the old one
        words += _piece(piece, look, labelled=labelled)
        last = piece.mark
    return words


def _piece(piece: Piece, look: _Look, *, labelled: bool) -> Markup:
    element = _ELEMENTS.get(piece.mark)
    if element is None:
        return escape(piece.text)
    text = piece.text.rstrip() or piece.text
    behind = piece.text[len(text) :] if labelled else ""
    marked = Markup("{}{}</{}>").format(look.open(element, element), text, element)
    begin, end = (_label(f"[{piece.mark.value}: ", look), _label("]", look)) if labelled else ("", "")
    return Markup("{}{}{}{}").format(begin, marked, end, behind)


def _label(words: str, look: _Look) -> Markup:
    if not look.hides_labels:
        return escape(words)
    return Markup("{}{}</span>").format(look.open("span", "hidden"), words)


_WAS = {Mark.SAME: "Address: ", Mark.REMOVED: "Address was: ", Mark.ADDED: "Address is now: "}


def _address(piece: Piece, look: _Look) -> Markup:
    inside = _linked(piece.text, look)
    element = _ELEMENTS.get(piece.mark)
    if element is not None:
        inside = Markup("{}{}</{}>").format(look.open(element, element), inside, element)
    return Markup("{}{}{}</p>").format(look.open("p", "address"), _WAS[piece.mark], inside)


def _linked(url: str, look: _Look) -> Markup:
    """The address as text, and as a link where it is one that may be followed."""
    if not _is_web(url):
        return escape(url)
    anchor = look.open("a", "link")[:-1]
    return Markup('{} href="{}" rel="noopener noreferrer nofollow">{}</a>').format(anchor, url, url)


def _is_web(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not any(map(str.isspace, url))


_STYLE = """
:root { color-scheme: light dark;
  --ink: #1b1d26; --paper: #fff; --soft: #565b6b; --added: #14532d; --removed: #8f1d16; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e9eaf0; --paper: #15171e; --soft: #b0b4c2; --added: #8fe0b0; --removed: #ff9d94; }
}
body { max-width: 46rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.55 system-ui, sans-serif; color: var(--ink);
  background: var(--paper); overflow-wrap: anywhere; }
a { color: inherit; }
.redline { list-style: none; margin: 0; padding: 0; }
.redline li { margin: 0 0 1rem; }
.redline p { margin: 0; }
.op { color: var(--soft); font-size: .9rem; font-weight: 600; }
ins { color: var(--added); text-decoration: underline; }
del { color: var(--removed); text-decoration: line-through; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
"""
