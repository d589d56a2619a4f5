"""One document from one peer: THREATS F2-F5, F7, F11, F13, F14, faults 34, 49, 50."""

from __future__ import annotations

import asyncio
import gzip
import socket
from collections.abc import Callable
from datetime import timedelta

import pytest

from monitor.model.source import Fetched, FetchFailed, FetchResult, NotModified, PollError, Validators
from monitor.net.client import Fetcher
from monitor.net.guard import Guard
from tests.net.conftest import Serve, on_loopback
from tests.net.peers import answer, fields_of, read_request

FEED = b"<rss version='2.0'><channel><title>News</title></channel></rss>"


def failure(result: FetchResult) -> FetchFailed:
    assert isinstance(result, FetchFailed), result
    return result


async def test_a_document_comes_decoded_and_whole_with_its_validators(serve: Serve, fetcher: Fetcher) -> None:
    fields = ["Content-Encoding: gzip", 'ETag: W/"a b"', "Last-Modified: yesterday", "Content-Type: text/xml", "X-A: 1"]
    peer = await serve(answer(200, gzip.compress(FEED), *fields, "X-A: 2", "Set-Cookie: a=b"))

    result = await fetcher.fetch(peer.url("/feed#top"))

    assert isinstance(result, Fetched)
    assert (result.url, result.status, result.body) == (peer.url("/feed#top"), 200, FEED)
    assert result.validators == Validators('W/"a b"', "yesterday")
    assert result.permanent_url is None
    assert result.headers["content-type"] == "text/xml"
    assert result.headers["x-a"] == "1, 2"
    assert "set-cookie" not in result.headers


async def test_the_request_says_who_asks_and_what_it_takes(serve: Serve, fetcher: Fetcher) -> None:
    peer = await serve(answer(200, FEED))

    await fetcher.fetch(peer.url("/feed?a=1", host="feed.example"), headers={"X-Api-Key": "s3cret"})

    fields = fields_of(peer.requests[0])
    assert peer.requests[0].startswith(b"GET /feed?a=1 HTTP/1.1\r\n")
    assert fields["host"] == f"feed.example:{peer.port}"
    assert fields["user-agent"] == "Policy-Monitor/test"
    assert fields["accept-encoding"] == "gzip, deflate"
    assert "application/atom+xml" in fields["accept"]
    assert fields["x-api-key"] == "s3cret"
    assert not {"if-none-match", "if-modified-since", "cookie"} & fields.keys()


async def test_validators_go_out_verbatim_and_a_304_refreshes_them(serve: Serve, fetcher: Fetcher) -> None:
    peer = await serve(
        [b'HTTP/1.1 200 OK\r\nETag: "\xe9"\r\nLast-Modified: Thu\r\nContent-Length: 0\r\n\r\n', answer(304)]
    )
    first = await fetcher.fetch(peer.url())
    assert isinstance(first, Fetched)

    second = await fetcher.fetch(peer.url(), validators=first.validators)

    assert b'if-none-match: "\xe9"\r\n' in peer.requests[1].lower()
    assert fields_of(peer.requests[1])["if-modified-since"] == "Thu"
    assert isinstance(second, NotModified)


async def test_a_304_carries_the_fresh_validators_and_headers(serve: Serve, fetcher: Fetcher) -> None:
    peer = await serve(b'HTTP/1.1 304 No\r\nETag: "new"\r\nCache-Control: max-age=60\r\n\r\n')

    result = await fetcher.fetch(peer.url(), validators=Validators('"old"'))

    assert isinstance(result, NotModified)
    assert result.validators == Validators('"new"')
    assert result.headers["cache-control"] == "max-age=60"


async def test_a_304_to_an_unconditional_request_is_no_document(serve: Serve, fetcher: Fetcher) -> None:
    peer = await serve(answer(304))
    assert failure(await fetcher.fetch(peer.url())).status == 304


async def test_a_stored_validator_that_cannot_be_sent_is_left_out(serve: Serve, fetcher: Fetcher) -> None:
    peer = await serve(answer(200, FEED))

    assert isinstance(await fetcher.fetch(peer.url(), validators=Validators("a\r\nX: y", "\u2028")), Fetched)

    assert not {"if-none-match", "if-modified-since", "x"} & fields_of(peer.requests[0]).keys()


async def test_a_validator_too_long_to_send_back_is_not_kept(serve: Serve, fetcher: Fetcher) -> None:
    peer = await serve(answer(200, FEED, "ETag: " + "a" * 5000))
    result = await fetcher.fetch(peer.url())
    assert isinstance(result, Fetched)
    assert result.validators == Validators()


async def test_no_cookie_of_one_fetch_reaches_the_next(serve: Serve, fetcher: Fetcher) -> None:
    peer = await serve(answer(200, FEED, *(f"Set-Cookie: c{n}=v; Path=/" for n in range(100))))

    await fetcher.fetch(peer.url())
    await fetcher.fetch(peer.url())

    assert "cookie" not in fields_of(peer.requests[1])


