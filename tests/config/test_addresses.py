"""Mail addresses, web addresses and policy references: what is taken and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.config.addresses import mail_address, policy_reference, web_address, webhook_address


@pytest.mark.parametrize(
    ("written", "used"),
    [
        ("desk@example.org", "desk@example.org"),
        ("Desk.One+iptp@Example.ORG", "Desk.One+iptp@example.org"),
        ("o'neil@example.org", "o'neil@example.org"),
        ("desk@bücher.example", "desk@xn--bcher-kva.example"),
        ("desk@BÜCHER.example", "desk@xn--bcher-kva.example"),
        ("desk@日本.example", "desk@xn--wgv71a.example"),
        ("desk@localhost", "desk@localhost"),
        ("a" * 64 + "@example.org", "a" * 64 + "@example.org"),
    ],
)
def test_a_plain_address_is_taken_with_its_domain_in_ascii(written: str, used: str) -> None:
    assert mail_address(written) == used


BAD_ADDRESSES = [
    "",
    "desk",
    "@example.org",
    "desk@",
    "desk@example",
    "desk@@example.org",
    "a@b@example.org",
    "desk@example.org\r\nBcc: x@example.org",
    "desk\r\nBcc: x@example.org",
    "desk@example.org\n",
    "desk\x00@example.org",
    "desk@exam\x00ple.org",
    "de sk@example.org",
    "desk@example .org",
    " desk@example.org",
    "desk@example.org ",
    "desk,other@example.org",
    "desk@example.org,other@example.org",
    "desk@example.org;other@example.org",
    '"desk"@example.org',
    "Desk <desk@example.org>",
    "<desk@example.org>",
    "desk@<example.org>",
    "desk@[192.0.2.1]",
    "desk@192.0.2.1",
    "desk@example..org",
    "desk@.example.org",
    "desk@example.org.",
    "desk@-example.org",
    "desk@exa_mple.org",
    ".desk@example.org",
    "desk.@example.org",
    "de..sk@example.org",
    "dësk@example.org",
    "desk\u202e@example.org",
    "desk@exam\u2028ple.org",
    "(comment)desk@example.org",
    "desk\\@example.org",
    "a" * 65 + "@example.org",
    "a@" + ".".join(["b" * 60] * 5) + ".org",
    "a@" + "ü" * 320 + ".org",
    "a" * 100_000 + "@example.org",
    "a@" + "b." * 100_000 + "org",
]


@pytest.mark.parametrize("written", BAD_ADDRESSES, ids=[ascii(address)[:40] for address in BAD_ADDRESSES])
def test_anything_but_one_plain_address_is_refused_in_one_line(written: str) -> None:
    with pytest.raises(ValueError) as caught:
        mail_address(written)

    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("value", [None, 5, True, ["desk@example.org"], {"a": 1}])
def test_what_is_not_text_is_no_address(value: object) -> None:
    for check in (mail_address, web_address):
        with pytest.raises(ValueError, match="has to be text"):
            check(value)


@given(st.text(max_size=40), st.text(max_size=40))
@settings(max_examples=300, deadline=None)
def test_whatever_is_taken_cannot_break_out_of_a_mail_command(local: str, domain: str) -> None:
    try:
        address = mail_address(f"{local}@{domain}")
    except ValueError:
        return

    assert address.isascii()
    assert address.isprintable()
    assert not set(' <>,;:"\\()[]\r\n\0') & set(address)
    assert len(address) <= 254
    assert address.count("@") == 1


@pytest.mark.parametrize(
    "url",
    [
        "https://www.404media.co/rss/",
        "http://127.0.0.1:8080/feed.xml?a=1&b=2",
        "https://[2001:db8::1]:8443/x",
        "https://bücher.example/feed",
        "https://example.org/path%20with%20blanks#part",
        "HTTPS://EXAMPLE.ORG/",
        "https://a_b.example.org/",
    ],
)
def test_a_web_address_is_taken_as_written(url: str) -> None:
    assert web_address(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.org/feed",
        "//example.org/feed",
        "ftp://example.org/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "feed://example.org/",
        "https://",
        "https:///path",
        "https:example.org",
        "https://user@example.org/",
        "https://user:pass@example.org/",
        "https://:pass@example.org/",
        "https://example.org:99999/",
        "https://example.org:port/",
        "https://example.org:0/",
        "https://exa mple.org/",
        "https://example.org/a b",
        "https://example.org/\r\nHost: evil",
        "https://example.org\\@evil.example/",
        "https://example.org/\x00",
        "https://example..org/",
        "https://[::1/",
        "https://ex%41mple.org/",
        "https://-ü.example/",
        "https://example.org/" + "a" * 2100,
    ],
)
def test_what_is_no_web_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError):
        web_address(url)


def test_a_password_in_an_address_is_not_repeated() -> None:
    with pytest.raises(ValueError) as caught:
        web_address("https://user:hunter2@example.org/")

    assert "hunter2" not in str(caught.value)


def test_a_webhook_has_no_fragment() -> None:
    assert webhook_address("https://example.org/hook?key=1") == "https://example.org/hook?key=1"
    with pytest.raises(ValueError, match="#"):
        webhook_address("https://example.org/hook#part")


@pytest.mark.parametrize(
    ("written", "reference"),
    [
        (1777, "1777"),
        ("1777", "1777"),
        ("#1777", "1777"),
        ("0083", "83"),
        ("title:ice-flock", "title:ice-flock"),
        ("https://example.org/policies/a/", "https://example.org/policies/a/"),
    ],
)
def test_a_policy_is_named_by_its_id_or_its_address(written: object, reference: str) -> None:
    assert policy_reference(written) == reference


@pytest.mark.parametrize(
    "written", [0, -1, True, None, 1.5, "", "abc", "title:", "title:a b", "ftp://x/", "0", "²", []]
)
def test_what_names_no_policy_is_refused(written: object) -> None:
    with pytest.raises(ValueError):
        policy_reference(written)
