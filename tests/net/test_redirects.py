"""Redirects, hop by hop: THREATS F6, F7, F10."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from ipaddress import ip_network

import pytest

from monitor.model.source import Fetched, FetchFailed, NotModified, PollError, Validators
from monitor.net.client import Fetcher
from monitor.net.guard import Guard
from tests.net.conftest import LOOPBACK, Serve, on_loopback
from tests.net.peers import answer, fields_of, read_request


def to(location: str, status: int = 302) -> bytes:
    return answer(status, b"moved", f"Location: {location}")


@pytest.mark.parametrize(
    ("statuses", "permanent"),
    [
        ((301,), True),
        ((308,), True),
        ((301, 308), True),
        ((302,), False),
        ((303,), False),
        ((307,), False),
        ((301, 302), False),
        ((302, 301), False),
    ],
)
async def test_a_move_is_permanent_only_where_every_hop_is(
    serve: Serve, fetcher: Fetcher, statuses: tuple[int, ...], permanent: bool
) -> None:
    hops = [to(f"/hop{n}", status) for n, status in enumerate(statuses)]
    peer = await serve([*hops, answer(200, b"here")])

    result = await fetcher.fetch(peer.url("/old"))

    assert isinstance(result, Fetched)
    final = peer.url(f"/hop{len(statuses) - 1}")
    assert (result.url, result.body) == (final, b"here")
    assert result.permanent_url == (final if permanent else None)


async def test_a_document_that_is_as_it_was_tells_where_it_moved_to(serve: Serve, fetcher: Fetcher) -> None:
    peer = await serve([to("/new", 301), answer(304)])

    result = await fetcher.fetch(peer.url("/old"), validators=Validators('"a"'))

    assert isinstance(result, NotModified)
    assert result.permanent_url == peer.url("/new")


async def test_a_refusal_names_the_server_that_refused(serve: Serve, fetcher: Fetcher) -> None:
    peer = await serve([to("/new"), answer(429, b"", "Retry-After: 120")])

    result = await fetcher.fetch(peer.url("/old"))

    assert isinstance(result, FetchFailed)
    assert (result.status, result.url) == (429, peer.url("/new"))


@pytest.mark.parametrize(
    ("location", "path"),
    [
        ("/a?b=c", "/a?b=c"),
        ("d", "/x/d"),
        ("?q", "/x/y?q"),
        ("/a#frag", "/a"),
        ("/gr\u00fc\u00df", "/gr%C3%BC%C3%9F"),
        ("  /a ", "/a"),
    ],
)
async def test_a_relative_location_is_resolved(serve: Serve, fetcher: Fetcher, location: str, path: str) -> None:
    peer = await serve([to(location), answer(200)])

    result = await fetcher.fetch(peer.url("/x/y"))

    assert isinstance(result, Fetched)
    assert result.url == peer.url(path)


async def test_f6_five_hops_are_followed_and_a_sixth_is_not(serve: Serve, fetcher: Fetcher) -> None:
    five = await serve([to("/next")] * 5 + [answer(200)])
    six = await serve(to("/next"))

    assert isinstance(await fetcher.fetch(five.url()), Fetched)
    result = await fetcher.fetch(six.url())

    assert isinstance(result, FetchFailed)
    assert (result.error, six.hits) == (PollError.REDIRECT_LIMIT, 6)


@pytest.mark.parametrize(
    "location",
    [
        "",
        "file:///etc/hostname",
        "javascript:alert(1)",
        "data:text/xml,<rss/>",
        "ftp://feed.example/",
        "http://user:pass@feed.example/",
        "http://good.example\\@evil.example/",
        "\\\\evil.example/",
        "http://127.1/",
        "http://2130706433/",
        "http://feed.example:99999/",
        "http://[::1",
    ],
)
async def test_f6_a_location_that_cannot_be_followed_is_refused(serve: Serve, fetcher: Fetcher, location: str) -> None:
    peer = await serve(to(location))
    result = await fetcher.fetch(peer.url())
    assert isinstance(result, FetchFailed)
    assert (result.error, peer.hits) == (PollError.REDIRECT_REFUSED, 1)


async def test_a_redirect_without_location_is_refused(serve: Serve, fetcher: Fetcher) -> None:
    peer = await serve(answer(302))
    result = await fetcher.fetch(peer.url())
    assert isinstance(result, FetchFailed)
    assert result.error is PollError.REDIRECT_REFUSED


async def test_f6_the_body_of_a_redirect_is_not_read(serve: Serve, fetcher: Fetcher) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if b"/start" in await read_request(reader):
            writer.write(answer(302, b"", "Location: /end", length=2**40))
            await reader.read()  # ends when the client hangs up: a body never comes
        else:
            writer.write(answer(200, b"here"))

    peer = await serve(talk)
    assert isinstance(await fetcher.fetch(peer.url("/start")), Fetched)


@pytest.mark.parametrize(
    "target",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://[fd00:ec2::254]/",
        "http://100.100.100.200/",
        "http://10.0.0.1/",
    ],
)
async def test_f7_a_redirect_to_a_denied_address_is_blocked(serve: Serve, fetcher: Fetcher, target: str) -> None:
    peer = await serve(to(target))
    result = await fetcher.fetch(peer.url())
    assert isinstance(result, FetchFailed)
    assert result.error is PollError.BLOCKED_ADDRESS


async def test_f7_every_hop_is_resolved_and_checked(serve: Serve, new_fetcher: Callable[..., Fetcher]) -> None:
    inside, peer = await serve(answer(200, b"secret")), await serve(b"")

    async def resolver(host: str, port: int) -> list[str]:
        return {"feed.example": ["127.0.0.1"], "inside.example": ["127.0.0.2"]}[host]

    peer._talk = to(inside.url(host="inside.example"))
    guard = Guard([ip_network("127.0.0.1/32")], allow_ports=(80, inside.port), resolver=resolver)

    result = await new_fetcher(guard=guard).fetch(peer.url(host="feed.example"))

    assert isinstance(result, FetchFailed)
    assert (result.error, inside.hits) == (PollError.BLOCKED_ADDRESS, 0)


async def test_f10_credentials_stay_with_their_origin(serve: Serve, fetcher: Fetcher) -> None:
    other = await serve(answer(200))
    home = await serve([to("/again"), to(other.url())])

    await fetcher.fetch(home.url(), headers={"X-Api-Key": "s3cret", "Authorization": "Bearer s3cret"})

    assert [fields_of(request).get("x-api-key") for request in home.requests] == ["s3cret", "s3cret"]
    assert not {"x-api-key", "authorization"} & fields_of(other.requests[0]).keys()


async def test_f10_credentials_do_not_come_back_once_dropped(serve: Serve, fetcher: Fetcher) -> None:
    home, other = await serve(b""), await serve(b"")
    home._talk = [to(other.url()), answer(200)]
    other._talk = to(home.url("/back"))

    await fetcher.fetch(home.url(), headers={"X-Api-Key": "s3cret"})

    assert "x-api-key" not in fields_of(home.requests[1])


@pytest.mark.parametrize("host", ["sub.feed.example", "FEED.example.evil"])
async def test_f10_another_host_name_is_another_origin(serve: Serve, fetcher: Fetcher, host: str) -> None:
    peer = await serve([b"", answer(200)])
    peer._talk = [to(peer.url(host=host)), answer(200)]

    await fetcher.fetch(peer.url(host="feed.example"), headers={"X-Api-Key": "s3cret"})

    assert "x-api-key" not in fields_of(peer.requests[1])


async def test_validators_reach_the_hop_that_holds_the_document(serve: Serve, fetcher: Fetcher) -> None:
    holder = await serve(answer(304))
    peer = await serve(to(holder.url()))

    result = await fetcher.fetch(peer.url(), validators=Validators('"v1"'))

    assert isinstance(result, NotModified)
    assert fields_of(holder.requests[0])["if-none-match"] == '"v1"'


async def test_the_hops_share_one_deadline(serve: Serve, new_fetcher: Callable[..., Fetcher]) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        await asyncio.sleep(0.08)
        writer.write(to("/next"))

    peer = await serve(talk)
    result = await new_fetcher(total_timeout=0.2).fetch(peer.url())
    assert isinstance(result, FetchFailed)
    assert result.error is PollError.TIMEOUT


async def test_a_stock_guard_follows_no_redirect_to_another_port(
    new_fetcher: Callable[..., Fetcher], serve: Serve
) -> None:
    peer = await serve(to("http://93.184.216.34:22/"))
    guard = Guard(LOOPBACK, resolver=on_loopback)
    result = await new_fetcher(guard=guard).fetch(peer.url())
    assert isinstance(result, FetchFailed)
    assert result.error is PollError.REDIRECT_REFUSED