@pytest.mark.parametrize("status", [200, 203])
async def test_an_empty_answer_is_a_document_for_the_reader_to_judge(
    serve: Serve, fetcher: Fetcher, status: int
) -> None:
    peer = await serve(answer(status))
    result = await fetcher.fetch(peer.url())
    assert isinstance(result, Fetched)
    assert (result.status, result.body) == (status, b"")


@pytest.mark.parametrize("status", [300, 305, 400, 401, 403, 404, 418, 429, 500, 502, 503, 999])
async def test_any_other_status_is_http_status(serve: Serve, fetcher: Fetcher, status: int) -> None:
    peer = await serve(answer(status, b"<html>no</html>"))
    result = failure(await fetcher.fetch(peer.url()))
    assert (result.error, result.status, result.retry_after) == (PollError.HTTP_STATUS, status, None)


async def test_410_is_gone(serve: Serve, fetcher: Fetcher) -> None:
    peer = await serve(answer(410))
    assert failure(await fetcher.fetch(peer.url())).error is PollError.GONE


@pytest.mark.parametrize(
    ("status", "said", "wait"),
    [
        (429, "90", timedelta(seconds=90)),
        (503, "Thu, 09 Oct 2025 12:01:00 GMT", timedelta(minutes=1)),
        (503, "999999999999", timedelta(hours=24)),
        (429, "-1", None),
    ],
)
async def test_fault_34_retry_after_comes_with_the_failure(
    serve: Serve, fetcher: Fetcher, status: int, said: str, wait: timedelta | None
) -> None:
    peer = await serve(answer(status, b"", f"Retry-After: {said}"))
    assert failure(await fetcher.fetch(peer.url())).retry_after == wait


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "exotic"])
async def test_f4_an_encoding_not_asked_for_leaves_the_body_unread(
    serve: Serve, fetcher: Fetcher, encoding: str
) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(answer(200, b"", f"Content-Encoding: {encoding}", length=10))
        await reader.read()  # the body never comes: who waits for it runs into the deadline

    peer = await serve(talk)
    assert failure(await fetcher.fetch(peer.url())).error is PollError.BAD_ENCODING


async def test_a_body_that_is_not_the_gzip_it_claims_is_bad_encoding(serve: Serve, fetcher: Fetcher) -> None:
    peer = await serve(answer(200, b"<html>plain</html>", "Content-Encoding: gzip"))
    assert failure(await fetcher.fetch(peer.url())).error is PollError.BAD_ENCODING


@pytest.mark.parametrize("doubled", ["Content-Encoding: gzip", "Content-Encoding: br"])
async def test_two_encoding_fields_are_two_encodings(serve: Serve, fetcher: Fetcher, doubled: str) -> None:
    peer = await serve(answer(200, gzip.compress(FEED), "Content-Encoding: gzip", doubled))
    assert failure(await fetcher.fetch(peer.url())).error is PollError.BAD_ENCODING


async def test_f3_a_bomb_is_stopped_at_the_limit(serve: Serve, new_fetcher: Callable[..., Fetcher]) -> None:
    peer = await serve(answer(200, gzip.compress(bytes(2**24)), "Content-Encoding: gzip"))
    assert failure(await new_fetcher(max_bytes=2**20).fetch(peer.url())).error is PollError.TOO_LARGE


async def test_f3_an_announced_length_over_the_limit_is_not_read(
    serve: Serve, new_fetcher: Callable[..., Fetcher]
) -> None:
    peer = await serve(answer(200, b"", length=2**40))
    assert failure(await new_fetcher(max_bytes=1000).fetch(peer.url())).error is PollError.TOO_LARGE


async def test_f3_an_endless_chunked_body_is_cut_off(serve: Serve, new_fetcher: Callable[..., Fetcher]) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"1000\r\n" + bytes(4096) + b"\r\n")
            await writer.drain()

    peer = await serve(talk)
    assert failure(await new_fetcher(max_bytes=100_000).fetch(peer.url())).error is PollError.TOO_LARGE


@pytest.mark.parametrize("before", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n"])
async def test_f5_a_drip_is_stopped_by_the_total_deadline(
    serve: Serve, new_fetcher: Callable[..., Fetcher], before: bytes
) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(before)
        while True:
            writer.write(b"x")
            await asyncio.sleep(0.01)

    peer = await serve(talk)
    result = failure(await new_fetcher(total_timeout=0.2).fetch(peer.url()))
    assert result.error is PollError.TIMEOUT
    assert "0.2" in result.detail


@pytest.mark.parametrize(
    "said",
    [
        answer(200, FEED, length=len(FEED) + 10),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        answer(200, gzip.compress(FEED)[:-4], "Content-Encoding: gzip"),
        answer(206, FEED, "Content-Range: bytes 0-9/100"),
    ],
    ids=["short", "cut in a chunk", "cut between chunks", "cut gzip", "partial"],
)
async def test_fault_49_half_a_document_is_incomplete(serve: Serve, fetcher: Fetcher, said: bytes) -> None:
    peer = await serve(said)
    assert failure(await fetcher.fetch(peer.url())).error is PollError.INCOMPLETE


async def test_fault_49_a_reset_in_the_middle_is_incomplete(serve: Serve, fetcher: Fetcher) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(answer(200, FEED, length=1000))
        await asyncio.sleep(0.05)
        linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"  # on, 0 s: close() sends a reset
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.transport.abort()

    peer = await serve(talk)
    assert failure(await fetcher.fetch(peer.url())).error is PollError.INCOMPLETE


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"220 mail.example ESMTP\r\n",
        b"HTTP/1.1 two-hundred OK\r\n\r\n",
        b"HTTP/1.1 099 Odd\r\n\r\n",
        b"<html>no head</html>\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nbad chunk\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 90_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: a\r\n" * 10_000 + b"\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"Set-Cookie: a\r\n" * 300 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 300_000,
        b"\x16\x03\x01\x00\x05hello",
    ],
    ids=lambda said: repr(said[:40]),
)
async def test_f13_what_is_not_http_is_a_protocol_error(serve: Serve, fetcher: Fetcher, said: bytes) -> None:
    peer = await serve(said)
    assert failure(await fetcher.fetch(peer.url())).error is PollError.PROTOCOL


