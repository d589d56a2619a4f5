"""The next page: of the same host only, never the page itself, with the key that the first address carried."""

from __future__ import annotations

import pytest

from monitor.core.read.paging import NO_PAGES, next_link, page_number, query_value, with_query
from monitor.model.source import Fetched

HERE = "https://api.example.org/v1/list?q=a&page=1"


def follow(href: str, here: str = HERE) -> tuple[str, ...]:
    return next_link(href, Fetched(here, 200, b"")).urls


@pytest.mark.parametrize(
    ("href", "url"),
    [
        ("https://api.example.org/v1/list?page=2", "https://api.example.org/v1/list?page=2"),
        ("?page=2", "https://api.example.org/v1/list?page=2"),
        ("http://api.example.org/v1/list?page=2", "https://api.example.org/v1/list?page=2"),
        ("https://API.example.org/v1/list?page=2", "https://api.example.org/v1/list?page=2"),
    ],
)
def test_the_next_page_is_followed_on_the_same_host(href: str, url: str) -> None:
    assert follow(href) == (url,)


@pytest.mark.parametrize("href", ["", HERE, "javascript:alert(1)", "https://user@api.example.org/", "http://["])
def test_what_leads_nowhere_is_no_page(href: str) -> None:
    assert next_link(href, Fetched(HERE, 200, b"")) == NO_PAGES


@pytest.mark.parametrize("href", ["https://evil.example/", "https://api.example.org:8443/", "//169.254.169.254/"])
def test_f10_another_host_is_noted_and_not_asked(href: str) -> None:
    pages = next_link(href, Fetched(HERE, 200, b""))

    assert pages.urls == ()
    assert "the next page is on another host" in pages.notes[0]


def test_the_key_of_the_address_goes_on_to_the_next_page() -> None:
    here = "https://api.example.org/list?api_key=a%2Bb"

    assert follow("/list?offset=25", here) == ("https://api.example.org/list?offset=25&api_key=a%2Bb",)
    assert follow("/list?api_key=own", here) == ("https://api.example.org/list?api_key=own",)


def test_one_parameter_is_set_and_the_others_stay_to_the_letter() -> None:
    url = "https://a.example/x?filter[a]=b%20c&page%5Bnumber%5D=1&q=&page[number]=3#f"

    assert with_query(url, "page[number]", "4") == "https://a.example/x?filter[a]=b%20c&q=&page%5Bnumber%5D=4#f"
    assert with_query("https://a.example/x", "page", "2") == "https://a.example/x?page=2"


def test_a_parameter_is_read_however_it_is_written() -> None:
    assert query_value("https://a.example/?page%5Bnumber%5D=2", "page[number]") == "2"
    assert query_value("https://a.example/?x=1", "page") is None


@pytest.mark.parametrize(
    ("query", "number"), [("page=7", 7), ("", 1), ("page=", 1), ("page=x", 1), ("page=-2", 1), ("page=99999999", 1)]
)
def test_a_page_has_a_number_or_is_the_first(query: str, number: int) -> None:
    assert page_number(f"https://a.example/?{query}", "page") == number
