"""Links: which are shown, how they compare, and how a page's text carries them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.urls import canonical_url, is_tracking, link_line, safe_link, split_link_line, without_tracking

BASE = "https://news.example/feeds/latest.xml"

SAFE = [
    ("https://a.example/x", "https://a.example/x"),
    ("http://a.example:8080/x?b=1#c", "http://a.example:8080/x?b=1#c"),
    ("/story/1", "https://news.example/story/1"),
    ("story", "https://news.example/feeds/story"),
    ("?page=2", "https://news.example/feeds/latest.xml?page=2"),
    ("//cdn.example/x", "https://cdn.example/x"),
    ("  https://a.example/x\n", "https://a.example/x"),
    ("https://a.example/a\n b", "https://a.example/a%20b"),
    ("https://пример.example/й", "https://xn--e1afmkfd.example/%D0%B9"),
    ("http://[2001:db8::1]/x", "http://[2001:db8::1]/x"),
]

UNSAFE = [
    "",
    "   ",
    "javascript:alert(1)",
    "JaVa\tScript:alert(1)",
    "java\nscript:alert(1)",
    "\x01javascript:alert(1)",
    "java\x00script:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:msgbox",
    "file:///etc/hostname",
    "blob:https://a.example/1",
    "mailto:desk@a.example",
    "ftp://a.example/x",
    "https://user:password@a.example/",
    "https://a.example@evil.example/",
    "https:\\\\evil.example\\x",
    "http://",
    "http:///x",
    "http://a b/",
    "http://[::1/",
    "http://a.example:99999/",
    "https://a.example/" + "x" * 3_000,
]


@pytest.mark.parametrize(("href", "expected"), SAFE)
def test_a_web_link_becomes_absolute_ascii(href: str, expected: str) -> None:
    assert safe_link(href, BASE) == expected


@pytest.mark.parametrize("href", UNSAFE)
def test_f17_what_is_no_web_link_is_none(href: str) -> None:
    assert safe_link(href, BASE) is None


def test_no_address_is_none() -> None:
    assert safe_link(None, BASE) is None


def test_text_that_turns_the_reading_direction_is_escaped_inside_and_cut_off_outside() -> None:
    assert safe_link("\u202ehttps://a.example/\u202egnp\u200b", BASE) == "https://a.example/%E2%80%AEgnp"


@given(st.text(max_size=60), st.sampled_from([BASE, "", "not a base", "mailto:x"]))
def test_a_safe_link_is_plain_http_whatever_the_text(href: str, base: str) -> None:
    link = safe_link(href, base)

    assert link is None or (link.startswith(("http://", "https://")) and link.isascii() and link.isprintable())


CANONICAL = [
    ("http://Example.COM:80/a/?b=2&a=1&utm_source=x#top", "http://example.com/a?a=1&b=2"),
    ("https://example.com:443", "https://example.com/"),
    ("https://example.com/", "https://example.com/"),
    ("https://example.com/a/", "https://example.com/a"),
    ("https://example.com/a?fbclid=abc", "https://example.com/a"),
    ("https://example.com/a?UTM_Medium=rss&id=7", "https://example.com/a?id=7"),
    ("https://example.com:8443/a", "https://example.com:8443/a"),
    ("https://example.com/A", "https://example.com/A"),
    (" https://example.com/a ", "https://example.com/a"),
    ("title:some-policy", "title:some-policy"),
    ("http://[::1", "http://[::1"),
    ("", ""),
]


@pytest.mark.parametrize(("url", "expected"), CANONICAL)
def test_links_compare_in_one_form(url: str, expected: str) -> None:
    assert canonical_url(url) == expected


@given(st.one_of(st.text(max_size=40), st.text(max_size=40).map(lambda tail: "https://A.example:443/" + tail)))
def test_the_canonical_form_of_the_canonical_form_is_itself(url: str) -> None:
    assert canonical_url(canonical_url(url)) == canonical_url(url)


@pytest.mark.parametrize(
    "name", ["utm_source", "UTM_CAMPAIGN", "fbclid", "gclid", "mc_cid", "_hsenc", "mtm_kwd", "smid"]
)
def test_campaign_parameters_are_tracking(name: str) -> None:
    assert is_tracking(name)


@pytest.mark.parametrize("name", ["id", "p", "page", "docket", "utm", "source", "ref"])
def test_parameters_that_may_name_a_document_are_not_tracking(name: str) -> None:
    assert not is_tracking(name)


def test_the_rest_of_a_link_stays_to_the_letter_without_tracking() -> None:
    assert without_tracking("https://a.example/x?b=%2F&utm_a=1&a#f?utm_b=1") == "https://a.example/x?b=%2F&a#f?utm_b=1"
    assert without_tracking("https://a.example/x?utm_a=1") == "https://a.example/x"


def test_a_link_line_reads_back_even_where_its_words_hold_an_arrow() -> None:
    line = link_line("Order -> PDF", "https://a.example/o.pdf")

    assert line == "Link: Order -> PDF -> https://a.example/o.pdf"
    assert split_link_line(line) == ("Order -> PDF", "https://a.example/o.pdf")


@pytest.mark.parametrize("line", ["", "Link: none", "See a -> https://a.example/", "Link: a -> mailto:b@c.example"])
def test_other_lines_are_no_link_lines(line: str) -> None:
    assert split_link_line(line) is None


PLAIN = st.from_regex(r"https?://[a-z0-9-]+(\.[a-z0-9-]+)+(/[A-Za-z0-9_~-][A-Za-z0-9_~.-]*){0,5}/?", fullmatch=True)


@given(PLAIN)
def test_an_address_that_needs_nothing_done_is_what_the_long_way_makes_of_it(url: str) -> None:
    """A port or a fragment that falls away sends the same address through every step."""
    head, _, tail = url.partition("://")
    host, slash, path = tail.partition("/")

    assert safe_link(f" {url}", BASE) == safe_link(url, BASE) == url
    assert canonical_url(f"{head}://{host}:{443 if head == 'https' else 80}{slash}{path}#x") == canonical_url(url)


HOSTS = st.sampled_from(["127.0.0.1", "a.example", "www.a-b.example", "-a.example", "a.b.c.d.example"])
PORTS = st.sampled_from(["", "", ":80", ":443", ":8080", ":37247", ":65535", ":0"])
PATHS = st.lists(st.sampled_from(["", "a", "7-0", "~x", ".", "..", "A.b", "x:80"]), max_size=3).map(
    lambda parts: "".join(f"/{part}" for part in parts)
)
PAIRS = st.lists(
    st.sampled_from(["a=1", "b=2", "a=0", "utm_source=x", "s=", "x", "=y", "a=b=c", "", "B=~"]), max_size=4
)


@given(st.sampled_from(["http", "https"]), HOSTS, PORTS, PATHS, PAIRS)
def test_the_canonical_form_of_a_plain_link_is_the_one_that_its_parser_makes(
    scheme: str, host: str, port: str, path: str, pairs: list[str]
) -> None:
    url = f"{scheme}://{host}{port}{path}?{'&'.join(pairs)}"

    # A fragment is no plain link's: it goes the long way, and is dropped.
    assert canonical_url(url) == canonical_url(f"{url}#f")
