"""The page behind an item's link to one item: its main text, or why there is none."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from monitor.core.read.blocked import login_words
from monitor.core.read.decode import decode
from monitor.core.read.main_text import main_lines
from monitor.core.read.pdf import is_pdf, read_pdf
from monitor.core.read.prose import is_markup, lines_of, literal_text, one_line, parsed, plain_text
from monitor.core.read.selection import page_title, without
from monitor.core.read.sniff import is_binary, looks_like
from monitor.model.source import Fetched, Item, PollError, ReadFailed, Reading, ReadResult, Source, SourceKind

MOST_TEXT = 200_000  # characters that are kept: three hours of reading
_SHORT = 1_500  # characters: an article cut off by a wall shows a few paragraphs
_LEAST = 80  # characters: less is a caption
_MOST_DATA = 20  # scripts of linked data
_LONGEST_DATA = 500_000  # characters of one


def read_article(fetched: Fetched, source: Source, now: datetime) -> ReadResult:
    """Return the page as one item of its title and main text (a paragraph a line). Never raises.

    A linked PDF is read as such. BLOCK_PAGE where the text is short and the page says why: it is for subscribers.
    NOT_A_PAGE where there is no running text, as on a page that scripts fill in. ``source`` is whose item links here:
    its selectors are for its own document and do not count.
    """
    if is_pdf(fetched.body):
        return _of_pdf(read_pdf(fetched.body, url=fetched.url, base=fetched.url, now=now))
    stated = fetched.headers.get("content-type")
    text = decode(fetched.body, stated)
    if is_binary(fetched.body):
        return ReadFailed(PollError.NOT_A_PAGE, f"not a page: this looks like {looks_like(fetched.body, text)}")
    if not is_markup(text):
        return _reading(fetched.url, "", literal_text(text))
    data = tuple(_linked_data(text))
    tree = without(text, ())
    title, words = page_title(tree), one_line(" ".join(lines_of(tree.body)))
    found = "\n".join(main_lines(tree))
    if len(found) < _SHORT:
        found = max((found, *_bodies(data)), key=len)
    if len(found) < _SHORT and (wall := _wall(data, words)) is not None:
        return ReadFailed(PollError.BLOCK_PAGE, f"in the place of the article stands {wall}")
    return _reading(fetched.url, title, found)


def _reading(url: str, title: str, text: str) -> ReadResult:
    if len(text) < _LEAST:
        return ReadFailed(PollError.NOT_A_PAGE, "the page holds no running text (a page that scripts fill in?)")
    item = Item(url, title or url, text[:MOST_TEXT], url)
    return Reading(SourceKind.ARTICLE, title, (item,))


def _of_pdf(result: ReadResult) -> ReadResult:
    if isinstance(result, ReadFailed):
        return result
    return _reading(result.items[0].key, result.title, "\n".join(item.text for item in result.items))


def _wall(data: tuple[dict[str, Any], ...], words: str) -> str | None:
    if any(str(each.get("isAccessibleForFree")).lower() == "false" for each in data):
        return "a paywall (the page states that it is not free)"
    asked = login_words(words)
    return None if asked is None else f'a login wall (it says "{asked}")'


def _bodies(data: tuple[dict[str, Any], ...]) -> Iterator[str]:
    for each in data:
        if isinstance(body := each.get("articleBody"), str):
            yield plain_text(body)


def _linked_data(markup: str) -> Iterator[dict[str, Any]]:
    """Yield the objects that the page's linked data (schema.org) states at its upper levels."""
    for script in parsed(markup).css("script[type='application/ld+json']")[:_MOST_DATA]:
        text = script.text()
        if len(text) > _LONGEST_DATA:
            continue
        try:
            stated = json.loads(html.unescape(text) if "&quot;" in text else text, strict=False)
        except (ValueError, RecursionError):
            continue
        for each in stated if isinstance(stated, list) else [stated]:
            yield from _objects(each)


def _objects(stated: object) -> Iterator[dict[str, Any]]:
    if isinstance(stated, dict):
        yield stated
        graph = stated.get("@graph")
        yield from (each for each in graph if isinstance(each, dict)) if isinstance(graph, list) else ()
