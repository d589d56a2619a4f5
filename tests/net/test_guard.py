"""THREATS F7, F8, F9, findings 7 and 8: what is never dialled."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from ipaddress import ip_address, ip_network

import httpcore
import pytest

from monitor.net.guard import BlockedAddress, Guard, Unresolved
from tests.net.conftest import LOOPBACK, Serve
from tests.net.peers import answer

_DENIED = """
0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.100.100.200 100.127.255.255 127.0.0.1 127.255.255.254
168.63.129.16 169.254.0.1 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.8 192.0.0.170 192.0.2.1 192.88.99.1
192.168.0.1 192.168.255.255 198.18.0.1 198.19.255.255 198.51.100.7 203.0.113.9 224.0.0.1 239.255.255.255 240.0.0.1
255.255.255.255
:: ::1 ::2 ::127.0.0.1 ::8.8.8.8 ::ffff:127.0.0.1 ::ffff:10.1.2.3 ::ffff:169.254.169.254 ::ffff:0:10.0.0.1
64:ff9b::7f00:1 64:ff9b::808:808 64:ff9b:1::1 100::1 100:0:0:1::1 2001::1 2001:0:4136:e378:8000:63bf:3fff:fdd2 2001:2::1
2001:10::1 2001:20::1 2001:db8::1 2002:7f00:1:: 2002:a00:1::1 3fff::1 3fff:fff::1 4000::1 5f00::1 8000::1 fc00::1
fd00:ec2::254 fdff::1 fe80::1 fe80::1%eth0 febf::1 fec0::1 ff02::1 ff0e::1
"""

_PUBLIC = """
1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.1 100.63.255.255 100.128.0.1 126.255.255.255 128.0.0.1 168.63.129.17
169.253.255.255 169.255.0.1 172.15.255.255 172.32.0.1 192.0.1.1 192.167.255.255 192.169.0.1 198.17.255.255
198.20.0.1 223.255.255.255
2001:200::1 2001:4860:4860::8888 2003::1 2400:cb00::1 2606:4700:4700::1111 2a00:1450::1 ::ffff:8.8.8.8
"""


DENIED = _DENIED.split()
PUBLIC = _PUBLIC.split()


def names(answers: Sequence[str]) -> Guard:
    """A guard with stock rules for whom every name has these addresses."""

    async def resolver(host: str, port: int) -> Sequence[str]:
        return answers

    return Guard(resolver=resolver)


def test_the_table_of_denied_addresses_has_about_sixty_rows() -> None:
    assert len(set(DENIED)) >= 60


@pytest.mark.parametrize("address", DENIED)
def test_an_address_of_a_denied_range_is_refused(address: str) -> None:
    assert Guard().check_address(ip_address(address), 443) is not None


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_beside_the_denied_ranges_is_allowed(address: str) -> None:
    assert Guard().check_address(ip_address(address), 443) is None


@pytest.mark.parametrize("address", ["10.1.2.3", "::ffff:10.1.2.3"])
def test_an_allowed_network_is_reachable_on_any_port(address: str) -> None:
    guard = Guard([ip_network("10.1.0.0/16")])
    assert guard.check_address(ip_address(address), 9999) is None


def test_an_allowed_network_opens_nothing_beside_it() -> None:
    guard = Guard([ip_network("10.1.0.0/16")])
    assert guard.check_address(ip_address("10.2.0.1"), 443) is not None
    assert guard.check_address(ip_address("8.8.8.8"), 9999) is not None


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/feed?a=b#c",
        "http://EXAMPLE.org",
        "http://example.org:80/",
        "https://example.org:443/",
        "https://xn--mnchen-3ya.example/",
        "https://münchen.example/",
        "https://under_score.example/",
        "http://93.184.216.34/",
        "http://[2606:4700:4700::1111]/",
        "http://example.org/a@b",
        "http://example.org#@evil.example/",
        "http://127.0.0.1/",  # well spelled: the check at the connection refuses it
    ],
)
def test_a_well_spelled_address_passes_the_first_check(url: str) -> None:
    assert Guard().check_url(url) is None


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("", "scheme"),
        ("/feed", "scheme"),
        ("//example.org/", "scheme"),
        ("ftp://example.org/", "ftp"),
        ("file:///etc/hostname", "file"),
        ("javascript:alert(1)", "javascript"),
        ("gopher://example.org/", "gopher"),
        ("http://", "no host"),
        ("http:///feed", "no host"),
        ("http:example.org", "no host follows"),
        ("http://user:pass@example.org/", "user name"),
        ("http://@example.org/", "user name"),
        ("http://example.org@127.0.0.1/", "user name"),
        ("http://good.example\\@evil.example/", "backslash"),
        ("http:\\\\example.org/", "backslash"),
        ("http://exa mple.org/", "space"),
        ("http://example.org/\r\nHost: evil", "control"),
        ("http://example.org/\x00", "control"),
        ("http://example.org/\x85", "control"),
        ("http://127.1/", "number"),
        ("http://0x7f.1/", "number"),
        ("http://0x7f000001/", "number"),
        ("http://2130706433/", "number"),
        ("http://017700000001/", "number"),
        ("http://0/", "number"),
        ("http://1.2.3.4.5/", "number"),
        ("http://0177.0.0.1/", "IPv4"),
        ("http://①②⑦.⓪.⓪.①/", "read"),
        ("http://１２７.０.０.１/", "read"),
        ("http://xn--/", "read"),
        ("http://example.org./", "host name"),
        ("http://localhost./", "host name"),
        ("http://a..b/", "host name"),
        ("http://127.0.0.1%2f.example.org/", "host name"),
        ("http://[fe80::1%25eth0]/", "host name"),
        ("http://[::1/", "read"),
        ("http://" + "a" * 64 + ".example/", "host name"),
        ("http://example.org:8080/", "port 8080"),
        ("https://example.org:22/", "port 22"),
        ("http://example.org:0/", "port 0"),
        ("http://example.org:99999/", "port 99999"),
        ("http://example.org:80x/", "port"),
        ("http://example.org/" + "a" * 5000, "longer"),
    ],
)
def test_a_trick_of_spelling_is_refused_before_anything_is_resolved(url: str, why: str) -> None:
    assert why in (Guard().check_url(url) or "passed")


def test_a_port_out_of_the_list_passes_the_first_check_only_where_it_may_lead_into_an_allowed_network() -> None:
    guard = Guard(LOOPBACK)
    assert guard.check_url("http://127.0.0.1:9999/") is None
    assert guard.check_url("http://demo.example:9999/") is None
    assert guard.check_url("http://8.8.8.8:9999/") is not None


@pytest.mark.parametrize(
    "answers",
    [
        ["127.0.0.1"],
        ["93.184.216.34", "10.0.0.1"],
        ["10.0.0.1", "93.184.216.34"],
        ["2606:4700:4700::1111", "::ffff:127.0.0.1"],
        ["93.184.216.34"] * 1000 + ["169.254.169.254"],
        ["fe80::1%eth0"],
    ],
    ids=["private", "mixed", "mixed, private first", "mapped", "the last of a thousand", "scoped"],
)
async def test_one_denied_answer_refuses_the_whole_name(answers: list[str]) -> None:
    with pytest.raises(BlockedAddress):
        await names(answers).addresses("feed.example", 443)


async def test_all_public_answers_are_taken_in_their_order() -> None:
    found = await names(["93.184.216.34", "2606:4700:4700::1111"]).addresses("feed.example", 443)
    assert [str(address) for address in found] == ["93.184.216.34", "2606:4700:4700::1111"]


@pytest.mark.parametrize("answers", [[], ["not an address"]])
async def test_a_name_without_a_usable_answer_is_unresolved(answers: list[str]) -> None:
    with pytest.raises(Unresolved):
        await names(answers).addresses("feed.example", 443)


async def test_a_literal_is_checked_without_asking_the_resolver() -> None:
    async def resolver(host: str, port: int) -> Sequence[str]:
        raise AssertionError("a literal was resolved")

    with pytest.raises(BlockedAddress):
        await Guard(resolver=resolver).addresses("169.254.169.254", 80)


@pytest.mark.parametrize("host", ["localhost", "127.1", "0x7f.1", "2130706433", "0"])
async def test_the_systems_resolver_leads_no_spelling_of_loopback_past_the_guard(host: str) -> None:
    with pytest.raises((BlockedAddress, Unresolved)):
        await Guard().addresses(host, 80)


async def test_the_backend_dials_the_answer_that_was_checked_and_asks_once(serve: Serve) -> None:
    peer = await serve(answer(200, b"ok"))
    asked: list[str] = []

    async def rebinding(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["169.254.169.254"]

    backend = Guard(LOOPBACK, resolver=rebinding).backend()

    stream = await backend.connect_tcp("feed.example", peer.port, timeout=2)
    await stream.aclose()

    assert (asked, peer.hits) == (["feed.example"], 1)


async def test_a_name_that_rebinds_to_a_denied_address_is_blocked_on_the_next_connection() -> None:
    answers = iter([["93.184.216.34"], ["127.0.0.1"]])

    async def rebinding(host: str, port: int) -> Sequence[str]:
        return next(answers)

    guard = Guard(resolver=rebinding)
    assert await guard.addresses("feed.example", 80)

    with pytest.raises(BlockedAddress):
        await guard.backend().connect_tcp("feed.example", 80, timeout=2)


async def test_an_address_that_refuses_is_passed_over_for_the_next(serve: Serve) -> None:
    peer = await serve(answer())

    async def resolver(host: str, port: int) -> Sequence[str]:
        return ["127.0.0.2", "127.0.0.1"]  # nobody listens on the first

    stream = await Guard(LOOPBACK, resolver=resolver).backend().connect_tcp("feed.example", peer.port, timeout=2)
    await stream.aclose()

    assert peer.hits == 1


async def test_a_resolver_that_never_answers_is_a_connect_timeout() -> None:
    async def silent(host: str, port: int) -> Sequence[str]:
        await asyncio.sleep(30)
        return []

    with pytest.raises(httpcore.ConnectTimeout):
        await Guard(resolver=silent).backend().connect_tcp("feed.example", 80, timeout=0.05)


async def test_a_socket_of_this_machine_is_never_dialled() -> None:
    with pytest.raises(BlockedAddress):
        await Guard().backend().connect_unix_socket("/run/anything.sock")
