"""WordPress's REST API (wp-json/wp/v2/posts, or any other type of post) to items."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from monitor.core.read.json_api import JsonApi, api_item, first_date, paragraphs
from monitor.core.read.json_document import Row, at, text_at
from monitor.core.read.paging import NO_PAGES, Pages, next_number, page_number
from monitor.model.source import Fetched, Item, SourceKind


def _rows(value: object) -> Sequence[object] | None:
    posts = value if isinstance(value, list) else [value]
    return posts if all(_is_post(post) for post in posts) else None


def _is_post(post: object) -> bool:
    """Tell whether an element is a post: ``_fields`` may have left out all but its id and one more."""
    return bool(text_at(post, "id")) and bool(text_at(post, "title.rendered", "link", "content.rendered"))


def _items(row: Row, url: str, now: datetime) -> list[Item | None]:
    """Return one post. Title and text come rendered, as HTML. ``date_gmt`` is UTC, ``date`` the site's own time."""
    return [
        api_item(
            key=text_at(row, "id"),
            title=text_at(row, "title.rendered"),
            text=paragraphs(text_at(row, "content.rendered")) or paragraphs(text_at(row, "excerpt.rendered")),
            link=text_at(row, "link", "guid.rendered"),
            base=url,
            date=first_date((text_at(row, "date_gmt"), text_at(row, "date")), now),
        )
    ]


def _pages(value: object, fetched: Fetched) -> Pages:
    """Return the next page where the header X-WP-TotalPages says that there is one: beyond the last is an error."""
    total = fetched.headers.get("x-wp-totalpages", "")
    page = page_number(fetched.url, "page")
    more = isinstance(value, list) and total.isdecimal() and len(total) < 7 and page < int(total)
    return next_number(fetched, "page", page + 1) if more else NO_PAGES


def is_wordpress(value: object) -> bool:
    """Tell whether a document can only be a list of posts: rendered parts, as no other API has them."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(
            text_at(post, "id") and text_at(post, "link") and isinstance(at(post, "title.rendered"), str)
            for post in value
        )
    )


WORDPRESS = JsonApi(SourceKind.WORDPRESS, "a WordPress list of posts", _rows, _items, _pages)
