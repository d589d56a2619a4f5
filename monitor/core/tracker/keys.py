"""What a policy is known by: its address without trailing slashes, or ``title:some-slug`` where none is known."""

from __future__ import annotations

import re

from monitor.core.text import plain
from monitor.errors import Unreadable

_NOT_WORD = re.compile(r"[^a-z0-9]+")


def normal_address(url: str) -> str:
    """``url`` without trailing slashes: the tracker serves both, and they are one page."""
    return url.rstrip("/") or url


def policy_key(title: str | None, tracker_id: int | None) -> str:
    """The key of a policy whose address is not known, from its title, else its id. Raises Unreadable without either."""
    slug = _NOT_WORD.sub("-", plain(title or "").lower()).strip("-")
    if slug:
        return f"title:{slug}"
    if tracker_id is not None:
        return f"title:policy-{tracker_id}"
    raise Unreadable(
        "no address, no title and no id to know the policy by: give its url (a page: in a first line `URL: `)"
    )