async def test_a_flood_of_interim_answers_ends_at_the_deadline(
    serve: Serve, new_fetcher: Callable[..., Fetcher]
) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        while True:
            writer.write(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
            await writer.drain()
            await asyncio.sleep(0)

    peer = await serve(talk)
    assert failure(await new_fetcher(total_timeout=0.2).fetch(peer.url())).error is PollError.TIMEOUT


async def test_a_refused_connection_is_connect_error(serve: Serve, fetcher: Fetcher) -> None:
    peer = await serve(answer())
    await peer.stop()
    assert failure(await fetcher.fetch(peer.url())).error is PollError.CONNECT


async def test_a_name_without_address_is_dns_error(new_fetcher: Callable[..., Fetcher]) -> None:
    async def nowhere(host: str, port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    result = failure(await new_fetcher(guard=Guard(resolver=nowhere)).fetch("http://feed.example/"))

    assert result.error is PollError.DNS
    assert "feed.example" in result.detail


@pytest.mark.parametrize(
    "url", ["", "ftp://h/", "http://u:p@h/", "http://127.1/", "http://h:1/", "http://a\\b/", "http://[/"]
)
async def test_f9_a_bad_address_is_bad_url(new_fetcher: Callable[..., Fetcher], url: str) -> None:
    assert failure(await new_fetcher(guard=Guard()).fetch(url)).error is PollError.BAD_URL


async def test_an_address_with_a_label_that_is_not_idna_does_not_raise(serve: Serve, fetcher: Fetcher) -> None:
    peer = await serve(answer(302, b"", "Location: http://xn--/"))
    assert isinstance(await fetcher.fetch(peer.url(host="xn--zzzzz")), FetchFailed)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "127。0。0。1"])
async def test_f7_canary_loopback_gets_no_connection_from_a_stock_guard(
    serve: Serve, new_fetcher: Callable[..., Fetcher], host: str
) -> None:
    """Fails if the guard is no longer asked at the moment of connecting, whatever the libraries have become."""
    peer = await serve(answer(200, FEED))
    guard = Guard(allow_ports=(peer.port,))

    result = failure(await new_fetcher(guard=guard).fetch(f"http://{host}:{peer.port}/"))

    assert (result.error, peer.hits) == (PollError.BLOCKED_ADDRESS, 0)


async def test_f8_canary_a_name_that_leads_to_loopback_gets_no_connection(
    serve: Serve, new_fetcher: Callable[..., Fetcher]
) -> None:
    peer = await serve(answer(200, FEED))
    guard = Guard(allow_ports=(peer.port,), resolver=on_loopback)

    result = failure(await new_fetcher(guard=guard).fetch(peer.url(host="feed.example")))

    assert (result.error, peer.hits) == (PollError.BLOCKED_ADDRESS, 0)


async def test_f11_a_proxy_in_the_environment_is_not_used(
    serve: Serve, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy, peer = await serve(answer(200, b"proxied")), await serve(answer(200, FEED))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, proxy.url())

    result = await fetcher.fetch(peer.url())

    assert isinstance(result, Fetched)
    assert (result.body, proxy.hits) == (FEED, 0)


async def test_many_fetches_at_once_do_not_wait_for_each_other(serve: Serve, fetcher: Fetcher) -> None:
    """Twenty peers that answer only once all twenty have been asked."""
    everybody = asyncio.Barrier(20)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        await everybody.wait()
        writer.write(answer(200, FEED))

    peer = await serve(talk)
    results = await asyncio.gather(*(fetcher.fetch(peer.url(f"/{n}")) for n in range(20)))
    assert all(isinstance(result, Fetched) for result in results)


async def test_closing_ends_a_fetch_in_flight_as_a_failure(serve: Serve, fetcher: Fetcher) -> None:
    asked = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(answer(200, b"", length=10))
        asked.set()
        await reader.read()

    peer = await serve(talk)
    fetching = asyncio.create_task(fetcher.fetch(peer.url()))
    await asked.wait()
    await asyncio.sleep(0.02)

    await fetcher.aclose()

    assert isinstance(await asyncio.wait_for(fetching, 2), FetchFailed)
