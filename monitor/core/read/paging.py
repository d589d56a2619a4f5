"""The next page of a paged API: where it is, and whether it may be asked for."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from monitor.core.urls import safe_link
from monitor.model.source import Fetched

_KEY = "api_key"  # api.data.gov's: its next links come without the key that the first address carried


class Pages(NamedTuple):
    """The documents that belong to the same poll, and what is to be said of them."""

    urls: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


NO_PAGES = Pages()


def next_link(href: str, fetched: Fetched) -> Pages:
    """Return the page that a document links to as its next.

    Only one of the same host and port: the others are noted, not asked. A link that says http where https was asked (a
    proxy's doing) is asked for over https. A page that names itself is the last.
    """
    url = safe_link(href or None, fetched.url)
    if url is None:
        return NO_PAGES
    here, there = urlsplit(fetched.url), urlsplit(url)
    if here.netloc.lower() != there.netloc.lower():
        return Pages(notes=(f"the next page is on another host ({there.netloc[:80]}): not asked for",))
    if here.scheme == "https" and there.scheme == "http":
        url = urlunsplit(there._replace(scheme="https"))
    key = query_value(fetched.url, _KEY)
    if key and query_value(url, _KEY) is None:
        url = with_query(url, _KEY, key)
    return NO_PAGES if url == fetched.url else Pages((url,))


def next_number(fetched: Fetched, name: str, number: int) -> Pages:
    """Return the page of this number, which the query parameter ``name`` chooses."""
    return Pages((with_query(fetched.url, name, str(number)),))


def query_value(url: str, name: str) -> str | None:
    """Return the first value of a query parameter, or None where the address has none of that name."""
    pairs = (part.partition("=") for part in urlsplit(url).query.split("&"))
    return next((unquote(value) for key, _, value in pairs if unquote(key) == name), None)


def with_query(url: str, name: str, value: str) -> str:
    """Return an address with one query parameter set; the others to the letter and in their order."""
    parts = urlsplit(url)
    kept = [part for part in parts.query.split("&") if part and unquote(part.partition("=")[0]) != name]
    return urlunsplit(parts._replace(query="&".join((*kept, f"{quote(name)}={quote(value)}"))))


def page_number(url: str, name: str, first: int = 1) -> int:
    """Return the number of the page at an address; ``first`` where the address does not say."""
    stated = query_value(url, name) or ""
    return int(stated) if stated.isdecimal() and len(stated) < 7 else first
